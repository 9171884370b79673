"""A desk for a page of the docs: an empty directory, a server and settings of its own."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from store.testing.archives import packed

WHEEL = "six-1.17.0-py2.py3-none-any.whl"

KERNEL = """KPL/LSK

\\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K         = 1.657D-3
DELTET/EB        = 1.671D-2
DELTET/M         = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT  = ( 36, @2015-JUL-1
                     37, @2017-JAN-1 )
\\begintext
"""
"""A leapseconds kernel, cut to what the pages need."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files of a directory, in silence."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def _gzipped(data: bytes) -> bytes:
    """Return a gzip file of one stored block (RFC 1952): the same bytes whatever zlib is installed."""
    length = len(data).to_bytes(2, "little")
    stored = b"\1" + length + bytes(one ^ 255 for one in length) + data
    ending = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + stored + ending


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files that the pages fetch, and a package index with one project."""
    root = tmp_path_factory.mktemp("served")
    (root / "hello.txt").write_text("hello, store\n", encoding="utf-8")
    (root / "tool-1.0.tar.gz").write_bytes(b"tool 1.0\n" * 1000)
    data = {"data-1.0/README": b"two tables\n", "data-1.0/tables/a.csv": b"a,b\n1,2\n"}
    (root / "data-1.0.tar.gz").write_bytes(_gzipped(packed(data, "tar")))
    (root / "table.csv.gz").write_bytes(_gzipped(b"a,b\n1,2\n"))
    (root / "files").mkdir()
    (root / "kernels" / "lsk").mkdir(parents=True)
    for name in ("naif0011.tls", "naif0012.tls"):
        (root / "kernels" / "lsk" / name).write_text(KERNEL, encoding="utf-8")
    with zipfile.ZipFile(root / "files" / WHEEL, "w") as wheel:
        wheel.writestr("six.py", "")
        wheel.writestr("six-1.17.0.dist-info/METADATA", "Name: six\nVersion: 1.17.0\n")
    digest = hashlib.sha256((root / "files" / WHEEL).read_bytes()).hexdigest()
    page = root / "simple" / "six" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        f'<!DOCTYPE html><a href="/files/{WHEEL}#sha256={digest}">{WHEEL}</a>', encoding="utf-8"
    )
    return root


@pytest.fixture(scope="session")
def origin(served: Path) -> Iterator[str]:
    """The address of a server on loopback that serves them."""
    handler = functools.partial(_Handler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The empty directory that a page is worked through in."""
    path = tmp_path / "desk"
    path.mkdir()
    return path


@pytest.fixture
def environment(tmp_path: Path, origin: str) -> Mapping[str, str]:
    """The variables of a user who has just installed ``store`` and set nothing."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STORE_", "PIP_", "XDG_", "PYTEST_"))
    }
    return {
        **kept,
        "HOME": str(home),
        "NETRC": str(home / "netrc"),
        "NO_COLOR": "1",
        "NO_PROXY": "*",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{origin}/simple/",
        "PYTHONPATH": str(tmp_path / "site"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "STORE_CACHE_DIR": str(home / "cache"),
        "STORE_CONFIG_FILE": str(home / "config.toml"),
    }
