"""GTZAN music/speech: 128 recordings of 30 s, half of them music, half speech.

Tzanetakis, GTZAN music/speech collection, 1999.
Link: https://www.tensorflow.org/datasets/catalog/gtzan_music_speech (no licence is stated)

HEAR took the recordings from TensorFlow Datasets, whose clip names it keeps, and drew ten new folds by clip. The
original server is gone; of its archived copy only the address is known here: --source corpus=PATH takes another.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Mode, NewFolds, Synthetic, TaskConfig, Tree, named_clips, tfds_names


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    tree = sources["corpus"]
    # music_wav/<title>.wav and speech_wav/<title>.wav; .au copies have the same names
    members = {f"{member.stem}.wav": member for suffix in ("au", "wav") for member in tree.glob(f"**/*.{suffix}")}
    for key, name in tfds_names("gtzan_music_speech", "train", members, shards=4).items():
        yield Clip(members[key], labels=members[key].folder.partition("_")[0], name=name)


config = TaskConfig(
    name="tfds_gtzan_music_speech",
    version="1.0.0",
    embedding_type="scene",
    prediction_type="multiclass",
    published_labels=("music", "speech"),
    splits=NewFolds(10),
    sample_duration=30.0,
    evaluation=("top1_acc", "mAP", "d_prime", "aucroc"),
    licence="not stated by its authors",
    url="https://www.tensorflow.org/datasets/catalog/gtzan_music_speech",
    citation='George Tzanetakis, "GTZAN Music/Speech Collection", 1999, http://marsyas.info/index.html',
    caveats=(
        (
            "The corpus holds 128 recordings (64 of each label), though its descriptions, HEAR's among them, speak "
            "of 120 (60 of each)."
        ),
        "Test folds have 12 or 13 clips: one clip is about 8 points of accuracy in a fold.",
        (
            "20 groups of names that differ only in a number (vegetables, vegetables1, vegetables2) are each spread"
            " over several folds; they may be excerpts of one source."
        ),
        "Folds are drawn by clip, without regard to speakers, artists or programmes.",
    ),
    sources={
        "corpus": Archive(
            (
                "https://web.archive.org/web/2022if_/http://opihi.cs.uvic.ca/sound/music_speech.tar.gz",
                "http://opihi.cs.uvic.ca/sound/music_speech.tar.gz",
            ),
            size=297055930,
            md5="b063639094c169062940becacd3108a0",
            sha256="8753bc4129fc0a916d6efcf25dbcaf30e06b41acb44ad7c3d0b5c9d9c90ff546",
        )
    },
    clips=clips,
    modes={
        "full": Mode(
            published_clips=(13, 13, 13, 13, 13, 13, 13, 13, 12, 12),
            membership="2b48c7a2c5668c8549e0cf1d91bec465fda3d44bdbd3fcd98b3ba9c595de6fa9",
        ),
        "small": Mode(
            partial=True,
            sample_duration=2.0,
            clips=named_clips,
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/gtzan_music_speech-small.zip",
                    md5="11d0448e2c497ce1a3bd1a9ee5710aee",
                    size=76_931,
                )
            },
        ),
        "synthetic": Mode(sample_duration=1.0, sources={"corpus": Synthetic("GTZAN-music-speech")}),
    },
)
