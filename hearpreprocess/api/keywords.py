"""Replace command-line options in messages by keywords of Python: `--skip-bad-clips 3` by `skip_bad_clips=3`."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from hearpreprocess.errors import HearPreprocessError, OutputError
from hearpreprocess.request import RequestError
from hearpreprocess.storage import unreadable_message

_FIELDS = {"published": "from_published", "tasks_dir": "out"}
"""The keywords of `make` for fields of a request that have other names."""

_OPTIONS = (
    (r"--tmp-dir, --tasks-dir, --tar-dir or --download-dir\b", "work_dir=, out= or download_dir="),
    (r"--tasks-dir(?:, | and | or )--tar-dir\b", "out="),
    (r"--(?:tasks|tar)-dir\b", "out="),
    (r"--tmp-dir\b", "work_dir="),
    (r"--download-dir\b", "download_dir="),
    (r"--source (\w+)=(\w+)", r"sources={'\1': '\2'}"),
    (r"--source\b", "sources="),
    (r"--skip-bad-clips (\d+)", r"skip_bad_clips=\1"),
    (r"--skip-bad-clips\b", "skip_bad_clips="),
    (r"--zip-encoding ENCODING\b", "zip_encoding=ENCODING"),
    (r"--zip-encoding\b", "zip_encoding="),
    (r"--max-expansion\b", "max_expansion="),
    (r"--num-workers\b", "workers="),
    (r"--clean\b", "clean=True"),
    (r"(?<!clean )--force\b", "force=True"),
    (r"--mode\b", "mode="),
    (r"--offline\b", "offline=True"),
    (r"--from-published\b", "from_published=True"),
    (r"--dask (\S+): ", r"dask='\1': "),
    (r"--dask\b", "dask="),
    (r"--insecure\b", "insecure=True"),
)
"""Patterns of the options in messages, and the keywords of `make` that replace them."""


def in_keywords(text: str) -> str:
    """A message with its options replaced by keywords of `make`."""
    for pattern, keyword in _OPTIONS:
        text = re.sub(pattern, keyword, text)
    return text


@contextlib.contextmanager
def errors_in_keywords() -> Iterator[None]:
    """Turn the errors of the block into ours, with keywords of `make` in their messages."""
    try:
        yield
    except HearPreprocessError as error:
        text = error.text(lambda field: _FIELDS.get(field, field)) if isinstance(error, RequestError) else str(error)
        error.args = (in_keywords(text),)
        raise
    except PermissionError as error:
        raise OutputError(unreadable_message(error)) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise OutputError(f"{os.fsdecode(error.filename)}: {error.strerror}") from error
