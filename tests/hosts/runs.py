"""hearpreprocess and luigid on hosts, small tasks for them, and what their runs leave behind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests import toys
from tests.hosts.network import NamespaceHost, StartedProgram, wait_until_answering
from tests.hosts.programs import Host, Program, run_on, until
from tests.waiting_decoder import WaitingDecoder, matroska

HEARPREPROCESS = [sys.executable, "-m", "hearpreprocess.runner"]
LUIGID_PORT = 8082

_CLIPS = """
def clips(sources):
    corpus = sources["corpus"]
    for row in corpus.table(corpus.find("table.csv")).itertuples():
        yield Clip(corpus.member(f"audio/{row.file}"), labels=row.label, split=fold(int(row.fold)))
"""

# Soon after a host falls silent, its steps go to the others.
_LUIGID_SETTINGS = "[scheduler]\nworker_disconnect_delay = 5\nprune_on_get_work = true\n"


def write_tasks(folder: Path, names: Sequence[str]) -> list[str]:
    """Task modules of 12 clips each, one of which ffmpeg decodes, so that a WaitingDecoder holds each task's run."""
    modules = []
    for name in names:
        files = [f"{name}{number}.{'wav' if number else 'mkv'}" for number in range(12)]
        rows = [f"{file},{number % 3},{('bark', 'meow')[number // 3 % 2]}\n" for number, file in enumerate(files)]
        recordings = {f"audio/{file}": toys.wav(file) for file in files}
        recordings[f"audio/{files[0]}"] = matroska(toys.wav(files[0]))
        members = {"table.csv": "".join(["file,fold,label\n", *rows]).encode(), **recordings}
        _path, archive = toys.corpus(folder / "sources" / name, members, name)
        module = folder / f"{name}.py"
        module.write_text(toys.folds_task(archive, _CLIPS, name=f'"{name}"'))
        modules.append(str(module))
    return modules


def held_by(decoder: WaitingDecoder) -> dict[str, str]:
    """The environment of a program whose steps a decoder holds."""
    return {"IMAGEIO_FFMPEG_EXE": str(decoder.script)}


def start_run(
    host: Host,
    folder: Path,
    *arguments: str,
    workers: int = 1,
    decoder: WaitingDecoder | None = None,
    **environment: str,
) -> Program:
    """Begin a run of hearpreprocess in a folder of a host. `decoder`: holds it where it decodes."""
    environment |= held_by(decoder) if decoder else {}
    words = ["--sample-rates", "8000", "--num-workers", str(workers), "--no-report"]
    return host.start([*HEARPREPROCESS, *arguments, *words], folder, **environment)


def wait_until_held(decoder: WaitingDecoder, *programs: Program) -> None:
    """Wait until a run is in the middle of a step."""
    until((decoder.folder / "reached").exists, "a run is in the middle of a step", *programs)


def start_luigid(host: NamespaceHost, folder: Path) -> StartedProgram:
    """Begin a luigid on a host and wait until it answers; its files are in a folder."""
    folder.mkdir(exist_ok=True)
    settings = folder / "luigi.cfg"
    settings.write_text(_LUIGID_SETTINGS)
    words = ["--port", str(LUIGID_PORT), "--state-path", str(folder / "state"), "--logdir", str(folder)]
    luigid = str(Path(sys.executable).with_name("luigid"))
    program = host.start([luigid, *words], folder, LUIGI_CONFIG_PATH=str(settings))
    wait_until_answering(host, LUIGID_PORT, program, folder)
    return program


def luigid_options(host: NamespaceHost) -> list[str]:
    """The options by which a run shares its work through the luigid of a host."""
    return ["--scheduler-url", f"http://{host.address}:{LUIGID_PORT}"]


def digests(host: Host, folder: Path) -> str:
    """The sha256 of each tarball and of each file of the finished tasks, as a host sees them."""
    files = "out -type f ! -path '*/.*' ! -name 'report.html' ! -name '*.json'"
    return run_on(host, ["bash", "-c", f"find {files} | LC_ALL=C sort | xargs sha256sum"], folder)


def temporaries(host: Host, folder: Path) -> list[str]:
    """The paths of unfinished files and folders in a run's folder, as a host sees them."""
    return run_on(host, ["bash", "-c", "find . -name '*.partial'"], folder).splitlines()


def logs(host: Host, folder: Path) -> dict[str, list[str]]:
    """The names of the runs' logs, with the steps that each run has finished, as a host sees them."""
    command = "cd _workdir/logs && grep -ao '[a-z]* took .*: .*' --with-filename *.log || true"
    found: dict[str, list[str]] = {}
    names = run_on(host, ["bash", "-c", "cd _workdir/logs && ls *.log"], folder).split()
    for name in names:
        found[name] = []
    for line in run_on(host, ["bash", "-c", command], folder).splitlines():
        name, step = line.split(":", 1)
        found[name].append(f"{step.split()[0]}{step[step.rindex(':') :]}")
    return found
