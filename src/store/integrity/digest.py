"""Digests: an algorithm and the fingerprint it gives a content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from store.errors import DigestError

SIZES: Final[Mapping[str, int]] = {
    "md5": 16,
    "sha1": 20,
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "blake2b": 64,
    "blake3": 32,
}
"""The algorithms that are understood, and the size of their digests in bytes, weakest first."""

WEAK: Final = frozenset({"md5", "sha1"})
"""Algorithms for which another content of the same digest can be made."""

STRENGTH: Final = ("md5", "sha1", "sha256", "blake3", "sha384", "blake2b", "sha512")
"""The algorithms from the weakest to the strongest."""

DEFAULT_ALGORITHM: Final = "sha256"
"""The algorithm that content is named by where nobody asks for another."""

_HEXADECIMAL: Final = "0123456789abcdefABCDEF"

_BARE: Final[Mapping[int, str]] = {64: "sha256", 96: "sha384", 128: "sha512"}
"""What a lone hexadecimal number is taken for, by its number of digits."""

_LONGEST_SHOWN: Final = 200
"""How much of a malformed digest an error repeats, in characters."""


class Hasher(Protocol):
    """What :mod:`hashlib` and blake3 give: fed with bytes, asked for the digest."""

    def update(self, data: Any, /) -> object:  # noqa: ANN401 - any buffer, as hashlib takes it
        """Take more of the content."""
        ...

    def hexdigest(self) -> str:
        """Return the digest of what was taken, in hexadecimal."""
        ...


class Digest(NamedTuple):
    """An algorithm and the fingerprint of a content, in lower-case hexadecimal.

    A tuple rather than an attrs class: hits compare digests, and make none of their own.
    """

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str, *, allow_weak: bool = False) -> Digest:
        """Read ``algorithm:hex``, ``algorithm=hex`` or SRI's ``algorithm-base64``.

        Args:
            text: The digest. SRI is W3C's Subresource Integrity, section 3.5; a lone hexadecimal
                number is taken for SHA-256, SHA-384 or SHA-512 by its length only where it is one
                of 64, 96 or 128 digits.
            allow_weak: Accept MD5 and SHA-1.

        Raises:
            DigestError: It is malformed, of an unknown algorithm, or weak.
        """
        if not isinstance(text, str):
            raise DigestError(
                f"a digest is text like 'sha256:<hex>', not {text!r}", digest=repr(text)
            )
        digest = _split(text.strip())
        if digest.algorithm in WEAK and not allow_weak:
            raise DigestError(
                f"{digest.algorithm} is too weak to be trusted: pin a sha256 digest, or set allow_weak, as in"
                " [driver.http] of the settings, where the source gives no other",
                digest=text,
            )
        return digest

    @property
    def sri(self) -> str:
        """The digest as Subresource Integrity spells it: ``sha256-<base64>``."""
        import binascii  # a library to be loaded, of which a hit has no need

        encoded = binascii.b2a_base64(bytes.fromhex(self.hex), newline=False)
        return f"{self.algorithm}-{encoded.decode()}"

    @property
    def weak(self) -> bool:
        """Whether another content of the same digest can be made."""
        return self.algorithm in WEAK

    def __str__(self) -> str:
        """Return ``algorithm:hex``."""
        return f"{self.algorithm}:{self.hex}"


Digests: TypeAlias = tuple[Digest, ...]
"""Digests of one content, one an algorithm, strongest first: all of them must match."""

DigestsLike: TypeAlias = "str | Digest | Mapping[str, str] | Iterable[str | Digest] | None"
"""What `digests_from` understands."""


def digests_from(value: DigestsLike, *, allow_weak: bool = False) -> Digests:
    """Return digests from any usual spelling of them.

    Args:
        value: One digest, several, or a mapping of algorithm to hexadecimal digest; None is none.
        allow_weak: Accept MD5 and SHA-1.

    Returns:
        One digest an algorithm, strongest first; the same content gives the same tuple.

    Raises:
        DigestError: One of them is malformed or weak, or two of one algorithm disagree.
    """
    if value is None:
        return ()
    if not isinstance(value, Iterable):
        raise DigestError(f"digests are texts like 'sha256:<hex>', not {value!r}")
    if isinstance(value, str | Digest):
        value = (value,)
    elif isinstance(value, Mapping):
        value = [f"{algorithm}:{digest}" for algorithm, digest in value.items()]
    found: dict[str, Digest] = {}
    for one in value:
        digest = Digest.parse(str(one) if isinstance(one, Digest) else one, allow_weak=allow_weak)
        if found.setdefault(digest.algorithm, digest) != digest:
            raise DigestError(
                f"two {digest.algorithm} digests disagree: {found[digest.algorithm]} and {digest}",
                digest=str(digest),
            )
    return tuple(
        sorted(found.values(), key=lambda one: STRENGTH.index(one.algorithm), reverse=True)
    )


def new_hasher(algorithm: str) -> Hasher:
    """Return a hasher that has seen nothing yet.

    Raises:
        DigestError: The algorithm is unknown, or its package is not installed.
    """
    if algorithm == "blake3":
        try:
            from blake3 import blake3
        except ImportError as error:
            raise DigestError(
                "blake3 digests need the package blake3: pip install 'pluggable-store[blake3]'"
            ) from error
        hasher: Hasher = blake3()
        return hasher
    if algorithm not in SIZES:
        raise DigestError(_unknown(algorithm), digest=algorithm)
    import hashlib

    try:
        # Not ``hashlib.new``, which looks for the algorithm by name each time.
        found: Hasher = getattr(hashlib, algorithm)(usedforsecurity=False)
    except ValueError as error:
        raise DigestError(
            f"{algorithm} is not to be had on this machine: pin a sha256 digest", digest=algorithm
        ) from error
    return found


def _split(text: str) -> Digest:
    for separator in ":=":
        name, found, value = text.partition(separator)
        if found and _is_hexadecimal(value):
            return _checked(name, value, text)
    name, found, value = text.partition("-")
    if found and name.lower() in SIZES:
        import binascii

        try:
            decoded = binascii.a2b_base64(value, strict_mode=True)
        except ValueError as error:  # binascii's own error is one too
            raise DigestError(
                f"{_shown(text)} is no digest: its base64 is damaged", digest=text
            ) from error
        return _checked(name, decoded.hex(), text)
    if len(text) in _BARE and _is_hexadecimal(text):
        return Digest(_BARE[len(text)], text.lower())
    named = text.lower().replace("=", ":").replace("-", ":").partition(":")[0]
    kind = named if named in SIZES else DEFAULT_ALGORITHM
    raise DigestError(
        f"{_shown(text)} is no digest:"
        f" write it as '{kind}:<{2 * SIZES[kind]} hexadecimal digits>' or '{kind}-<base64>'",
        digest=text,
    )


def _is_hexadecimal(text: str) -> bool:
    return text != "" and text.strip(_HEXADECIMAL) == ""


def _checked(name: str, value: str, text: str) -> Digest:
    algorithm = name.strip().lower().replace("-", "")
    if algorithm not in SIZES:
        raise DigestError(_unknown(name), digest=text)
    if len(value) != 2 * SIZES[algorithm]:
        raise DigestError(
            f"{_shown(text)} is no digest: {algorithm} has {2 * SIZES[algorithm]} hexadecimal digits"
            f" ({SIZES[algorithm]} bytes), not {len(value)}",
            digest=text,
        )
    return Digest(algorithm, value.lower())


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _unknown(algorithm: str) -> str:
    return f"{_shown(algorithm)} is no digest algorithm: known are {', '.join(SIZES)}"
