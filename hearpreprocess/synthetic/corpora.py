"""The synthetic corpora by name: their writers and fingerprints."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest, file_digest, nearest
from hearpreprocess.synthetic import environment, music, speech
from hearpreprocess.synthetic.archives import OnMember, SyntheticCorpus
from hearpreprocess.task import parts_beside

CORPORA: dict[str, SyntheticCorpus] = {**environment.CORPORA, **music.CORPORA, **speech.CORPORA}


def write(corpus: str, folder: Path, on_member: OnMember = lambda count: None) -> list[str]:
    """Write the synthetic corpus of this name to a folder, and return the paths of its files there.

    `on_member` is called with 1 after each file of the corpus. Raises ConfigError where no corpus has this name.
    """
    members, writer = _find(corpus)
    paths: list[str] = []

    def noting() -> Iterator[tuple[str, bytes]]:
        for path, content in members():
            paths.append(path)
            yield path, content

    written = writer(folder, corpus, noting(), on_member)
    return paths if written == folder else [part.name for part in parts_beside(written)]


@functools.cache
def fingerprint(corpus: str) -> str:
    """A digest of the code that generates the synthetic corpus of this name."""
    _find(corpus)
    modules = sorted(Path(__file__).parent.rglob("*.py"))
    return digest([corpus, *map(file_digest, modules)])


def _find(corpus: str) -> SyntheticCorpus:
    if corpus not in CORPORA:
        raise ConfigError(f"unknown synthetic corpus {corpus!r}{nearest(corpus, CORPORA)}")
    return CORPORA[corpus]
