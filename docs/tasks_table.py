"""Write the tables of tasks into tasks.md, from what the task modules state: python docs/tasks_table.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hearpreprocess.task import registry, scheme_in_words
from hearpreprocess.task.config import TaskConfig, TaskMode
from hearpreprocess.task.sources import Archive, Source, SplitArchive, Synthetic

PAGE = Path(__file__).with_name("tasks.md")
BEGIN, END = "<!-- table: written by tasks_table.py -->\n", "<!-- /table -->\n"
TASKS = ("task", "kind", "clips", "splits", "metric")
SOURCES = ("task", "source", "license")


def with_table(page: str) -> str:
    """The text of the page with its tables up to date."""
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    tasks, sources = zip(*map(_rows, registry.built_in_names()), strict=True)
    tables = f"{_table(TASKS, tasks)}\n## Sources and licenses\n\n{_table(SOURCES, sources)}"
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def _rows(name: str) -> tuple[Sequence[str], Sequence[str]]:
    config = registry.load(name)
    modes = [config.in_mode(mode) for mode in config.published_modes]
    extras = sorted({extra for task in modes for extra in task.extras})
    link = f"[{name}](../tasks/{name}.py)"
    task = (
        link + (" (open)" if config.is_open else ""),
        f"{config.embedding_type}, {config.prediction_type}",
        _clips(modes),
        _splits(modes),
        config.evaluation[0],
    )
    return task, (link, _sources(config) + (f"; needs {', '.join(extras)}" if extras else ""), config.licence)


def _clips(modes: Iterable[TaskMode]) -> str:
    counts = []
    for task in modes:
        count = f"{sum(task.published_clips):,}" if task.published_clips else "not published"
        seconds = "as recorded" if task.sample_duration is None else f"{task.sample_duration:g} s"
        counts.append(f"{task.mode}: {count}, {seconds}")
    return "<br>".join(counts)


def _splits(modes: Iterable[TaskMode]) -> str:
    return "<br>".join(dict.fromkeys(scheme_in_words(mode.splits) for mode in modes))


def _sources(config: TaskConfig) -> str:
    kinds: dict[str, int] = {}
    for source in config.in_mode(config.default_mode).sources.values():
        for kind, count in _kinds(source):
            kinds[kind] = kinds.get(kind, 0) + count
    return ", ".join(f"{count:,} {kind}{'s' if count > 1 else ''}" for kind, count in kinds.items())


def _kinds(source: Source) -> Iterator[tuple[str, int]]:
    if isinstance(source, Archive):
        name = source.files[0].filename
        kind = next((each for each in ("zip", "tar.gz", "rar", "tar.bz2", "tgz") if name.endswith(f".{each}")), "")
        yield f"{kind} archive".strip(), 1
    elif isinstance(source, SplitArchive):
        yield f"zip archive in {len(source.files)} parts", 1
    elif not isinstance(source, Synthetic):
        yield "file", len(source.files)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
