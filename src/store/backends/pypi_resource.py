"""What is known of a project's file in a package index."""

from __future__ import annotations

import attrs

from store.backends.digested import DigestedResource


@attrs.frozen
class PyPIResource(DigestedResource):
    """A file of a project, known by the digests that the index gives, and those that were pinned.

    Attributes:
        project: The project's name, normalised as PEP 503 has it.
        version: The version, as the file's name spells it, or None where it cannot be told.
        yanked: Why the file was withdrawn (perhaps an empty text), or None where it was not.
    """

    project: str = attrs.field(default="", kw_only=True)
    version: str | None = attrs.field(default=None, kw_only=True)
    yanked: str | None = attrs.field(default=None, kw_only=True)
