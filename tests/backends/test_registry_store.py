"""The driver of registries reads its queries."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.backends.registry_store import RegistryStore
from store.cache.backends.base import Cache
from store.errors import QueryError


@pytest.mark.parametrize("key", ["params", "attrs"])
@pytest.mark.parametrize(
    ("spelled", "reason"),
    [("{", "cannot be read"), ("[1]", "must be a mapping"), ("[" * 100_000, "cannot be read")],
)
def test_a_mapping_that_is_none_is_refused(
    key: str, spelled: str, reason: str, cache: Cache, tmp_path: Path
) -> None:
    """Before the registry is opened."""
    store = RegistryStore({"path": str(tmp_path / "registry")}, cache)

    with pytest.raises(QueryError, match=f"'{key}' {reason}"):
        store.get_resource_metadata({key: spelled})

    assert not (tmp_path / "registry").exists()
