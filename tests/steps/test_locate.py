"""The identity of the user's own data, as hosts see it that keep times with other precision."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hearpreprocess.steps import fetch
from hearpreprocess.steps.fetch import Locate
from hearpreprocess.storage import Workspace, forget_looks
from hearpreprocess.task import Local

SECOND = 1_000_000_000
EXACT = 1_700_000_001 * SECOND + 123_456_789


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.wav").write_bytes(b"samples")
    return folder


@pytest.fixture
def locate(tmp_path: Path, mine: Path) -> Locate:
    workspace = Workspace(tmp_path / "work", tmp_path / "tasks", tmp_path / "tars", tmp_path / "downloads")
    return Locate(workspace=workspace, source=Local(str(mine)))


def on_a_host(mine: Path, time: int) -> None:
    """A new run on a host that sees the file with this time."""
    os.utime(mine / "a.wav", ns=(0, time))
    for cache in (fetch._below, fetch._stamps_below, fetch._identity):
        cache.cache_clear()
    forget_looks()


def test_a_host_that_has_begun_adopts_what_another_has_checked_meanwhile(mine: Path, locate: Locate) -> None:
    """Both begin before either has checked the files; one of them is given the step."""
    on_a_host(mine, EXACT // SECOND * SECOND)
    coarse = locate.identity
    on_a_host(mine, EXACT)
    exact = locate.identity
    assert coarse != exact
    locate.run()
    assert locate.complete()
    assert locate.identity == exact, "the stamps are its own"
    on_a_host(mine, EXACT // SECOND * SECOND)
    assert locate.identity == exact
    assert locate.complete(), "nothing is read again"
    on_a_host(mine, EXACT + 2 * SECOND)
    assert not locate.complete()


def test_a_key_changes_only_to_that_of_a_folder_that_is_there(
    mine: Path, locate: Locate, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_host(mine, EXACT)
    cache = locate.checksum_cache
    write = fetch.whole_file
    seen = []
    monkeypatch.setattr(fetch, "whole_file", lambda path: seen.append(locate.complete()) or write(path))
    locate.run()
    assert seen == [True], "the cache is written last"
    (first,) = json.loads(cache.read_text()).values()
    assert first[0] == [7, EXACT]


def test_of_two_hosts_that_check_at_the_same_time_the_first_decides(mine: Path, locate: Locate) -> None:
    on_a_host(mine, EXACT)
    locate.run()
    facts = locate.checksum_cache.read_text()
    of_first = locate.folder
    locate.checksum_cache.rename(locate.checksum_cache.with_suffix(".later"))
    on_a_host(mine, EXACT // SECOND * SECOND)
    assert locate.folder != of_first
    build = locate.build

    def build_meanwhile(folder: Path) -> list[str]:
        written = build(folder)
        locate.checksum_cache.with_suffix(".later").rename(locate.checksum_cache)
        return written

    locate.build = build_meanwhile
    locate.run()
    assert locate.checksum_cache.read_text() == facts
    forget_looks()
    assert locate.folder == of_first
    assert locate.complete()
