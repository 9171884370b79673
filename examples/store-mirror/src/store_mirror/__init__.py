"""A store that finds files in a directory tree by their names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from store import Digest, DigestedResource, QueryError, ResourceNotFoundError, Store, hookimpl
from store.files.names import inside


@attrs.frozen
class MirroredResource(DigestedResource):
    """A file of the mirror."""

    path: Path = attrs.field(kw_only=True)


class MirrorStore(Store[MirroredResource]):
    """Finds a file under ``root`` by its name."""

    needs_network = False
    query_keys = frozenset({"name", "digest"})

    def get_resource_metadata(self, query: Mapping[str, Any]) -> MirroredResource:
        """Find the file that a query names; its digest says what it must be."""
        texts = [value for value in query.values() if isinstance(value, str)]
        if query.keys() != self.query_keys or len(texts) < len(query):
            raise QueryError("a mirror is asked for 'name' and 'digest', each a text")
        path = inside(self.store_configuration["root"], query["name"])
        if not path.is_file():
            raise ResourceNotFoundError(f"{path} is not in the mirror")
        return MirroredResource(Digest.parse(query["digest"]), path=path)

    def download_resource_content(self, metadata: MirroredResource, dest: str) -> str:
        """Copy the file into a directory."""
        return shutil.copy2(metadata.path, dest)


@hookimpl
def store_drivers() -> dict[str, type[Store[Any]]]:
    """Bring the driver ``mirror``."""
    return {"mirror": MirrorStore}
