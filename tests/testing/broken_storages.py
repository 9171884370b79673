"""Clients of object stores that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from store.errors import DriftError, MissingKeyError, ResourceNotFoundError, StoreError
from store.testing.objects import FakeObjects
from store.testing.storages import StorageSuite
from store.transports.objects.base import Body, Condition, ObjectMeta

SECRET = "hunter2"


class Made(StorageSuite):
    """The suite over a fake bucket or what a fault makes of one."""

    kind: ClassVar[type[FakeObjects]] = FakeObjects
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    secrets = (SECRET,)

    def make(self) -> FakeObjects:
        """Make the broken client."""
        return self.kind()


class TestHonest(Made):
    """Nothing is broken here."""


class TestTextMode(Made):
    """A client that mends the ends of lines."""

    cascades = True
    breaks = ("test_what_was_put_is_got", "test_any_source_will_do")

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Changes what is put."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Put other bytes."""
            if isinstance(source, bytes | memoryview):
                source = bytes(source).replace(b"\r\n", b"\n")
            return super().put(key, source, **options)


class TestRewinding(Made):
    """A client that reads an open file from its beginning, and no path."""

    breaks = ("test_any_source_will_do",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Seeks."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Go back to the beginning."""
            if not isinstance(source, bytes | memoryview):
                source.seek(0)
            return super().put(key, source, **options)


class TestNoEmptyOnes(Made):
    """A client that passes over what has no bytes."""

    cascades = True
    breaks = ("test_an_empty_object_is_an_object",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Puts nothing."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Put only what has bytes."""
            if source == b"":
                return ObjectMeta(key, 0)
            return super().put(key, source, **options)


class TestForgetful(Made):
    """A client that drops metadata, but keeps that of a former object."""

    cascades = True
    breaks = (
        "test_metadata_is_kept",
        "test_what_is_put_replaces_what_was_there",
        "test_a_copy_is_the_same",
    )

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Says what was said before."""

        def __init__(self) -> None:
            super().__init__()
            self.said: dict[str, Any] = {}

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Keep the first metadata for the second look."""
            former = self.said.get(key)
            self.said[key] = options.pop("metadata", None)
            return super().put(key, source, metadata=former, **options)


class TestBabbling(Made):
    """A client that counts what it put twice, and of an empty object one byte."""

    breaks = ("test_bytes_are_counted", "test_what_is_large_comes_whole")

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Counts twice."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Tell once more."""
            meta = super().put(key, source, **options)
            counted = options.get("counted")
            if counted is not None:
                counted(meta.size or 1)
            return meta


class TestTimeless(Made):
    """A client that knows no time of change."""

    breaks = ("test_a_look_tells_what_is_there",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Tells no time."""

        def head(self, key: str, **options: Any) -> ObjectMeta:
            """Leave it out."""
            return super().head(key, **options)._replace(last_modified=None)


class TestDeafToRanges(Made):
    """A client that gives the whole and calls it the part; beyond the end it gives nothing."""

    cascades = True
    breaks = (
        "test_a_part_is_what_was_asked_for",
        "test_beyond_the_end_is_nothing",
    )

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Passes over what part is wanted."""

        def get(self, key: str, *, start: int = 0, end: int | None = None, **options: Any) -> Body:
            """Give the whole."""
            body = super().get(key, **options)
            body.start, body.end = start, end or body.end
            return body


class TestDeafToTags(Made):
    """A client that gives whatever is there."""

    cascades = True
    breaks = ("test_another_object_than_was_seen_is_no_answer",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Passes over the tag."""

        def get(self, key: str, *, etag: str | None = None, **options: Any) -> Body:
            """Ask for no tag."""
            return super().get(key, **options)


class TestVague(Made):
    """A client whose missing key is no KeyError."""

    cascades = True
    breaks = ("test_a_missing_key_is_told",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Raises the base class."""

        def head(self, key: str, **options: Any) -> ObjectMeta:
            """Say less."""
            try:
                return super().head(key, **options)
            except MissingKeyError as error:
                raise ResourceNotFoundError(str(error)) from error


class TestOverwriting(Made):
    """A client that copies onto what is to be spared."""

    breaks = ("test_a_copy_may_spare_what_is_there",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Always replaces."""

        def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
            """Replace."""
            super().copy(source, dest)


class TestStrictDelete(Made):
    """A client that stops deleting at the first key that is missing."""

    cascades = True
    breaks = ("test_deleted_is_gone",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Stops."""

        def delete(self, keys: Iterable[str]) -> None:
            """Look first."""
            for key in keys:
                self.head(key)
                super().delete([key])


class TestOneBody(Made):
    """A client that reads all bodies into one another."""

    cascades = True
    breaks = ("test_bodies_do_not_mix",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Has one body a size."""

        def __init__(self) -> None:
            super().__init__()
            self.one: Body | None = None

        def get(self, key: str, **options: Any) -> Body:
            """Give the last one again, while it is read."""
            body = super().get(key, **options)
            last, self.one = self.one, body
            if last is not None and last.meta.size == body.meta.size and key in {"two", "one"}:
                return last
            return body


class TestOneThread(Made):
    """A client that mixes up who asked, if several do."""

    cascades = True
    breaks = ("test_threads_share_a_client",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Remembers the last key for everyone."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Let those that differ in their last figure be one."""
            name = key[:-1] if key.startswith("data/1") and len(key) > len("data/1") else key
            return super().put(name, source, **options)


class TestClosedForGood(Made):
    """A client that cannot be used once it was closed."""

    breaks = ("test_a_closed_client_may_be_used_again",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Forgets all."""

        def close(self) -> None:
            """Throw the objects away."""
            self._objects.clear()


class TestTalkative(Made):
    """A client that shows what it was given."""

    breaks = ("test_nothing_shows_a_secret",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Shows a secret."""

        def __repr__(self) -> str:
            """Show all."""
            return f"kind(secret_key={SECRET!r})"


class TestDisorder(Made):
    """A client that lists backwards, with what a listing cannot know."""

    cascades = True
    breaks = ("test_a_listing_is_in_order", "test_an_odd_key_is_deleted_and_copied")

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Lists backwards."""

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            """Turn the order round."""
            yield from reversed([*super().list(prefix, after=after)])


class TestDirectories(Made):
    """A client to which a prefix is a directory."""

    breaks = ("test_a_prefix_is_a_text",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Adds a slash."""

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            """List a directory."""
            whole = f"{prefix.rstrip('/')}/" if prefix else ""
            yield from super().list(whole, after=after)


class TestFromTheKey(Made):
    """A client that lists from a key on, the key itself too."""

    breaks = ("test_a_listing_goes_on_behind_a_key",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Is off by one."""

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            """Give the key itself, too."""
            yield from (meta for meta in super().list(prefix) if after is None or meta.key >= after)


class TestNoEmptyBucket(Made):
    """A client that cannot list an empty bucket."""

    cascades = True
    breaks = ("test_an_empty_bucket_lists_nothing",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Raises."""

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            """Raise where there is nothing."""
            if not self._objects:
                raise ResourceNotFoundError("there is nothing")
            yield from super().list(prefix, after=after)


class TestMerging(Made):
    """A client that takes one key for another."""

    cascades = True
    breaks = ("test_a_key_is_itself_or_refused", "test_an_odd_key_is_deleted_and_copied")

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Strips what it takes for white space and slashes."""

        def put(self, key: str, source: Any, **options: Any) -> ObjectMeta:
            """Strip the key."""
            return super().put(key.strip(" /").replace("+", " "), source, **options)

        def get(self, key: str, **options: Any) -> Body:
            """Strip the key."""
            return super().get(key.strip(" /").replace("+", " "), **options)


class TestLiar(Made):
    """A client that says it honours conditions, leaves its trial behind, and passes them over."""

    breaks = (
        "test_it_is_found_out_whether_conditions_are_honoured",
        "test_what_is_there_is_not_replaced",
        "test_what_another_changed_is_not_replaced",
        "test_one_of_many_wins",
    )

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Passes conditions over."""

        def __init__(self) -> None:
            super().__init__(conditions=False)

        def honours_conditions(self, within: str = "") -> bool:
            """Lie, and leave something behind."""
            super().put(".store-condition-", b"")
            return True


class TestFearful(Made):
    """A client that refuses every condition."""

    cascades = True
    breaks = ("test_a_condition_that_holds_is_no_hindrance",)

    class kind(FakeObjects):  # noqa: N801 - the suite's attribute
        """Refuses."""

        def put(
            self,
            key: str,
            source: Any,
            *,
            condition: Condition | None = None,
            metadata: Mapping[str, str] | None = None,
            **options: Any,
        ) -> ObjectMeta:
            """Refuse whatever has a condition."""
            if condition is not None:
                with contextlib.suppress(StoreError):
                    self.head(key)
                raise DriftError("no", name=key)
            return super().put(key, source, metadata=metadata, **options)
