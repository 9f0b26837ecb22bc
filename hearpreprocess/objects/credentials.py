"""The settings of a store from the environment and the usual files: credentials, endpoint, region."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from hearpreprocess.errors import ConfigError
from hearpreprocess.objects.profiles import profile_of

_DEFAULT_REGION = "us-east-1"

_READ_BY_OBSTORE = {
    "s3": (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_METADATA_ENDPOINT",
        "AWS_SKIP_SIGNATURE",
    ),
    "gs": (
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GCE_METADATA_HOST",
        "GOOGLE_SKIP_SIGNATURE",
    ),
    "az": (
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_MSI_ENDPOINT",
        "AZURE_USE_AZURE_CLI",
        "AZURE_SKIP_SIGNATURE",
    ),
}
"""By scheme, variables that make obstore find the credentials by itself: of containers, roles and public data."""


def settings_of(scheme: str, environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The settings for obstore's store of a scheme, without what obstore reads from the environment by itself.

    Raises ConfigError where no credentials are found, so that obstore does not ask a metadata server that only a
    machine of a cloud has.
    """
    settings = {"s3": _of_s3, "gs": _of_gs, "az": _of_az}[scheme](environment, home)
    for name, value in settings.items():
        if problem := _problem(name, value):
            variable = variable_of(scheme, name)
            shown = variable if environment.get(variable) else f"{variable}, or what stands for it,"
            raise ConfigError(f"{shown} {problem}. Correct it")
    is_found = not _CREDENTIALS.isdisjoint(settings) or any(map(environment.get, _READ_BY_OBSTORE[scheme]))
    if not is_found or (scheme == "az" and "account_name" not in settings):
        raise ConfigError(_MISSING[scheme])
    return settings


_NAMES = {
    "s3": {
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
        "endpoint": "AWS_ENDPOINT_URL",
        "region": "AWS_REGION",
    },
    "gs": {"application_credentials": "GOOGLE_APPLICATION_CREDENTIALS"},
    "az": {
        "account_name": "AZURE_STORAGE_ACCOUNT_NAME",
        "account_key": "AZURE_STORAGE_ACCOUNT_KEY",
        "sas_key": "AZURE_STORAGE_SAS_TOKEN",
        "endpoint": "AZURE_STORAGE_ENDPOINT",
    },
}
"""By scheme, the variables that the settings usually come from, for messages."""


def variable_of(scheme: str, setting: str) -> str:
    """The variable that a setting usually comes from."""
    return _NAMES[scheme].get(setting, setting)


def variables_in(scheme: str, environment: Mapping[str, str]) -> str:
    """The variables of a scheme that are set, for messages."""
    names = (*_NAMES[scheme].values(), *_READ_BY_OBSTORE[scheme])
    return ", ".join(filter(environment.get, names)) or " and ".join(_NAMES[scheme].values())


def _problem(name: str, value: str) -> str:
    """What is wrong with a setting, on which obstore may panic, without its value, which may be secret; "" if right."""
    if not value.isprintable() or value != value.strip():
        return "has a line break, a space at an end, or another character that cannot be sent"
    if name == "endpoint":
        try:
            parts = urlsplit(value)
            is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_url = False
        if not is_url or "@" in value or " " in value or parts.query:
            return "is not the URL of a server; expected one like https://host:9000"
    if name == "region" and not re.fullmatch("[A-Za-z0-9-]+", value):
        return "is not the name of a region; expected one like us-east-1"
    if name == "account_name" and not re.fullmatch("[A-Za-z0-9-]+", value):
        return "is not the name of an account; expected small letters and digits"
    if name == "account_key" and not _is_base64(value):
        return "is not a key in base64"
    if name == "application_credentials" and not _is_json_object(Path(value)):
        return f"names {value}, which cannot be read or is not a JSON key file"
    return "" if name == "application_credentials" or value.isascii() else "has letters other than those of ASCII"


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _is_json_object(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError):
        return False


_CREDENTIALS = {"access_key_id", "application_credentials", "account_key", "sas_key"}
"""The settings of which one is enough to sign requests."""


_MISSING = {
    "s3": "no credentials for s3://. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile to "
    "~/.aws/credentials; on a machine with an instance role, set AWS_METADATA_ENDPOINT=http://169.254.169.254",
    "gs": "no credentials for gs://. Set GOOGLE_APPLICATION_CREDENTIALS to a JSON key file, or run `gcloud auth "
    "application-default login`; on a machine with a service account, set GCE_METADATA_HOST=metadata.google.internal",
    "az": "no credentials for az://. Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY (or "
    "AZURE_STORAGE_SAS_TOKEN), or AZURE_STORAGE_CONNECTION_STRING",
}


def _of_s3(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    keys = {name: environment[name.upper()] for name in names if environment.get(name.upper())}
    needs_keys = not keys and not any(environment.get(name) for name in _READ_BY_OBSTORE["s3"])
    profile = profile_of(environment, home, needs_keys=needs_keys)
    if needs_keys:
        keys = {name: profile[name] for name in names if profile.get(name)}
    if missing := [name for name in names[:2] if keys and name not in keys]:
        raise ConfigError(f"{missing[0].upper()} is not set, but the other half of the key is. Set both")
    endpoint = (
        environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or environment.get("AWS_ENDPOINT")
        or profile.get("endpoint_url")
    )
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or profile.get("region")
    return {
        **{name.removeprefix("aws_"): key for name, key in keys.items()},
        **({"endpoint": endpoint} if endpoint else {}),
        "region": region or _DEFAULT_REGION,
        "checksum_algorithm": "SHA256",
    }


def _of_gs(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    given = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    path = Path(given).expanduser() if given else home / ".config" / "gcloud" / "application_default_credentials.json"
    if path.is_file():
        return {"application_credentials": str(path)}
    if given:
        raise ConfigError(f"GOOGLE_APPLICATION_CREDENTIALS: {path} not found. Correct the path")
    return {}


def _of_az(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    parts = [part.partition("=") for part in environment.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";")]
    connection = {name.strip(): value.strip() for name, _equals, value in parts}

    def first(name: str, *variables: str) -> str | None:
        return next(filter(None, map(environment.get, variables)), None) or connection.get(name)

    settings = {
        "account_name": first("AccountName", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"),
        "account_key": first("AccountKey", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY"),
        "sas_key": first("SharedAccessSignature", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"),
        "endpoint": first("BlobEndpoint", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    }
    found = {name: value for name, value in settings.items() if value}
    if "account_name" not in found:
        raise ConfigError(_MISSING["az"])
    if "account_key" in found:
        found.pop("sas_key", None)
    return found
