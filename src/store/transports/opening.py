"""Finds the transport of an address by its scheme."""

from __future__ import annotations

import importlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final

from store.addresses import public, without_secrets
from store.errors import (
    OfflineError,
    PluginConflictError,
    PluginError,
    StoreError,
    UnknownNameError,
)
from store.transports.base import TransferOptions, Transport

Factory = Callable[[TransferOptions], Transport]
"""Makes a transport."""

_BUILTIN: Final = {
    "": "store.transports.local:LocalTransport",
    "az": "store.transports.objects.transport:ObjectTransport",
    "bucket": "store.transports.objects.transport:ObjectTransport",
    "file": "store.transports.local:LocalTransport",
    "gs": "store.transports.objects.transport:ObjectTransport",
    "http": "store.transports.http:HttpTransport",
    "https": "store.transports.http:HttpTransport",
    "s3": "store.transports.objects.transport:ObjectTransport",
}
"""Where the builtin factories lie, by scheme; a path has the empty one. Imported when first used."""

_NETWORKED: Final = frozenset({"az", "bucket", "gs", "http", "https", "s3"})
"""Those of them that are of no use offline; not even imported then, since urllib3 tries a socket as it is."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")

_KEPT: Final = 32
"""How many transports are kept at most; the one that was used least lately is closed first."""


class _Opened:
    """What this process has registered and opened."""

    def __init__(self) -> None:
        self.strangers: dict[str, Factory] = {}
        self.transports: OrderedDict[Hashable, Transport] = OrderedDict()
        self.lock = threading.Lock()

    def forget(self) -> None:
        """Begin anew in a fork's child: another thread may have held the lock."""
        self.transports = OrderedDict()
        self.lock = threading.Lock()


_opened: Final = _Opened()
os.register_at_fork(after_in_child=_opened.forget)


def transport_for(address: str, options: TransferOptions) -> Transport:
    """Return a transport that opens the address; a path without a scheme is a ``file:``.

    Transports are kept for the thread-safe reuse of their connections: one a process and a set of
    options, none over a fork. What concerns one call alone, its listener, is not told to a transport.

    Raises:
        OfflineError: The network is not to be used, and the address needs it.
        UnknownNameError: No transport of that scheme is registered (``kind`` is ``transport``).
        PluginError: A stranger's factory fails, or makes no transport.
        RefusedError: The settings keep the address from being asked.
    """
    scheme = scheme_of(address)
    if options.offline and scheme in _NETWORKED:
        shown = public(address)
        raise OfflineError(
            f"{shown} needs the network, which is not to be used: fetch it once without --offline"
            " (STORE_OFFLINE)",
            missing=(shown,),
        )
    factory = _factory(scheme)
    if factory is None:
        raise UnknownNameError(
            f"{public(address)}: nothing opens addresses of the scheme {scheme!r}; known are"
            f" {', '.join(schemes())}",
            kind="transport",
            name=scheme,
            known=schemes(),
        )
    wanted = options._replace(listener=None)
    key = (factory, wanted.bounds, wanted.retrying, wanted.offline, wanted.durable)
    manners = (wanted.routes, wanted.user_agent, wanted.per_host, wanted.limit_rate, wanted.tls)
    whole = (*key, *manners, id(wanted.credentials), id(wanted.clock), id(wanted.connections))
    transport = _kept(whole, factory, wanted)
    if options.routes.guarded:
        from store.transports.routing import refuse

        refuse(address, options.routes)
    return transport


def scheme_of(address: str) -> str:
    """Return the scheme of an address in lower case, or an empty text for a path.

    ``name:rest`` without slashes is an address only where its scheme is known, else a path: file names
    may hold colons.
    """
    match = _SCHEME.match(address)
    if match is None:
        return ""
    scheme = match[1].lower()
    return scheme if match[2] or scheme in _BUILTIN or scheme in _opened.strangers else ""


def register(scheme: str, factory: Factory) -> None:
    """Register a stranger's transport for a scheme; ``plugins`` calls this when it loads.

    Raises:
        PluginConflictError: The scheme is taken by another factory.
    """
    name = scheme.lower()
    known = _factory(name)
    if known is not None and known != factory:
        raise PluginConflictError(
            f"two transports open the scheme {name!r}: {_name(known)} and {_name(factory)};"
            " uninstall one of them",
            kind="transport",
            name=name,
            plugins=(_name(known), _name(factory)),
        )
    if known is None:
        _opened.strangers[name] = factory


def schemes() -> tuple[str, ...]:
    """Return the schemes that can be opened, sorted."""
    return tuple(sorted({*_BUILTIN, *_opened.strangers} - {""}))


def close_all() -> None:
    """Close the transports that are kept, with their idle connections; the next call opens new ones."""
    with _opened.lock:
        closing = list(_opened.transports.values())
        _opened.transports.clear()
    for transport in closing:
        transport.close()


def _factory(scheme: str) -> Factory | None:
    place = _BUILTIN.get(scheme)
    if place is None:
        return _opened.strangers.get(scheme)
    module, _, name = place.partition(":")
    found: Factory = getattr(importlib.import_module(module), name)
    return found


def _kept(key: Hashable, factory: Factory, options: TransferOptions) -> Transport:
    """Return the transport of a key: made once, since it keeps the options whose identity is in the key."""
    excess: Transport | None = None
    with _opened.lock:
        transport = _opened.transports.get(key)
        if transport is None:
            transport = _opened.transports[key] = _made(factory, options)
            if len(_opened.transports) > _KEPT:
                _, excess = _opened.transports.popitem(last=False)
        else:
            _opened.transports.move_to_end(key)
    if excess is not None:
        excess.close()
    return transport


def _made(factory: Factory, options: TransferOptions) -> Transport:
    """Return a new transport; what a stranger does wrong is told of by its name, not by the driver's."""
    made: object
    try:
        made = factory(options)
    except StoreError:
        raise
    except Exception as error:
        reason = without_secrets(f"{type(error).__name__}: {error}")
        raise PluginError(
            f"the transport {_name(factory)} cannot be made: {reason}; tell its authors",
            plugin=_name(factory),
        ) from error
    if not isinstance(made, Transport):
        raise PluginError(
            f"the transport {_name(factory)} cannot be used: it makes a {type(made).__name__};"
            " tell its authors",
            plugin=_name(factory),
        )
    return made


def _name(factory: Any) -> str:  # noqa: ANN401 - a class or a function
    return f"{factory.__module__}.{getattr(factory, '__qualname__', type(factory).__name__)}"
