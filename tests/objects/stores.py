"""Who may write to a store, in the environment of a command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from tests.objects.s3_server import S3Server


def environment_of(server: S3Server, key: str = "writer") -> dict[str, str]:
    """The variables of somebody with this key, and of nothing else that speaks of AWS."""
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": f"{key}-secret", "AWS_ENDPOINT_URL": server.url}
    return {**keys, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def with_variables(variables: Mapping[str, str]) -> Callable[[], None]:
    """What sets variables in the process of a command before it begins."""
    return partial(_set, dict(variables))


def _set(variables: Mapping[str, str]) -> None:
    os.environ.update(variables)
