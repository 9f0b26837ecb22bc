"""A manifest put together from texts is the one that is encoded as a whole."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.finished import assembled, card, manifest

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)
numbers = st.one_of(st.integers(0, 1 << 60), st.floats(allow_nan=False, allow_infinity=False))
events = st.fixed_dictionaries({"label": st.one_of(names, st.integers()), "start": numbers, "end": numbers})
clips = st.dictionaries(
    names,
    st.fixed_dictionaries(
        {
            "split": st.sampled_from(["train", "valid", 'te"st']),
            "labels": st.lists(st.one_of(names, events), max_size=3),
        },
        optional={"group": names, "extra": st.dictionaries(names, st.one_of(names, numbers, st.none(), st.booleans()))},
    ),
    max_size=6,
)
RECORDED = {
    "rate": 8000, "length": 8000, "sha256": "ab", "peak": 3, "clipped": False,
    "source": {"seconds": 0.5, "channels": 2, "format": 'W"AV'},
}  # fmt: skip


@given(clips, st.sets(st.sampled_from([8000, 16000, 22050, 96000, 192000])))
def test_the_text_is_that_of_the_whole(stated: dict[str, dict[str, Any]], rates: set[int]) -> None:
    without = {
        "version": manifest.VERSION, "task": "a-b", "sources": {"a": {"url": "x"}}, "left_out": [], "sample_rates": [],
        "clips": {f"{name}.wav": facts for name, facts in stated.items()},
    }  # fmt: skip
    recorded = {name: {**RECORDED, "peak": number} for number, name in enumerate(stated)}
    audio = {rate: {name: (rate + number, f"{number:x}") for number, name in enumerate(stated)} for rate in rates}
    whole = {
        **without,
        "sample_rates": sorted(rates),
        "clips": {
            file: {
                **facts,
                "recorded": recorded[file.removesuffix(".wav")],
                "audio": {
                    str(rate): {"length": of_rate[name][0], "sha256": of_rate[name][1]}
                    for rate, of_rate in audio.items()
                    for name in [file.removesuffix(".wav")]
                },
            }
            for file, facts in without["clips"].items()  # type: ignore[attr-defined]
        },
    }
    made = assembled(
        manifest.to_text(without).encode(),
        {name: manifest.to_json(facts) for name, facts in recorded.items()},
        {
            rate: {name: manifest.fingerprint_text(known) for name, known in of_rate.items()}
            for rate, of_rate in audio.items()
        },
    )
    assert made.text == manifest.to_text(whole)
    assert json.loads(made.text) == whole
    late = {file: found for file, facts in whole["clips"].items() if (found := manifest.late_events(facts))}
    assert made.note == manifest.padding_note(late)
    metadata = {
        "description": "", "partial": False, "splits": ["train", "valid", 'te"st'], "sample_duration": 1.0, "url": "",
        "embedding_type": "event", "prediction_type": "multilabel", "evaluation": ["x"], "caveats": [], "licence": "",
        "citation": "",
    }  # fmt: skip
    own = {**whole, "made_with": {}, "release": "r"}
    outline = {**made.outline, "made_with": {}, "release": "r"}
    assert card.card(metadata, outline) == card.card(metadata, own)
