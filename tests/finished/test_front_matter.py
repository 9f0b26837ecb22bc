"""The YAML at the head of a card: what Hugging Face's libraries read of a task's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.finished import MANIFEST, METADATA, TaskReader, card, manifest
from hearpreprocess.finished.front_matter import front_matter, licence_facts
from hearpreprocess.finished.parsing import json_object
from tests import finished_tasks, toys
from tests.conftest import User

texts = st.text(st.characters(exclude_categories=("Cs",)))


def head_of(text: str) -> dict[str, Any]:
    opening, head, _text = text.split("---\n", 2)
    assert opening == ""
    found: dict[str, Any] = yaml.safe_load(head)
    return found


def files_of(folder: Path, head: dict[str, Any]) -> dict[str, dict[str, list[Path]]]:
    """By configuration and split, the files that the patterns match."""
    return {
        config["config_name"]: {
            entry["split"]: sorted(
                path
                for pattern in ([entry["path"]] if isinstance(entry["path"], str) else entry["path"])
                for path in folder.glob(pattern)
            )
            for entry in config["data_files"]
        }
        for config in head["configs"]
    }


@pytest.mark.parametrize("name", finished_tasks.TASKS)
def test_each_rate_is_a_configuration_with_the_splits(tmp_path: Path, name: str) -> None:
    folder = finished_tasks.finished_task(tmp_path, name)
    head = head_of((folder / "README.md").read_text(encoding="utf-8"))
    task = TaskReader(folder)
    assert files_of(folder, head) == {
        str(finished_tasks.RATE): {
            split: sorted(folder / str(finished_tasks.RATE) / split / file for file in task.labels(split))
            for split in task.splits
        }
    }
    assert list(files_of(folder, head)[str(finished_tasks.RATE)]) == list(task.splits)
    assert head["pretty_name"] == folder.name
    assert head["task_categories"] == ["audio-classification"]
    assert head["size_categories"] == ["n<1K"]
    assert all(config["drop_labels"] is config["drop_metadata"] is True for config in head["configs"])


def test_a_rate_that_is_made_later_joins_the_card_and_a_tarball_has_its_own(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, licence='"CC BY 4.0"'))
    title = "toy_folds-v1-full"
    folder = user.folder / "out" / "tasks" / title
    for rate, rates in ((16000, ["16000"]), (8000, ["8000", "16000"])):
        assert user.run("./mine.py", "--sample-rates", rate).returncode == 0
        head = head_of((folder / "README.md").read_text(encoding="utf-8"))
        assert list(files_of(folder, head)) == rates
        assert all(len(files) == 4 for splits in files_of(folder, head).values() for files in splits.values())
        of_tarball = TaskReader(user.folder / "out" / f"hear2021-{title}-{rate}.tar.gz").card
        assert of_tarball is not None
        assert [config["config_name"] for config in head_of(of_tarball.decode())["configs"]] == [str(rate)]
    assert head["license"] == "cc-by-4.0"


@given(texts, texts)
def test_any_text_is_a_value_of_yaml(title: str, url: str) -> None:
    clips = {"a.wav": {"split": "train"}}
    facts = {"task": title, "clips": clips, "sample_rates": [8000]}
    text = front_matter({"licence": "mine", "url": f"https://{url}", "splits": ["train"]}, facts)
    head = head_of(text)
    assert (head["pretty_name"], head["license_link"]) == (title, f"https://{url}")
    assert text.count("\n---\n") == 1


def test_splits_without_clips_are_no_pattern_and_hidden_files_are_one() -> None:
    clips = {"a.wav": {"split": "train"}, ".b.wav": {"split": "train"}, ".c.wav": {"split": "test"}}
    facts = {"task": "x", "clips": clips, "sample_rates": [8000]}
    head = head_of(front_matter({"licence": "", "url": "", "splits": ["train", "valid", "test"]}, facts))
    assert head["configs"][0]["data_files"] == [
        {"split": "train", "path": ["8000/train/*.wav", "8000/train/.*.wav"]},
        {"split": "test", "path": "8000/test/.*.wav"},
    ]


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC BY 4.0", {"license": "cc-by-4.0"}),
        ("CC BY-NC-SA 4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("CC0 1.0", {"license": "cc0-1.0"}),
        ("unknown", {"license": "unknown"}),
        ("", {"license": "unknown"}),
        ("MIT", {"license": "mit"}),
        ('ODbL 1.0: "é"', {"license": "other", "license_name": "odbl-1.0", "license_link": "https://example.org"}),
        (
            "CC BY 4.0; each clip has a licence of its own (CC0, CC BY, CC BY-NC, CC Sampling+), listed in the source",
            {
                "license": "other",
                "license_name": "cc-by-4.0-each-clip-has-a-licence-of-its-own-cc0-cc-by-cc-by",
                "license_link": "https://example.org",
            },
        ),
        ("许可", {"license": "other", "license_name": "see-card", "license_link": "https://example.org"}),
    ],
)
def test_a_licence_is_the_hubs_identifier_or_has_a_name(licence: str, expected: dict[str, str]) -> None:
    assert licence_facts(licence, "https://example.org") == expected


def test_a_card_of_an_earlier_version_is_read_as_it_is(tmp_path: Path) -> None:
    folder = finished_tasks.finished_task(tmp_path, "esc50")
    (folder / "README.md").write_text("# esc50\n", encoding="utf-8")
    tarball = finished_tasks.tarball_of(folder, tmp_path)
    shutil.rmtree(folder / str(finished_tasks.RATE))
    assert TaskReader(folder).card == TaskReader(tarball).card == b"# esc50\n"


def test_a_manifest_without_audio_gives_no_configuration(tmp_path: Path) -> None:
    folder = finished_tasks.finished_task(tmp_path, "esc50")
    metadata, stated = json_object((folder / METADATA).read_bytes()), manifest.read(folder / MANIFEST)
    assert "configs" not in head_of(card.card(metadata, {**stated, "sample_rates": []}))
