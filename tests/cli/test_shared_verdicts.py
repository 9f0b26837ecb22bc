"""What the checks of a shared directory mean, and the setting that fixes a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hearpreprocess.cli.diagnosis import Diagnosis
from hearpreprocess.cli.mount_advice import for_delays, for_locks
from hearpreprocess.cli.shared_verdicts import verdicts
from hearpreprocess.sharing import LISTED, Checked, Delay, Greeting, Host, LockView, Mount, Observation, Participants
from hearpreprocess.sharing.probes import Probes

PROBES = Probes("", "", "", False, "", True, 1, True, True, 1000)
OBSERVED = Observation(
    delays={
        change: Delay(0.0, 0.1)
        for change in ("new file", LISTED, "new directory", "growing file", "replaced file", "removed file")
    },
    locks=LockView(True, True, True),
    sees_release=True,
    removal="",
    owner=1000,
    time=5,
    clock=(-0.1, 0.1),
)


def mounted(kind: str, options: str = "") -> Mount:
    return Mount(kind, "server:/export", "/shared", tuple(options.split(",")))


def greeting(name: str, **facts: Any) -> Greeting:
    usual: dict[str, Any] = {
        "host": Host(name, f"system of {name}"),
        "process": 1,
        "path": "/shared",
        "versions": {"hearpreprocess": "1", "ffmpeg": "7"},
        "mount": mounted("nfs4", "vers=4.2,local_lock=none"),
        "seconds_ahead": 0.0,
        "user": 1000,
        "in_kubernetes": False,
        "wait": 60.0,
    }
    return Greeting(**usual | facts)


def checked(*greetings: Greeting, **facts: Any) -> Checked:
    """What hosts of these greetings have found, named a, b and so on; all is well but for these facts."""
    members = dict(zip("abc", greetings, strict=False))
    usual: dict[str, Any] = {
        "participants": Participants(members, (), ()),
        "probes": dict.fromkeys(members, PROBES),
        "holds_locks": dict.fromkeys(members, True),
        "times": dict.fromkeys(members, 5),
        "observations": {one: {other: OBSERVED for other in members if other != one} for one in members},
        "lines": dict.fromkeys(members, 400),
        "expected_lines": 400,
        "lost": {},
    }
    return Checked(**usual | facts)


TWO = (greeting("one"), greeting("two"))


def seen_by_b(**facts: Any) -> dict[str, Any]:
    """What b sees of a is different."""
    return {"observations": {"a": {"b": OBSERVED}, "b": {"a": replace(OBSERVED, **facts)}}}


def probed_by_b(**facts: Any) -> dict[str, Any]:
    return {"probes": {"a": PROBES, "b": replace(PROBES, **facts)}}


def problems(result: Checked) -> dict[str, Diagnosis]:
    return {diagnosis.subject: diagnosis for diagnosis in verdicts(result) if diagnosis.fix}


def test_all_is_well() -> None:
    assert problems(checked(*TWO)) == {}
    assert problems(checked(*TWO, greeting("three"))) == {}
    assert problems(checked(*TWO, **probed_by_b(locks_reading_only=False))) == {}, "as usual on NFS"
    assert problems(checked(*TWO, **seen_by_b(delays=delays("new file", 2.0, 4.0)))) == {}
    assert problems(checked(*TWO, **seen_by_b(clock=(-1.9, 30.0)))) == {}, "it is not known better"


def delays(change: str, lower: float, upper: float | None) -> dict[str, Delay]:
    return {**OBSERVED.delays, change: Delay(lower, upper)}


CASES: list[tuple[Checked, str, str, str, bool]] = [
    (checked(TWO[0], greeting("two", path="/data")), "path", "/shared on one, /data on two", "same path", True),
    (
        checked(TWO[0], greeting("two", versions={"hearpreprocess": "1", "ffmpeg": "6"})),
        "versions", "ffmpeg: 7 on one, 6 on two", "install the same versions", True,
    ),
    (
        checked(TWO[0], greeting("two", host=Host("two", "system of one"))),
        "same system", "one, two run on the same system", "different hosts", False,
    ),
    (
        checked(*TWO, **seen_by_b(locks=LockView(False, False, True))),
        "locks", "two does not see the locks of one", "vers=4.2", True,
    ),
    (checked(*TWO, holds_locks={"a": True, "b": False}), "locks", "no file locks (flock) on two", "vers=4.2", True),
    (
        checked(*TWO, **seen_by_b(locks=LockView(None, None, None))),
        "locks", "two cannot open the lock files of one", "umask 002", True,
    ),
    (
        checked(*TWO, **seen_by_b(sees_release=False)),
        "released locks", "two does not see that one has released a lock", "vers=4.2", True,
    ),
    (
        checked(*TWO, **seen_by_b(locks=LockView(True, True, False))),
        "shared locks", "two cannot share a lock with one", "vers=4.2", True,
    ),
    (
        checked(*TWO, **seen_by_b(delays=delays("new file", 29.5, 30.5))),
        "new file", "two sees the change by one after 30.0 s (± 0.5 s)", "actimeo=1", False,
    ),
    (
        checked(*TWO, **seen_by_b(delays=delays(LISTED, 19.0, 21.0))),
        LISTED, "two sees the change by one after 20.0 s (± 1.0 s)", "actimeo=1", True,
    ),
    (
        checked(*TWO, **seen_by_b(delays=delays("removed file", 90.0, None))),
        "removed file", "two sees the change by one not within 90 s", "actimeo=1", True,
    ),
    (checked(*TWO, **seen_by_b(clock=(59.0, 61.0))), "clocks", "one is 60.0 s (± 1.0 s) ahead of two", "chrony", False),
    (checked(*TWO, **seen_by_b(clock=(599.0, 601.0))), "clocks", "one is 600.0 s", "chrony", True),
    (
        checked(TWO[0], greeting("two", seconds_ahead=-60.0)),
        "clocks", "two is 60.0 s behind the file system", "chrony", False,
    ),
    (checked(*TWO, **probed_by_b(link="Not supported")), "hard links", "Not supported", "twice the space", False),
    (checked(*TWO, **probed_by_b(rename_folder="No")), "rename", "cannot be renamed (No)", "another file system", True),
    (checked(*TWO, **probed_by_b(replaces_filled=True)), "rename", "replaced without an error", "another", True),
    (checked(*TWO, lines={"a": 400, "b": 213}), "append", "213 of 400 lines are whole", "append to one file", False),
    (checked(*TWO, **probed_by_b(resolution=1_000_000_000)), "file times", "whole seconds on two", "fractions", False),
    (checked(*TWO, **seen_by_b(time=4)), "file times", "two sees another time", "fractions", False),
    (checked(*TWO, **probed_by_b(distinguishes_case=False)), "file names", "upper and lower case", "case", False),
    (checked(*TWO, **probed_by_b(keeps_unicode=False)), "file names", "accented letters", "keeps names", False),
    (
        checked(*TWO, **seen_by_b(removal="Permission denied")),
        "permissions", "two cannot remove files of one (Permission denied)", "chmod 2775", True,
    ),
    (
        checked(greeting("one", user=0), TWO[1]),
        "owners", "files of user 0 on one belong to user 1000", "root_squash", False,
    ),
    (checked(*TWO, **seen_by_b(owner=7)), "owners", "two sees another owner of the files of one", "number", False),
    (
        checked(*TWO, lost={"b": "left before the end"}),
        "two", "left before the end", "on all hosts again", True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "subject", "state", "fix", "is_needed"), CASES, ids=[f"{case[1]}-{case[2][:20]}" for case in CASES]
)
def test_each_problem_has_its_line_and_its_fix(
    result: Checked, subject: str, state: str, fix: str, is_needed: bool
) -> None:
    found = problems(result)
    assert list(found) == [subject]
    assert state in found[subject].state
    assert fix in found[subject].fix
    assert found[subject].is_needed is is_needed


PAIRS = [("one", "two"), ("one", "three"), ("two", "one")]


def test_of_many_pairs_a_few_are_named() -> None:
    three = (*TWO, greeting("three"))
    blind = replace(OBSERVED, removal="x")
    observations = {one: {other: blind for other in "abc" if other != one} for one in "abc"}
    state = problems(checked(*three, observations=observations))["permissions"].state
    named = [f"{observer} cannot remove files of {member}" for observer, member in PAIRS]
    assert state == f"{'; '.join(named)}; and 3 more (x)"


def test_who_left_early_is_not_judged() -> None:
    probes, observations = {"a": PROBES}, {"a": {"b": replace(OBSERVED, removal="no")}}
    result = checked(
        *TWO, probes=probes, observations=observations, lost={"b": "left before the end"}, lines={"a": 200}
    )
    assert "permissions" not in problems(result)
    assert "two" in problems(result)
    nothing = checked(*TWO, probes=probes, observations={"a": {}}, lost={"b": "left"}, lines={"a": 200})
    assert "two" in problems(nothing)


LOCKS = [
    ("nfs", "vers=3,nolock,local_lock=all", "on host: mount NFS without the option nolock"),
    ("nfs4", "local_lock=flock", "on host: mount NFS with local_lock=none, not local_lock=flock"),
    ("nfs", "vers=3,local_lock=none", "rpc.statd"),
    ("lustre", "rw,localflock", "on host: mount Lustre with the option flock, not localflock"),
    ("lustre", "rw", "on host: mount Lustre with the option flock"),
    ("cifs", "rw,nobrl", "on host: mount SMB without the option nobrl"),
    ("smb3", "rw", "Linux 5.5"),
    ("beegfs", "rw", "tuneUseGlobalFileLocks = true"),
    ("fuse.sshfs", "rw", "sshfs keeps locks on each host"),
    ("fuse.gcsfuse", "rw", "no locks that other hosts see"),
    ("ceph", "rw", "administrator"),
    ("fuse.glusterfs", "rw", "administrator"),
    ("ext4", "rw", "use a directory on NFS"),
    ("", "", "use a directory on NFS"),
]
DELAYS = [
    ("nfs4", "actimeo=1"),
    ("cifs", "actimeo=1"),
    ("fuse.sshfs", "dir_cache=no"),
    ("fuse.glusterfs", "attribute-timeout=0"),
    ("lustre", "administrator"),
]


@pytest.mark.parametrize(("kind", "options", "advice"), LOCKS)
def test_what_makes_locks_visible(kind: str, options: str, advice: str) -> None:
    assert advice in for_locks([greeting("host", mount=mounted(kind, options))])


@pytest.mark.parametrize(("kind", "advice"), DELAYS)
def test_what_makes_changes_visible(kind: str, advice: str) -> None:
    assert advice in for_delays([greeting("host", mount=mounted(kind))])


def test_options_that_are_the_cause_come_before_guesses() -> None:
    hosts = [greeting("good"), greeting("bad", mount=mounted("nfs4", "local_lock=all"))]
    assert for_locks(hosts) == "on bad: mount NFS with local_lock=none, not local_lock=all"


@pytest.mark.parametrize("advise", [for_locks, for_delays])
def test_where_kubernetes_has_its_mount_options(advise: Callable[[list[Greeting]], str]) -> None:
    assert "mountOptions" not in advise([greeting("one")])
    assert "`mountOptions` of the PersistentVolume" in advise([greeting("one", in_kubernetes=True)])
