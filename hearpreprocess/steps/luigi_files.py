"""The files with a user's Luigi settings, which Luigi reads only when it is imported."""

from __future__ import annotations

import configparser
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.errors import ConfigError

PATH, PARSER = "LUIGI_CONFIG_PATH", "LUIGI_CONFIG_PARSER"
_PLACES = {  # by parser, from Luigi's documentation
    "cfg": ("/etc/luigi/client.cfg", "/etc/luigi/luigi.cfg", "client.cfg", "luigi.cfg"),
    "toml": ("/etc/luigi/luigi.toml", "luigi.toml"),
}
_PARSERS = {"cfg": "cfg", "conf": "cfg", "ini": "cfg", "toml": "toml"}

_read_on_import: dict[Path, bytes] = {}


def settings_files() -> list[Path]:
    """The existing files with Luigi's settings; later ones override earlier ones.

    Raises ConfigError where LUIGI_CONFIG_PATH or LUIGI_CONFIG_PARSER has a value that Luigi would ignore with a
    warning.
    """
    parser = _PARSERS.get(wanted := os.environ.get(PARSER) or "cfg")
    if parser is None:
        raise ConfigError(f"{PARSER}: unknown parser; expected one of {', '.join(_PARSERS)}, got {wanted!r}")
    files = [Path(path) for path in _PLACES[parser] if Path(path).is_file()]
    if os.environ.get(PATH):
        own = Path(os.environ[PATH])
        if not own.is_file():
            raise ConfigError(f"{PATH}: expected a file with Luigi's settings, got {str(own)!r}, which does not exist")
        needed = _PARSERS.get(own.suffix[1:], parser)
        if needed != parser:
            raise ConfigError(f"{PATH}: Luigi would ignore {own}. Set {PARSER}={needed}")
        files.append(own)
    return files


def names_of(files: list[Path]) -> str:
    """The files, as text for a message."""
    return " or ".join(map(str, files)) or "luigi.cfg"


@contextlib.contextmanager
def reading_settings() -> Iterator[None]:
    """Import Luigi in this block: errors in its settings become a ConfigError that names the file."""
    files = settings_files()
    try:
        _read_on_import.update(_contents(files))
        with warnings.catch_warnings():
            # Luigi warns about one of its own defaults on import, and about an empty variable; neither concerns users.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.filterwarnings("ignore", "LUIGI_CONFIG_", UserWarning)
            yield
    except ModuleNotFoundError:
        raise
    except (configparser.Error, ValueError, ImportError, OSError) as error:
        # Luigi keeps the settings before the error, and would use only these when imported again.
        for name in [name for name in list(sys.modules) if name.partition(".")[0] == "luigi"]:
            del sys.modules[name]
        reason = " ".join(str(error).split()).rstrip(".")
        where = names_of(files) if files else f"{PARSER}={os.environ.get(PARSER)}"
        raise ConfigError(f"{where}: Luigi cannot read its settings: {reason}. Repair or remove them.") from error


def check_read() -> None:
    """Raise ConfigError if a settings file was changed after Luigi was imported, as Luigi would ignore the change."""
    unread = [path for path, content in _contents(settings_files()).items() if _read_on_import.get(path) != content]
    if unread:
        raise ConfigError(
            f"{names_of(unread)}: changed after Luigi has read its settings in this process. Use a new process"
        )


def _contents(files: list[Path]) -> dict[Path, bytes]:
    return {path.resolve(): path.read_bytes() for path in files}
