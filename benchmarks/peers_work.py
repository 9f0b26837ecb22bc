"""The work of one peer: an archive of WAV files to WAV files at each rate, and these to tarballs, on all cores.

    python benchmarks/peers_work.py PEER ARCHIVE OUT RATE [RATE ...]

Runs in the environment of the peers. Each does what its own documentation shows. The clips at each rate are written
below OUT/RATE, its tarball beside it, and the seconds of each part of the work to OUT/seconds.json.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.pool
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from operator import sub
from pathlib import Path
from typing import Any

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ffmpeg_program() -> str | None:
    """The ffmpeg on the path, or else the one that a Python package carries."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    program: str = imageio_ffmpeg.get_ffmpeg_exe()
    return program


def in_parallel(commands: Iterable[Sequence[object]]) -> None:
    """Run commands, as many at a time as there are cores, and exit with the status of one that fails."""

    def run(command: Sequence[object]) -> int:
        return subprocess.run([*map(str, command)], check=False, stdin=subprocess.DEVNULL).returncode

    with multiprocessing.pool.ThreadPool(CORES) as threads:
        if failed := max(map(abs, threads.imap_unordered(run, commands)), default=0):
            sys.exit(failed)


def sox(clips: list[Path], out: Path, rates: list[int]) -> None:
    """One process a clip and rate, at sox's high quality."""
    in_parallel(
        ["sox", clip, "-b", 16, out / str(rate) / clip.name, "rate", "-h", rate] for clip in clips for rate in rates
    )


FFMPEG = ("-nostdin", "-y", "-loglevel", "error")


def ffmpeg(clips: list[Path], out: Path, rates: list[int]) -> None:
    """One process a clip, which writes all rates."""
    outputs = {clip: [word for rate in rates for word in ("-ar", rate, out / str(rate) / clip.name)] for clip in clips}
    in_parallel([ffmpeg_program(), *FFMPEG, "-i", clip, *outputs[clip]] for clip in clips)


def ffmpeg_each(clips: list[Path], out: Path, rates: list[int]) -> None:
    """One process a clip and rate."""
    program = ffmpeg_program()
    in_parallel(
        [program, *FFMPEG, "-i", clip, "-ar", rate, out / str(rate) / clip.name] for clip in clips for rate in rates
    )


def ffmpeg_soxr(clips: list[Path], out: Path, rates: list[int]) -> None:
    """One process a clip, which writes all rates by libsoxr at its high quality."""
    program = ffmpeg_program()
    chosen = {rate: ["-af", "aresample=resampler=soxr:precision=20", "-ar", rate] for rate in rates}
    in_parallel(
        [
            program,
            *FFMPEG,
            "-i",
            clip,
            *(word for rate in rates for word in (*chosen[rate], out / str(rate) / clip.name)),
        ]
        for clip in clips
    )


def lhotse(clips: list[Path], out: Path, rates: list[int]) -> None:
    """A CutSet of the folder, resampled lazily and saved for each rate."""
    from lhotse import CutSet, RecordingSet

    recordings = RecordingSet.from_dir(clips[0].parent, "*.wav", num_jobs=CORES)
    cuts = CutSet.from_manifests(recordings=recordings)
    for rate in rates:
        cuts.resample(rate).save_audios(out / str(rate), num_jobs=CORES, progress_bar=False)


_resamplers: dict[tuple[int, int], Any] = {}


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _torchaudio_clip(task: tuple[Path, Path, list[int]]) -> None:
    import soundfile
    import torch
    from torchaudio.transforms import Resample

    clip, out, rates = task
    samples, rate = soundfile.read(clip, dtype="float32")
    waveform = torch.from_numpy(samples)
    for target in rates:
        if (rate, target) not in _resamplers:
            _resamplers[rate, target] = Resample(rate, target)
        resampled = _resamplers[rate, target](waveform)
        soundfile.write(out / str(target) / clip.name, resampled.numpy(), target, subtype="PCM_16")


def torchaudio(clips: list[Path], out: Path, rates: list[int]) -> None:
    """transforms.Resample, kept for each pair of rates, in a process a core."""
    with multiprocessing.get_context("spawn").Pool(CORES, _one_thread) as pool:
        for _done in pool.imap_unordered(_torchaudio_clip, [(clip, out, rates) for clip in clips], chunksize=8):
            pass


def _datasets_clip(row: dict[str, str], out: str, rates: list[int]) -> None:
    import soundfile
    import soxr

    samples, rate = soundfile.read(row["path"], dtype="float32")
    for target in rates:
        resampled = soxr.resample(samples, rate, target)
        soundfile.write(Path(out, str(target), Path(row["path"]).name), resampled, target, subtype="PCM_16")


def datasets(clips: list[Path], out: Path, rates: list[int]) -> None:
    """A dataset of the paths, mapped by a function with soxr, in a process a core."""
    import datasets as hugging_face

    hugging_face.disable_progress_bars()
    rows = hugging_face.Dataset.from_dict({"path": [str(clip) for clip in clips]})
    rows.map(_datasets_clip, num_proc=CORES, fn_kwargs={"out": str(out), "rates": rates})


PEERS: dict[str, Callable[[list[Path], Path, list[int]], None]] = {
    "sox": sox,
    "ffmpeg": ffmpeg,
    "ffmpeg-soxr": ffmpeg_soxr,
    "ffmpeg-each": ffmpeg_each,
    "lhotse": lhotse,
    "torchaudio": torchaudio,
    "datasets": datasets,
}


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Unpack the archive as its users do, and return its clips."""
    folder.mkdir(exist_ok=True)
    if archive.suffix != ".zip":
        command = ["tar", "xzf", archive, "-C", folder]
    elif shutil.which("unzip"):
        command = ["unzip", "-qo", archive, "-d", folder]
    else:
        command = [sys.executable, "-m", "zipfile", "-e", archive, folder]
    subprocess.run(command, check=True)
    return sorted(folder.rglob("*.wav"))


def main() -> int:
    """Unpack, convert and pack."""
    if len(sys.argv) < 5 or sys.argv[1] not in PEERS:
        sys.exit(f"{__doc__}\nPeers: {', '.join(PEERS)}")
    peer, archive, out, rates = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), [*map(int, sys.argv[4:])]
    os.environ["HF_HUB_OFFLINE"] = "1"
    times = [time.monotonic()]
    for rate in rates:
        (out / str(rate)).mkdir(parents=True, exist_ok=True)
    clips = unpack(archive, out / "corpus")
    times.append(time.monotonic())
    PEERS[peer](clips, out, rates)
    times.append(time.monotonic())
    in_parallel(["tar", "czf", out / f"{rate}.tar.gz", "-C", out, str(rate)] for rate in rates)
    times.append(time.monotonic())
    seconds = dict(
        zip(("unpack", "convert", "pack"), starmap(sub, zip(times[1:], times[:-1], strict=True)), strict=True)
    )
    (out / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
