"""The lock file beside a folder: what was fetched, and what it was.

It is TOML, to be kept with the project, and has a table ``[[release]]`` for every version that ever was
fetched to that place, the current one first: title, version, workspace, host, digest of the record, and in
``files`` the digest of each file (an empty text where an older record tells none).
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

from store.addresses import public
from store.errors import ConfigurationError, DriftError, RefusedError
from store.files.atomic import write_bytes
from store.files.failures import storage_errors
from store.integrity.regular import read_regular
from store.releases.records import Record
from store.releases.resolving import resolved

SUFFIX: Final = ".lock"
"""What is added to a folder's name for the name of its lock file."""

_FORMAT: Final = 1
_FIELDS: Final = ("title", "version", "workspace", "host", "digest")
_MARK: Final = b"# Written by 'store release fetch'"
_HEADER: Final = (
    "# Written by 'store release fetch': what was fetched to the folder beside it. Keep it with"
    " the project.\n"
)


@attrs.frozen(kw_only=True)
class Locked:
    """One release as it was fetched.

    Attributes:
        title: Its title, without a version.
        version: Its version.
        workspace: Where it lay.
        host: The archive's address, without secrets: see `host_beside`.
        digest: The digest of its record.
        files: The digest of each file (``sha256:…``) by its path; an empty text where none is known.
    """

    title: str
    version: str
    workspace: str
    host: str
    digest: str
    files: dict[str, str] = attrs.field(factory=dict, repr=False)

    @classmethod
    def of(cls, record: Record, *, host: str, workspace: str) -> Locked:
        """Return what is to be noted of a release."""
        return cls(
            title=record.title_versionless,
            version=str(record.version),
            workspace=workspace,
            host=public(host),
            digest=record.identity,
            files={one.path: str(one.digest or "") for one in record.blobs},
        )


def lock_path(folder: Path) -> Path:
    """Return where the lock file of a folder lies: beside it, and beside what a link leads to.

    Raises:
        RefusedError: Nothing lies beside it: it is the root of the file system.
        StorageError: It leads in circles.
    """
    whole = resolved(folder)
    if not whole.name:
        raise RefusedError(f"{folder} is not filled: choose a folder below it", limit="folder")
    return whole.parent / f"{whole.name}{SUFFIX}"


def host_beside(archive: Any, lock: Path) -> str:  # noqa: ANN401 - an archive: it lies above
    """Return an archive's address for a lock file: of a directory the way from there.

    A directory with which the lock file has only the root in common has its whole path.
    """
    place: Path | None = getattr(archive, "archive_path", None)
    if place is None:
        return str(archive.host)
    whole, beside = place.resolve(), lock.parent.resolve()
    if os.path.commonpath((whole, beside)) == whole.anchor:
        return whole.as_posix()
    return Path(os.path.relpath(whole, beside)).as_posix()


def read_lock(path: Path) -> tuple[Locked, ...]:
    """Return what a lock file notes; nothing where there is none.

    Raises:
        ConfigurationError: It is damaged.
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        try:
            text = read_regular(path)
        except FileNotFoundError:
            return ()
        except ValueError as error:
            raise _no_lock_of_ours(path) from error
    if not text.strip():
        return ()  # somebody has made the file, and nothing is noted yet
    try:
        return _all_locked(tomllib.loads(text.decode()))
    except (ValueError, RecursionError) as error:
        if not text.startswith(_MARK) and not re.search(
            rb"^(\[\[release\]\]|format *= *[0-9])", text, re.MULTILINE
        ):
            raise _no_lock_of_ours(path) from error
        raise ConfigurationError(
            f"the lock file {path} cannot be used: {error}; mend it, or remove it to begin anew",
            path=str(path),
        ) from error


def _no_lock_of_ours(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be used: it is no lock file of ours, and stays as it is; choose another folder with"
        " --dest",
        path=str(path),
    )


def hold_against_lock(record: Record, locked: tuple[Locked, ...], *, workspace: str) -> None:
    """Refuse a release whose version was fetched before with another content.

    Args:
        record: What the archive has now.
        locked: What was noted.
        workspace: Where it lies.

    Raises:
        DriftError: It is another content.
    """
    for one in locked:
        if (one.title, one.version, one.workspace) != (
            record.title_versionless,
            str(record.version),
            workspace,
        ):
            continue
        files = {blob.path: str(blob.digest or "") for blob in record.blobs}
        if files == one.files and record.identity == one.digest:
            continue
        changed = sorted(
            path
            for path in files.keys() | one.files.keys()
            if files.get(path) != one.files.get(path)
        )
        what = (
            f"{changed[0]!r} and others" if len(changed) > 1 else repr([*changed, "its record"][0])
        )
        raise DriftError(
            f"{record.title} is not what was fetched before ({what} changed), and a version never changes:"
            " ask who publishes it, or remove the lock file to accept it",
            name=record.title,
            expected=one.digest,
            found=record.identity,
        )


def write_lock(path: Path, locked: tuple[Locked, ...], newest: Locked) -> None:
    """Note what was fetched, in the place of what was noted of the same release; a link stays one.

    Raises:
        StorageError: It cannot be written.
    """
    key = (newest.title, newest.version, newest.workspace)
    others = [one for one in locked if (one.title, one.version, one.workspace) != key]
    tables = "".join(_table(one) for one in (newest, *others))
    with storage_errors(path):
        before = read_regular(path) if path.is_file() else b""
        data = _comments(before) + f"format = {_FORMAT}\n{tables}".encode()
        if before != data:
            write_bytes(os.path.realpath(path), data, durable=True)


def _comments(before: bytes) -> bytes:
    """Return the lines that stand above all else: our own, and what somebody has added there."""
    kept = []
    for line in before.splitlines(keepends=True):
        if line.strip() and not line.startswith(b"#"):
            break
        kept.append(line)
    text = b"".join(kept)
    return text if text.startswith(_MARK) else _HEADER.encode() + text


def _all_locked(data: dict[str, Any]) -> tuple[Locked, ...]:
    if data.get("format") != _FORMAT:
        raise ValueError(f"its format is {data.get('format')!r}, and {_FORMAT} is known")
    unknown = sorted(data.keys() - {"format", "release"})
    if unknown:
        raise ValueError(
            f"nothing in it is called {unknown[0]!r}; known are format and [[release]]"
        )
    tables = data.get("release", [])
    if not isinstance(tables, list):
        raise ValueError("a release in it is a table [[release]]")  # noqa: TRY004 - told as any other
    return tuple(_locked(one, number) for number, one in enumerate(tables, 1))


def _locked(table: Any, number: int) -> Locked:  # noqa: ANN401 - whatever stood there
    if not isinstance(table, dict):
        raise ValueError(f"release {number} in it is no table")  # noqa: TRY004
    for name in _FIELDS:
        if not isinstance(table.get(name), str):
            lacks = "is no text" if name in table else "is missing"
            message = f"of release {number} ({table.get('title')}) in it {name!r} {lacks}"
            raise ValueError(message)  # noqa: TRY004
    files = table.get("files", {})
    if not isinstance(files, dict):
        raise ValueError(f"of release {number} ({table['title']}) in it 'files' is no table")  # noqa: TRY004
    wrong = next((path for path, digest in files.items() if not isinstance(digest, str)), None)
    if wrong is not None:
        raise ValueError(
            f"of release {number} ({table['title']}) in it the digest of {wrong!r} is no text"
        )
    return Locked(**{name: table[name] for name in _FIELDS}, files=dict(files))


def _table(one: Locked) -> str:
    lines = ["", "[[release]]"]
    lines += [f"{name} = {_text(getattr(one, name))}" for name in _FIELDS]
    lines += ["", "[release.files]"]
    lines += [f"{_text(path)} = {_text(digest)}" for path, digest in sorted(one.files.items())]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
