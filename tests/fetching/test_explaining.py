"""Each reason code of ``why`` is given where it is true, and asking changes nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

import store
from store.cache.backends.base import Cache
from store.errors import LocatorError, UnknownNameError
from store.fetching.explaining import CODES, Explanation
from store.records import CachedResource
from store.testing.disk_faults import failing_call
from store.testing.faults import flip_bit
from store.testing.servers import Server

DATA = b"some content\n" * 1000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
PIN = f"#{DIGEST.replace(':', '=')}"


def picture(root: Path) -> dict[str, Any]:
    """Return all that lies below a directory, with its times and its content.

    Left out is the list of installed plugins, which whoever looks for a driver writes down.
    """
    return {
        str(path): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.lstat().st_ctime_ns,
            path.read_bytes() if path.is_file() and not path.is_symlink() else None,
        )
        for path in sorted(root.rglob("*"))
        if path.name != "plugins-v1.json"
    }


@pytest.fixture
def why(house: Path, server: Server) -> Any:
    """Ask why, and make sure that nothing was changed and nobody asked."""

    def ask(locator: Any, **options: Any) -> Explanation:
        before, requests = picture(house), len(server.requests)
        explained = store.why(locator, **options)
        assert picture(house) == before
        assert len(server.requests) == requests
        assert explained.reason.startswith(CODES[explained.code])
        return explained

    return ask


@pytest.fixture
def url(server: Server) -> str:
    """Serve something, and return its pinned address."""
    return server.serve("/a.bin", DATA) + PIN


def test_what_was_never_fetched_is_a_miss(why: Any, url: str, house: Path) -> None:
    """The cache is not even made."""
    assert why(url) == Explanation(
        url.partition("#")[0], "miss-never-fetched", CODES["miss-never-fetched"]
    )
    assert not house.exists()


def test_what_was_fetched_is_a_hit(why: Any, url: str) -> None:
    """The path is the one that the next fetch gives."""
    path = store.fetch(url)

    assert why(url) == Explanation(url.partition("#")[0], "hit", CODES["hit"], path)
    assert why(url, offline=True).code == "hit"


def test_a_changed_stamp_costs_a_hash(why: Any, url: str) -> None:
    """The file is right, so it is a hit; the reason says what it costs."""
    path = store.fetch(url)
    os.utime(path, (1, 1))

    explained = why(url)

    assert (explained.code, explained.path) == ("hit-rehash", path)
    assert explained.reason.endswith("its stamp has changed since it was checked")
    assert why(url).code == "hit-rehash"
    time.sleep(0.05)  # a stamp that is as young as the clock's grain would not be trusted
    store.fetch(url)
    assert why(url).code == "hit"


@pytest.mark.parametrize(("verify", "code"), [("always", "hit-rehash"), ("never", "hit")])
def test_the_settings_say_what_a_hit_costs(
    why: Any, url: str, monkeypatch: pytest.MonkeyPatch, verify: str, code: str
) -> None:
    """A cache that always hashes, or never looks, says so."""
    store.fetch(url)
    monkeypatch.setenv("STORE_VERIFY", verify)

    explained = why(url)

    assert explained.code == code
    assert f"verify = {verify}" in explained.reason


@pytest.mark.parametrize("damage", ["flipped", "link", "directory"])
def test_damage_is_seen_and_left_where_it_lies(
    why: Any, url: str, damage: str, tmp_path: Path
) -> None:
    """The next fetch sets it aside; asking does not."""
    path = store.fetch(url)
    path.chmod(0o644)
    if damage == "flipped":
        flip_bit(path)
    else:
        path.unlink()
        (tmp_path / "elsewhere").write_bytes(DATA)
        path.mkdir() if damage == "directory" else path.symlink_to(tmp_path / "elsewhere")

    assert (why(url).code, why(url).path) == ("miss-damaged", path)
    assert os.path.lexists(path)
    assert store.fetch(url).read_bytes() == DATA


def test_a_file_that_is_gone_is_told(why: Any, url: str) -> None:
    """The entry is there, the file is not."""
    path = store.fetch(url)
    path.unlink()

    assert (why(url).code, why(url).path) == ("miss-file-gone", path)
    assert why(url, offline=True).code == "offline-missing"


def test_content_of_another_locator_will_do(why: Any, url: str, tmp_path: Path) -> None:
    """It is found by its digest."""
    (tmp_path / "b.bin").write_bytes(DATA)
    path = store.fetch(tmp_path / "b.bin")
    sha512 = hashlib.sha512(DATA).hexdigest()

    explained = why(url, digest=f"sha512:{sha512}")

    assert (explained.code, explained.path) == ("hit-by-digest", path)


def test_two_pins_that_cannot_both_be_right_are_told(why: Any, server: Server, url: str) -> None:
    """A size beside the digest, or a digest that the store denies."""
    path = store.fetch(url)
    query = {"driver": "http", "url": f"{server.url}/a.bin", "digest": DIGEST, "size": 5}

    assert (why(query).code, why(query).path) == ("other-size", path)


def test_the_store_may_deny_what_was_pinned(why: Any, house: Path, remote: Any) -> None:
    """What it said before is another digest."""
    remote.max_age = 1000.0
    store.fetch("remote:name=a.txt")

    assert why("remote:name=a.txt", digest=f"sha256:{'0' * 64}").code == "other-digest"


def test_what_is_not_pinned_is_refused_or_asked(why: Any, server: Server) -> None:
    """Hit or miss depends on what the server says."""
    url = server.serve("/b.bin", DATA)

    assert why(url).code == "unverified"
    assert why(url, allow_unverified=True).code == "unpinned"
    assert why(url, allow_unverified=True, offline=True).code == "offline-unresolved"


def test_an_answer_is_unknown_known_and_too_old(why: Any, remote: Any, house: Path) -> None:
    """What a query stands for is remembered for as long as its store says."""
    remote.max_age = 1000.0

    first = why("remote:name=a.txt")
    offline = why("remote:name=a.txt", offline=True)
    path = store.fetch("remote:name=a.txt")
    known = why("remote:name=a.txt")
    remote.max_age = 0.000001
    stale = why("remote:name=a.txt")
    still = why("remote:name=a.txt", offline=True)

    assert (first.code, offline.code) == ("unresolved", "offline-unresolved")
    assert (known.code, known.path) == ("hit", path)
    assert (stale.code, stale.path) == ("stale-resolution", path)
    assert stale.reason.endswith(f"if the answer is the same as before, {CODES['hit']}")
    assert still.code == "hit"


def test_a_driver_may_want_to_be_asked_each_time(why: Any, remote: Any) -> None:
    """Before it was asked, and afterwards."""
    remote.max_age = None

    before = why("remote:name=a.txt")
    path = store.fetch("remote:name=a.txt")
    after = why("remote:name=a.txt")

    assert (before.code, before.path) == ("asked-each-time", None)
    assert (after.code, after.path) == ("asked-each-time", path)


def test_a_strangers_resource_is_held_against_its_own_verify(why: Any, sealed: Any) -> None:
    """It is known by no digest; its driver says whether the file is right."""
    before = why("sealed:a=b")
    path = store.fetch("sealed:a=b")
    hit = why("sealed:a=b")
    sealed.get_resource_metadata = lambda _, __: Denying()
    denied = why("sealed:a=b")

    assert before.code == "miss-never-fetched"
    assert (hit.code, hit.path) == ("hit", path)
    assert denied.code == "miss-damaged"
    assert denied.reason.endswith(": its driver does not accept it")


class Denying(store.ResourceInfo):
    """A resource that accepts nothing."""

    uid = "sealed"

    def verify(self, resource_path: str) -> bool:
        """Accept nothing."""
        return False


def test_an_entry_may_lead_outside_the_content(
    why: Any, url: str, house: Path, tmp_path: Path
) -> None:
    """It is verified, or dropped by the next fetch."""
    house.mkdir()
    outside = tmp_path / "mine.bin"
    outside.write_bytes(DATA)
    with store.load_cache(configuration={"cache_dir": str(house)}) as cache:
        cache.set(DIGEST, CachedResource(DIGEST, str(outside)))

    right = why(url)
    outside.write_bytes(b"other")

    assert (right.code, right.path) == ("hit-outside", outside)
    assert why(url).code == "miss-outside"


def test_what_cannot_be_read_is_told(why: Any, url: str, house: Path) -> None:
    """The disk may refuse."""
    path = store.fetch(url)
    os.utime(path, (1, 1))

    with failing_call("open", errno.EIO, below=house / "content"):
        explained = store.why(url)

    assert (explained.code, explained.path) == ("miss-unreadable", path)
    assert why(url).code == "hit-rehash"


@pytest.mark.parametrize("backend", ["file-cache", "disk", "memory", "null"])
def test_no_backend_is_changed_by_the_question(
    url: str, house: Path, backend: str, server: Server
) -> None:
    """Nor made: a database that is not there stays away."""

    def asked(cache: Cache) -> str:
        before = picture(house)
        code = store.why(url, cache=cache).code
        assert picture(house) == before
        return code

    configuration = {"cache_dir": str(house), "durability": "relaxed"}
    with store.load_cache(backend, configuration) as cache:
        assert asked(cache) == "miss-never-fetched"
        house.mkdir()
        assert asked(cache) == "miss-never-fetched"
        store.fetch(url, cache=cache)
    with store.load_cache(backend, configuration) as cache:
        assert asked(cache) == ("hit" if backend in {"file-cache", "disk"} else "hit-by-digest")


def test_a_cache_that_fails_is_a_miss(why: Any, url: str) -> None:
    """As it is for the fetch."""
    from store.testing.faults import RaisingCache

    store.fetch(url)

    assert why(url, cache=RaisingCache({})).code in {"miss-never-fetched", "hit-by-digest"}


@pytest.mark.parametrize(("locator", "error"), [("", LocatorError), ("nope:x", UnknownNameError)])
def test_what_cannot_be_read_is_an_error(locator: str, error: type[Exception]) -> None:
    """There is nothing to explain."""
    with pytest.raises(error):
        store.why(locator)


def test_what_a_directory_that_is_a_shared_tier_has_is_told(
    why: Any, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one on the network it is only told that it is asked."""
    team = tmp_path / "team"
    file = team / "cas" / DIGEST[7:9] / DIGEST[7:]
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("STORE_SHARED", f"{team},https://cache.example.org")

    lacking = why(url)
    file.write_bytes(DATA)
    having = why(url)

    assert lacking.code == "miss-never-fetched"
    assert "https://cache.example.org is asked before the origin" in lacking.reason
    assert having.code == "shared"
    assert str(team) in having.reason
    assert why(url, offline=True).code == "shared"


def test_what_the_settings_refuse_is_told(why: Any, url: str, house: Path) -> None:
    """What the cache has is a hit all the same, as the fetch would say."""
    rules = house.parent / "config.toml"
    rules.write_text(f'block = ["{url.partition("a.bin")[0]}**"]\n')
    pinned, unpinned = why(url), why(url.partition("#")[0], allow_unverified=True)
    blocking = rules.read_text()
    rules.write_text("")
    with store.Fetcher() as fetcher:
        fetcher.fetch(url)
    rules.write_text(blocking)

    assert pinned.code == unpinned.code == "refused"
    assert pinned.reason.endswith(f"{url.partition('#')[0]} is blocked by the settings")
    assert why(url).code == "hit"


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_tested(code: str) -> None:
    """A code that no test sees may be a fairy tale."""
    assert f'"{code}"' in Path(__file__).read_text(encoding="utf-8")
