"""Several hosts that meet in one process: each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hearpreprocess.sharing import Checked, Greeting, Host, Meeting, check_together

WAIT = 600.0  # ends what hangs, however busy the machine is


def greeting(folder: Path, name: str) -> Greeting:
    return replace(Greeting.of_this_host(folder, {"hearpreprocess": "1"}, WAIT), host=Host(name, f"system of {name}"))


def meeting(folder: Path, name: str, wait: float = WAIT) -> Meeting:
    return Meeting(folder / "meeting", greeting(folder, name), "1", wait)


def check(
    folder: Path, names: list[str], changed: Callable[[Greeting], Greeting] = lambda greeting: greeting
) -> list[Checked]:
    """What each of these hosts finds that check a folder together."""

    def take_part(name: str) -> Checked:
        with Meeting(folder / "meeting", changed(greeting(folder, name)), "1", WAIT) as own:
            participants = own.gather(names, WAIT, str)
            assert participants is not None
            return check_together(own, participants)

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(take_part, names))


@contextmanager
def stranger(folder: Path, content: str) -> Iterator[None]:
    """A host with this greeting whose beat goes on during the block."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stranger.greeting.json").write_text(content)
    end = threading.Event()

    def beat() -> None:
        number = 0
        while not end.is_set():
            (folder / f"stranger.beat-{number}").touch()
            (folder / f"stranger.beat-{number - 1}").unlink(missing_ok=True)
            number += 1
            time.sleep(0.05)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        for path in folder.glob("stranger.*"):
            path.unlink()
