"""Puts what is large in parts, several at once, whole or not at all."""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from store.errors import DriftError, MissingKeyError, StoreError, TransportError
from store.transports.base import TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.http.asker import Answer
from store.transports.objects.answers import (
    bare,
    code_of,
    completion,
    date_of,
    etag_in,
    meta_of,
    upload_of,
    version_of,
)
from store.transports.objects.base import Condition, Counted, ObjectMeta
from store.transports.objects.checking import check
from store.transports.objects.conditions import condition_headers
from store.transports.objects.failures import is_forgotten, refused
from store.transports.objects.refusing import misread
from store.transports.objects.sources import Reader
from store.transports.objects.widening import Width
from store.transports.repeating import repeated

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""How many parts of one object go up at once at the most: with one being read, 40 MiB of memory."""

_TAKEN_BACK: Final = frozenset({200, 204, 404})
"""How a store says that an upload is there no more."""

_MOMENT: Final = 2.0
"""How long it may take to let the store forget the parts, in seconds."""

Ask = Callable[..., Answer]
"""Sends one signed request: see `sending.Sender.ask`."""


class Upload:
    """One object on its way up.

    Args:
        ask: Sends a signed request.
        options: The bounds and the policy.
        address: The bucket's address.
        key: The object's name.
    """

    def __init__(self, ask: Ask, options: TransferOptions, address: str, key: str) -> None:
        self._ask = ask
        self._options = options
        self._address = address
        self._key = key
        self._upload = ""

    def put(
        self,
        reader: Reader,
        metadata: Mapping[str, str],
        condition: Condition | None,
        counted: Counted | None,
        *,
        held: Callable[[], None],
    ) -> ObjectMeta:
        """Put all parts, then let the object be there; what fails leaves nothing behind.

        Args:
            reader: What is put.
            metadata: What is kept with it.
            condition: When it may be written.
            counted: Is told of bytes that went up.
            held: Raises where the condition does not hold: asked at the beginning and before the end.
        """
        held()
        self._upload = repeated(lambda: self._begun(metadata), self._options)
        try:
            etags = self._parts(reader, counted)
            reader.next(1)  # the end is looked at: a file that changed meanwhile is not written
            held()
            ended = ObjectMeta(self._key, reader.read, metadata=dict(metadata))
            return self._end(ended, etags, condition)
        except BaseException:
            self._abort()
            raise

    def _end(self, ended: ObjectMeta, etags: list[str], condition: Condition | None) -> ObjectMeta:
        """Let the object be there; where the answer was lost, the store knows of it, and of no upload."""
        try:
            answer, etag = repeated(lambda: self._ended(etags, condition), self._options)
        except (TransportError, DriftError) as error:
            # A condition no longer holds, too, where what broke it is what we have written.
            asked = isinstance(error, DriftError) or is_forgotten(error)
            there = self._there(ended) if asked else None
            if there is None:
                raise
            return there
        return ended._replace(
            etag=etag, version=version_of(answer.headers), last_modified=date_of(answer.headers)
        )

    def _there(self, ended: ObjectMeta) -> ObjectMeta | None:
        """Return what lies under the key, where it is what was put."""

        def once() -> ObjectMeta | None:
            """Ask for its head."""
            answer = self._ask("HEAD", self._key)
            answer.stream.close()
            check(answer, self._address, self._key)
            size = answer.headers.get("Content-Length", "")
            found = meta_of(self._key, answer.headers, int(size) if size.isdigit() else None)
            ours = (ended.metadata or {}).items() <= (found.metadata or {}).items()
            return found if ours and ended.metadata and found.size == ended.size else None

        try:
            return repeated(once, self._options)
        except StoreError:
            return None

    def _begun(self, metadata: Mapping[str, str]) -> str:
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        answer = self._ask("POST", self._key, {"uploads": ""}, headers)
        try:
            check(answer, self._address, self._key)
        except MissingKeyError as error:
            raise misread(error, f"{self._address}/{self._key}", self._key) from error
        upload = upload_of(answer.read())
        if upload is None:
            raise self._strange("begins no upload")
        return upload

    def _parts(self, reader: Reader, counted: Counted | None) -> list[str]:
        """Put the parts; no more are read than are on their way, and one."""
        size, width = reader.part, Width(AT_ONCE, self._options.clock.monotonic)
        etags: dict[int, str] = {}
        running: dict[Future[str], tuple[int, int]] = {}

        def came(count: int) -> None:
            """Count a part that is up."""
            width.came(count)
            if counted is not None:
                counted(count)

        with ThreadPoolExecutor(AT_ONCE, "store-upload") as pool, _cancelling(running):
            for number, piece in enumerate(_pieces(reader, size), 1):
                while not width.has_room(len(running)):
                    if not self._collect(running, etags, came, width.patience()):
                        width.widen()
                context = contextvars.copy_context()
                future = pool.submit(context.run, self._part, number, piece, reader.sum_of(number))
                running[future] = (number, len(piece))
            while running:
                self._collect(running, etags, came)
        return [etags[number] for number in sorted(etags)]

    def _collect(
        self,
        running: dict[Future[str], tuple[int, int]],
        etags: dict[int, str],
        came: Counted,
        patience: float | None = None,
    ) -> bool:
        """Wait for a part, for so many seconds or for as long as it takes; take over those that are there."""
        done, _ = wait(running, timeout=patience, return_when=FIRST_COMPLETED)
        for future in done:
            number, size = running.pop(future)
            etags[number] = future.result()
            came(size)
        return bool(done)

    def _part(self, number: int, piece: bytes, sha256: str | None) -> str:
        """Send a part until it is there; the SHA-256 that is known of it signs it."""
        try:
            return repeated(lambda: self._sent(number, piece, sha256), self._options)
        except StoreError:
            if sha256 is None or hashlib.sha256(piece).hexdigest() == sha256:
                raise
            # It was changed since it was hashed: whoever reads it says so at its end, and better.
            return repeated(lambda: self._sent(number, piece, None), self._options)

    def _sent(self, number: int, piece: bytes, sha256: str | None) -> str:
        """Send a part; its entity tag is wanted at the end."""
        query = {"partNumber": str(number), "uploadId": self._upload}
        answer = self._ask("PUT", self._key, query, {}, piece, sha256=sha256)
        check(answer, self._address, self._key)
        answer.read()
        etag = bare(answer.headers.get("ETag"))
        if etag is None:
            raise self._strange("names no entity tag for a part")
        return etag

    def _ended(self, etags: list[str], condition: Condition | None) -> tuple[Answer, str | None]:
        headers = condition_headers(condition)
        query = {"uploadId": self._upload}
        answer = self._ask("POST", self._key, query, headers, completion(etags))
        check(answer, self._address, self._key, expected=getattr(condition, "etag", None))
        body = answer.read()
        code = code_of(body)
        if code is not None:  # it may fail after its 200 was sent
            status = 412 if code == "PreconditionFailed" else 500
            raise refused(status, self._address, key=self._key, code=code)
        return answer, etag_in(body)

    def _abort(self) -> None:
        """Let the store forget the parts; what fails here must not hide why.

        It has a moment of its own: that the deadline has passed may be the reason.
        """
        moment = Deadline(self._options.clock, _MOMENT)
        with contextlib.suppress(StoreError), keeping(moment):
            answer = self._ask("DELETE", self._key, {"uploadId": self._upload})
            answer.stream.close()
            if answer.status in _TAKEN_BACK:
                return
        log.warning("parts of %s/%s may be left at the store", self._address, self._key)

    def _strange(self, what: str) -> TransportError:
        shown = f"{self._address}/{self._key}"
        return TransportError(f"{shown}: the store {what}", url=shown)


@contextlib.contextmanager
def _cancelling(running: dict[Future[Any], Any]) -> Iterator[None]:
    """Let what has not begun not begin, where the block fails."""
    try:
        yield
    except BaseException:
        for future in list(running):
            future.cancel()
        raise


def _pieces(reader: Reader, size: int) -> Iterator[bytes]:
    """Give the parts; at least one, since an upload of none cannot end."""
    piece = reader.next(size)
    yield piece
    while len(piece) == size:
        piece = reader.next(size)
        if piece:
            yield piece
