"""MAESTRO: 1,276 piano performances from a competition, with the notes as the instrument recorded them.

Hawthorne et al., Enabling Factorized Piano Music Modeling and Generation with the MAESTRO Dataset, ICLR 2019.
Link: https://magenta.tensorflow.org/datasets/maestro (licence CC BY-NC-SA 4.0)

HEAR takes the first 2 min of each performance, draws five new folds of 4,500 s, and counts a note that the sustain
pedal holds as sounding, as Onsets and Frames does (Hawthorne et al., ISMIR 2018). Of the evaluation it fixes the
postprocessing, as a search over it takes too long here.
"""

from collections.abc import Iterator, Mapping

from hearpreprocess import Archive, Clip, CorpusError, Event, Mode, NewFolds, Synthetic, TaskConfig, Tree, midi_notes

PITCHES = range(21, 109)
MOST_DIFFERENCE = 0.05


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    tree = sources["corpus"]
    table = tree.find("**/maestro-v*.csv")
    differences = []
    for row in tree.table(table).itertuples():
        midi = table.sibling(row.midi_filename)
        if midi.path not in tree.members:
            yield Clip(midi)  # reported as missing, or left out of an excerpt
            continue
        notes, (last_note, last_event) = midi_notes(tree.read(midi), PITCHES)
        # The reference uses the end of the last note, the table also later events, such as the release of pedals.
        differences.append(max(last_note - float(row.duration), float(row.duration) - last_event, 0.0))
        yield Clip(table.sibling(row.audio_filename), events=[Event(*note) for note in notes])
    mean = sum(differences) / max(1, len(differences))
    if mean >= MOST_DIFFERENCE:
        raise CorpusError(
            f"the durations in {table.path} differ from the ends of the MIDI files by {mean:.3f} s on average, "
            f"expected less than {MOST_DIFFERENCE} s: they do not belong together"
        )


config = TaskConfig(
    name="maestro",
    version="v3.0.0",
    embedding_type="event",
    prediction_type="multilabel",
    splits=NewFolds(5, max_seconds=4500.0),
    sample_duration=120.0,
    evaluation=("event_onset_50ms_fms", "event_onset_offset_50ms_20perc_fms"),
    event_times="product",
    evaluation_params={
        "event_postprocessing_grid": {"median_filter_ms": [150], "min_duration": [50]},
        "task_specific_param_grid": {"max_epochs": [50], "check_val_every_n_epoch": [1]},
    },
    use_scoring_for_early_stopping=False,
    licence="CC BY-NC-SA 4.0",
    url="https://magenta.tensorflow.org/datasets/maestro",
    citation=(
        "Curtis Hawthorne, Andriy Stasyuk, Adam Roberts, Ian Simon, Cheng-Zhi Anna Huang, Sander Dieleman, Erich "
        'Elsen, Jesse Engel and Douglas Eck, "Enabling Factorized Piano Music Modeling and Generation with the '
        'MAESTRO Dataset", ICLR 2019, arXiv:1810.12247'
    ),
    caveats=(
        (
            "MAESTRO's own splits keep each composition in one split; HEAR ignores them and draws folds by "
            "performance, so a piece may be in train and test."
        ),
        (
            "It is 185 of 1,276 performances, and only the first 120 s of each: not comparable with published "
            "MAESTRO scores."
        ),
    ),
    extras=("midi",),
    sources={
        "corpus": Archive(
            "https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0.zip",
            md5="41941abdcd786c8066d532002e3b79b9",
            size=108_445_099_632,
        )
    },
    clips=clips,
    default_mode="5h",
    modes={
        "5h": Mode(published_clips=(37,) * 5),
        "small": Mode(
            partial=True,
            sample_duration=5.0,
            splits=NewFolds(4),
            sources={
                "corpus": Archive(
                    "https://github.com/kmarufraj/s-task/raw/main/maestro-v3.0.0-small.zip",
                    md5="852a3e0436d0f9d12e6566f9c61ed094",
                )
            },
        ),
        "synthetic": Mode(sample_duration=4.0, splits=NewFolds(5), sources={"corpus": Synthetic("MAESTRO")}),
    },
)
