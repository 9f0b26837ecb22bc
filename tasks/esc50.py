"""ESC-50: 2,000 environmental recordings of 5 s, 40 of each of 50 classes (dog, rain, siren, ...).

Karol J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015.
Link: https://github.com/karolpiczak/ESC-50 (licence CC BY-NC 3.0)

The five folds are the author's own: clips cut from one recording are in the same fold. HEAR takes them as they are.
The source is pinned to a commit, as the archive of the moving branch has had several checksums.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, PresetFolds, Synthetic, TaskConfig, Tree, fold


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    corpus = sources["corpus"]
    table = corpus.find("**/meta/esc50.csv")
    for row in corpus.table(table).itertuples():
        yield Clip(
            table.sibling(f"../audio/{row.filename}"),
            labels=row.category,
            split=fold(int(row.fold) - 1),
        )


config = TaskConfig(
    name="esc50",
    version="v2.0.0",
    embedding_type="scene",
    prediction_type="multiclass",
    splits=PresetFolds(5),
    sample_duration=5,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="CC BY-NC 3.0",
    url="https://github.com/karolpiczak/ESC-50",
    sources={
        "corpus": Archive(
            "https://github.com/karolpiczak/ESC-50/archive/33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip",
            md5="071b44018315e034b2c6e8064543d19c",
            sha256="661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f",
        )
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(400, 400, 400, 400, 400)),
        "small": Mode(
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/esc50-all_folds-small.zip",
                    md5="08bb240e414ce96529087aba52983b1c",
                )
            },
            sample_duration=2,
            partial=True,
        ),
        "synthetic": Mode(sources={"corpus": Synthetic("ESC-50")}),
    },
)
