"""Whom to trust at one origin, and how to show oneself there."""

from __future__ import annotations

from store.frozen import Frozen


class Tls(Frozen):
    """What holds at one origin beyond what the environment says.

    Attributes:
        origin: An address of that origin; no other sees the certificate, or is trusted by ``authorities``.
        authorities: The path of the certificates to trust (PEM), or None.
        certificate: The path of the client's certificate (PEM), or None.
        key: The path of its key; None where it stands in the same file.
    """

    origin: str
    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None
