"""ESC-50: 2,000 environmental recordings of 5 s, 40 of each of 50 classes (dog, rain, siren, ...).

Karol J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015.
Link: https://github.com/karolpiczak/ESC-50 (licence CC BY-NC 3.0)

The five folds are the author's own, which HEAR takes as they are: clips cut from one recording are in the same fold,
but for four recordings.
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
    licence="CC BY-NC 3.0 (the part called ESC-10: CC BY)",
    url="https://github.com/karolpiczak/ESC-50",
    citation=(
        'Karol J. Piczak, "ESC: Dataset for Environmental Sound Classification", Proc. 23rd ACM International '
        "Conference on Multimedia, 2015, pp. 1015-1018, doi:10.1145/2733373.2806390"
    ),
    caveats=(
        (
            "Clips of one source share a fold, except four Freesound recordings that lie in two folds each, under "
            "different labels (hen/rooster, clock tick/clock alarm)."
        ),
        (
            "577 of the 1,524 Freesound sources (630 of 2,000 clips) are in FSD50K too, so models trained on FSD50K"
            " or Freesound may have heard them."
        ),
    ),
    # <fold>-<recording>-<part>-<class>
    name_pattern=r"(?P<fold>[1-5])-\d+-[A-Z]-\d+",
    sources={
        "corpus": Archive(
            "https://github.com/karolpiczak/ESC-50/archive/33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip",
            md5="071b44018315e034b2c6e8064543d19c",
            sha256="661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f",
            size=645_832_161,
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(400, 400, 400, 400, 400),
            membership="87b061fa5caf2b7b6de6fccfcbeae09f65e40258de93cda90a823d243edf34ce",
        ),
        "small": Mode(
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/esc50-all_folds-small.zip",
                    md5="08bb240e414ce96529087aba52983b1c",
                    size=2_775_738,
                )
            },
            sample_duration=2,
            partial=True,
        ),
        "synthetic": Mode(sources={"corpus": Synthetic("ESC-50")}),
    },
)
