"""How S3 is reached: what is given, then the environment, then the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.errors import ConfigurationError
from store.transports.objects.account import Keys, account_of
from store.transports.objects.connection import Connection

CONFIG = """
[default]
region = eu-north-1

[profile work]
region = eu-west-1
services = lab
ca_bundle = ~/lab.pem

[profile sso]
sso_session = corp

[services lab]
s3 =
  endpoint_url = https://s3.lab.example
  max_attempts = 3
"""

CREDENTIALS = """
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = default-secret

[work]
aws_access_key_id = WORK
aws_secret_access_key = work-secret
aws_session_token = work-token
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with AWS's files in its home directory."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    return {"HOME": str(tmp_path)}


def test_what_is_given_wins(home: dict[str, str]) -> None:
    """Over all that is around."""
    home |= {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r"}
    given = Connection(
        "http://h:9000/", access_key="OWN", secret_key="own", region="own", path_style=False
    )

    account = account_of(given, home)

    assert account.keys == Keys("OWN", "own", None)
    assert (account.endpoint, account.region) == ("http://h:9000", "own")
    assert account.bucket_address("b") == "http://b.h:9000"


def test_the_environment_wins_over_the_files(home: dict[str, str]) -> None:
    """Keys, region, endpoint and certificates."""
    home |= {
        "AWS_ACCESS_KEY_ID": "ENV",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "t",
        "AWS_DEFAULT_REGION": "r",
        "AWS_ENDPOINT_URL": "https://any.example",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "AWS_CA_BUNDLE": "/b.pem",
    }

    account = account_of(Connection(), home)

    assert account.keys == Keys("ENV", "s", "t")
    assert (account.endpoint, account.region) == ("https://s3.example", "r")
    assert account.bundle == Path("/b.pem")
    assert account.bucket_address("b") == "https://s3.example/b"


@pytest.mark.parametrize("way", ["given", "variable"])
def test_a_profile_is_read(home: dict[str, str], way: str) -> None:
    """From both files, its services too."""
    if way == "variable":
        home["AWS_PROFILE"] = "work"

    account = account_of(Connection(profile="work" if way == "given" else None), home)

    assert account.keys == Keys("WORK", "work-secret", "work-token")
    assert (account.endpoint, account.region) == ("https://s3.lab.example", "eu-west-1")
    assert account.bundle is not None
    assert account.bundle.name == "lab.pem"


def test_a_profile_that_was_given_wins_over_the_environments_keys(home: dict[str, str]) -> None:
    """Whoever names one means its keys."""
    home |= {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r"}

    account = account_of(Connection(profile="work"), home)

    assert account.keys is not None
    assert (account.keys.access_key, account.region) == ("WORK", "eu-west-1")


def test_without_anything_the_cloud_itself_is_asked(tmp_path: Path) -> None:
    """At the default region, with what the machine is allowed."""
    account = account_of(Connection(), {"HOME": str(tmp_path)})

    assert (account.keys, account.endpoint, account.region) == (None, None, "us-east-1")
    assert account.bucket_address("b") == "https://b.s3.us-east-1.amazonaws.com"


def test_the_default_profile_is_read(home: dict[str, str]) -> None:
    """Where none is named."""
    account = account_of(Connection(), home)

    assert account.keys is not None
    assert (account.keys.access_key, account.region) == ("DEFAULT", "eu-north-1")


def test_nobody_signs_anonymously(home: dict[str, str]) -> None:
    """Although keys are around."""
    account = account_of(Connection(anonymous=True), home)

    assert (account.keys, account.anonymous) == (None, True)


def test_a_profile_that_is_not_there_is_told(home: dict[str, str]) -> None:
    """It was named, so that it was meant."""
    with pytest.raises(ConfigurationError, match="'nobody'"):
        account_of(Connection(profile="nobody"), home)


def test_a_way_that_is_not_gone_is_told(home: dict[str, str]) -> None:
    """With what to do in its place."""
    with pytest.raises(ConfigurationError, match="sso_session"):
        account_of(Connection(profile="sso"), home)


@pytest.mark.parametrize("content", [b"no section = 1", b"\xff\xfe[default]"])
def test_a_damaged_file_is_named_and_not_shown(home: dict[str, str], content: bytes) -> None:
    """A secret may stand in it."""
    file = Path(home["HOME"], ".aws", "credentials")
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        account_of(Connection(), home)

    assert caught.value.path == str(file)
    assert "no section" not in str(caught.value)


def test_plain_http_of_the_environment_is_refused(tmp_path: Path) -> None:
    """Unless it is allowed, or is this machine."""
    around = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": "http://s3.example"}

    with pytest.raises(ConfigurationError, match="allow_http"):
        account_of(Connection(), around)
    assert account_of(Connection(allow_http=True), around).endpoint == "http://s3.example"
    around["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9000"
    assert account_of(Connection(), around).endpoint == "http://127.0.0.1:9000"
    around["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    assert account_of(Connection(), around).endpoint is None


@pytest.mark.parametrize(
    "given",
    [
        {"endpoint": "s3.example"},
        {"endpoint": "https://me:hidden@host"},
        {"endpoint": "https://host?x=hidden"},
        {"endpoint": "https://host:port"},
        {"endpoint": "http://host", "allow_http": False},
        {"access_key": "hidden"},
        {"secret_key": "hidden"},
        {"anonymous": True, "access_key": "hidden", "secret_key": "hidden"},
        {"kind": "ftp"},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object]) -> None:
    """At once, and no secret is told."""
    with pytest.raises(ConfigurationError) as caught:
        Connection(**given)  # type: ignore[arg-type]

    assert "hidden" not in str(caught.value)


def test_a_connection_shows_no_secret() -> None:
    """Nor does what is found out of it."""
    given = Connection(
        "https://h", access_key="hidden", secret_key="hidden", session_token="hidden"
    )

    assert "hidden" not in repr(given) + repr(account_of(given, {}))
