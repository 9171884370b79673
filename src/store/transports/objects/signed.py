"""S3's objects by requests of our own: any key, any prefix."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from store.errors import TransportError
from store.transports.base import TransferOptions
from store.transports.bulk import Bulk
from store.transports.http.asker import Answer, Asker
from store.transports.objects.account import Account
from store.transports.objects.answered import body_of, is_misnamed, is_part
from store.transports.objects.answers import (
    bare,
    code_of,
    meta_of,
    quoted,
    version_of,
)
from store.transports.objects.base import (
    Body,
    Condition,
    Counted,
    ObjectClient,
    ObjectMeta,
    Source,
)
from store.transports.objects.checking import check
from store.transports.objects.checksums import ASKING, checksums_of
from store.transports.objects.conditions import (
    checked_tag,
    condition_headers,
    hold,
    refuse_taken,
    settled,
)
from store.transports.objects.failures import refused
from store.transports.objects.many import SignedRequests
from store.transports.objects.multipart import Upload
from store.transports.objects.naming import spellable, writable
from store.transports.objects.pages import Page, page_of
from store.transports.objects.sending import Sender
from store.transports.objects.signing import spelled
from store.transports.objects.sources import PART, Reader, opened
from store.transports.objects.trial import honours
from store.transports.repeating import repeated

_MISSING: Final = 404


class SignedObjects(ObjectClient):
    """Asks S3 over our own HTTP, each request signed.

    It keeps to the deadline in all it waits for, takes every key as it stands, and works in a fork's child.

    Args:
        account: How S3 is reached, with keys or anonymous.
        bucket: The bucket's name.
        options: How bytes are to be moved.
        lenient: Whether a part is taken whose answer calls it a whole (status 200, as rclone's server does),
            and has the very ``Content-Range`` and length that were asked for.
        address: The bucket's address; None for ``s3://bucket``.

    Attributes:
        ask: Sends one signed request: see `Sender.ask`.
    """

    def __init__(
        self,
        account: Account,
        bucket: str,
        options: TransferOptions,
        *,
        lenient: bool = False,
        address: str | None = None,
    ) -> None:
        self.address = address or f"s3://{bucket}"
        self.options = options
        self._account = account
        self._bucket = bucket
        self._where = account.bucket_address(bucket)
        self._asker = Asker(options, account.bundle)
        self._sender = Sender(account, self._where, options, self._asker)
        self.ask = self._sender.ask
        self._lenient = lenient
        self._other: SignedObjects | None = None

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self._bucket

    @property
    def server(self) -> str | None:
        """What names the server: see `ObjectClient.server`."""
        return self._account.server

    @property
    def signs_content(self) -> bool:
        """Whether parts are hashed: see `Sender.signs_content`."""
        return self._sender.signs_content

    def reader(self, *, pinned: bool = False) -> ObjectClient:
        """Return itself, or what takes a part of status 200 where all is held against a digest."""
        if not pinned:
            return self
        if self._other is None:
            self._other = SignedObjects(
                self._account, self._bucket, self.options, lenient=True, address=self.address
            )
        return self._other

    def head(self, key: str, *, version: str | None = None) -> ObjectMeta:
        """Return what the store says of one object."""
        answer = repeated(functools.partial(self._head, key, _versioned(version)), self.options)
        return meta_of(key, answer.headers, answer.stream.size)

    def _head(
        self, key: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = self.ask("HEAD", key, query, headers)
        answer.stream.close()
        check(answer, self.address, key, now=self.options.clock.now())
        return answer

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
        headers = {} if etag is None else {"If-Match": quoted(etag)}
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else max(start, end - 1)}"

        def once() -> Body:
            """Ask; a second time, for the whole, where a part is called one."""
            answer = self.ask("GET", key, _versioned(version), headers)
            check(answer, self.address, key, expected=etag)
            misnamed = "Range" in headers and is_misnamed(answer)
            if misnamed and not (self._lenient and start and is_part(answer, start, end)):
                # A part that is called a whole, as rclone's server has it, is neither.
                answer.stream.close()
                del headers["Range"]
                return once()
            body = body_of(answer, self.address, key, start, end, misnamed=misnamed)
            return checked_tag(body, f"{self.address}/{key}", etag)

        return repeated(once, self.options)

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what asks for many small objects."""
        spelling = SignedRequests(self._account, self._where, self.options)
        return self._asker.bulk(self._where, spelling, connections=connections, largest=largest)

    def put(
        self,
        key: str,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition | None = None,
        counted: Counted | None = None,
    ) -> ObjectMeta:
        """Write an object; what is larger than one part goes up in parts."""
        writable(key)
        with opened(source) as reader:
            return self.put_read(key, reader, metadata or {}, condition, counted)

    def put_read(
        self,
        key: str,
        reader: Reader,
        metadata: Mapping[str, str],
        condition: Condition | None,
        counted: Counted | None,
    ) -> ObjectMeta:
        """Write an object from what was opened; see `put`."""
        if reader.size is None or reader.size > PART:
            upload = Upload(self.ask, self.options, self.address, key)
            # Some stores pass the condition over where an upload ends.
            held = functools.partial(hold, self, key, condition)
            return upload.put(reader, metadata, condition, counted, held=held)
        body = reader.next(PART)
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        headers |= condition_headers(condition)
        wanted = ObjectMeta(key, len(body), metadata=dict(metadata))

        def once() -> ObjectMeta:
            """Send it, with the condition as it is spelled by now."""
            answer = self.ask("PUT", key, {}, headers, body)
            check(answer, self.address, key, expected=getattr(condition, "etag", None))
            answer.read()
            told = answer.headers
            return wanted._replace(etag=bare(told.get("ETag")), version=version_of(told))

        def respell() -> None:
            """Leave the quotes of the condition's entity tag out, which some stores do not know."""
            headers["If-Match"] = headers["If-Match"].strip('"')

        meta = settled(self, once, self.options, wanted, condition, respell=respell)
        if counted is not None and len(body):
            counted(len(body))
        return meta

    def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
        """Give what begins with a prefix, page by page."""
        asked = {"list-type": "2", "encoding-type": "url", "prefix": spellable(prefix)}
        if after is not None:
            asked["start-after"] = after
        last = after
        while True:
            page = repeated(functools.partial(self._page, dict(asked)), self.options)
            for meta in page.objects:
                # A store that passes 'prefix' or 'start-after' over gives more than was asked for.
                if meta.key.startswith(prefix) and (after is None or meta.key > after):
                    yield meta
            if page.token is None:
                return
            if page.token == asked.get("continuation-token"):
                raise TransportError(
                    f"{self.address}: the store gives the same page of its listing again after {last!r}",
                    url=self.address,
                )
            asked["continuation-token"] = page.token

    def _page(self, query: Mapping[str, str]) -> Page:
        answer = self.ask("GET", None, query)
        check(answer, self.address, None, now=self.options.clock.now())
        return page_of(answer.read(), self.address)

    def copy(self, source: str, dest: str, *, replacing: bool = True) -> None:
        """Copy an object within the bucket; that nothing is replaced is looked at first."""
        if not replacing:
            refuse_taken(self, writable(dest))
        headers = {"x-amz-copy-source": f"/{self._bucket}/{spelled(source)}"}

        def once() -> None:
            """Ask; whether it was done is told in the body."""
            answer = self.ask("PUT", dest, {}, headers)
            check(answer, self.address, source)
            code = code_of(answer.read())
            if code is not None:  # a copy may fail after its 200 was sent
                raise TransportError(
                    f"{self.address}/{dest}: the store could not copy ({code})", url=self.address
                )

        repeated(once, self.options)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, one by one."""
        for key in keys:
            repeated(functools.partial(self._delete, key), self.options)

    def _delete(self, key: str) -> None:
        answer = self.ask("DELETE", key)
        if answer.status == _MISSING:
            if code_of(answer.read()) == "NoSuchBucket":
                raise refused(_MISSING, self.address)
            return
        check(answer, self.address, key)
        answer.stream.close()

    def checksums(self, key: str, *, version: str | None = None) -> Mapping[str, str]:
        """Return the checksums that S3 keeps of a whole object."""
        asked = functools.partial(self._head, key, _versioned(version), ASKING)
        answer = repeated(asked, self.options)
        return checksums_of(answer.headers)

    def honours_conditions(self, within: str = "") -> bool | None:
        """Return whether the store honours the conditions of `put`."""
        return honours(self, self._where, within)

    def close(self) -> None:
        """Close idle connections."""
        self._asker.close()
        if self._other is not None:
            self._other.close()


def _versioned(version: str | None) -> dict[str, str]:
    return {} if version is None else {"versionId": version}
