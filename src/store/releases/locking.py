"""The lock file beside a folder: what was fetched, and what it was.

It is TOML, to be kept with the project, and has a table ``[[release]]`` for every version that ever was
fetched to that place, the current one first: title, version, workspace, host, digest of the record, and in
``files`` the digest of each file (an empty text where an older record tells none).
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

from store.addresses import public
from store.errors import ConfigurationError, DriftError
from store.files.atomic import write_bytes
from store.files.failures import storage_errors
from store.releases.records import Record

SUFFIX: Final = ".lock"
"""What is added to a folder's name for the name of its lock file."""

_FORMAT: Final = 1
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
        host: The archive's address, without secrets.
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
    """Return where the lock file of a folder lies: beside it."""
    whole = folder.absolute()
    return whole.parent / f"{whole.name}{SUFFIX}"


def read_lock(path: Path) -> tuple[Locked, ...]:
    """Return what a lock file notes; nothing where there is none.

    Raises:
        ConfigurationError: It is damaged.
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return ()
    try:
        data = tomllib.loads(text.decode())
        return _all_locked(data)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigurationError(
            f"the lock file {path} cannot be used: {error}; mend it, or remove it to begin anew",
            path=str(path),
        ) from error


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
    """Note what was fetched, in the place of what was noted of the same release.

    Raises:
        StorageError: It cannot be written.
    """
    key = (newest.title, newest.version, newest.workspace)
    others = [one for one in locked if (one.title, one.version, one.workspace) != key]
    text = _HEADER + f"format = {_FORMAT}\n" + "".join(_table(one) for one in (newest, *others))
    data = text.encode()
    with storage_errors(path):
        if not path.is_file() or path.read_bytes() != data:
            write_bytes(path, data, durable=True)


def _all_locked(data: dict[str, Any]) -> tuple[Locked, ...]:
    if data.get("format") != _FORMAT:
        raise ValueError(f"its format is {data.get('format')!r}, and {_FORMAT} is known")
    return tuple(_locked(one) for one in data.get("release", []))


def _locked(table: Any) -> Locked:  # noqa: ANN401 - whatever stood there
    texts = {name: table.get(name) for name in ("title", "version", "workspace", "host", "digest")}
    files = table.get("files", {})
    if not all(isinstance(one, str) for one in (*texts.values(), *files.values())):
        raise ValueError("a release in it lacks a field")
    return Locked(**texts, files=dict(files))


def _table(one: Locked) -> str:
    lines = ["", "[[release]]"]
    lines += [
        f"{name} = {_text(getattr(one, name))}"
        for name in ("title", "version", "workspace", "host", "digest")
    ]
    lines += ["", "[release.files]"]
    lines += [f"{_text(path)} = {_text(digest)}" for path, digest in sorted(one.files.items())]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
