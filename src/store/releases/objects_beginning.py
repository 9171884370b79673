"""Says whether an archive may begin below a prefix of a bucket."""

from __future__ import annotations

from store.errors import ArchiveError, RefusedError, StoreError
from store.releases.layout import MARKER
from store.transports.objects.base import ObjectClient


def check_room(client: ObjectClient, begin: str) -> None:
    """Refuse to begin an archive in another one, or among other things; where it begins already all is well.

    Args:
        client: The bucket's objects.
        begin: What the archive's names begin with: nothing, or what ends with a slash.

    Raises:
        ArchiveError: Other things lie there.
        RefusedError: It would lie in an archive.
        StoreError: The store fails.
    """
    if _lies(client, begin + MARKER):
        return
    host = f"{client.address}/{begin}".rstrip("/")
    parts = begin.split("/")[:-1]
    for length in range(len(parts)):
        above = "".join(f"{one}/" for one in parts[:length])
        if _lies(client, above + MARKER):
            raise RefusedError(
                f"{host} lies in the archive {f'{client.address}/{above}'.rstrip('/')}, in which no other is"
                " begun: choose a place beside it",
                limit="archive",
            )
    for meta in client.list(begin):
        if meta.key == begin:
            continue  # what consoles call a folder
        if meta.key == begin + MARKER:
            return  # another has begun it meanwhile
        raise ArchiveError(
            f"{host} is no archive: it has no {MARKER}, and is not empty, as an archive begins: choose"
            f" another prefix, as in 'store release init {host}/archive'",
            archive=host,
        )


def _lies(client: ObjectClient, key: str) -> bool:
    """Whether an object is there, as far as one may look: some keys are for a part of a bucket alone."""
    try:
        client.head(key)
    except StoreError:
        return False
    return True
