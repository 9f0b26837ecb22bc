"""The install lines in messages fit how the program was installed, and never let pip take the tool of 2021."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from hearpreprocess import __version__
from hearpreprocess.installation import install_command, is_clone

PROJECT = Path(__file__).parent.parent
OLDER = Version("2021.1.1")
"""The older tool of this name, the newest of its versions on the package index."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FROM_INDEX = f"hearpreprocess[rar]>={__version__.rpartition('.')[0]}"


def site_packages(folder: Path, direct_url: Any = None) -> Path:
    """A directory that holds the metadata of the package, as an installer writes it."""
    information = folder / f"hearpreprocess-{__version__}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hearpreprocess\nVersion: {__version__}\n")
    if direct_url is not None:
        (information / "direct_url.json").write_text(json.dumps(direct_url))
    return folder


def requirement(command: str) -> str:
    program, install, text = shlex.split(command)
    assert (program, install) == ("pip", "install")
    return text


def test_from_an_index_the_version_is_at_least_this_series(tmp_path: Path) -> None:
    text = requirement(install_command(["rar"], site_packages(tmp_path)))
    assert text == FROM_INDEX
    parsed = Requirement(text)
    assert parsed.specifier.contains(__version__)
    assert not parsed.specifier.contains(OLDER)


def test_a_wheel_or_a_directory_is_named_by_its_url(tmp_path: Path) -> None:
    for name in ("a wheel, of mine.whl", "clone"):
        (tmp_path / name).touch()
        url = (tmp_path / name).as_uri()
        record = {"url": url, "archive_info": {"hashes": {"sha256": "0" * 64}}}
        text = requirement(install_command(["rar", "midi"], site_packages(tmp_path / f"of {name}", record)))
        parsed = Requirement(text)
        assert (parsed.name, parsed.extras, parsed.url) == ("hearpreprocess", {"rar", "midi"}, url)


def test_what_has_been_removed_since_is_not_named(tmp_path: Path) -> None:
    record = {"url": (tmp_path / "gone.whl").as_uri(), "archive_info": {}}
    assert requirement(install_command(["rar"], site_packages(tmp_path, record))) == FROM_INDEX


def test_an_archive_on_the_web_is_named_by_its_url(tmp_path: Path) -> None:
    record = {"url": "https://example.org/h.tar.gz", "archive_info": {}, "subdirectory": "python"}
    text = requirement(install_command(["rar"], site_packages(tmp_path, record)))
    assert text == "hearpreprocess[rar] @ https://example.org/h.tar.gz#subdirectory=python"


def test_a_repository_is_named_with_the_commit_that_is_installed(tmp_path: Path) -> None:
    record = {
        "url": "https://example.org/h.git",
        "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
    }
    text = requirement(install_command(["midi"], site_packages(tmp_path, record)))
    assert text == f"hearpreprocess[midi] @ git+https://example.org/h.git@{COMMIT}"


def test_a_clone_is_installed_in_place(tmp_path: Path) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    (clone / "pyproject.toml").write_text((PROJECT / "pyproject.toml").read_text())
    assert shlex.split(install_command(["rar"], clone)) == ["pip", "install", "-e", f"{clone}[rar]"]
    assert shlex.split(install_command((), clone)) == ["pip", "install", "-e", str(clone)]
    assert is_clone(PROJECT)


def test_a_settings_file_of_something_else_makes_no_clone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert requirement(install_command(["rar"], site_packages(tmp_path))) == FROM_INDEX


@pytest.mark.parametrize("record", [{}, [], {"dir_info": {}}], ids=str)
def test_a_record_that_says_nothing_is_as_none(tmp_path: Path, record: Any) -> None:
    assert requirement(install_command(["rar"], site_packages(tmp_path, record))) == FROM_INDEX


def test_metadata_of_another_installation_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an *.egg-info in the working directory, which Python looks at first."""
    (tmp_path / "other.whl").touch()
    other = site_packages(tmp_path / "other", {"url": (tmp_path / "other.whl").as_uri(), "archive_info": {}})
    monkeypatch.syspath_prepend(str(other))
    assert requirement(install_command(["rar"], site_packages(tmp_path / "own"))) == FROM_INDEX


def test_the_version_supersedes_the_older_tool_and_is_in_the_changelog() -> None:
    assert Version(__version__) > OLDER
    assert not Version(__version__).is_prerelease, "pip would not count it as at least its series"
    assert f"\n## [{__version__}] - " in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
