"""Where the words of Luigi and of the steps go: a file below the work folder, with the whole story of a run."""

from __future__ import annotations

import logging
from pathlib import Path

from hearpreprocess.steps import LOGGER

LOGGERS = (LOGGER, "luigi", "luigi-interface", "luigi.scheduler")


def log_to(path: Path) -> None:
    """Send what Luigi and the steps say to a file, and nowhere else; a process that inherits this keeps it."""
    if logging.getLogger(LOGGERS[0]).handlers:
        return
    logging.raiseExceptions = False  # a full disk must not fill the screen with complaints about the log
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def log_path(journal: Path, tmp_dir: Path) -> Path:
    """The log of the run that has this journal."""
    return tmp_dir / "logs" / f"{journal.stem}.log"
