"""DCASE 2016 task 2: 72 recordings of 2 min with office sounds of 11 classes (door slam, keyboard, ...), timed.

Lafay, Benetos and Lagrange, Sound event detection in synthetic audio, WASPAA 2017.
Link: https://dcase.community/challenge2016/task-sound-event-detection-in-synthetic-audio

HEAR joins the development and the public evaluation set and draws 60/20/20 per cent of them anew, as the development
set alone is too small to train on.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, Event, Mode, Synthetic, TaskConfig, TrainValidTest, Tree

EXCERPTS = "https://github.com/hearbenchmark/hear2021-open-tasks-downsampled/raw/main"


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    for tree in sources.values():
        for annotation in tree.glob("**/annotation/*.txt"):
            rows = tree.table(annotation, names=["start", "end", "label"]).itertuples()
            yield Clip(
                annotation.sibling(f"../sound/{annotation.stem}.wav"),
                events=[Event(row.label, float(row.start), float(row.end)) for row in rows],
            )


config = TaskConfig(
    name="dcase2016_task2",
    version="hear2021",
    embedding_type="event",
    prediction_type="multilabel",
    splits=TrainValidTest(60, 20, 20, drawn=("valid", "test")),
    sample_duration=120.0,
    evaluation=("event_onset_200ms_fms", "segment_1s_er"),
    event_times="product",
    licence="CC BY 3.0 and CC BY 4.0, by the licence list of HEAR's tarballs",
    url="https://dcase.community/challenge2016/task-sound-event-detection-in-synthetic-audio",
    citation=(
        'Grégoire Lafay, Emmanouil Benetos and Mathieu Lagrange, "Sound Event Detection in Synthetic Audio: '
        'Analysis of the DCASE 2016 Task Results", WASPAA 2017, arXiv:1711.05551'
    ),
    caveats=(
        (
            "HEAR joins development and test mixtures and draws its own 60/20/20 split, so scores cannot be set "
            "beside DCASE 2016 results."
        ),
        (
            "DCASE made test mixtures from other source recordings than training; HEAR's draw by file gives this "
            "up: one isolated sound can recur in train and test mixtures."
        ),
    ),
    is_open=True,
    sources={
        "dev": Archive(
            "https://archive.org/download/dcase2016_task2_train_dev/dcase2016_task2_train_dev.zip",
            md5="4e1b5e8887159193e8624dec801eb9e7",
        ),
        "eval": Archive(
            "https://archive.org/download/dcase2016_task2_test_public/dcase2016_task2_test_public.zip",
            md5="ac98768b39a08fc0c6c2ddd15a981dd7",
        ),
    },
    clips=clips,
    modes={
        "full": Mode(published_clips=(44, 14, 14)),
        "small": Mode(
            partial=True,
            splits=TrainValidTest(80, 10, 10, drawn=("valid", "test")),
            sources={
                "dev": Archive(
                    f"{EXCERPTS}/dcase2016_task2_train_dev-small.zip", md5="aa9b43c40e9d496163caab83becf972e"
                ),
                "eval": Archive(
                    f"{EXCERPTS}/dcase2016_task2_test_public-small.zip", md5="14539d85dec03cb7ac75eb62dd1dd21e"
                ),
            },
        ),
        "synthetic": Mode(
            sample_duration=6.0, sources={"dev": Synthetic("DCASE2016-dev"), "eval": Synthetic("DCASE2016-eval")}
        ),
    },
)
