"""The store of Python packages, asked of real indexes on loopback."""

from __future__ import annotations

import hashlib
import html
import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from store.backends.base import DigestedResource
from store.backends.pypi_resource import PyPIResource
from store.backends.pypi_store import PyPIStore
from store.cache.backends.base import Cache
from store.config.credential import Credential
from store.config.credentials import Credentials
from store.errors import (
    ConfigurationError,
    CredentialsError,
    IntegrityError,
    OfflineError,
    QueryError,
    ResourceNotFoundError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
    UnverifiedError,
)
from store.testing.fakes import FakeClock
from store.transports.base import Bounds, TransferOptions

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
CONTENT = {name: f"content of {name}".encode() for name in (WHEEL, SDIST)}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
JSON = "application/vnd.pypi.simple.v1+json"


def anchor(filename: str, href: str | None = None, **attributes: str) -> str:
    """Return a line of an HTML page; by default with a relative address and a digest."""
    href = href or f"../../files/{filename}#sha256={SHA256.get(filename, '0' * 64)}"
    told = "".join(
        f' data-{name.replace("_", "-")}="{html.escape(value)}"'
        for name, value in attributes.items()
    )
    return f'<a href="{html.escape(href)}"{told}>{filename}</a><br/>\n'


def page(*anchors: str) -> tuple[bytes, int, Mapping[str, str]]:
    """Return an HTML page of a project."""
    text = f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>"
    return text.encode(), 200, {"Content-Type": "text/html; charset=utf-8"}


def json_page(*files: Mapping[str, Any], **more: Any) -> tuple[bytes, int, Mapping[str, str]]:
    """Return a JSON page of a project (PEP 691)."""
    body = {"meta": {"api-version": "1.0"}, "name": "demo", "files": files, **more}
    return json.dumps(body).encode(), 200, {"Content-Type": JSON}


@pytest.fixture(autouse=True)
def _no_settings_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of this machine's pip takes part."""
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def index(web: Any) -> Any:
    """A web server that has one project of a wheel and a source distribution."""
    web.pages["/simple/demo/"] = page(anchor(WHEEL), anchor(SDIST))
    web.pages |= {f"/files/{name}": (content,) for name, content in CONTENT.items()}
    return web


@pytest.fixture
def store(index: Any, cache: Cache, patient: TransferOptions) -> PyPIStore:
    """A store that asks that server."""
    return store_of(cache, patient, index_url=f"{index.address}/simple/")


def store_of(cache: Cache, options: TransferOptions, **configuration: Any) -> PyPIStore:
    """Return a store of a configuration."""
    store = PyPIStore(configuration, cache)
    store.options = options
    return store


def test_a_project_becomes_a_file(store: PyPIStore, index: Any) -> None:
    """Asked once, fetched once; the page's relative addresses and digests are read."""
    metadata = store.get_resource_metadata({"name": "Demo", "version": "1.0"})

    paths = [store.download_resource(metadata) for _ in range(2)]

    assert metadata == PyPIResource(
        f"sha256:{SHA256[WHEEL]}",
        filename=WHEEL,
        urls=(f"{index.address}/files/{WHEEL}",),
        project="demo",
        version="1.0",
    )
    assert paths[0] is not None
    assert paths[0] == paths[1]
    assert Path(paths[0]).name == WHEEL
    assert Path(paths[0]).read_bytes() == CONTENT[WHEEL]
    assert index.paths == ["/simple/demo/", f"/files/{WHEEL}"]


def test_both_kinds_of_page_are_asked_for(store: PyPIStore, index: Any) -> None:
    """The server may choose between JSON and HTML."""
    store.get_resource_metadata({"name": "demo"})

    assert JSON in index.asked[0].headers["accept"]
    assert "text/html" in index.asked[0].headers["accept"]


def test_json_pages_are_read(store: PyPIStore, index: Any) -> None:
    """Size, yanking and requires-python come along; weak and unknown digests do not count."""
    index.pages["/simple/demo/"] = json_page(
        {
            "filename": "demo-2.0-py3-none-any.whl",
            "url": "/files/x",
            "hashes": {"sha256": "0" * 64},
            "requires-python": ">=99",
        },
        {
            "filename": "demo-1.5-py3-none-any.whl",
            "url": "/files/x",
            "hashes": {"sha256": "0" * 64},
            "yanked": "broken",
        },
        {
            "filename": WHEEL,
            "url": f"/files/{WHEEL}",
            "hashes": {"sha256": SHA256[WHEEL], "md5": "0" * 32, "crc32": "00"},
            "size": 17,
        },
    )

    found = store.get_resource_metadata({"name": "demo"})
    yanked = store.get_resource_metadata({"name": "demo", "version": "==1.5"})

    assert (found.uid, found.size) == (f"sha256:{SHA256[WHEEL]}", 17)
    assert (found.yanked, yanked.yanked) == (None, "broken")
    assert found.urls == (f"{index.address}/files/{WHEEL}",)


def test_html_attributes_are_read(
    store: PyPIStore, index: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Yanking and requires-python stand in attributes there; a yanked file is told of when it is taken."""
    index.pages["/simple/demo/"] = page(
        anchor("demo-3.0-py3-none-any.whl", requires_python=">=99"),
        anchor("demo-2.0-py3-none-any.whl", yanked=""),
        anchor(WHEEL),
    )

    assert store.get_resource_metadata({"name": "demo"}).version == "1.0"
    assert store.get_resource_metadata({"name": "demo", "version": "2.0"}).yanked == ""
    assert "demo-2.0-py3-none-any.whl was withdrawn" in caplog.text


def test_the_source_can_be_asked_for(store: PyPIStore) -> None:
    """By its kind, its name, or its digest."""
    queries: list[dict[str, Any]] = [
        {"packagetype": "sdist"},
        {"filename": SDIST},
        {"digest": f"sha256:{SHA256[SDIST]}"},
    ]

    found = [store.get_resource_metadata({"name": "demo", **query}).filename for query in queries]

    assert found == [SDIST] * 3


def test_another_digest_than_the_pinned_is_drift(store: PyPIStore, index: Any) -> None:
    """What the index says is enough to know, and the bytes are held against it as well."""
    with pytest.raises(IntegrityError):
        store.get_resource_metadata({"name": "demo", "sha256": "0" * 64})
    metadata = store.get_resource_metadata({"name": "demo"})
    index.pages[f"/files/{WHEEL}"] = (b"something else",)
    with pytest.raises(IntegrityError):
        store.download_resource(metadata)


def test_a_pinned_digest_is_checked_beside_the_indexs(store: PyPIStore) -> None:
    """Of another algorithm, it is held against the bytes."""
    right = hashlib.sha512(CONTENT[WHEEL]).hexdigest()

    good = store.get_resource_metadata({"name": "demo", "sha512": right})
    bad = store.get_resource_metadata({"name": "demo", "sha512": "0" * 128})

    assert good.uid == f"sha512:{right}+sha256:{SHA256[WHEEL]}"
    assert store.download_resource(good) is not None
    with pytest.raises(IntegrityError):
        store.download_resource(bad)


@pytest.mark.parametrize("fragment", ["", "#md5=" + "0" * 32, "#sha256=abc", "#egg=demo"])
def test_a_file_without_a_digest_is_refused(fragment: str, store: PyPIStore, index: Any) -> None:
    """Unless the query brings one."""
    index.pages["/simple/demo/"] = page(anchor(WHEEL, f"/files/{WHEEL}{fragment}"))

    with pytest.raises(UnverifiedError, match="no trustworthy digest of demo"):
        store.get_resource_metadata({"name": "demo"})
    pinned = store.get_resource_metadata({"name": "demo", "sha256": SHA256[WHEEL]})
    assert store.download_resource(pinned) is not None


def test_the_first_index_that_has_the_project_answers_alone(
    index: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """A higher version on a later index is not looked at: dependency confusion finds no door."""
    other_web.pages["/simple/demo/"] = page(anchor("demo-9.0-py3-none-any.whl"))
    other_web.pages["/simple/other/"] = page(anchor("other-1.0-py3-none-any.whl"))
    store = store_of(
        cache,
        patient,
        index_url=f"{index.address}/simple",
        extra_index_urls=[f"{other_web.address}/simple"],
    )

    assert store.get_resource_metadata({"name": "demo"}).version == "1.0"
    assert other_web.paths == []
    assert store.get_resource_metadata({"name": "other"}).version == "1.0"
    with pytest.raises(ResourceNotFoundError, match=index.address):
        store.get_resource_metadata({"name": "demo", "version": "9.0"})


@pytest.mark.parametrize("status", [500, 403])
def test_an_index_that_fails_is_not_passed_over(
    status: int, index: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """An outage must not lead to the next index either."""
    other_web.pages["/simple/demo/"] = (b"", status)
    store = store_of(
        cache,
        patient,
        index_url=f"{other_web.address}/simple",
        extra_index_urls=f"{index.address}/simple",
    )

    with pytest.raises((TransportError, CredentialsError)):
        store.get_resource_metadata({"name": "demo"})
    assert index.paths == []


def test_a_missing_project_names_the_indexes(store: PyPIStore, index: Any) -> None:
    """Whoever misspelled it sees where it was looked for."""
    with pytest.raises(ResourceNotFoundError, match="no index has a project damo") as caught:
        store.get_resource_metadata({"name": "damo"})

    assert f"{index.address}/simple/" in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((b"", 500), TransportError),
        ((b"", 401), CredentialsError),
        ((b"", 403), CredentialsError),
        ((b"{", 200, {"Content-Type": JSON}), TransportError),
        ((b"[]", 200, {"Content-Type": JSON}), TransportError),
        ((b"[" * 100_000, 200, {"Content-Type": JSON}), TransportError),
        ((b'{"files": 3}', 200, {"Content-Type": JSON}), TransportError),
        ((b"\x89PNG", 200, {"Content-Type": "image/png"}), TransportError),
        (
            (b'<meta name="pypi:repository-version" content="9.0">', 200, {}),
            TransportError,
        ),
    ],
)
def test_errors_are_ours(reply: Any, kind: type[StoreError], store: PyPIStore, index: Any) -> None:
    """Whatever the server sends, one of our errors comes out."""
    index.pages["/simple/demo/"] = reply

    with pytest.raises(kind):
        store.get_resource_metadata({"name": "demo"})


def test_a_passing_failure_is_asked_again(store: PyPIStore, index: Any) -> None:
    """A 503 is no answer."""
    index.pages["/simple/demo/"] = [(b"", 503), page(anchor(WHEEL))]

    assert store.get_resource_metadata({"name": "demo"}).version == "1.0"


def test_an_index_that_is_gone_is_a_transport_error(cache: Cache, patient: TransferOptions) -> None:
    """A refused connection is told with the address, and without its secrets."""
    store = store_of(cache, patient, index_url="http://user:hunter2@127.0.0.1:9/simple")

    with pytest.raises(TransportError) as caught:
        store.get_resource_metadata({"name": "demo"})

    assert "127.0.0.1:9" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_offline_nothing_is_asked(store: PyPIStore, index: Any) -> None:
    """The transports hold the line."""
    store.options = store.options._replace(offline=True)

    with pytest.raises(OfflineError):
        store.get_resource_metadata({"name": "demo"})
    assert index.paths == []


@pytest.mark.parametrize("told", [True, False])
def test_a_page_has_its_bounds(
    told: Any, store: PyPIStore, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an announced nor an unannounced flood is read."""
    from store.backends import pypi_pages

    monkeypatch.setattr(pypi_pages, "MAX_PAGE_SIZE", 100)
    body, status, headers = page(*[anchor(WHEEL)] * 10)
    if not told:
        chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        index.pages["/simple/demo/"] = (chunks, status, {**headers, "Transfer-Encoding": "chunked"})
    else:
        index.pages["/simple/demo/"] = (body, status, headers)

    with pytest.raises(TooLargeError):
        store.get_resource_metadata({"name": "demo"})


def test_a_page_that_only_trickles_is_given_up(store: PyPIStore) -> None:
    """A server that keeps us waiting for hours is told as a timeout."""

    class Hurried(FakeClock):
        def monotonic(self) -> float:
            self.advance(1000.0)
            return super().monotonic()

    store.options = store.options._replace(
        clock=Hurried(), bounds=Bounds(grace=1.0, minimum_rate=1e6)
    )

    with pytest.raises(TransportTimeoutError, match="only"):
        store.get_resource_metadata({"name": "demo"})


@pytest.mark.parametrize(
    "anchors",
    [
        [anchor("../evil-1.0.tar.gz")],
        [anchor("other-2.0-py3-none-any.whl")],
        [anchor("demo-2.0-py3-none-any.whl", "file:///etc/passwd#sha256=" + "0" * 64)],
        [anchor("demo-2.0-py3-none-any.whl", "ftp://host/x#sha256=" + "0" * 64)],
        [anchor("demo-2.0-py3-none-any.whl", "https://host:port/x#sha256=" + "0" * 64)],
        [anchor("readme")],
    ],
)
def test_a_page_cannot_lead_astray(anchors: list[str], store: PyPIStore, index: Any) -> None:
    """Odd names, other projects, local files and what is no address are passed over."""
    index.pages["/simple/demo/"] = page(*anchors, anchor(WHEEL))

    assert store.get_resource_metadata({"name": "demo"}).filename == WHEEL


def test_credentials_reach_their_origin_only(
    index: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """User and password in an index's address go to its page and files, and nowhere else."""
    index.pages["/simple/demo/"] = page(
        anchor(WHEEL), anchor(SDIST, f"{other_web.address}/x#sha256={SHA256[SDIST]}")
    )
    other_web.pages["/x"] = (CONTENT[SDIST],)
    address = index.address.replace("http://", "http://user:hunter2@")
    store = store_of(cache, patient, index_url=f"{address}/simple")

    wheel = store.get_resource_metadata({"name": "demo"})
    sdist = store.get_resource_metadata({"name": "demo", "packagetype": "sdist"})
    store.download_resource(wheel)
    store.download_resource(sdist)

    shown = [one.headers.get("authorization") for one in index.asked]
    assert shown == ["Basic dXNlcjpodW50ZXIy"] * 3
    assert [one.headers.get("authorization") for one in other_web.asked] == [None]
    assert "hunter2" not in repr((wheel, wheel.urls, store, store.options))


def test_what_the_caller_gives_wins_for_files(
    index: Any, cache: Cache, patient: TransferOptions
) -> None:
    """An explicit credential is not replaced by one from the settings."""
    mine = Credentials({index.address: Credential(user="me", secret="mine", source="explicit")})
    address = index.address.replace("http://", "http://user:hunter2@")
    store = store_of(cache, patient._replace(credentials=mine), index_url=f"{address}/simple")

    store.download_resource(store.get_resource_metadata({"name": "demo"}))

    assert index.asked[-1].headers["authorization"] == "Basic bWU6bWluZQ=="


def test_a_directory_can_be_an_index(
    tmp_path: Path, cache: Cache, patient: TransferOptions
) -> None:
    """file: addresses lead to pages and files; a missing directory is a missing project."""
    (tmp_path / "simple/demo").mkdir(parents=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / WHEEL).write_bytes(CONTENT[WHEEL])
    (tmp_path / "simple/demo/index.html").write_bytes(page(anchor(WHEEL))[0])
    store = store_of(cache, patient, index_url=(tmp_path / "simple").as_uri())

    path = store.download_resource(store.get_resource_metadata({"name": "demo"}))

    assert path is not None
    assert Path(path).read_bytes() == CONTENT[WHEEL]
    with pytest.raises(ResourceNotFoundError):
        store.get_resource_metadata({"name": "other"})


def test_pips_indexes_are_asked(
    index: Any,
    other_web: Any,
    cache: Cache,
    patient: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the configuration names none, and unless it says not to."""
    other_web.pages["/simple/other/"] = page(anchor("other-1.0-py3-none-any.whl"))
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.address}/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{other_web.address}/simple")

    store = store_of(cache, patient)
    found = [store.get_resource_metadata({"name": name}).version for name in ("demo", "other")]

    assert found == ["1.0", "1.0"]
    assert store_of(cache, patient, use_pip_config=False)._endpoints() == (None,)
    monkeypatch.setenv("PIP_INDEX_URL", "no address")
    with pytest.raises(ConfigurationError, match="from pip's"):
        store.get_resource_metadata({"name": "demo"})


def test_the_default_is_pypi_simples_own(
    index: Any, cache: Cache, patient: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We name no index of our own."""
    import pypi_simple

    monkeypatch.setattr(pypi_simple, "PYPI_SIMPLE_ENDPOINT", f"{index.address}/simple/")

    assert store_of(cache, patient).get_resource_metadata({"name": "demo"}).version == "1.0"


def test_a_plain_resource_will_do(store: PyPIStore, index: Any, tmp_path: Path) -> None:
    """A remembered answer is fetched without asking the index."""
    resource = DigestedResource(
        f"sha256:{SHA256[WHEEL]}", urls=(f"{index.address}/files/{WHEEL}",), filename=WHEEL
    )

    path = store.download_resource_content(resource, str(tmp_path))

    assert path == str(tmp_path / WHEEL)
    assert index.paths == [f"/files/{WHEEL}"]


@pytest.mark.parametrize(
    ("query", "age"),
    [
        ({"name": "demo"}, 0),
        ({"name": "demo", "version": ">=1"}, 0),
        ({"name": "demo", "version": "==1.*"}, 0),
        ({"name": "demo", "version": 3}, 0),
        ({"name": "demo", "version": "1.0"}, math.inf),
        ({"name": "demo", "version": "==1.0"}, math.inf),
        ({"name": "demo", "filename": WHEEL}, math.inf),
    ],
)
def test_only_a_pin_holds_for_good(query: dict[str, Any], age: float, store: PyPIStore) -> None:
    """A range or the latest may have another answer tomorrow."""
    assert store.resolution_max_age(query) == age


def test_the_context_follows_what_decides(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interpreter, platform and pip's settings; the latter only where they are asked."""
    store, other = PyPIStore(None, cache), PyPIStore({"index_url": "https://x/simple"}, cache)
    before = store.resolution_context(), other.resolution_context()
    monkeypatch.setenv("PIP_INDEX_URL", "https://y/simple")
    pip = store.resolution_context(), other.resolution_context()
    monkeypatch.setattr(sys, "platform", "plan9")
    platform = other.resolution_context()

    assert before[0] != pip[0]
    assert before[1] == pip[1] != platform


@pytest.mark.parametrize(
    "configuration",
    [
        {"index": "https://x/simple"},
        {"index_url": "x/simple"},
        {"index_url": 3},
        {"extra_index_urls": ["https://x/simple", ""]},
        {"use_pip_config": "perhaps"},
        "https://x/simple",
    ],
)
def test_a_poor_configuration_is_refused(configuration: Any, cache: Cache) -> None:
    """The settings are looked at when the store is made."""
    with pytest.raises(ConfigurationError):
        PyPIStore(configuration, cache)


def test_a_poor_query_is_refused_before_anything_is_asked(store: PyPIStore, index: Any) -> None:
    """An unknown key costs no request."""
    with pytest.raises(QueryError):
        store.get_resource_metadata({"name": "demo", "versoin": "1"})

    assert index.paths == []
