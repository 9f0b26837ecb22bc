"""What a person reads of the fields of a task's configuration."""

from __future__ import annotations

import dataclasses
import pydoc

import pytest

from hearpreprocess import Mode, TaskConfig
from hearpreprocess.task import TaskMode
from hearpreprocess.task.documented import field_texts


@pytest.mark.parametrize("cls", [TaskConfig, Mode, TaskMode], ids=lambda cls: cls.__name__)
def test_every_field_is_described_where_help_shows_it(cls: type) -> None:
    lines = pydoc.plain(pydoc.render_doc(cls)).splitlines()
    shown = " ".join(line.removeprefix(" |").strip() for line in lines)
    texts = field_texts(cls)
    fields = dataclasses.fields(cls)
    assert list(texts) == [field.name for field in fields]
    assert [field.name for field in fields if f"`{field.name}`: {field.type}. {texts[field.name]}" not in shown] == []


def test_a_field_without_a_text_is_noticed() -> None:
    @dataclasses.dataclass
    class Undescribed:
        first: int
        """Described."""

        second: int

    assert field_texts(Undescribed) == {"first": "Described."}
