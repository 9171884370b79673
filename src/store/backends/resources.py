"""What is known of a resource before it is on this machine."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from store.integrity.digest import Digests


class ResourceInfo(abc.ABC):
    """What a store knows of a resource; every driver has its own."""

    __slots__ = ()

    @property
    @abc.abstractmethod
    def uid(self) -> str:
        """The identity of the content: any text, the same for the same content, for ever.

        A driver of e3-core may have written it as a method; the core accepts both.
        """

    @abc.abstractmethod
    def verify(self, resource_path: str) -> bool:
        """Hold a file against the resource.

        Args:
            resource_path: The file.

        Returns:
            Whether it is the resource; False for a file that is missing or cannot be read, too.
        """


class Digested(ResourceInfo):
    """A resource whose digests are its uid and its proof, however they are held.

    Drivers inherit `DigestedResource`, the attrs class; what a warm fetch makes is a `KnownResource`, which
    needs no attrs.

    Attributes:
        digests: At least one; all of them must match.
        size: The size in bytes, where it is known.
        filename: What the file is called, a label, where it is known.
        urls: Where it can be had, the best first; never shown, since secrets may stand in them.
    """

    __slots__ = ()

    allow_weak: ClassVar[bool] = False
    """Whether MD5 and SHA-1 will do: only where an old contract has no other."""

    digests_decide: ClassVar[bool] = True
    """Whether the digests alone are the identity; False once a subclass has a `verify` of its own."""

    digests: Digests
    size: int | None
    filename: str | None
    urls: tuple[str, ...]

    def __init_subclass__(cls, **arguments: Any) -> None:  # noqa: ANN401 - whatever a base takes
        """Note whether the subclass verifies in a way of its own."""
        super().__init_subclass__(**arguments)
        if "verify" in cls.__dict__ and "digests_decide" not in cls.__dict__:
            cls.digests_decide = False

    @property
    def uid(self) -> str:
        """The digests as ``algorithm:hex``, joined by ``+``, strongest first."""
        return "+".join([f"{name}:{value}" for name, value in self.digests])

    def verify(self, resource_path: str) -> bool:
        """Whether the file has the size and all the digests.

        What was hashed while it was written a moment ago is not read again.
        """
        from store.errors import IntegrityError
        from store.integrity.verification import check_file

        try:
            check_file(
                resource_path, self.digests, size=self.size, follow_links=True, use_ledger=True
            )
        except (IntegrityError, OSError, ValueError):
            return False
        return True


def uid_of(metadata: ResourceInfo) -> str:
    """Return a resource's uid, which an old driver may have written as a method."""
    uid: Any = metadata.uid
    return uid() if callable(uid) else uid  # type: ignore[no-any-return]


def digests_of(metadata: ResourceInfo) -> Digests:
    """Return the digests that are a resource's identity; none where it verifies in a way of its own."""
    if isinstance(metadata, Digested) and metadata.digests_decide:
        return metadata.digests
    return ()


def filename_of(metadata: ResourceInfo) -> str | None:
    """Return what a resource's file is called, where the resource says."""
    name = getattr(metadata, "filename", None)
    return name if isinstance(name, str) and name else None


def origin_of(metadata: ResourceInfo) -> str:
    """Return the first address of a resource, without secrets; an empty string where it has none."""
    from store.addresses import public

    urls = getattr(metadata, "urls", ()) or (getattr(metadata, "url", ""),)
    return public(urls[0]) if isinstance(urls[0], str) else ""


def size_of(metadata: ResourceInfo) -> int | None:
    """Return the size in bytes that a resource announces, where it does."""
    size = getattr(metadata, "size", None)
    return size if isinstance(size, int) else None
