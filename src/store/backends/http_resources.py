"""What is known of a resource that has an address."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG
from typing import ClassVar, Final
from urllib.parse import quote

import attrs

from store.addresses import fingerprint
from store.backends.digested import DigestedResource
from store.backends.resources import ResourceInfo

_SHOWN: Final = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}~"
"""What stands in a uid as the server spelled it; all else but letters and digits is escaped."""


@attrs.frozen
class HTTPResource(DigestedResource):
    """A resource at one or several addresses, known by its digests."""


@attrs.frozen
class WeakHTTPResource(HTTPResource):
    """One that may be known by MD5 or SHA-1 alone, since ``allow_weak`` was set."""

    allow_weak: ClassVar[bool] = True


@attrs.frozen(kw_only=True)
class UnverifiedHTTPResource(ResourceInfo):
    """A resource of which nothing is known but what its server said when it was asked.

    Its identity is the address plus the version that the server named. It is never said to be verified;
    but the digest of what came is recorded by the cache, and a cached file that no longer has it is
    fetched anew.

    Attributes:
        url: Where it is; never shown, since secrets may stand in it.
        etag: The entity tag as the server spelled it, or None.
        last_modified: The time of change as an HTTP date, or None.
        size: The size in bytes that the server announced, or None.
        filename: What the file is called, a label, or None.
        nonce: Stands for the version where the server names none, so that no other answer is taken
            for this one.
    """

    verified: ClassVar[bool] = False
    """Whether its content is held against a digest that was pinned: never."""

    url: str = attrs.field(repr=False)
    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None
    filename: str | None = None
    nonce: str = ""

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it is: one address."""
        return (self.url,)

    @property
    def uid(self) -> str:
        """``url:``, the address's fingerprint, and the version as the server named it."""
        version = [f"etag={quote(self.etag, _SHOWN)}"] if self.etag else []
        if self.last_modified:
            version.append(f"last-modified={quote(self.last_modified, _SHOWN)}")
        return f"url:{fingerprint(self.url)}#{';'.join(version) or 'asked=' + self.nonce}"

    def verify(self, resource_path: str) -> bool:
        """Whether the file is a regular one of the announced size; nothing more can be said of it."""
        try:
            status = Path(resource_path).stat()
        except (OSError, ValueError):
            return False
        return S_ISREG(status.st_mode) and self.size in {None, status.st_size}
