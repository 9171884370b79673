"""Where each thing of a cache lies, and whose address a path is.

On disk, below the cache's directory::

    CACHEDIR.TAG                                     so that backups pass it over (bford.info/cachedir)
    content/v1/<algorithm>/<2 hex>/<hex>/<name>      the files, read-only
    records/v1/<algorithm>/<2 hex>/<hex>.json        stamp, digests, size of each; its mtime is the last use
    journals/v1/<time>-<random>.journal              records of what came together, until spread
    trees/v1/<algorithm>/<2 hex>/<hex>-<how>/        what archives were unpacked into: see `cache.trees`
    aged/v1/<key>/<name>  aged/v1/<key>.json         lasting names of files that grow old: see `cache.naming`
    partial/<random>/                                private directories of downloads under way
    partial/part-<derived name>/                     what came of a download that broke off, for a day
    quarantine/<time>-<name>                         what was not what it should be
    locks/<derived name>.lock                        one download among many askers
    leases/<pid>-<random>                            who may be using what was handed out
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from store.files.names import derived_name
from store.integrity.digest import SIZES, Digest

_HEXADECIMAL: Final = "0123456789abcdef"

_PARTS: Final = 4
"""How many parts the path of an owned file has: algorithm, first two digits, digest, name."""

_TREE_PARTS: Final = 3
"""How many parts the path of a tree's directory has: algorithm, first two digits, digest and making."""

_MAKING: Final = 16
"""How many hexadecimal digits stand for how a tree was made."""


TREE_RECORD: Final = "record.json"
"""What is known of a tree as a whole, beside it."""


class Address(NamedTuple):
    """What the path of an owned file says of it."""

    digest: Digest
    """The digest that the file is named by."""
    name: str
    """Its file name."""


class Layout:
    """The paths below one cache directory, as text: hits cannot afford more.

    Args:
        root: The cache's directory.

    Attributes:
        root: The same, absolute.
        content: Above all owned files, with a slash at its end.
        trees: Above all that was unpacked, with a slash at its end.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.path.abspath(root)  # noqa: PTH100 - text; links on the way are the user's business
        self.content = f"{self.root}/content/v1/"
        self.records = f"{self.root}/records/v1/"
        self.journals = f"{self.root}/journals/v1/"
        self.trees = f"{self.root}/trees/v1/"
        self.aged = f"{self.root}/aged/v1/"
        self.partial = f"{self.root}/partial"
        self.quarantine = f"{self.root}/quarantine"
        self.locks = f"{self.root}/locks"
        self.leases = f"{self.root}/leases"

    def directory(self, digest: Digest) -> str:
        """Return where the files that a digest names lie."""
        return f"{self.content}{digest.algorithm}/{digest.hex[:2]}/{digest.hex}"

    def file(self, address: Address) -> str:
        """Return where an owned file lies."""
        return f"{self.directory(address.digest)}/{address.name}"

    def record(self, digest: Digest) -> str:
        """Return where the record of the files lies that a digest names."""
        return f"{self.records}{digest.algorithm}/{digest.hex[:2]}/{digest.hex}.json"

    def tree(self, digest: Digest, making: str) -> str:
        """Return where what an archive was unpacked into lies, with what is known of it.

        Args:
            digest: What the archive is named by.
            making: How it was unpacked.
        """
        name = f"{digest.hex}-{derived_name(making)[:_MAKING]}"
        return f"{self.trees}{digest.algorithm}/{digest.hex[:2]}/{name}"

    def tree_of(self, path: str) -> str | None:
        """Return the directory of the tree that a path lies in; None where it lies in none."""
        if not path.startswith(self.trees):
            return None
        parts = path[len(self.trees) :].split("/")[:_TREE_PARTS]
        if len(parts) < _TREE_PARTS:
            return None
        algorithm, first, name = parts
        number, _, making = name.partition("-")
        if (
            len(number) != 2 * SIZES.get(algorithm, 0)
            or len(making) != _MAKING
            or (number + making).strip(_HEXADECIMAL)
            or first != number[:2]
        ):
            return None
        return f"{self.trees}{algorithm}/{first}/{name}"

    def record_of(self, path: str) -> str | None:
        """Return the record whose time says when a file or tree of ours was used; None for any other."""
        address = self.address(path)
        if address is not None:
            return self.record(address.digest)
        tree = self.tree_of(path)
        return None if tree is None else f"{tree}/{TREE_RECORD}"

    def lock(self, uid: str) -> str:
        """Return the lock of those who fetch a uid."""
        return f"{self.locks}/{derived_name(uid)}.lock"

    def leaf(self, uid: str) -> str | None:
        """Return where the files of a uid lie that is a SHA-256 digest; None for any other uid."""
        algorithm, _, number = uid.partition(":")
        if (
            algorithm != "sha256"
            or len(number) != 2 * SIZES["sha256"]
            or number.strip(_HEXADECIMAL)
        ):
            return None
        return self.directory(Digest(algorithm, number))

    def part(self, uid: str) -> str:
        """Return where what came of a download lies that broke off."""
        return f"{self.partial}/part-{derived_name(uid)}"

    def address(self, path: str) -> Address | None:
        """Read the path of an owned file; None for any other path."""
        if not path.startswith(self.content):
            return None
        parts = path[len(self.content) :].split("/")
        if len(parts) != _PARTS:
            return None
        algorithm, first, number, name = parts
        if (
            len(number) != 2 * SIZES.get(algorithm, 0)
            or number.strip(_HEXADECIMAL)
            or first != number[:2]
            or name in {"", ".", ".."}
            or "\0" in name
        ):
            return None
        return Address(Digest(algorithm, number), name)
