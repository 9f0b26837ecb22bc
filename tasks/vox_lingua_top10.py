"""VoxLingua107 top 10: 972 pieces of speech of up to 20 s in ten languages.

Valk and Alumäe, VoxLingua107: a dataset for spoken language recognition, SLT 2021.
Link: https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/ (licence CC BY 4.0)

HEAR takes the ten languages with the most recordings in the development set, which was checked by hand, and draws five
folds. 18.64 s keeps most recordings whole.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, LeftOut, Mode, NewFolds, Synthetic, TaskConfig, Tree

LANGUAGES = 10


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    members = sources["corpus"].glob("*/*.wav")
    counts = Counter(member.folder for member in members)
    chosen = sorted(counts, key=lambda language: (-counts[language], language))[:LANGUAGES]
    for member in members:
        if member.folder in chosen:
            yield Clip(member, labels=member.folder)
        else:
            yield LeftOut(member, "of a language with fewer recordings than the ten")


config = TaskConfig(
    name="vox_lingua_top10",
    version="hear2021",
    embedding_type="scene",
    prediction_type="multiclass",
    splits=NewFolds(5),
    sample_duration=18.64,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="CC BY 4.0",
    url="https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/",
    citation=(
        'Jörgen Valk and Tanel Alumäe, "VoxLingua107: a Dataset for Spoken Language Recognition", IEEE SLT 2021, '
        "arXiv:2011.12998"
    ),
    caveats=(
        (
            "It is cut from the development set only: the ten languages with most clips, 972 clips. It is not "
            "VoxLingua107's own test."
        ),
        (
            "Folds are drawn by clip, without regard to video, channel or speaker, so voices and recording "
            "conditions may be shared."
        ),
    ),
    sources={
        "corpus": Archive(
            (
                "https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/dev.zip",
                "http://bark.phon.ioc.ee/voxlingua107/dev.zip",
            ),
            md5="07fbd4732c97f28c10ec8dcfed4f600e",
        )
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(195, 195, 194, 194, 194)),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/vox_lingua-train-small.zip",
                    md5="b94370873fbbdc34241a6e4f7eb1952b",
                    size=1_081_252,
                )
            },
        ),
        "synthetic": Mode(sample_duration=2.0, sources={"corpus": Synthetic("VoxLingua107")}),
    },
)
