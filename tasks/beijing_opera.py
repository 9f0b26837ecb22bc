"""Beijing opera percussion: 236 strokes on four instruments (bangu, daluo, naobo, xiaoluo).

Tian et al., A study of instrument-wise onset detection in Beijing opera percussion ensembles, ICASSP 2014.
Link: https://zenodo.org/record/1285212 (licence CC BY 4.0)

HEAR draws five folds, as the source has no splits, and cuts to 4.77 s: 95 of 100 recordings
are no longer.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    # <id>__<user>__<label>-<number>.wav
    for member in sources["corpus"].glob("**/*__*__*-*.wav"):
        yield Clip(member, labels=member.stem.rpartition("__")[2].rpartition("-")[0])


config = TaskConfig(
    name="beijing_opera",
    version="v1.0-hear2021",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("bangu", "daluo", "naobo", "xiaoluo"),
    splits=NewFolds(5),
    sample_duration=4.77,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="CC BY 4.0 by the record, CC BY 3.0 for each clip by the readme in the archive",
    url="https://zenodo.org/record/1285212",
    citation=(
        'Mi Tian, Ajay Srinivasamurthy, Mark Sandler and Xavier Serra, "A Study of Instrument-wise Onset Detection '
        'in Beijing Opera Percussion Ensembles", ICASSP 2014; data: doi:10.5281/zenodo.1285212'
    ),
    caveats=(
        (
            "Folds are drawn by stroke: numbered takes of one instrument, uploaded by one person, lie in train and "
            "test alike."
        ),
        "Only 47 or 48 test clips a fold: one clip is about 2 points of accuracy in a fold.",
    ),
    name_pattern=r".*__(?P<label>(?:(?!__).)+)-[^-]*",
    sources={
        "corpus": Archive(
            "https://zenodo.org/record/1285212/files/beijing_opera_percussion_instrument_1.0.zip?download=1",
            md5="51dc70d02a06b9d96befadf320a6996f",
        )
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(48, 47, 47, 47, 47)),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/beijing_opera-train-small.zip",
                    md5="391b086d4a81c525d8b052ac50a6a8c0",
                    size=2_013_836,
                )
            },
        ),
        "synthetic": Mode(sources={"corpus": Synthetic("Beijing-Opera")}),
    },
)
