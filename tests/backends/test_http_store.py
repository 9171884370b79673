"""The store of URLs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from store.backends.base import DigestedResource, digests_of
from store.backends.http_resources import HTTPResource, UnverifiedHTTPResource
from store.backends.http_store import HTTPStore
from store.cache.backends.base import Cache
from store.errors import (
    ConfigurationError,
    DigestError,
    IntegrityError,
    OfflineError,
    QueryError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    UnknownNameError,
    UnverifiedError,
)
from store.events import Event, Retried
from store.transports.base import TransferOptions

CONTENT = b"some content\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = hashlib.sha512(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
URL = "https://host/dir/file.tar.gz"


@pytest.fixture
def store(cache: Cache, patient: TransferOptions) -> HTTPStore:
    """A store of the default configuration that does not wait long."""
    made = HTTPStore(None, cache)
    made.options = patient
    return made


@pytest.mark.parametrize(
    "query",
    [
        {"url": URL, "digest": f"sha256:{SHA256}"},
        {"url": URL, "digests": [f"sha256={SHA256}"]},
        {"url": URL, "digests": {"sha256": SHA256}},
        {"url": URL, "sha256": SHA256},
        {"urls": [URL], "sha256": SHA256.upper()},
        {"url": URL, "urls": [URL], "digest": SHA256},
        {"url": f"{URL}#sha256={SHA256}"},
    ],
)
def test_digests_are_taken_in_every_spelling(query: dict[str, Any], store: HTTPStore) -> None:
    """One resource comes of all of them, and no socket is opened."""
    found = store.get_resource_metadata(query)

    assert found.uid == f"sha256:{SHA256}"
    assert isinstance(found, HTTPResource)
    assert (found.urls, found.filename) == ((URL,), "file.tar.gz")


def test_everything_can_be_said(store: HTTPStore) -> None:
    """Several addresses, several digests, size and name."""
    found = store.get_resource_metadata(
        {
            "url": URL,
            "urls": ["https://mirror/file"],
            "sha256": SHA256,
            "sha512": SHA512,
            "size": "13",
            "filename": "x.txt",
        }
    )

    assert isinstance(found, HTTPResource)
    assert found.uid == f"sha512:{SHA512}+sha256:{SHA256}"
    assert found.urls == (URL, "https://mirror/file")
    assert (found.size, found.filename) == (13, "x.txt")


def test_a_url_without_a_name_gives_none(store: HTTPStore) -> None:
    """Then whoever receives the file names it."""
    found = store.get_resource_metadata({"url": "https://host/", "sha256": SHA256})

    assert isinstance(found, HTTPResource)
    assert found.filename is None


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        ({}, QueryError, "needs a 'url'"),
        ({"sha256": SHA256}, QueryError, "needs a 'url'"),
        ({"url": ""}, QueryError, "'url' must be"),
        ({"urls": []}, QueryError, "needs a 'url'"),
        ({"url": "file.txt"}, QueryError, "begin with a scheme"),
        ({"url": "https://host/a b"}, QueryError, "space"),
        ({"url": URL, "sha265": SHA256}, QueryError, "did you mean 'sha256'"),
        ({"url": URL, "sha256": "abc"}, DigestError, "64 hexadecimal digits"),
        ({"url": URL, "md5": MD5}, DigestError, "too weak"),
        ({"url": f"{URL}#md5={MD5}"}, DigestError, "too weak"),
        ({"url": f"{URL}#sha256={SHA256}", "sha256": "0" * 64}, DigestError, "disagree"),
        ({"url": URL, "allow_unverified": "perhaps"}, QueryError, "true or false"),
        ({"urls": [URL, "https://m/x"], "allow_unverified": True}, QueryError, "need a digest"),
    ],
)
def test_poor_queries_are_refused(
    query: dict[str, Any], kind: type[StoreError], message: str, store: HTTPStore
) -> None:
    """Before any socket is opened."""
    with pytest.raises(kind, match=message):
        store.get_resource_metadata(query)


def test_a_digest_is_asked_for(store: HTTPStore) -> None:
    """The message gives the next step, and no secret."""
    with pytest.raises(UnverifiedError, match=r"#sha256=.*--allow-unverified") as caught:
        store.get_resource_metadata({"url": "https://u:hunter2@host/x?token=hunter3"})

    assert "hunter" not in str(caught.value)
    assert caught.value.url == "https://host/x"
    assert caught.value.exit_status == 5


def test_the_querys_word_wins_over_the_configurations(cache: Cache) -> None:
    """A query may be stricter than the settings."""
    store = HTTPStore({"allow_unverified": True}, cache)

    with pytest.raises(UnverifiedError):
        store.get_resource_metadata({"url": URL, "allow_unverified": False})


@pytest.mark.parametrize("configuration", [{"allow_weka": True}, {"allow_weak": "some"}, []])
def test_a_poor_configuration_is_refused(configuration: Any, cache: Cache) -> None:
    """The settings are looked at when the store is made."""
    with pytest.raises(ConfigurationError):
        HTTPStore(configuration, cache)


def test_weak_digests_are_taken_where_that_is_set(
    web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """Some sources publish nothing but MD5; the file is still held against it."""
    web.pages["/x"] = (CONTENT,)
    store = HTTPStore({"allow_weak": "true"}, cache)
    store.options = patient

    good = store.get_resource_metadata({"url": f"{web.address}/x", "md5": MD5})
    bad = store.get_resource_metadata({"url": f"{web.address}/x", "md5": "0" * 32})

    assert good.uid == f"md5:{MD5}"
    assert store.download_resource(good) is not None
    with pytest.raises(IntegrityError):
        store.download_resource(bad)


def test_a_weak_digest_beside_a_strong_one_is_no_obstacle(store: HTTPStore) -> None:
    """The strong one decides; lists of digests often have both."""
    found = store.get_resource_metadata({"url": URL, "md5": MD5, "sha256": SHA256})

    assert found.uid == f"sha256:{SHA256}"


def test_a_url_is_fetched_once(web: Any, store: HTTPStore, tmp_path: Path) -> None:
    """The second ask needs no server, not even offline."""
    web.pages["/dir/file.txt"] = (CONTENT,)
    query = {"url": f"{web.address}/dir/file.txt", "sha256": SHA256}

    first = store.download_resource(store.get_resource_metadata(query))
    store.options = store.options._replace(offline=True)
    second = store.download_resource(store.get_resource_metadata(query), str(tmp_path / "dest"))

    assert first is not None
    assert Path(first).read_bytes() == CONTENT
    assert second == str(tmp_path / "dest" / "file.txt")
    assert web.paths == ["/dir/file.txt"]


def test_the_next_address_is_asked(web: Any, store: HTTPStore) -> None:
    """A wrong content at the first address is a failure like any other."""
    web.pages |= {"/a/x": (b"wrong",), "/b/x": (CONTENT,)}
    metadata = store.get_resource_metadata(
        {"urls": [f"{web.address}/a/x", f"{web.address}/b/x"], "sha256": SHA256}
    )

    path = store.download_resource(metadata)

    assert path is not None
    assert Path(path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((b"", 404), ResourceNotFoundError),
        ((b"", 500), TransportError),
        ((b"wrong",), IntegrityError),
    ],
)
def test_failures_are_raised(
    reply: Any, kind: type[StoreError], web: Any, store: HTTPStore
) -> None:
    """Our own drivers say what was wrong."""
    web.pages["/x"] = reply
    metadata = store.get_resource_metadata({"url": f"{web.address}/x", "sha256": SHA256})

    with pytest.raises(kind):
        store.download_resource(metadata)


def test_an_unknown_scheme_is_told(store: HTTPStore) -> None:
    """Whether a scheme can be opened is for the transports to say."""
    metadata = store.get_resource_metadata({"url": "gopher://host/x", "sha256": SHA256})

    with pytest.raises(UnknownNameError, match="gopher"):
        store.download_resource(metadata)


def test_a_plain_resource_will_do(web: Any, store: HTTPStore, tmp_path: Path) -> None:
    """A remembered answer is fetched without the driver's own class."""
    web.pages["/x"] = (CONTENT,)
    resource = DigestedResource(f"sha256:{SHA256}", urls=(f"{web.address}/x",))

    path = store.download_resource_content(resource, str(tmp_path))

    assert path == str(tmp_path / "x")


VERSIONED: Mapping[str, str] = {
    "ETag": '"one"',
    "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT",
}


def unpinned(web: Any, **more: Any) -> dict[str, Any]:
    """Return a query that waives the digest."""
    return {"url": f"{web.address}/dir/file.txt", "allow_unverified": True, **more}


def test_an_unpinned_url_is_known_by_its_version(web: Any, store: HTTPStore) -> None:
    """The address and what the server calls its version make the identity, and no digest does."""
    web.pages["/dir/file.txt"] = (CONTENT, 200, VERSIONED)

    found = store.get_resource_metadata(unpinned(web))

    assert isinstance(found, UnverifiedHTTPResource)
    assert found.uid.startswith("url:")
    assert found.uid.endswith('#etag="one";last-modified=Sat, 21 Nov 2026 12:00:00 GMT')
    assert digests_of(found) == ()
    assert not found.verified
    assert (found.size, found.filename, found.urls) == (
        len(CONTENT),
        "file.txt",
        (f"{web.address}/dir/file.txt",),
    )


def test_an_unpinned_url_is_fetched_once_a_version(web: Any, store: HTTPStore) -> None:
    """The same version is served from the cache; another one is fetched."""
    web.pages["/dir/file.txt"] = (CONTENT, 200, VERSIONED)
    first = store.download_resource(store.get_resource_metadata(unpinned(web)))
    again = store.download_resource(store.get_resource_metadata(unpinned(web)))
    web.pages["/dir/file.txt"] = (b"newer", 200, {"ETag": '"two"'})
    newer = store.download_resource(store.get_resource_metadata(unpinned(web)))

    assert first is not None
    assert first == again
    assert Path(first).read_bytes() == CONTENT
    assert newer is not None
    assert Path(newer).read_bytes() == b"newer"
    assert len(web.paths) == 5


def test_an_unpinned_file_that_was_damaged_is_fetched_anew(web: Any, store: HTTPStore) -> None:
    """What came first is recorded by its digest, and that is enforced."""
    web.pages["/dir/file.txt"] = (CONTENT, 200, VERSIONED)
    path = store.download_resource(store.get_resource_metadata(unpinned(web)))
    assert path is not None
    Path(path).chmod(0o600)
    Path(path).write_bytes(b"SOME content\n")

    healed = store.download_resource(store.get_resource_metadata(unpinned(web)))

    assert healed is not None
    assert Path(healed).read_bytes() == CONTENT


def test_a_server_that_names_no_version_is_asked_each_time(web: Any, store: HTTPStore) -> None:
    """No answer is taken for another."""
    web.pages["/dir/file.txt"] = (CONTENT,)

    found = [store.get_resource_metadata(unpinned(web)) for _ in range(2)]

    assert found[0].uid != found[1].uid
    assert [store.download_resource(one) is not None for one in found] == [True, True]


def test_an_odd_entity_tag_makes_a_harmless_uid(web: Any, store: HTTPStore) -> None:
    """Whatever a server sends can be written down on one line."""
    web.pages["/dir/file.txt"] = (CONTENT, 200, {"ETag": '"a\t%\u00ad b"'})

    assert store.get_resource_metadata(unpinned(web)).uid.isprintable()


def test_a_suggested_name_is_a_label(web: Any, store: HTTPStore) -> None:
    """It leads to no other directory, and the query's own wins."""
    headers = {"Content-Disposition": 'attachment; filename="../../evil.txt"'}
    web.pages["/dir/file.txt"] = (CONTENT, 200, headers)

    found = [
        store.get_resource_metadata(unpinned(web, **more)).filename
        for more in ({}, {"filename": "mine.txt", "size": 13})
    ]

    assert found == ["evil.txt", "mine.txt"]


def test_a_change_between_question_and_download_is_told(web: Any, store: HTTPStore) -> None:
    """No version is kept under the name of another."""
    web.pages["/dir/file.txt"] = (CONTENT, 200, {"ETag": '"one"'})
    metadata = store.get_resource_metadata(unpinned(web))
    web.pages["/dir/file.txt"] = (CONTENT, 200, {"ETag": '"two"'})

    with pytest.raises(TransportError, match="changed while it was fetched"):
        store.download_resource(metadata)


def test_an_unpinned_url_needs_its_server(web: Any, store: HTTPStore) -> None:
    """Offline nothing is known of it; a 404 is a 404."""
    with pytest.raises(ResourceNotFoundError):
        store.get_resource_metadata(unpinned(web))
    store.options = store.options._replace(offline=True)
    with pytest.raises(OfflineError, match="pin it with #sha256=") as caught:
        store.get_resource_metadata(unpinned(web))
    assert caught.value.missing == (unpinned(web)["url"],)


def test_a_question_is_asked_again_after_what_may_pass(web: Any, store: HTTPStore) -> None:
    """A 503 costs a wait, which is told."""
    told: list[Event] = []
    web.pages["/dir/file.txt"] = [(b"", 503), (CONTENT, 200, VERSIONED)]
    store.options = store.options._replace(listener=told.append)

    store.get_resource_metadata(unpinned(web))

    assert [type(one) for one in told] == [Retried]
    assert len(web.paths) == 2


def test_an_unverified_file_is_held_against_its_size(tmp_path: Path) -> None:
    """That is all that can be said of it; what is no file is never it."""
    (tmp_path / "x").write_bytes(CONTENT)
    resource = UnverifiedHTTPResource(url=URL, size=len(CONTENT))

    assert resource.verify(str(tmp_path / "x"))
    assert not attrs.evolve(resource, size=1).verify(str(tmp_path / "x"))
    assert attrs.evolve(resource, size=None).verify(str(tmp_path / "x"))
    assert not resource.verify(str(tmp_path))
    assert not resource.verify("a\0b")
