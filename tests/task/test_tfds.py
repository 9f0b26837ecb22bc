"""Names that TensorFlow Datasets gave: known ones of a complete corpus, and what holds for any."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import tfds_names


def test_names_of_the_complete_spoken_digits() -> None:
    speakers = ("jackson", "nicolas", "theo", "yweweler", "george")
    keys = [f"{digit}_{speaker}_{number}" for digit in range(10) for speaker in speakers for number in range(50)]
    names = tfds_names("spoken_digit", "train", keys, shards=1)
    prefix = "tfds_id_spoken-digit-train-tfrecord-00000-of-00001-"
    assert names["2_nicolas_23"] == f"{prefix}0"
    assert names["1_nicolas_0"] == f"{prefix}1"
    assert names["9_theo_30"] == f"{prefix}2"
    assert set(names.values()) == {f"{prefix}{number}" for number in range(2500)}


@given(st.sets(st.text(min_size=1, max_size=10), max_size=60), st.integers(1, 8))
def test_every_key_has_one_name_and_shards_are_even(keys: set[str], shards: int) -> None:
    names = tfds_names("Some_Data", "train", keys, shards)
    assert names.keys() == keys
    assert len(set(names.values())) == len(keys)
    counts = Counter(name.rpartition("-")[0] for name in names.values())
    assert all(abs(count - len(keys) / shards) <= 1 for count in counts.values())
    assert all(name.startswith("tfds_id_some-data-train-tfrecord-0000") for name in names.values())
    assert tfds_names("Some_Data", "train", sorted(keys), shards) == names
