"""From a locator or query to a verified local file."""

from __future__ import annotations

import hashlib
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from store.config.reading import read_settings
from store.errors import (
    IntegrityError,
    OfflineError,
    QueryError,
    ResourceNotFoundError,
    StoreError,
    UnknownNameError,
    UnverifiedError,
)
from store.events import Event, Progressed
from store.fetching.fetcher import Fetcher
from store.testing.fakes import FakeCache
from store.testing.servers import Server
from store.transports import opening

DATA = b"some bytes that are served" * 100
SHA256 = hashlib.sha256(DATA).hexdigest()
SHA512 = hashlib.sha512(DATA).hexdigest()


@pytest.fixture
def url(server: Server) -> str:
    """Serve the data, and return its address."""
    return server.serve("/dir/file.bin", DATA)


def test_a_pinned_url_becomes_a_verified_file(url: str) -> None:
    """The result tells all that is known."""
    with Fetcher() as fetcher:
        result = fetcher.fetch(f"{url}#sha256={SHA256}")

    assert result.path.read_bytes() == DATA
    assert result.path.name == "file.bin"
    assert (result.driver, result.size, result.verified, result.cached) == (
        "http",
        len(DATA),
        True,
        False,
    )
    assert result.digests == (f"sha256:{SHA256}",)


def test_the_second_fetch_asks_no_server(url: str, server: Server) -> None:
    """A hit opens no socket, in this process or a later one."""
    with Fetcher() as fetcher:
        fetcher.fetch(f"{url}#sha256={SHA256}")
    server.stop()

    with Fetcher() as later:
        assert later.fetch(f"{url}#sha256={SHA256}").cached
        assert later.fetch(f"{url}#sha256={SHA256}").cached


def test_digests_of_the_caller_are_held_as_well(url: str) -> None:
    """A pin of another algorithm joins the locator's."""
    with Fetcher() as fetcher:
        result = fetcher.fetch(f"{url}#sha256={SHA256}", digest=f"sha512:{SHA512}")
        with pytest.raises(IntegrityError):
            fetcher.fetch(f"{url}#sha256={SHA256}", digest="sha512:" + "0" * 128)

    assert len(result.digests) == 2


def test_a_wrong_digest_tells_what_was_found_and_leaves_nothing(url: str, house: Path) -> None:
    """The error has expected, found, address and size."""
    with Fetcher() as fetcher, pytest.raises(IntegrityError) as caught:
        fetcher.fetch(f"{url}#sha256={'0' * 64}")

    error = caught.value
    assert (error.expected, error.found) == (f"sha256:{'0' * 64}", f"sha256:{SHA256}")
    assert (error.url, error.size) == (url, len(DATA))
    assert [one for one in house.rglob("*") if one.is_file() and one.stat().st_size > 1000] == []


def test_a_url_without_a_digest_is_refused_unless_it_is_waived(url: str) -> None:
    """Waived, the file comes, and is never said to be verified."""
    with Fetcher() as fetcher:
        with pytest.raises(UnverifiedError, match="allow"):
            fetcher.fetch(url)
        result = fetcher.fetch(url, allow_unverified=True)
        again = fetcher.fetch(url, allow_unverified=True)

    assert (result.verified, result.digests) == (False, ())
    assert result.path.read_bytes() == DATA
    assert again.cached


def test_the_setting_may_waive_digests(url: str) -> None:
    """The caller's own word wins over it."""
    with Fetcher(read_settings({"allow_unverified": True}).settings) as fetcher:
        assert fetcher.fetch(url).path.read_bytes() == DATA
        with pytest.raises(UnverifiedError):
            fetcher.fetch(url, allow_unverified=False)


def test_a_local_file_is_fetched_by_its_path(tmp_path: Path) -> None:
    """A path object, a relative path and a file URL are all one file."""
    path = tmp_path / "work" / "local.txt"
    path.write_bytes(DATA)

    with Fetcher() as fetcher:
        found = {
            fetcher.fetch(wanted, digest=f"sha256:{SHA256}").path
            for wanted in (path, "./local.txt", "local.txt", path.as_uri())
        }

    assert len(found) == 1


def test_a_changed_local_file_is_another_resource(tmp_path: Path) -> None:
    """Without a digest, what is there now is what comes."""
    path = tmp_path / "work" / "local.txt"
    with Fetcher() as fetcher:
        for content in (b"one", b"two"):
            path.write_bytes(content)
            assert fetcher.fetch("./local.txt").path.read_bytes() == content


def test_dest_is_a_directory_and_output_a_file(url: str, tmp_path: Path) -> None:
    """Both get private files; both at once is a mistake."""
    pinned = f"{url}#sha256={SHA256}"
    with Fetcher() as fetcher:
        at_dest = fetcher.fetch(pinned, dest="here")
        at_output = fetcher.fetch(pinned, output=tmp_path / "out" / "named.bin")
        with pytest.raises(QueryError, match="not both"):
            fetcher.fetch(pinned, dest="here", output="there")

    assert at_dest.path == tmp_path / "work" / "here" / "file.bin"
    assert at_output.path == tmp_path / "out" / "named.bin"
    assert at_output.path.read_bytes() == DATA


def test_a_query_is_as_good_as_a_locator(url: str) -> None:
    """The driver stands beside its own keys."""
    with Fetcher() as fetcher:
        result = fetcher.fetch({"driver": "http", "url": url, "sha256": SHA256})

    assert result.verified


def test_resolve_downloads_nothing(url: str, server: Server) -> None:
    """What is pinned is known without the server."""
    with Fetcher() as fetcher:
        resolved = fetcher.resolve(f"{url}?token=secret#sha256={SHA256}")

    assert resolved.digests == (f"sha256:{SHA256}",)
    assert resolved.urls == (url,)
    assert resolved.filename == "file.bin"
    assert server.requests == []


def test_cached_says_where_it_is_or_none(url: str) -> None:
    """Nothing is downloaded to answer."""
    with Fetcher() as fetcher:
        assert fetcher.cached(f"{url}#sha256={SHA256}") is None
        path = fetcher.fetch(f"{url}#sha256={SHA256}").path
        assert fetcher.cached(f"{url}#sha256={SHA256}") == path


def test_progress_and_events_are_told(url: str) -> None:
    """A callback gets bytes, total and a name; a listener gets events."""
    calls: list[tuple[int, int | None, str]] = []
    events: list[Event] = []

    def progress(received: int, total: int | None, name: str) -> None:
        calls.append((received, total, name))

    with Fetcher(progress=progress, listener=events.append) as fetcher:
        fetcher.fetch(f"{url}#sha256={SHA256}")

    assert calls[-1] == (len(DATA), len(DATA), "file.bin")
    assert any(isinstance(event, Progressed) for event in events)


def test_a_cache_of_the_callers_is_used_and_not_closed(url: str, tmp_path: Path) -> None:
    """It remembers for the caller."""
    cache = FakeCache({"cache_dir": str(tmp_path / "mine")})
    with Fetcher(cache=cache) as fetcher:
        result = fetcher.fetch(f"{url}#sha256={SHA256}")

    assert str(result.path).startswith(str(tmp_path / "mine"))
    assert cache.recorded[result.uid].origin == url


def test_the_old_contract_ends_in_an_error_here(server: Server) -> None:
    """What the driver would answer with None is raised as what it is."""
    locator = {"driver": "http-simple-store", "url": f"{server.url}/none", "sha": "0" * 40}

    with Fetcher() as fetcher, pytest.raises(ResourceNotFoundError) as caught:
        fetcher.fetch(locator)

    assert caught.value.exit_status == 3


def test_a_stranger_that_answers_none_is_an_error_here(sealed: Any) -> None:
    """The face never returns None, whatever the driver does."""
    sealed.brings = None

    with Fetcher() as fetcher, pytest.raises(StoreError, match="could not bring"):
        fetcher.fetch("sealed:")


def test_a_size_that_the_digests_belie_is_refused_on_a_hit_too(url: str) -> None:
    """Two pins that cannot both be right are not half believed."""
    query = {"driver": "http", "url": url, "sha256": SHA256}
    with Fetcher() as fetcher:
        fetcher.fetch(query)
        with pytest.raises(IntegrityError, match="drop the size"):
            fetcher.fetch({**query, "size": 1})
        fetcher.cache.clear()
        with pytest.raises(IntegrityError, match="drop the size"):
            fetcher.fetch({**query, "size": 1})
        assert fetcher.fetch({**query, "size": len(DATA)}).cached


def test_a_stranger_is_asked_each_time_unless_it_says_how_long_its_word_holds(remote: Any) -> None:
    """Only a driver knows whether its answers stay true."""
    with Fetcher() as fetcher:
        fetcher.fetch("remote:name=a.txt")
        fetcher.fetch("remote:name=a.txt")

    assert remote.asked == 2


def test_a_pin_is_asked_for_once_for_good(remote: Any) -> None:
    """A later process does not ask either."""
    remote.max_age = math.inf

    for _ in range(2):
        with Fetcher() as fetcher:
            assert fetcher.fetch("remote:name=a.txt").path.read_bytes() == b"remote"

    assert remote.asked == 1


def test_a_range_is_asked_for_anew_when_the_answer_is_old_or_on_request(remote: Any) -> None:
    """The setting metadata_max_age says how old; refresh asks at once."""
    remote.max_age = 0
    with Fetcher() as fetcher:
        fetcher.fetch("remote:name=a.txt")
        fetcher.fetch("remote:name=a.txt")
        assert remote.asked == 1
        fetcher.fetch("remote:name=a.txt", refresh=True)
        assert remote.asked == 2

    with Fetcher(read_settings({"metadata_max_age": 0}).settings) as fetcher:
        fetcher.fetch("remote:name=a.txt")
    assert remote.asked == 3


def test_offline_what_was_ever_resolved_and_cached_is_delivered(remote: Any) -> None:
    """What is not known is told, with the command that would fetch it."""
    offline = read_settings({"offline": True}).settings
    with Fetcher(offline) as fetcher, pytest.raises(OfflineError, match="store fetch") as caught:
        fetcher.fetch("remote:name=a.txt")
    assert caught.value.missing == ("remote:name=a.txt",)
    with Fetcher() as fetcher:
        fetcher.fetch("remote:name=a.txt")

    with Fetcher(offline) as fetcher:
        assert fetcher.fetch("remote:name=a.txt").cached
    assert remote.asked == 1


def test_a_remembered_answer_whose_content_is_gone_is_asked_for_anew(
    remote: Any, house: Path
) -> None:
    """The remembered answer names no address, so the store is asked."""
    remote.max_age = math.inf
    with Fetcher() as fetcher:
        fetcher.fetch("remote:name=a.txt")
    shutil.rmtree(house / "content")
    shutil.rmtree(house / "records")

    with Fetcher() as fetcher:
        assert fetcher.fetch("remote:name=a.txt").path.read_bytes() == b"remote"
    assert remote.asked == 2


def test_a_stranger_that_does_not_know_digests_is_still_pinned(remote: Any) -> None:
    """The caller's digest is compared with the store's, or with the content."""
    right = hashlib.sha256(b"remote").hexdigest()
    with Fetcher() as fetcher:
        assert fetcher.fetch(f"remote:name=a.txt#sha256={right}").verified
        assert fetcher.fetch("remote:name=a.txt", digest=f"sha512:{_sha512(b'remote')}").verified
        with pytest.raises(IntegrityError, match="the store says"):
            fetcher.fetch(f"remote:name=a.txt#sha256={'0' * 64}")
        with pytest.raises(IntegrityError):
            fetcher.fetch("remote:name=a.txt", digest="sha512:" + "0" * 128)


def test_an_unverified_url_may_be_pinned_by_the_caller(url: str) -> None:
    """The pin makes it a verified one."""
    with Fetcher() as fetcher:
        result = fetcher.fetch({"driver": "http", "url": url}, digest=f"sha256:{SHA256}")

    assert result.verified


def test_a_missing_resource_is_told(server: Server) -> None:
    """A 404 is an error with its address."""
    with Fetcher() as fetcher, pytest.raises(ResourceNotFoundError) as caught:
        fetcher.fetch(f"{server.url}/none#sha256={SHA256}")

    assert caught.value.exit_status == 3


def test_a_strangers_resource_is_held_against_the_callers_digest(sealed: Any) -> None:
    """What the stranger's own verify does not cover is hashed, before anything is placed."""
    right = hashlib.sha256(b"sealed content").hexdigest()
    with Fetcher() as fetcher:
        assert fetcher.fetch("sealed:", digest=f"sha256:{right}").path.read_bytes() == sealed.brings
        with pytest.raises(IntegrityError):
            fetcher.fetch("sealed:", digest="sha256:" + "0" * 64, dest="here")

    assert not Path("here").exists()


def test_a_strangers_wrong_content_is_an_integrity_error(sealed: Any) -> None:
    """The face never returns None."""
    sealed.brings = b"broken"

    with Fetcher() as fetcher:
        with pytest.raises(IntegrityError, match="something else"):
            fetcher.fetch("sealed:")
        with pytest.raises(IntegrityError, match="something else"):
            fetcher.fetch("sealed:", digest="sha256:" + "0" * 64)


@pytest.mark.parametrize("dest", [None, "here"])
def test_a_drivers_wrong_content_is_told_with_what_was_expected_and_found(
    remote: Any, monkeypatch: pytest.MonkeyPatch, dest: str | None
) -> None:
    """As that of a driver of ours is, although its driver says nothing of it."""
    monkeypatch.setattr(remote, "urls", ("https://user:hunter2@host/a.txt",))

    def something_else(_: Any, metadata: Any, dest: str) -> str:
        path = Path(dest) / "a.txt"
        path.write_bytes(b"another")
        return str(path)

    monkeypatch.setattr(remote, "download_resource_content", something_else)

    with Fetcher() as fetcher, pytest.raises(IntegrityError, match="'remote' brought") as caught:
        fetcher.fetch("remote:name=a.txt", dest=dest)

    error = caught.value
    assert error.expected == f"sha256:{hashlib.sha256(b'remote').hexdigest()}"
    assert error.found == f"sha256:{hashlib.sha256(b'another').hexdigest()}"
    assert (error.size, error.url) == (7, "https://host/a.txt")
    assert str(error.found) in str(error)


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("as_query", [False, True])
def test_a_strangers_transport_opens_its_scheme(as_query: bool) -> None:  # noqa: FBT001 - a case
    """It is looked for when the scheme is not ours."""
    opening._opened.strangers.clear()
    pinned = hashlib.sha256(b"faked").hexdigest()
    wanted: Any = f"fake://host/a.bin#sha256={pinned}"
    if as_query:
        wanted = {"driver": "http", "url": "fake://host/a.bin", "sha256": pinned}

    with Fetcher() as fetcher:
        assert fetcher.fetch(wanted).path.read_bytes() == b"faked"


def test_a_scheme_that_nobody_opens_is_told() -> None:
    """The known ones are named."""
    with Fetcher() as fetcher, pytest.raises(UnknownNameError) as caught:
        fetcher.fetch({"driver": "http", "url": "gopher://host/a", "sha256": SHA256})

    assert "https" in caught.value.known


def test_a_remembered_address_that_is_gone_makes_the_store_be_asked_anew(
    server: Server, remote: Any, house: Path
) -> None:
    """An index may move a file; one more look costs less than a failure."""
    remote.max_age = math.inf
    remote.urls = (server.serve("/old/a.txt", b"remote"),)
    with Fetcher() as fetcher:
        fetcher.fetch("remote:name=a.txt")
    shutil.rmtree(house / "content")
    remote.moved = True

    with Fetcher() as fetcher:
        assert fetcher.fetch("remote:name=a.txt").path.read_bytes() == b"remote"
    assert remote.asked == 2


def _sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()
