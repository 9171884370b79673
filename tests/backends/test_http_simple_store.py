"""The store of e3-core's contract."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import pytest

from store.backends.base import digests_of
from store.backends.http_simple_store import HTTPSimpleStore, HTTPSimpleStoreResourceInfo
from store.cache.backends.base import Cache
from store.errors import DigestError, OfflineError, QueryError, StorageError, StoreError
from store.integrity.digest import Digest
from store.transports.base import Retrying, TransferOptions

CONTENT = b"some content\n"
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture
def store(cache: Cache) -> HTTPSimpleStore:
    """A store that does not wait long."""
    made = HTTPSimpleStore({}, cache)
    made.options = TransferOptions(retrying=Retrying(attempts=2, base=0.001))
    return made


def test_the_old_contract_is_kept() -> None:
    """Positional arguments, attributes and uid are those of e3-core."""
    resource = HTTPSimpleStoreResourceInfo("https://host/x", SHA1)

    assert (resource.url, resource.sha, resource.uid) == ("https://host/x", SHA1, SHA1)
    assert digests_of(resource) == (Digest("sha1", SHA1),)
    assert HTTPSimpleStoreResourceInfo("https://host/x", SHA1.upper()).uid == SHA1


def test_no_address_is_shown() -> None:
    """A secret in the URL is not told by the resource's own description."""
    assert "hunter2" not in repr(HTTPSimpleStoreResourceInfo("https://u:hunter2@host/x", SHA1))


def test_verify_holds_a_file_against_its_sha1(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong or missing is False, and told in the log as critical."""
    (tmp_path / "good").write_bytes(CONTENT)
    (tmp_path / "bad").write_bytes(b"other")
    resource = HTTPSimpleStoreResourceInfo("https://host/x", SHA1)

    found = [resource.verify(str(tmp_path / name)) for name in ("good", "bad", "missing")]

    assert found == [True, False, False]
    assert [one.levelno for one in caplog.records] == [logging.CRITICAL] * 2
    assert "wrong sha for resource" in caplog.text


@pytest.mark.parametrize("query", [{}, {"url": "https://h/x"}, {"sha": SHA1}, {"url": 1, "sha": 2}])
def test_both_keys_are_needed(query: Any, store: HTTPSimpleStore) -> None:
    """The message is e3-core's own, and the error also its StoreError's successor."""
    with pytest.raises(QueryError, match='missing either "sha" or "url" in query') as caught:
        store.get_resource_metadata(query)

    assert isinstance(caught.value, StoreError)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"url": "https://h/x", "sha": "abc"}, DigestError),
        ({"url": "https://h/x", "sha": "0" * 64}, DigestError),
        ({"url": "no address", "sha": SHA1}, QueryError),
    ],
)
def test_malformed_values_are_refused(
    query: dict[str, str], kind: type[StoreError], store: HTTPSimpleStore
) -> None:
    """What can never be right is told before any socket is opened."""
    with pytest.raises(kind):
        store.get_resource_metadata(query)


def test_other_keys_are_passed_over(store: HTTPSimpleStore) -> None:
    """As e3-core does: callers put what they like beside the two."""
    found = store.get_resource_metadata({"url": "https://h/x", "sha": SHA1, "name": "x"})

    assert found.sha == SHA1


def test_a_url_is_fetched_once(web: Any, store: HTTPSimpleStore, tmp_path: Path) -> None:
    """The second ask, and a copy for the caller, need no server."""
    web.pages["/dir/file.txt"] = (CONTENT,)
    metadata = store.get_resource_metadata({"url": f"{web.address}/dir/file.txt", "sha": SHA1})

    paths = [store.download_resource(metadata) for _ in range(2)]
    placed = store.download_resource(metadata, str(tmp_path / "dest"))

    assert paths[0] is not None
    assert paths[0] == paths[1]
    assert Path(paths[0]).read_bytes() == CONTENT
    assert placed == str(tmp_path / "dest" / "file.txt")
    assert web.paths == ["/dir/file.txt"]


@pytest.mark.parametrize("reply", [(b"", 404), (b"", 500), (b"", 403), (b"wrong",)])
def test_failures_are_none(
    reply: Any, web: Any, store: HTTPSimpleStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The old contract: a line in the log, and None."""
    web.pages["/x"] = reply
    metadata = store.get_resource_metadata({"url": f"{web.address}/x", "sha": SHA1})

    assert store.download_resource(metadata) is None
    assert f"cannot download {web.address}/x" in caplog.text


def test_a_server_that_is_gone_is_none(web: Any, store: HTTPSimpleStore) -> None:
    """A refused connection is told like a 404."""
    metadata = store.get_resource_metadata({"url": "http://127.0.0.1:9/x", "sha": SHA1})

    assert store.download_resource(metadata) is None


def test_offline_and_a_broken_disk_are_raised(
    web: Any, store: HTTPSimpleStore, tmp_path: Path
) -> None:
    """None would send the caller looking at the server."""
    web.pages["/x"] = (CONTENT,)
    metadata = store.get_resource_metadata({"url": f"{web.address}/x", "sha": SHA1})
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError):
        store.download_resource_content(metadata, str(tmp_path / "file"))
    store.options = store.options._replace(offline=True)
    with pytest.raises(OfflineError):
        store.download_resource(metadata)
