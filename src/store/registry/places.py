"""Where the files of a registry lie.

Below the registry's directory::

    registry.sqlite                         the registry, with SQLite's own -wal and -shm beside it
    registry.lock                           held while it is made, migrated or mended
    partial/<key>-<version>[.<ext>]         what an item in WRITE is written to
    files/<2 hex>/<key>-<version>[.<ext>]   published files, read-only
    files/<2 hex>/<key>-<version>+item.json the sidecar: what the registry knows, to rebuild it from
    journals/<time>-<random>                what stands for the sidecars of a batch
    leases/<random>.lease                   who is there, what it writes, and what it was handed
    damaged/<time>-<name>                   what was moved aside

No path comes out of a row: names are derived from key, version and a checked suffix.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from store.addresses import label
from store.errors import RegistryError
from store.files.apart import lay_apart
from store.files.atomic import make_directories, rename
from store.files.names import safe_name
from store.files.unfinished import is_ours

SIDECAR: Final = "+item.json"
"""How the name of a sidecar ends."""

_OURS: Final = ("registry.", "files", "leases", "journals", "damaged")
"""How the names of what we make in a registry's directory begin."""

_NAME: Final = re.compile(
    r"([0-9a-f]{32,64})-([1-9][0-9]{0,9})(\+item\.json|(?:\.[A-Za-z0-9._-]{1,40})?)"
)
_SUFFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}")
_OUTER: Final = frozenset({"gz", "bz2", "xz", "zst", "lz4", "br", "Z"})
"""Suffixes that tell only how a file is packed: the one before them is kept as well."""


class Named(NamedTuple):
    """A file of ours, as its name has it."""

    path: Path
    key: str
    version: int
    sidecar: bool


class Places:
    """The directories of one registry.

    Args:
        root: The registry's directory.

    Attributes:
        root: It, absolute.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        text = os.fspath(self.root)
        self._length = len(text)
        self._files = f"{text}/files/"
        self._partial = f"{text}/partial/"

    @property
    def writing(self) -> str:
        """The directory of what is being written."""
        return self._partial[:-1]

    @property
    def files(self) -> str:
        """The directory of the directories of published files."""
        return self._files[:-1]

    @property
    def database(self) -> Path:
        """The registry, where it is kept in SQLite."""
        return self.root / "registry.sqlite"

    @property
    def lock(self) -> Path:
        """What is locked while the registry is made, migrated or mended."""
        return self.root / "registry.lock"

    @property
    def leases(self) -> Path:
        """Where processes say that they are there."""
        return self.root / "leases"

    @property
    def journals(self) -> str:
        """Where what is known of items that came together is kept."""
        return f"{self._files[:-6]}journals"

    @property
    def damaged(self) -> Path:
        """Where damage is moved to."""
        return self.root / "damaged"

    def make_writing(self, *, durable: bool = False) -> None:
        """Make the directory that is written in; apart from others' work, where the directory is ours alone.

        Raises:
            StorageError: It cannot be made.
        """
        directory = self.writing
        if not os.path.isdir(directory):  # noqa: PTH112 - text
            make_directories(self.root, durable=durable)
            if all(one.name.startswith(_OURS) for one in _listed(self.root)):
                lay_apart(self.root)
            make_directories(directory, durable=durable)

    def published(self, key: str, version: int, ext: str) -> str:
        """Return where the file of an item lies once it is READY."""
        return f"{self._files}{key[:2]}/{file_name(key, version, ext)}"

    def partial(self, key: str, version: int, ext: str) -> str:
        """Return where the file of an item is written."""
        return f"{self._partial}{file_name(key, version, ext)}"

    def sidecar(self, key: str, version: int) -> str:
        """Return where the sidecar of an item lies."""
        return f"{self._files}{key[:2]}/{key}-{version}{SIDECAR}"

    def is_ours(self, path: str) -> bool:
        """Whether a path below the directory leads nowhere else: through directories, not links."""
        parent = os.path.dirname(path)  # noqa: PTH120 - text
        while len(parent) > self._length:
            try:
                if not stat.S_ISDIR(os.lstat(parent).st_mode):
                    return False
            except OSError:
                pass  # not there: then it leads nowhere
            parent = os.path.dirname(parent)  # noqa: PTH120 - text
        return True

    def check(self, path: str) -> str:
        """Return a path, made sure to lie where it says, before anything is written there.

        Raises:
            RegistryError: A link, or another thing that is no directory, is on the way.
        """
        if not self.is_ours(path):
            raise RegistryError(
                f"{path} leads out of the registry: a directory of it was replaced by something else; put it"
                " back, or move that away",
                path=path,
            )
        return path

    def set_aside(self, path: str | Path, mark: str | None = None) -> Path:
        """Move whatever lies at a path into ``damaged/``, unopened, and return where it is now.

        Raises:
            StorageError: It cannot be moved.
        """
        name = os.path.basename(path)  # noqa: PTH119 - text
        target = self.damaged / f"{mark or os.urandom(6).hex()}-{name}"
        make_directories(target.parent)
        rename(path, target)
        return target

    def clear_way(self, path: str | Path) -> None:
        """Set aside what is in the way of a file of ours, and is no file.

        Raises:
            StorageError: It cannot be moved.
        """
        try:
            regular = stat.S_ISREG(os.lstat(path).st_mode)
        except OSError:
            return
        if not regular:
            self.set_aside(path)

    def walk(self) -> Iterator[Named]:
        """Go through the published files and sidecars that bear our names; links are passed over."""
        for shelf in _listed(Path(self._files)) if self.is_ours(self._files) else ():
            if len(shelf.name) == 2 and shelf.is_dir(follow_symlinks=False):  # noqa: PLR2004 - 2 hex
                yield from _named(Path(shelf.path))

    def walk_partial(self) -> Iterator[Named]:
        """Go through what is being written, or was when somebody died."""
        if self.is_ours(self._partial):
            yield from _named(Path(self._partial))

    def unfinished(self) -> Iterator[Path]:
        """Go through the hidden files that somebody never finished; a registry made anew begins as one."""
        for entry in _listed(Path(self._partial)) if self.is_ours(self._partial) else ():
            if is_ours(entry.name):
                yield Path(entry.path)
        for entry in _listed(Path(self.root)):
            if is_ours(entry.name.partition(".sqlite")[0]) and ".sqlite" in entry.name:
                yield Path(entry.path)


def file_name(key: str, version: int, ext: str) -> str:
    """Return the name of an item's file: ``<key>-<version>.<ext>``."""
    return f"{key}-{version}.{ext}" if ext else f"{key}-{version}"


def filename_of(uri: str, given: str | None, default: str) -> str:
    """Return what an item's file is called: a label for people, made safe.

    Args:
        uri: The item's URI, whose last segment names it, without query and fragment.
        given: What the caller calls it, or None.
        default: What to call it where nothing is left of either.
    """
    if given is not None:
        return safe_name(given, default)
    try:
        text = label(uri) if "://" in uri else _last_segment(uri)
    except ValueError:
        text = ""
    return safe_name(text, default)


def _last_segment(uri: str) -> str:
    return re.split(r"[?#]", uri, maxsplit=1)[0].rstrip("/").rpartition("/")[2].rpartition(":")[2]


def ext_of(filename: str, given: str | None = None) -> str:
    """Return the suffix of an item's file, without its first dot: ``tsv``, ``tar.gz``, ``tsv.gz``.

    Args:
        filename: What the file is called; a query and a fragment behind it are passed over.
        given: What the caller says, or None.
    """
    if given is not None:
        parts = given.strip(".").split(".")
        return ".".join(parts[-2:]) if all(map(_SUFFIX.fullmatch, parts)) and parts[0] else ""
    name = re.split(r"[?#]", filename, maxsplit=1)[0].rpartition("/")[2]
    stem, *suffixes = name.lstrip(".").split(".")
    if not suffixes or not stem or not _SUFFIX.fullmatch(suffixes[-1]):
        return ""
    last = suffixes[-1]
    if last.lower() in _OUTER and len(suffixes) > 1 and _SUFFIX.fullmatch(suffixes[-2]):
        return f"{suffixes[-2]}.{last}"
    return last


def named_of(path: Path) -> Named | None:
    """Return what the name of a file of ours says; None of another's."""
    found = _NAME.fullmatch(path.name)
    return None if found is None else Named(path, found[1], int(found[2]), found[3] == SIDECAR)


def _named(directory: Path) -> Iterator[Named]:
    yield from filter(None, (named_of(Path(entry.path)) for entry in _listed(directory)))


def _listed(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
