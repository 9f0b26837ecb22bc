"""The URLs of object stores on the command line: read as paths, or refused where a command needs files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hearpreprocess import objects
from hearpreprocess.errors import ConfigError

WITH_OBJECTS = ("run", "published", "plan", "doctor", "check", "clean", "demo", "verify")
"""The commands with an argument or an option that may be the URL of an object store."""


def path_or_object(text: str) -> Path:
    """A path, or the URL of an object or a prefix; the type of an argument."""
    if not objects.is_address(text):
        return Path(text)
    try:
        return objects.object_path(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def check_no_objects(command: str, words: Sequence[str]) -> None:
    """Raise ConfigError where a command that reads and writes files alone is given the URL of an object store."""
    for word in () if command in WITH_OBJECTS else words:
        if objects.is_stored(address := word.partition("=")[2] if word.startswith("--") else word):
            raise ConfigError(
                f"{objects.shown_address(address)}: `{command}` reads and writes files only. Copy the object to a disk "
                f"and give its path; verify, published and --tar-dir accept {objects.FORMS}"
            )
