"""What each side made, and what it does with a damaged recording and when the same command is run again."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpora
import soundfile

if TYPE_CHECKING:
    from results import Report

CLIPS, DAMAGED = 10, 5
FEW = replace(corpora.ESC, clips=CLIPS, asked_rates=(16000, 22050))
OURS = "ours"


@dataclass(frozen=True)
class Digests:
    """Of what a side made: the sha256 of each clip by rate and name, and that of each tarball by rate."""

    clips: Mapping[tuple[int, str], str]
    tarballs: Mapping[int, str]


def outputs(place: Path, rates: Sequence[int]) -> dict[int, list[Path]]:
    """The clips at each rate below a folder; the folders of a rate bear its name."""
    return {
        rate: sorted(path for folder in place.rglob(str(rate)) for path in folder.rglob("*.wav") if is_output(path))
        for rate in rates
    }


def is_output(path: Path) -> bool:
    """Whether a file is an output, not one on the way to it."""
    return not {"_workdir", "corpus"} & set(path.parts[-6:])


def check_count(name: str, made: Mapping[int, list[Path]], clips: int) -> None:
    """Raise RuntimeError where a side did not make all clips at all rates."""
    for rate, paths in made.items():
        if len(paths) != clips:
            raise RuntimeError(f"{name}: expected {clips} clips at {rate} Hz, got {len(paths)}")


def digests(made: Mapping[int, list[Path]], place: Path) -> Digests:
    """The digests of what a side made in a folder."""
    clips = {(rate, path.name): sha256(path) for rate, paths in made.items() for path in paths}
    return Digests(clips, {rate: sha256(next(place.rglob(f"*{rate}.tar.gz"))) for rate in made})


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sameness(runs: Sequence[Digests]) -> tuple[str, str]:
    """Whether the clips, and the tarballs, were the same in all runs."""
    if len(runs) < 2:
        return "", ""
    clips = all(run.clips == runs[0].clips for run in runs)
    names = all(run.clips.keys() == runs[0].clips.keys() for run in runs)
    tarballs = all(run.tarballs == runs[0].tarballs for run in runs)
    return "yes" if clips else "no" if names else "no, nor the names", "yes" if tarballs else "no"


def made_again(contest: Any, name: str) -> str:
    """How many clips the same command makes again when nothing is missing."""
    place, _cost = contest.measured(name)
    before = {path: path.stat().st_mtime_ns for paths in outputs(place, FEW.asked_rates).values() for path in paths}
    subprocess.run([*map(str, contest.command(name, place / "made"))], cwd=place, check=True, capture_output=True)
    again = sum(path.stat().st_mtime_ns != written for path, written in before.items())
    return f"{again} of {len(before)}"


def with_damage(contest: Any, name: str) -> str:
    """What a side does with an archive in which a recording is cut in its middle."""
    place = contest.folder / f"damaged-{name}"
    place.mkdir()
    command = [*map(str, contest.command(name, place / "made"))]
    finished = subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)
    title = FEW.titles[DAMAGED]
    paths = [path for path in outputs(place, FEW.asked_rates)[FEW.asked_rates[0]] if path.name.startswith(title)]
    clip = f"{soundfile.info(paths[0]).duration:.1f} of {FEW.seconds:g} s" if paths else "no clip"
    is_named = title in finished.stdout + finished.stderr
    return f"exit status {finished.returncode}, {clip}, {'names it' if is_named else 'no message'}"


def cut(archive: Path, title: str) -> None:
    """Write an archive again with one recording cut in its middle."""
    with zipfile.ZipFile(archive) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content[: len(content) // 2] if title in name else content)


def report_behaviour(contests: Any, measured: Mapping[str, Sequence[Digests]], titles: Any, report: Report) -> None:
    """A table of what each side does beside converting. `contests`: makes a contest of a corpus, by a name."""
    report.add(
        f"\nWhat each does beside converting, seen here, the last two columns with {CLIPS} clips at two rates:\n"
    )
    report.table(
        "", "same clips each time", "same tarballs", "made again by the same command", "a recording cut in half"
    )
    again, damaged = contests(FEW, "again"), contests(FEW, "damaged")
    archive = corpora.archive_of(FEW, damaged.module.parent)
    cut(archive, FEW.titles[DAMAGED])
    corpora.write_task(FEW, damaged.module.parent, archive)
    for name, title in titles.items():
        report.row(title, *sameness(measured[name]), made_again(again, name), with_damage(damaged, name))
    report.add(
        "\nOf splits, labels, vocabulary, manifest and checksums of the archive, only ours does any of it: the commands"
    )
    report.add(
        "of the others convert audio. lhotse (supervisions, `split`) and datasets (columns, `train_test_split`) can"
    )
    report.add("carry labels and splits that the user's own code gives them; sox, ffmpeg and torchaudio know neither.")
