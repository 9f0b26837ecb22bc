"""Extra columns of clips: what they hold, and what is refused with clip, column and value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hearpreprocess import Archive, Clip, Member, NewFolds, TaskConfig, Tree
from hearpreprocess.corpus import ClipTable, choose_clips
from hearpreprocess.corpus.table import COLUMNS
from hearpreprocess.errors import CorpusError
from hearpreprocess.task.extra import RESERVED

MEMBER = Member("corpus", "audio/a.wav")


def test_numpy_and_mappings_of_any_kind_are_taken_as_plain_values() -> None:
    row = pd.Series({"snr": np.float32(0.5), "take": np.int64(3), "wet": np.bool_(True), "room": np.str_("hall")})
    clip = Clip(MEMBER, labels="a", extra=MappingProxyType({**row, "note": None, np.str_("gain"): -0.0}))
    assert clip.extra == {"snr": 0.5, "take": 3, "wet": True, "room": "hall", "note": None, "gain": 0.0}
    assert [type(value) for value in clip.extra.values()] == [float, int, bool, str, type(None), float]
    assert {type(key) for key in clip.extra} == {str}


def test_a_clip_keeps_its_own_copy() -> None:
    facts = {"snr": 6}
    clip = Clip(MEMBER, extra=facts)
    facts["snr"] = 7
    assert clip.extra == {"snr": 6}
    assert Clip(MEMBER).extra == Clip(MEMBER, extra={}).extra == Clip(MEMBER, extra=None).extra == {}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"snr": float("nan")},
            "extra['snr'] must be a finite number, got nan (a missing value)",
        ),
        ({"snr": np.float64("inf")}, "extra['snr'] must be text, a finite number, True or False or None, got"),
        (
            {"snr": pd.NA},
            "extra['snr'] must be text, a finite number, True or False or None, got <NA> (a missing value)",
        ),
        (
            {"snr": 6, "SNR": 7},
            "extra must not have the name 'SNR' beside 'snr', which some programs take for the same column",
        ),
        (
            {"caf\u00e9": 6, "cafe\u0301": 7},
            "extra must not have the name 'cafe\u0301' beside 'caf\u00e9', which some programs take",
        ),
        ({"snr": [6]}, "extra['snr'] must be text, a finite number, True or False or None, got [6]"),
        ({"snr": 2**63}, "extra['snr'] must be a whole number of less than 64 bits, got 9223372036854775808"),
        (
            {"room": b"hall"},
            "extra['room'] must be text, a finite number, True or False or None, got b'hall'. Decode it",
        ),
        ({"room": "\ud800"}, "extra['room'] must be text that UTF-8 can encode (no lone surrogates), got '\\ud800'"),
        ({6: "snr"}, "extra's keys must be text, got 6"),
        ({"": 6}, "extra must not have the name '', which is empty; expected a text"),
        ({" snr": 6}, "extra must not have the name ' snr', which has leading or trailing blanks"),
        ({"s\nr": 6}, "extra must not have the name 's\\nr', which has the character U+000A"),
        (
            {"Label": 6, "sha256": ""},
            "extra must not have the name 'Label', which is a column of hearpreprocess's own; rename it, for example "
            "to 'Label_in_source'; 'sha256', which is a column of hearpreprocess's own; rename it, for example to "
            "'sha256_in_source'",
        ),
        (
            "snr",
            "extra must be a mapping from names to texts, finite numbers, True or False or None or None, got 'snr'",
        ),
        (("snr", 6), "extra must be a mapping from names to "),
    ],
)
def test_what_no_table_can_keep_is_refused_with_clip_column_and_value(extra: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(f"clip 'dog 1': {message}")):
        Clip(MEMBER, labels="a", name="dog 1", extra=extra)


def test_extra_is_told_with_all_other_wrong_fields() -> None:
    with pytest.raises(CorpusError) as refused:
        Clip(MEMBER, labels=True, group=float("nan"), extra={"snr": float("inf")})  # type: ignore[arg-type]
    assert str(refused.value).startswith("clip 'audio/a.wav': 3 invalid fields:\n")
    assert "\n  extra['snr'] must be" in str(refused.value)


def test_every_column_of_our_own_is_reserved_in_any_case() -> None:
    assert set(COLUMNS) <= RESERVED
    for column in sorted(RESERVED):
        for spelling in (column, column.upper()):
            with pytest.raises(CorpusError, match="is a column of hearpreprocess's own"):
                Clip(MEMBER, extra={spelling: 1})


def chosen(tmp_path: Path, extras: list[Mapping[str, Any]]) -> ClipTable:
    Tree.write(tmp_path, {f"{number}.wav": 1 for number in range(len(extras))}, "made up")

    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
        for member, extra in zip(sources["corpus"].glob("*.wav"), extras, strict=True):
            yield Clip(member, labels="a", extra=extra)

    task = TaskConfig(
        name="toy",
        version="v1",
        embedding_type="scene",
        prediction_type="multiclass",
        splits=NewFolds(2),
        sample_duration=1.0,
        evaluation=("top1_acc",),
        sources={"corpus": Archive("https://example.org/x.zip", sha256="0" * 64)},
        clips=clips,
    )
    return choose_clips(task.in_mode("full"), {"corpus": Tree("corpus", tmp_path)})[0]


def test_the_table_carries_them_where_a_clip_has_any(tmp_path: Path) -> None:
    extras: list[Mapping[str, Any]] = [{"snr": 6}, {}, {"snr": 0.5, "room": "hall"}, {"room": None}]
    table = chosen(tmp_path, extras)
    assert table.extra == [{"snr": 6}, None, {"snr": 0.5, "room": "hall"}, {"room": None}]
    assert ClipTable.from_json(table.to_json()) == table


def test_a_column_has_values_of_one_kind(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as refused:
        chosen(tmp_path, [{"snr": 6, "wet": True}, {"snr": None}, {"snr": 0.5, "wet": 1}, {"snr": "6"}])
    assert "extra 'snr': values must have one type in all clips, got 6 (number) in 0 and '6' (text) in 3" in str(
        refused.value
    )
    assert "extra 'wet': values must have one type in all clips, got True (bool) in 0 and 1 (number) in 2" in str(
        refused.value
    )
