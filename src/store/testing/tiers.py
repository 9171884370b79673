"""The suite that a shared tier inherits."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import abc
import hashlib
import threading
from pathlib import Path
from typing import Final

import pytest

from store.errors import ResourceNotFoundError, StoreError
from store.sharing.base import SharedTier
from store.testing.deviations import Suite, untold
from store.testing.transports import read
from store.transports.base import Conditions
from store.transports.bulk import Answer, Asked, Came

__all__ = ["TierSuite"]

CONTENT: Final = b"what is shared\n" * 1000
NAME: Final = hashlib.sha256(CONTENT).hexdigest()
OTHER: Final = hashlib.sha256(b"other").hexdigest()


class TierSuite(Suite, suite=True):
    """What every `store.sharing.base.SharedTier` must do.

    A tier's test says how one is made::

        class TestDirectory(TierSuite):
            def make(self, directory):
                return DirectoryTier(Tier(str(directory)), TransferOptions())
    """

    @abc.abstractmethod
    def make(self, directory: Path) -> SharedTier:
        """Return an empty tier that is up, and may be written to.

        Args:
            directory: A place for what it needs, the test's own.
        """
        raise untold(self, "make(self, directory)")

    @pytest.fixture
    def tier(self, tmp_path: Path) -> SharedTier:
        """The tier of a test."""
        place = tmp_path / "tier"
        place.mkdir()
        return self.make(place)

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """A file that is what `NAME` says."""
        path = tmp_path / "file"
        path.write_bytes(CONTENT)
        return path

    def test_an_empty_tier_answers_and_holds_nothing(self, tier: SharedTier) -> None:
        """A miss is told as such, and not as a failure."""
        tier.reach()

        assert not tier.holds(NAME)
        with pytest.raises(ResourceNotFoundError):
            tier.open_stream(NAME)

    def test_what_was_put_is_given(self, tier: SharedTier, file: Path) -> None:
        """Whole, and its size is told; the file stays where it is."""
        tier.put(NAME, file)

        assert tier.holds(NAME)
        assert not tier.holds(OTHER)
        with tier.open_stream(NAME) as stream:
            assert stream.size in {None, len(CONTENT)}
            assert read(stream) == CONTENT
        assert file.read_bytes() == CONTENT

    def test_an_empty_content_is_kept_too(self, tier: SharedTier, tmp_path: Path) -> None:
        """It has a name like any other."""
        empty = tmp_path / "empty"
        empty.touch()
        name = hashlib.sha256(b"").hexdigest()

        tier.put(name, empty)

        with tier.open_stream(name) as stream:
            assert read(stream) == b""

    def test_a_part_begins_where_it_was_asked_for(self, tier: SharedTier, file: Path) -> None:
        """Or at the beginning; the stream says which."""
        tier.put(NAME, file)

        with tier.open_stream(NAME, 100, conditions=Conditions(until=200)) as stream:
            assert stream.offset in {0, 100}
            assert read(stream)[: 200 - stream.offset] == CONTENT[stream.offset : 200]

    def test_a_second_put_is_no_error(self, tier: SharedTier, file: Path) -> None:
        """Another machine may have been faster."""
        tier.put(NAME, file)
        tier.put(NAME, file)

        with tier.open_stream(NAME) as stream:
            assert read(stream) == CONTENT

    def test_writers_that_race_all_succeed(self, tier: SharedTier, file: Path) -> None:
        """And nobody sees a part."""
        failures: list[BaseException] = []

        def put() -> None:
            """Put the file, and keep what is raised for the test's thread."""
            try:
                tier.put(NAME, file)
            except BaseException as error:  # noqa: BLE001 - told below
                failures.append(error)

        threads = [threading.Thread(target=put) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

        assert failures == []
        with tier.open_stream(NAME) as stream:
            assert read(stream) == CONTENT

    def test_a_file_that_is_gone_is_an_error_of_ours(
        self, tier: SharedTier, tmp_path: Path
    ) -> None:
        """It was pruned a moment ago; nothing is kept under its name."""
        with pytest.raises(StoreError):
            tier.put(NAME, tmp_path / "gone")

        assert not tier.holds(NAME)

    def test_many_are_told_of_once_each(self, tier: SharedTier, file: Path) -> None:
        """Where the tier can be asked for many: what is there comes, what is not is missing."""
        bulk = tier.bulk(connections=2, largest=1 << 20)
        if bulk is None:
            return
        tier.put(NAME, file)
        told: dict[int, Answer] = {}

        def tell(asked: Asked, answer: Answer) -> bool:
            """Keep an answer, which must be the only one; ask for more."""
            assert told.setdefault(asked.number, answer) is answer
            return True

        wanted = (Asked(at, tier.address_of(one)) for at, one in enumerate((NAME, OTHER, NAME)))
        bulk.run(wanted, tell)

        assert sorted(told) == [0, 1, 2]
        assert isinstance(told[0], Came)
        assert bytes(told[0].data) == CONTENT
        assert isinstance(told[1], ResourceNotFoundError)

    def test_its_address_holds_the_name(self, tier: SharedTier) -> None:
        """So that a person finds it."""
        assert tier.address_of(NAME).endswith(NAME)
        assert tier.address
