"""The source is asked whether it still has what is here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store.freshness.aged_file import AgedFile
from store.testing.answering import Exchange, Fault
from store.testing.fakes import FakeClock, FakeTransport
from store.testing.faults import flip_bit
from store.testing.misbehaving import Redirect, Status
from store.testing.servers import Server
from store.transports import opening
from store.transports.base import TransferOptions

Aged = Callable[..., AgedFile]

DAY = 86_400.0
OLD, NEW = b"the old leap seconds", b"the new leap seconds, one more"
TIME = "Fri, 01 Nov 2024 08:00:00 GMT"


@pytest.mark.parametrize(
    ("etag", "last_modified", "sent"),
    [
        ('"one"', TIME, {"if-none-match": '"one"'}),
        ('W/"one"', None, {"if-none-match": 'W/"one"'}),
        (None, TIME, {"if-modified-since": TIME}),
    ],
)
def test_a_304_renews_the_age_and_moves_no_body(
    *,
    aged: Aged,
    server: Server,
    clock: FakeClock,
    etag: str | None,
    last_modified: str | None,
    sent: dict[str, str],
) -> None:
    """By the entity tag, and by the time of change where there is none (RFC 9110, section 13)."""
    file = aged(server.serve("/k.tls", OLD, etag=etag, last_modified=last_modified))
    path = file.path
    before = os.lstat(path)
    clock.advance(DAY)

    result = file.obtain()

    asked = server.asked()[-1].headers
    assert {name: asked[name] for name in asked if name.startswith("if-")} == sent
    assert (result.origin, result.age, result.attempts) == ("revalidated", 0.0, ())
    assert result.fetched_at == clock.now() - DAY
    assert os.lstat(path) == before
    clock.advance(DAY - 1)
    assert file.obtain().origin == "fresh"
    assert server.count() == 2


def test_the_tag_that_comes_with_a_304_is_sent_the_next_time(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """A server may rename the version that is current."""

    class Renamed(Fault):
        """Answers 304 with another tag."""

        def answer(self, exchange: Exchange) -> None:
            """Say that it is unchanged."""
            exchange.head(304, {"ETag": '"two"'})

    url = server.serve("/k.tls", OLD, etag='"one"', fault=[None, Renamed()])
    file = aged(url, max_age=0)

    assert [file.obtain().origin for _ in range(2)] == ["fetched", "revalidated"]
    file.obtain()

    assert server.asked()[-1].headers["if-none-match"] == '"two"'


def test_without_a_validator_the_whole_comes_and_the_same_bytes_stay_in_place(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """It is not said to be revalidated, since the body crossed the network."""
    file = aged(server.serve("/k.tls", OLD, etag=None, last_modified=None))
    before = os.lstat(file.path)
    clock.advance(DAY)

    result = file.obtain()

    assert (result.origin, result.fetched_at) == ("fetched", clock.now())
    assert not [name for name in server.asked()[-1].headers if name.startswith("if-")]
    assert os.lstat(result.path) == before


def test_a_changed_content_is_fetched(aged: Aged, server: Server, clock: FakeClock) -> None:
    """In one request, not two."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    server.serve("/k.tls", NEW)
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"
    assert file.path.read_bytes() == NEW
    assert server.count() == 2


def test_a_damaged_copy_is_not_asked_about(aged: Aged, server: Server, clock: FakeClock) -> None:
    """A 304 would declare it right."""
    file = aged(server.serve("/k.tls", OLD))
    flip_bit(file.path)
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"
    assert file.path.read_bytes() == OLD
    assert "if-none-match" not in server.asked()[-1].headers


def test_a_304_that_was_not_asked_for_is_no_content(aged: Aged, server: Server) -> None:
    """There is nothing that it could speak of."""
    file = aged(server.serve("/k.tls", OLD, fault=Status(304)))

    with pytest.raises(Exception, match="304"):
        file.obtain()


def test_a_redirect_is_followed_with_the_condition(
    aged: Aged, server: Server, mirror: Server, clock: FakeClock
) -> None:
    """The tag is of whatever gave the content; the address that is asked stays the given one."""
    target = mirror.serve("/v1/k.tls", OLD)
    file = aged(server.serve("/k.tls", fault=Redirect(target)))
    assert file.path.read_bytes() == OLD
    clock.advance(DAY)

    assert file.obtain().origin == "revalidated"
    assert (server.count(), mirror.count()) == (2, 2)


def test_validators_that_cannot_be_sent_back_are_not_kept(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """A tag of bytes that no header of ours may hold."""
    file = aged(server.serve("/k.tls", OLD, etag='"caf\xe9"', last_modified=None))
    assert file.obtain().etag is None
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A local source that was written a while ago."""
    path = tmp_path / "published" / "k.tls"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def test_a_local_source_is_copied(aged: Aged, source: Path) -> None:
    """The copy is the cache's: it stays when the source goes."""
    file = aged(source)
    path = file.path
    source.unlink()

    assert path.read_bytes() == OLD
    assert file.obtain().origin == "fresh"
    assert not path.is_relative_to(source.parent)


def test_an_untouched_local_source_is_not_read(
    aged: Aged, source: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size, times and inode say that it is what it was."""
    file = aged(source)
    assert file.obtain().origin == "fetched"
    clock.advance(DAY)
    opened: list[str] = []
    real = os.open

    def noted(path: str, *arguments: int, **named: int) -> int:
        opened.append(os.fsdecode(path))
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", noted)

    result = file.obtain()

    assert (result.origin, result.age) == ("revalidated", 0.0)
    assert str(source) not in opened


def test_a_touched_local_source_is_compared_by_its_digest(
    aged: Aged, source: Path, clock: FakeClock
) -> None:
    """The same bytes under another time are the same content; what lies in the cache stays in place."""
    file = aged(source)
    before = os.lstat(file.path)
    os.utime(source)
    clock.advance(DAY)

    result = file.obtain()

    assert (result.origin, result.fetched_at) == ("revalidated", clock.now() - DAY)
    assert os.lstat(result.path) == before


@pytest.mark.parametrize("put_back", [False, True])
def test_a_changed_local_source_is_copied_anew(
    aged: Aged,
    source: Path,
    clock: FakeClock,
    put_back: bool,  # noqa: FBT001
) -> None:
    """Also where its size is the same and its modification time was put back: the change time tells."""
    file = aged(source)
    assert file.obtain().origin == "fetched"
    before = source.stat()
    source.write_bytes(OLD.upper())
    if put_back:
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"
    assert file.path.read_bytes() == OLD.upper()


def test_a_local_source_that_was_changed_just_now_is_not_trusted_by_its_stamp(
    source: Path, store_cache_dir: Path
) -> None:
    """A change within the same tick of the clock would leave the same stamp."""
    file = AgedFile(source, max_age=0)
    assert file.obtain().origin == "fetched"

    for number in range(5):
        source.write_bytes(b"%d" % number)
        assert file.path.read_bytes() == b"%d" % number
    time.sleep(0.03)
    assert file.obtain().origin == "revalidated"


def test_a_local_source_through_a_link_is_what_the_link_leads_to_now(
    aged: Aged, source: Path, clock: FakeClock
) -> None:
    """``latest.tls`` is called so, whatever it leads to."""
    link = source.with_name("latest.tls")
    link.symlink_to(source)
    file = aged(link)
    assert file.path.name == "latest.tls"
    (source.parent / "next.tls").write_bytes(NEW)
    link.unlink()
    link.symlink_to("next.tls")
    clock.advance(DAY)

    assert file.path.read_bytes() == NEW


def test_an_object_is_asked_for_by_its_tag(
    content: object, options: TransferOptions, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's transport may say no more than its tag; that is enough."""
    transport = FakeTransport({"mem://bucket/k.bsp": OLD})
    monkeypatch.setattr(opening._opened, "strangers", {"mem": lambda _: transport})
    file = AgedFile("MEM://bucket/k.bsp", content=content, options=options)  # type: ignore[arg-type]
    assert file.obtain().origin == "fetched"
    clock.advance(DAY)
    assert file.obtain().origin == "revalidated"
    transport.bodies["mem://bucket/k.bsp"] = NEW
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"
    assert file.path.read_bytes() == NEW
