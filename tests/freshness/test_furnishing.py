"""Kernels are loaded into SPICE and unloaded again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import spiceypy

from store.errors import StorageError, StoreError, UnknownNameError
from store.freshness.furnishing import SPICE_LIMIT, furnished, short_path
from store.freshness.kernel_file import KernelFileCache
from store.testing.servers import Server

Kernel = Callable[..., KernelFileCache]

LEAP_SECONDS = b"""KPL/LSK

A leapseconds kernel, cut to what a test needs.

\\begindata

DELTET/DELTA_T_A = 32.184
DELTET/K         = 1.657D-3
DELTET/EB        = 1.671D-2
DELTET/M         = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT  = ( 36, @2015-JUL-1
                     37, @2017-JAN-1 )

\\begintext
"""


@pytest.fixture(autouse=True)
def _empty_spice() -> object:
    """Leave nothing loaded."""
    spiceypy.kclear()
    yield
    spiceypy.kclear()


def test_a_text_kernel_is_furnished_and_unloaded(kernel: Kernel, server: Server) -> None:
    """What it says can be read back through spiceypy in the block, and not after it."""
    cached = kernel(server.serve("/lsk/naif0012.tls", LEAP_SECONDS))

    with cached.furnish() as path:
        assert spiceypy.ktotal("TEXT") == 1
        assert spiceypy.gdpool("DELTET/DELTA_T_A", 0, 1)[0] == pytest.approx(32.184)
        assert spiceypy.str2et("2017-01-01T00:00:00") == pytest.approx(536500869.184, abs=1e-3)
        assert spiceypy.kdata(0, "TEXT")[0] == str(path)

    assert spiceypy.ktotal("ALL") == 0
    assert not spiceypy.expool("DELTET/DELTA_T_A")


def test_it_is_unloaded_whatever_ends_the_block(kernel: Kernel, server: Server) -> None:
    """What the block raises passes as it is, errors of SPICE too."""
    cached = kernel(server.serve("/k.tls", LEAP_SECONDS))

    with pytest.raises(spiceypy.exceptions.SpiceyError), cached.furnish():
        spiceypy.furnsh("missing.tls")

    assert spiceypy.ktotal("ALL") == 0


def test_it_may_be_furnished_twice(kernel: Kernel, server: Server) -> None:
    """Each block unloads what it loaded."""
    cached = kernel(server.serve("/k.tls", LEAP_SECONDS))

    with cached.furnish():
        with cached.furnish():
            assert spiceypy.ktotal("ALL") == 2
        assert spiceypy.gdpool("DELTET/K", 0, 1)[0] == pytest.approx(1.657e-3)

    assert spiceypy.ktotal("ALL") == 0


def test_what_is_furnished_stays_what_it_is_when_the_kernel_is_replaced(
    kernel: Kernel, server: Server
) -> None:
    """SPICE may open a file again by its name: that name must lead to the same bytes."""
    cached = kernel(server.serve("/k.tls", LEAP_SECONDS))
    with cached.furnish() as path:
        server.serve("/k.tls", LEAP_SECONDS.replace(b"32.184", b"99.000"))
        assert cached.refresh().origin == "fetched"

        assert path.read_bytes() == LEAP_SECONDS
        assert b"99.000" in cached.kernel_path.read_bytes()


@pytest.mark.parametrize("deep", [1, 3])
def test_a_path_too_long_for_spice_is_shortened(server: Server, tmp_path: Path, deep: int) -> None:
    """255 characters are SPICE's limit; a cache may lie deeper."""
    root = tmp_path.joinpath(*["d" * 200] * deep)
    cached = KernelFileCache(server.serve("/naif0012.tls", LEAP_SECONDS), cache_dir=root)
    assert len(str(cached.kernel_path)) > SPICE_LIMIT

    with cached.furnish() as path:
        assert len(str(path)) <= SPICE_LIMIT
        assert path.name == "naif0012.tls"
        assert spiceypy.gdpool("DELTET/DELTA_T_A", 0, 1)[0] == pytest.approx(32.184)

    assert not path.exists()
    assert not path.parent.exists()
    assert spiceypy.ktotal("ALL") == 0


def test_spice_itself_refuses_what_is_shortened(tmp_path: Path) -> None:
    """The limit is where SPICE has it: one character more is too many."""
    directory = tmp_path / ("d" * 100)
    directory.mkdir()
    room = SPICE_LIMIT - len(str(directory)) - 1
    fits, too_long = directory / ("k" * room), directory / ("k" * (room + 1))
    for path in (fits, too_long):
        path.write_bytes(LEAP_SECONDS)

    spiceypy.furnsh(str(fits))
    with pytest.raises(spiceypy.exceptions.SpiceyError):
        spiceypy.furnsh(str(too_long))
    with short_path(fits) as same, short_path(too_long) as short:
        assert same == fits
        spiceypy.furnsh(str(short))


def test_what_is_no_kernel_is_told_with_its_path(kernel: Kernel, server: Server) -> None:
    """SPICE's error is the cause, ours names the file; nothing is left loaded."""
    cached = kernel(server.serve("/k.tls", b"DAF/SPK " + bytes(2000)))

    with pytest.raises(StoreError, match=r"k\.tls cannot be furnished") as caught, cached.furnish():
        pass

    assert isinstance(caught.value.__cause__, spiceypy.exceptions.SpiceyError)
    assert spiceypy.ktotal("ALL") == 0


def test_any_file_can_be_furnished(tmp_path: Path) -> None:
    """The helper is not only for what was fetched."""
    path = tmp_path / "k.tls"
    path.write_bytes(LEAP_SECONDS)

    with furnished(path) as loaded:
        assert loaded == path
        assert spiceypy.ktotal("ALL") == 1


def test_without_spiceypy_the_extra_is_named(
    kernel: Kernel, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who furnishes needs it."""
    monkeypatch.setitem(sys.modules, "spiceypy", None)
    cached = kernel(server.serve("/k.tls", LEAP_SECONDS))
    assert cached.kernel_path.read_bytes() == LEAP_SECONDS

    with pytest.raises(UnknownNameError, match=r"pluggable-store\[spice\]"), cached.furnish():
        pass


def test_where_no_short_path_is_to_be_had_it_is_said(tmp_path: Path) -> None:
    """A limit that no temporary directory keeps."""
    path = tmp_path / "k.tls"
    path.write_bytes(LEAP_SECONDS)

    with pytest.raises(StorageError, match="TMPDIR"), short_path(path, limit=10):
        pass
