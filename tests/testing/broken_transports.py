"""Transports that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.errors import ResourceNotFoundError, TruncatedError
from store.testing.fakes import FakeStream, FakeTransport
from store.testing.transports import TransportSuite
from store.transports.base import Conditions, Stream


class Made(TransportSuite):
    """The suite over a fake transport or what a fault makes of one."""

    kind: ClassVar[type[FakeTransport]] = FakeTransport
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False

    @pytest.fixture(autouse=True)
    def _bodies(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def make(self) -> FakeTransport:
        """Make the broken transport."""
        transport = self.kind()
        transport.bodies = self.bodies
        return transport

    def publish(self, origin: Path, name: str, content: bytes) -> str:
        """Put a body at an address."""
        self.bodies[f"fake://host/{name}"] = content
        return f"fake://host/{name}"

    def missing(self, origin: Path) -> str:
        """Name an address without a body."""
        return "fake://host/nothing"


class Changing(FakeTransport):
    """A fake of which a fault changes what was asked or what is answered."""

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open a body, and change it."""
        stream = super().open_stream(address, offset, conditions=conditions)
        assert isinstance(stream, FakeStream)
        return self.changed(stream)

    def changed(self, stream: FakeStream) -> Stream:
        """Change nothing."""
        return stream


class TestHonest(Made):
    """Nothing is broken here."""


class TestDeafToOffsets(Made):
    """A transport that gives the whole and calls it the rest."""

    breaks = ("test_offset_is_kept",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Begins at the beginning."""

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Pass over the offset."""
            stream = super().open_stream(address, 0, conditions=conditions)
            if conditions is None:
                stream.offset = offset
            return stream


class TestLiar(Made):
    """A transport that tells another size."""

    breaks = ("test_empty_body_is_a_body", "test_size_is_told")

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Lies."""

        def changed(self, stream: FakeStream) -> Stream:
            """Count one too many."""
            assert stream.size is not None
            stream.size += 1
            return stream


class TestLeaking(Made):
    """A transport that leaves a descriptor open where there was nothing."""

    breaks = ("test_nothing_leaks",)

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Leaks."""

        left: ClassVar[list[int]] = []

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Open something, and forget it on failure."""
            try:
                return super().open_stream(address, offset, conditions=conditions)
            except ResourceNotFoundError:
                self.left.append(os.open(os.devnull, os.O_RDONLY))
                raise

    @pytest.fixture(autouse=True)
    def _closed(self) -> Any:
        yield
        while self.kind.left:
            os.close(self.kind.left.pop())


class TestNothingIsEmpty(Made):
    """A transport for which nothing is an empty body."""

    breaks = ("test_nothing_there_is_not_found",)
    cascades = True

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Invents."""

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Invent a body."""
            try:
                return super().open_stream(address, offset, conditions=conditions)
            except ResourceNotFoundError:
                return FakeStream(b"")


class TestTextual(Made):
    """A transport that mends line ends."""

    breaks = ("test_body_comes_whole",)
    cascades = True

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Mends."""

        def changed(self, stream: FakeStream) -> Stream:
            """Mend."""
            stream._rest = memoryview(bytes(stream._rest).replace(b"\r\n", b"\n"))
            return stream


class TestEndless(Made):
    """A stream that fails when it is asked again at its end."""

    breaks = ("test_end_stays_the_end",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Ends once."""

        def changed(self, stream: FakeStream) -> Stream:
            """End once."""
            return _Ending(stream)


class _Wrapped(FakeStream):
    def __init__(self, stream: FakeStream) -> None:
        self.__dict__.update(stream.__dict__)


class _Ending(_Wrapped):
    ended = False

    def readinto(self, buffer: memoryview) -> int:
        if self.ended:
            raise TruncatedError("the body has ended")
        count = super().readinto(buffer)
        self.ended = count == 0
        return count


class TestFragile(Made):
    """A stream that cannot be closed twice."""

    breaks = ("test_closing_twice_is_harmless",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Closes once."""

        def changed(self, stream: FakeStream) -> Stream:
            """Close once."""
            return _ClosedOnce(stream)


class _ClosedOnce(_Wrapped):
    def close(self) -> None:
        if self.closed:
            raise ValueError("closed already")
        super().close()


class TestTalkative(Made):
    """A stream that shows its whole address."""

    breaks = ("test_secrets_are_not_shown",)

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Talks."""

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Show the address."""
            stream = super().open_stream(address, offset, conditions=conditions)
            stream.address = address
            return stream


class TestOneAtATime(Made):
    """A transport with one stream for all."""

    breaks = ("test_bodies_do_not_mix",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Has one stream."""

        def changed(self, stream: FakeStream) -> Stream:
            """Empty the streams before."""
            for one in self.streams[:-1]:
                one._rest = memoryview(b"")
            return stream


class TestClosedForGood(Made):
    """A transport that cannot be used after it was closed."""

    breaks = ("test_closed_transport_may_be_used_again",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Stays closed."""

        def close(self) -> None:
            """Close for good."""
            self.bodies = {}


class TestWideOnly(Made):
    """A stream that fills only buffers it likes."""

    breaks = ("test_any_buffer_will_do",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Likes wide buffers."""

        def changed(self, stream: FakeStream) -> Stream:
            """Like wide buffers."""
            return _Wide(stream)


class _Wide(_Wrapped):
    def readinto(self, buffer: memoryview) -> int:
        return 0 if len(buffer) < 8 else super().readinto(buffer)


class TestSmallOnly(Made):
    """A transport that ends after a million bytes."""

    breaks = ("test_large_body_comes_whole",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Ends early."""

        def changed(self, stream: FakeStream) -> Stream:
            """End early."""
            stream._rest = stream._rest[:1_000_000]
            return stream


class TestNoEmptiness(Made):
    """A transport for which an empty body is a broken one."""

    breaks = ("test_empty_body_is_a_body",)

    class kind(Changing):  # noqa: N801 - the suite's attribute
        """Wants bytes."""

        def changed(self, stream: FakeStream) -> Stream:
            """Want bytes."""
            if not stream.size:
                raise TruncatedError("the body is empty")
            return stream


class TestDeafToConditions(Made):
    """A transport that spares or gives a body whatever the condition was."""

    breaks = ("test_range_of_another_version_is_the_whole",)

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Passes over If-Range."""

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Pass over the condition."""
            if conditions is not None and conditions.if_range is not None:
                conditions = None
            return super().open_stream(address, offset, conditions=conditions)


class TestSparing(Made):
    """A transport that spares every body that is asked for under a condition."""

    breaks = ("test_known_tag_needs_no_body",)

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Spares."""

        def open_stream(
            self, address: str, offset: int = 0, *, conditions: Conditions | None = None
        ) -> Stream:
            """Say that nothing has changed."""
            stream = super().open_stream(address, offset, conditions=conditions)
            stream.not_modified = conditions is not None and conditions.if_none_match is not None
            return stream


class TestShouting(Made):
    """A transport that tells its schemes in capitals."""

    breaks = ("test_schemes_are_told",)

    class kind(FakeTransport):  # noqa: N801 - the suite's attribute
        """Shouts."""

        schemes = ("FAKE",)
