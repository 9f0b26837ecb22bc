"""The URLs of objects and of their prefixes: which forms are accepted, and why others are not."""

from __future__ import annotations

import re

from hearpreprocess.errors import ConfigError
from hearpreprocess.task import without_credentials

FORMS = "s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
"""The accepted URLs, for messages."""

WHERE_CREDENTIALS_BELONG = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""By scheme, the usual environment variables and files with credentials, for messages."""

_INSTEAD = {
    **dict.fromkeys(("s3a", "s3n"), "s3://bucket/prefix"),
    "gcs": "gs://bucket/prefix",
    **dict.fromkeys(
        ("abfs", "abfss", "wasb", "wasbs", "adl", "azure"),
        "az://container/prefix, with the account in AZURE_STORAGE_ACCOUNT_NAME",
    ),
    **dict.fromkeys(
        ("http", "https"),
        "s3://bucket/prefix with the server's URL in AWS_ENDPOINT_URL, or az://container/prefix with the account in "
        "AZURE_STORAGE_ACCOUNT_NAME",
    ),
    "file": "a path",
}
"""By other schemes, what to give instead."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,221}")
_MEANT = re.compile(
    rf"\W*({'|'.join((*WHERE_CREDENTIALS_BELONG, *_INSTEAD))}):|\W*[A-Za-z][A-Za-z0-9+.-]*://", re.IGNORECASE
)
"""What begins as a URL does, also one that was mistyped, or whose slashes `pathlib` has joined."""


def is_address(text: str) -> bool:
    """Whether a text is, or was meant to be, a URL, not a path; `./` before it makes it a path."""
    return not text.startswith((".", "/")) and _MEANT.match(text) is not None


def is_stored(text: str) -> bool:
    """Whether a text is a URL of an object store, accepted or not; other URLs are those of web servers and files."""
    match = _MEANT.match(text) if is_address(text) else None
    scheme = (match[1] or "").lower() if match else ""
    return "/" in text and scheme not in ("", "http", "https", "file")


def shown_address(text: str) -> str:
    """A URL of an object store, accepted or not, in one line and without the secrets that it may hold."""
    scheme, colon, rest = without_credentials(text).partition(":")
    slashes = rest[: len(rest) - len(rest.lstrip("/"))]
    bucket, _slash, _key = rest.lstrip("/").partition("/")
    if ":" in bucket:  # a password may stand without an "@", and hold slashes
        rest = slashes + bucket.partition(":")[0]
    if "@" in rest:
        rest = slashes + rest.rpartition("@")[2]
    return "".join(letter if letter.isprintable() else "?" for letter in re.split("[?#]", f"{scheme}{colon}{rest}")[0])


def checked_address(text: str) -> str:
    """The URL of an object or a prefix, without a slash at its end.

    Raises ConfigError, without the secrets that the text may hold, where the URL is not accepted.
    """
    match = _SCHEME.match(text)
    shown = shown_address(text)
    scheme = match[1].lower() if match else ""
    if scheme in _INSTEAD:
        raise ConfigError(f"{shown}: {scheme}:// is not supported here. Give {_INSTEAD[scheme]}")
    if match is None or scheme not in WHERE_CREDENTIALS_BELONG:
        raise ConfigError(f"{shown}: expected {FORMS}, with nothing before it; a path of this name needs ./ before it")
    rest = text[match.end() :]
    bucket, _slash, prefix = rest.partition("/")
    if re.search("[@?#]", rest) or ":" in bucket:
        raise ConfigError(
            f"{shown}: '@', '?', '#' and a ':' in the bucket's name are not supported, as secrets may follow them; "
            f"expected {FORMS}. Set credentials in {WHERE_CREDENTIALS_BELONG[scheme]}"
        )
    if not _BUCKET.fullmatch(bucket):
        raise ConfigError(f"{shown}: invalid name of a bucket or container, {bucket!r}; expected {FORMS}")
    parts = prefix.rstrip("/").split("/") if prefix.strip("/") else []
    if not {"", ".", ".."}.isdisjoint(parts) or not prefix.isprintable() or "\\" in prefix:
        raise ConfigError(f"{shown}: invalid prefix; expected names with single slashes between them")
    return "/".join([f"{scheme}://{bucket}", *parts])


def divided(address: str) -> tuple[str, str, str]:
    """The scheme, the bucket and the key of a checked URL."""
    scheme, _slashes, rest = address.partition("://")
    bucket, _slash, key = rest.partition("/")
    return scheme, bucket, key
