"""The checks on the clips that a task module yields, before any audio is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hearpreprocess import Archive, Clip, PresetFolds, TaskConfig, Tree, fold
from hearpreprocess.corpus import choose_clips
from hearpreprocess.errors import CorpusError
from hearpreprocess.task import TaskMode


def task_of(*names: str, pattern: str = "**/*.wav", labels: Sequence[str] = ("a", "a")) -> TaskMode:
    """A task that names the recordings that a pattern matches."""

    def clips(sources: dict[str, Tree]) -> Iterator[Clip]:
        members = sources["corpus"].glob(pattern)
        for number, (member, name, label) in enumerate(zip(members, names, labels, strict=True)):
            yield Clip(member, labels=label, name=name, split=fold(number % 2))

    return TaskConfig(
        name="toy",
        version="v1",
        embedding_type="scene",
        prediction_type="multiclass",
        splits=PresetFolds(2),
        sample_duration=1.0,
        evaluation=("top1_acc",),
        sources={"corpus": Archive("https://example.org/x.zip", sha256="0" * 64)},
        clips=clips,
    ).in_mode("full")


@pytest.mark.parametrize(("name", "size"), [("x" * 252, 256), ("é" * 126, 256), ("x" * 300, 304)])
def test_names_that_are_too_long_for_a_file_are_named_with_bytes_and_limit(
    tmp_path: Path, name: str, size: int
) -> None:
    Tree.write(tmp_path, {"1.wav": 1, "2.wav": 1}, "made up")
    message = rf"'{name}': the name with \.wav has {size} bytes; expected at most 255\. Shorten it with name="
    with pytest.raises(CorpusError, match=message):
        choose_clips(task_of(name, "b"), {"corpus": Tree("corpus", tmp_path)})
    table, _omissions, _warnings = choose_clips(task_of("x" * 251, "b"), {"corpus": Tree("corpus", tmp_path)})
    assert len(table) == 2


def test_hidden_files_that_are_passed_over_are_said(tmp_path: Path) -> None:
    Tree.write(tmp_path, {"1.wav": 1, "2.wav": 1, ".old/1.wav": 1, ".x.txt": 1}, "made up")
    _table, _omissions, warnings = choose_clips(task_of("a", "b"), {"corpus": Tree("corpus", tmp_path)})
    assert warnings == [
        "source 'corpus': skipped 1 hidden file, e.g. '.old/1.wav'. To match them, write the leading dot in the pattern"
    ]
    assert choose_clips(task_of("a", "b", pattern="[12]*"), {"corpus": Tree("corpus", tmp_path)})[2] == []


@pytest.mark.parametrize(
    ("names", "labels", "message"),
    [
        (
            ("caf\u00e9", "cafe\u0301"),
            ("a", "b"),
            r"1 problem with its clips:\n  clip names: 'caf.*' are the same text in two Unicode forms, "
            r"U\+00E9 and U\+0065 U\+0301",
        ),
        (
            ("1", "2"),
            ("caf\u00e9 au lait", "cafe\u0301 au lait"),
            r"labels: 'caf.*' are the same text in two Unicode forms, U\+00E9 and U\+0065 U\+0301\. "
            r"Write both in the same form",
        ),
        (("1", "2"), ("\u212b", "\u00c5"), r"two Unicode forms, U\+212B and U\+00C5"),
        (("CAF\u00c9", "cafe\u0301"), ("a", "b"), "differs from another clip's only in case"),
    ],
)
def test_one_text_in_two_spellings_of_unicode(
    tmp_path: Path, names: Sequence[str], labels: Sequence[str], message: str
) -> None:
    Tree.write(tmp_path, {"1.wav": 1, "2.wav": 1}, "made up")
    with pytest.raises(CorpusError, match=message):
        choose_clips(task_of(*names, labels=labels), {"corpus": Tree("corpus", tmp_path)})
