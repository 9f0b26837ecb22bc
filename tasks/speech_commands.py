"""Speech Commands: 105,829 spoken words of 1 s, ten of them to be told apart from others and from silence (12 labels).

Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, 2018.
Link: https://arxiv.org/abs/1804.03209 (licence CC BY 4.0)

HEAR takes the three splits as the dataset gives them. Silence for train and valid is cut from the background
recordings as TensorFlow Datasets does it: pieces of 1 s that start every 0.5 s, those of the running tap to valid, all
others to train; the test archive brings its own silence and unknown words.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Member, Mode, SplitSeconds, Synthetic, TaskConfig, TrainValidTest, Tree

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
READ = ("*.txt", "_background_noise_/*.wav")
VALID_NOISE = "running_tap"
MIRRORS = ("https://storage.googleapis.com/download.tensorflow.org/data", "http://download.tensorflow.org/data")
EXCERPTS = "https://github.com/hearbenchmark/hear2021-open-tasks-downsampled/raw/main"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    train, test = sources["train"], sources["test"]
    lists = {
        name: set(train.read(train.find(f"{name}_list.txt")).decode().split()) for name in ("validation", "testing")
    }
    for member in train.glob("[!_]*/*.wav"):
        if member.path not in lists["testing"]:
            yield spoken(member, "valid" if member.path in lists["validation"] else "train")
    for noise in train.glob("_background_noise_/*.wav"):
        samples, rate = train.recording(noise)
        for start in range(0, len(samples) - rate, rate // 2):
            name = f"_silence__{noise.stem}-{start}"
            split = "valid" if noise.stem == VALID_NOISE else "train"
            yield Clip(noise, labels="_silence_", split=split, name=name, group=name, start=start, stop=start + rate)
    for member in test.glob("*/*.wav"):
        yield spoken(member, "test")


def spoken(member: Member, split: str) -> Clip:
    name = f"{member.folder}_{member.stem}"
    label = member.folder if member.folder in (*WORDS, "_silence_") else "_unknown_"
    return Clip(member, labels=label, split=split, name=name, group=name.partition("_nohash_")[0])


config = TaskConfig(
    name="speech_commands",
    version="v0.0.2",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("_silence_", "_unknown_", "down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes"),
    splits=TrainValidTest(),
    sample_duration=1.0,
    evaluation=("top1_acc",),
    licence="CC BY 4.0",
    url="https://arxiv.org/abs/1804.03209",
    citation=(
        'Pete Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", 2018, arXiv:1804.03209'
    ),
    caveats=(
        (
            "Part of the test silence is cut from running_tap.wav, the very recording HEAR's validation silence is "
            "cut from (four of eight test silences in the mini corpus match it)."
        ),
        (
            "All validation silence is one recording (running tap), and its 1 s pieces overlap by half; train "
            "silence comes from the other background recordings."
        ),
    ),
    is_open=True,
    sources={
        "train": Archive(
            [f"{mirror}/speech_commands_v0.02.tar.gz" for mirror in MIRRORS],
            md5="6b74f3901214cb2c2934e98196829835",
            size=2_428_923_189,
            reads=READ,
        ),
        "test": Archive(
            [f"{mirror}/speech_commands_test_set_v0.02.tar.gz" for mirror in MIRRORS],
            md5="854c580ee90bff80c516491c84544e32",
            size=112_563_277,
        ),
    },
    clips=clips,
    default_mode="5h",
    modes={
        "5h": Mode(
            splits=TrainValidTest(max_seconds=SplitSeconds(train=16000.0, valid=2000.0)),
            published_clips=(16000, 2000, 4890),
        ),
        "full": Mode(published_clips=(85511, 10102, 4890)),
        "small": Mode(
            partial=True,
            sources={
                "train": Archive(
                    f"{EXCERPTS}/speech_commands_v0.02-small.zip",
                    md5="455123a88b8410d1f955c77ad331524f",
                    size=3_579_702,
                    reads=READ,
                ),
                "test": Archive(
                    f"{EXCERPTS}/speech_commands_test_set_v0.02-small.zip",
                    md5="26d08374a7abd13ca2f4a4b8424f41d0",
                    size=2_220_508,
                ),
            },
        ),
        "synthetic": Mode(
            sources={"train": Synthetic("Speech-Commands", reads=READ), "test": Synthetic("Speech-Commands-test")}
        ),
    },
)
