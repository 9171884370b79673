"""Looks at the files of a cache and changes nothing, not even a mark."""

from __future__ import annotations

import os
import stat
from typing import Literal, NamedTuple

from store.cache.content import Content
from store.cache.examining import examine
from store.cache.layout import Address
from store.cache.quarantine import obstacle
from store.cache.records import read_record
from store.errors import DigestError
from store.integrity.digest import Digests
from store.integrity.stamp import Stamp


class Sight(NamedTuple):
    """What a look at an owned file found.

    Attributes:
        state: ``stamped``: a hit goes by its stamp alone; ``hashed``: it is right, and a hit will hash it;
            ``missing``; ``damaged``: it is to be set aside; ``unread``: it cannot be read; ``other``: it is
            whole, but not what was asked for.
        reason: More of it, in words that follow a noun; empty where the state says it all.
    """

    state: Literal["stamped", "hashed", "missing", "damaged", "unread", "other"]
    reason: str = ""


def look(content: Content, path: str, digests: Digests) -> Sight:
    """Say what the next use of an owned file would find; it is read where its stamp does not vouch for it.

    Args:
        content: The cache's files.
        path: One of them.
        digests: What it should be, beside what its path says.
    """
    address = content.layout.address(path)
    try:
        status = os.lstat(path)
    except OSError:
        return Sight("missing")
    if address is None:
        return Sight("missing", "the cache does not own it")
    if obstacle(content.layout, path) is not None or not stat.S_ISREG(status.st_mode):
        return Sight("damaged", "it is no regular file")
    if content.verify == "never":
        return Sight("stamped", "verify = never believes it unseen")
    doubt = _doubt(content, address, Stamp.of(status), digests)
    return Sight("stamped") if doubt is None else _read(content, path, address, digests, doubt)


def _doubt(content: Content, address: Address, stamp: Stamp, digests: Digests) -> str | None:
    """Return why a file's stamp does not vouch for it; None where it does."""
    record = read_record(content.layout, address.digest)
    known = None if record is None else record.files.get(address.name)
    if content.verify == "always":
        return "verify = always hashes it each time"
    if record is None or known is None or known.stamp is None:
        return "its stamp was never recorded"
    if known.vouches_for(stamp):
        unknown = not record.digests.issuperset(digests)
        return "one of its digests was never computed" if unknown else None
    if known.stamp.same_file(stamp):
        return "it was checked before the machine was started, and may have been lost since"
    return "its stamp has changed since it was checked"


def _read(content: Content, path: str, address: Address, digests: Digests, doubt: str) -> Sight:
    """Hash a file that has to be."""
    try:
        algorithms = {address.digest.algorithm, *(one.algorithm for one in digests)}
        found = examine(path, sorted(algorithms), content.clock).digests
    except FileNotFoundError:
        return Sight("missing")
    except (OSError, ValueError, DigestError) as error:
        return Sight("unread", str(error))
    if address.digest not in found:
        return Sight("damaged", f"its content is not {address.digest}")
    return Sight("hashed", doubt) if set(digests) <= set(found) else Sight("other")
