"""The looks of ``store doctor``, none of which changes anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from store.cli.frame import Frame
from store.cli.output import human_size

OK: Final = "ok"
WARN: Final = "warn"
BAD: Final = "bad"

_LITTLE: Final = 1024**3
"""Less free space than this is worth a warning, in bytes."""

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Check(NamedTuple):
    """What one look found.

    Attributes:
        state: `OK`, `WARN` or `BAD`.
        what: What was looked at.
        detail: What was found, and the next step where something is wrong.
    """

    state: str
    what: str
    detail: str


def checks(frame: Frame) -> Iterator[Check]:
    """Look at everything that needs no network, and yield each finding.

    A look that fails in an unforeseen way is a finding, too.
    """
    looks: tuple[Callable[[Frame], Iterator[Check]], ...] = (
        _versions,
        _settings,
        _cache,
        _plugins,
        _credentials,
        _certificates,
        _mirrors,
    )
    for look in looks:
        try:
            yield from look(frame)
        except Exception as error:  # noqa: BLE001 - a doctor does not faint
            yield Check(BAD, look.__name__.strip("_"), f"{type(error).__name__}: {error}")


def _versions(_: Frame) -> Iterator[Check]:
    import store
    from store.plugins.distributions import needed_distributions

    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check(OK, "store", f"{store.__version__} at {Path(store.__file__).parent}")
    yield Check(OK, "Python", f"{version} on {sys.platform} at {sys.executable}")
    needed = [one for one in needed_distributions() if not one.extra]
    bad = [one for one in needed if not one.good]
    for one in bad:
        yield Check(
            BAD, "needs", f"{one.name}{one.wanted}, found {one.found or 'none'}: install it anew"
        )
    if not bad:
        yield Check(
            OK, "needs", ", ".join(f"{one.name} {one.found}" for one in needed) or "unknown"
        )


def _settings(frame: Frame) -> Iterator[Check]:
    from store.errors import ConfigurationError

    try:
        reading = frame.reading
    except ConfigurationError as error:
        yield Check(BAD, "settings", str(error))
        return
    said = reading.sources.values()
    there = [str(file) for file in reading.files if any(one.startswith(f"{file}") for one in said)]
    yield Check(OK, "settings", ", ".join(there) or "no file decides anything")
    decided = [
        f"{key} ({source})" for key, source in reading.sources.items() if source != "default"
    ]
    if decided:
        yield Check(OK, "settings", f"decided: {', '.join(decided)}")
    yield from _drivers(frame)


def _drivers(frame: Frame) -> Iterator[Check]:
    """Make each store that is told something in the settings, plugins' ones too."""
    from store.errors import StoreError, UnknownNameError
    from store.fetching.asking import Asking
    from store.plugins.loading import load_cache
    from store.transports.base import TransferOptions

    settings = frame.settings
    asking = Asking(settings, load_cache("null"), TransferOptions())
    for name in settings.drivers:
        try:
            asking.store(name)
        except UnknownNameError as error:
            yield Check(WARN, "settings", f"[driver.{name}] is for nobody: {error}")
        except StoreError as error:
            yield Check(BAD, "settings", str(error))


def _cache(frame: Frame) -> Iterator[Check]:
    from store.cli.cache.opening import opened_cache
    from store.errors import StoreError
    from store.files.failures import free_bytes

    try:
        with opened_cache(frame) as cache:
            root = Path(cache.content.layout.root)
    except StoreError as error:
        yield Check(BAD, "cache", str(error))
        return
    yield Check(OK, "cache", f"{root} ({'there' if root.is_dir() else 'made when first needed'})")
    free = free_bytes(root)
    if free is not None:
        little = free < _LITTLE
        hint = ": make room, or use 'store cache prune'" if little else ""
        yield Check(WARN if little else OK, "free space", f"{human_size(free)}{hint}")
    yield from _file_system(root)


def _file_system(root: Path) -> Iterator[Check]:
    """Try on the cache's file system what the cache needs of it; all of it is removed again."""
    from store.errors import StoreError
    from store.files.atomic import create_exclusively, private_directory
    from store.files.locks import locked
    from store.files.placing import copy_descriptor

    parent = next((one for one in (root, *root.parents) if one.exists()), root)
    try:
        with private_directory(parent) as directory:
            yield Check(OK, "writable", str(parent))
            with locked(directory / "lock", timeout=1) as held:
                works = "processes can wait for one another" if held else "not supported"
            yield Check(OK if held else WARN, "locks", works)
            first, second = (create_exclusively(directory / name) for name in ("first", "second"))
            try:
                os.write(first, bytes(4096))
                method = copy_descriptor(first, second)
            finally:
                os.close(first)
                os.close(second)
            note = (
                "copies cost no space" if method == "reflink" else "not supported: copies are full"
            )
            yield Check(OK, "reflinks", note)
    except StoreError as error:
        yield Check(BAD, "writable", f"{error}; what is cached is still given")


def _plugins(_: Frame) -> Iterator[Check]:
    from store.plugins.brought import titled
    from store.plugins.manager import plugins

    known = plugins()
    strangers = sorted({titled(one) for one in known.listing() if one.distribution})
    yield Check(OK, "plugins", ", ".join(strangers) or "none but our own")
    for one in known.broken:
        yield Check(BAD, "plugins", f"{one.name!r} of {one.distribution} is broken: {one.error}")
    for group in known.conflicts():
        names = " and ".join(titled(one) for one in group)
        yield Check(BAD, "plugins", f"{names} both bring the {group[0].kind} {group[0].name!r}")


def _credentials(frame: Frame) -> Iterator[Check]:
    """Say where secrets may come from; none is read."""
    from importlib.util import find_spec

    sources = sorted(name for name in os.environ if name.startswith("STORE_TOKEN_"))
    netrc = Path(os.environ.get("NETRC") or "~/.netrc").expanduser()
    if netrc.is_file():
        sources.append(str(netrc))
        if netrc.stat().st_mode & 0o077:
            yield Check(WARN, "credentials", f"{netrc} can be read by others: chmod 600 {netrc}")
    if frame.settings.keyring and find_spec("keyring") is not None:
        sources.append("the system keyring")
    yield Check(OK, "credentials", ", ".join(sources) or "none")


def _certificates(_: Frame) -> Iterator[Check]:
    for variable in _BUNDLES:
        if bundle := os.environ.get(variable):
            there = Path(bundle).exists()
            hint = "" if there else ", where nothing is: mend the variable"
            yield Check(OK if there else BAD, "certificates", f"{variable}: {bundle}{hint}")
            return
    import certifi

    yield Check(OK, "certificates", certifi.where())


def _mirrors(frame: Frame) -> Iterator[Check]:
    """Tell of the rules of addresses, and of hosts that are asked last since they failed."""
    from store.clock import SYSTEM_CLOCK
    from store.config.directories import standing_file
    from store.plugins.loading import load_transports
    from store.transports.opening import schemes
    from store.transports.standing import faults_in

    routes = frame.settings.routes
    if routes:
        rules = f"{len(routes.mirrors)} [[mirror]], {len(routes.block)} [[block]]"
        yield Check(OK, "mirrors", f"{rules}, allow in {len(routes.allow)} of the settings files")
        load_transports()
        opened = schemes()
        for one in routes.mirrors:
            scheme = one.replace.partition("://")[0]
            if scheme not in {"*", *opened}:
                yield Check(BAD, "mirrors", f"{one.replace}: nothing opens addresses of {scheme!r}")
    now = SYSTEM_CLOCK.now()
    for origin, fault in faults_in(standing_file(frame.settings.cache_dir), now).items():
        if now < fault.until:
            minutes = (fault.until - now) / 60
            yield Check(WARN, "mirrors", f"{origin} failed: it is asked last for {minutes:.0f} min")
