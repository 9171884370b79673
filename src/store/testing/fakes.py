"""Fakes: they work, in memory, and implement the real interfaces."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from store.addresses import public
from store.backends.base import DigestedResource, Store
from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.errors import QueryError, ResourceNotFoundError
from store.files.atomic import write_bytes
from store.files.names import safe_name
from store.integrity.digest import Digest
from store.records import CachedResource, Provenance
from store.transports.base import Conditions, Stream, TransferOptions, Transport


class FakeClock:
    """A clock that stands still until it is moved; ``sleep`` moves it and takes no time.

    Args:
        start: The time at the beginning, in seconds since 1970 UTC.

    Attributes:
        slept: How long each ``sleep`` was to take, in seconds.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        """Return the seconds since 1970 UTC."""
        return self._now

    def now_ns(self) -> int:
        """Return the nanoseconds since 1970 UTC."""
        return int(self._now * 1_000_000_000)

    def file_time_ns(self) -> int:
        """Return the same: it goes by no steps."""
        return self.now_ns()

    def monotonic(self) -> float:
        """Return the seconds that have passed since the clock was made."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Note the wish, and let the time pass at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let seconds pass."""
        self._now += seconds
        self._passed += seconds

    def set_back(self, seconds: float) -> None:
        """Move the time of day backwards, as an administrator might; what is monotonic goes on."""
        self._now -= seconds


class FakeCache(Cache):
    """A cache whose entries lie in memory, as JSON; its content lies below ``cache_dir`` like any other's.

    Attributes:
        recorded: What `record` was told, by uid.
    """

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        super().__init__(cache_configuration)
        self._entries: dict[str, tuple[float, str, type | None]] = {}
        self._lock = threading.Lock()
        self.recorded: dict[str, Provenance] = {}

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, freshly read from its JSON, or ``default``."""
        with self._lock:
            expiry, text, kind = self._entries.get(uid, (0.0, "", None))
        if not text or expiry <= self.clock.now():
            return default
        value = json.loads(text)
        return value if kind is None else CachedResource(*value)

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value; False where JSON cannot hold it."""
        try:
            text = json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return False
        kind = CachedResource if isinstance(value, CachedResource) else None
        with self._lock:
            self._entries[uid] = (self.get_expiry_time(timeout), text, kind)
        return True

    def delete(self, uid: str) -> None:
        """Forget a uid."""
        with self._lock:
            self._entries.pop(uid, None)

    def clear(self) -> None:
        """Forget all uids."""
        with self._lock:
            self._entries.clear()

    def record(self, uid: str, provenance: Provenance) -> None:
        """Keep the note for a test to read."""
        self.recorded[uid] = provenance


class FakeStore(Store[DigestedResource]):
    """A store of files in memory, asked by ``{"name": …}``.

    Args:
        store_configuration: A mapping; ``resources`` may hold contents (bytes) by name.
        cache_backend: The cache.

    Attributes:
        resources: The contents by name.
        downloads: The names whose bytes were moved, in order.
    """

    needs_network = False
    metadata_needs_network = False
    query_keys = frozenset({"name"})

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:  # noqa: ANN401
        super().__init__(store_configuration, cache_backend)
        resources: Mapping[str, bytes] = dict(store_configuration or {}).get("resources", {})
        self.resources = dict(resources)
        self.downloads: list[str] = []

    def publish(self, name: str, content: bytes) -> dict[str, str]:
        """Put a content into the store, and return the query for it."""
        self.resources[name] = content
        return {"name": name}

    def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
        """Find a resource by its name."""
        if set(query) != {"name"} or not isinstance(query["name"], str):
            raise QueryError("a fake store is asked for one 'name'", query=query, known=("name",))
        content = self._content(query["name"])
        digest = Digest("sha256", hashlib.sha256(content).hexdigest())
        return DigestedResource(digest, size=len(content), filename=query["name"])

    def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
        """Write the content into a directory."""
        name = metadata.filename or ""
        content = self._content(name)
        self.downloads.append(name)
        path = Path(dest) / safe_name(name)
        write_bytes(path, content)
        return str(path)

    def _content(self, name: str) -> bytes:
        if name not in self.resources:
            raise ResourceNotFoundError(f"{name!r} is not in the fake store", query={"name": name})
        return self.resources[name]


class FakeStream(Stream):
    """A body in memory.

    Args:
        content: The whole body.
        address: Where it comes from; shown without its secrets.
        offset: The byte to begin with.
    """

    def __init__(self, content: bytes, address: str = "fake://host/name", offset: int = 0) -> None:
        self.address = public(address)
        self.offset = offset
        self.size = len(content)
        self.etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.accepts_ranges = True
        self.closed = False
        self._rest = memoryview(content)[offset:]

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


class FakeTransport(Transport):
    """Opens addresses of the scheme ``fake``, whose bodies lie in memory.

    Args:
        bodies: The contents by address, without secrets.
        options: How bytes are to be moved.

    Attributes:
        bodies: The contents by address; a test may change them.
        opened: The address and offset of each body that was asked for, in order.
        streams: The bodies that were handed out, in order.
    """

    schemes: ClassVar[tuple[str, ...]] = ("fake",)
    needs_network: ClassVar[bool] = False

    def __init__(
        self, bodies: Mapping[str, bytes] | None = None, options: TransferOptions | None = None
    ) -> None:
        super().__init__(options)
        self.bodies = dict(bodies or {})
        self.opened: list[tuple[str, int]] = []
        self.streams: list[FakeStream] = []

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open a body, if there is one at the address."""
        shown = public(address)
        self.opened.append((shown, offset))
        if shown not in self.bodies:
            raise ResourceNotFoundError(f"there is nothing at {shown}", url=shown)
        content = self.bodies[shown]
        stream = FakeStream(content, shown, min(offset, len(content)))
        if conditions is not None and conditions.if_range not in {None, stream.etag}:
            stream = FakeStream(content, shown)
        if conditions is not None and conditions.if_none_match == stream.etag:
            stream = FakeStream(content, shown, len(content))
            stream.not_modified = True
        self.streams.append(stream)
        return stream
