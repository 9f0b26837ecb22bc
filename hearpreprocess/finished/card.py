"""The task card: a page in Markdown that describes a finished task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hearpreprocess.finished.front_matter import front_matter
from hearpreprocess.storage import counted, duplicates

_SHOWN = 10


def card(metadata: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The text of a task's card, from the contents of its task_metadata.json and of its manifest with audio.

    Sample rates are in its YAML, and the first one in a command: durations and duplicates are those of the clips before
    resampling.
    """
    clips: Mapping[str, Any] = manifest["clips"]
    sections = [
        [f"# {manifest['task']}", "", *_kind(metadata), metadata["description"] or "A task made by hearpreprocess."],
        ["## Clips", "", *_counts(metadata, clips), "", _duration(metadata)],
        ["## Labels", "", _labels(metadata, clips)],
        ["## Use", "", *_use(manifest)],
        ["## Left out", "", *(_left_out(manifest["left_out"]) or ["Nothing."])],
        ["## Duplicates", "", *_duplicates(clips)],
        [
            "## Known issues of the dataset",
            "",
            *([f"- {caveat}" for caveat in metadata["caveats"]] or ["None is recorded."]),
        ],
        ["## License and citation", "", *_licence(metadata)],
        ["## Provenance", "", *_provenance(manifest)],
    ]
    text = "\n\n".join("\n".join(section) for section in sections)
    return f"{front_matter(metadata, manifest)}\n{text}\n"


def is_synthetic(metadata: Mapping[str, Any]) -> bool:
    """Whether a task was made from synthetic recordings instead of its dataset's."""
    sources = _mappings(metadata.get("sources"))
    originals = [original for source in sources for original in _mappings(source.get("made_from"))]
    return any("synthetic" in source for source in (*sources, *originals))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """The values of a mapping that are mappings: foreign metadata may have anything in their place."""
    return [item for item in value.values() if isinstance(item, Mapping)] if isinstance(value, Mapping) else []


def _kind(metadata: Mapping[str, Any]) -> list[str]:
    """The warning that an excerpt or a synthetic task is not the dataset that the card describes."""
    if is_synthetic(metadata):
        return [
            "**The recordings of this task are synthetic**, in the layout of the dataset that is described here.",
            "",
        ]
    if metadata["partial"]:
        return ["**This task is an excerpt** of the dataset that is described here.", ""]
    return []


def _counts(metadata: Mapping[str, Any], clips: Mapping[str, Any]) -> Iterable[str]:
    allows_empty = metadata.get("allow_empty") is True
    counts: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for facts in clips.values():
        counts[facts["split"]] += 1
        empty[facts["split"]] += not facts["labels"]
        seconds[facts["split"]] += facts["recorded"]["length"] / facts["recorded"]["rate"]
    yield "| split | clips |" + (" without events |" if allows_empty else "") + " duration |"
    yield "|---|---:|---:|" + ("---:|" if allows_empty else "")
    rows = [(split, counts[split], empty[split], seconds[split]) for split in metadata["splits"]]
    for split, of_split, without, duration in [*rows, ("all", counts.total(), empty.total(), sum(seconds.values()))]:
        yield f"| {split} | {of_split:,} |" + (f" {without:,} |" if allows_empty else "") + f" {_clock(duration)} |"


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _duration(metadata: Mapping[str, Any]) -> str:
    duration = metadata["sample_duration"]
    fitted = f"cut or padded with silence to {duration:g} s" if duration else "at its own length"
    return f"Every clip is {fitted}, 16-bit, mono."


def _labels(metadata: Mapping[str, Any], clips: Mapping[str, Any]) -> str:
    counts: Counter[Any] = Counter()
    for facts in clips.values():
        counts.update({label["label"] if isinstance(label, dict) else label for label in facts["labels"]})
    kinds = {
        ("scene", "multiclass"): "one label per clip",
        ("scene", "multilabel"): "any number of labels per clip",
        ("event", "multilabel"): "events with a label, a start and an end each",
    }
    kind = kinds[metadata["embedding_type"], metadata["prediction_type"]]
    if metadata.get("allow_empty") is True:
        kind += ", or no event"
    few, many = (min(counts.values()), max(counts.values())) if counts else (0, 0)
    metrics = ", ".join(metadata["evaluation"])
    spread = counted(many, "clips") if few == many else f"{few:,} to {many:,} clips"
    return f"{counted(len(counts), 'labels')}, {kind}; each label is in {spread}. Evaluated by {metrics}."


def _use(manifest: Mapping[str, Any]) -> list[str]:
    rate = "".join(f" --sample-rate {rate}" for rate in manifest["sample_rates"][:1])
    return [
        "The labels of each split are in its JSON file, and `labelvocabulary.csv` numbers them. Hugging Face's "
        "`load_dataset` reads the clips of this folder, one configuration for each sample rate, without labels "
        "(datasets 4 and later need torchcodec for it). For a dataset with labels: "
        f"`hearpreprocess export {manifest['task']} --to parquet{rate}`, with the path of this folder or its tarball "
        "in place of its name if it is not in `out/tasks`.",
    ]


def _left_out(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for entry in entries:
        names = entry.get("clips")
        if names is None:
            lines.append(f"- {entry['count']:,} {entry['of']}: {entry['reason']}")
        else:
            lines.append(f"- {counted(len(names), 'clips')}: {entry['reason']} ({_first(names)})")
    return lines


def _duplicates(clips: Mapping[str, Any]) -> list[str]:
    groups = duplicates({name: facts["recorded"]["sha256"] for name, facts in clips.items()})
    if not groups:
        return ["No two clips have the same samples."]
    across = [group for group in groups if len({clips[name]["split"] for name in group}) > 1]
    placed = [[f"{name} ({clips[name]['split']})" for name in group] for group in groups[:_SHOWN]]
    shown = [f"- {_first(group)}" for group in placed]
    more = [f"- and {len(groups) - _SHOWN:,} more"] if len(groups) > _SHOWN else []
    total = f"{len(groups):,} groups of clips have the same samples, {len(across):,} of them in more than one split:"
    return [total, "", *shown, *more]


def _licence(metadata: Mapping[str, Any]) -> list[str]:
    link = f" See <{metadata['url']}>." if metadata["url"] else ""
    return [
        f"License of the dataset: {metadata['licence']}.{link}",
        "",
        metadata["citation"] or "No citation is recorded.",
    ]


def _provenance(manifest: Mapping[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in manifest["made_with"].items())
    local = [name for name, source in manifest["sources"].items() if source.get("local")]
    addresses = sorted(set(_addresses(manifest["sources"])))
    return [
        f"Release {manifest['release']}, made with {versions}. "
        "`manifest.json` has the sha256 of every clip's samples; `python -m hearpreprocess.verify` checks them.",
        *(["", f"Made from local sources: {', '.join(local)}."] if local else []),
        *(["", *(f"- <{address}>" for address in addresses[:_SHOWN])] if addresses else []),
    ]


def _addresses(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        value = value.values()
    for item in [] if isinstance(value, str) else value:
        if isinstance(item, str) and item.startswith("http"):
            yield item
        elif isinstance(item, Mapping | list | tuple):
            yield from _addresses(item)


def _first(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
