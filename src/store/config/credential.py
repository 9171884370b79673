"""A secret, as it is shown to a server."""

from __future__ import annotations

import re
from typing import Final

import attrs

from store.errors import ConfigurationError

_CONTROL: Final = r"[\x00-\x1f\x7f]"


@attrs.frozen(kw_only=True)
class Credential:
    """What to show a server: a user and password, or a bearer token.

    Attributes:
        user: The user's name, or None for a token; never shown, since some servers take tokens so.
        secret: The password or token; never shown.
        source: Where it comes from (``explicit``, ``environment``, ``keyring``, ``netrc``, ``address``).
        scheme: What a token is called in a header: ``Bearer``, or what the service wants in its place.

    Raises:
        ConfigurationError: It cannot be sent in a header: it holds a control character, or the user's
            name a colon (RFC 7617).
    """

    user: str | None = attrs.field(default=None, repr=False)
    secret: str = attrs.field(repr=False)
    source: str
    scheme: str = "Bearer"

    def __attrs_post_init__(self) -> None:
        """Refuse what would break out of a header; the secret is not told."""
        if re.search(_CONTROL, self.secret) or re.search(_CONTROL, self.user or ""):
            raise ConfigurationError(
                f"a credential ({self.source}) holds a line break or another control character"
            )
        if ":" in (self.user or ""):
            raise ConfigurationError(
                f"the user's name of a credential ({self.source}) holds a colon"
            )

    @property
    def header(self) -> str:
        """The value of an ``Authorization`` header: Basic (RFC 7617), or a token (Bearer: RFC 6750)."""
        if self.user is None:
            return f"{self.scheme} {self.secret}"
        import base64

        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"
