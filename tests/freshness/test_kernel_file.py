"""The published page of the kernel cache: names, parameters, defaults, errors and meanings."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from store.errors import StoreError
from store.freshness.kernel_file import KernelFileCache
from store.testing.fakes import FakeClock
from store.testing.misbehaving import Status
from store.testing.servers import Server

Kernel = Callable[..., KernelFileCache]

DAY = 86_400.0
OLD, NEW = b"KPL/LSK old", b"KPL/LSK new and longer"


def test_every_name_of_the_page_is_there() -> None:
    """Parameters in the page's order, with its defaults; what we add is keyword-only."""
    shapes = {
        name: [
            (one.name, one.default)
            for one in inspect.signature(getattr(KernelFileCache, name)).parameters.values()
            if one.kind is not one.KEYWORD_ONLY
        ]
        for name in ("__init__", "is_cached", "download_kernel", "clear")
    }
    empty = inspect.Parameter.empty

    assert shapes == {
        "__init__": [
            ("self", empty),
            ("kernel_url", empty),
            ("max_cache_age", dt.timedelta(days=1)),
            ("fallback_kernel", None),
        ],
        "is_cached": [("self", empty), ("include_stale", False)],
        "download_kernel": [("self", empty), ("kernel_url", empty), ("allowed_attempts", 3)],
        "clear": [("self", empty)],
    }
    for name in ("cache_dir", "kernel_basename", "kernel_path"):
        assert isinstance(getattr(KernelFileCache, name), property)
    static = inspect.getattr_static(KernelFileCache, "_resolve_local_kernel_file")
    assert isinstance(static, staticmethod)
    assert list(inspect.signature(static).parameters) == ["kernel_url"]


def test_a_cached_copy_is_reused_until_it_is_too_old(
    kernel: Kernel, server: Server, clock: FakeClock
) -> None:
    """The page's first paragraph."""
    url = server.serve("/naif0012.tls", OLD)
    cached = kernel(url)
    assert not cached.is_cached()

    path = cached.kernel_path

    assert path == cached.cache_dir / cached.kernel_basename
    assert (path.name, cached.kernel_basename) == ("naif0012.tls", "naif0012.tls")
    assert path.read_bytes() == OLD
    assert cached.is_cached()
    server.serve("/naif0012.tls", NEW)
    assert cached.kernel_path.read_bytes() == OLD
    clock.advance(DAY)
    assert not cached.is_cached()
    assert cached.is_cached(True)
    assert cached.kernel_path == path
    assert path.read_bytes() == NEW
    assert server.count() == 2


def test_clear_removes_the_kernel_if_it_exists(kernel: Kernel, server: Server) -> None:
    """Twice does no harm."""
    cached = kernel(server.serve("/naif0012.tls", OLD))
    path = cached.kernel_path

    cached.clear()
    cached.clear()

    assert not path.exists()
    assert not cached.is_cached(include_stale=True)


def test_the_directory_is_the_users_own(server: Server, store_cache_dir: Path) -> None:
    """Below the user's cache directory; to ask for it creates nothing."""
    cached = KernelFileCache(server.url + "/naif0012.tls")

    assert cached.cache_dir.is_relative_to(store_cache_dir)
    assert not store_cache_dir.exists()
    assert str(cached) == str(cached.cache_dir / "naif0012.tls")
    assert cached.kernel_url == server.url + "/naif0012.tls"
    assert cached.max_cache_age == dt.timedelta(days=1)
    assert cached.fallback_kernel is None


def test_the_fallback_is_returned_where_the_source_fails(
    kernel: Kernel, server: Server, tmp_path: Path
) -> None:
    """And download_kernel never returns it."""
    fallback = tmp_path / "bundled.tls"
    fallback.write_bytes(OLD)
    cached = kernel(server.serve("/k.tls", fault=Status(500)), fallback_kernel=fallback)

    assert cached.kernel_path == fallback
    assert cached.obtain().origin == "fallback"
    with pytest.raises(requests.exceptions.RequestException):
        cached.download_kernel(cached.kernel_url)


def test_download_kernel_fetches_however_young_the_copy_is(kernel: Kernel, server: Server) -> None:
    """It returns the path of the file in the cache directory."""
    url = server.serve("/k.tls", OLD)
    cached = kernel(url)
    assert cached.kernel_path.read_bytes() == OLD
    server.serve("/k.tls", NEW)

    path = cached.download_kernel(url)

    assert path == cached.kernel_path
    assert path.read_bytes() == NEW
    assert server.count() == 2


def test_download_kernel_of_another_address_leaves_this_kernel_alone(
    kernel: Kernel, server: Server
) -> None:
    """The whole source is the key, so that one base name is no reason to mix."""
    cached = kernel(server.serve("/a/k.tls", OLD))
    path = cached.kernel_path

    other = cached.download_kernel(server.serve("/b/k.tls", NEW))

    assert other != path
    assert (path.read_bytes(), other.read_bytes()) == (OLD, NEW)


@pytest.mark.parametrize(
    ("given", "asked"), [({}, 3), ({"allowed_attempts": 1}, 1), ({"allowed_attempts": 5}, 5)]
)
def test_download_kernel_tries_as_often_as_it_is_allowed(
    kernel: Kernel, server: Server, given: dict[str, int], asked: int
) -> None:
    """Three times by default; then the error of requests is raised."""
    url = server.serve("/k.tls", fault=Status(503))

    with pytest.raises(requests.exceptions.RequestException) as caught:
        kernel("http://host/other.tls").download_kernel(url, **given)

    assert isinstance(caught.value, StoreError)
    assert server.count() == asked


def test_kernel_path_tries_three_times_too(
    server: Server, store_environment: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    """As on the page, where it calls download_kernel; whatever the settings say of other files."""
    with pytest.raises(requests.exceptions.RequestException):
        KernelFileCache(server.serve("/k.tls", fault=Status(503)), clock=clock).kernel_path  # noqa: B018

    assert server.count() == 3


@pytest.mark.parametrize("attempts", [0, -1, 1.5, True, "3"])
def test_attempts_are_counted(kernel: Kernel, attempts: Any) -> None:
    """Anything else is refused before anything is moved."""
    with pytest.raises(ValueError, match="allowed_attempts"):
        kernel("http://host/k.tls").download_kernel("http://host/k.tls", attempts)


@pytest.mark.parametrize("wrong", ["ftp://host/k.tls", "gs://bucket", 42, None, "", "dir/", ".."])
def test_an_unsupported_type_or_scheme_is_a_value_error(kernel: Kernel, wrong: object) -> None:
    """At the call and at construction."""
    with pytest.raises(ValueError, match=r".") as caught:
        kernel("http://host/k.tls").download_kernel(wrong)
    assert isinstance(caught.value, StoreError)
    with pytest.raises(ValueError, match=r"."):
        kernel(wrong)


def test_a_missing_local_kernel_is_a_file_not_found_error(kernel: Kernel, tmp_path: Path) -> None:
    """A directory is none either; both are told by download_kernel and kernel_path alike."""
    for path in (tmp_path / "missing.tls", tmp_path):
        with pytest.raises(FileNotFoundError) as caught:
            kernel(path).kernel_path  # noqa: B018
        assert isinstance(caught.value, StoreError)
        with pytest.raises(FileNotFoundError):
            kernel("http://host/k.tls").download_kernel(path)


@pytest.mark.parametrize("kind", ["str", "Path", "home", "relative", "file:"])
def test_local_kernels_are_copied(
    kernel: Kernel, tmp_path: Path, store_environment: pytest.MonkeyPatch, kind: str
) -> None:
    """A text, a Path, with the home directory, relative to the working directory, or an address."""
    path = tmp_path / "my kernel.tls"
    path.write_bytes(OLD)
    store_environment.setenv("HOME", str(tmp_path))
    spelled = {
        "str": str(path),
        "Path": path,
        "home": "~/my kernel.tls",
        "relative": "../my kernel.tls",
        "file:": path.as_uri().replace("file:", "FILE:"),
    }
    cached = kernel(spelled[kind])

    assert cached.kernel_path != path
    assert cached.kernel_path.name == "my kernel.tls"
    assert cached.kernel_path.read_bytes() == OLD


def test_the_resolver_of_local_files(tmp_path: Path, store_environment: pytest.MonkeyPatch) -> None:
    """Absolute, with links and ``~`` resolved; what is no regular file is not found."""
    resolve = KernelFileCache._resolve_local_kernel_file
    path = tmp_path / "k.tls"
    path.write_bytes(OLD)
    (tmp_path / "link.tls").symlink_to(path)
    (tmp_path / "circle").symlink_to("circle")
    store_environment.setenv("HOME", str(tmp_path))
    store_environment.chdir(tmp_path)

    assert resolve("k.tls") == resolve(Path("link.tls")) == resolve("~/k.tls") == path.resolve()
    for wrong in ("missing", tmp_path, "circle", "k.tls/x", "nul\0"):
        with pytest.raises(FileNotFoundError) as caught:
            resolve(wrong)
        assert isinstance(caught.value, StoreError)


def test_stale_digests_and_mirrors_are_there_too(
    kernel: Kernel, server: Server, mirror: Server, clock: FakeClock
) -> None:
    """What AgedFile has beside the page."""
    cached = kernel(
        server.serve("/k.tls", fault=Status(500)),
        mirrors=[mirror.serve("/k.tls", OLD)],
        digest=hashlib.sha256(OLD).hexdigest(),
        stale_if_error="9d",
    )
    assert cached.obtain().origin == "fetched"
    assert cached.download_kernel(cached.kernel_url) == cached.kernel_path
    mirror.serve("/k.tls", fault=Status(404))
    clock.advance(DAY)

    assert cached.obtain().origin == "stale"
    assert cached.kernel_path.read_bytes() == OLD
    mirror.serve("/k.tls", OLD)
    assert cached.refresh().origin == "revalidated"
