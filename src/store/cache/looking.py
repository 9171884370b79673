"""Looks at the files of a cache and changes nothing, not even a mark."""

from __future__ import annotations

import os
import stat
from typing import Literal, NamedTuple

from store.cache.content import Content
from store.cache.examining import examine
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
    layout = content.layout
    address = layout.address(path)
    if address is None:
        return Sight("missing")
    try:
        status = os.lstat(path)
    except OSError:
        return Sight("missing")
    if obstacle(layout, path) is not None or not stat.S_ISREG(status.st_mode):
        return Sight("damaged", "it is no regular file")
    if content.verify == "never":
        return Sight("stamped", "verify = never believes it unseen")
    record = read_record(layout.record(address.digest))
    known = None if record is None else record.files.get(address.name)
    doubt = "its stamp was never recorded"
    if content.verify == "always":
        doubt = "verify = always hashes it each time"
    elif known is not None and known.stamp is not None:
        doubt = "its stamp has changed since it was checked"
        if known.vouches_for(Stamp.of(status)) and record is not None:
            if record.digests.issuperset(digests):
                return Sight("stamped")
            doubt = "one of its digests was never computed"
        elif known.stamp.same_file(Stamp.of(status)):
            doubt = (
                "it was checked before the last start of the machine, and may have been lost since"
            )
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
