"""What the two beehive tasks share: four archives of recordings from two hives, with and without their queen."""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, SplitSeconds, Synthetic, TaskConfig, TrainValidTest, Tree

RECORD = "https://zenodo.org/record/2667806/files"
RECORD_BYTES = 47_800_000_000  # all four archives, from the record's description
EXCERPTS = "https://github.com/kmarufraj/s-task/raw/main"
DAYS = ("hive1_12062018", "hive1_31052018", "hive3_14072017", "hive3_28072017")


def recordings(name: str, md5: str) -> Archive:
    return Archive(f"{RECORD}/{name}.rar?download=1", md5=md5, about=RECORD_BYTES // len(DAYS))


def beehive_states(fold: int, train_hive: str, test_hive: str, published: tuple[int, int, int]) -> TaskConfig:
    """The task that is trained on one hive and tested on the other; valid is drawn from train."""

    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
        for name, tree in sources.items():
            split = {train_hive: "train", test_hive: "test"}[name.partition("_")[0]]
            for member in tree.glob("**/[Hh]ive*.wav"):
                yield Clip(member, labels="NOQUEEN" if "NO" in member.name else "QUEEN", split=split)

    return TaskConfig(
        name=f"beehive_states_fold{fold}",
        version="v2",
        embedding_type="scene",
        prediction_type="multiclass",
        published_labels=("NOQUEEN", "QUEEN"),
        splits=TrainValidTest(),
        sample_duration=600.0,
        evaluation=("aucroc", "mAP", "d_prime", "top1_acc"),
        licence="CC BY 4.0",
        url="https://zenodo.org/record/2667806",
        citation=(
            "Inês Nolasco, Alessandro Terenzi, Stefania Cecchi, Simone Orcioni, Helen L. Bear and Emmanouil "
            'Benetos, "Audio-based Identification of Beehive States", ICASSP 2019, doi:10.1109/ICASSP.2019.8682981,'
            " arXiv:1811.06330"
        ),
        caveats=(
            (
                "Validation clips are drawn from the training hive's same two days, so validation scores say little"
                " about the unseen test hive."
            ),
            (
                "Report fold 0 and fold 1 together: each is one train/test direction between the same two hives, "
                "not an independent dataset."
            ),
        ),
        extras=("rar",),
        sources={
            "hive1_12062018": recordings("Hive1_12_06_2018", md5="c04cd7fd310a84f327eb7121e026b40a"),
            "hive1_31052018": recordings("Hive1_31_05_2018", md5="834c58cb1e4c9a15a332a16e106bfa11"),
            "hive3_14072017": recordings("Hive3_14_07_2017", md5="c1fc5c4d2e110aa2bc8687393db7d55d"),
            "hive3_28072017": recordings("Hive3_28_07_2017", md5="3fe9c0488a2207379f410a81d17c5d18"),
        },
        clips=clips,
        default_mode="5h",
        modes={
            "5h": Mode(sample_duration=30.0, splits=TrainValidTest(max_seconds=SplitSeconds.of_hours(5))),
            "full": Mode(published_clips=published),
            "small": Mode(
                partial=True,
                sample_duration=2.0,
                extras=(),
                sources={
                    "hive1_12062018": Archive(
                        f"{EXCERPTS}/hive1_12062018.zip", md5="461c77d29e5c2c4ac51deb0b87c82d5c", size=1_810_965
                    ),
                    "hive1_31052018": Archive(
                        f"{EXCERPTS}/hive1_31052018.zip", md5="c0e0b4c33879b865de022413138a61da", size=1_736_083
                    ),
                    "hive3_14072017": Archive(
                        f"{EXCERPTS}/hive3_14072017.zip", md5="2650a40a1e38088391181451e0183ca6", size=2_261_969
                    ),
                    "hive3_28072017": Archive(
                        f"{EXCERPTS}/hive3_28072017.zip", md5="51d43e9621b8ad7681a44355f70329a2", size=2_245_251
                    ),
                },
            ),
            "synthetic": Mode(sample_duration=2.0, sources={day: Synthetic(f"Beehive-{day}") for day in DAYS}),
        },
    )
