"""The part of the store suite that asks questions."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from store.backends.base import ResourceInfo, Store
from store.backends.resources import uid_of
from store.cache.backends.base import Cache
from store.errors import QueryError, ResourceNotFoundError, StoreError
from store.testing.subjects import Published, StoreSubject, files_below

HOSTILE = ("", "\0", "a\nb", "../../etc/passwd", "\ud800", "%00", "x" * 10_000)
"""Values that a driver may refuse or not find, but must not stumble over."""


class QueryTests(StoreSubject, suite=True):
    """Metadata: found, refused, or not there."""

    def test_store_is_found_by_its_name(self, store: Store[Any]) -> None:
        """The driver's name leads to a store of ours."""
        assert isinstance(store, Store)

    def test_metadata_describes_a_resource(self, store: Store[Any], published: Published) -> None:
        """The published query is answered by a ResourceInfo."""
        assert isinstance(store.get_resource_metadata(published.query), ResourceInfo)

    def test_uid_is_stable(
        self, store: Store[Any], published: Published, origin: Path, cache: Cache
    ) -> None:
        """Two asks, and another store of the same configuration, give one uid."""
        other = self.open_store(self.configuration(origin), cache)

        uids = [uid_of(one.get_resource_metadata(published.query)) for one in (store, store, other)]

        assert uids == [uids[0]] * 3

    def test_uid_is_harmless(self, store: Store[Any], published: Published) -> None:
        """A uid is text of one line that can be shown and written down."""
        uid = uid_of(store.get_resource_metadata(published.query))

        assert isinstance(uid, str)
        assert uid.strip()
        assert uid.isprintable(), f"{uid!r} holds what cannot be shown on one line"

    def test_secrets_are_not_shown(self, store: Store[Any], published: Published) -> None:
        """Neither uid, nor what a log would show of store, metadata or error, tells a secret."""
        metadata = store.get_resource_metadata(published.query)
        shown = [uid_of(metadata), repr(metadata), repr(store)]
        try:
            store.get_resource_metadata({**published.query, "no such key": "x"})
        except StoreError as error:
            shown += [str(error), repr(error)]

        assert [one for one in shown if any(secret in one for secret in self.secrets)] == []

    def test_query_is_not_changed(self, store: Store[Any], published: Published) -> None:
        """A driver leaves the caller's query as it was."""
        query: Any = copy.deepcopy(dict(published.query))

        store.get_resource_metadata(query)

        assert query == dict(published.query)

    def test_empty_query_is_refused(self, store: Store[Any]) -> None:
        """A query without any key is a QueryError."""
        with pytest.raises(QueryError):
            store.get_resource_metadata({})

    def test_missing_key_is_refused(self, store: Store[Any], published: Published) -> None:
        """A query that lacks a key it must have is a QueryError."""
        for key in published.query.keys() - self.optional:
            query = {name: value for name, value in published.query.items() if name != key}
            with pytest.raises(QueryError):
                _accepted(store, query, f"without {key!r}")

    def test_unknown_key_is_refused(self, store: Store[Any], published: Published) -> None:
        """A key that the driver does not know is a QueryError: it may be a misspelled digest."""
        with pytest.raises(QueryError):
            store.get_resource_metadata({**published.query, "no such key": "x"})

    def test_value_of_wrong_type_is_refused(self, store: Store[Any], published: Published) -> None:
        """A value that is of no type a driver could take is a QueryError."""
        for key in published.query:
            with pytest.raises(QueryError):
                _accepted(store, {**published.query, key: object()}, f"with an object for {key!r}")

    def test_hostile_value_gives_a_typed_error(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """Whatever text a value is, only errors of ours come out, and no path it names is made."""
        texts = [key for key, value in published.query.items() if isinstance(value, str)]

        for key in texts:
            for value in HOSTILE:
                _bring_or_refuse(store, {**published.query, key: value}, tmp_path / "dest")

        assert [path for path in files_below(tmp_path) if path.parent.name == "etc"] == []

    def test_missing_resource_is_not_found(
        self, store: Store[Any], origin: Path, tmp_path: Path
    ) -> None:
        """What is not there is a ResourceNotFoundError, at the latest when its bytes are to move."""
        query = self.missing(origin)
        with pytest.raises(ResourceNotFoundError):
            store.download_resource(store.get_resource_metadata(query), str(tmp_path / "dest"))


def _accepted(store: Store[Any], query: Mapping[str, Any], what: str) -> None:
    metadata = store.get_resource_metadata(query)
    pytest.fail(f"a query {what} was answered by {metadata!r}")


def _bring_or_refuse(store: Store[Any], query: Mapping[str, Any], dest: Path) -> None:
    try:
        store.download_resource(store.get_resource_metadata(query), str(dest))
    except StoreError:
        return
