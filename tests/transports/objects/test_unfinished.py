"""Uploads that were never finished."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from store.buckets.transfers import put_file
from store.errors import RefusedError, TransportError, TransportTimeoutError
from store.testing.objects import FakeObjects
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.http.asker import Answer
from store.transports.objects.base import ObjectMeta
from store.transports.objects.multipart import Upload
from store.transports.objects.opening import open_objects
from store.transports.objects.signed import SignedObjects
from store.transports.objects.sources import opened
from store.transports.objects.unfinished import Unfinished, take_back, unfinished, uploads_of

PAGE = b"""<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextKeyMarker>a%2Fb+c</NextKeyMarker><NextUploadIdMarker>7</NextUploadIdMarker>
<Upload><Key>a%2Fb+c</Key><UploadId>7</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>
<Upload><Key>d</Key><UploadId>8</UploadId><Initiated>soon</Initiated></Upload>
</ListMultipartUploadsResult>"""


def test_a_page_is_read() -> None:
    """Keys are decoded; the marker asks for what follows."""
    found, more = uploads_of(PAGE, "s3://b")

    assert found == [
        Unfinished("a/b c", "7", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        Unfinished("d", "8", None),
    ]
    assert more == {"key-marker": "a/b c", "upload-id-marker": "7"}
    with pytest.raises(TransportError, match="no list of uploads"):
        uploads_of(b"nothing", "s3://b")


def test_what_was_begun_is_found_and_taken_back(moto_server: Any) -> None:
    """Twice is no error."""
    client = open_objects(f"s3://{moto_server.new_bucket()}", connection=moto_server.connection)
    reader = client.reader()
    assert isinstance(reader, SignedObjects)
    reader.ask("POST", "x/a", {"uploads": ""}).read()

    (one,) = unfinished(client, "x/")
    take_back(client, one)
    take_back(client, one)

    assert one.key == "x/a"
    assert list(unfinished(client)) == []


def test_other_stores_are_refused() -> None:
    """They cannot be asked."""
    with pytest.raises(RefusedError, match="needs S3"):
        list(unfinished(FakeObjects()))


def test_an_upload_that_ends_at_its_deadline_takes_its_parts_back(moto_server: Any) -> None:
    """It has a moment for that, though its time is over."""
    options = TransferOptions(
        bounds=Bounds(deadline=0.5), retrying=Retrying(attempts=1), limit_rate=4 << 20
    )
    connection, bucket = moto_server.connection, moto_server.new_bucket()
    client = open_objects(f"s3://{bucket}", options, connection=connection)

    with pytest.raises(TransportTimeoutError), keeping(begun(options.clock, 0.5)):
        put_file(client, "x", bytes(24 << 20), options=options)

    left = list(unfinished(open_objects(f"s3://{bucket}", connection=connection)))
    client.close()
    assert left == []


@pytest.mark.parametrize("ours", [True, False])
def test_an_upload_that_ended_though_its_answer_was_lost_is_there(
    rclone_server: Any, *, ours: bool
) -> None:
    """The store knows the upload no more: the object says whose it is."""
    options = TransferOptions(retrying=Retrying(attempts=3, base=0.0))
    client = open_objects(
        f"s3://{rclone_server.new_bucket()}", options, connection=rclone_server.connection
    )
    reader = client.reader()
    assert isinstance(reader, SignedObjects)
    lost: list[str] = []
    asked: list[str] = []

    def ask(method: str, key: str | None, query: Any = None, *more: Any, **beside: Any) -> Answer:
        """Lose the first answer to the end of an upload."""
        asked.append(method)
        answer = reader.ask(method, key, query, *more, **beside)
        if method == "POST" and "uploadId" in (query or {}) and not lost:
            lost.append(str(query))
            answer.stream.close()
            if not ours:
                client.put("x", b"another's")
            raise TransportError("the connection broke")
        return answer

    def put() -> ObjectMeta:
        upload = Upload(ask, options, client.address, "x")
        with opened(b"content") as source:
            return upload.put(source, {"store-sha256": "0"}, None, None, held=lambda: None)

    if ours:
        meta = put()
        assert (meta.size, meta.etag) == (7, client.head("x").etag)
        assert asked[-1] == "HEAD"
    else:
        with pytest.raises(TransportError, match="forgotten the parts"):
            put()
    client.close()
