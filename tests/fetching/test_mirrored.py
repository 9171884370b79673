"""A URL is fetched with further addresses, and rules hold for whatever is fetched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import store
from store.errors import LocatorError, QueryError, RefusedError, TransportError, UnverifiedError
from store.fetching.mirrored import Mirrored
from store.testing.misbehaving import OtherContent, Status
from store.testing.servers import Server

DATA = b"content of many places\n"
PIN = f"sha256={hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def mirror() -> object:
    """Another server."""
    with Server() as running:
        yield running


def test_further_addresses_are_asked_in_their_order(server: Server, mirror: Server) -> None:
    """The first that gives the right content does; the result is called by the URL."""
    url = server.serve("/a.bin", fault=Status(404))
    wrong = mirror.serve("/wrong", DATA, fault=OtherContent())
    right = mirror.serve("/right", DATA)

    path = store.fetch(f"{url}#{PIN}", mirrors=[wrong, right])

    assert path.read_bytes() == DATA
    assert path.name == "a.bin"
    assert [one.path for one in mirror.asked()] == ["/wrong", "/right"]


def test_the_result_tells_of_every_address(server: Server, mirror: Server) -> None:
    """Whether it worked or not; the locator is the URL."""
    url = server.serve("/a.bin", fault=Status(503, retry_after=60))
    wanted = Mirrored(locator=f"{url}#{PIN}", mirrors=(mirror.serve("/a", DATA),))

    (outcome,) = store.fetch_each([wanted])

    assert outcome.result is not None
    assert outcome.locator == url
    assert [one.address for one in outcome.result.attempts] == [url, f"{mirror.url}/a"]


def test_mirrors_need_a_digest(server: Server) -> None:
    """Nothing else says that two addresses give the same."""
    url = server.serve("/a.bin", DATA)

    with pytest.raises(UnverifiedError):
        store.fetch(url, mirrors=[url + "?b"])
    with pytest.raises(QueryError, match="need a digest"):
        store.fetch(url, mirrors=[url + "?b"], allow_unverified=True)

    assert store.fetch(url, mirrors=[url], digest=PIN).read_bytes() == DATA


@pytest.mark.parametrize("locator", ["pypi:six", "./file", "/srv/file"])
def test_only_a_url_has_further_addresses(locator: str) -> None:
    """For what a driver finds by itself there are rules."""
    with pytest.raises(LocatorError, match=r"rules \[\[mirror\]\]"):
        store.fetch(locator, mirrors=["https://mirror/a"])
    assert "mirror/a" not in repr(Mirrored(locator=locator, mirrors=("https://mirror/a",)))


def test_a_failed_one_of_many_is_called_by_its_url(server: Server) -> None:
    """Without what follows the question mark."""
    wanted = Mirrored(
        locator=f"{server.url}/none?token=s3cret#{PIN}", mirrors=(f"{server.url}/nor",)
    )

    (outcome,) = store.fetch_each([wanted])

    assert outcome.error is not None
    assert outcome.locator == f"{server.url}/none"
    assert len(outcome.error.attempts) == 2


def test_rules_of_the_settings_hold(server: Server, mirror: Server) -> None:
    """Written in the project's file, they decide for every fetch below it."""
    url = server.serve("/a.bin", DATA)
    mirror.serve("/m/a.bin", DATA)
    Path("store.toml").write_text(
        f"[[mirror]]\nmatch = '{server.url}'\nreplace = '{mirror.url}/m'\n"
        f"[[block]]\nmatch = '{mirror.url}/private/'\nmessage = 'ask the house'\n"
    )

    assert store.fetch(f"{url}#{PIN}").read_bytes() == DATA
    assert (server.count(), mirror.count()) == (0, 1)
    with pytest.raises(RefusedError, match="ask the house"):
        store.fetch(f"{mirror.url}/private/x#sha256={'1' * 64}")


def test_a_bad_mirror_is_remembered_in_the_cache(
    server: Server, mirror: Server, house: Path
) -> None:
    """Another process would ask it last, too."""
    Path("store.toml").write_text(f"[[mirror]]\nmatch = '{server.url}'\nreplace = '{mirror.url}'\n")
    url = server.serve("/a.bin", DATA)
    mirror.serve("/a.bin", fault=Status(500))

    store.fetch(f"{url}#{PIN}")

    told = json.loads((house / "mirrors" / "v1.json").read_text())
    assert list(told) == [mirror.url]


def test_the_manners_of_the_settings_reach_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our name comes first, and what the user adds after it."""
    url = server.serve("/a.bin", DATA)
    monkeypatch.setenv("STORE_USER_AGENT", "acme-build (ops@acme.example)")

    store.fetch(f"{url}#{PIN}")

    assert server.asked()[0].headers["user-agent"] == (
        f"store/{store.__version__} acme-build (ops@acme.example)"
    )


def test_the_bandwidth_of_the_settings_is_kept_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a variable, it holds for what is started from here."""
    monkeypatch.setenv("STORE_LIMIT_RATE", "100K")
    monkeypatch.setenv("STORE_DEADLINE", "0.3s")
    url = server.serve("/a.bin", bytes(1_000_000))

    with pytest.raises(TransportError, match="deadline"):
        store.fetch(url, allow_unverified=True)


def test_a_query_has_its_addresses_in_itself() -> None:
    """The message says where, and nothing of what stands there."""
    query = {"driver": "http", "url": "https://user:s3cret@host/a"}

    with pytest.raises(LocatorError, match="under 'urls'") as raised:
        store.fetch(query, mirrors=["https://mirror/a"])

    assert "s3cret" not in str(raised.value)


def test_one_text_is_no_list_of_mirrors() -> None:
    """Else each letter of it would be taken for an address."""
    with pytest.raises(LocatorError, match="put the one into a list"):
        store.fetch(f"https://h/a#{PIN}", mirrors="https://mirror/a")
