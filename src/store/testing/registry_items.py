"""What a registry must do with items: make, write, publish, find."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

import abc
import hashlib
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import LockTimeoutError, QueryError, StatusError, StoreError
from store.registry.manager import Cache
from store.registry.putting import Source
from store.registry.status import Status
from store.testing.deviations import Suite


class ItemTests(Suite, suite=True):
    """Items are made, written, published and found."""

    def test_versions_count_up_for_each_key(self, cache: Cache) -> None:
        """Each name counts for itself, from 1."""
        made = [
            cache.create("a"),
            cache.create("a"),
            cache.create("b"),
            cache.create("a", {"n": 1}),
        ]

        assert [one.version for one in made] == [1, 2, 1, 1]
        assert len({one.id for one in made}) == 4

    def test_a_version_is_never_given_out_twice(self, cache: Cache) -> None:
        """Whatever is removed without a trace, its version stays its own."""
        cache.create("a")
        cache.create("a").remove(disk=True, keep_record=False)

        assert cache.create("a").version == 3

    def test_threads_share_one_count(self, cache: Cache) -> None:
        """32 threads on one object get each version once."""
        with ThreadPoolExecutor(32) as pool:
            versions = list(pool.map(lambda _: cache.create("a", {"x": 1}).version, range(200)))

        assert sorted(versions) == list(range(1, 201))

    def test_what_is_written_is_published_whole(self, cache: Cache, other: Cache) -> None:
        """Nobody sees a READY item before it is ready; then its size and digest are known."""
        item = cache.create("a", status="write", filename="data.tsv")
        with open(item.path, "w", encoding="utf-8") as file:  # noqa: PTH123 - as on the seed's page
            file.write("half")
            file.flush()
            assert other.best("a") is None
            file.write(" and half")
        item.ready()

        found = other.best("a")
        assert found is not None
        assert Path(found.path).read_text(encoding="utf-8") == "half and half"
        assert found.size == 13
        assert found.digest == f"sha256:{hashlib.sha256(b'half and half').hexdigest()}"
        assert found.path.endswith(".tsv")
        assert found.path == item.path

    def test_ready_without_a_file_is_refused_while_writing(self, cache: Cache) -> None:
        """Who said that he writes must have written."""
        item = cache.create("a", status=Status.WRITE)

        with pytest.raises(StatusError, match="nothing was written"):
            item.ready()
        assert item.status is Status.WRITE

    def test_metadata_alone_may_be_ready(self, cache: Cache) -> None:
        """An item without a file is legal, and has neither size nor digest."""
        item = cache.create("a", attrs={"n": 1}, status=Status.READY)

        assert (item.size, item.digest) == (None, None)
        assert cache.best("a") == item
        with pytest.raises(StoreError):
            item.open()

    def test_writing_publishes_or_fails(self, cache: Cache) -> None:
        """The block decides: READY when it ends well, FAILED when it raises."""
        good, bad = cache.create("a"), cache.create("a")
        with good.writing() as file:
            file.write(b"good")
        with pytest.raises(ZeroDivisionError), bad.writing("w") as file:
            file.write(f"bad {1 / 0}")

        assert good.status is Status.READY
        assert bad.status is Status.FAILED
        assert cache.best("a") == good

    @pytest.mark.parametrize("how", ["copy", "move", "link"])
    def test_a_path_is_put_in(self, cache: Cache, tmp_path: Path, how: str) -> None:
        """By copy, move or link; READY at once, and called as the file was."""
        source = tmp_path / "table.csv"
        source.write_bytes(b"1,2")

        item = cache.put("a", source, how=how)  # type: ignore[arg-type]

        assert Path(item.path).read_bytes() == b"1,2"
        assert (item.filename, item.ext) == ("table.csv", "csv")
        assert source.exists() is (how != "move")

    def test_bytes_files_and_functions_are_put_in(self, cache: Cache) -> None:
        """Whatever gives bytes is a source."""
        sources: list[Source] = [
            b"data",
            bytearray(b"data"),
            io.BytesIO(b"data"),
            lambda file: file.write(b"data"),
        ]

        items = [cache.put("a", source) for source in sources]

        assert {Path(one.path).read_bytes() for one in items} == {b"data"}
        assert [one.version for one in items] == [1, 2, 3, 4]

    def test_a_failed_source_leaves_nothing(self, cache: Cache) -> None:
        """What raises while it is put in was never there."""

        def failing(file: IO[bytes]) -> None:
            """Write a part, and fail."""
            file.write(b"some")
            raise ValueError("gone")

        with pytest.raises(ValueError, match="gone"):
            cache.put("a", failing)

        assert len(cache) == 0
        assert cache.clean_disk() == 0

    def test_moving_in_copies(self, cache: Cache, tmp_path: Path) -> None:
        """The original stays; the item waits in WRITE, or is READY where that is asked for."""
        source = tmp_path / "table.csv"
        source.write_bytes(b"1,2")

        waiting = cache.move_in(source)
        ready = cache.move_in(source, uri="b", status=Status.READY)

        assert waiting.uri == "table.csv"
        assert waiting.status is Status.WRITE
        waiting.ready()
        assert Path(waiting.path).read_bytes() == Path(ready.path).read_bytes() == b"1,2"
        assert source.exists()

    @pytest.mark.parametrize("status", ["REDY", 7, -3, True, 1.5, None])
    def test_an_unknown_status_is_refused_before_anything_is_stored(
        self, cache: Cache, status: object
    ) -> None:
        """A slip makes no row."""
        with pytest.raises(QueryError):
            cache.create("a", status=status)  # type: ignore[arg-type]
        with pytest.raises(QueryError):
            cache.best_or_new("a", new_status=status)  # type: ignore[arg-type]

        assert len(cache) == 0

    def test_a_status_has_three_spellings(self, cache: Cache) -> None:
        """Member, number and name in any case mean one thing."""
        made = [cache.create("a", status=one) for one in (Status.READY, 3, "ready", "READY")]

        assert {one.status for one in made} == {Status.READY}
        assert len(cache.search(status=["ready", 3])) == 4

    def test_the_newest_ready_version_is_best(self, cache: Cache) -> None:
        """A newer one that is not READY hides nothing."""
        cache.put("a", b"1")
        second = cache.put("a", b"2")
        cache.create("a", status="write")
        cache.create("a").failed()

        assert cache.best("a") == second
        assert cache.best("a", status=None).version == 4  # type: ignore[union-attr]
        assert cache.best("a", {"other": 1}) is None

    def test_best_or_new_gives_the_ready_one(self, cache: Cache) -> None:
        """What there is is not made again."""
        item = cache.put("a", b"1")

        assert cache.best_or_new("a", attrs={"n": 1}) == item
        assert len(cache) == 1

    def test_one_of_many_callers_writes(self, directory: Path) -> None:
        """The others wait, and get what that one wrote."""
        written: list[str] = []
        start = threading.Barrier(8)

        def ask(_: int) -> bytes:
            """Ask by a registry of one's own, together with the others, and write if one must."""
            with self.make(directory, SYSTEM_CLOCK) as cache:
                start.wait()
                item = cache.best_or_new("a", timeout=60)
                if item.status is Status.WRITE:
                    with item.writing() as file:
                        file.write(b"once")
                    written.append(item.version_id)
                return Path(item.path).read_bytes()

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(8)))

        assert found == [b"once"] * 8
        assert len(written) == 1

    @abc.abstractmethod
    def make(self, directory: Path, clock: Clock) -> Cache:
        """Return the registry of a directory."""

    def test_waiting_ends(self, cache: Cache, other: Cache) -> None:
        """A writer that lives is not taken over; the error says who it is."""
        item = cache.best_or_new("a")

        with pytest.raises(LockTimeoutError) as caught:
            other.best_or_new("a", timeout=1)

        assert str(os.getpid()) in str(caught.value.holder)
        assert item.status is Status.WRITE

    def test_a_dead_writer_is_taken_over(self, cache: Cache, other: Cache) -> None:
        """Its item is FAILED, and what it may still write is not published."""
        dead = other.best_or_new("a")
        Path(dead.path).write_bytes(b"late")
        other.leases.close()

        item = cache.best_or_new("a", timeout=0)
        item_path = Path(item.path)
        item_path.write_bytes(b"mine")
        item.ready()

        assert (item.version, dead.status) == (2, Status.FAILED)
        with pytest.raises(StatusError):
            dead.ready()
        assert Path(cache.best("a").path).read_bytes() == b"mine"  # type: ignore[union-attr]

    def test_a_failed_writer_makes_way(self, cache: Cache) -> None:
        """The next caller writes, with a version of its own."""
        cache.best_or_new("a").failed()

        assert cache.best_or_new("a", timeout=0).version == 2

    def test_a_batch_is_all_or_nothing(self, cache: Cache, other: Cache) -> None:
        """What a block began and did not end was never there, files included."""
        with cache.batch():
            for number in range(20):
                cache.put(f"a{number}", b"data")
            assert len(cache) == 20
        with pytest.raises(TypeError), cache.batch():
            cache.put("b", b"data", attrs={"n": cache.put("c", b"data")})

        assert len(other) == 20
        assert other.best("b") is None
        assert other.clean_disk() <= 1

    def test_it_may_be_used_again_after_closing(self, cache: Cache) -> None:
        """Closing gives back what is open, no more."""
        item = cache.put("a", b"data")
        cache.close()

        assert cache.best("a") == item
