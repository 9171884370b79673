"""What the suite of object stores says of single objects."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final, cast

import pytest

from store.errors import DriftError, MissingKeyError, TransportError
from store.testing.deviations import Suite
from store.testing.transports import read_some
from store.transports.objects.base import Body, ObjectClient

BODY: Final = bytes(range(256)) * 17 + b"\r\n\r\n\x00\x1a end"
"""An object of every byte there is, with what a text mode would change."""

LARGE: Final = bytes(range(251)) * 33_500 + b"end"
"""An object of 8.4 MB, which goes up in two parts."""

METADATA: Final = {"store-sha256": "0" * 64, "note": "two words, and = signs"}


class ObjectTests(Suite, suite=True):
    """Putting, getting, looking, copying, deleting."""

    gives_ranges: ClassVar[bool]
    secrets: ClassVar[tuple[str, ...]]

    def test_what_was_put_is_got(self, client: ObjectClient) -> None:
        """Byte by byte, and the store says how large it is."""
        put = client.put("data/body.bin", BODY)

        with client.get("data/body.bin") as body:
            assert (body.start, body.end, body.meta.size) == (0, len(BODY), len(BODY))
            assert body.meta.etag == put.etag
            assert read(body) == BODY
        assert (put.key, put.size) == ("data/body.bin", len(BODY))

    @pytest.mark.parametrize("kind", ["memoryview", "path", "file", "pipe"])
    def test_any_source_will_do(self, client: ObjectClient, tmp_path: Path, kind: str) -> None:
        """A view, a file by its path, an open file from where it stands, and one that cannot seek."""
        path = tmp_path / "body.bin"
        path.write_bytes(b"before" + BODY)
        if kind == "memoryview":
            client.put("body", memoryview(b"before" + BODY)[6:])
        elif kind == "path":
            path.write_bytes(BODY)
            client.put("body", path)
        else:
            with path.open("rb") as file:
                file.seek(6)
                pipe = cast("BinaryIO", Unseekable(file.read())) if kind == "pipe" else file
                client.put("body", pipe)

        assert content(client, "body") == BODY

    def test_an_empty_object_is_an_object(self, client: ObjectClient) -> None:
        """It has no bytes, and is there."""
        client.put("empty", b"")

        assert client.head("empty").size == 0
        assert content(client, "empty") == b""

    def test_what_is_put_replaces_what_was_there(self, client: ObjectClient) -> None:
        """Whole: neither bytes nor metadata of the former are left."""
        client.put("body", BODY, metadata=METADATA)
        client.put("body", b"short")

        assert content(client, "body") == b"short"
        assert "note" not in (client.head("body").metadata or {})

    def test_what_is_large_comes_whole(self, client: ObjectClient) -> None:
        """Put in parts it is one object, its metadata with it, and every byte is counted once."""
        counted: list[int] = []

        put = client.put("large", LARGE, metadata=METADATA, counted=counted.append)

        assert sum(counted) == len(LARGE)
        assert put.size == client.head("large").size == len(LARGE)
        assert kept(client, "large") == METADATA
        assert content(client, "large") == LARGE

    def test_bytes_are_counted(self, client: ObjectClient) -> None:
        """Of what is small, too; an empty object has none."""
        counted: list[int] = []

        client.put("body", BODY, counted=counted.append)
        client.put("empty", b"", counted=counted.append)

        assert sum(counted) == len(BODY)

    def test_metadata_is_kept(self, client: ObjectClient) -> None:
        """A look and a body tell it."""
        client.put("body", BODY, metadata=METADATA)

        assert kept(client, "body") == METADATA
        with client.get("body") as body:
            assert {key: (body.meta.metadata or {}).get(key) for key in METADATA} == METADATA

    def test_a_look_tells_what_is_there(self, client: ObjectClient) -> None:
        """Size, tag, and a time of change in UTC."""
        put = client.put("body", BODY)

        meta = client.head("body")

        assert (meta.key, meta.size, meta.etag) == ("body", len(BODY), put.etag)
        assert meta.last_modified is not None
        assert str(meta.last_modified.tzinfo) == "UTC"

    @pytest.mark.parametrize(
        ("start", "end"), [(1, None), (100, 200), (0, 1), (4000, None), (4000, 10**9)]
    )
    def test_a_part_is_what_was_asked_for(
        self, client: ObjectClient, start: int, end: int | None
    ) -> None:
        """Where parts are given; else the whole comes, and it is said where it begins."""
        client.put("body", BODY)

        with client.get("body", start=start, end=end) as body:
            got = read(body)

        if not self.gives_ranges:
            start, end = 0, None
        assert (body.start, body.end) == (start, min(end or len(BODY), len(BODY)))
        assert got == BODY[start:end]

    def test_beyond_the_end_is_nothing(self, client: ObjectClient) -> None:
        """It is an error, not an empty body."""
        client.put("body", BODY)

        with pytest.raises(TransportError) as caught:
            client.get("body", start=len(BODY) + 1)

        assert caught.value.status == 416  # noqa: PLR2004 - HTTP's own number

    def test_another_object_than_was_seen_is_no_answer(self, client: ObjectClient) -> None:
        """Under the tag of what was there before nothing comes."""
        before = client.put("body", BODY).etag
        assert before is not None
        with client.get("body", etag=before, start=10) as body:
            assert read(body) == BODY[body.start :]

        client.put("body", BODY[::-1])

        with pytest.raises(DriftError):
            client.get("body", etag=before, start=10)

    def test_a_missing_key_is_told(self, client: ObjectClient) -> None:
        """By every call that needs it; it is a KeyError and a ValueError too."""
        client.put("a", b"")
        for call in (client.get, client.head, lambda key: client.copy(key, "b")):
            with pytest.raises(MissingKeyError) as caught:
                call("nothing")
            assert isinstance(caught.value, KeyError)
            assert isinstance(caught.value, ValueError)

    def test_a_copy_is_the_same(self, client: ObjectClient) -> None:
        """Its content and its metadata; what lay there is replaced."""
        client.put("from", BODY, metadata=METADATA)
        client.put("to", b"old")

        client.copy("from", "to")

        assert content(client, "to") == content(client, "from") == BODY
        assert kept(client, "to") == METADATA

    def test_a_copy_may_spare_what_is_there(self, client: ObjectClient) -> None:
        """It is told, and left as it is."""
        client.put("from", BODY)
        client.copy("from", "to", replacing=False)

        with pytest.raises(DriftError):
            client.copy("from", "to", replacing=False)

        assert content(client, "to") == BODY

    def test_deleted_is_gone(self, client: ObjectClient) -> None:
        """Many at once, and what is missing is no error."""
        for number in range(5):
            client.put(f"data/{number}", b"x")

        client.delete(f"data/{number}" for number in (0, 1, 7, 3))
        client.delete([])

        assert [meta.key for meta in client.list()] == ["data/2", "data/4"]

    def test_bodies_do_not_mix(self, client: ObjectClient) -> None:
        """Two that are read in turns stay what they are; one may be left half-read, and closed twice."""
        client.put("one", BODY)
        client.put("two", BODY[::-1])

        with client.get("one") as one, client.get("two") as two, client.get("one") as left:
            read_some(left, 10)
            pairs = [(read_some(one, 500), read_some(two, 500)) for _ in range(3)]
            whole = [b"".join(parts) for parts in zip(*pairs, strict=True)]
            assert whole[0] + read(one) == BODY
            assert whole[1] + read(two) == BODY[::-1]
            left.close()

    def test_threads_share_a_client(self, client: ObjectClient) -> None:
        """Each gets what it asked for."""
        names = [f"data/{number}" for number in range(12)]

        def use(name: str) -> bytes:
            """Write an object and read it, by the client that all share."""
            client.put(name, name.encode() * 50)
            return content(client, name)

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(use, names)) == [name.encode() * 50 for name in names]

    def test_a_closed_client_may_be_used_again(self, client: ObjectClient) -> None:
        """Closing gives back its connections, not its use."""
        client.put("body", BODY)
        for _ in range(2):
            client.close()
            assert content(client, "body") == BODY

    def test_nothing_shows_a_secret(self, client: ObjectClient) -> None:
        """Neither the client nor what it raises."""
        with pytest.raises(MissingKeyError) as caught:
            client.head("nothing")

        shown = [repr(client), client.address, str(caught.value), repr(caught.value)]
        shown += [repr(vars(caught.value)), repr(caught.value.__cause__)]
        assert [one for one in shown for secret in self.secrets if secret in one] == []


class Unseekable(io.RawIOBase):
    """A source that knows neither its size nor its place, as a pipe.

    Args:
        data: What it gives.
    """

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever takes bytes
        """Give up to 1000 bytes."""
        return self._data.readinto(memoryview(buffer)[:1000])


def content(client: ObjectClient, key: str) -> bytes:
    """Return all bytes of an object."""
    with client.get(key) as body:
        return read(body)


def kept(client: ObjectClient, key: str) -> dict[str, str]:
    """Return those of `METADATA` that an object has; a store may add some of its own."""
    found = client.head(key).metadata or {}
    return {name: found[name] for name in METADATA if name in found}


def read(body: Body) -> bytes:
    """Return the rest of a body; at its end it stays."""
    found = bytearray()
    buffer = memoryview(bytearray(64 << 10))
    while count := body.readinto(buffer):
        found += buffer[:count]
    assert body.readinto(buffer) == 0
    return bytes(found)
