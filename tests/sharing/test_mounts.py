"""The file system of a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess.sharing import Mount, mount_of, mounts

LINES = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:30 / {folder}/nfs rw,relatime shared:5 - nfs4 server:/export rw,vers=4.2,local_lock=none,addr=10.0.0.1
41 22 0:31 / {folder}/with\\040space rw - fuse.sshfs me@host:/a\\040b rw,user_id=0
42 40 0:32 /sub {folder}/nfs/over ro - lustre 10.0.0.2@tcp:/fs rw,localflock
43 40 0:33 / {folder}/nfs/over rw - tmpfs none rw,size=1k
a line of another form
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mountinfo").write_text(LINES.format(folder=tmp_path))
    monkeypatch.setattr(mounts, "_MOUNTS", tmp_path / "mountinfo")
    return tmp_path


def test_the_innermost_mount_is_that_of_a_directory(listed: Path) -> None:
    for name in ("nfs/over/below", "nfs/overall", "with space", "other"):
        (listed / name).mkdir(parents=True)
    nfs = mount_of(listed / "nfs" / "overall")
    assert (nfs.kind, nfs.source, nfs.point) == ("nfs4", "server:/export", f"{listed}/nfs")
    assert nfs.options == ("rw", "relatime", "vers=4.2", "local_lock=none", "addr=10.0.0.1")
    assert (nfs.option("local_lock"), nfs.option("rw"), nfs.option("nolock")) == ("none", "", None)
    assert mount_of(listed / "nfs" / "over" / "below").kind == "tmpfs", "the last one at a point is visible"
    assert mount_of(listed / "with space").source == "me@host:/a b"
    assert mount_of(listed / "other").kind == "ext4"
    (listed / "link").symlink_to(listed / "nfs")
    assert mount_of(listed / "link") == nfs


def test_the_mounts_of_macos() -> None:
    lines = [
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)",
        "//me@server/share on /Volumes/my share (smbfs, nodev, nosuid, mounted by me)",
        "server:/export on /Volumes/nfs (nfs)",
        "a line of another form",
    ]
    assert [(mount.kind, mount.point) for mount in mounts._of_macos(lines)] == [
        ("apfs", "/"),
        ("smbfs", "/Volumes/my share"),
        ("nfs", "/Volumes/nfs"),
    ]


def test_this_system_lists_its_mounts(tmp_path: Path) -> None:
    mount = mount_of(tmp_path)
    assert mount != mounts.UNKNOWN
    assert tmp_path.resolve().is_relative_to(mount.point)
    assert isinstance(mount, Mount)
