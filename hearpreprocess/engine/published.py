"""Tasks from published tarballs: resolve the words of a request, and find the tarballs to download."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess import archive
from hearpreprocess.engine.room import disks_of, need_of, tarballs_that_fit
from hearpreprocess.errors import (
    ConfigError,
    DownloadError,
    OfflineError,
    OutputError,
    TaskNotFoundError,
    enumerate_problems,
)
from hearpreprocess.fetch import Connection, Connections, begun_bytes, read_json
from hearpreprocess.finished import TARBALL, published, release_of_folder, release_of_tarball, resampled
from hearpreprocess.objects import SHA256, is_address, object_path
from hearpreprocess.request import Request
from hearpreprocess.steps import Published, StoredTarball, uses_of
from hearpreprocess.storage import (
    Workspace,
    active_run,
    bytes_text,
    counted,
    digest,
    forget_skipped_cleanup,
    whole_file,
)
from hearpreprocess.task import without_credentials

Notify = Callable[[str], object]

_LISTED = 100
"""The number of missing tarballs to list: more than Zenodo's record has, as the user needs every name."""

_EXAMPLE = "hear2021-esc50-v2.0.0-full-48000.tar.gz"


def published_steps(request: Request, workspace: Workspace, notify: Notify) -> list[Published]:
    """The steps for the request's words; the record is looked up, once, only if a tarball has to be downloaded.

    `notify` is called with messages on the downloads, the needed disk space and the samples.

    Raises TaskNotFoundError where a word is unknown, before any look-up for Zenodo's record; DownloadError where the
    record cannot be looked up, ConfigError where it or a tarball is invalid, DiskFullError where the outputs cannot
    fit, OutputError where an output made from the original corpus, or a tarball itself, would be replaced.
    """
    if not request.published:
        return []
    stored = {word: _stored(word, workspace) for word in request.published if _is_path(word) and is_address(word)}
    given = {
        word: (workspace.download_dir / stored[word].filename, published.title_of(stored[word].filename))
        if word in stored
        else _given_tarball(word)
        for word in request.published
        if _is_path(word)
    }
    words = [word for word in request.published if word not in given]
    _check_names_differ(stored)

    def steps_of(tarballs: published.Tarballs) -> list[Published]:
        chosen = tarballs.chosen(words, request.published_mode)
        titles: dict[Path, str] = {}
        for word in request.published:
            if word in given:
                titles |= dict([given[word]])
            else:
                titles |= {workspace.download_dir / name: published.title_of(name) for name in chosen[word]}
        return _steps(titles, request, workspace)

    of_stored = {given[word][0]: source for word, source in stored.items()}
    steps = _steps_without_the_record(words, request, workspace, steps_of, of_stored)
    if steps is None:
        url = request.record or published.RECORD
        record = _read(url, workspace, notify)
        tarballs = published.tarballs_in(record, url)
        _remember(tarballs, url, workspace)
        steps = steps_of(tarballs)
        missing = [step.path.name for step in steps if not _needs_no_download(step)]
        sources = published.archives_in(record, url, missing)
        steps = [step.clone(source=sources[step.path.name]) if step.path.name in sources else step for step in steps]
    steps = [step.clone(source=of_stored[step.path]) if step.path in of_stored else step for step in steps]
    _check_replaceable(steps)
    unfinished = [step for step in steps if not step.complete()]
    most = 1
    if any(step.source for step in unfinished):
        most = _announce(unfinished, len(steps) - len(unfinished), request, notify)
    if unfinished:
        notify(resampled.note(*(step.path for step in unfinished)))
    return [step.clone(most_tarballs=most) for step in steps]


@contextlib.contextmanager
def tarballs_in_use(request: Request, workspace: Workspace) -> Iterator[None]:
    """Mark the folders of a request's tarballs as in use, so that no other run removes them."""
    of_paths = {Path(word).resolve().parent for word in request.published if _is_local(word)}
    folders = [folder for folder in sorted(of_paths) if uses_of(folder).is_dir()]  # else no run downloads to it
    if not all(map(_is_local, request.published)):
        folders = sorted({*folders, workspace.download_dir})
    with contextlib.ExitStack() as stack:
        for uses in map(uses_of, folders):
            with contextlib.suppress(OSError):  # a read-only folder can be used without the mark
                stack.enter_context(active_run(uses, workspace.run))
                stack.callback(forget_skipped_cleanup, uses, workspace.run)
        yield


def release_facts(request: Request, workspace: Workspace) -> dict[str, Any]:
    """The parameters of the steps for a request's outputs."""
    return {
        "workspace": workspace,
        "rates": request.sample_rates,
        "compression": request.compression,
        "skips": request.skip_bad_clips,
        "with_report": request.with_report,
    }


def _steps_without_the_record(
    words: Sequence[str],
    request: Request,
    workspace: Workspace,
    steps_of: Callable[[published.Tarballs], list[Published]],
    stored: Collection[Path],
) -> list[Published] | None:
    """The steps if nothing has to be downloaded of the record, by its known listing; otherwise None.

    `stored`: the paths of tarballs that come from an object store.

    Raises OfflineError, or ConfigError, where the record would have to be looked up offline.
    """
    known, named = _known(request, workspace), [*filter(None, map(published.tarball_named, words))]
    if known is None and len(named) < len(words):
        if not workspace.offline:
            return None
        raise OfflineError(
            f"{without_credentials(request.record or '')}: no listing of this record in {workspace.tmp_dir}. "
            "Give the names of tarballs, or run without --offline"
        )
    try:
        steps = steps_of(published.Tarballs((*(known or ()), *named)))
    except ConfigError:
        if workspace.offline or request.record is None:  # Zenodo's record never changes, so no look-up can help
            raise
        return None
    missing = [step.path for step in steps if not _needs_no_download(step) and step.path not in stored]
    if missing and workspace.offline:
        raise OfflineError(_offline_message(missing))
    return None if missing else steps


def _needs_no_download(step: Published) -> bool:
    return _is_there(step.path) or step.complete()


def _announce(unfinished: Sequence[Published], finished: int, request: Request, notify: Notify) -> int:
    """Report the downloads and the needed disk space, and return the number of tarballs that may exist at a time.

    Raises DiskFullError where not even one at a time can fit.
    """
    downloads = [step for step in unfinished if step.source]
    changed = {step: step.changed_since() for step in downloads}
    if any(changed.values()):
        names = ", ".join(dict.fromkeys(name for of_step in changed.values() for name in of_step))
        count = counted(len([step for step in downloads if changed[step]]), "tasks")
        notify(f"To rebuild: {count}, because the version of {names} has changed")
    missing = {step: max(0, _size(step) - begun_bytes(step.path)) for step in downloads}
    needs = {step: need_of(step.path.name, _size(step), missing.get(step, 0), request) for step in unfinished}
    clips, tarballs = sum(need.clips for need in needs.values()), sum(need.tarballs for need in needs.values())
    rates = ", ".join(map(str, request.sample_rates))
    done = f" Up to date: {counted(finished, 'tasks')}." if finished else ""
    notify(
        f"To download: {counted(len(downloads), 'tarballs')}, {bytes_text(sum(missing.values()))}. To make: "
        f"{counted(len(unfinished), 'tasks')} at {rates} Hz, about {bytes_text(clips)} of clips and "
        f"{bytes_text(tarballs)} of tarballs.{done}"
    )
    # A task whose tarball exists may be partly made, and need less space than from the start.
    most = tarballs_that_fit([needs[step] for step in downloads], request)
    for disk in disks_of(list(needs.values()), request, most):
        notify(str(disk))
    return most


def _size(step: Published) -> int:
    return sum(file.size or 0 for file in step.source.files) if step.source else step.path.stat().st_size


def _steps(titles: Mapping[Path, str], request: Request, workspace: Workspace) -> list[Published]:
    """One step for each tarball. `titles`: of the tasks in them."""
    of_titles: dict[str, Path] = {}
    given = {Path(word).absolute() for word in request.published if _is_local(word)}
    for path, title in titles.items():
        if of_titles.setdefault(title, path) != path:
            raise ConfigError(f"{of_titles[title]} and {path} are both tarballs of {title}. Give only one of them")
    return [
        Published(
            tarball=str(path),
            task=title,
            clean=request.clean,
            is_own=path in given,
            **release_facts(request, workspace),
        )
        for path, title in titles.items()
    ]


def _is_path(word: str) -> bool:
    """Whether a word is a path: it has a slash, or looks like an archive and is not the name of a published tarball."""
    if "/" in word:
        return True
    return word.endswith((".gz", ".tgz", ".tar", ".zip")) and (Path(word).is_file() or not TARBALL.fullmatch(word))


def _is_local(word: str) -> bool:
    """Whether a word is a path of this machine."""
    return _is_path(word) and not is_address(word)


def _stored(word: str, workspace: Workspace) -> StoredTarball:
    """The tarball that a URL names.

    Raises TaskNotFoundError where there is none, ConfigError where the URL is not accepted or not of a tarball,
    ObjectStoreError where the store refuses, OfflineError where the network may not be used.
    """
    path = object_path(word)
    if not TARBALL.fullmatch(path.name):
        raise ConfigError(f"{path}: expected a name like {_EXAMPLE}")
    if workspace.offline:
        raise OfflineError(f"{path}: cannot be read (--offline is set). Download it and give its path")
    stored = path.stored
    if stored is None:
        raise TaskNotFoundError(f"{path}: no such object")
    sha256 = stored.attributes.get(SHA256, "")
    is_checksum = re.fullmatch("[0-9a-f]{64}", sha256) is not None
    return StoredTarball(str(path), sha256=sha256 if is_checksum else None, size=stored.size, filename=path.name)


def _check_names_differ(stored: Mapping[str, StoredTarball]) -> None:
    """Raise ConfigError where two URLs name tarballs of the same name, as a run makes one output of that."""
    urls: dict[str, str] = {}
    for tarball in stored.values():
        if (other := urls.setdefault(tarball.filename, url := tarball.urls[0])) != url:
            raise ConfigError(
                f"{other} and {url} have the same name. Give one of them in each command, with another "
                "--tmp-dir, --tasks-dir and --tar-dir"
            )


def _given_tarball(word: str) -> tuple[Path, str]:
    """The absolute path of a tarball given by its path, and the title of the task in it."""
    path = Path(word)
    if path.is_dir():
        raise TaskNotFoundError(f"{word}: expected a tarball, a task or a group, got a directory")
    if not path.is_file():
        raise TaskNotFoundError(f"{word}: file not found; a published tarball has a name like {_EXAMPLE}")
    if not TARBALL.fullmatch(path.name):
        raise ConfigError(f"{word}: expected a name like {_EXAMPLE}")
    path.open("rb").close()  # without read permission, a later reader would report a damaged file
    (task,) = resampled.references_to([path.absolute()])
    return path.absolute(), task.resolve().title


def _check_replaceable(steps: Iterable[Published]) -> None:
    """Raise OutputError where an output was not resampled from a tarball, or is the tarball to read."""
    steps = list(steps)
    tarballs = {step.path.resolve() for step in steps}
    refused: dict[str, list[Path]] = {}
    for output in (output for step in steps for output in step.output_paths if output.exists()):
        if (problem := _problem_of(output, tarballs)) is not None:
            refused.setdefault(problem, []).append(output)
    if refused:
        lines = []
        for problem, outputs in refused.items():
            others = f" (and {counted(len(outputs) - 1, 'other outputs')})" if len(outputs) > 1 else ""
            lines.append(f"{outputs[0]}{others}{problem}")
        raise OutputError("\n".join(lines))


def _problem_of(output: Path, tarballs: Collection[Path]) -> str | None:
    """The end of the message about an output that must not be replaced; None if it may. `tarballs`: those to read."""
    if output.resolve() in tarballs:
        return ": input tarball would be overwritten. Choose another --tar-dir"
    if (release_of_folder(output) if output.is_dir() else release_of_tarball(output)) is None:
        return ": already exists and was not created by hearpreprocess. Move it away, or choose another {}".format(
            "--tasks-dir" if output.is_dir() else "--tar-dir"
        )
    if not resampled.is_resampled(output):
        return ": made from the original corpus. Choose another --tasks-dir and --tar-dir for resampled outputs"
    return None


def _known(request: Request, workspace: Workspace) -> Sequence[str] | None:
    """The tarballs of the record at its last look-up, or those of Zenodo's by the task modules; else None."""
    try:
        names = json.loads(_memory(request.record or published.RECORD, workspace).read_text(encoding="utf-8"))
        return list(map(str, names))
    except (FileNotFoundError, ValueError):
        return None if request.record else published.Tarballs.expected().names


def _memory(url: str, workspace: Workspace) -> Path:
    return workspace.tmp_dir / "published" / f"record-{digest(url)}.json"


def _remember(tarballs: published.Tarballs, url: str, workspace: Workspace) -> None:
    with whole_file(_memory(url, workspace)) as file:
        file.write_text(json.dumps(tarballs.names), encoding="utf-8")


def _read(url: str, workspace: Workspace, notify: Notify) -> Any:
    """Zenodo's description of the record."""
    try:
        connection = Connection(Connections(workspace.tmp_dir / "connections"), notify)
        return read_json(url, connection, notify, parse=published.record_of)
    except DownloadError as error:
        page = f" from {published.PAGE}" if url == published.RECORD else ""
        raise DownloadError(
            f"the list of published tarballs cannot be downloaded: {error}. Check the network and run the same "
            f"command again, or download tarballs{page} on another machine and give their paths"
        ) from error


def _offline_message(missing: Sequence[Path]) -> str:
    """What is missing where the network must not be used, and the commands that download it elsewhere."""
    folder, wrong = missing[0].parent, [path for path in missing if path.exists()]
    headline = f"{counted(len(missing), 'tarballs')} not found in {folder} (--offline is set)"
    headline += f"; {', '.join(str(path) for path in wrong)} is an unsupported or damaged archive" if wrong else ""
    names = [f"{path.name}  {_url(path)}" for path in missing]
    commands = [f"wget -c -O {shlex.quote(str(path))} {shlex.quote(_url(path))}" for path in missing]
    start = f"{headline}. To download on a machine with a network:"
    listed = enumerate_problems(start, names, shown=_LISTED)
    return "\n".join([listed, "", f"mkdir -p {shlex.quote(str(folder))}", *commands])


def _url(path: Path) -> str:
    """The address of a tarball of Zenodo's record."""
    return f"{published.PAGE}/files/{path.name}?download=1"


def _is_there(path: Path) -> bool:
    """Whether a tarball exists and is an archive, not a page that an older version has saved under its name."""
    return path.is_file() and archive.problem_of_archive(path) is None
