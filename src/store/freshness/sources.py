"""Reads where a file comes from: an address, a path, a path in a cloud."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urldefrag, urlsplit

import attrs

from store.addresses import UNPARSED, fingerprint, label, public
from store.errors import LocatorError
from store.files.names import derived_name, safe_name
from store.integrity.digest import SIZES, Digests, digests_from
from store.transports.opening import scheme_of, schemes

SourceLike: TypeAlias = "str | os.PathLike[str] | Any"
"""An address, a path, or a ``cloudpathlib.S3Path``."""

_CLOUD: Final = "cloudpathlib"
_NAMED: Final = "bucket"
"""The package whose paths are known by their names alone: to turn one into a path would download it."""


@attrs.frozen
class Source:
    """Where a file comes from.

    Attributes:
        address: The address with its secrets, or a path as it was given.
        name: The base name that its file is to have.
        local: Whether it is a path of this machine.
        digests: What stands in the address's fragment.
    """

    address: str = attrs.field(repr=False)
    name: str
    local: bool
    digests: Digests = ()

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return public(self.address)

    @property
    def scheme(self) -> str:
        """The scheme in lower case; empty for a path."""
        return "" if self.local else urlsplit(self.address).scheme

    @property
    def key(self) -> str:
        """64 hexadecimal digits that stand for the whole source; of a path they mean what `located` gave."""
        if self.local:
            return derived_name(f"file:{self.address}")
        return derived_name(f"{self.scheme}:{fingerprint(self.address)}")

    def located(self) -> Source:
        """Return the source with its path made absolute: ``~`` and the working directory of this moment."""
        if not self.local:
            return self
        path = Path(os.path.expanduser(self.address)).absolute()  # noqa: PTH111 - never fails
        return attrs.evolve(self, address=str(path))


def source_of(value: SourceLike) -> Source:
    """Read a source; nothing is opened or looked at.

    Args:
        value: ``http://`` or ``https://`` (or another scheme that a transport opens), ``s3://``, ``file:``,
            in any case; a path; a ``cloudpathlib.S3Path``. Digests may stand in an address's fragment.

    Raises:
        LocatorError: It is of another type or scheme, or names no file: its last component is empty,
            ``.`` or ``..``.
        DigestError: A digest in the fragment is malformed or weak.
    """
    text = _text_of(value)
    scheme = scheme_of(text) if isinstance(value, str) or _is_cloud_path(value) else ""
    if scheme == "file":
        from store.transports.local import local_path

        path = str(local_path(text))
        return Source(path, _base_name(path.rpartition("/")[2], text), local=True)
    if scheme:
        return _remote(text, scheme)
    misspelt = isinstance(value, str) and (public(text) == UNPARSED or scheme_of(text.strip()))
    if "\0" in text or misspelt:
        raise LocatorError(f"{public(text)!r} is neither an address nor a path: is it misspelt?")
    return Source(text, _base_name(text.rpartition("/")[2], text), local=True)


def sources_of(values: Iterable[SourceLike]) -> tuple[Source, ...]:
    """Read several sources of one file.

    Raises:
        LocatorError: See `source_of`; or a lone source is given in place of several.
    """
    if isinstance(values, str | os.PathLike):
        raise LocatorError("mirrors are several addresses: give a list")
    return tuple(source_of(one) for one in values)


def _text_of(value: SourceLike) -> str:
    if isinstance(value, str):
        return value
    if _is_cloud_path(value):
        return str(value)
    if isinstance(value, os.PathLike) and not _is_of_cloud(value):
        text = os.fspath(value)
        if isinstance(text, str):
            return text
    raise LocatorError(
        f"a file is fetched from an address, a path or an S3Path, not from {type(value).__name__}"
    )


def _is_of_cloud(value: object) -> bool:
    return any(one.__module__.partition(".")[0] == _CLOUD for one in type(value).__mro__)


def _is_cloud_path(value: object) -> bool:
    """Whether a value is a ``cloudpathlib.S3Path``, found out without importing the package."""
    return _is_of_cloud(value) and any(one.__name__ == "S3Path" for one in type(value).__mro__)


def _remote(text: str, scheme: str) -> Source:
    if scheme == _NAMED and not text.startswith(f"{_NAMED}://"):
        text = f"{_NAMED}://{text.partition(':')[2]}"
    shown = public(text)
    known = schemes()
    if scheme not in known:
        raise LocatorError(
            f"{shown}: a file is not fetched by the scheme {scheme!r}; known are {', '.join(known)}",
            known=known,
        )
    address, fragment = urldefrag(text)
    if shown == UNPARSED or not urlsplit(address).netloc:
        raise LocatorError(f"{shown}: the address names no host: write '{scheme}://host/path'")
    pins = [one for one in fragment.split("&") if one.partition("=")[0].lower() in SIZES]
    path = urlsplit(address).path
    name = _base_name("" if path.endswith("/") else label(address), shown)
    return Source(address, name, local=False, digests=digests_from(pins))


def _base_name(name: str, shown: str) -> str:
    if name in {"", ".", ".."}:
        raise LocatorError(f"{shown!r} names no file: its last component is {name!r}")
    return safe_name(name)
