"""Hosts that find each other in a directory, agree on who takes part, and leave it as it was."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hearpreprocess.sharing import Participants
from hearpreprocess.sharing import meeting as module
from tests.sharing.meetings import WAIT, check, meeting, stranger


def test_three_hosts_check_a_directory_together(tmp_path: Path) -> None:
    checked = check(tmp_path, ["one", "two", "three"])
    for of_one in checked:
        assert of_one.lost == {}
        names = [greeting.host.name for greeting in of_one.participants.greetings.values()]
        assert sorted(names) == ["one", "three", "two"]
        assert len(of_one.observations) == 3
        assert all(len(observations) == 2 for observations in of_one.observations.values())
        for observations in of_one.observations.values():
            for observation in observations.values():
                assert observation.locks == module_lock_view()
                assert observation.sees_release is True
                assert observation.removal == ""
                assert all(delay.upper is not None for delay in observation.delays.values())
                lower, upper = observation.clock
                assert lower <= 0 <= upper, "all have the same clock"
        assert of_one.lines == dict.fromkeys(of_one.participants.greetings, of_one.expected_lines)
    assert checked[0].observations == checked[1].observations == checked[2].observations
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def module_lock_view() -> object:
    from hearpreprocess.sharing import LockView

    return LockView(sees_exclusive=True, sees_shared=True, shares=True)


def test_who_is_alone_waits_no_longer_than_it_is_to(tmp_path: Path) -> None:
    with meeting(tmp_path, "one") as own:
        participants = own.gather(["one", "two", "two"], 0.1, str)
    assert participants is not None
    assert participants.missing == ("two", "two")
    assert len(participants.greetings) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_its_domain_is_enough(tmp_path: Path) -> None:
    with meeting(tmp_path, "one.example.org") as own:
        participants = own.gather(["one", "one.example.org"], 0.1, str)
    assert participants is not None
    assert participants.missing == ("one.example.org",), "one host is not two"


@pytest.mark.parametrize(
    ("name", "host", "is_same"),
    [
        ("node1", "node1", True),
        ("NODE1", "node1", True),
        ("node1", "node1.cluster", True),
        ("node1.cluster", "node1", True),
        ("node1.cluster", "node1.other", False),
        ("node1", "node10", False),
        ("", "node1", False),
    ],
)
def test_whose_name_it_is(name: str, host: str, is_same: bool) -> None:
    assert module._is_name_of(name, host) is is_same


def test_who_leaves_before_the_beginning_does_not_count(tmp_path: Path) -> None:
    with meeting(tmp_path, "one") as one, meeting(tmp_path, "two") as two:
        participants = one.gather(["two", "three"], 4.0, lambda _text: two.__exit__())
        assert participants is not None
        assert participants.missing == ("two", "three")
        assert len(participants.greetings) == 1


def test_ctrl_c_while_its_thread_starts_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's `start` waits for the thread, which cannot be joined if that wait is interrupted."""

    def interrupt(_thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as changed:
        changed.setattr(threading.Thread, "start", interrupt)
        with pytest.raises(KeyboardInterrupt), meeting(tmp_path, "one"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_host_has_left_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = meeting(tmp_path, "killed")
    killed.post("greeting", {"name": "killed", "protocol": 1, "version": "1"})
    killed.own_folder.mkdir()
    (killed.own_folder / "file").touch()
    (tmp_path / "meeting" / f"{killed.own}.beat-7").touch()
    with meeting(tmp_path, "one") as own:
        participants = own.gather([], 0.5, str)
    assert participants is not None
    assert len(participants.greetings) == 1
    assert len(list((tmp_path / "meeting").iterdir())) == 3, "it may be at work elsewhere"
    monkeypatch.setattr(module, "_SECONDS_UNTIL_OLD", 0.01)
    time.sleep(0.1)
    with meeting(tmp_path, "one"):
        pass
    assert list(tmp_path.iterdir()) == [], "after a day it is removed"


@pytest.mark.parametrize("content", ["", "[]", "null", "{", '{"sent": 1, "content": {}}', '{"sent": 1, "content": []}'])
def test_what_is_no_message_is_left_alone(tmp_path: Path, content: str) -> None:
    with stranger(tmp_path / "meeting", content), meeting(tmp_path, "one") as own:
        participants = own.gather([], 0.5, str)
    assert participants is not None
    assert len(participants.greetings) == 1


def test_a_host_with_another_version_of_the_messages_is_named(tmp_path: Path) -> None:
    content = json.dumps({"sent": 1.0, "content": {"name": "newer", "protocol": 99, "version": "2099.1.0", "new": []}})
    with stranger(tmp_path / "meeting", content), meeting(tmp_path, "one") as own:
        own.gather([], 0.1, str)
        while not (participants := own.gather([], 0.2, str)) or not participants.strangers:
            pass
    assert [(each.name, each.version) for each in participants.strangers] == [("newer", "2099.1.0")]
    assert len(participants.greetings) == 1


def met(*meetings: module.Meeting) -> list[Participants | None]:
    """The participants as each of these meetings has agreed on them."""
    names = [own.greeting.host.name for own in meetings]
    with ThreadPoolExecutor(len(meetings)) as pool:
        return list(pool.map(lambda own: own.gather(names, WAIT, str), meetings))


def test_who_comes_when_others_have_begun_is_alone(tmp_path: Path) -> None:
    with meeting(tmp_path, "one") as one, meeting(tmp_path, "two") as two:
        met(one, two)
        with meeting(tmp_path, "late") as late:
            participants = late.gather([], 3.0, str)
        assert participants is not None
        assert len(participants.greetings) == 1


def test_who_leaves_is_not_waited_for(tmp_path: Path) -> None:
    with meeting(tmp_path, "one") as one:
        with meeting(tmp_path, "two") as two:
            agreed = met(one, two)
            assert agreed[0] == agreed[1]
            two.post("prepared", "content")
            assert one.go_through("prepared", [one.own, two.own])[two.own].content == "content"
        assert one.go_through("looked", [one.own, two.own]) == {}
        assert one.lost == {two.own: "left before the end"}


def test_who_is_killed_is_not_waited_for_long(tmp_path: Path) -> None:
    with meeting(tmp_path, "one") as one, meeting(tmp_path, "two") as two:
        met(one, two)
        two._end.set()  # no sign of life from now on
        one.wait = 2.0
        assert one.go_through("prepared", [one.own, two.own]) == {}
        assert one.lost == {two.own: "showed no sign of life for 2 s"}


def test_all_of_several_that_have_one_name_are_labelled(tmp_path: Path) -> None:
    with meeting(tmp_path, "node") as one, meeting(tmp_path, "node") as two:
        participants, other = met(one, two)
        assert participants == other
        assert participants is not None
        labels = {participants.label(member) for member in participants.greetings}
    assert labels == {f"node ({one.own[:4]})", f"node ({two.own[:4]})"}, "process numbers may be equal in containers"


def test_messages_are_read_when_the_directory_is_removed_meanwhile(tmp_path: Path) -> None:
    stop = threading.Event()

    def remove() -> None:
        while not stop.is_set():
            try:
                (tmp_path / "meeting").rmdir()
            except OSError:
                time.sleep(0.0001)

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        for _turn in range(20):
            with meeting(tmp_path, "one") as one:
                assert (tmp_path / "meeting" / f"{one.own}.greeting.json").is_file()
    finally:
        stop.set()
        thread.join()
