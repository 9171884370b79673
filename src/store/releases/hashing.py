"""The digests of blobs, as the page of the archive interface has them."""

from __future__ import annotations

from typing import BinaryIO, Final

from store.errors import QueryError
from store.integrity.digest import new_hasher

CHUNK: Final = 2**25
"""How many bytes are read or written at a time, unless someone asks for less."""


def chunked_sha(f: BinaryIO, chunk: int = CHUNK, *, algorithm: str = "sha1") -> str:
    """Return the digest of an open file, from where it stands to its end.

    Args:
        f: The file, open for reading bytes.
        chunk: How many bytes are read at a time.
        algorithm: SHA-1, as the page says; the content of releases is known by its SHA-256.

    Returns:
        The digest in hexadecimal.

    Raises:
        DigestError: The algorithm is unknown.
        QueryError: A chunk is no byte long: nothing would be read.
    """
    if chunk < 1:
        raise QueryError(f"a chunk has one byte at the least, not {chunk}", query=chunk)
    hasher = new_hasher(algorithm)
    while data := f.read(chunk):
        hasher.update(data)
    return hasher.hexdigest()
