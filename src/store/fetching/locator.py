"""Reads a locator: the one-line spelling of a query."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from store.addresses import public, public_query, without_secrets
from store.backends.failures import drivers_errors
from store.errors import DigestError, LocatorError, PluginError, UnknownNameError
from store.integrity.digest import SIZES, Digests, digests_from
from store.plugins.loading import find, load_transports

_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_IN_SCHEMES: Final = _LETTERS | frozenset("0123456789+._-")
_URL_SCHEMES: Final = frozenset({"http", "https"})
_OBJECT_SCHEMES: Final = frozenset({"s3", "gs", "az"})
_PAIR: Final = r"[a-z0-9_]+="


class Locator(NamedTuple):
    """Which driver is asked, and for what.

    Attributes:
        driver: The name of the driver.
        query: The query for the driver, without the pinned digests.
        text: What a person would recognise it by, without secrets.
        digests: What the locator pins, strongest first.
        member: Which member of the archive is wanted; None where it is no matter of members, an empty
            text for all of them.
    """

    driver: str
    query: Mapping[str, Any]
    text: str
    digests: Digests = ()
    member: str | None = None

    def __repr__(self) -> str:
        """Show no query: an address in it may hold a secret."""
        return f"Locator({self.driver!r}, {self.text!r})"


class Listed(NamedTuple):
    """A locator as a list has it: `store.read_list` gives them, and what takes a locator takes one.

    Attributes:
        locator: The locator; its address may hold a secret.
        digests: What the list says of its content, as ``algorithm:hex``.
        name: What the list calls it: a plain path, at which it lies below a ``dest``; or None.
        where: The list and the line, for messages.
    """

    locator: str
    digests: tuple[str, ...] = ()
    name: str | None = None
    where: str = ""

    def __str__(self) -> str:
        """Return the locator as it may be shown, its digests behind it where that spells it whole."""
        return spelled(self.locator, self.digests)

    def __repr__(self) -> str:
        """Show no query: an address in it may hold a secret."""
        return f"Listed({str(self)!r})"


def spelled(locator: str, digests: Sequence[str] = ()) -> str:
    """Return a locator as it may be shown, its digests behind it; without these where it holds a secret."""
    try:
        front, pins = _split_pins(locator, strict=False)
    except DigestError:
        return _spelled_with_member(locator, digests)
    if "://" in front:
        from store.fetching.shown import shown_locator

        shown = shown_locator(front)
        if shown != front:
            return shown
    both = dict.fromkeys([*map(str, pins), *digests])
    fragment = "&".join(one.replace(":", "=", 1) for one in both)
    return f"{front}#{fragment}" if fragment else front


def _spelled_with_member(locator: str, digests: Sequence[str]) -> str:
    """Return ``archive#pins!member`` as it may be shown; only what is public of what is none."""
    from store.fetching.member import split_member

    try:
        archive, member = split_member(locator)
    except LocatorError:
        return public(locator)
    return public(locator) if member is None else f"{spelled(archive, digests)}!{member or '/'}"


def parse_locator(text: str) -> Locator:
    """Read a locator.

    ``http(s)://…`` is asked of the driver ``http``; ``s3://…``, ``gs://…`` and ``az://…`` of ``bucket``;
    ``file:…``, a path, or anything without a colon, of ``file``; ``driver:rest`` of that driver: by its own
    ``store_locators`` function, else as ``key=value&key=value``. ``#sha256=<hex>`` (or ``#sha256:<hex>``, or
    SRI; several joined by ``&``) pins digests; ``!member`` behind an archive names one thing in it: see
    `split_member`.

    Raises:
        LocatorError: It cannot be read.
        DigestError: A pinned digest is malformed.
        UnknownNameError: There is no driver of that name.
    """
    if not text or text != text.strip() or "\0" in text:
        raise LocatorError(
            f"{public(text)!r} is no locator: give a URL, a path, or 'driver:spec' such as"
            " 'pypi:six==1.17.0'",
            query=public(text),
        )
    if "!" in text:
        from store.fetching.member import split_member

        archive, member = split_member(text)
        if member is not None:
            locator = _parsed(archive)
            return locator._replace(text=f"{locator.text}!{member or '/'}", member=member)
    return _parsed(text)


def _parsed(text: str) -> Locator:
    name, colon, rest = text.partition(":")
    if not colon or name[:1] not in _LETTERS or not _IN_SCHEMES.issuperset(name):
        path, digests = _split_pins(text, strict=False)
        return Locator("file", {"path": path}, path, digests)
    scheme = name.lower()
    if scheme == "http" and not rest.startswith("/") and re.match(_PAIR, rest):
        return _of_driver(scheme, rest, text)
    if scheme in _URL_SCHEMES:
        url, digests = _split_pins(text, strict=True)
        return Locator("http", {"url": url}, public(url), digests)
    if scheme in _OBJECT_SCHEMES:
        url, digests = _split_pins(text, strict=True)
        return Locator("bucket", {"url": url}, public(url), digests)
    if scheme == "file":
        path, digests = _split_pins(text, strict=False)
        return Locator("file", {"path": path}, path, digests)
    return _of_driver(name, rest, text)


def from_query(query: Mapping[str, Any]) -> Locator:
    """Take a query with ``driver`` beside the driver's own keys.

    Raises:
        LocatorError: ``driver`` is missing or no text.
    """
    driver = query.get("driver")
    if not isinstance(driver, str) or not driver:
        raise LocatorError(
            "a query needs the name of its driver: {'driver': 'pypi', 'name': …}",
            query=public_query(query),
        )
    rest = {key: value for key, value in query.items() if key != "driver"}
    named = ", ".join(f"{key}={_shown(value)}" for key, value in rest.items())
    return Locator(driver, rest, f"{driver}:{named}")


def _of_driver(name: str, rest: str, text: str) -> Locator:
    spec, digests = _split_pins(rest, strict=False)
    try:
        reader = find("locator", name)
    except UnknownNameError:
        reader = None
    if reader is not None:
        shown = spec
        if "://" in spec or "%" in spec:
            from store.fetching.shown import shown_spec

            shown = shown_spec(spec)
        return Locator(name, _read_by(reader, name, spec), f"{name}:{shown}", digests)
    try:
        find("driver", name)
    except UnknownNameError as error:
        if spec.startswith("//") and _opens(name.lower()):
            url, digests = _split_pins(text, strict=True)
            return Locator("http", {"url": url}, public(url), digests)
        if os.path.lexists(text):
            error.messages[-1] += f"; for the file of that name, write ./{text}"
        raise
    query = _pairs(spec, text)
    shown = "&".join(f"{key}={public(value)}" for key, value in query.items())
    return Locator(name, query, f"{name}:{shown}", digests)


def _read_by(reader: Any, name: str, spec: str) -> Mapping[str, Any]:  # noqa: ANN401 - a plugin's
    """Let a driver's own function read what follows its name."""
    with drivers_errors(name):
        query = reader(spec)
    if not isinstance(query, Mapping):
        raise PluginError(
            f"the locator of the driver {name!r} answered {type(query).__name__}, not a query:"
            " tell its authors",
            plugin=name,
        )
    return query


def _opens(scheme: str) -> bool:
    """Whether a transport opens the scheme; a stranger's is made known to those that need it."""
    try:
        find("transport", scheme)
    except UnknownNameError:
        return False
    load_transports()
    return True


def _split_pins(text: str, *, strict: bool) -> tuple[str, Digests]:
    """Split ``…#sha256=…&sha512=…`` off; a path may hold a ``#`` of its own, an address may not."""
    front, mark, fragment = text.rpartition("#") if not strict else text.partition("#")
    if not mark:
        return text, ()
    if _pins(fragment):
        # Whether a weak one will do is for the driver that is asked to say.
        return front, digests_from(fragment.split("&"), allow_weak=True)
    if strict:
        raise LocatorError(
            f"the fragment of {public(text)} is no digest: write #sha256=<64 hexadecimal digits>",
            query=public(text),
        )
    return text, ()


def _pins(fragment: str) -> bool:
    """Whether a fragment begins as a digest does: an algorithm, and a mark behind it."""
    return any(
        found and name.lower() in SIZES
        for name, found, _ in (fragment.partition(mark) for mark in ":=-")
    )


def _pairs(spec: str, text: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    shown = without_secrets(text)
    try:
        pairs = parse_qsl(spec, keep_blank_values=True, strict_parsing=True) if spec else []
    except ValueError as error:
        raise LocatorError(
            f"{shown!r} cannot be read: after the driver's name come key=value pairs joined by '&'",
            query=shown,
        ) from error
    if len(dict(pairs)) != len(pairs):
        raise LocatorError(f"{shown!r} names a key twice", query=shown)
    return dict(pairs)


def _shown(value: object) -> str:
    return public(value) if isinstance(value, str) else type(value).__name__
