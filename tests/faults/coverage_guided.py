"""Fuzz a target with atheris, which changes inputs towards code that none has reached before.

It does not end at a finding: one input for each kind of error and place goes to a folder. A process that dies, of a
crash in a library, of its memory or of an input that takes longer than SECONDS_FOR_ONE, leaves its input there, too,
and another one goes on.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.targets import Target

SECONDS_FOR_ONE, MOST_MEGABYTES, LONGEST = 60, 4096, 1 << 16
MOST_DEATHS = 20
INSTRUMENTED = ["hearpreprocess", "zipfile", "tarfile", "wave", "csv", "mido", "pretty_midi"]

_UNITS = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fuzzed:
    """How many inputs were tried, and the files of those that are findings."""

    inputs: int
    findings: tuple[Path, ...]


def fuzz(name: str, findings: Path, *, seconds: int = 0, runs: int = 0, module: str = "tests.faults.targets") -> Fuzzed:
    """Fuzz a target in processes of its own, for some seconds or a number of inputs."""
    findings.mkdir(parents=True, exist_ok=True)
    before, inputs, end = set(findings.iterdir()), 0, time.monotonic() + seconds
    for _death in range(MOST_DEATHS):
        limit = f"-runs={runs}" if runs else f"-max_total_time={max(1, round(end - time.monotonic()))}"
        with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:  # libFuzzer ends without cleaning up
            finished = subprocess.run(
                [sys.executable, __file__, module, name, findings.resolve(), limit],
                cwd=PROJECT,
                env=os.environ | {"TMPDIR": folder, "PYTHONPATH": str(PROJECT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
        inputs += sum(map(int, _UNITS.findall(finished.stderr)))
        found = set(findings.iterdir()) - before
        if finished.returncode and not found:
            raise RuntimeError(finished.stderr.decode(errors="replace")[-3000:])
        if finished.returncode == 0 or runs or time.monotonic() > end:
            break
    return Fuzzed(inputs, tuple(sorted(found)))


class Findings:
    """Keeps one input for each kind of error and place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()

    def add(self, error: BaseException, content: bytes) -> None:
        """Keep the input, unless one with the same error is there."""
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
        place = f"{Path(own[-1].filename).name}-{own[-1].lineno}" if own else "nowhere"
        kind = f"{type(error).__name__}-{place}"
        if kind not in self._seen:
            self._seen.add(kind)
            digest = hashlib.sha256(content).hexdigest()[:8]
            (self._folder / f"{kind}-{digest}").write_bytes(content)
            print(f"FINDING {kind}: {error}", file=sys.stderr, flush=True)


def _fuzz_here(module: str, name: str, findings: Path, limit: str) -> None:
    """Fuzz in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=[*INSTRUMENTED, module]):
        chosen: Target = importlib.import_module(module).TARGETS[name]
    kept, place = Findings(findings), Path(tempfile.mkdtemp())
    folder, corpus, seeds = place / "one", place / "corpus", place / "seeds"
    for path in (corpus, seeds):
        path.mkdir()
    for number, content in enumerate(chosen.seeds(seeds)):
        (corpus / f"{number:04d}").write_bytes(content)

    def one(content: bytes) -> None:
        try:
            chosen.is_refused(content, folder)
        except Exception as error:
            kept.add(error, content)

    options = [
        limit, "-seed=1", f"-timeout={SECONDS_FOR_ONE}", f"-rss_limit_mb={MOST_MEGABYTES}", f"-max_len={LONGEST}",
        f"-artifact_prefix={findings}/", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup([name, *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    module, name, folder, limit = sys.argv[1:]
    _fuzz_here(module, name, Path(folder), limit)
