"""The log of a run: a file below the work folder with all messages of Luigi and the steps."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from hearpreprocess.steps import LOGGER

LOGGERS = (LOGGER, "luigi", "luigi-interface", "luigi.scheduler")


class LogHandler(logging.FileHandler):
    """Appends to the log of a run."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Drop a line that cannot be written, so that a full disk does not flood the screen with logging errors."""


@contextlib.contextmanager
def log_to(path: Path, level: int = logging.INFO, names: Sequence[str] = LOGGERS) -> Iterator[None]:
    """Send the messages of Luigi and the steps, or of other loggers, during the block to a file only."""
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]
    handler = LogHandler(path)
    try:
        attach(handler, level, names)
        yield
    finally:
        for logger, handlers, earlier_level, propagates in before:
            logger.handlers, logger.propagate = handlers, propagates
            logger.setLevel(earlier_level)
        with contextlib.suppress(OSError):  # the disk is still full
            handler.close()


def log_until_exit(path: Path, level: int = logging.INFO) -> None:
    """Like `log_to`, until this process ends; do nothing if it inherits a run's log."""
    if not any(isinstance(handler, LogHandler) for handler in logging.getLogger(LOGGER).handlers):
        attach(LogHandler(path), level)


def attach(handler: logging.Handler, level: int, names: Sequence[str] = LOGGERS) -> None:
    """Send the messages of the loggers of these names to a handler only."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)


def log_path(journal: Path, tmp_dir: Path) -> Path:
    """The log of the run that has this journal."""
    return tmp_dir / "logs" / f"{journal.stem}.log"
