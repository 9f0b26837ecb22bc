"""The files for Kubernetes: valid by its schemas, and in agreement with each other and with the command line."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from hearpreprocess.cli.program import parser_of_run
from tests.record import PROJECT

pytestmark = pytest.mark.hosts

FILES = sorted((PROJECT / "deploy" / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.29", kubernetes_validate.latest_version())
"""The first one where a job may replace failed pods alone, and the newest that there are schemas of."""


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield f"{path.stem}/{document['kind']}", document
