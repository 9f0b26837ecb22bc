"""CREMA-D: 7,438 sentences acted by 91 people in six emotions.

Cao et al., CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset, IEEE Transactions on Affective Computing 2014.
Link: https://github.com/CheyneyComputerScience/CREMA-D (licence ODbL 1.0)

HEAR took the recordings from TensorFlow Datasets, whose splits by speaker its clip names still tell, and drew five new
folds by clip: the folds share speakers. TensorFlow Datasets leaves out four of 7,442 recordings.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hearpreprocess import (
    Archive,
    Clip,
    FileList,
    LeftOut,
    Mode,
    NewFolds,
    Synthetic,
    TaskConfig,
    Tree,
    named_clips,
    tfds_names,
)

VALIDATION = {1015, 1020, 1021, 1030, 1050, 1070, 1079, 1089, 1090}
TEST = {
    1010,
    1013,
    1022,
    1026,
    1037,
    1038,
    1040,
    1045,
    1047,
    1048,
    1059,
    1065,
    1066,
    1068,
    1071,
    1073,
    1084,
    1086,
    1088,
}
SHARDS = {"train": 16, "validation": 2, "test": 4}
LEFT_OUT = {"1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX", "1040_ITH_SAD_XX"}
EXCERPTS = "https://github.com/kmarufraj/s-task/raw/main"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    # <speaker>_<sentence>_<emotion>_<level>.wav
    found = sources["corpus"].glob("**/[0-9][0-9][0-9][0-9]_*_*_*.wav")
    members = [member for member in found if member.stem not in LEFT_OUT]
    yield from (LeftOut(member, "not in TensorFlow Datasets") for member in found if member.stem in LEFT_OUT)
    for split, shards in SHARDS.items():
        of_split = {member.stem: member for member in members if split_of(int(member.stem.split("_")[0])) == split}
        for stem, name in tfds_names("crema_d", split, of_split, shards).items():
            yield Clip(of_split[stem], labels=stem.split("_")[2], name=name)


def split_of(speaker: int) -> str:
    return "validation" if speaker in VALIDATION else "test" if speaker in TEST else "train"


config = TaskConfig(
    name="tfds_crema_d",
    version="1.0.0",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"),
    splits=NewFolds(5),
    sample_duration=5.0,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="ODbL 1.0 for the database, DbCL 1.0 for its contents",
    url="https://github.com/CheyneyComputerScience/CREMA-D",
    citation=(
        'Houwei Cao, David G. Cooper, Michael K. Keutmann, Ruben C. Gur, Ani Nenkova and Ragini Verma, "CREMA-D: '
        'Crowd-sourced Emotional Multimodal Actors Dataset", IEEE Transactions on Affective Computing 5(4), 2014, '
        "pp. 377-390, doi:10.1109/TAFFC.2014.2336244"
    ),
    caveats=(
        "The folds are drawn by clip, so they share speakers: all 91 actors are in every one of the five folds.",
        (
            "TensorFlow Datasets' own train, validation and test are speaker-disjoint; scores on these are not "
            "comparable with HEAR's folds."
        ),
        "The label is the emotion the actor was asked for; listeners named it in 40.9% of the audio-only cases.",
    ),
    sources={
        "corpus": FileList(
            Path(__file__).with_name("crema_d_sha256.txt"),
            folder="AudioWAV",
            mirrors=("https://gitlab.com/cs-cooper-lab/crema-d-mirror/-/raw/main/AudioWAV",),
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(1488, 1488, 1488, 1487, 1487),
            membership="02ea620a92ffbec56b77dd9f765ebbf5d2aaa377ef59a2381bf3923f1f818aea",
        ),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            clips=named_clips,
            sources={
                "train": Archive(
                    f"{EXCERPTS}/crema_d-train-small.zip", md5="a42147d0bed93d579250a064c6a46000", size=74_376
                ),
                "test": Archive(
                    f"{EXCERPTS}/crema_d-test-small.zip", md5="f7f9d662d43de2ecd6ed2cc75adcf315", size=61_802
                ),
                "valid": Archive(
                    f"{EXCERPTS}/crema_d-valid-small.zip", md5="d1bdddb23004d421218533b72e64737c", size=59_363
                ),
            },
        ),
        "synthetic": Mode(sample_duration=1.0, sources={"corpus": Synthetic("CREMA-D", archived=False)}),
    },
)
