"""Lists the files of an archive, each opened when it is first read."""

from __future__ import annotations

import functools
import io
import tarfile
import zipfile
from collections.abc import Iterable
from typing import IO, Any, Final, NamedTuple

from store.errors import TooLargeError
from store.files.unpacking.quota import Quota
from store.files.unpacking.streams import Opens, Unpacking

MOST_MEMBERS: Final = 1_000_000
"""How many members an archive may have."""


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        size: Its size in bytes, as the archive says.
        opens: Opens it.
    """

    size: int
    opens: Opens


def zip_members(file: IO[bytes], path: str) -> dict[str, Member]:
    """Return the files of a zip, in order; of several of one name the last.

    Raises:
        zipfile.BadZipFile: It is damaged.
        TooLargeError: There are too many.
    """
    archive = zipfile.ZipFile(file)
    found: dict[str, Member] = {}
    for info in _counted(archive.infolist(), path):
        if not info.is_dir():
            found[info.filename] = Member(info.file_size, functools.partial(archive.open, info))
    return found


def tar_members(stream: Any, path: str) -> dict[str, Member]:  # noqa: ANN401 - a file or what unpacks one
    """Return the regular files of a tar, in order; of several of one name the last.

    Args:
        stream: The tar, unpacked; it can seek.
        path: The archive, for messages.

    Raises:
        tarfile.TarError: It is damaged.
        TooLargeError: There are too many.
    """
    archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 - open as long as its members
    found: dict[str, Member] = {}
    for info in _counted(archive, path):
        if info.isreg():
            found[info.name] = Member(info.size, functools.partial(_extracted, archive, info))
        elif info.islnk():
            found[info.name] = found.get(info.linkname) or Member(
                0, functools.partial(_lacking, info)
            )
    return found


def opened(member: Member, path: str, quota: Quota) -> Unpacking:
    """Return a stream of a member, not opened yet."""
    return Unpacking(member.opens, path, quota)


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


def _lacking(info: tarfile.TarInfo) -> IO[bytes]:
    """Say that a hard link leads to no file before it, so that there is nothing to be read."""
    raise tarfile.ReadError(f"{info.name!r} is a link to {info.linkname!r}, which is no file of it")


def _counted(infos: Iterable[Any], path: str) -> Iterable[Any]:
    for number, info in enumerate(infos, start=1):
        if number > MOST_MEMBERS:
            raise TooLargeError(
                f"{path} has more than {MOST_MEMBERS} members", limit=MOST_MEMBERS, size=number
            )
        yield info
