"""Objects of any kind of store, by the library obstore."""

from __future__ import annotations

import functools
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from store.errors import MissingKeyError, StoreError, UnsafeNameError
from store.transports.base import TransferOptions
from store.transports.objects.answers import bare, quoted
from store.transports.objects.awaiting import awaited
from store.transports.objects.base import (
    Absent,
    Body,
    Condition,
    Counted,
    ObjectClient,
    ObjectMeta,
    Source,
)
from store.transports.objects.chunks import ObstoreBody
from store.transports.objects.conditions import checked_tag, refuse_taken, settled
from store.transports.objects.failures import NotPartialError, mapped
from store.transports.objects.naming import named, spellable, writable
from store.transports.objects.sources import PART, Reader, opened, size_of
from store.transports.objects.stores import Stores
from store.transports.objects.told import is_plain, meta_told, version_told
from store.transports.objects.trial import honours
from store.transports.repeating import repeated

log = logging.getLogger(__name__)

T = TypeVar("T")

_AT_ONCE: Final = 4
"""How many parts of one object go up at once."""

_MANY: Final = 1000
"""How many objects are deleted in one request (S3's limit)."""


class ObstoreObjects(ObjectClient):
    """Asks s3, gs or az through obstore.

    Keys that it does not take as they stand are refused. Where the library writes in parts, no condition
    can be kept; what is put under a condition goes up in one request.

    Args:
        address: The bucket's address.
        stores: Its stores.
        options: How bytes are to be moved.
    """

    def __init__(self, address: str, stores: Stores, options: TransferOptions) -> None:
        self.address = address
        self.options = options
        self._stores = stores

    @property
    def store(self) -> Any:  # noqa: ANN401 - obstore's
        """The library's own store, for what it alone can do, such as signing an address."""
        return self._stores.at_hand()

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self._stores.bucket

    @property
    def is_s3(self) -> bool:
        """Whether S3's protocol is spoken."""
        return self._stores.is_s3

    @property
    def server(self) -> str | None:
        """What names the server: see `ObjectClient.server`."""
        return self._stores.server

    @property
    def bundle(self) -> Path | None:
        """A PEM file of the certificates to trust, or None for the machine's."""
        return self._stores.bundle

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Return what the store says of one object."""
        options = {"head": True, "version": version}
        return repeated(lambda: meta_told(key, self._get(key, options)), self.options)

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Body:
        """Open an object, or a part of it."""
        options: dict[str, Any] = {"version": version}
        if etag is not None:
            options["if_match"] = quoted(etag)
        if end is not None:
            options["range"] = (start, max(end, start + 1))
        elif start:
            options["range"] = {"offset": start}

        def once() -> Body:
            """Ask; a second time, for the whole, where a part is called one."""
            try:
                result = self._get(key, options, etag)
            except NotPartialError:
                del options["range"]
                result = self._get(key, options, etag)
            meta = meta_told(key, result)
            body = ObstoreBody(result, meta, address=self.address, options=self.options)
            return checked_tag(body, f"{self.address}/{key}", etag)

        return repeated(once, self.options)

    def _get(self, key: str, options: Mapping[str, Any], etag: str | None = None) -> Any:  # noqa: ANN401
        given = {name: value for name, value in options.items() if value is not None}
        return self._call("get", key, self._taken(key), options=given, expected=etag)

    def put(
        self,
        key: str,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition | None = None,
        counted: Counted | None = None,
    ) -> ObjectMeta:
        """Write an object; what is large and under no condition goes up in parts."""
        writable(key)
        with opened(source) as reader:
            small = reader.size is not None and reader.size <= PART
            if small or condition is not None:
                return self.put_whole(key, reader, metadata or {}, condition, counted)
            return self._put_parts(key, reader, metadata or {}, counted)

    def put_whole(
        self,
        key: str,
        reader: Reader,
        metadata: Mapping[str, str],
        condition: Condition | None,
        counted: Counted | None,
    ) -> ObjectMeta:
        """Write an object in one request, from what was opened; see `put`."""
        body = reader.rest() if reader.size is None else reader.next(max(PART, reader.size))
        options: dict[str, Any] = {"attributes": dict(metadata), "use_multipart": False}
        if condition is not None:
            options["mode"] = _mode(condition)
        wanted = ObjectMeta(key, len(body), metadata=dict(metadata))

        def once() -> ObjectMeta:
            """Send it, with the condition as it is spelled by now."""
            expected = getattr(condition, "etag", None)
            told = self._call("put", key, self._taken(key), body, expected=expected, **options)
            return wanted._replace(etag=bare(told["e_tag"]), version=version_told(told["version"]))

        def respell() -> None:
            """Leave the quotes of the condition's entity tag out, which some stores do not know."""
            options["mode"] = {"e_tag": options["mode"]["e_tag"].strip('"')}

        meta = settled(self, once, self.options, wanted, condition, respell=respell)
        if counted is not None and len(body):
            counted(len(body))
        return meta

    def _put_parts(
        self, key: str, reader: Reader, metadata: Mapping[str, str], counted: Counted | None
    ) -> ObjectMeta:
        """Put what is large; it is read once, so that it is tried once."""
        size = reader.part
        failures: list[BaseException] = []

        def pieces() -> Iterator[bytes]:
            """Read piece by piece, and keep what is raised: the library tells of it in words only."""
            try:
                while piece := reader.next(size):
                    yield piece
                    if counted is not None:
                        counted(len(piece))
            except BaseException as error:
                failures.append(error)
                raise

        options: dict[str, Any] = {
            "attributes": dict(metadata),
            "chunk_size": size,
            "max_concurrency": _AT_ONCE,
        }
        try:
            told = self._call("put", key, self._taken(key), pieces(), use_multipart=True, **options)
        except StoreError as error:
            if failures:
                raise failures[0] from error
            raise
        etag, version = bare(told["e_tag"]), version_told(told["version"])
        return ObjectMeta(key, reader.read, etag, None, version, dict(metadata))

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give what begins with a prefix; the library knows whole directories only."""
        folder = spellable(prefix).rpartition("/")[0]
        stream = self._call("list", None, folder or None, offset=after, chunk_size=_MANY)
        while True:
            chunk = self._guarded(lambda: awaited(lambda: next(stream, None)), None)
            if chunk is None:
                return
            for one in chunk:
                key = one["path"]
                if key.startswith(prefix) and (after is None or key > after):
                    yield ObjectMeta(
                        key,
                        one["size"],
                        bare(one["e_tag"]),
                        one["last_modified"],
                        version_told(one["version"]),
                    )

    def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
        """Copy an object within the bucket; that nothing is replaced is looked at first."""
        if not replacing:
            refuse_taken(self, dest)
        self._taken(source)
        repeated(lambda: self._call("copy", source, source, self._taken(dest)), self.options)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, up to 1000 in one request."""
        rest = iter(keys)
        while batch := [self._taken(key) for key in itertools.islice(rest, _MANY)]:
            try:
                repeated(lambda batch=batch: self._call("delete", None, batch), self.options)  # type: ignore[misc]
            except StoreError as error:
                if not isinstance(error, MissingKeyError):
                    raise
                self._delete_each(batch)

    def _delete_each(self, keys: Iterable[str]) -> None:
        """Delete one by one: where a missing object is an error, those behind it may be left."""
        for key in keys:
            try:
                repeated(lambda key=key: self._call("delete", key, key), self.options)  # type: ignore[misc]
            except MissingKeyError:
                continue

    def honours_conditions(self, within: str = "") -> bool | None:
        """Return whether the store honours the conditions of `put`."""
        return honours(self, f"{self.address} {type(self.store).__name__} {self.server}", within)

    def _taken(self, key: str) -> str:
        if not is_plain(named(key)):
            raise UnsafeNameError(
                f"{self.address}: the key {key!r} is one that the library obstore does not take as it stands:"
                " give keys (access_key, secret_key) for S3, which is then asked without it",
                name=key,
            )
        return key

    def _call(
        self,
        name: str,
        key: str | None,
        *arguments: Any,  # noqa: ANN401 - the library's
        expected: str | None = None,
        **options: Any,  # noqa: ANN401 - the library's
    ) -> Any:  # noqa: ANN401 - the library's
        sending = 0 if name != "put" else size_of(arguments[1], options.get("chunk_size", PART))
        store = self._stores.at_hand(sending=sending)
        function = getattr(self._stores.library, name)
        log.debug("%s %s", name, self.address if key is None else f"{self.address}/{key}")

        def ask() -> Any:  # noqa: ANN401 - the library's
            """Call it; the library heeds no Ctrl-C, and what only reads may be left to itself."""
            plain = functools.partial(function, store, *arguments, **options)
            return awaited(plain) if name == "get" else plain()

        return self._guarded(ask, key, expected)

    def _guarded(self, call: Callable[[], T], key: str | None, etag: str | None = None) -> T:
        """Return what a call of the library returns; what it raises becomes an error of ours."""
        try:
            return call()
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the library's own, mapped at the wall
            failure = mapped(error, self.address, key=key, expected=etag)
        raise failure


def _mode(condition: Condition) -> str | dict[str, str]:
    """Return a condition as the library takes it."""
    return "create" if isinstance(condition, Absent) else {"e_tag": quoted(condition.etag)}
