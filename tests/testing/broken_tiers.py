"""Shared tiers that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from store.config.tier import Tier
from store.errors import ResourceNotFoundError, StoreError, TransportError
from store.sharing.base import SharedTier
from store.testing.tiers import TierSuite
from store.transports.base import Conditions, Stream, TransferOptions
from store.transports.bulk import Answer, Asked, Bulk, Came, Tell


class Bytes(Stream):
    """Bytes that are there already."""

    def __init__(self, data: bytes, offset: int, size: int) -> None:
        self._file = io.BytesIO(data)
        self.address, self.offset, self.size = "memory", offset, size

    def readinto(self, buffer: memoryview) -> int:
        """Hand out the next bytes."""
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Nothing is open."""


class Kept(SharedTier):
    """A tier in memory that keeps what the suite promises."""

    def __init__(self) -> None:
        super().__init__(Tier("memory://tier"), TransferOptions())
        self.kept: dict[str, bytes] = {}

    def address_of(self, name: str) -> str:
        """Return an address that ends with the name."""
        return f"memory://tier/{name}"

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open what is kept."""
        del conditions
        data = self.found(name)
        return Bytes(data[offset:], offset, len(data))

    def found(self, name: str) -> bytes:
        """Return what is kept."""
        if name not in self.kept:
            raise ResourceNotFoundError(f"{name} is not there")
        return self.kept[name]

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Give one after the other."""
        del connections, largest
        return OneByOne(self)

    def holds(self, name: str) -> bool:
        """Whether it is kept."""
        return name in self.kept

    def put(self, name: str, path: Path) -> None:
        """Keep the bytes of a file."""
        if not path.is_file():
            raise StoreError(f"{path} is gone")
        self.kept[name] = path.read_bytes()

    def reach(self) -> None:
        """It is there."""


class OneByOne(Bulk):
    """Gives what a tier keeps."""

    missing: ClassVar[bool] = True

    def __init__(self, tier: Kept) -> None:
        self.tier = tier

    def run(self, wanted: Iterator[Asked], tell: Tell) -> None:
        """Go through all."""
        for asked in wanted:
            answer: Answer
            try:
                data = self.tier.found(asked.address.rpartition("/")[2])
                answer = Came(memoryview(data), 0.0)
            except ResourceNotFoundError as error:
                answer = error if self.missing else None
            tell(asked, answer)


class Made(TierSuite):
    """The suite over a tier in memory, or what a fault makes of one."""

    kind: ClassVar[type[Kept]] = Kept
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False

    def make(self, directory: Path) -> SharedTier:
        """Make the broken tier."""
        del directory
        return self.kind()


class TestNothingIsBroken(Made):
    """The tier itself passes."""


class Failing(Kept):
    """Takes a miss for a failure."""

    def found(self, name: str) -> bytes:
        """Fail where there is nothing."""
        try:
            return super().found(name)
        except ResourceNotFoundError as error:
            raise TransportError("oops") from error


class TestMissesAreFailures(Made):
    """A miss is told as such."""

    kind = Failing
    breaks = ("test_an_empty_tier_answers_and_holds_nothing",)
    cascades = True


class Boasting(Kept):
    """Says that it holds all, once it holds anything."""

    def holds(self, name: str) -> bool:
        """Say yes."""
        del name
        return bool(self.kept)


class TestItBoasts(Made):
    """What was not put is not held."""

    kind = Boasting
    breaks = ("test_what_was_put_is_given",)


class Careless(Kept):
    """Keeps nothing that is empty."""

    def put(self, name: str, path: Path) -> None:
        """Keep it if there is anything in it."""
        super().put(name, path)
        if not self.kept[name]:
            del self.kept[name]


class TestEmptyOnesAreLost(Made):
    """An empty content is one."""

    kind = Careless
    breaks = ("test_an_empty_content_is_kept_too",)


class Misplacing(Kept):
    """Says that a part begins where it was asked for, and gives the whole."""

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Give the whole."""
        del conditions
        data = self.found(name)
        return Bytes(data, offset, len(data))


class TestPartsAreMisplaced(Made):
    """The stream says where it begins."""

    kind = Misplacing
    breaks = ("test_a_part_begins_where_it_was_asked_for",)


class Stubborn(Kept):
    """Takes nothing that is there."""

    def put(self, name: str, path: Path) -> None:
        """Refuse what is there."""
        if name in self.kept:
            raise StoreError(f"{name} is there")
        super().put(name, path)


class TestASecondPutFails(Made):
    """Another machine may have been faster."""

    kind = Stubborn
    breaks = ("test_a_second_put_is_no_error",)
    cascades = True


class Lonely(Kept):
    """Takes one at a time, and refuses the others."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = threading.Lock()
        self._other = threading.Event()

    def put(self, name: str, path: Path) -> None:
        """Refuse whoever comes meanwhile."""
        if not self._busy.acquire(blocking=False):
            self._other.set()
            raise StoreError("busy")
        try:
            self._other.wait(0.1)
            super().put(name, path)
        finally:
            self._busy.release()


class TestWritersShutEachOtherOut(Made):
    """All of them succeed."""

    kind = Lonely
    breaks = ("test_writers_that_race_all_succeed",)


class Foreign(Kept):
    """Lets the system's errors pass."""

    def put(self, name: str, path: Path) -> None:
        """Read whatever is there."""
        self.kept[name] = path.read_bytes()


class TestForeignErrorsPass(Made):
    """They are ours."""

    kind = Foreign
    breaks = ("test_a_file_that_is_gone_is_an_error_of_ours",)


class Vague(OneByOne):
    """Does not say what is missing."""

    missing = False


class Unclear(Kept):
    """Asked for many, it does not say what is missing."""

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Give one after the other."""
        del connections, largest
        return Vague(self)


class TestManyAreToldOfVaguely(Made):
    """What is missing is a miss."""

    kind = Unclear
    breaks = ("test_many_are_told_of_once_each",)


class Nameless(Kept):
    """Hides where it keeps what."""

    def address_of(self, name: str) -> str:
        """Return the same for all."""
        del name
        return "memory://tier"


class TestAddressesAreHidden(Made):
    """A person finds it."""

    kind = Nameless
    breaks = ("test_its_address_holds_the_name",)
    cascades = True
