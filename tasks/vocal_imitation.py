"""Vocal imitations: 5,601 imitations of 302 sounds by voice; which sound is meant?

Kim et al., Vocal Imitation Set: a dataset of vocally imitated sound events using the AudioSet ontology, DCASE 2018.
Link: https://zenodo.org/record/1340763

HEAR takes the imitations that the source marks as included, makes a label of each imitated recording, and draws three
folds, as some sounds have few imitations. 95 of 100 imitations are no longer than 11.26 s.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, LeftOut, Mode, NewFolds, Synthetic, TaskConfig, Tree


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    tree = sources["corpus"]
    table = tree.find("**/vocal_imitations.txt")
    for row in tree.table(table).itertuples():
        if row.included == "True":
            member = table.sibling(f"vocal_imitations/included/{row.imitation_filename}")
            yield Clip(member, labels=row.reference_filename)
        else:
            member = table.sibling(f"vocal_imitations/excluded/{row.imitation_filename}")
            yield LeftOut(member, "not marked as included")


config = TaskConfig(
    name="vocal_imitation",
    version="v1.1.3",
    embedding_type="scene",
    prediction_type="multiclass",
    splits=NewFolds(3),
    sample_duration=11.26,
    evaluation=("mAP", "d_prime", "aucroc", "top1_acc"),
    licence="not stated by its authors in the archive; see the record",
    url="https://zenodo.org/record/1340763",
    citation=(
        'Bongjun Kim, Madhav Ghei, Bryan Pardo and Zhiyao Duan, "Vocal Imitation Set: a dataset of vocally imitated'
        ' sound events using the AudioSet ontology", DCASE 2018 Workshop; data: doi:10.5281/zenodo.1340763'
    ),
    caveats=(
        (
            "Folds are drawn by imitation: 98 to 99% of test clips are by a participant also heard in training (434"
            " of 470 are in several folds)."
        ),
        "Few clips a label: 13 to 23 in all (median 19), and 1 to 13 in one fold (median 6).",
    ),
    sources={
        "corpus": Archive(
            "https://zenodo.org/record/1340763/files/VocalImitationSet_v1.1.3.zip?download=1",
            md5="386e7b1487fe0800ade4916c344086bc",
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(1867, 1867, 1867),
            membership="6e06d39971b6fbe629519f0062e98ce81dd73e3d515630ce6f963bc21bb6d7ef",
        ),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/vocal_imitation-train-small.zip",
                    md5="08283695cafda4ba42a7f42f75f568d1",
                    size=3_144_078,
                )
            },
        ),
        "synthetic": Mode(sample_duration=2.0, sources={"corpus": Synthetic("Vocal-Imitation")}),
    },
)
