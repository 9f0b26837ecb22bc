"""What the two mridangam tasks share: one archive of strokes, whose names tell the stroke and the tonic."""

import re
from collections.abc import Collection, Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree


def mridangam(name: str, name_pattern: str, labels: Collection[str]) -> TaskConfig:
    """The task whose label is a part of a recording's name: <id>__<user>__<stroke>-<tonic>-<number>.wav."""

    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
        for member in sources["corpus"].glob("**/*__*__*-*-*.wav"):
            yield Clip(member, labels=re.fullmatch(name_pattern, member.stem)["label"])

    return TaskConfig(
        name=name,
        version="v1.5",
        embedding_type="scene",
        prediction_type="multiclass",
        published_labels=labels,
        splits=NewFolds(5),
        sample_duration=0.81,
        evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
        licence="CC BY 3.0 by its description, CC BY-NC 3.0 by the readme in the archive: take it for non-commercial",
        url="https://zenodo.org/record/4068196",
        citation=(
            'Akshay Anantapadmanabhan, Ashwin Bellur and Hema A. Murthy, "Modal Analysis and Transcription of '
            'Strokes of the Mridangam Using Non-negative Matrix Factorization", ICASSP 2013, pp. 181-185, '
            "doi:10.1109/ICASSP.2013.6637633"
        ),
        caveats=(
            (
                "Folds are drawn by stroke: all is one player in one kind of studio, and runs of numbered takes are"
                " in train and test alike."
            ),
            (
                "mridangam_stroke and mridangam_tonic are two labellings of the same clips: do not average them as "
                "two independent datasets."
            ),
        ),
        name_pattern=name_pattern,
        sources={
            "corpus": Archive(
                "https://zenodo.org/record/4068196/files/mridangam_stroke_1.5.zip?download=1",
                md5="39af55b2476b94c7946bec24331ec01a",
                about=130_000_000,
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
                        size=417_537,
                    )
                },
            ),
            "synthetic": Mode(sources={"corpus": Synthetic("Mridangam-Stroke")}),
        },
    )
