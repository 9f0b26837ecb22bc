"""The files of the AWS command line with keys, region and endpoint, which obstore does not read by itself."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from hearpreprocess.errors import ConfigError

_NOT_READ = ("credential_process", "sso_session", "sso_start_url", "role_arn")
"""Settings of profiles whose keys another program has to fetch."""


def profile_of(environment: Mapping[str, str], home: Path, *, needs_keys: bool) -> dict[str, str]:
    """The settings of the profile in AWS_PROFILE, or of `default`, by their names in the files.

    The files are AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials, and AWS_CONFIG_FILE or ~/.aws/config; keys in the
    former win. `needs_keys`: whether the keys of the profile are needed. Raises ConfigError where a file cannot be read
    and, if keys are needed, where a named profile is missing or its keys come from another program.
    """
    named = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    name = named or "default"
    credentials = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials").expanduser()
    config = Path(environment.get("AWS_CONFIG_FILE") or home / ".aws" / "config").expanduser()
    of_config, of_credentials = _sections(config), _sections(credentials)
    section = of_config.get(f"profile {name}") or (of_config.get(name) if name == "default" else None)
    if needs_keys and named and section is None and name not in of_credentials:
        raise ConfigError(f"AWS_PROFILE: no profile {name!r} in {credentials} or {config}. Correct it, or unset it")
    profile = {**(section or {}), **of_credentials.get(name, {})}
    if needs_keys and "aws_access_key_id" not in profile and (wrong := [key for key in _NOT_READ if key in profile]):
        raise ConfigError(
            f"{config}: profile {name!r} gets its keys by {wrong[0]}, which is not supported. Set them in the "
            f'environment: eval "$(aws configure export-credentials --profile {name} --format env)"'
        )
    return profile


def _sections(path: Path) -> dict[str, dict[str, str]]:
    """The settings by section; empty without the file. The messages of configparser quote lines, and so secrets."""
    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (configparser.Error, ValueError):
        raise ConfigError(f"{path}: not an INI file of the AWS command line. Correct it") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}
