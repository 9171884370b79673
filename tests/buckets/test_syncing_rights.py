"""Syncs by keys that may do little, or into a directory that holds what is not replaced."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.errors import CredentialsError, RefusedError, StorageError, StoreError
from store.testing.bucket_trees import calls, fill, held, lay
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta
from store.transports.objects.trial import honours


class Guarded(FakeObjects):
    """A bucket of which only a directory may be written to, and perhaps nothing deleted."""

    def __init__(
        self, *, conditions: bool = True, deletes: bool = True, trials: bool = True
    ) -> None:
        super().__init__("bucket", conditions=conditions)
        self._place, self._deletes, self._trials = str(uuid4()), deletes, trials

    def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
        """Put what lies in the directory."""
        if not key.startswith("pol/x/") or (".store-" in key and not self._trials):
            raise CredentialsError("403", url=key)
        return super().put(key, *rest, **options)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete where that is allowed."""
        found = list(keys)
        if not self._deletes or not all(key.startswith("pol/x/") for key in found):
            raise CredentialsError("403", url="bucket")
        super().delete(found)

    def honours_conditions(self, within: str = "") -> bool | None:
        """Try it out, as real clients do."""
        return honours(self, self._place, within)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Lay down a file."""
    lay(tmp_path / "here", {"a": "1"})
    return tmp_path / "here"


@pytest.mark.parametrize("deletes", [True, False])
def test_only_the_directory_is_written_to(here: Path, tmp_path: Path, *, deletes: bool) -> None:
    """The trial of conditions too, which leaves nothing, and no version, where they are honoured."""
    objects = Guarded(deletes=deletes)

    done = sync_directory(objects, here, remote="pol/x/d", memory=tmp_path / "memory", delete=False)

    assert done.conditional is True
    assert held(objects) == {"pol/x/d/a": "1"}
    assert calls(objects, "delete") == []


@pytest.mark.parametrize(
    ("options", "left"), [({"trials": False}, 1), ({"conditions": False, "deletes": False}, 2)]
)
def test_what_cannot_be_tried_out_is_no_hindrance(
    here: Path, tmp_path: Path, options: dict[str, bool], left: int
) -> None:
    """Then the writes are under no condition, and that is said; a trial may have to be left."""
    objects = Guarded(**options)
    said: list[str] = []

    done = sync_directory(
        objects,
        here,
        remote="pol/x/d",
        delete=False,
        memory=tmp_path / "memory",
        verbose=said.append,
    )

    assert done.conditional is False
    assert "does not let that be tried out" in said[1]
    assert len(held(objects)) == left


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("directory", StorageError, "a directory is in the way"),
        ("fifo", RefusedError, "no regular file"),
    ],
)
def test_what_is_in_the_way_of_a_file_is_named(
    tmp_path: Path, kind: str, error: type[StoreError], said: str
) -> None:
    """To sync again would not help."""
    objects = FakeObjects()
    fill(objects, {"a": "1"})
    path = lay(tmp_path / "there", {"b": "2"}) / "a"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()

    with pytest.raises(error, match=said):
        sync_remote_to_local(objects, tmp_path / "there", memory=tmp_path / "memory")

    assert path.exists()
