"""What a task module says is checked where it says it: each field's type, in any spelling that Python offers."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hearpreprocess import (
    Archive,
    Clip,
    Event,
    File,
    FileList,
    Files,
    LeftOut,
    Local,
    Mode,
    NewFolds,
    PresetFolds,
    SplitArchive,
    SplitSeconds,
    Synthetic,
    TaskConfig,
    TrainValidTest,
    fold,
)
from hearpreprocess.cli import main
from hearpreprocess.corpus import ClipTable, CorpusFolder, choose_clips, labels, plan_corpus
from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.storage import digest
from hearpreprocess.synthetic.archives import write_files
from hearpreprocess.task import Member, Resampled, Tree, checking, unusable_character
from tests import toys

MD5 = "0" * 32
FILE = File("https://example.org/a.z01", md5=MD5)
MEMBER = Member("corpus", "a/one.wav")


def no_clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    return iter(())


TASK: dict[str, Any] = {
    "name": "toy",
    "version": "v1",
    "embedding_type": "scene",
    "prediction_type": "multilabel",
    "splits": NewFolds(2),
    "sample_duration": 0.5,
    "evaluation": ("mAP",),
    "sources": {"corpus": Archive("https://example.org/a.zip", md5=MD5)},
    "clips": no_clips,
}


class Failing(Mapping[str, Any]):
    """A mapping whose names have no values."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(["corpus"])

    def __len__(self) -> int:
        return 1


class Columns:
    """An iterable that fails on being looked at."""

    def __getattr__(self, name: str) -> Any:
        raise OSError(f"no {name} at https://me:secret@example.org")

    def __iter__(self) -> Iterator[str]:
        return iter(["one"])


def failing() -> Iterator[str]:
    yield "one"
    raise RuntimeError("the page\nis {gone}")


def refusing() -> Iterator[str]:
    yield "one"
    fold(-1)


def task(**facts: Any) -> TaskConfig:
    return TaskConfig(**(TASK | facts))


def refusal(make: Callable[..., Any], **fields: Any) -> str:
    with pytest.raises((ConfigError, CorpusError)) as refused:
        make(**fields)
    return str(refused.value)


@pytest.mark.parametrize(
    ("make", "fields", "said"),
    [
        (task, {"citation": ["A", "B"]}, "toy: citation must be text, got ['A', 'B']"),
        (task, {"evaluation": (1,)}, "toy: evaluation[0] must be text, got 1"),
        (task, {"name_pattern": "("}, "name_pattern must be a regular expression, got '(': missing )"),
        (task, {"name_pattern": "(?P<speaker>a)"}, "name_pattern has the named groups speaker; expected some of fold"),
        (task, {"url": None}, "url must be text, got None"),
        (task, {"url": b"https://x"}, "url must be text, got b'https://x'. Decode it"),
        (task, {"licence": "\ud800"}, "licence must be text that UTF-8 can encode"),
        (task, {"caveats": None}, "caveats must be a sequence or set of texts, got None. For none, write caveats=()"),
        (task, {"evaluation_params": [1]}, "evaluation_params must be a mapping"),
        (task, {"evaluation_params": {1: 2}}, "evaluation_params's keys must be text, got 1"),
        (task, {"evaluation_params": {"a": [{"b": float("nan")}]}}, "evaluation_params['a'][0]['b'] must be a finite"),
        (task, {"evaluation_params": {"a": {1}}}, "evaluation_params['a'] must be a JSON value"),
        (task, {"embedding_type": None}, "embedding_type must be text, got None"),
        (
            task,
            {"embedding_type": "scenes"},
            "embedding_type 'scenes' is unknown; expected scene, event; did you mean scene",
        ),
        (task, {"prediction_type": "multilable"}, "did you mean multilabel or"),
        (task, {"is_open": 1}, "is_open must be True or False, got 1"),
        (task, {"sample_duration": True}, "sample_duration must be a finite number or None, got True"),
        (task, {"sample_duration": 1e-9}, "sample_duration must be positive, from 0.001 s"),
        (task, {"splits": NewFolds}, "Write NewFolds(...)"),
        (task, {"sources": {"my corpus": FILE}}, "sources['my corpus'] must be a Source"),
        (task, {"clips": list}, "clips must be a function"),
        (task, {"name": "x" * 120}, "together they must have at most 120 characters, got 128"),
        (task, {"extras": {"rra"}}, "extras 'rra' is unknown; expected rar, midi; did you mean rar?"),
        (task, {"caveats": failing()}, "Reading it failed: RuntimeError: the page is {gone}"),
        (task, {"caveats": refusing()}, "fold: number must be 0 or more"),
        (task, {"caveats": Columns()}, "got <tests.task.test_types.Columns object"),
        (task, {"caveats": np.void(b"x")}, "caveats must be a sequence or set of texts, got np.void(b'\\x78')"),
        (task, {"caveats": np.void(b"")}, "caveats must be a sequence or set of texts, got np.void(b'')"),
        (task, {"sources": Failing()}, "sources must be a mapping from names to Source values, got <"),
        (task, {"sources": Failing()}, "Reading it failed: KeyError: 'corpus'"),
        (task, {"evaluation": {"mAP", "d_prime"}}, "A set has no order, and here the order counts: give a tuple"),
        (Mode, {"published_clips": ("10", "10")}, "Mode: published_clips[0] must be a whole number, got '10'"),
        (Mode, {"published_clips": {10, 12}}, "A set has no order"),
        (Mode, {"published_clips": (-1, 2)}, "published_clips must not be negative, got -1"),
        (Mode, {"clips": 3}, "clips must be a function or None, got 3"),
        (TrainValidTest, {"test": float("nan")}, "TrainValidTest: test must be a finite number, got nan"),
        (TrainValidTest, {"max_seconds": 4.0}, "max_seconds must be a SplitSeconds, got 4.0"),
        (NewFolds, {"folds": 2, "max_seconds": float("inf")}, "max_seconds must be a finite number, got inf"),
        (NewFolds, {"folds": 10**9}, "at least 2 folds and at most 10,000"),
        (NewFolds, {"folds": True}, "folds must be a whole number, got True"),
        (SplitSeconds.of_hours, {"hours": "5"}, "SplitSeconds.of_hours: hours must be a finite number, got '5'"),
        (fold, {"number": 1.5}, "fold: number must be a whole number"),
        (fold, {"number": -1}, "fold: number must be 0 or more"),
        (Local, {"path": "a\0b"}, "path must be a path that is not empty and that a file system can hold"),
        (Local, {"path": "x" * 5000}, "Local: path must be an existing file or directory, got "),
        (
            FileList,
            {"listing": "/nowhere", "folder": "a"},
            "FileList: listing must be an existing file, got '/nowhere'",
        ),
        (Local, {"path": "/tmp", "member_md5": __file__}, "line 1: expected a file name, a tab and an md5, got "),
        (Archive, {"url": "https://[x/a.zip", "md5": MD5}, "url 'https://[x/a.zip' is not an http, https or file URL"),
        (Clip, {"path": "a.wav"}, "Clip: path must be a Member, got 'a.wav'"),
        (Clip, {"path": MEMBER, "labels": {"dog": 1, "cat": 0}}, "labels must be text, a whole number or a sequence"),
        (Clip, {"path": MEMBER, "labels": pd.DataFrame({"dog": [1]})}, "labels must be text"),
        (Clip, {"path": MEMBER, "labels": ["dog", None]}, "labels[1] must be text or a whole number, got None"),
        (Clip, {"path": MEMBER, "group": float("nan")}, "clip 'a/one.wav': group must be text, a whole number or None"),
        (Clip, {"path": MEMBER, "group": pd.NA}, "got <NA> (a missing value)"),
        (Clip, {"path": MEMBER, "group": pd.NaT}, "got NaT (a missing value)"),
        (Clip, {"path": MEMBER, "group": b"rex"}, "got b'rex'. Decode it"),
        (Clip, {"path": MEMBER, "stop_seconds": "4"}, "stop_seconds must be a finite number or None, got '4'"),
        (Clip, {"path": MEMBER, "start": 4000.0}, "start must be a whole number or None, got 4000.0. Write 4000"),
        (Clip, {"path": MEMBER, "events": {"label": "dog"}}, "events must be a sequence or set of Event values, got {"),
    ],
)
def test_wrong_values_are_named(make: Callable[..., Any], fields: dict[str, Any], said: str) -> None:
    assert said in refusal(make, **fields)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        *((task, field) for field in ("caveats", "evaluation", "extras", "data_files")),
        *((Mode, field) for field in ("published_clips", "extras")),
        (TrainValidTest, "drawn"),
        *((lambda **facts: Archive("file:///a", md5=MD5, **facts), field) for field in ("reads", "may_differ")),
        *((lambda **facts: FileList(__file__, "a", **facts), field) for field in ("reads", "mirrors")),
        *((lambda **facts: Local(__file__, **facts), field) for field in ("reads", "may_differ")),
        (lambda **facts: Synthetic("ESC-50", **facts), "reads"),
        (lambda **facts: Files((FILE,), "a", **facts), "reads"),
        (lambda **facts: Files(title="a", **facts), "files"),
        (SplitArchive, "parts"),
        (lambda **facts: Clip(MEMBER, **facts), "events"),
    ],
)
def test_a_text_is_no_sequence(make: Callable[..., Any], field: str) -> None:
    if make is SplitArchive:
        assert "parts must be a sequence of File values" in refusal(SplitArchive, parts="a.zip")
        return
    message = refusal(make, **{field: "valid"})
    assert f"{field} must be a sequence" in message
    if field not in ("events", "files", "published_clips"):  # of which a text is not even one
        assert message.endswith(f"got 'valid'. For one, write {field}=('valid',) with the comma")


def test_one_text_stays_right_where_it_means_one() -> None:
    assert Archive("https://example.org/a.zip", md5=MD5).urls == ("https://example.org/a.zip",)
    assert Clip(MEMBER, labels="dog").labels == ("dog",)


def test_all_wrong_fields_are_told_at_once() -> None:
    message = refusal(task, citation=[], url=None, name_pattern="(", evaluation="mAP", default_mode=3)
    assert message.splitlines()[0] == "toy: 5 invalid fields:"
    for field in ("citation", "url", "name_pattern", "evaluation", "default_mode"):
        assert f"\n  {field} must be " in message
    message = refusal(Clip, path=MEMBER, group=1.5, start="0", name=pd.NA)
    assert "3 invalid fields" in message


def test_no_message_shows_a_password() -> None:
    address = "https://me:secret@example.org/a.zip?token=secret"
    for fields in ({"url": {address}}, {"url": [address, 5]}, {"url": address, "md5": 3}, {"url": (address, "x")}):
        assert "secret" not in refusal(Archive, **({"md5": MD5} | fields))
    assert "secret" not in refusal(task, sources=Archive(address, md5=MD5))


class Colour(str, enum.Enum):
    RED = "red"


def test_values_are_taken_as_what_they_are() -> None:
    odd = task(
        name=np.str_("toy"),
        sample_duration=np.float64(0.5),
        splits=TrainValidTest(np.float32(80), np.int64(10), 10, drawn={"valid", "test"}),
        evaluation=(name for name in ("mAP", "d_prime")),
        use_scoring_for_early_stopping=np.bool_(True),
        evaluation_params=MappingProxyType({"widths": (np.int64(250), np.float64(0.5)), "deep": {"a": None}}),
        caveats={"b", "a"},
        citation=Colour.RED,
        data_files=[Path("names.txt")],
        modes={"full": Mode(published_clips=np.array([8, 1, 1]), partial=np.bool_(False))},
    )
    same = task(
        splits=TrainValidTest(80.0, 10, 10, drawn=("test", "valid")),
        evaluation=("mAP", "d_prime"),
        use_scoring_for_early_stopping=True,
        evaluation_params={"widths": [250, 0.5], "deep": {"a": None}},
        caveats=("a", "b"),
        citation="red",
        data_files=("names.txt",),
        modes={"full": Mode(published_clips=(8, 1, 1))},
    )
    assert odd == same
    assert repr(odd) == repr(same), "of the same types"
    assert odd.in_mode("full").digest == same.in_mode("full").digest
    assert digest(odd.in_mode("full").metadata()) == digest(json.loads(json.dumps(same.in_mode("full").metadata())))


def test_clips_are_taken_as_what_they_are() -> None:
    row = pd.DataFrame({"label": ["dog"], "speaker": [7], "start": [0.5], "count": [3]}).iloc[0]
    clip = Clip(MEMBER, labels={row.label, np.str_("cat")}, group=row.speaker, start=np.int32(0), stop=np.int64(9))
    assert (clip.labels, clip.group, clip.slice) == (("cat", "dog"), "7", (0, 9, None, None))
    assert {type(value) for value in (*clip.labels, clip.group)} == {str}
    assert clip.slice is not None
    assert {type(clip.slice.start), type(clip.slice.stop)} == {int}
    assert Clip(MEMBER, group=7).group == "7", "as a number of a table is the name of a speaker"
    assert Clip(MEMBER, labels=iter(["b", "a"])).labels == ("b", "a"), "the given order, where there is one"
    assert Clip(MEMBER, labels={10, 9}).labels == (9, 10)
    event = Event(np.int64(60), np.float32(0.5), np.int64(1))
    assert [type(value) for value in dataclasses.astuple(event)] == [int, float, int]
    unordered = {Event("b", 1.0, 2.0), Event("a", 1.0, 2.0), Event("c", 0.5, 3.0)}
    assert [event.label for event in Clip(MEMBER, events=unordered).events] == ["c", "a", "b"]


def test_wrong_events_are_reported_with_their_clips_and_all_at_once(tree: Tree) -> None:
    events: dict[str, list[Any]] = {
        "a0": [Event("dog", "0.5", 1.0)],  # type: ignore[arg-type]
        "a1": [Event("dog", 0.5, float("nan")), Event("dog", 2.0, 1.0), Event("dog", 0.0, float("inf"))],
        "a2": [{"label": "dog", "start": 0.5, "end": 1.0}],
        "a3": [Event("dog", -0.5, 1.0), Event(["dog"], 0.0, 1.0)],  # type: ignore[arg-type]
        "b0": [Event(np.str_("cat"), np.float32(0.5), np.int64(1))],
        "b1": [Event("dog", 3.0, 4.0), Event("dog", 0.0, 0.1)],
        "b2": [Event("", 0.0, 0.1)],
    }
    with pytest.raises(CorpusError) as refused:
        chosen(
            tree,
            lambda member: Clip(member, events=events.get(member.stem, [Event("dog", 0, 0.1)])),
            embedding_type="event",
        )
    assert str(refused.value).splitlines() == [
        "toy-v1-full: 8 problems with its clips:",
        "  'a0': events[0].start must be a finite number, got '0.5'. Convert it: float('0.5')",
        "  'a1': events[0].end must be a finite number, got nan (a missing value)",
        "  'a1': events[1].end must not be before start; expected 2.0 s or more, got 1.0",
        "  'a1': events[2].end must be a finite number, got inf",
        "  'a2': events[0] must be Event(label, start, end), got {'end': 1.0, 'label': 'dog', 'start': 0.5}",
        "  'a3': events[0].start must be 0 s or more, got -0.5",
        "  'a3': events[1].label must be text or a whole number, got ['dog']",
        "  'b2': label '' is empty; expected a text or an integer",
    ]


@pytest.mark.parametrize("wrap", [iter, tuple, list])
def test_wrong_events_are_reported_from_every_collection(tree: Tree, wrap: Callable[..., Any]) -> None:
    wrong = [Event("dog", "a", 1.0), ("dog", 0, 1), Event("dog", 0.0, 0.1)]  # type: ignore[arg-type]
    with pytest.raises(CorpusError, match=r"'b3': events\[1\] must be Event\(label, start, end\), got \('dog', 0, 1\)"):
        chosen(
            tree,
            lambda member: Clip(member, events=wrap(wrong if member.stem == "b3" else wrong[2:])),
            embedding_type="event",
        )


def test_slices_without_samples_are_refused(tree: Tree) -> None:
    ends: list[dict[str, Any]] = [
        {"start": 5, "stop": 5}, {"start_seconds": 1.0, "stop_seconds": 0.5}, {"start": 0, "start_seconds": 0.0},
        {"stop_seconds": float("nan")}, {"start": -1}, {"start_seconds": 1, "stop": 5}, {}, {"stop": 0},
    ]  # fmt: skip
    with pytest.raises(CorpusError) as refused:
        chosen(
            tree, lambda member: Clip(member, labels="a", **ends["ab".index(member.folder) * 4 + int(member.stem[1])])
        )
    assert str(refused.value).splitlines()[1:] == [
        "  'a0': stop must be greater than start, 5, got 5",
        "  'a1': stop_seconds must be greater than start_seconds, 1.0, got 0.5",
        "  'a2': start and start_seconds are both given; give one of them",
        "  'a3': stop_seconds must be a finite number, got nan (a missing value)",
        "  'b0': start must be from 0 to 9223372036854775807, got -1",
        "  'b3': stop must be greater than start, 0, got 0",
    ]


def test_slices_of_a_recording_are_one_group() -> None:
    assert Clip(MEMBER).group == "one", "its name"
    for ends in ({"start": 0}, {"stop": 5}, {"start_seconds": 0.0}, {"stop_seconds": 1}):
        assert Clip(MEMBER, name="piece", **ends).group == f"corpus:{MEMBER.path}"  # type: ignore[arg-type]
        assert Clip(MEMBER, name="piece", group="rex", **ends).group == "rex"  # type: ignore[arg-type]


def test_sets_give_the_same_in_every_process() -> None:
    code = (
        "from hearpreprocess import *; m = Member('c', 'a.wav'); words = ['dog', 'cat', 'cow', 'pig', 'hen'];"
        "e = {Event(word, 0.5, 1.0) for word in words}; f = frozenset(words); d = dict.fromkeys(f);"
        "a = Archive('file:///a', md5='0' * 32, reads=f);"
        "print(Clip(m, labels=f).labels, Clip(m, labels=d.keys()).labels, Clip(m, events=e).events, a.reads)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    folder = tmp_path / "tree"
    folder.mkdir()
    Tree.readable(folder)
    Tree.write(folder, {f"{label}/{label}{number}.wav": 1 for label in "ab" for number in range(4)}, "made up")
    return Tree("corpus", folder)


def chosen(tree: Tree, split: Callable[[Member], Clip], **facts: Any) -> ClipTable:
    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
        return map(split, sources["corpus"].glob("*/*.wav"))

    config = task(clips=clips, **facts).in_mode("full")
    table, _omissions, _warnings = choose_clips(config, {"corpus": tree})
    return table


@pytest.mark.parametrize(
    "label",
    [
        "a\nb",
        "a\x07",
        "\x1b[31ma",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\ud800b",
        "\ufeffa",
        "\0",
        " a",
        "a\t",
        "",
        2**63,
    ],
)
def test_labels_that_no_file_can_keep_are_refused(tree: Tree, label: str | int) -> None:
    with pytest.raises(CorpusError) as refused:
        chosen(tree, lambda member: Clip(member, labels=label if member.folder == "a" else "b"))
    assert str(refused.value).startswith("toy-v1-full: ")
    assert f"'a0': label {label!r} " in str(refused.value)
    events = {"embedding_type": "event", "evaluation": ("segment_1s_er",)}
    with pytest.raises(CorpusError, match="'a3': label"):
        chosen(tree, lambda member: Clip(member, events=[Event(label, 0.0, 0.1)]), **events)


@pytest.mark.parametrize("text", ["a\nb", "a\x7fb", "a\u2028", "\ud800", "\0"])
def test_names_and_groups_without_unusable_characters(tree: Tree, text: str) -> None:
    for facts in ({"name": text}, {"group": text}):
        with pytest.raises(CorpusError, match=next(iter(facts))):
            chosen(tree, lambda member: Clip(member, labels=member.folder, **facts))  # noqa: B023
    with pytest.raises(CorpusError, match="split"):
        chosen(tree, lambda member: Clip(member, labels="a", split=text), splits=PresetFolds(2))


def test_characters_of_every_language_are_usable() -> None:
    assert not any(
        map(
            unusable_character, ("été", "犬", "k\u200ct", "\U0001f469\u200d\U0001f692", "Ħ e\u0301", "_unknown_", "a b")
        )
    )


def test_a_wrong_clip_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(CorpusError) as refused:
        chosen(tree, lambda member: Clip(member, labels="a", group=float("nan")))
    assert "toy-v1-full: clips() of test_types.py, line " in str(refused.value)
    assert "clip 'a/a0.wav': group must be text" in str(refused.value)


def test_lists_of_files_name_their_wrong_line(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    for line, said in (
        ("https://example.org/b.wav 5", "expected a url, a size"),
        (f"x 5 {'0' * 64}", "is not an http"),
    ):
        listing.write_text(f"https://example.org/a.wav 5 {'0' * 64}\n{line}\n")
        with pytest.raises(ConfigError, match=f"list.txt, line 2: .*{said}"):
            _ = FileList(listing, "a").files


# --- many odd values


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


ODD: tuple[Callable[[], Any], ...] = tuple(
    (lambda value=value: value)
    for value in (
        None, True, False, 0, 1, -1, 2, 10, 80, 10**9, 2**63, -(2**63), 10**400, 10**5000, 0.0, -0.0, 0.5, 1.0, -1.5,
        1e-320, 1e308, float("nan"), float("inf"), -float("inf"), 1j, Decimal("0.5"), Fraction(1, 3), "", " ", "a",
        "mAP", "valid", "10", "0.5", "a\nb", "a\0b", "\ud800", "é", "..", "/", "a/b", "a\\b", "(", "(?P<x>a)",
        "(?P<fold>.)?", "x" * 300, "x" * 5000, "https://example.org/a", "https://[", b"", b"abc", bytearray(b"a"),
        memoryview(b"a"), Path("a"), Path("/tmp"), Path(), np.int64(3), np.int8(-1), np.uint64(2**64 - 1),
        np.float32(0.1), np.float64("nan"), np.float16(80), np.longdouble(1), np.bool_(True), np.str_("mAP"),
        np.bytes_(b"a"), np.datetime64("2020-01-01"), np.timedelta64(1, "s"), np.array(3), np.array([1, 2]),
        np.array([[1], [2]]), np.array(["a"]), pd.NA, pd.NaT, pd.Series(["a", "b"]), pd.DataFrame({"a": [1]}),
        pd.Timestamp(0), datetime.date(2020, 1, 1), Colour.RED, Colour, object(), object, len, no_clips, int, str,
        Broken(), slice(1), range(3), range(10**9), ..., NotImplemented, Exception("x"), json, MEMBER, FILE,
        Event("a", 0.0, 1.0), NewFolds(2), NewFolds, TrainValidTest(), SplitSeconds(), Mode(), Local("/tmp"),
        {}, {"a": 1}, {"a": None}, {1: "a"}, {"full": Mode()}, {"corpus": Local("/tmp")}, MappingProxyType({"a": "b"}),
    )
)  # fmt: skip


def array_of(value: Any) -> Any:
    array = np.empty(1, dtype=object)  # as np.array would take the items of a sequence
    array[0] = value
    return array


def recursive() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def broken_off() -> Iterator[str]:
    yield from ("a", "b")


WRAPPED: tuple[Callable[[Any], Any], ...] = (
    lambda value: value,
    lambda value: (value,),
    lambda value: [value, value],
    lambda value: ("a", value),
    lambda value: {value},
    lambda value: frozenset((value, "mAP")),
    lambda value: {"a": value},
    lambda value: {value: value},
    lambda value: {value: "a"}.keys(),
    lambda value: iter((value,)),
    lambda value: [[value]],
    lambda value: array_of(value),
)
ENDLESS: tuple[Callable[[], Any], ...] = (recursive, broken_off, lambda: itertools.repeat("a"), itertools.count)


def odd_values() -> list[tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """How to make each odd value, as iterators are used up."""
    return [(make, wrap) for wrap in WRAPPED for make in ODD] + [(make, WRAPPED[0]) for make in ENDLESS]


MAKERS: dict[str, tuple[Callable[..., Any], Mapping[str, Any]]] = {
    "TaskConfig": (TaskConfig, TASK),
    "Mode": (Mode, {}),
    "Clip": (Clip, {"path": MEMBER, "labels": "a"}),
    "Event": (Event, {"label": "a", "start": 0.0, "end": 0.1}),
    "LeftOut": (LeftOut, {"path": MEMBER, "reason": "broken"}),
    "Member": (Member, {"source": "corpus", "path": "a.wav"}),
    "File": (File, {"url": "https://example.org/a", "md5": MD5}),
    "Archive": (Archive, {"url": "https://example.org/a.zip", "md5": MD5}),
    "SplitArchive": (SplitArchive, {"parts": (FILE, File("https://example.org/a.zip", md5=MD5))}),
    "Files": (Files, {"files": (FILE,), "title": "some"}),
    "FileList": (FileList, {"listing": __file__, "folder": "a"}),
    "Synthetic": (Synthetic, {"corpus": "ESC-50"}),
    "Local": (Local, {"path": "/tmp"}),
    "TrainValidTest": (TrainValidTest, {}),
    "SplitSeconds": (SplitSeconds, {}),
    "PresetFolds": (PresetFolds, {"folds": 2}),
    "NewFolds": (NewFolds, {"folds": 2}),
    "Resampled": (Resampled, {"rate": 48000, "metadata": {}}),
}
FIELDS = {
    name: list(checking.annotated(Clip.__init__ if make is Clip else make)) for name, (make, _facts) in MAKERS.items()
}


def test_every_annotation_says_what_can_be_checked() -> None:
    import hearpreprocess

    # What programs get is made by hearpreprocess alone.
    of_programs = {"ClipDataset", "FinishedClip", "FinishedTask", "ModeSummary", "Round", "TaskSummary", "Vocabulary"}
    public = [getattr(hearpreprocess, name) for name in set(hearpreprocess.__all__) - of_programs]
    classes = {value.__name__ for value in public if isinstance(value, type) and dataclasses.is_dataclass(value)}
    assert classes - set(MAKERS) == {"RecordingInfo", "Window"}, "which Tree.info and windows make"
    assert len(FIELDS["TaskConfig"]) == 25
    assert sum(map(len, FIELDS.values())) > 80


@pytest.mark.parametrize("name", MAKERS)
def test_some_odd_values_are_refused_by_name_or_taken(name: str, tree: Tree) -> None:
    chance = random.Random(name)
    finite = odd_values()[: -len(ENDLESS)]
    tried = [try_odd_values(name, field, chance.sample(finite, 40), tree) for field in FIELDS[name]]
    assert sum(refused for refused, _taken in tried) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_every_odd_value_is_refused_by_name_or_taken(name: str, tree: Tree) -> None:
    tried = {field: try_odd_values(name, field, odd_values(), tree) for field in FIELDS[name]}
    assert {field for field, (refused, taken) in tried.items() if refused + taken < 500} == set()
    assert sum(refused for refused, _taken in tried.values()) > 500
    assert sum(taken for _refused, taken in tried.values()) > 0


def try_odd_values(
    name: str, field: str, values: list[tuple[Callable[[], Any], Callable[[Any], Any]]], tree: Tree
) -> tuple[int, int]:
    """How many values a field refuses by its name, and how many it takes that a task can be made of."""
    make, facts = MAKERS[name]
    refused = taken = 0
    for make_value, wrap in values:
        try:
            value = wrap(make_value())
        except TypeError:  # of what no set can have
            continue
        try:
            made = make(**{**facts, field: value})
        except (ConfigError, CorpusError) as error:
            message = str(error)
        except Exception as error:
            raise AssertionError(f"{name}.{field}: {type(error).__name__}: {error}") from error
        else:
            message = hold(made, tree)
            if not isinstance(made, Event) or not message:  # an event is refused with its clip
                taken += 1
                continue
        refused += 1
        assert field in message, (field, message)
        assert len(message) < 1500
    return refused, taken


def hold(made: Any, tree: Tree) -> str:
    """Check that what has been taken can be made into the files of a task; why the corpus refuses it, or ""."""
    if isinstance(made, TaskConfig):
        for mode in map(made.in_mode, made.modes):
            assert json.loads(labels.to_json(mode.metadata())) == json.loads(json.dumps(mode.metadata()))
            labels.to_json(mode.metadata()).encode()
            assert mode.digest
    elif isinstance(made, Clip | Event | LeftOut):
        return plan_with(made, tree)
    else:
        json.dumps([getattr(made, name) for name in FIELDS[type(made).__name__]], default=str, allow_nan=False)
    return ""


def plan_with(made: Clip | Event | LeftOut, tree: Tree) -> str:
    """Plan a corpus with a clip, an event or an omission, and write all that a task has without audio.

    Returns why the corpus is refused, or "".
    """
    is_event = isinstance(made, Event) or (isinstance(made, Clip) and bool(made.events))

    def clips(sources: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
        for member in sources["corpus"].glob("*/*.wav"):
            yield Clip(member, events=[Event("a", 0.0, 0.1)]) if is_event else Clip(member, labels="a")
        if isinstance(made, Event):
            yield Clip(sources["corpus"].member("a/a0.wav"), events=[made], name="odd")
        elif isinstance(made, Clip):
            path = made.path if made.path is not MEMBER else sources["corpus"].member("a/a0.wav")
            made.path = path
            yield made
        else:
            yield made

    kind = {"embedding_type": "event"} if is_event else {}
    config = task(clips=clips, **kind).in_mode("full")
    try:
        table, omissions, _warnings = choose_clips(config, {"corpus": tree})
    except CorpusError as error:
        return str(error)
    folder = tree._folder.parent / "plan"
    folder.mkdir()
    CorpusFolder(folder).write(plan_corpus(config, table, omissions, {"corpus": tree}, made_by="0" * 16))
    read, _left_out = CorpusFolder(folder).labels()
    for split in config.splits.names:
        labels.to_json(labels.split_labels(read, split, config)).encode()
    labels.vocabulary_csv(labels.vocabulary(read)).encode()
    shutil.rmtree(folder)
    return ""


# --- whole runs

PLAIN = """
def clips(sources):
    for member in sources["corpus"].glob("*/*.wav"):
        number = int(member.stem[-1])
        labels = tuple(sorted({member.folder, "x", "y", "z"}))
        yield Clip(member, labels=labels, group=f"{number % 4}", start=0, stop=1600)
"""
ODDLY_SPELLED = """
import numpy as np

def clips(sources):
    for member in sources["corpus"].glob("*/*.wav"):
        number = np.int64(member.stem[-1])
        labels = {member.folder, np.str_("x"), "y", "z"}
        yield Clip(member, labels=labels, group=number % 4, start=0, stop=np.int32(1600))
"""
FACTS = {
    "evaluation": '("mAP", "d_prime")',
    "evaluation_params": '{"widths": [250, 0.5]}',
    "caveats": '("One leak.", "Two leaks.")',
    "splits": "NewFolds(2)",
    "sample_duration": "0.25",
    "prediction_type": '"multilabel"',
    "url": '"https://example.org"',
}
ODD_FACTS = FACTS | {
    "evaluation": '(name for name in ("mAP", "d_prime"))',
    "evaluation_params": '{"widths": (np.int64(250), np.float32(0.5))}',
    "caveats": '{"Two leaks.", "One leak."}',
    "splits": "NewFolds(np.int64(2))",
    "sample_duration": "np.float64(0.25)",
    "use_scoring_for_early_stopping": "None",
}


def run_in(folder: Path, monkeypatch: pytest.MonkeyPatch, clips: str, facts: Mapping[str, str]) -> dict[str, bytes]:
    """What a run makes but for what tells of the module; that it is verified is checked."""
    members = {f"{label}/{label}{number}.wav": toys.wav(f"{label}{number}") for label in "ab" for number in range(8)}
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_files(folder / "source", "", members.items())
    (folder / "mine.py").write_text(toys.folds_task('Local("source")', clips, **facts))
    assert main(["./mine.py", "--sample-rates", "8000", "--num-workers", "1", "--no-report", "--quiet"]) == 0
    assert main(["verify", "out", "--task", "./mine.py"]) == 0
    made = {str(path.relative_to("out")): path.read_bytes() for path in Path("out/tasks").rglob("*") if path.is_file()}
    return {name: content for name, content in made.items() if not name.endswith("manifest.json")}


def test_odd_spellings_give_the_bytes_of_plain_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run_in(tmp_path / "plain", monkeypatch, PLAIN, FACTS)
    odd = run_in(tmp_path / "odd", monkeypatch, ODDLY_SPELLED, ODD_FACTS)
    assert {name for name in plain if plain[name] != odd.get(name)} == set()
    assert plain.keys() == odd.keys()


@pytest.mark.slow
def test_odd_values_that_are_taken_give_tasks_that_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random("runs")
    accepted = []
    for field, text in itertools.product(FACTS, ODD_TEXTS):
        facts = FACTS | {field: text}
        try:
            module = toys.folds_task('Local("/tmp")', "import numpy as np\n" + PLAIN, **facts)
            exec(compile(module, "mine.py", "exec"), {"__name__": "mine"})
        except (ConfigError, CorpusError):
            continue
        accepted.append(facts)
    assert len(accepted) > 20
    for number, facts in enumerate(chance.sample(accepted, 20)):
        run_in(tmp_path / str(number), monkeypatch, "import numpy as np\n" + PLAIN, facts)


ODD_TEXTS = (
    '""', '"a\\nb\\x1b"', '"é"', "None", "True", "1", "0.001", "1.5", "np.float32(0.1)", "{}", '{"a": [None]}', "()",
    '("mAP",)', '{"x", "y"}', '("a\\tb",)', "NewFolds(2)", "NewFolds(4, max_seconds=np.float64(1.5))", "NewFolds(3)",
    "TrainValidTest(np.float16(50), 25, 25)", 'TrainValidTest(60, 20, 20, drawn={"valid", "test"})', '"(?P<fold>.)?.*"',
    '"multilabel"', '{"a": np.float64(1e-300)}', 'iter(("d_prime",))', 'np.array(["mAP", "top1_acc"])', '" "',
)  # fmt: skip


def test_short_floats_are_the_decimal_that_they_show() -> None:
    event = Event("a", np.float32(0.1), np.float16(0.3))
    assert (event.start, event.end) == (0.1, 0.3)
    assert Event("a", 0.0, np.float64(0.1) + np.float64(0.2)).end == 0.1 + 0.2
