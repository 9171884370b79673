"""Finds the transport of an address by its scheme."""

from __future__ import annotations

from collections.abc import Callable

from store.transports.base import TransferOptions, Transport

Factory = Callable[[TransferOptions], Transport]
"""Makes a transport."""


def transport_for(address: str, options: TransferOptions) -> Transport:
    """Return a transport that opens the address; a path without a scheme is a ``file:``.

    Transports are kept for the thread-safe reuse of their connections: one a process and a set of
    options, none over a fork.

    Raises:
        UnknownNameError: No transport of that scheme is registered (``kind`` is ``transport``).
    """
    raise NotImplementedError


def register(scheme: str, factory: Factory) -> None:
    """Register a stranger's transport for a scheme; ``plugins`` calls this when it loads.

    Raises:
        PluginConflictError: The scheme is taken by another factory.
    """
    raise NotImplementedError


def schemes() -> tuple[str, ...]:
    """Return the schemes that can be opened, sorted."""
    raise NotImplementedError
