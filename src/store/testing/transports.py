"""The suite that a transport inherits."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import abc
import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import ResourceNotFoundError
from store.testing.deviations import Suite, untold
from store.transports.base import Conditions, Stream, Transport
from store.transports.objects.base import Body

__all__ = ["TransportSuite"]

BODY: Final = bytes(range(256)) * 64 + b"\r\n\r\n\x00\x1a end"
"""A body of every byte there is, with what a text mode would change."""

LARGE: Final = bytes(range(251)) * 12_000 + b"end"
"""A body of 3 MB that no buffer holds whole, of a length that no buffer divides."""

SECRET: Final = "hunter2"  # noqa: S105 - to be found nowhere
"""What stands in addresses and must not be shown."""


class TransportSuite(Suite, suite=True):
    """What every transport must do.

    A transport's test says how it is made and what lies where::

        class TestLocal(TransportSuite):
            def make(self):
                return LocalTransport(TransferOptions())

            def publish(self, origin, name, content):
                (origin / name).write_bytes(content)
                return (origin / name).as_uri()

            def missing(self, origin):
                return (origin / "nothing").as_uri()
    """

    tells_size: ClassVar[bool] = True
    """Whether the size is known before the body is read."""

    gives_ranges: ClassVar[bool] = True
    """Whether a body can be had from an offset."""

    @abc.abstractmethod
    def make(self) -> Transport:
        """Return a new transport."""
        raise untold(self, "make(self)")

    @abc.abstractmethod
    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Lay a body down without the transport's help, and return its address."""
        raise untold(self, "publish(self, origin, name, content)")

    @abc.abstractmethod
    def missing(self, origin: Path) -> str:
        """Return a well-formed address where there is nothing."""
        raise untold(self, "missing(self, origin)")

    def with_secret(self, address: str) -> str:
        """Return the address with `SECRET` as password and query, where it has a place for them."""
        parts = urlsplit(address)
        if not parts.netloc:
            return address
        netloc = f"user:{SECRET}@{parts.netloc}"
        return urlunsplit(parts._replace(netloc=netloc, query=f"token={SECRET}"))

    @pytest.fixture
    def origin(self, tmp_path: Path) -> Path:
        """An empty directory for what is published."""
        directory = tmp_path / "origin"
        directory.mkdir()
        return directory

    @pytest.fixture
    def transport(self) -> Iterator[Transport]:
        """The transport."""
        with self.make() as transport:
            yield transport

    @pytest.fixture
    def address(self, origin: Path) -> str:
        """The address of `BODY`."""
        return self.publish(origin, "body.bin", BODY)

    def test_body_comes_whole(self, transport: Transport, address: str) -> None:
        """The body comes byte by byte as it lies there, from its beginning."""
        with transport.open_stream(address) as stream:
            assert stream.offset == 0
            assert not stream.not_modified
            assert read(stream) == BODY

    @pytest.mark.parametrize("step", [1, 7, 1 << 20])
    def test_any_buffer_will_do(self, transport: Transport, origin: Path, step: int) -> None:
        """A buffer of one byte and one larger than the body give the same body."""
        address = self.publish(origin, "small.bin", BODY[:600])

        with transport.open_stream(address) as stream:
            assert read(stream, step) == BODY[:600]

    def test_large_body_comes_whole(self, transport: Transport, origin: Path) -> None:
        """A body of many buffers comes whole."""
        address = self.publish(origin, "large.bin", LARGE)

        with transport.open_stream(address) as stream:
            assert read(stream, 64 * 1024) == LARGE

    def test_empty_body_is_a_body(self, transport: Transport, origin: Path) -> None:
        """An empty body ends at once and is no error."""
        address = self.publish(origin, "empty.bin", b"")

        with transport.open_stream(address) as stream:
            assert stream.size == (0 if self.tells_size else None)
            assert read(stream) == b""

    def test_size_is_told(self, transport: Transport, address: str) -> None:
        """The size is that of the whole body, wherever reading begins; None where none is told."""
        for offset in (0, 100):
            with transport.open_stream(address, offset) as stream:
                assert stream.size == (len(BODY) if self.tells_size else None)

    def test_offset_is_kept(self, transport: Transport, address: str) -> None:
        """From an offset comes the rest; where ranges are not given, the whole, and it is said so."""
        for offset in (1, 4096, len(BODY) - 1):
            with transport.open_stream(address, offset) as stream:
                assert stream.offset == (offset if self.gives_ranges else 0)
                assert stream.accepts_ranges is self.gives_ranges
                assert read(stream) == BODY[stream.offset :]

    def test_end_stays_the_end(self, transport: Transport, address: str) -> None:
        """At the end readinto returns 0, however often it is asked."""
        with transport.open_stream(address) as stream:
            read(stream)
            buffer = memoryview(bytearray(16))

            assert [stream.readinto(buffer) for _ in range(3)] == [0, 0, 0]

    def test_closing_twice_is_harmless(self, transport: Transport, address: str) -> None:
        """A stream may be closed early and twice; the transport goes on working."""
        stream = transport.open_stream(address)
        stream.readinto(memoryview(bytearray(10)))

        stream.close()
        stream.close()

        with transport.open_stream(address) as other:
            assert read(other) == BODY

    def test_bodies_do_not_mix(self, transport: Transport, address: str, origin: Path) -> None:
        """Two bodies that are read in turns stay what they are."""
        second = self.publish(origin, "second.bin", BODY[::-1])

        with transport.open_stream(address) as one, transport.open_stream(second) as two:
            pairs = [(read_some(one, 1000), read_some(two, 1000)) for _ in range(5)]
            first_whole = b"".join(pair[0] for pair in pairs) + read(one)
            second_whole = b"".join(pair[1] for pair in pairs) + read(two)

        assert first_whole == BODY
        assert second_whole == BODY[::-1]

    def test_closed_transport_may_be_used_again(self, transport: Transport, address: str) -> None:
        """Closing a transport, twice too, gives back its connections, not its use."""
        for _ in range(2):
            with transport.open_stream(address) as stream:
                assert read(stream) == BODY
            transport.close()
            transport.close()

    def test_nothing_there_is_not_found(self, transport: Transport, origin: Path) -> None:
        """An address where there is nothing is a ResourceNotFoundError, when it is opened."""
        with pytest.raises(ResourceNotFoundError):
            transport.open_stream(self.missing(origin)).close()

    def test_nothing_leaks(self, transport: Transport, address: str, origin: Path) -> None:
        """Neither missing nor half-read bodies leave files or connections open."""

        def use() -> None:
            """Ask for what is missing, and leave a body half read."""
            for _ in range(3):
                with pytest.raises(ResourceNotFoundError):
                    transport.open_stream(self.missing(origin)).close()
                with transport.open_stream(address) as stream:
                    read_some(stream, 10)

        use()
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
        use()
        gc.collect()

        for _ in range(40):  # a server in this process may close its own end a little later
            if len(os.listdir("/proc/self/fd")) <= before:  # noqa: PTH208 - a count
                break
            SYSTEM_CLOCK.sleep(0.05)
        assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - a count

    def test_known_tag_needs_no_body(self, transport: Transport, address: str) -> None:
        """Under if_none_match a body is spared if its tag is still the one, and comes otherwise."""
        with transport.open_stream(address) as stream:
            tag = stream.etag
        if tag is not None:
            with transport.open_stream(address, conditions=Conditions(if_none_match=tag)) as same:
                assert same.not_modified
                assert read(same) == b""

        with transport.open_stream(
            address, conditions=Conditions(if_none_match='"another"')
        ) as other:
            assert not other.not_modified
            assert read(other) == BODY

    def test_range_of_another_version_is_the_whole(
        self, transport: Transport, address: str
    ) -> None:
        """Under if_range with a tag that is not the body's the whole comes, never a part of another."""
        with transport.open_stream(address, 100, conditions=Conditions(if_range='"x"')) as stream:
            assert stream.offset == 0
            assert read(stream) == BODY

    def test_secrets_are_not_shown(self, transport: Transport, address: str, origin: Path) -> None:
        """Neither a stream nor an error shows a password or query of its address."""
        with transport.open_stream(self.with_secret(address)) as stream:
            shown = [stream.address, repr(stream), repr(transport)]
            assert read(stream) == BODY
        with pytest.raises(ResourceNotFoundError) as raised:
            transport.open_stream(self.with_secret(self.missing(origin)))

        shown += [str(raised.value), repr(raised.value), str(raised.value.url)]
        assert [one for one in shown if SECRET in one] == []

    def test_schemes_are_told(self, transport: Transport, address: str) -> None:
        """The address's scheme is among those the transport says it opens, in lower case."""
        assert urlsplit(address).scheme in transport.schemes
        assert [one for one in transport.schemes if one != one.lower()] == []


def read_some(stream: Stream | Body, size: int) -> bytes:
    """Return up to ``size`` bytes of a stream or an object's body, fewer only at its end."""
    found = bytearray()
    while len(found) < size:
        buffer = memoryview(bytearray(size - len(found)))
        count = stream.readinto(buffer)
        if count == 0:
            break
        found += buffer[:count]
    return bytes(found)


def read(stream: Stream, step: int = 4096) -> bytes:
    """Return the rest of a stream, read in steps of so many bytes at most."""
    found = bytearray()
    buffer = memoryview(bytearray(step))
    while count := stream.readinto(buffer):
        found += buffer[:count]
    return bytes(found)


def read_from(transport: Transport, address: str) -> bytes:
    """Return all that a transport brings from an address."""
    with transport.open_stream(address) as stream:
        return read(stream)
