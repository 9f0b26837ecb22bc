"""Digests of the code and libraries that decide the bytes of a step's output; they are part of every key.

Samples, which take long to make, depend on the code that reads and converts recordings; everything else depends on the
code of all rooms that make finished tasks. Both depend on the loaded libraries and on the installed ffmpeg.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

from hearpreprocess import audio
from hearpreprocess.about import __version__
from hearpreprocess.storage import CODE_OF_OUTPUTS, CODE_OF_SAMPLES, code_digest, digest, on_new_run
from hearpreprocess.task import label_versions


@functools.cache
def sampled_by() -> str:
    """A digest of the code and the libraries that make the samples of clips."""
    return digest([__version__, code_digest(CODE_OF_SAMPLES), audio.library_versions()])


@functools.cache
def made_by() -> str:
    """A digest of the code and the libraries that make finished tasks."""
    return digest([__version__, code_digest(CODE_OF_OUTPUTS), audio.library_versions()])


def made_with(extras: Collection[str]) -> dict[str, str]:
    """The code and the libraries that make finished tasks, by name, as manifests and runs state them.

    `extras`: of the task.
    """
    return {
        "hearpreprocess": __version__,
        "code": code_digest(CODE_OF_OUTPUTS),
        **audio.library_versions(),
        **label_versions(extras),
    }


# A later run of this process may find another ffmpeg; within a run, forked processes inherit these values.
on_new_run(sampled_by.cache_clear)
on_new_run(made_by.cache_clear)
