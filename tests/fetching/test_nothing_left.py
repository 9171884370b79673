"""A fetch that fails says why, and leaves nothing behind."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from store.config.reading import read_settings
from store.errors import CacheError, OfflineError, StorageError, StoreError
from store.fetching.fetcher import Fetcher
from store.testing.archives import packed
from store.testing.disk_faults import read_only
from store.testing.misbehaving import Status
from store.testing.servers import Server

PINNED = "http://127.0.0.1:1/a#sha256=" + "0" * 64


@pytest.mark.parametrize("dest", [None, "out"])
def test_offline_is_said_before_what_the_cache_lacks(
    house: Path, tmp_path: Path, dest: str | None
) -> None:
    """A miss in a cache that cannot be written to: the network is what is missing, not the directory."""
    house.write_text("a file in place of the cache")
    settings = read_settings().settings._replace(offline=True)

    with Fetcher(settings) as fetcher, pytest.raises(OfflineError):
        fetcher.fetch(PINNED, dest=None if dest is None else tmp_path / dest)

    assert not (tmp_path / "out").exists()


def test_no_empty_directory_stays_where_a_file_cannot_be_placed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were made for it go with it; those that were there stay."""
    url = server.serve("/a", b"data")
    real = os.open

    def full(path: Any, flags: int, *mode: Any, **options: Any) -> int:
        if "deep" in os.fspath(path) and flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))
        return real(path, flags, *mode, **options)

    with Fetcher() as fetcher:
        fetcher.fetch(url, allow_unverified=True)
        monkeypatch.setattr(os, "open", full)

        with pytest.raises(StorageError):
            fetcher.fetch(url, allow_unverified=True, dest=tmp_path / "new" / "deep")

    assert tmp_path.is_dir()
    assert not (tmp_path / "new").exists()


def test_what_a_killed_process_left_beside_a_file_goes_with_the_next(tmp_path: Path) -> None:
    """It lies in the user's own directory, where no pruning of the cache would find it."""
    source, dest = tmp_path / "a.txt", tmp_path / "out"
    source.write_bytes(b"data")
    script = (
        "import os, signal, sys; from pathlib import Path; from store.files.atomic import writing\n"
        "with writing(sys.argv[1]) as file:\n"
        "    file.write(b'half'), file.flush(), os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, dest / "a.txt"], check=False)
    assert [one.name[:7] for one in dest.iterdir()] == [".store-"]

    with Fetcher() as fetcher:
        fetcher.fetch(source, dest=dest)

    assert [one.read_bytes() for one in dest.iterdir()] == [b"data"]


def test_a_pinned_file_that_cannot_be_had_leaves_no_directory_of_its_name(
    server: Server, house: Path
) -> None:
    """Nothing below ``content/`` speaks of what never came."""
    missing = server.serve("/a", b"", fault=Status(404))
    wrong = server.serve("/b", b"data")

    with Fetcher() as fetcher:
        for url in (missing, wrong):
            with pytest.raises(StoreError):
                fetcher.fetch(f"{url}#sha256={'0' * 64}")

    assert [one for one in house.rglob("0" * 64) if one.is_dir()] == []


@pytest.mark.parametrize("options", [{}, {"max_age": "1d"}, {"unpack": True}], ids=str)
def test_of_a_cache_that_cannot_take_a_file_it_is_said_which_and_what_helps(
    server: Server, house: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """The path of a private directory alone would say neither; past the cache it comes."""
    data = packed({"in.txt": b"data"})
    url = server.serve("/wanted.tar", data) + f"#sha256={hashlib.sha256(data).hexdigest()}"
    with Fetcher() as fetcher:
        fetcher.fetch(server.serve("/a", b"data"), allow_unverified=True)

        with read_only(house):
            with pytest.raises(CacheError) as raised:
                fetcher.fetch(url, **options)
            placed = fetcher.fetch(url, dest=tmp_path / "out", **options)

    assert str(raised.value).startswith(f"wanted.tar cannot be kept by the cache: {house}")
    assert str(raised.value).endswith("; or have it placed past the cache: --dest DIR (dest=...)")
    assert str(raised.value).count("--dest") == 1
    assert placed.path.is_relative_to(tmp_path / "out")
