"""An HTTP server as a shared tier: ``/cas/<sha256>``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from store.errors import ResourceNotFoundError
from store.sharing.base import NOTHING, SharedTier
from store.transports.base import Conditions, Stream
from store.transports.bulk import Bulk, BulkTransport
from store.transports.opening import transport_for

_PATIENCE: Final = 60.0
"""How long a server may take to say that it has taken a file, in seconds: nobody waits for it."""


class HttpTier(SharedTier):
    """A server that answers GET, HEAD and PUT of ``<address>/cas/<sha256>``.

    That is the protocol of Bazel's remote HTTP cache (Bazel's manual, "Remote Caching", HTTP caching
    protocol), which bazel-remote, nginx with WebDAV and others speak.
    """

    def address_of(self, name: str) -> str:
        """Return the address of a content."""
        return f"{self.tier.address}/cas/{name}"

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Ask for a content, as for any body over HTTP."""
        address = self.address_of(name)
        transport = transport_for(address, self.options)
        return transport.open_stream(address, offset, conditions=conditions)

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what asks the server for many, over a few connections."""
        address = self.address_of(NOTHING)
        transport = transport_for(address, self.options)
        if not isinstance(transport, BulkTransport):
            return None
        return transport.bulk(address, connections=connections, largest=largest)

    def holds(self, name: str) -> bool:
        """Ask with a HEAD."""
        from store.transports.http.putting import holds

        return holds(self.address_of(name), self.options)

    def put(self, name: str, path: Path) -> None:
        """Put a file; the server is to verify it, as bazel-remote does."""
        from store.transports.http.putting import put

        bounds = self.options.bounds._replace(read_timeout=_PATIENCE)
        put(self.address_of(name), path, self.options._replace(bounds=bounds))

    def reach(self) -> None:
        """Ask for what holds nothing; that it is not there is an answer, too."""
        try:
            self.open_stream(NOTHING).close()
        except ResourceNotFoundError:
            return
