"""Gunshot triangulation: 22 shots of seven firearms, each recorded by four microphones in a field; which one is it?

Cooper and Shaw, Gunshots recorded in an open field using iPod Touch devices, Dryad 2020.
Link: https://zenodo.org/record/3997406 (licence CC0 1.0, doi 10.5061/dryad.wm37pvmkc)

The source is one long recording for each microphone. HEAR finds the shots in the first, cuts 1.5 s around each from all
four, which it aligns by an offset for each, and draws seven folds by firearm.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from hearpreprocess import Archive, Clip, File, Files, Mode, NewFolds, Synthetic, TaskConfig, Tree

FIRST_SAMPLES = (15764451 - 48000, 13764742 - 48000, 9334032 - 48000, 6794611 - 48000)
SHOT_LOUDNESS, SHOT_SAMPLES, LEAD_SAMPLES, CLIP_SAMPLES = 0.8, 25000, 6000, 72000
FIREARMS = (1, *(firearm for firearm in range(1, 8) for _shot in range(3)))
RECORD = "https://zenodo.org/record/3997406/files"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    recordings = [sources["corpus"].find(f"**/mic{number}raw*.wav") for number in range(1, 5)]
    samples, _rate = sources["corpus"].recording(recordings[0])
    shots = shot_starts(samples[FIRST_SAMPLES[0] :, 0])
    for microphone, (recording, first) in enumerate(zip(recordings, FIRST_SAMPLES, strict=True), start=1):
        for shot, (start, firearm) in enumerate(zip(shots, FIREARMS, strict=True)):
            begin = first + start - LEAD_SAMPLES
            name = f"mic{microphone}_shot{shot}_fid{firearm}"
            yield Clip(
                recording,
                labels=f"mic{microphone}",
                group=f"fid{firearm}",
                name=name,
                start=begin,
                stop=begin + CLIP_SAMPLES,
            )


def shot_starts(samples: np.ndarray) -> list[int]:
    starts: list[int] = []
    for loud in np.flatnonzero(np.abs(samples) >= SHOT_LOUDNESS).tolist():
        if not starts or loud - starts[-1] > SHOT_SAMPLES:
            starts.append(loud)
    return starts


def cut_clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    # mic<number>_shot<number>_fid<number>.wav, as above
    for member in sources["corpus"].glob("*.wav"):
        microphone, _shot, firearm = member.stem.split("_")
        yield Clip(member, labels=microphone, group=firearm)


config = TaskConfig(
    name="gunshot_triangulation",
    version="v1.0",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("mic1", "mic2", "mic3", "mic4"),
    splits=NewFolds(7),
    sample_duration=1.5,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="CC0 1.0",
    url="https://zenodo.org/record/3997406",
    citation=(
        'Seth Cooper and Steven Shaw, "Gunshots recorded in an open field using iPod Touch devices", Dryad, 2020, '
        "doi:10.5061/dryad.wm37pvmkc"
    ),
    caveats=(
        (
            "The label is the microphone that recorded the shot, and each of the four stands in one place: device "
            "and place cannot be told apart."
        ),
        (
            "Every shot is heard four times, once for each label; folds are by firearm, so no shot and no firearm "
            "is shared by folds."
        ),
    ),
    name_pattern=r"(?P<label>mic[1-4])_shot\d+_(?P<group>fid[1-7])",
    sources={
        "corpus": Files(
            title="gunshot_triangulation",
            reads=("**/mic1raw.wav",),
            files=(
                File(f"{RECORD}/mic1raw.wav?download=1", md5="e2f4acad742278c973e9c190fee03b5f"),
                File(f"{RECORD}/mic2raw16b.wav?download=1", md5="184d888f457f331f592eeb4ee5fa12e2"),
                File(f"{RECORD}/mic3raw.wav?download=1", md5="db2ffa4fdf8b42b98c208670f4578b4b"),
                File(f"{RECORD}/mic4raw.wav?download=1", md5="571da84eecf397bf0356a24400769ced"),
            ),
        )
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(12, 12, 12, 12, 16, 12, 12)),
        "small": Mode(
            partial=True,
            clips=cut_clips,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/gunshot_triangulation.zip",
                    md5="c24bfa3b60fc9a2f51169fdb9bc336fa",
                    size=3_581_337,
                )
            },
        ),
        "synthetic": Mode(
            sources={"corpus": Synthetic("Gunshot-Triangulation", reads=("**/mic1raw.wav",), archived=False)}
        ),
    },
)
