"""Secrets and the origins that they are bound to."""

from __future__ import annotations

import logging
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.credentials
import keyring.errors
import pytest

from store.addresses import Origin, origin_of
from store.config.credential import Credential
from store.config.credentials import Credentials
from store.config.secret_sources import token_variable
from store.errors import ConfigurationError

SECRET = "s3cret-that-is-never-shown"


class FakeKeyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = -1  # never chosen by itself, in another test

    def __init__(self) -> None:
        self.held: dict[str, keyring.credentials.Credential] = {}
        self.failure: Exception | None = None

    def get_credential(
        self, service: str, username: str | None
    ) -> keyring.credentials.Credential | None:
        """Return what is held."""
        if self.failure is not None:
            raise self.failure
        return self.held.get(service)

    def get_password(self, service: str, username: str) -> str | None:
        """Return nothing: credentials are asked for."""
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold a user and password."""
        self.held[service] = keyring.credentials.SimpleCredential(username, password)

    def delete_password(self, service: str, username: str) -> None:
        """Forget a service."""
        del self.held[service]


@pytest.fixture(autouse=True)
def fake_keyring() -> Iterator[FakeKeyring]:
    """Put a keyring in memory in the place of the system's."""
    before = keyring.get_keyring()
    fake = FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def _no_secret_is_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text


def explicit(**secrets: str) -> Credentials:
    """Return credentials by address, the secrets as tokens."""
    given = {address: Credential(secret=one, source="explicit") for address, one in secrets.items()}
    return Credentials(given, use_keyring=False)


def found(credentials: Credentials, address: str) -> tuple[str, str] | None:
    """Return the secret for an address and where it comes from."""
    credential = credentials.find(address)
    return None if credential is None else (credential.secret, credential.source)


def test_headers_are_basic_or_bearer() -> None:
    """A user and password go by RFC 7617, a token by RFC 6750."""
    basic = Credential(user="Aladdin", secret="open sesame", source="explicit")

    assert basic.header == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert Credential(secret="t", source="explicit").header == "Bearer t"


def test_no_secret_is_shown() -> None:
    """Neither user nor secret stands in a repr: some servers take a token as the user."""
    credential = Credential(user=SECRET, secret=SECRET, source="explicit")
    credentials = Credentials({"https://a.org": credential})

    assert SECRET not in repr(credential) + repr(credentials)


@pytest.mark.parametrize(
    ("user", "secret"), [(None, f"{SECRET}\r\nX: y"), ("a\n", SECRET), ("a:b", SECRET)]
)
def test_what_would_break_out_of_a_header_is_refused(user: str | None, secret: str) -> None:
    """A line break in a secret would make a header of its own."""
    with pytest.raises(ConfigurationError, match="credential") as raised:
        Credential(user=user, secret=secret, source="explicit")

    assert SECRET not in str(raised.value)


def test_credentials_can_be_hashed_compared_and_sent() -> None:
    """They stand in the options that transports are kept by."""
    one, two = explicit(**{"https://a.org": "x"}), explicit(**{"https://a.org": "x"})

    assert (one, hash(one)) == (two, hash(two))
    assert one != Credentials()
    assert pickle.loads(pickle.dumps(one)).find("https://a.org/b") == one.find("https://a.org/b")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.org/x", "whole"),
        ("https://A.ORG:443", "whole"),
        ("https://a.org/private", "private"),
        ("https://a.org/private/x?y", "private"),
        ("https://a.org/private/deep/x", "deep"),
        ("https://a.org/privateer", "whole"),
        ("https://a.org/private/../x", "whole"),
        ("https://a.org/private/%2E%2e/x", "whole"),
        ("https://a.org//./private/x", "private"),
        ("https://a.org:8443/private", None),
        ("http://a.org/private", None),
        ("https://b.a.org/", None),
        ("https://a.org.evil.net/", None),
        ("http://plain.org/", "plain"),
        ("https://[::1]:8443/x", "six"),
        ("./local/file", None),
        ("https://a.org:port/", None),
    ],
)
def test_the_longest_prefix_of_the_same_origin_wins(address: str, expected: str | None) -> None:
    """Scheme, host and port are matched exactly; paths by whole segments."""
    credentials = explicit(
        **{
            "https://a.org": "whole",
            "https://a.org/private/": "private",
            "https://a.org/private/deep": "deep",
            "http://plain.org": "plain",
            "https://[::1]:8443": "six",
        }
    )

    assert found(credentials, address) == (None if expected is None else (expected, "explicit"))


@pytest.mark.parametrize("key", ["a.org", "https://", "https://u:pw@a.org:x/"])
def test_a_key_that_is_no_address_is_refused(key: str) -> None:
    """It would never be found, silently."""
    with pytest.raises(ConfigurationError, match="no address") as raised:
        explicit(**{key: SECRET})

    assert "pw" not in str(raised.value)


def test_what_stands_in_the_address_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password of the address go before all."""
    monkeypatch.setenv("STORE_TOKEN_HTTPS_A_ORG", "environment")
    credentials = explicit(**{"https://a.org": "explicit"})

    credential = credentials.find("https://us%40er:p%3Aw@a.org/x")

    assert credential == Credential(user="us@er", secret="p:w", source="address")
    assert found(credentials, "https://a.org/x") == ("explicit", "explicit")
    assert credentials.find("https://u%3As:pw@a.org/") is None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org", "STORE_TOKEN_HTTPS_EXAMPLE_ORG"),
        ("https://host:8443/x", "STORE_TOKEN_HTTPS_HOST_8443"),
        ("http://127.0.0.1:80", "STORE_TOKEN_HTTP_127_0_0_1"),
        ("https://my-host.org", "STORE_TOKEN_HTTPS_MY__HOST_ORG"),
        ("https://[::1]:8443", None),
        ("https://under_score.org", None),
        ("https://host.8443", None),
        ("git+https://host", None),
    ],
)
def test_one_variable_stands_for_one_origin(address: str, name: str | None) -> None:
    """A name that two origins would share is given to neither or told apart."""
    assert token_variable(origin_of(address)) == name


def test_hosts_that_differ_in_a_hyphen_share_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A token for ``my.host.org`` is not shown to ``my-host.org``; the way out is told."""
    monkeypatch.setenv("STORE_TOKEN_HTTPS_MY_HOST_ORG", SECRET)
    credentials = Credentials(use_keyring=False)

    assert found(credentials, "https://my.host.org") == (SECRET, "environment")
    assert found(credentials, "https://my-host.org") is None
    assert "STORE_TOKEN_HTTPS_MY__HOST_ORG" in caplog.text


def test_a_variable_holds_a_token_or_a_user_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A colon parts the two; white space around them is none of it; a line break inside is refused."""
    credentials = Credentials(use_keyring=False)
    monkeypatch.setenv("STORE_TOKEN_HTTPS_A_ORG", " token\n")
    monkeypatch.setenv("STORE_TOKEN_HTTPS_B_ORG", "user:pass:word")
    monkeypatch.setenv("STORE_TOKEN_HTTPS_C_ORG", f"{SECRET}\r\nX: y")

    assert credentials.find("https://a.org") == Credential(secret="token", source="environment")
    assert credentials.find("https://b.org") == Credential(
        user="user", secret="pass:word", source="environment"
    )
    assert credentials.find("https://c.org") is None
    assert Credentials(use_environment=False, use_keyring=False).find("https://a.org") is None
    assert credentials.find("https://under_score.org") is None


def test_the_keyring_is_asked_for_the_origin(fake_keyring: FakeKeyring) -> None:
    """The service is the origin; an entry without a user is a token."""
    fake_keyring.set_password("https://a.org:8443", "me", "pw")
    fake_keyring.held["https://b.org"] = keyring.credentials.AnonymousCredential("token")
    fake_keyring.set_password("https://c.org", "me", "")
    credentials = Credentials()

    assert credentials.find_challenged("https://a.org:8443/x") == Credential(
        user="me", secret="pw", source="keyring"
    )
    assert credentials.find_challenged("https://b.org") == Credential(
        secret="token", source="keyring"
    )
    assert credentials.find_challenged("https://c.org") is None
    assert Credentials(use_keyring=False).find_challenged("https://b.org") is None


def test_the_keyring_is_asked_only_when_challenged_and_once(fake_keyring: FakeKeyring) -> None:
    """It may be slow, or ask a person; what it said holds for this object."""
    fake_keyring.set_password("https://a.org", "me", "pw")
    credentials = Credentials()
    assert credentials.find("https://a.org") is None

    first = credentials.find_challenged("https://a.org/x")
    fake_keyring.held.clear()

    assert first is not None
    assert credentials.find_challenged("https://a.org/y") == first
    assert credentials.find_challenged("https://a.org:port/") is None


def test_a_keyring_that_fails_is_passed_over(
    fake_keyring: FakeKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    """What went wrong is logged by its kind alone."""
    fake_keyring.failure = keyring.errors.KeyringError(f"locked: {SECRET}")

    assert Credentials().find_challenged("https://a.org") is None
    assert "KeyringError" in caplog.text


def test_a_keyring_that_is_not_installed_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert Credentials().find_challenged("https://a.org") is None


def test_netrc_gives_its_exact_host_over_https(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry ``default`` is bound to no host and never used; neither is http."""
    (home / ".netrc").write_text(
        "machine A.org login me password pw\n"
        "machine nothing.org login me\n"
        "default login x password y\n"
    )
    credentials = Credentials()

    assert credentials.find("https://a.org/x") == Credential(user="me", secret="pw", source="netrc")
    for address in ("http://a.org", "https://b.org", "https://default", "https://nothing.org"):
        assert credentials.find(address) is None
    assert Credentials(use_netrc=False).find("https://a.org") is None
    monkeypatch.setenv("NETRC", str(home / "none"))
    assert credentials.find("https://a.org") is None


def test_a_damaged_netrc_is_told_without_its_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The parser quotes what it does not understand, which may be a password."""
    (home / ".netrc").write_text(f"machine a.org\n{SECRET} x\n")
    credentials = Credentials()

    assert credentials.find("https://a.org") is None
    assert "NetrcParseError" in caplog.text
    monkeypatch.setenv("NETRC", str(home))
    assert credentials.find("https://a.org") is None


def test_an_origin_without_a_host_has_no_secret() -> None:
    """A path needs none, and has no variable."""
    assert Credentials().find("/some/file") is None
    assert token_variable(Origin("file", "", None)) is None


@pytest.mark.parametrize(
    ("key", "address", "expected"),
    [
        ("https://host/private/", "https://host/public", True),
        ("https://host", "https://host/private/a", False),
        ("https://host/private/", "https://other/private/a", False),
        ("https://host/private/", "http://host/private/a", False),
    ],
)
def test_it_is_known_whether_secrets_depend_on_the_path(
    key: str,
    address: str,
    expected: bool,  # noqa: FBT001
) -> None:
    """Whoever shows one secret to a whole origin has to ask."""
    secret = Credential(secret="s", source="explicit")

    assert Credentials({key: secret}).depend_on_path(address) is expected
    assert not Credentials().depend_on_path(address)
