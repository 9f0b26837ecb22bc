"""Check that a finished task has all its files, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from hearpreprocess.finished import (
    MANIFEST,
    METADATA,
    PROOFS,
    RELEASE_KEY,
    REPORT,
    TARBALL,
    VOCABULARY,
    compression_problem,
    root_problem,
)
from hearpreprocess.verify.finding import Finding, shortened
from hearpreprocess.verify.inspection import Inspection

ASPECT = "structure"


def structure(inspection: Inspection) -> Iterator[Finding]:
    """Check that all files exist, and no others; of a damaged task, report only the damage."""
    path, contents = inspection.finished.path, inspection.contents
    if contents.damage:
        yield Finding(ASPECT, path.name, contents.damage)
    elif METADATA not in contents.small_files:
        problem = root_problem(contents.strays) if path.is_file() else None
        yield Finding(ASPECT, path.name, problem or f"is not a finished task: it has no {METADATA}")
    else:
        yield from _tarball_name(inspection)
        yield from _small_files(inspection)
        yield from _titles(inspection)
        yield from _rates(inspection)
        yield from _clip_files(inspection)


def _tarball_name(inspection: Inspection) -> Iterator[Finding]:
    """Contradictions between a tarball's name and its content."""
    path, title, rates = inspection.finished.path, inspection.claims.title, inspection.finished.sample_rates
    match = TARBALL.fullmatch(path.name)
    if path.is_file() and (problem := compression_problem(path)):
        yield Finding(ASPECT, path.name, problem)
    if match is None or not path.is_file():
        return
    if title is not None and match["title"] != title:
        yield Finding(ASPECT, path.name, f"holds {title}")
    if rates and rates != (int(match["rate"]),):
        yield Finding(ASPECT, path.name, f"holds clips at {', '.join(map(str, rates))} Hz")


def _small_files(inspection: Inspection) -> Iterator[Finding]:
    contents, claims = inspection.contents, inspection.claims
    for name, problem in claims.problems.items():
        yield Finding(ASPECT, name, problem)
    if RELEASE_KEY in claims.metadata:  # it was made by hearpreprocess
        for name in sorted(set(PROOFS) - contents.small_files.keys()):
            yield Finding(ASPECT, name, "is missing")
    expected = {METADATA, VOCABULARY, REPORT, *PROOFS, *(f"{split}.json" for split in claims.splits)}
    surplus = contents.small_files.keys() - expected if claims.splits else ()
    for name in sorted([*contents.strays, *surplus]):
        yield Finding(ASPECT, name, "is not a file of a task")


def _titles(inspection: Inspection) -> Iterator[Finding]:
    claims, folder = inspection.claims, inspection.contents.folder_name
    if inspection.finished.path.is_file() and claims.title not in (None, folder):
        yield Finding(ASPECT, folder, f"is the name of the directory, but its metadata are of {claims.title}")
    for split, clips in claims.clips.items():
        if not clips and not (inspection.known.partial if inspection.known else claims.metadata.get("partial")):
            yield Finding(ASPECT, f"{split}.json", "has no clips")
    if claims.manifest is not None and claims.title not in (None, claims.manifest.get("task")):
        text = f"is of {shortened(claims.manifest.get('task'))}, but the metadata are of {claims.title}"
        yield Finding(ASPECT, MANIFEST, text)


def _rates(inspection: Inspection) -> Iterator[Finding]:
    folder = inspection.contents.folder_name
    for rate in inspection.missing_rates:
        yield Finding(ASPECT, folder, f"lacks the clips at {rate} Hz, which its manifest has")
    for rate in inspection.surplus_rates:
        yield Finding(ASPECT, folder, f"has clips at {rate} Hz, which are not in its manifest")
    if not inspection.finished.sample_rates and not inspection.missing_rates:
        yield Finding(ASPECT, folder, "has no audio")


def _clip_files(inspection: Inspection) -> Iterator[Finding]:
    """Check that each clip has a file at each rate in its split's folder, and that there are no other files."""
    listed = inspection.claims.splits_of_clips
    if not inspection.claims.splits:  # the metadata cannot be read, which is a finding already
        return
    for rate in inspection.finished.sample_rates:
        present: dict[str, list[str]] = {}
        for clip in inspection.contents.clip_files.values():
            if clip.rate == rate:
                present.setdefault(clip.file, []).append(clip.split)
        for file in sorted(listed.keys() | present.keys()):
            due, there = set(listed.get(file, [])), set(present.get(file, [])) - inspection.claims.unread_splits
            yield from _placement(rate, file, due, there)


def _placement(rate: int, file: str, listed: set[str], present: set[str]) -> Iterator[Finding]:
    missing, surplus = sorted(listed - present), sorted(present - listed)
    if missing and surplus:
        yield Finding(ASPECT, file, f"is in {missing[0]}.json, but its {rate} Hz audio is in {surplus[0]}")
        missing, surplus = missing[1:], surplus[1:]
    for split in missing:
        yield Finding(ASPECT, f"{rate}/{split}/{file}", "is missing")
    for split in surplus:
        yield Finding(ASPECT, f"{rate}/{split}/{file}", f"is not in {split}.json")
