"""Loads kernels into SPICE for a while, through spiceypy."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from store.errors import StoreError, UnknownNameError
from store.files.shortening import shortened

SPICE_LIMIT: Final = 255
"""The longest path that SPICE takes, in characters (``FURNSH``, "limit on the length of file names")."""


def short_path(
    path: str | os.PathLike[str], *, limit: int = SPICE_LIMIT
) -> contextlib.AbstractContextManager[Path]:
    """Give a path to a kernel that SPICE can take, while a block runs.

    Args:
        path: The kernel.
        limit: The longest path, in bytes: 255 for ``furnsh``, 80 for a line of a meta-kernel.

    Returns:
        A context manager that gives the kernel's own path where that is short enough, else a symbolic link
        in a temporary directory, removed when the block ends.

    Raises:
        StorageError: (by the block) There is no temporary directory with a path that short.
    """
    return shortened(Path(path), limit=limit)


@contextlib.contextmanager
def furnished(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Load a kernel into SPICE, and unload it when the block ends, whatever ends it.

    SPICE is one for the whole process, and must not be used by two threads at once.

    Args:
        path: The kernel.

    Yields:
        The path that SPICE knows it by.

    Raises:
        UnknownNameError: spiceypy is not installed (``kind`` is ``extra``).
        StorageError: The path is too long for SPICE, and there is no way to a shorter one.
        StoreError: SPICE does not take the kernel.
    """
    spice = _spiceypy()
    with short_path(path) as short:
        try:
            spice.furnsh(str(short))
        except _errors_of(spice) as error:
            raise StoreError(
                f"{path} cannot be furnished: SPICE says {_said(error)}; is it a kernel?"
            ) from error
        try:
            yield short
        finally:
            spice.unload(str(short))


def _spiceypy() -> ModuleType:
    try:
        import spiceypy
    except ImportError as error:
        raise UnknownNameError(
            "to furnish kernels needs the extra spice: pip install 'pluggable-store[spice]'",
            kind="extra",
            name="spice",
        ) from error
    return spiceypy


def _errors_of(spice: Any) -> tuple[type[Exception], ...]:  # noqa: ANN401 - the module
    found: type[Exception] = spice.utils.exceptions.SpiceyError
    return (found,)


def _said(error: Exception) -> str:
    return str(getattr(error, "short", "") or type(error).__name__)
