"""Says where a file is to lie that is fetched."""

from __future__ import annotations

import os
from pathlib import Path

from store.backends.placing import Delivery
from store.errors import QueryError
from store.fetching.asking import Wanted
from store.fetching.locator import Listed
from store.files.names import inside


def delivery_of(
    wanted: Wanted,
    *,
    dest: str | os.PathLike[str] | None,
    output: str | os.PathLike[str] | None = None,
    link: bool = False,
    claims: dict[str, str] | None = None,
) -> Delivery | None:
    """Return where the caller of `Fetcher.fetch` wants the file; None where it is to stay in the cache.

    Args:
        wanted: What is fetched; what a list names lies below ``dest`` as its name says.
        dest: A directory, or None.
        output: A path, or None.
        link: Place it by a hard link where that is possible.
        claims: See `Delivery`.

    Raises:
        QueryError: Both are given, or an empty text.
        UnsafeNameError: The name in the list would lead elsewhere.
    """
    if output is not None:
        if dest is not None:
            raise QueryError("give dest (a directory) or output (a file), not both")
        path = os.path.abspath(os.fspath(output))  # noqa: PTH100 - resolve() would follow links
        return Delivery(os.path.dirname(path), os.path.basename(path), link, claims)  # noqa: PTH119, PTH120
    if dest is None:
        return None
    if dest == "":
        raise QueryError("dest names a directory: for this one, give '.'")
    directory = os.path.abspath(dest)  # noqa: PTH100 - as above
    if isinstance(wanted, Listed) and wanted.name:
        target = inside(Path(directory), wanted.name)
        return Delivery(str(target.parent), target.name, link, claims)
    return Delivery(directory, None, link, claims)
