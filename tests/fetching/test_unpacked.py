"""An archive's content is fetched: all of it, a part, or what one file was compressed from."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import store
from store.cache.audit import held_files
from store.cache.pruning import prune
from store.config.model import Settings
from store.config.reading import read_settings
from store.errors import (
    ArchiveError,
    CacheError,
    IntegrityError,
    OfflineError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportTimeoutError,
    UnsafeArchiveError,
)
from store.fetching.fetcher import Fetcher
from store.fetching.single import default_fetcher, fetch
from store.testing.archives import KINDS, compressed, packed
from store.testing.disk_faults import disk_full, failing_call, read_only
from store.testing.servers import Server

FILES = {"top/a.txt": b"content", "top/deep/b.txt": b"other", "run": b"#!"}


def pinned(server: Server, data: bytes, name: str = "x.tar.gz") -> str:
    """Serve an archive, and return its locator with its digest."""
    return f"{server.serve(f'/{name}', data)}#sha256={hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def locator(server: Server) -> str:
    """A pinned archive on a real server."""
    return pinned(server, packed(FILES, executable="run"))


def files(root: Path) -> dict[str, bytes]:
    """What lies below a directory."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def named(error: StoreError) -> dict[str, Any]:
    """What an error carries."""
    return {key: value for key, value in vars(error).items() if value is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_unpacked_in_the_cache(server: Server, house: Path, kind: str) -> None:
    """The path is that of a directory there, read-only; the archive was verified first."""
    locator = pinned(server, packed(FILES, kind), f"x.{kind}")

    root = fetch(locator, unpack=True)

    assert files(root) == FILES
    assert root.is_relative_to(house)
    assert not (root / "top/a.txt").stat().st_mode & 0o222
    assert fetch(locator, unpack=True) == root
    assert len(server.requests) == 1


def test_the_face_has_it(server: Server) -> None:
    """As ``store.fetch``."""
    assert files(store.fetch(pinned(server, packed(FILES)), unpack=True)) == FILES


def test_an_archive_that_is_not_what_was_pinned_is_not_opened(server: Server, house: Path) -> None:
    """However harmless it is."""
    url = server.serve("/x.tar.gz", packed(FILES))

    with pytest.raises(IntegrityError):
        fetch(f"{url}#sha256={'0' * 64}", unpack=True)

    assert not (house / "trees").exists()


def test_the_result_tells_of_the_tree(locator: str) -> None:
    """Its size is that of all files; the digests are the archive's."""
    first = default_fetcher().fetch(locator, unpack=True)
    second = default_fetcher().fetch(locator, unpack=True)

    assert (first.cached, second.cached) == (False, True)
    assert first.size == second.size == sum(map(len, FILES.values()))
    assert first.digests == second.digests == (f"sha256:{locator.partition('=')[2]}",)
    assert first._replace(cached=True, attempts=()) == second
    assert first.verified


def test_a_private_copy_is_named_after_the_archive(locator: str, tmp_path: Path) -> None:
    """Without its suffix, below the directory that was asked for; editable."""
    path = fetch(locator, unpack=True, dest=tmp_path / "out")

    assert path == tmp_path / "out" / "x"
    assert files(path) == FILES
    assert os.access(path / "top/a.txt", os.W_OK)
    assert (path / "run").stat().st_mode & 0o100
    assert fetch(locator, unpack=True, dest=tmp_path / "out") == path
    (path / "top/a.txt").write_bytes(b"edited")
    assert files(fetch(locator, unpack=True)) == FILES


def test_output_is_that_very_directory(locator: str, tmp_path: Path) -> None:
    """Whatever it is called."""
    path = fetch(locator, unpack=True, output=tmp_path / "new" / "here")

    assert path == tmp_path / "new" / "here"
    assert files(path) == FILES


def test_another_directory_is_in_the_way(locator: str, tmp_path: Path) -> None:
    """Nothing is merged; what was there is as it was."""
    path = fetch(locator, unpack=True, dest=tmp_path)
    (path / "mine").write_bytes(b"mine")

    with pytest.raises(StorageError, match="in the way"):
        fetch(locator, unpack=True, dest=tmp_path)

    assert files(path) == {**FILES, "mine": b"mine"}


def test_hard_links_are_made_on_request(locator: str, tmp_path: Path) -> None:
    """And cost no hash at the next hit; editing through one is found and healed."""
    linked = fetch(locator, unpack=True, dest=tmp_path, link=True)
    root = fetch(locator, unpack=True)
    assert (linked / "top/a.txt").samefile(root / "top/a.txt")

    (linked / "top/a.txt").chmod(0o644)
    (linked / "top/a.txt").write_bytes(b"edited")

    assert files(fetch(locator, unpack=True)) == FILES


def test_a_member_is_fetched_by_its_path(locator: str, tmp_path: Path) -> None:
    """A file, a directory, or with nothing behind the mark all of it."""
    root = fetch(locator, unpack=True)

    assert fetch(f"{locator}!top/a.txt") == root / "top/a.txt"
    assert fetch(f"{locator}!top") == root / "top"
    assert fetch(f"{locator}!top", unpack=True) == root / "top"
    assert fetch(f"{locator}!") == root
    assert fetch(f"{locator}!top/deep/b.txt", dest=tmp_path) == tmp_path / "b.txt"
    assert fetch(f"{locator}!top", dest=tmp_path, link=True) == tmp_path / "top"
    assert files(tmp_path / "top") == {"a.txt": b"content", "deep/b.txt": b"other"}
    assert fetch(f"{locator}!run", output=tmp_path / "r") == tmp_path / "r"
    assert (tmp_path / "r").stat().st_mode & 0o100
    result = default_fetcher().fetch(f"{locator}!top/a.txt")
    assert (result.size, result.cached) == (7, True)
    assert result.locator == f"{locator.partition('#')[0]}!top/a.txt"


@pytest.mark.parametrize(
    ("member", "near"),
    [("deep/b.txt", "top/deep/b.txt"), ("top/aa.txt", "top/a.txt"), ("zzz", "")],
)
def test_a_member_that_is_not_there_is_not_found(locator: str, member: str, near: str) -> None:
    """The error names those that are nearly called so."""
    with pytest.raises(ResourceNotFoundError, match="has no member") as caught:
        fetch(f"{locator}!{member}")

    assert ("did you mean" in str(caught.value)) == bool(near)
    assert near in str(caught.value)
    assert caught.value.query == member
    assert caught.value.exit_status == 3


def test_many_may_name_members(locator: str, tmp_path: Path) -> None:
    """Each is placed; where two would lie at one path, the later is refused."""
    address, _, pin = locator.partition("#")
    paths = store.fetch_many([f"{locator}!top/a.txt", f"{address}!run#{pin}"] * 3)
    assert [path.name for path in paths] == ["a.txt", "run"] * 3
    placed = store.fetch_many([f"{locator}!top/a.txt", f"{address}!run#{pin}"], dest=tmp_path)
    assert [path.name for path in placed] == ["a.txt", "run"]

    claims: dict[str, str] = {}
    fetcher = default_fetcher()
    fetcher.fetch(f"{locator}!top", dest=tmp_path / "x", claims=claims)
    with pytest.raises(RefusedError, match="another resource"):
        fetcher.fetch(locator, unpack=True, output=tmp_path / "x/top", claims=claims)


@pytest.mark.parametrize(
    ("options", "member"),
    [
        ({"unpack": True, "decompress": True}, ""),
        ({"decompress": True}, "!run"),
        ({"symlinks": True}, ""),
        ({"symlinks": True, "decompress": True}, ""),
    ],
)
def test_contradictions_are_refused(locator: str, options: dict[str, bool], member: str) -> None:
    """Before anything is unpacked."""
    with pytest.raises(QueryError):
        fetch(f"{locator}{member}", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_a_single_file_is_decompressed(server: Server, tmp_path: Path, how: str) -> None:
    """The digest is that of the compressed file; the name loses its suffix."""
    content = b"a,b\n" * 1000
    locator = pinned(server, compressed(content, how), f"a.csv.{how}")

    path = fetch(locator, decompress=True)

    assert (path.name, path.read_bytes()) == ("a.csv", content)
    assert fetch(locator, decompress=True, dest=tmp_path) == tmp_path / "a.csv"
    assert fetch(locator, decompress=True, output=tmp_path / "b") == tmp_path / "b"
    assert (tmp_path / "b").read_bytes() == content
    assert fetch(locator).name == f"a.csv.{how}"


def test_what_is_no_archive_is_said(server: Server, house: Path) -> None:
    """The file itself stays in the cache."""
    locator = pinned(server, b"<!DOCTYPE html>", "x.tar.gz")

    with pytest.raises(ArchiveError, match=r"x\.tar\.gz cannot be unpacked") as caught:
        fetch(locator, unpack=True)

    assert named(caught.value)["archive"] == "x.tar.gz"
    assert caught.value.exit_status == 4
    assert fetch(locator).read_bytes() == b"<!DOCTYPE html>"
    assert list((house / "partial").iterdir()) == []


def test_symbolic_links_are_made_on_request(server: Server, tmp_path: Path) -> None:
    """They are followed to a member, and stay inside a part that is placed."""
    locator = pinned(server, linked())
    with pytest.raises(UnsafeArchiveError, match="symlinks"):
        fetch(locator, unpack=True)

    root = fetch(locator, unpack=True, symlinks=True)

    assert (root / "d/up").read_bytes() == b"content"
    assert fetch(f"{locator}!d/up", symlinks=True) == root / "a"
    assert fetch(f"{locator}!current/b", symlinks=True) == root / "d/b"
    with pytest.raises(ResourceNotFoundError):
        fetch(f"{locator}!d/up/x", symlinks=True)
    placed = fetch(locator, unpack=True, symlinks=True, dest=tmp_path)
    assert (placed / "current").readlink() == Path("d")
    with pytest.raises(UnsafeArchiveError, match="leads out"):
        fetch(f"{locator}!d", symlinks=True, dest=tmp_path)


def linked() -> bytes:
    """An archive with links, of which one leads out of its directory."""
    import io
    import tarfile

    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in (("a", b"content"), ("d/b", b"b")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, leads_to in (("d/up", "../a"), ("current", "d")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, leads_to
            archive.addfile(member)
    return target.getvalue()


@pytest.mark.parametrize(
    ("setting", "change"),
    [
        ("unpack_max_size", lambda one: one._replace(unpack_max_size=10)),
        ("unpack_max_members", lambda one: one._replace(unpack_max_members=2)),
    ],
)
def test_the_limits_are_settings(
    locator: str, setting: str, change: Callable[[Settings], Settings], house: Path
) -> None:
    """The error names the one that was met; nothing is left."""
    with (
        Fetcher(change(read_settings().settings)) as fetcher,
        pytest.raises(UnsafeArchiveError) as caught,
    ):
        fetcher.fetch(locator, unpack=True)

    assert caught.value.limit == setting
    assert caught.value.exit_status == 5
    assert not (house / "trees").exists()
    assert list((house / "partial").iterdir()) == []


def test_a_deadline_holds_for_unpacking(
    server: Server, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive that takes too long is given up, without a trace."""
    locator = pinned(server, packed({str(number): b"x" for number in range(300)}))
    fetch(locator)
    settings = read_settings().settings._replace(deadline=0.2)
    real = os.open

    def slow(path: Any, *arguments: Any, **options: Any) -> int:
        if "/entry/tree/" in os.fspath(path):
            threading.Event().wait(0.02)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", slow)

    with Fetcher(settings) as fetcher, pytest.raises(TransportTimeoutError, match=r"0\.2 seconds"):
        fetcher.fetch(locator, unpack=True)

    assert list((house / "partial").iterdir()) == []


def test_a_tree_outlives_its_archive(server: Server, locator: str) -> None:
    """What was unpacked is delivered offline, though the archive was pruned."""
    root = fetch(locator, unpack=True)
    cache = default_fetcher().cache
    archive = next(one for one in held_files(cache.content) if one.kind == "file")
    Path(archive.path).unlink()
    prune(cache.content)

    assert fetch(locator, unpack=True, offline=True) == root
    assert fetch(f"{locator}!run", offline=True) == root / "run"
    with pytest.raises(OfflineError):
        fetch(locator, offline=True)
    with pytest.raises(OfflineError):
        fetch(locator, unpack=True, symlinks=True, offline=True)
    assert len(server.requests) == 1


def test_a_tree_that_was_damaged_is_made_anew_from_the_archive(
    server: Server, locator: str
) -> None:
    """Without the network, where the archive is still here."""
    path = fetch(f"{locator}!top/a.txt")
    path.chmod(0o644)
    path.write_bytes(b"tampered")

    again = fetch(f"{locator}!top/a.txt", offline=True)

    assert again.read_bytes() == b"content"
    assert len(server.requests) == 1


def test_other_pins_are_held_against_the_archive(server: Server, locator: str) -> None:
    """A tree that one digest leads to is no answer to another that is wrong."""
    fetch(locator, unpack=True)
    data = packed(FILES, executable="run")
    right = hashlib.sha512(data).hexdigest()

    assert files(fetch(f"{locator}&sha512={right}", unpack=True)) == FILES
    with pytest.raises(IntegrityError):
        fetch(f"{locator}&sha512={'0' * 128}", unpack=True)
    url = locator.partition("#")[0]
    sized = {"driver": "http", "url": url, "sha256": hashlib.sha256(data).hexdigest()}
    assert files(fetch({**sized, "size": len(data)}, unpack=True)) == FILES
    with pytest.raises(IntegrityError):
        fetch({**sized, "size": 1}, unpack=True)


def test_an_archive_without_a_digest_is_unpacked_where_that_is_allowed(server: Server) -> None:
    """It is not called verified."""
    url = server.serve("/x.zip", packed(FILES, "zip"))

    result = default_fetcher().fetch(f"{url}!run", allow_unverified=True)

    assert result.path.read_bytes() == b"#!"
    assert not result.verified


def test_a_strangers_resource_is_unpacked(sealed: Any) -> None:
    """One that is verified in a way of its own, whether the caller pins it or not."""
    data = b"sealed" + packed({"a": b"content"}, "tar")[6:]
    block = bytearray(data[:512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    sealed.brings = bytes(block) + data[512:]
    digest = hashlib.sha256(sealed.brings).hexdigest()

    assert files(fetch("sealed:", unpack=True)) == {"sealed": b"content"}
    assert fetch(f"sealed:#sha256={digest}!sealed").read_bytes() == b"content"
    with pytest.raises(IntegrityError):
        fetch(f"sealed:#sha256={'0' * 64}!sealed")


def test_a_local_archive_is_unpacked(house: Path) -> None:
    """A path is a locator as well, and so is a ``pathlib.Path``."""
    Path("x.zip").write_bytes(packed(FILES, "zip"))

    assert fetch("./x.zip!run").read_bytes() == b"#!"
    assert files(fetch(Path("x.zip"), unpack=True)) == FILES


def test_a_cache_that_belongs_to_others_is_not_believed(tmp_path: Path, house: Path) -> None:
    """An archive that lies outside of our content is taken over before it is opened."""
    from store.cache.backends.memory import MemoryCache
    from store.records import CachedResource

    data = packed(FILES)
    digest = hashlib.sha256(data).hexdigest()
    (tmp_path / "x.tar.gz").write_bytes(data)
    with MemoryCache({"cache_dir": str(tmp_path / "mine")}) as cache:
        cache.set(
            f"sha256:{digest}", CachedResource(f"sha256:{digest}", str(tmp_path / "x.tar.gz"))
        )

        root = fetch(f"http://127.0.0.1:1/x.tar.gz#sha256={digest}", unpack=True, cache=cache)

        assert files(root) == FILES
        assert root.is_relative_to(tmp_path / "mine")


@pytest.mark.parametrize("kind", ["unpack", "decompress"])
def test_where_the_cache_takes_nothing_the_destination_still_gets_it(
    server: Server, house: Path, tmp_path: Path, kind: str
) -> None:
    """From an archive that is cached, or past a cache that cannot be written to."""
    data = packed(FILES, "tar.gz") if kind == "unpack" else compressed(b"content", "gz")
    locator = pinned(server, data, "x.tar.gz" if kind == "unpack" else "x.gz")
    options: Any = {kind: True}

    house.mkdir()
    with read_only(house), pytest.raises(CacheError):
        fetch(locator, **options)
    for name in ("uncached", "cached"):
        with read_only(house):
            path = fetch(locator, dest=tmp_path / name, **options)
            member = fetch(f"{locator}!run", dest=tmp_path / name) if kind == "unpack" else path
        found = files(path) if kind == "unpack" else {"x": path.read_bytes()}
        assert found == (FILES if kind == "unpack" else {"x": b"content"})
        assert member.exists()
        assert not list((tmp_path / name).glob(".store-*"))
        fetch(locator)


def test_a_read_only_cache_serves_its_trees(house: Path, locator: str) -> None:
    """Whole ones, without a lease."""
    root = fetch(locator, unpack=True)
    default_fetcher().close()

    with read_only(house):
        assert fetch(locator, unpack=True) == root
        assert fetch(f"{locator}!run") == root / "run"


def test_a_full_disk_is_told(house: Path, locator: str, tmp_path: Path) -> None:
    """In the cache or at the destination; nothing is left there."""
    fetch(locator)
    with disk_full(house, after=5), pytest.raises(CacheError) as caught:
        fetch(locator, unpack=True)
    assert caught.value.errno == errno.ENOSPC
    assert list((house / "partial").iterdir()) == []

    with disk_full(tmp_path / "out", after=5), pytest.raises(StorageError):
        fetch(locator, unpack=True, dest=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with failing_call("rename", errno.EIO, below=house), pytest.raises(CacheError):
        fetch(locator, unpack=True, symlinks=True)
    assert files(fetch(locator, unpack=True)) == FILES


def test_what_the_cache_has_of_an_archive_can_be_asked(locator: str) -> None:
    """Without unpacking anything."""
    fetcher = default_fetcher()
    assert fetcher.cached(f"{locator}!run") is None

    root = fetch(locator, unpack=True)

    assert fetcher.cached(f"{locator}!run") == root / "run"
    assert fetcher.cached(f"{locator}!") == root
    with pytest.raises(ResourceNotFoundError):
        fetcher.cached(f"{locator}!none")
    assert fetcher.resolve(f"{locator}!run").filename == "x.tar.gz"


def test_who_waits_for_another_is_told(locator: str) -> None:
    """As with a download."""
    from store.events import Event, Waited

    fetch(locator)
    told: list[Event] = []
    content = default_fetcher().cache.content
    uid = f"tree sha256:{locator.partition('=')[2]} unpacked, version 1"
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with content.flight(uid):
            begun.set()
            go_on.wait(30)

    def listener(event: Event) -> None:
        told.append(event)
        if isinstance(event, Waited):
            go_on.set()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(30)
    try:
        root = fetch(locator, unpack=True, listener=listener)
    finally:
        go_on.set()
        thread.join()

    assert files(root) == FILES
    assert any(isinstance(event, Waited) for event in told)


def test_what_grows_old_is_unpacked_as_it_is_now(server: Server, tmp_path: Path) -> None:
    """Each version has a tree of its own, and a young one is not asked for again."""
    url = server.serve("/x.tar.gz", packed({"a": b"old"}))
    old = fetch(f"{url}!a", max_age="1d")
    server.serve("/x.tar.gz", packed({"a": b"new"}))

    assert fetch(url, max_age="1d", unpack=True) == old.parent
    new = default_fetcher().fetch(f"{url}!a", max_age=0)

    assert (old.read_bytes(), new.path.read_bytes()) == (b"old", b"new")
    assert (new.locator, new.size, new.cached) == (f"{url}!a", 3, False)
    assert fetch(url, max_age="1d", unpack=True, dest=tmp_path) == tmp_path / "x"
    assert files(tmp_path / "x") == {"a": b"new"}
    assert fetch(url, max_age="1d", dest=tmp_path) == tmp_path / "x.tar.gz"
