"""The project mapping of a record: which files and directories it has.

A mapping of names to nodes, nested as the directories are. A key of a node that stands between two slashes
is said of the node itself, any other is the name of a node below it:

==============  ============================================================================================
key             means
==============  ============================================================================================
``/path/``      where it lies, relative to the project, with ``/`` between components
``/item/``      ``Directory``, ``File``, ``H5_File`` (a file whose groups are mapped too); inside of a file
                ``H5_Group`` and others; any other that has a blob is a file, too
``/attrs/``     attributes of the user's
``/bpid/``      the id of the file's blob in the archive
``/bytes/``     the file's size
``/sha256/``    the file's SHA-256 in hexadecimal; ours, and missing in older records
``/mode/``      its permission bits in octal, as text: ``644`` or ``755``; ours, and missing in older records
==============  ============================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final, NamedTuple

from store.errors import ArchiveError, UnsafeNameError
from store.integrity.digest import Digest
from store.releases.names import check_path

PATH: Final = "/path/"
ITEM: Final = "/item/"
ATTRS: Final = "/attrs/"
FILE_TYPE: Final = "/file-type/"
BPID: Final = "/bpid/"
BYTES: Final = "/bytes/"
SHA256: Final = "/sha256/"
MODE: Final = "/mode/"

DIRECTORY: Final = "Directory"
FILE: Final = "File"
BLOBABLE: Final = frozenset({FILE, "H5_File"})
"""The items whose content is a blob."""

MAX_NODES: Final = 2_000_000
"""How many nodes a mapping may have."""

MAX_DEPTH: Final = 100
"""How many levels deep a file of a release may lie."""

_HEX: Final = re.compile(r"[0-9a-f]+")
_SHA1_DIGITS: Final = 40
_SHA256_DIGITS: Final = 64
_EXECUTABLE: Final = 0o111
_MODE: Final = re.compile("0?[0-7]{3}")
_USUAL: Final = frozenset({"644", "755"})
"""The modes that we write: known at a glance, for thousands."""

_NO_FILE: Final = (DIRECTORY, "")
"""The items of what holds nodes and no content; a tuple, since a damaged record may have any kind."""

_SHA256: Final = re.compile("[0-9a-f]{64}")
_SAID: Final = re.compile("/[^/]+/")


class Blob(NamedTuple):
    """One file of a release.

    Attributes:
        path: Where it lies in the project, with ``/`` between components.
        pid: The id of its content in the archive; None before it was uploaded.
        size: Its bytes; None where an older record does not tell.
        sha256: Its SHA-256 in hexadecimal, where the record tells.
        executable: Whether it is for running.
    """

    path: str
    pid: str | None = None
    size: int | None = None
    sha256: str | None = None
    executable: bool = False

    @property
    def digest(self) -> Digest | None:
        """What its content is held against: its SHA-256, else the digest that its id is."""
        if self.sha256 is not None:
            return Digest("sha256", self.sha256)
        if self.pid is None or not _HEX.fullmatch(self.pid):
            return None
        algorithm = {_SHA256_DIGITS: "sha256", _SHA1_DIGITS: "sha1"}.get(len(self.pid))
        return None if algorithm is None else Digest(algorithm, self.pid)


def nodes_of(project: Mapping[str, Any]) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    """Give every node of a mapping with its path, a directory before what lies in it.

    Raises:
        ArchiveError: The mapping is damaged: a node is no mapping, or it is nested too deeply.
        UnsafeNameError: A path leads elsewhere.
    """
    stack: list[tuple[str, Any, int]] = [("", project, 0)]
    seen = 0
    while stack:
        above, node, depth = stack.pop()
        seen += 1
        sound = isinstance(node, dict) or isinstance(node, MutableMapping)  # noqa: SIM101 - the quick one first
        if not sound or depth > MAX_DEPTH or seen > MAX_NODES:
            raise ArchiveError(
                f"the project mapping of a record is damaged at {above[:200]!r}", member=above
            )
        path = ""
        if depth:
            path = check_path(node.get(PATH, above))
            yield path, node
            if not _is_directory(node):
                continue  # what is mapped inside of a file is no file of the project
        children = [(name, child) for name, child in node.items() if not _is_said(name)]
        prefix = f"{path}/" if path else ""
        stack.extend((f"{prefix}{name}", child, depth + 1) for name, child in reversed(children))


def blob_nodes(project: Mapping[str, Any]) -> Iterator[tuple[str, MutableMapping[str, Any]]]:
    """Give every file's node with its path; where one path is told twice, both.

    Raises:
        ArchiveError: The mapping is damaged.
        UnsafeNameError: A path leads elsewhere.
    """
    for path, node in nodes_of(project):
        if _is_blob(node):
            yield path, node


def content_of(project: Mapping[str, Any]) -> tuple[tuple[Blob, ...], tuple[str, ...]]:
    """Return the files of a mapping, and the paths of its directories, each in order of their paths.

    Raises:
        ArchiveError: The mapping is damaged, or says of one path that it is two things.
        UnsafeNameError: A path, or what is said of a file, is refused.
    """
    blobs: dict[str, Blob] = {}
    directories: set[str] = set()
    for path, node in nodes_of(project):
        if _is_blob(node) and node.get(ITEM) != DIRECTORY:
            if path in blobs:
                raise _twice(path)
            blobs[path] = blob_of(path, node)
        elif _is_directory(node):
            directories.add(path)
        else:
            raise _neither(path, _item(node))
    above = _all_above((*blobs, *directories))
    for path in blobs:
        if path in directories or path in above:
            raise _twice(path)
    return tuple(blobs[path] for path in sorted(blobs)), tuple(sorted(directories))


def blob_of(path: str, node: Mapping[str, Any]) -> Blob:
    """Return what a node says of its file.

    Raises:
        ArchiveError: What it says cannot be.
    """
    pid, size = node.get(BPID), node.get(BYTES)
    sha256, mode = node.get(SHA256), node.get(MODE)
    if isinstance(size, float) and size.is_integer():
        size = int(size)
    sound = (
        (pid is None or (isinstance(pid, str) and pid != ""))
        and (size is None or (type(size) is int and size >= 0))
        and (sha256 is None or (isinstance(sha256, str) and _SHA256.fullmatch(sha256)))
        and (mode is None or (isinstance(mode, str) and (mode in _USUAL or _MODE.fullmatch(mode))))
    )
    if not sound:
        said = ", ".join(
            f"{key} {node[key]!r:.80}" for key in (BPID, BYTES, SHA256, MODE) if key in node
        )
        raise ArchiveError(f"a record says of {path!r} what cannot be: {said}", member=path)
    return Blob(path, pid, size, sha256, mode is not None and bool(int(mode, 8) & _EXECUTABLE))


def file_node(path: str, *, executable: bool = False) -> dict[str, Any]:
    """Return the node of a file that is not uploaded yet."""
    return {
        PATH: path,
        ATTRS: {},
        ITEM: FILE,
        FILE_TYPE: "misc",
        MODE: "755" if executable else "644",
    }


def project_of(blobs: Mapping[str, bool], directories: Iterable[str]) -> dict[str, Any]:
    """Return the mapping of a project whose files are still to be uploaded.

    Args:
        blobs: The paths of its files, and whether each is for running.
        directories: The paths of its directories; those that hold a file need not be named.
    """
    project: dict[str, Any] = {}
    rooms = {"": project}
    for path in sorted({*directories, *_all_above(blobs)}):
        room, _, name = path.rpartition("/")
        rooms[room][name] = rooms[path] = {PATH: path, ATTRS: {}, ITEM: DIRECTORY}
    for path in sorted(blobs):
        room, _, name = path.rpartition("/")
        rooms[room][name] = file_node(path, executable=blobs[path])
    return project


def _all_above(paths: Iterable[str]) -> set[str]:
    """Return the paths of all directories above others."""
    rooms = {path.rpartition("/")[0] for path in paths} - {""}
    return {*rooms, *(parent for one in rooms for parent in _parents(one))}


def _parents(path: str) -> Iterator[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def _is_said(name: object) -> bool:
    if isinstance(name, str) and name[:1] == "/" and _SAID.fullmatch(name):
        return True
    if not isinstance(name, str) or name == "" or name[0] == "/":
        raise UnsafeNameError(f"a name in a project mapping is refused: {name!r}", name=str(name))
    return False


def _item(node: Mapping[str, Any]) -> str:
    item = node.get(ITEM)
    return "" if item is None else item if isinstance(item, str) else repr(item)


def _is_directory(node: Mapping[str, Any]) -> bool:
    item = node.get(ITEM)
    return (item is None or item in _NO_FILE) and node.get(BPID) is None


def _is_blob(node: Mapping[str, Any]) -> bool:
    item = node.get(ITEM)
    return node.get(BPID) is not None or (isinstance(item, str) and item in BLOBABLE)


def _neither(path: str, item: str) -> ArchiveError:
    what = (
        "a directory with a content" if item == DIRECTORY else f"{item[:100]!r} without a content"
    )
    return ArchiveError(
        f"a record says that {path!r} is {what}, which is neither a file nor a directory",
        member=path,
    )


def _twice(path: str) -> ArchiveError:
    return ArchiveError(f"a record names {path!r} twice, or as a file and a directory", member=path)
