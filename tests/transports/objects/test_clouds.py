"""What is wrong with the keys of a cloud is named, by its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.errors import ConfigurationError, MissingKeyError
from store.transports.objects.account import account_of
from store.transports.objects.connection import Connection
from store.transports.objects.failures import mapped, refused
from store.transports.objects.opening import open_objects
from store.transports.retrying import is_transient


@pytest.mark.parametrize(
    ("address", "given", "key"),
    [
        ("gs://b", {"credentials_file": Path("/nope")}, "credentials_file"),
        ("az://b", {"access_key": "me", "secret_key": "!?"}, "secret_key"),
        ("az://b", {}, "access_key"),
    ],
)
def test_a_key_that_cannot_be_meant_is_named(address: str, given: dict[str, Any], key: str) -> None:
    """And not "look at endpoint, region and keys"."""
    client = open_objects(address, connection=Connection(kind=address[:2], **given))  # type: ignore[arg-type]

    with pytest.raises(ConfigurationError) as raised:
        client.head("x")

    assert raised.value.key == key
    assert key in str(raised.value)


def test_a_variable_that_names_no_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's own."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nope")

    with pytest.raises(ConfigurationError, match="GOOGLE_APPLICATION_CREDENTIALS names /nope"):
        open_objects("gs://b", connection=Connection(kind="gs")).head("x")


def test_half_a_pair_of_keys_is_told() -> None:
    """No file of AWS's has the other half."""
    with pytest.raises(ConfigurationError, match="AWS_SECRET_ACCESS_KEY is not"):
        account_of(Connection(), {"AWS_ACCESS_KEY_ID": "me"})


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("s3://b", "AWS_ACCESS_KEY_ID"),
        ("gs://b", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("az://b", "AZURE_STORAGE_ACCOUNT_NAME"),
    ],
)
def test_each_cloud_is_told_of_its_own_keys(address: str, word: str) -> None:
    """Where the server refuses, and where there are none at all."""
    assert word in str(refused(403, address))
    assert word in str(mapped(OSError("no credential"), address))


def test_an_upload_that_the_store_has_forgotten_is_no_missing_object() -> None:
    """It is to be begun anew; to send the part again would not help."""
    error = refused(404, "s3://b", key="a", code="NoSuchUpload")

    assert "has forgotten the parts" in str(error)
    assert error.exit_status == 8
    assert not is_transient(error)


@pytest.mark.parametrize("key", ["NotPartial", "UnexpectedRange", "credential", "169.254.1.1.log"])
def test_a_key_is_no_words_of_the_library(key: str) -> None:
    """Whatever stands in it: the object is missing, and nothing else."""
    error = mapped(FileNotFoundError(f"Object at location {key} not found: 404"), "s3://b", key=key)

    assert isinstance(error, MissingKeyError)


@pytest.mark.parametrize("name", ["team-credentials", "redirect-logs", "logs-timedout", "dns-logs"])
def test_an_address_is_no_words_of_the_library(name: str) -> None:
    """Nor is what the server says."""
    text = f"error sending request for url (http://127.0.0.1:1/{name}/x): Connection refused"

    error = mapped(OSError(text), f"s3://{name}", key="x")

    assert "the connection was refused" in str(error)


def test_a_short_key_hides_nothing() -> None:
    """Its letter may stand anywhere."""
    said = "Server returned non-2xx status code: 503: <Error><Code>SlowDown</Code></Error>"

    assert getattr(mapped(OSError(said), "s3://b", key="a"), "status", None) == 503
