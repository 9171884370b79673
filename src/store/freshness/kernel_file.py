"""One SPICE kernel, kept until it is too old: the published class."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from store.cache.content import Content
from store.clock import Clock
from store.errors import QueryError
from store.freshness.aged_file import AgedFile
from store.freshness.policy import Duration
from store.freshness.results import AgedResult
from store.freshness.sources import SourceLike
from store.integrity.digest import DigestsLike
from store.transports.base import TransferOptions

_ATTEMPTS = 3
"""How often an address is tried: the page's ``allowed_attempts``."""


class KernelFileCache:
    """Fetches, caches and furnishes a SPICE kernel file.

    Source: the page of ``libera_utils.libera_spice.spice_utils.KernelFileCache``; names, parameters, defaults
    and errors are its own. What differs is told in `AgedFile`, on which it stands: the whole source is the
    identity, the age is counted from a record of ours, and whatever fails leaves the cached file as it was.

    Args:
        kernel_url: An address (http, https, s3, file), a path, or a ``cloudpathlib.S3Path``. A relative path
            begins at the working directory of the first use.
        max_cache_age: How old the cached file may be: see `policy.Duration`.
        fallback_kernel: A file to be handed out where the source fails; not recommended for production.
        digest: What the kernel must be.
        mirrors: Other sources of the same kernel.
        stale_if_error: How old a cached file may be to be handed out where the source fails.
        cache_dir: The cache's directory; None takes ``STORE_CACHE_DIR``, the settings' or the user's own.
        content: The cache's files, in place of a directory.
        options: How bytes are moved; None takes the settings', with 3 attempts at an address.
        clock: The time.

    Attributes:
        kernel_url: As given.
        max_cache_age: As given.
        fallback_kernel: As given.

    Raises:
        LocatorError: ``kernel_url`` is of an unknown type or scheme, or names no file; a ``ValueError``.
    """

    def __init__(
        self,
        kernel_url: SourceLike,
        max_cache_age: Duration = dt.timedelta(days=1),
        fallback_kernel: str | os.PathLike[str] | None = None,
        *,
        digest: DigestsLike = None,
        mirrors: Iterable[SourceLike] = (),
        stale_if_error: Duration = 0,
        cache_dir: str | os.PathLike[str] | None = None,
        content: Content | None = None,
        options: TransferOptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.kernel_url = kernel_url
        self.max_cache_age = max_cache_age
        self.fallback_kernel = fallback_kernel
        self._around: dict[str, Any] = {
            "cache_dir": cache_dir,
            "content": content,
            "options": options,
            "clock": clock,
        }
        self._pinned: dict[str, Any] = {"digest": digest, "mirrors": tuple(mirrors)}
        self._file = AgedFile(
            kernel_url,
            max_age=max_cache_age,
            fallback=fallback_kernel,
            stale_if_error=stale_if_error,
            attempts=_ATTEMPTS if options is None else None,
            **self._pinned,
            **self._around,
        )

    @property
    def cache_dir(self) -> Path:
        """The directory that the cached kernel lies in, one of its own below the user's cache directory.

        Kernels of other sources, of the same base name too, lie in others. Nothing is created.
        """
        return self._file.directory

    @property
    def kernel_basename(self) -> str:
        """The base name of the kernel, which its file in ``cache_dir`` has, too."""
        return self._file.name

    @property
    def kernel_path(self) -> Path:
        """The kernel in the cache, fetched if it is missing or too old: ``cache_dir / kernel_basename``.

        Where the source fails, it is the stale copy if ``stale_if_error`` allows its age, else the fallback
        if there is one. The path is read-only and stays the same; what it leads to changes in one step.

        Raises:
            StoreError: There is neither; it is also a ``FileNotFoundError`` for a path that leads to no file,
                and a ``requests.exceptions.RequestException`` for HTTP.
        """
        return self._file.path

    def obtain(self) -> AgedResult:
        """Return the kernel as `kernel_path` does, and how it was come by."""
        return self._file.obtain()

    def refresh(self) -> AgedResult:
        """Ask the source now, however young the cached kernel is; see `kernel_path` for what fails."""
        return self._file.refresh()

    def is_cached(self, include_stale: bool = False) -> bool:  # noqa: FBT001, FBT002 - the page's signature
        """Return whether a usable cached copy of the kernel exists; nobody is asked.

        Args:
            include_stale: Accept a copy of any age.
        """
        return self._file.is_cached(include_stale=include_stale)

    def download_kernel(self, kernel_url: SourceLike, allowed_attempts: int = _ATTEMPTS) -> Path:
        """Copy or download a kernel into the user cache directory, however young the copy there is.

        Args:
            kernel_url: The same kinds of sources as for the class. Each has a file of its own.
            allowed_attempts: How often an address is tried, where a failure may pass.

        Returns:
            The path of the file in the cache directory; never a stale copy, and never the fallback.

        Raises:
            FileNotFoundError: It is a path that does not exist, or leads to no file. A `StoreError` too.
            requests.exceptions.RequestException: The download failed after all attempts. A `StoreError` too.
            ValueError: It is of an unknown type or scheme. A `StoreError` too.
        """
        if type(allowed_attempts) is not int or allowed_attempts < 1:
            raise QueryError(f"allowed_attempts is 1 or more, not {allowed_attempts!r}")
        file = AgedFile(kernel_url, attempts=allowed_attempts, **self._around)
        if file.key == self._file.key:
            file = AgedFile(kernel_url, attempts=allowed_attempts, **self._pinned, **self._around)
        return file.refresh().path

    def clear(self) -> None:
        """Remove the cached kernel from the cache directory, if it exists; no other one is touched.

        Raises:
            StorageError: It cannot be removed.
        """
        self._file.clear()

    @contextlib.contextmanager
    def furnish(self) -> Iterator[Path]:
        """Load the kernel into SPICE, fetched if need be, and unload it when the block ends.

        What is loaded stays what it is, even where the cached kernel is replaced meanwhile: SPICE may close
        a file and open it again by its name. Needs the extra ``spice``.

        Yields:
            The path that SPICE knows it by, short enough for it.

        Raises:
            StoreError: See `kernel_path` and `furnishing.furnished`.
        """
        from store.freshness.furnishing import furnished

        with furnished(self._file.obtain().kept) as path:
            yield path

    def __str__(self) -> str:
        """Return the path of the file in the cache directory, whether it is there or not."""
        return str(self.cache_dir / self.kernel_basename)

    @staticmethod
    def _resolve_local_kernel_file(kernel_url: Path | str) -> Path:
        """Return an absolute path to an existing local kernel file.

        Args:
            kernel_url: The path of a kernel file, not of a directory; ``~`` is the home directory.

        Returns:
            The path, with links followed, fit to copy from.

        Raises:
            FileNotFoundError: It leads to no regular file. A `StoreError` too.
        """
        path = Path(os.path.expanduser(kernel_url))  # noqa: PTH111 - never fails
        try:
            resolved = path.resolve(strict=True)
            if resolved.is_file():
                return resolved
        except (OSError, RuntimeError, ValueError):
            pass  # missing, a circle of links, or no path at all
        from store.freshness.failures import no_such_file

        raise no_such_file(str(path))
