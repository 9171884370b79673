"""The next address is tried, whatever was wrong with the one before."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import attrs
import pytest

from store.config.credential import Credential
from store.config.credentials import Credentials
from store.config.routes import Routes
from store.config.rules import Block, Mirror
from store.errors import (
    IntegrityError,
    RefusedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.integrity.digest import digests_from
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import (
    Drip,
    HangUp,
    OtherContent,
    Redirect,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.servers import Server, unused_address
from store.transports.base import TransferOptions
from store.transports.receiving import receive

DATA = bytes(range(256)) * 20
PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")
PAGE = b"<!DOCTYPE html><title>Log in</title>"


@attrs.frozen
class Page(Fault):
    """Answers 200 with a page, as a captive portal does."""

    def answer(self, exchange: Exchange) -> None:
        """Send the page."""
        exchange.head(200, {"Content-Type": "text/html", "Content-Length": str(len(PAGE))})
        exchange.send(PAGE)


def mirroring(
    options: TransferOptions, origin: Server, mirror: Server, **rule: bool
) -> TransferOptions:
    """Return options with one rule: the origin's files lie below ``/m/`` at the mirror."""
    rules = (Mirror(f"{origin.url}/**", f"{mirror.url}/m/**", **rule),)
    return options._replace(routes=Routes(mirrors=rules))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Status(500), "500"),
        (Status(503), "503"),
        (Status(503, retry_after=3600), "come back in 3600 s"),
        (Status(429), "429"),
        (Status(429, retry_after=30), "come back in 30 s"),
        (Status(404), "404"),
        (Status(403), "403"),
        (Stall(None), "silent"),
        (Stall(10), "silent"),
        (Page(), "an HTML page came in place of the file 'a.whl'"),
        (ShortBody(100), "ended after 100"),
        (Reset(100), "reset"),
        (HangUp(), "closed the connection"),
        (Redirect("/m/a.whl"), "in a circle"),
        (OtherContent(), "is not what was pinned"),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["rule", "address"])
def test_the_next_address_is_tried(
    *,
    server: Server,
    other: Server,
    directory: Path,
    options: TransferOptions,
    fault: Fault,
    words: str,
    by: str,
) -> None:
    """At once, whether a rule or the driver named it; each attempt and its reason is told."""
    mirrored = other.serve("/m/a.whl", DATA, fault=fault)
    url = server.serve("/a.whl", DATA)
    rule = by == "rule"
    begun = time.monotonic()

    received = receive(
        url if rule else [mirrored, url],
        directory,
        options=mirroring(options, server, other) if rule else options,
        digests=PINNED,
    )

    assert received.path.read_bytes() == DATA
    assert received.path.name == "a.whl"
    assert (other.count(), server.count()) == (1, 1)
    first, second = received.attempts
    assert (first.address, second.address) == (mirrored, url)
    assert words in str(first.reason)
    assert second.reason is None
    assert time.monotonic() - begun < 20


def test_a_refused_connection_leads_to_the_next(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A mirror that is down is passed over."""
    dead = unused_address("/a.whl")

    received = receive(
        [dead, server.serve("/a.whl", DATA)], directory, options=options, digests=PINNED
    )

    assert [one.address for one in received.attempts] == [dead, f"{server.url}/a.whl"]
    assert "refused" in str(received.attempts[0].reason)


def test_all_attempts_are_in_the_final_error(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """Every fault of every mirror is there, whichever was last."""
    urls = [
        other.serve("/a.whl", fault=Status(404)),
        other.serve("/b.whl", fault=Page()),
        server.serve("/c.whl", fault=Status(403)),
    ]

    with pytest.raises(StoreError) as raised:
        receive(urls, directory, options=options, digests=PINNED)

    told = {one.address: str(one.reason) for one in raised.value.attempts}
    assert list(told) == urls
    assert all(told.values())


def test_a_page_that_is_the_content_is_taken_when_nothing_else_is_there(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """A server that calls everything a page is asked again once the others failed; the digest decides."""
    url = server.serve("/a.whl", DATA, headers={"Content-Type": "text/html"})
    gone = other.serve("/a.whl", fault=Status(404))

    received = receive([url, gone], directory, options=options, digests=PINNED)

    assert [one.address for one in received.attempts] == [url, gone, url]


def test_a_lone_page_with_a_digest_is_judged_by_it(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Right content under the wrong media type comes in; wrong content is told as such."""
    url = server.serve("/a.whl", DATA, headers={"Content-Type": "text/html"})
    assert len(receive(url, directory, options=options, digests=PINNED).attempts) == 1

    page = server.serve("/b.whl", fault=Page())
    with pytest.raises(IntegrityError):
        receive(page, directory, options=options, digests=PINNED)
    with pytest.raises(TransportError, match="HTML page"):
        receive(page, directory, options=options, digests=PINNED, size=len(DATA))


def test_a_page_without_a_digest_is_never_taken_for_a_file(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """It is asked once, and nothing is left behind."""
    with pytest.raises(TransportError, match=r"pin its digest, or call it \.html"):
        receive(server.serve("/a.whl", fault=Page()), directory, options=options)

    assert server.count() == 1
    assert list(directory.iterdir()) == []
    receive(server.serve("/a.html", fault=Page()), directory, options=options)


def test_a_mirror_gets_no_secret_of_the_origin(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """Each is shown the credentials of its own origin, and the query goes to nobody else."""
    other.serve("/m/a", DATA, fault=[Status(503)])
    server.serve("/a", DATA)
    url = f"{server.url.replace('://', '://user:s3cret@')}/a?token=s3cret"
    given = {other.url: Credential(user="mirrors", secret="own", source="explicit")}
    known = mirroring(options, server, other)._replace(credentials=Credentials(explicit=given))

    receive(url, directory, options=known, digests=PINNED)

    asked, original = other.asked()[0], server.asked()[0]
    assert (asked.query, original.query) == ("", "token=s3cret")
    assert asked.headers["authorization"] == given[other.url].header
    assert original.headers["authorization"] not in asked.headers.values()


def test_without_a_digest_no_mirror_is_asked(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """Another server's version is not the one that was meant."""
    receive(
        server.serve("/a", DATA),
        directory,
        options=mirroring(options, server, other, unpinned=True),
    )

    assert (server.count(), other.count()) == (1, 0)


def test_only_a_mirror_is_asked_where_a_rule_says_so(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """Neither a mirror's failure nor its redirect leads to the origin."""
    only = mirroring(options, server, other, only=True)
    url = server.serve("/a", DATA)
    other.serve("/m/a", DATA)
    receive(url, directory, options=only, digests=PINNED)

    other.serve("/m/a", fault=Status(404))
    with pytest.raises(ResourceNotFoundError):
        receive(url, directory, options=only, digests=PINNED)
    other.redirect("/m/a", url)
    with pytest.raises(RefusedError, match="only"):
        receive(url, directory, options=only, digests=PINNED)
    with pytest.raises(RefusedError, match="pin a digest"):
        receive(url, directory, options=only)

    assert server.connections == 0


def test_a_blocked_address_is_refused_with_its_message(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Nothing is asked, and the attempt is told like any other."""
    routes = Routes(block=(Block(f"{server.url}/**", "use the mirror"),))
    blocked = options._replace(routes=routes)

    with pytest.raises(RefusedError, match="use the mirror") as raised:
        receive(server.serve("/a", DATA), directory, options=blocked, digests=PINNED)

    assert len(raised.value.attempts) == 1
    assert server.connections == 0


def test_a_redirect_to_a_blocked_place_leads_to_the_next_address(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """The mirror that sends us there has failed, and the place is not asked."""
    forbidden = other.serve("/forbidden", DATA)
    leading = server.redirect("/leading", forbidden)
    good = server.serve("/good", DATA)
    routes = Routes(block=(Block(f"{other.url}/**"),))

    received = receive(
        [leading, good], directory, options=options._replace(routes=routes), digests=PINNED
    )

    assert "which is blocked" in str(received.attempts[0].reason)
    assert received.address == good
    assert other.connections == 0


def test_a_bad_mirror_is_asked_last_from_then_on(
    server: Server, other: Server, directory: Path, options: TransferOptions, tmp_path: Path
) -> None:
    """Across calls and processes, until it works again."""
    known = mirroring(options, server, other)._replace(
        standing=str(tmp_path / "mirrors" / "v1.json")
    )
    for name in ("a", "b", "c"):
        server.serve(f"/{name}", DATA)
        other.serve(f"/m/{name}", DATA, fault=Status(503) if name == "a" else None)

    receive(f"{server.url}/a", directory, options=known, digests=PINNED)
    assert [one.path for one in other.asked()] == ["/m/a"]

    second = receive(f"{server.url}/b", directory, options=known, digests=PINNED)
    assert [one.address for one in second.attempts] == [f"{server.url}/b"]

    server.serve("/b", fault=Status(404))
    third = receive(f"{server.url}/b", directory, options=known, digests=PINNED)
    assert [one.address for one in third.attempts] == [f"{server.url}/b", f"{other.url}/m/b"]

    fourth = receive(f"{server.url}/c", directory, options=known, digests=PINNED)
    assert [one.address for one in fourth.attempts] == [f"{other.url}/m/c"]


def test_our_own_network_being_down_is_no_mirrors_fault(
    directory: Path, options: TransferOptions, tmp_path: Path
) -> None:
    """Where all fail, none is put behind."""
    path = tmp_path / "v1.json"
    known = options._replace(standing=str(path))

    with pytest.raises(TransportError):
        receive(
            [unused_address("/a"), unused_address("/b")], directory, options=known, digests=PINNED
        )

    assert not path.exists()


def test_a_mirror_may_be_a_directory(
    server: Server, tmp_path: Path, directory: Path, options: TransferOptions
) -> None:
    """What lies there is taken from there, and the rest from the origin."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.bin").write_bytes(DATA)
    rule = Mirror(f"{server.url}/**", f"file://{tmp_path}/disk/**")
    local = options._replace(routes=Routes(mirrors=(rule,)))
    server.serve("/b.bin", DATA)

    receive(f"{server.url}/a.bin", directory, options=local, digests=PINNED)
    receive(f"{server.url}/b.bin", directory, options=local, digests=PINNED)

    assert [one.path for one in server.asked()] == ["/b.bin"]


def test_a_slow_mirror_gives_way_to_the_next(
    server: Server, other: Server, directory: Path, options: TransferOptions
) -> None:
    """One that trickles is not waited for."""
    bounds = options.bounds._replace(minimum_rate=1000.0, grace=0.1)
    slow = other.serve("/a", DATA, fault=Drip(size=10, every=0.03))

    received = receive(
        [slow, server.serve("/a", DATA)],
        directory,
        options=options._replace(bounds=bounds),
        digests=PINNED,
    )

    assert "bytes a second are fewer" in str(received.attempts[0].reason)


@pytest.mark.parametrize("name", ["a.whl", "download"])
def test_of_a_pinned_address_it_is_said_that_a_page_came(
    server: Server, directory: Path, options: TransferOptions, name: str
) -> None:
    """In each attempt and in the error: the digest alone would send one looking for a wrong pin."""
    url = server.serve(f"/{name}", DATA, fault=Page())

    with pytest.raises(IntegrityError, match="is not what was pinned: expected sha256:") as raised:
        receive(url, directory, options=options, digests=PINNED)

    assert f"an HTML page came in place of '{name}': an error or login page?" in str(raised.value)
    assert "give that of the file itself" in str(raised.value)
    reasons = [one.reason or "" for one in raised.value.attempts]
    assert len(reasons) == 2
    assert all("an HTML page came" in one for one in reasons)


@pytest.mark.parametrize("first", ["page", "origin"])
def test_a_login_page_does_not_hide_why_the_origin_failed(
    server: Server, other: Server, directory: Path, options: TransferOptions, first: str
) -> None:
    """Whichever was asked first: the pin may well be right, and it may be tried again."""
    page, origin = other.serve("/a.whl", fault=Page()), server.serve("/a.whl", fault=Status(500))
    addresses = [page, origin] if first == "page" else [origin, page]

    with pytest.raises(TransportError, match="500") as raised:
        receive(addresses, directory, options=options, digests=PINNED)

    assert any("HTML page" in (one.reason or "") for one in raised.value.attempts)


def test_another_version_of_a_page_is_called_no_page(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Where a page was wanted, its digest is what is wrong."""
    url = server.serve("/a.html", DATA, fault=Page())

    with pytest.raises(IntegrityError) as raised:
        receive(url, directory, options=options, digests=PINNED)

    assert "HTML" not in str(raised.value)
