"""Caches that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import json
import pickle
import shutil
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.records import CachedResource, Provenance
from store.testing.caches import CacheSuite
from store.testing.fakes import FakeCache


class Made(CacheSuite):
    """The suite over a fake cache or what a fault makes of one."""

    kind: ClassVar[type[Cache]] = FakeCache
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    persistent = False

    def make(self, directory: Path) -> Cache:
        """Make the broken cache."""
        return self.kind({"cache_dir": str(directory)})


class TestHonest(Made):
    """Nothing is broken here."""


class FileBacked(Cache):
    """A naive cache of one file a uid, over which further faults are laid."""

    @property
    def directory(self) -> Path:
        """Where the files lie."""
        return Path(self.cache_configuration["cache_dir"])

    def path(self, uid: str) -> Path:
        """Take the uid for a name of hexadecimal digits."""
        return self.directory / f"{uid.encode('utf-8', 'surrogatepass').hex()[:200]}.cache"

    def get(self, uid: str, default: Any = None) -> Any:
        """Read the file without a net."""
        if not self.path(uid).is_file():
            return default
        expiry, value, resource = self.load(self.path(uid).read_bytes())
        if expiry <= self.clock.now():
            return default
        return CachedResource(*value) if resource else value

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
        """Write the file in place."""
        data = self.dump([self.get_expiry_time(timeout), value, isinstance(value, CachedResource)])
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path(uid).write_bytes(data)
        return True

    def load(self, data: bytes) -> Any:
        """Read JSON."""
        return json.loads(data)

    def dump(self, value: Any) -> bytes:
        """Write JSON."""
        return json.dumps(value).encode()

    def delete(self, uid: str) -> None:
        """Remove the file."""
        self.path(uid).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all files."""
        for path in self.directory.glob("*.cache"):
            path.unlink()


class TestNoNet(Made):
    """A cache that stumbles over its own damaged files."""

    kind = FileBacked
    persistent = True
    breaks = ("test_damage_is_a_miss", "test_damage_under_an_open_cache_is_no_error")
    cascades = True


class TestPickling(Made):
    """A cache that unpickles whatever lies in its files."""

    persistent = True
    breaks = ("test_nothing_is_unpickled",)
    cascades = True

    class kind(FileBacked):  # noqa: N801 - the suite's attribute
        """Pickles."""

        def load(self, data: bytes) -> Any:
            """Run the data."""
            return pickle.loads(data)

        def dump(self, value: Any) -> bytes:
            """Write a pickle."""
            return pickle.dumps(value)


class TestPathUids(Made):
    """A cache that takes a uid for a file name."""

    persistent = True
    breaks = ("test_any_uid_is_legal",)
    cascades = True

    class kind(FileBacked):  # noqa: N801 - the suite's attribute
        """Joins uids to paths."""

        def path(self, uid: str) -> Path:
            """Join."""
            return self.directory / f"{uid}.cache"


class TestForgetful(Made):
    """A cache that says it remembers."""

    breaks = ("test_value_comes_back",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Forgets."""

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Forget at once."""
            super().set(uid, value, timeout)
            super().clear()
            return True


class TestAgeless(Made):
    """A cache in which nothing expires."""

    breaks = (
        "test_spent_timeout_is_no_life",
        "test_value_expires",
        "test_value_lives_a_day_by_default",
    )

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Keeps for good."""

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Keep for good."""
            return super().set(uid, value, float("inf"))


class TestOwnTime(Made):
    """A cache that asks the machine for the time."""

    breaks = ("test_expiry_is_told", "test_value_expires", "test_value_lives_a_day_by_default")
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Has a time of its own."""

        def get_expiry_time(self, timeout: float = DEFAULT_TIMEOUT) -> float:
            """Ask the machine."""
            return time.time() + timeout


class TestFolding(Made):
    """A cache that tells identities apart like a careless file system."""

    breaks = ("test_twins_are_told_apart",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Folds case."""

        def get(self, uid: str, default: Any = None) -> Any:
            """Fold."""
            return super().get(uid.casefold(), default)

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Fold."""
            return super().set(uid.casefold(), value, timeout)

        def delete(self, uid: str) -> None:
            """Fold."""
            super().delete(uid.casefold())


class TestShortNames(Made):
    """A cache that cannot name what is long."""

    breaks = ("test_any_uid_is_legal",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Raises."""

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Raise for a long name."""
            if len(uid) > 1000:
                raise OSError("File name too long")
            return super().set(uid, value, timeout)


class TestSharingValues(Made):
    """A cache that hands out the very object that was set."""

    breaks = ("test_foreign_value_is_refused", "test_value_is_private")

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Shares."""

        def __init__(self, configuration: Any) -> None:
            super().__init__(configuration)
            self.objects: dict[str, Any] = {}

        def get(self, uid: str, default: Any = None) -> Any:
            """Hand out the object itself."""
            found = super().get(uid, default)
            return default if found is default else self.objects[uid]

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Keep the object itself, of any kind."""
            self.objects[uid] = value
            return super().set(uid, "a note", timeout)


class TestStringly(Made):
    """A cache that makes text of what it cannot hold."""

    breaks = ("test_foreign_value_is_refused",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Makes text."""

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Make text of the rest."""
            return super().set(uid, value, timeout) or super().set(uid, repr(value), timeout)


class TestTypeless(Made):
    """A cache that gives a list for a CachedResource."""

    breaks = ("test_value_comes_back",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Loses the type."""

        def get(self, uid: str, default: Any = None) -> Any:
            """Lose the type."""
            found = super().get(uid, default)
            return list(found) if isinstance(found, CachedResource) else found


class TestGuessing(Made):
    """A cache that takes a mapping for a CachedResource."""

    breaks = ("test_value_comes_back",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Guesses."""

        def get(self, uid: str, default: Any = None) -> Any:
            """Guess by the keys."""
            found = super().get(uid, default)
            if isinstance(found, dict) and set(found) == {"uid", "local_path"}:
                return CachedResource(**found)
            return found


class TestFirstWins(Made):
    """A cache that keeps the first value."""

    breaks = ("test_later_value_replaces_the_earlier",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Keeps the first."""

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Keep what is there."""
            return uid in self or super().set(uid, value, timeout)


class TestNoDefault(Made):
    """A cache that answers None, whatever the caller asked to hear."""

    breaks = ("test_unknown_uid_gives_the_default",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Answers None."""

        def get(self, uid: str, default: Any = None) -> Any:
            """Pass over the default."""
            return super().get(uid)


class TestStubborn(Made):
    """A cache that raises when it is to forget what it does not know."""

    breaks = ("test_deleted_uid_is_forgotten",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Raises."""

        def delete(self, uid: str) -> None:
            """Raise for what is unknown."""
            del self._entries[uid]


class TestUncleared(Made):
    """A cache that keeps what it was to clear."""

    breaks = ("test_cleared_cache_is_empty",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Keeps."""

        def clear(self) -> None:
            """Do nothing."""


class TestSweeping(Made):
    """A cache that clears more than its entries."""

    breaks = ("test_content_is_left_alone",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Sweeps."""

        def clear(self) -> None:
            """Remove the whole directory."""
            super().clear()
            shutil.rmtree(self.cache_configuration["cache_dir"], ignore_errors=True)


class TestNoEternity(Made):
    """A cache that cannot count to infinity."""

    breaks = ("test_value_may_live_for_good",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Counts in integers."""

        def get_expiry_time(self, timeout: float = DEFAULT_TIMEOUT) -> float:
            """Overflow."""
            return int(self.clock.now()) + int(timeout)


class TestDisagreeing(Made):
    """A cache whose two ways to ask give two answers."""

    breaks = ("test_known_uid_is_in_the_cache",)
    cascades = True

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Disagrees."""

        def has_resource(self, uid: str) -> bool:
            """Know nothing."""
            return False


class TestNoting(Made):
    """A cache that takes a note for an entry."""

    breaks = ("test_record_is_harmless",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Mixes up."""

        def record(self, uid: str, provenance: Provenance) -> None:
            """Make an entry of the note."""
            self.set(uid, list(provenance))


class TestClosedForGood(Made):
    """A cache that cannot be used after it was closed."""

    breaks = ("test_closed_cache_may_be_used_again",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Stays closed."""

        closed = False

        def close(self) -> None:
            """Close for good."""
            self.closed = True
            super().close()

        def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:
            """Raise when closed."""
            if self.closed:
                raise RuntimeError("this cache is closed")
            return super().set(uid, value, timeout)


class TestOneThread(Made):
    """A cache that cannot bear two threads."""

    breaks = ("test_threads_share_the_cache",)

    class kind(FakeCache):  # noqa: N801 - the suite's attribute
        """Belongs to a thread."""

        def __init__(self, configuration: Any) -> None:
            super().__init__(configuration)
            self.owner = threading.get_ident()

        def get(self, uid: str, default: Any = None) -> Any:
            """Raise for strangers."""
            if threading.get_ident() != self.owner:
                raise RuntimeError("objects created in a thread can only be used in that thread")
            return super().get(uid, default)


class TestVolatile(Made):
    """A cache that says it is persistent."""

    persistent = True
    breaks = ("test_instances_share_the_directory", "test_reopened_cache_remembers")
