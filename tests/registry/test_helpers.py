"""Provenance and freshness, sessions, traces, options."""

from __future__ import annotations

import datetime as dt
import io
import logging
import runpy
import sys
from pathlib import Path

import pytest

from store.errors import ConfigurationError, QueryError, RegistryError
from store.registry.freshness import provenance
from store.registry.log import get_logger, silence, trace
from store.registry.manager import Cache
from store.registry.session import session
from store.testing.servers import Server

HEADERS = {
    "ETag": '"1"',
    "Last-Modified": "Sat, 31 Jan 2026 12:00:00 GMT",
    "Content-Length": "4",
    "Set-Cookie": "secret",
}
SHA256 = "Om6weQ85rIfJTzhWst0sXREOaBFgImGpqSPTuyOtyLc="
EXAMPLE = Path(__file__).parents[2] / "examples" / "hello_registry.py"


def test_the_origin_of_a_file_is_kept(cache: Cache) -> None:
    """Without secrets; size and digest are the item's own."""
    moment = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    told = provenance("https://user:secret@e.org/x?token=secret", HEADERS, fetched_at=moment)

    item = cache.put("a", b"data", attrs=told)

    attrs = cache.by_id(item.id).attrs  # type: ignore[union-attr]
    assert attrs["url"] == "https://e.org/x"
    assert attrs["etag"] == '"1"'
    assert attrs["last_modified"] == HEADERS["Last-Modified"]
    assert attrs["fetched_at"] == moment
    assert attrs["headers"]["content-length"] == "4"
    assert "secret" not in repr(attrs)
    assert item.size == 4


@pytest.mark.parametrize(
    ("headers", "current", "method"),
    [
        ({"ETag": '"1"'}, True, "etag"),
        ({"etag": 'W/"1"'}, True, "etag"),
        ({"ETag": '"2"'}, False, "etag"),
        ({"last-modified": "Fri, 30 Jan 2026 12:00:00 GMT"}, True, "modified"),
        ({"last-modified": "Sun, 01 Feb 2026 12:00:00 GMT"}, False, "modified"),
        ({"last-modified": "yesterday"}, False, "modified"),
        ({"content-length": "4"}, True, "size"),
        ({"content-length": "5"}, False, "size"),
        ({"repr-digest": f"md5=:eA==:, sha-256=:{SHA256}:"}, True, "hash"),
        ({"Digest": f"SHA-256={SHA256}"}, True, "hash"),
        ({"digest": f"SHA-256={'A' * 43}="}, False, "hash"),
        ({}, False, "no check"),
    ],
)
def test_freshness_is_checked(
    cache: Cache, headers: dict[str, str], method: str, *, current: bool
) -> None:
    """By what both sides know, the surest first."""
    item = cache.put("a", b"data", attrs=provenance("https://e.org/x", HEADERS))

    found = item.check_freshness(headers)

    assert found.is_current is current
    assert found.reason.startswith(method)
    with pytest.raises(QueryError):
        item.check_freshness(headers, "guess")


def test_freshness_needs_no_word_of_the_maker(cache: Cache) -> None:
    """What was put in under an address is held against its server by what the registry knows itself."""
    with Server() as server:
        item = cache.put(server.serve("/data.txt", b"data"), b"data")

        assert item.check_freshness() == (True, "modified: not modified")
        assert item.check_freshness(method="size") == (True, "size: size match")
        server.serve("/data.txt", b"other data")
        assert item.check_freshness() == (False, "size: size mismatch")
    assert item.check_freshness({"last-modified": "Sat, 31 Jan 2026 12:00:00 GMT"}).is_current
    assert not item.check_freshness({"last-modified": "Sat, 31 Jan 2099 12:00:00 GMT"}).is_current
    with pytest.raises(QueryError, match="url"):
        cache.put("a", b"data").check_freshness()


def test_headers_as_cachedir_kept_them_count(cache: Cache) -> None:
    """What was imported from there is as fresh as it was."""
    item = cache.put("a", b"data", attrs={"resp_headers": {"ETag": '"1"'}})

    assert item.check_freshness({"etag": '"1"'}) == (True, "etag: etag match")
    assert not item.check_freshness({"etag": '"2"'}).is_current


def test_a_session_is_one_registry_and_its_trace(tmp_path: Path) -> None:
    """Both end with the block."""
    told = io.StringIO()
    with session(tmp_path / "x", trace_to=told, durability="relaxed") as cache:
        cache.put("a", b"data")
        get_logger("demo").info("hello")

    assert "INFO store.registry.demo: hello" in told.getvalue()
    assert logging.getLogger("store.registry").handlers == []
    handler = trace()
    silence(handler)
    assert logging.getLogger("store.registry").level == logging.NOTSET


@pytest.mark.parametrize(
    "options",
    [
        {"path": "x", "url": "postgresql://h/d"},
        {"files": "x"},
        {"url": "mysql://h/d"},
        {"url": "nonsense"},
        {"path": ""},
        {"path": "a\0b"},
        {"pkg": "../x"},
        {"max_bytes": -1},
        {"min_free": "much"},
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, str]) -> None:
    """Before anything is opened."""
    with pytest.raises(ConfigurationError):
        Cache(**options)  # type: ignore[arg-type]


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Without the password."""
    with Cache(url="postgresql://u:hunter2@127.0.0.1:1/d", files=tmp_path) as cache:
        with pytest.raises(RegistryError) as caught:
            cache.search()
        assert "hunter2" not in f"{caught.value} {cache!r} {cache.path} {cache.options!r}"


def test_the_example_downloads_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A real file, from a server of the test's own."""
    example = runpy.run_path(str(EXAMPLE))
    with Server() as server:
        url = server.serve("/rfc.txt", b"\n  The title\nmore\n")
        example["main"](url, str(tmp_path / "x"))
        first = capsys.readouterr().out
        example["main"](url, str(tmp_path / "x"))
        second = capsys.readouterr().out

        assert server.count("/rfc.txt") == 1
    assert first.startswith("downloaded:")
    assert second.startswith("kept:")
    assert "The title" in first
    assert "The title" in second
    assert sys.modules.get("__main__") is not None


def test_the_example_tells_what_cannot_be_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a line and a status, not a traceback; the next run begins anew."""
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        url = server.url + "/nothing.txt"
        monkeypatch.setattr(sys, "argv", [str(EXAMPLE), url])
        for _ in range(2):
            with pytest.raises(SystemExit) as ended:
                runpy.run_path(str(EXAMPLE), run_name="__main__")
            assert ended.value.code == 3
            assert capsys.readouterr().err.startswith("hello_registry: ")


def test_a_budget_keeps_itself(tmp_path: Path) -> None:
    """`max_bytes` and `min_free` prune as files come in; room that is there is left."""
    with Cache(tmp_path / "x", durability="relaxed", max_bytes=1000) as cache:
        for number in range(8):
            cache.put(f"u:{number}", b"x" * 300)
        assert cache.stats()["bytes"] <= 1000
        assert cache.does_it_fit(1)
        assert cache.free_space > 1
    with Cache(tmp_path / "x", durability="relaxed", min_free=1) as cache:
        cache.put("one more", b"x")
        assert len(cache) >= 4
    with Cache(tmp_path / "x", durability="relaxed", min_free=2**62) as cache:
        cache.put("too full", b"x")
        assert cache.stats()["bytes"] == 0
