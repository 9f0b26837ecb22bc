"""LibriCount: 5,720 mixtures of 5 s; how many people, 0 to 10, speak at once?

Stöter et al., CountNet: Estimating the Number of Concurrent Speakers, IEEE/ACM TASLP 2019.
Link: https://zenodo.org/record/1216072 (licence CC BY 4.0)

The source has one split. HEAR draws five folds, and takes the count as one label of eleven, not as a number to
predict.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    # <count>_<hash>.wav
    for member in sources["corpus"].glob("**/[0-9]*_*.wav"):
        yield Clip(member, labels=int(member.stem.partition("_")[0]))


config = TaskConfig(
    name="libricount",
    version="v1.0.0-hear2021",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=range(11),
    splits=NewFolds(5),
    sample_duration=5.0,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="CC BY 4.0",
    url="https://zenodo.org/record/1216072",
    citation=(
        'Fabian-Robert Stöter, Soumitro Chakrabarty, Bernd Edler and Emanuël A. P. Habets, "CountNet: Estimating '
        'the Number of Concurrent Speakers Using Supervised Learning", IEEE/ACM Transactions on Audio, Speech, and '
        "Language Processing 27(2), 2019, pp. 268-282, doi:10.1109/TASLP.2018.2877892; data: "
        "doi:10.5281/zenodo.1216072"
    ),
    caveats=(
        (
            "All 5,720 mixtures are made of the same 40 speakers (LibriSpeech test-clean), each in 674 to 754 "
            "mixtures, and all 40 are in each fold."
        ),
        "Models trained on LibriSpeech's test-clean speakers have heard the voices.",
    ),
    name_pattern=r"(?P<label>\d+)_.*",
    sources={
        "corpus": Archive(
            "https://zenodo.org/record/1216072/files/LibriCount10-0dB.zip?download=1",
            md5="30c8f844dc59fa65d216d53db9dc37e2",
            size=832_499_962,
            reads=(),
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(1144,) * 5,
            membership="11d27657a9e08c85175a249c6e6db7f3ff241cc9139b32ad349e851a430393d9",
        ),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/libricount-train-small.zip",
                    md5="25d1bd1e71800440d635171a8f41a5f7",
                    size=2_778_570,
                    reads=(),
                )
            },
        ),
        "synthetic": Mode(sources={"corpus": Synthetic("LibriCount")}),
    },
)
