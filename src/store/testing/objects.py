"""A bucket in memory that implements the real client's interface."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from store.errors import DriftError, MissingKeyError, TransportError
from store.transports.objects.base import (
    Absent,
    Body,
    Condition,
    Counted,
    ObjectClient,
    ObjectMeta,
    Source,
)
from store.transports.objects.naming import named, spellable, writable


class FakeBody(Body):
    """Bytes that are there already.

    Args:
        meta: What is said of the object.
        content: All of its bytes.
        start: The first byte that comes.
        end: Behind the last byte that comes.
    """

    def __init__(self, meta: ObjectMeta, content: bytes, start: int, end: int) -> None:
        self.meta, self.start, self.end = meta, start, end
        self._rest = memoryview(content)[start:end]

    def readinto(self, buffer: memoryview) -> int:
        """Hand out the next bytes."""
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Nothing is open."""


class FakeObjects(ObjectClient):
    """A bucket in memory: consistent, and honouring conditions as it is told to.

    Args:
        name: The bucket's name.
        conditions: Whether conditions of a put are honoured, or passed over as some servers do.

    Attributes:
        calls: The name and the key, or prefix, of every call, in order.
    """

    def __init__(self, name: str = "fake", *, conditions: bool = True) -> None:
        self.address = f"s3://{name}"
        self.calls: list[tuple[str, str]] = []
        self._conditions = conditions
        self._server = f"memory:{uuid4()}"
        self._objects: dict[str, tuple[ObjectMeta, bytes]] = {}
        self._lock = threading.Lock()
        self._ticks = 0

    @property
    def server(self) -> str | None:
        """What names it: no two are one server."""
        return self._server

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:  # noqa: ARG002 - see its docstring
        """Return what is said of the object; ``version`` is passed over: only the newest is kept."""
        self._note("head", key)
        return self._found(key)[0]

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        etag: str | None = None,
        version: str | None = None,  # noqa: ARG002 - only the newest is kept
    ) -> Body:
        """Open the object."""
        self._note("get", key)
        meta, content = self._found(key)
        if etag is not None and meta.etag != etag:
            raise self._drifted(key, etag, meta.etag)
        if start > len(content):
            raise TransportError(
                f"{self.address}/{key} has {len(content)} bytes, and its byte {start} was asked for",
                url=f"{self.address}/{key}",
                status=416,
            )
        return FakeBody(
            meta, content, start, len(content) if end is None else min(end, len(content))
        )

    def put(
        self,
        key: str,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition | None = None,
        counted: Counted | None = None,
    ) -> ObjectMeta:
        """Keep the bytes."""
        self._note("put", writable(key))
        content = _bytes_of(source)
        with self._lock:
            known = self._objects.get(key)
            if condition is not None and self._conditions:
                self._hold(key, condition, known[0] if known else None)
            self._ticks += 1
            meta = ObjectMeta(
                key,
                len(content),
                hashlib.md5(content, usedforsecurity=False).hexdigest(),
                datetime.fromtimestamp(1_700_000_000 + self._ticks, UTC),
                None,
                dict(metadata or {}),
            )
            self._objects[key] = (meta, content)
        if counted is not None and content:
            counted(len(content))
        return meta

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give what is kept, without its metadata, as a listing does."""
        self._note("list", prefix)
        with self._lock:
            kept = sorted((key, meta) for key, (meta, _) in self._objects.items())
        for key, meta in kept:
            if key.startswith(prefix) and (after is None or key > after):
                yield meta._replace(metadata=None)

    def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
        """Keep the object under another key too."""
        self._note("copy", source)
        meta, content = self._found(source)
        writable(dest)
        with self._lock:
            known = self._objects.get(dest)
            if known is not None and not replacing:
                raise self._drifted(dest, None, known[0].etag)
            self._ticks += 1
            written = datetime.fromtimestamp(1_700_000_000 + self._ticks, UTC)
            self._objects[dest] = (meta._replace(key=dest, last_modified=written), content)

    def delete(self, keys: Iterable[str]) -> None:
        """Forget objects."""
        for key in keys:
            self._note("delete", key)
            with self._lock:
                self._objects.pop(key, None)

    def honours_conditions(self, within: str = "") -> bool | None:  # noqa: ARG002 - nothing is tried
        """Return what was said when it was made."""
        return self._conditions

    def _note(self, call: str, key: str) -> None:
        if call == "list":
            spellable(key)
        else:
            named(key)
        with self._lock:
            self.calls.append((call, key))

    def _found(self, key: str) -> tuple[ObjectMeta, bytes]:
        with self._lock:
            found = self._objects.get(key)
        if found is None:
            raise MissingKeyError(f"{self.address}/{key} is not there", key=key)
        return found

    def _hold(self, key: str, condition: Condition, known: ObjectMeta | None) -> None:
        etag = known.etag if known else None
        wanted = None if isinstance(condition, Absent) else condition.etag
        if etag != wanted:
            raise self._drifted(key, wanted, etag)

    def _drifted(self, key: str, expected: str | None, found: str | None) -> DriftError:
        return DriftError(
            f"{self.address}/{key} was changed by another since it was looked at: look again",
            name=key,
            expected=expected,
            found=found,
        )


def _bytes_of(source: Source) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    return bytes(source) if isinstance(source, bytes | memoryview) else source.read()
