"""Free Spoken Digit Dataset: 2,500 recordings of the ten digits by five speakers, half a second each.

Jackson et al., Free Spoken Digit Dataset v1.0.9.
Link: https://github.com/Jakobovski/free-spoken-digit-dataset (licence CC BY-SA 4.0)

Not one of HEAR's 18 tasks, but made as they are, by way of TensorFlow Datasets, and small: 12 MB make a whole
task. The five folds are drawn by clip and share speakers.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree, named_clips, tfds_names


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    # <digit>_<speaker>_<number>.wav
    members = {member.stem: member for member in sources["corpus"].glob("**/recordings/*.wav")}
    for stem, name in tfds_names("spoken_digit", "train", members, shards=1).items():
        yield Clip(members[stem], labels=int(stem.partition("_")[0]), name=name)


def excerpt(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    return named_clips(sources, label=int)


config = TaskConfig(
    name="spoken_digit",
    version="1.0.9",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=range(10),
    splits=NewFolds(5),
    sample_duration=0.56,
    evaluation=("top1_acc",),
    licence="CC BY-SA 4.0",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset",
    citation=(
        'Zohar Jackson and contributors, "Free Spoken Digit Dataset", version 1.0.9, '
        "https://github.com/Jakobovski/free-spoken-digit-dataset"
    ),
    caveats=(
        "Folds are drawn by clip and share speakers: all five are in each of the five folds.",
        "Five speakers, all of them men, at 8 kHz: nothing above 4 kHz can be heard at any output rate.",
        "Later versions have six speakers and 3,000 recordings; scores on them are not comparable.",
    ),
    sources={
        "corpus": Archive(
            "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
            size=11975353,
            sha256="8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(500,) * 5,
            membership="8422a0faee9eb24a88d0c0a78b172c92566292beb9f72bee001448283addd1b3",
        ),
        "small": Mode(
            partial=True,
            clips=excerpt,
            sources={
                "corpus": Archive(
                    "https://github.com/hearbenchmark/hear2021-open-tasks-downsampled/raw/main/spoken_digit-small.zip",
                    md5="69d50c15805ea11beb12d9a4db1d4c2a",
                    size=77_531,
                )
            },
        ),
        "synthetic": Mode(sources={"corpus": Synthetic("Spoken-Digit")}),
    },
)
