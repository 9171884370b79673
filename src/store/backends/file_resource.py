"""What is known of a file that lies on this machine."""

from __future__ import annotations

import attrs

from store.backends.digested import DigestedResource


@attrs.frozen
class FileResource(DigestedResource):
    """A file that lies on this machine, known by its digests."""
