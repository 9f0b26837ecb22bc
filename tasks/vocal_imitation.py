"""Vocal imitations: 5,601 imitations of 302 sounds by voice; which sound is meant?

Kim et al., Vocal Imitation Set: a dataset of vocally imitated sound events using the AudioSet ontology, DCASE 2018.
Link: https://zenodo.org/record/1340763 (licence CC BY 4.0)

HEAR takes the imitations that the source marks as included, makes a label of each imitated recording, and draws three
folds, as some sounds have few imitations. 11.26 s is the longest imitation.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    tree = sources["corpus"]
    table = tree.find("**/vocal_imitations.txt")
    for row in tree.table(table).itertuples():
        if row.included == "True":
            member = table.sibling(f"vocal_imitations/included/{row.imitation_filename}")
            yield Clip(member, labels=row.reference_filename)


config = TaskConfig(
    name="vocal_imitation",
    version="v1.1.3",
    embedding_type="scene",
    prediction_type="multiclass",
    splits=NewFolds(3),
    sample_duration=11.26,
    evaluation=("mAP", "d_prime", "aucroc", "top1_acc"),
    licence="CC BY 4.0 (check the record)",
    url="https://zenodo.org/record/1340763",
    sources={
        "corpus": Archive(
            "https://zenodo.org/record/1340763/files/VocalImitationSet_v1.1.3.zip?download=1",
            md5="386e7b1487fe0800ade4916c344086bc",
        )
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(1867, 1867, 1867)),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/vocal_imitation-train-small.zip",
                    md5="08283695cafda4ba42a7f42f75f568d1",
                )
            },
        ),
        "synthetic": Mode(sample_duration=2.0, sources={"corpus": Synthetic("Vocal-Imitation")}),
    },
)
