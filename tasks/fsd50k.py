"""FSD50K: 51,197 sounds of 0.3 to 30 s from Freesound with 200 labels of the AudioSet ontology, several each.

Fonseca et al., FSD50K: an open dataset of human-labeled sound events, IEEE/ACM TASLP 2022.
Link: https://zenodo.org/record/4060432 (licence CC BY 4.0; the recordings have licences of their own, some NC)

HEAR takes the given splits and leaves every recording at its own length, but for twelve of the development set that are
longer than the 30 s promised, which it leaves out.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, File, LeftOut, Mode, SplitArchive, Synthetic, TaskConfig, TrainValidTest, Tree

TOO_LONG = {"83299", "83298", "121426", "121351", "121472", "121471", "124796", "397150", "124797", "124800"}
TOO_LONG |= {"124834", "124858"}
RECORD = "https://zenodo.org/record/4060432/files"
EXCERPTS = "https://github.com/kmarufraj/s-task/raw/main"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    tables = sources["ground_truth"]
    for name, audio in (("dev", sources["train"]), ("eval", sources["test"])):
        members = {member.stem: member for member in audio.glob("**/*.wav")}
        for row in tables.table(tables.find(f"**/{name}.csv")).itertuples():
            member = members.get(row.fname, audio.member(f"FSD50K.{name}_audio/{row.fname}.wav"))
            if name == "dev" and row.fname in TOO_LONG:
                yield LeftOut(member, "longer than 30 s")
                continue
            split = "test" if name == "eval" else {"train": "train", "val": "valid"}[row.split]
            yield Clip(member, labels=row.labels.split(","), split=split)


def parts(name: str, last_size: int, *md5: str) -> SplitArchive:
    suffixes = [*(f"z{number:02d}" for number in range(1, len(md5))), "zip"]
    sizes = [*[3 << 30] * (len(md5) - 1), last_size]
    return SplitArchive(
        [
            File(f"{RECORD}/{name}.{suffix}?download=1", md5=each, size=size)
            for suffix, each, size in zip(suffixes, md5, sizes, strict=True)
        ]
    )


config = TaskConfig(
    name="fsd50k",
    version="v1.0",
    embedding_type="scene",
    prediction_type="multilabel",
    splits=TrainValidTest(),
    sample_duration=None,
    evaluation=("mAP", "d_prime", "aucroc", "top1_acc"),
    licence="CC BY 4.0; each clip has a licence of its own (CC0, CC BY, CC BY-NC, CC Sampling+), listed in the source",
    url="https://zenodo.org/record/4060432",
    citation=(
        'Eduardo Fonseca, Xavier Favory, Jordi Pons, Frederic Font and Xavier Serra, "FSD50K: an Open Dataset of '
        'Human-Labeled Sound Events", IEEE/ACM Transactions on Audio, Speech, and Language Processing 30, 2022, pp.'
        " 829-852, arXiv:2010.00475"
    ),
    caveats=(
        (
            "Labels of the development set (train and valid) are correct but may be incomplete; those of the test "
            "set are exhaustive."
        ),
        ("577 of its recordings are also sources of ESC-50 clips: training on the one and testing on the other leaks."),
    ),
    sources={
        "train": parts(
            "FSD50K.dev_audio",
            2_306_663_327,
            "faa7cf4cc076fc34a44a479a5ed862a3",
            "8f9b66153e68571164fb1315d00bc7bc",
            "1196ef47d267a993d30fa98af54b7159",
            "d088ac4e11ba53daf9f7574c11cccac9",
            "81356521aa159accd3c35de22da28c7f",
            "c480d119b8f7a7e32fdb58f3ea4d6c5a",
        ),
        "test": parts(
            "FSD50K.eval_audio",
            3_037_675_767,
            "3090670eaeecc013ca1ff84fe4442aeb",
            "6fa47636c3a3ad5c7dfeba99f2637982",
        ),
        "ground_truth": Archive(
            f"{RECORD}/FSD50K.ground_truth.zip?download=1", md5="ca27382c195e37d2269c4c866dd73485", size=334_701
        ),
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(36785, 4169, 10231),
            membership="0a96a2183752d4fc53eb74b22518ddd93c1acc4ff77b908e38b6dac5a5f7ead1",
        ),
        "small": Mode(
            partial=True,
            sources={
                "train": Archive(
                    f"{EXCERPTS}/fsd50k-train-small.zip", md5="75fc0ae63467ada263ead31afff0978a", size=2_323_065
                ),
                "test": Archive(
                    f"{EXCERPTS}/fsd50k-test-small.zip", md5="1b3c32e6183b6f991b32ad2ee793a2c5", size=2_223_396
                ),
                "ground_truth": Archive(
                    f"{EXCERPTS}/fsd50k-ground_truth-small.zip", md5="e730b34c0d71a4607338c8fea1b3c3d2", size=333_831
                ),
            },
        ),
        "synthetic": Mode(
            sources={
                "train": Synthetic("FSD50K-dev"),
                "test": Synthetic("FSD50K-eval"),
                "ground_truth": Synthetic("FSD50K-ground-truth"),
            }
        ),
    },
)
