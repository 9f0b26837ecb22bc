from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.exporting.names import file_name, respelled
from hearpreprocess.exporting.webdataset import keys_of

NAMES = st.lists(st.text(st.sampled_from("ab._-2é/"), min_size=1, max_size=6), unique=True, max_size=8)


def test_of_names_that_become_one_the_later_ones_are_numbered() -> None:
    assert keys_of(["a.b", "a_b", "a.b.c", "a_b.c", "a_b-2"]) == ["a_b-3", "a_b", "a_b_c", "a_b_c-2", "a_b-2"]
    assert keys_of(["same", "same"]) == ["same", "same-2"]


@given(NAMES)
def test_keys_differ_and_have_nothing_at_which_a_reader_divides(names: list[str]) -> None:
    keys = keys_of(names)
    assert len(set(keys)) == len(names)
    assert not any(character in key for key in keys for character in "./")
    assert [key for name, key in zip(names, keys, strict=True) if "." not in name and "/" not in name] == [
        name for name in names if "." not in name and "/" not in name
    ]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=120, max_size=300), max_size=4, unique=True))
def test_a_long_key_leaves_room_for_its_ending(names: list[str]) -> None:
    keys = keys_of([*names, *(f"{name}." for name in names), *(f"{name}_" for name in names)])
    assert len(set(keys)) == len(keys)
    assert all(len(f"{key}.json".encode()) <= 255 for key in keys)


def test_what_is_left_of_strange_names_in_metadata() -> None:
    assert file_name("../../etc/passwd") == "_.._etc_passwd"
    assert respelled(["x", "y"], lambda name: name) == ["x", "y"]
