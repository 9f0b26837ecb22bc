"""NSynth: 305,979 notes of 4 s from 1,006 instruments; the task is to tell the pitch.

Engel et al., Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders, ICML 2017.
Link: https://magenta.tensorflow.org/datasets/nsynth (licence CC BY 4.0)

HEAR keeps the 88 pitches of a piano (MIDI 21 to 108), takes the splits as given, which share no instrument between
train and the others, and offers 5 and 50 hours of it.
"""

import re
from collections.abc import Iterator, Mapping

from hearpreprocess import (
    Archive,
    Clip,
    CorpusError,
    LeftOut,
    Mode,
    SplitSeconds,
    Synthetic,
    TaskConfig,
    TrainValidTest,
    Tree,
)

PITCHES = range(21, 109)
# A note and its pitch in examples.json, whose 290,000 notes with all their facts would take half a gigabyte of memory.
NOTE = re.compile(rb'"([^"]+)":\s*\{[^}]*"pitch":\s*(\d+)(?=[\s,}])')
START, END = re.compile(rb"\s*\{"), re.compile(rb"\}\s*\}\s*\Z")
MIRRORS = (
    "https://storage.googleapis.com/magentadata/datasets/nsynth",
    "http://download.magenta.tensorflow.org/datasets/nsynth",
)
EXCERPTS = "https://github.com/hearbenchmark/hear2021-open-tasks-downsampled/raw/main"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    for split, tree in sources.items():
        table = tree.find("**/examples.json")
        for note, pitch in pitches(tree.read(table), table.path):
            name = note.decode()
            member = table.sibling(f"audio/{name}.wav")
            if int(pitch) in PITCHES:
                yield Clip(member, labels=int(pitch), split=split, group=name.split("-")[0])
            else:
                yield LeftOut(member, "its pitch is none of a piano's")


def pitches(content: bytes, path: str) -> list[tuple[bytes, bytes]]:
    """The notes in a table with their pitches; raises CorpusError where it is damaged or has another form."""
    notes = NOTE.findall(content)
    # One brace opens the table and one each note: none is passed over, and none has the pitch of the next one.
    expected, given = content.count(b"{") - 1, content.count(b'"pitch"')
    is_whole = START.match(content) and END.search(content[-1000:])
    if not (len(notes) == expected == given and is_whole and b"}" not in b"".join(note for note, _pitch in notes)):
        raise CorpusError(
            f"{path}: damaged, or not a table of NSynth; expected a JSON object of notes with a pitch each, got notes: "
            f"{expected:,}, with a pitch: {len(notes):,}. Replace it with the file from {config.url}"
        )
    return notes


def archive(split: str, md5: str, size: int) -> Archive:
    return Archive([f"{mirror}/nsynth-{split}.jsonwav.tar.gz" for mirror in MIRRORS], md5=md5, size=size)


config = TaskConfig(
    name="nsynth_pitch",
    version="v2.2.3",
    embedding_type="scene",
    prediction_type="multiclass",
    splits=TrainValidTest(),
    sample_duration=4.0,
    evaluation=("pitch_acc", "chroma_acc"),
    licence="CC BY 4.0",
    url="https://magenta.tensorflow.org/datasets/nsynth",
    citation=(
        "Jesse Engel, Cinjon Resnick, Adam Roberts, Sander Dieleman, Mohammad Norouzi, Douglas Eck and Karen "
        'Simonyan, "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders", ICML 2017 (PMLR 70), '
        "arXiv:1704.01279"
    ),
    caveats=(
        (
            "Train shares no instrument with validation or test, but the dataset does not promise that validation "
            "and test differ from one another."
        ),
        "The 5h clips are a part of the 50h clips: both are the head of the same seeded permutation of each split.",
    ),
    # <instrument>-<pitch>-<velocity>
    name_pattern=r"(?P<group>[^-]+)-0*(?P<label>\d+)-\d+",
    is_open=True,
    sources={
        "train": archive("train", md5="fde6665a93865503ba598b9fac388660", size=23_815_298_079),
        "valid": archive("valid", md5="87e94a00a19b6dbc99cf6d4c0c0cae87", size=1_068_767_009),
        "test": archive("test", md5="5e6f8719bf7e16ad0a00d518b78af77d", size=349_501_546),
    },
    clips=clips,
    default_mode="5h",
    modes={
        "5h": Mode(splits=TrainValidTest(max_seconds=SplitSeconds.of_hours(5)), published_clips=(4000, 500, 500)),
        "50h": Mode(splits=TrainValidTest(max_seconds=SplitSeconds.of_hours(50)), published_clips=(40000, 5000, 4060)),
        "small": Mode(
            partial=True,
            sources={
                "train": Archive(f"{EXCERPTS}/nsynth-train-small.zip", md5="c17070e4798655d8bea1231506479ba8"),
                "valid": Archive(f"{EXCERPTS}/nsynth-valid-small.zip", md5="e36722262497977f6b945bb06ab0969d"),
                "test": Archive(f"{EXCERPTS}/nsynth-test-small.zip", md5="9a98e869ed4add8ba9ebb0d7c22becca"),
            },
        ),
        "synthetic": Mode(sources={split: Synthetic(f"NSynth-{split}") for split in ("train", "valid", "test")}),
    },
)
