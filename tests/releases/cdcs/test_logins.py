"""User and password are looked for in one order, and remembered where they were new."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

from store.addresses import origin_of
from store.config.secret_sources import token_variable
from store.errors import CredentialsError, QueryError
from store.releases import get_credentials, get_interface
from store.releases.cdcs import CDCSArchive
from store.testing.curators import FakeCurator

HOST = "https://cdcs.example.org"
VARIABLE = "STORE_TOKEN_HTTPS_CDCS_EXAMPLE_ORG"


class FakeKeyring(Protocol):
    """A keyring in memory."""

    held: dict[tuple[str, str], str]
    failure: Exception | None


@pytest.fixture
def everywhere(
    fake_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> FakeKeyring:
    """A password in the keyring, one in the environment, one in netrc, each of another user."""
    fake_keyring.held[HOST, "kay"] = "of the keyring"
    monkeypatch.setenv(VARIABLE, "eve:of the environment")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine cdcs.example.org login ned password of-netrc\n", encoding="utf-8")
    netrc.chmod(0o600)
    return fake_keyring


def test_what_is_passed_wins(everywhere: FakeKeyring) -> None:
    """Nothing else is asked; a password may also stand in the address."""
    everywhere.failure = RuntimeError("it was asked")

    assert get_credentials(HOST, "ada", "lovelace") == ("ada", "lovelace")
    assert get_credentials("https://ada:love@cdcs.example.org") == ("ada", "love")
    everywhere.failure = None
    assert get_credentials("https://ada:love@cdcs.example.org", "ned") == ("ned", "of-netrc")


def test_the_keyring_comes_first(everywhere: FakeKeyring) -> None:
    """Of those that know; one that fails is passed over."""
    assert get_credentials(HOST) == ("kay", "of the keyring")

    everywhere.failure = RuntimeError("locked")
    assert get_credentials(HOST) == ("eve", "of the environment")


def test_then_the_environment_and_netrc(
    everywhere: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lone token has no user."""
    everywhere.held.clear()
    assert get_credentials(HOST) == ("eve", "of the environment")
    monkeypatch.setenv(VARIABLE, "a-token")
    assert get_credentials(HOST) == ("", "a-token")
    assert get_credentials(HOST, "anybody") == ("", "a-token")
    monkeypatch.delenv(VARIABLE)
    assert get_credentials(HOST) == ("ned", "of-netrc")


def test_who_logs_in_with_a_token_is_nobody_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the archive is opened."""
    monkeypatch.setenv(VARIABLE, "a-token")

    archive = CDCSArchive(HOST, "ada")

    assert archive.user is None


@pytest.mark.usefixtures("everywhere")
def test_only_the_named_user_will_do() -> None:
    """Another's password is not shown."""
    assert get_credentials(HOST, "ned") == ("ned", "of-netrc")
    assert get_credentials(HOST, "eve") == ("eve", "of the environment")
    with pytest.raises(CredentialsError, match=VARIABLE):
        get_credentials(HOST, "ada")


def test_nobody_is_asked_without_a_terminal() -> None:
    """The error says what to do."""
    with pytest.raises(CredentialsError, match="no terminal"):
        get_credentials(HOST)
    with pytest.raises(CredentialsError, match="pass them"):
        get_credentials("https://[::1]:8443")


def test_a_host_is_an_address() -> None:
    """Of a server, over http or https."""
    for host in ("cdcs", "ftp://host", "http://[", "https://host:port"):
        with pytest.raises(QueryError, match="no address"):
            get_credentials(host)


def test_a_person_at_a_terminal_is_asked() -> None:
    """The password is not shown as it is typed; nothing goes to stdout."""
    script = (
        "from store.releases import get_credentials\n"
        f"import sys; found = get_credentials({HOST!r})\n"
        "open(sys.argv[1], 'w').write(repr(found))"
    )
    ours, theirs = pty.openpty()
    answer = Path("answer")
    # A shell that opens the terminal first, in a session of its own, is controlled by it.
    call = 'exec "$0" -c "$1" answer <"$2" 2>"$2"'
    named = ["/bin/sh", "-c", call, sys.executable, script, os.ttyname(theirs)]
    with subprocess.Popen(named, start_new_session=True, stdout=subprocess.PIPE) as process:
        shown = b""
        for prompt, typed in ((b"User at", b"ada\n"), (b"Password of ada", b"lovelace\n")):
            while prompt not in shown or not shown.endswith(b": "):
                shown += os.read(ours, 1024)
            os.write(ours, typed)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(ours)
    os.close(theirs)

    assert answer.read_text(encoding="utf-8") == "('ada', 'lovelace')"
    assert b"lovelace" not in shown


def test_what_opened_an_archive_is_remembered(
    fake_keyring: FakeKeyring, curator: FakeCurator
) -> None:
    """After the first request, so that the next need not say it."""
    get_interface(curator.url, "admin", "admin")

    assert fake_keyring.held == {(curator.url, "admin"): "admin"}
    again = get_interface(curator.url)
    assert isinstance(again, CDCSArchive)
    assert again.user == "admin"


def test_what_opened_nothing_is_not_remembered(
    fake_keyring: FakeKeyring, curator: FakeCurator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what was known, nor where the settings leave the keyring out; a failing one is no error."""
    with pytest.raises(CredentialsError):
        get_interface(curator.url, "admin", "wrong")
    variable = token_variable(origin_of(curator.url)) or ""
    monkeypatch.setenv(variable, "admin:admin")
    get_interface(curator.url)
    fake_keyring.failure = RuntimeError("locked")
    get_interface(curator.url, "admin", "admin")
    fake_keyring.failure = None
    Path("store.toml").write_text("keyring = false\n", encoding="utf-8")
    get_interface(curator.url, "admin", "admin")

    assert fake_keyring.held == {}


def test_a_password_is_looked_for_where_a_user_is_named(
    fake_keyring: FakeKeyring, curator: FakeCurator
) -> None:
    """By the class of the page itself, too."""
    fake_keyring.held[curator.url, "admin"] = "admin"

    archive = CDCSArchive(curator.url, "admin")

    assert archive.curator.get_workspaces()
    assert "admin" not in repr(archive.curator.options)
