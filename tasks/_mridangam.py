"""What the two mridangam tasks share: one archive of strokes, whose names tell the stroke and the tonic."""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree


def mridangam(name: str, part: int) -> TaskConfig:
    """The task whose label is the given part of a recording's name: <id>__<user>__<stroke>-<tonic>-<number>.wav."""

    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
        for member in sources["corpus"].glob("**/*.wav"):
            yield Clip(member, labels=member.stem.rpartition("__")[2].split("-")[part])

    return TaskConfig(
        name=name,
        version="v1.5",
        embedding_type="scene",
        prediction_type="multiclass",
        splits=NewFolds(5),
        sample_duration=0.81,
        evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
        licence="CC BY 3.0",
        url="https://zenodo.org/record/4068196",
        sources={
            "corpus": Archive(
                "https://zenodo.org/record/4068196/files/mridangam_stroke_1.5.zip?download=1",
                md5="39af55b2476b94c7946bec24331ec01a",
            )
        },
        clips=clips,
        modes={
            "full": Mode(published_clips=(1396, 1396, 1395, 1395, 1395)),
            "small": Mode(
                partial=True,
                sample_duration=1.0,
                sources={
                    "corpus": Archive(
                        "https://github.com/kmarufraj/s-task/raw/main/mridangam-train-small.zip",
                        md5="8269ea439beacacf8db19d6c26dd1e71",
                    )
                },
            ),
            "synthetic": Mode(sources={"corpus": Synthetic("Mridangam-Stroke")}),
        },
    )
