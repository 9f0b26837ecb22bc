"""GTZAN: 1,000 pieces of 30 s in ten genres of music.

Tzanetakis and Cook, Musical genre classification of audio signals, IEEE TSAP 2002.
Link: https://huggingface.co/datasets/marsyas/gtzan (no licence is stated)

HEAR took the recordings from TensorFlow Datasets, whose clip names it keeps, and drew ten new folds by clip, although
the corpus holds repetitions and several pieces by one artist. The original server is gone; mirrors have packed the
archive anew, so each recording is checked by itself. Some copies of jazz.00054 have a damaged header.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree, named_clips, tfds_names


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    tree = sources["corpus"]
    # <genre>.<number>.wav; .au copies have the same names
    found = [*tree.glob("**/*.[0-9]*.au"), *tree.glob("**/*.[0-9]*.wav")]
    members = {f"{member.stem}.wav": member for member in found}
    for key, name in tfds_names("gtzan", "train", members, shards=32).items():
        yield Clip(members[key], labels=key.partition(".")[0], name=name)


config = TaskConfig(
    name="tfds_gtzan",
    version="1.0.0",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"),
    splits=NewFolds(10),
    sample_duration=30.0,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="not stated by its authors (excerpts of commercial recordings)",
    url="https://huggingface.co/datasets/marsyas/gtzan",
    citation=(
        'George Tzanetakis and Perry Cook, "Musical Genre Classification of Audio Signals", IEEE Transactions on '
        "Speech and Audio Processing 10(5), 2002, pp. 293-302, doi:10.1109/TSA.2002.800560"
    ),
    caveats=(
        (
            "Sturm finds 50 exact replicas, 22 excerpts from a same recording, 13 other versions, 43 conspicuous "
            "and 63 contentious mislabellings."
        ),
        "14 pairs of files are equal byte for byte, and 13 of the pairs lie in two different folds of HEAR.",
        "metal.00058 and rock.00016 are the same file under two labels, so one of the two must count as an error.",
        (
            "Artists are shared by folds: for example 35 reggae excerpts are Bob Marley and 24 pop excerpts Britney"
            " Spears."
        ),
    ),
    sources={
        "corpus": Archive(
            (
                "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
                "https://web.archive.org/web/20220328223413if_/http://opihi.cs.uvic.ca/sound/genres.tar.gz",
            ),
            member_md5=Path(__file__).with_name("gtzan_md5.tsv"),
            may_differ=("jazz.00054.wav",),
            about=1_225_571_541,  # the authors' own archive; mirrors have repacked it
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(100,) * 10,
            membership="cf0ea2ab7f2f31fc4382eb560bc74abe51e6695aafc3090b05ecd7efb7ccd0af",
        ),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            clips=named_clips,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/gtzan-small.zip",
                    md5="c3ac045c759cde4c5f44d2e7daf5d43d",
                    size=91_875,
                )
            },
        ),
        "synthetic": Mode(sample_duration=1.0, sources={"corpus": Synthetic("GTZAN")}),
    },
)
