"""Which variables and files credentials come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hearpreprocess.errors import ConfigError
from hearpreprocess.objects import stores
from hearpreprocess.objects.credentials import settings_of

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "geheim"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = of-file\naws_secret_access_key = geheim%1\n[lab]\naws_access_key_id=lab\n"
        "aws_secret_access_key=geheim\naws_session_token=token\n"
    )
    (tmp_path / ".aws" / "config").write_text(
        "[default]\nregion = eu-north-1\n[profile lab]\nregion=eu-central-1\nendpoint_url = https://minio.lab:9000\n"
        "[profile single]\nsso_session = x\n"
    )
    return tmp_path


def test_s3_keys_of_the_environment_come_first(home: Path) -> None:
    settings = settings_of("s3", {**KEYS, "AWS_SESSION_TOKEN": "t", "AWS_REGION": "us-west-2"}, home)
    assert settings == {
        "access_key_id": "id",
        "secret_access_key": "geheim",
        "session_token": "t",
        "region": "us-west-2",
        "checksum_algorithm": "SHA256",
    }


def test_s3_keys_of_the_files(home: Path) -> None:
    settings = settings_of("s3", {}, home)
    assert settings["access_key_id"], settings["secret_access_key"] == ("of-file", "geheim%1")
    assert settings["region"] == "eu-north-1"
    lab = settings_of("s3", {"AWS_PROFILE": "lab"}, home)
    assert (lab["access_key_id"], lab["session_token"]) == ("lab", "token")
    assert (lab["region"], lab["endpoint"]) == ("eu-central-1", "https://minio.lab:9000")
    moved = {
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_CONFIG_FILE": str(home / "none"),
    }
    assert settings_of("s3", moved, home / "elsewhere")["access_key_id"] == "of-file"


@pytest.mark.parametrize(
    ("scheme", "environment", "expected"),
    [
        ("s3", {"AWS_ACCESS_KEY_ID": "id"}, "AWS_SECRET_ACCESS_KEY is not set"),
        ("s3", {**KEYS, "AWS_ENDPOINT_URL": "localhost:9000"}, "AWS_ENDPOINT_URL is not the URL of a server"),
        ("s3", {**KEYS, "AWS_ENDPOINT_URL": "http://k:geheim@h"}, "AWS_ENDPOINT_URL is not the URL of a server"),
        ("s3", {**KEYS, "AWS_ENDPOINT_URL": "http://h:99999"}, "AWS_ENDPOINT_URL is not the URL of a server"),
        ("s3", {**KEYS, "AWS_SECRET_ACCESS_KEY": "geheim\nx"}, "AWS_SECRET_ACCESS_KEY has a line break"),
        ("s3", {**KEYS, "AWS_REGION": "a b"}, "AWS_REGION is not the name of a region"),
        ("gs", {"GOOGLE_APPLICATION_CREDENTIALS": __file__}, "or is not a JSON key file"),
        ("az", {"AZURE_STORAGE_ACCOUNT_NAME": "lab", "AZURE_STORAGE_KEY": "geheim!"}, "AZURE_STORAGE_ACCOUNT_KEY, or"),
        ("s3", {"AWS_PROFILE": "nobody"}, "no profile 'nobody'"),
        ("s3", {"AWS_PROFILE": "single"}, "aws configure export-credentials --profile single"),
        ("gs", {}, "no credentials for gs://"),
        ("gs", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}, "/nowhere.json not found"),
        ("az", {}, "no credentials for az://"),
        ("az", {"AZURE_STORAGE_ACCOUNT_NAME": "lab"}, "no credentials for az://"),
        ("az", {"AZURE_STORAGE_ACCOUNT_KEY": "geheim"}, "no credentials for az://"),
    ],
)
def test_missing(home: Path, scheme: str, environment: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(scheme, environment, home)
    assert expected in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_keys_of_the_environment_need_no_keys_of_the_profile(home: Path) -> None:
    for profile in ("single", "nobody"):
        assert settings_of("s3", {**KEYS, "AWS_PROFILE": profile}, home)["access_key_id"] == "id"
    with_endpoint = settings_of("s3", {**KEYS, "AWS_PROFILE": "lab"}, home)
    assert (with_endpoint["access_key_id"], with_endpoint["region"]) == ("id", "eu-central-1")
    assert "session_token" not in with_endpoint


def test_what_obstore_refuses_names_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "lab")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "geheim%zz")
    with pytest.raises(ConfigError, match=r"Check AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_SAS_TOKEN$"):
        stores._store("az://container/x")


def test_without_any_no_metadata_server_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no credentials for s3://"):
        settings_of("s3", {}, tmp_path)
    assert "access_key_id" not in settings_of("s3", {"AWS_METADATA_ENDPOINT": "http://169.254.169.254"}, tmp_path)


def test_a_damaged_file_does_not_show_its_lines(home: Path) -> None:
    (home / ".aws" / "credentials").write_text("aws_secret_access_key = geheim\n")
    with pytest.raises(ConfigError) as refused:
        settings_of("s3", {}, home)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_azure(home: Path) -> None:
    own = {"AZURE_STORAGE_ACCOUNT_NAME": "lab", "AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=geheim"}
    assert settings_of("az", own, home) == {"account_name": "lab", "sas_key": "sv=1&sig=geheim"}
    connection = "DefaultEndpointsProtocol=http;AccountName=lab;AccountKey=geheim==;BlobEndpoint=http://127.0.0.1/lab;"
    assert settings_of("az", {"AZURE_STORAGE_CONNECTION_STRING": connection}, home) == {
        "account_name": "lab",
        "account_key": "geheim==",
        "endpoint": "http://127.0.0.1/lab",
    }


def test_google(home: Path) -> None:
    usual = home / ".config" / "gcloud" / "application_default_credentials.json"
    usual.parent.mkdir(parents=True)
    usual.write_text("{}")
    assert settings_of("gs", {}, home) == {"application_credentials": str(usual)}
    assert settings_of("gs", {"GCE_METADATA_HOST": "metadata.google.internal"}, home / "none") == {}


@pytest.mark.parametrize(
    ("address", "expected"),
    [("gs://bucket/a/x", "GCSStore"), ("az://container/a/x", "AzureStore"), ("s3://bucket/a/x", "S3Store")],
)
def test_obstore_takes_the_settings(
    address: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "t"}
    (tmp_path / "key.json").write_text(json.dumps(user))
    variables = {
        **KEYS,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
        "AZURE_STORAGE_ACCOUNT_NAME": "lab",
        "AZURE_STORAGE_SAS_TOKEN": "sv=2026-01-01&sig=geheim",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    store, key = stores._store(address)
    assert (type(store).__name__, key) == (expected, "a/x")
