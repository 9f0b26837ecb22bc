"""Sources are asked for at the addresses that the task names, whenever that is, and nothing secret is written down."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.synthetic.archives import write_tar_gz, write_zip
from tests import toys
from tests.conftest import Server, User, sha256


@pytest.mark.parametrize("write", [write_zip, write_tar_gz], ids=["read in place", "unpacked"])
def test_a_source_is_asked_for_with_its_query_after_clean(
    user: User, server: Server, write: Callable[..., Path]
) -> None:
    path = write(server.folder, "toy", toys.folds_members().items())
    path.rename(server.folder / "download")
    address = server.url.replace("http://", "http://user:SECRET@") + "/download?id=SECRET"
    checksum = sha256(server.folder / "download")
    source = f'Archive("{address}", sha256="{checksum}", filename="{path.name}")'
    user.write("mine.py", toys.folds_task(source))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    assert user.run("clean").returncode == 0
    (user.folder / "_workdir" / "downloads" / path.name).unlink()
    shutil.rmtree(user.folder / "out")
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == made
    assert [path for path, _headers in server.requests] == ["/download?id=SECRET"] * 2
    assert {headers["Authorization"] for _path, headers in server.requests} == {"Basic dXNlcjpTRUNSRVQ="}
    written = [path for path in (user.folder / "_workdir").rglob("*") if path.is_file()]
    assert [path for path in written if b"SECRET" in path.read_bytes()] == []
