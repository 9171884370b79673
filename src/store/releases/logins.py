"""Finds who one is at an archive, and lets the system remember it."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, NamedTuple

from store.addresses import Origin, origin_of, public, userinfo
from store.config.secret_sources import from_environment, from_netrc, token_variable
from store.errors import CredentialsError, QueryError

log = logging.getLogger(__name__)

_NEW: Final = frozenset({"explicit", "prompt"})
"""Where what is worth remembering comes from."""


class Login(NamedTuple):
    """Who asks, and with which secret.

    Attributes:
        user: The user's name; an empty text where the secret is a token.
        password: The password, or the token.
        source: Where they come from: ``explicit``, ``keyring``, ``environment``, ``netrc``, ``prompt``.
    """

    user: str
    password: str
    source: str

    def __repr__(self) -> str:
        """Show nothing but the source."""
        return f"Login(source={self.source!r})"


def get_credentials(
    host: str, user: str | None = None, password: str | None = None
) -> tuple[str, str]:
    """Return user and password for a host.

    What is passed wins; then the system's keyring (extra ``keyring``), the variable ``STORE_TOKEN_<ORIGIN>``
    and netrc are asked, in this order, for that user where one is named (a token has none). What is still
    missing is asked of the person at the terminal; without a terminal nobody is. Nothing is stored:
    `get_interface` does so.

    Args:
        host: The host's address.
        user: The user's name.
        password: The password.

    Returns:
        User and password; the user is an empty text where the password is a token.

    Raises:
        CredentialsError: There are none, and no terminal at which to ask.
        QueryError: The host is no address.
    """
    found = login_for(host, user, password)
    return found.user, found.password


def login_for(
    host: str, user: str | None = None, password: str | None = None, *, keyring: bool = True
) -> Login:
    """Return what `get_credentials` does, with where it comes from; without the keyring, if so asked."""
    return find_login(host, user, password, keyring=keyring) or _asked(origin_for(host), user)


def find_login(
    host: str, user: str | None = None, password: str | None = None, *, keyring: bool = True
) -> Login | None:
    """Return what is known without asking a person, or None; see `get_credentials`.

    Args:
        host: The host's address; user and password may stand in it.
        user: The user's name.
        password: The password.
        keyring: Whether the system's keyring is asked.

    Raises:
        QueryError: The host is no address.
    """
    origin = origin_for(host)
    own = userinfo(host) or ("", "")
    if user in {None, own[0]}:
        user, password = user or own[0] or None, password or own[1] or None
    if password is not None:
        return Login(user or "", password, "explicit")
    kept = _from_keyring(origin, user) if keyring else None
    if kept is not None:
        return kept
    for one in (from_environment(origin), from_netrc(origin)):
        if one is not None and (not one.user or user in {None, one.user}):  # a token is anybody's
            return Login(one.user or "", one.secret, one.source)
    return None


def remember(host: str, login: Login) -> None:
    """Let the system's keyring keep what was passed or typed in, where there is one.

    What the keyring does not take is logged, and no error: it only has to be given again.

    Args:
        host: The host's address.
        login: What opened it.
    """
    origin = origin_for(host)
    if login.source not in _NEW or not login.user:
        return
    known = _from_keyring(origin, login.user)
    if known is not None and known.password == login.password:
        return
    try:
        import keyring

        keyring.set_password(str(origin), login.user, login.password)
    except ImportError:
        return
    except Exception as error:  # noqa: BLE001 - a stranger's backend may raise anything
        log.debug("the keyring did not take what opened %s: %s", origin, type(error).__name__)
    else:
        log.info("the keyring keeps the password for %s", origin)


def origin_for(host: str) -> Origin:
    """Return the origin of an archive's address.

    Raises:
        QueryError: It has none.
    """
    try:
        origin = origin_of(host)
    except ValueError:
        origin = Origin("", "", None)
    if origin.scheme not in {"http", "https"} or not origin.host:
        raise QueryError(
            f"{public(host)!r} is no address of a server: write 'https://host'", query=public(host)
        )
    return origin


def _from_keyring(origin: Origin, user: str | None) -> Login | None:
    try:
        import keyring

        found: Any = keyring.get_credential(str(origin), user)
        if found is None or not found.password or user not in {None, found.username}:
            return None
        return Login(found.username or "", found.password, "keyring")
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - a stranger's backend may raise anything
        # What it says may hold the secret, so only its kind is told.
        log.debug("the keyring failed for %s: %s", origin, type(error).__name__)
        return None


def _asked(origin: Origin, user: str | None) -> Login:
    """Ask the person at the terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        variable = token_variable(origin)
        hint = f"put 'user:password' or a token into {variable}" if variable else "pass them"
        known = {
            one.user for one in (from_environment(origin), from_netrc(origin)) if one and one.user
        }
        if user is not None and known:
            theirs = ", ".join(map(repr, sorted(known)))
            step = f"put '{user}:password' into {variable}" if variable else "pass theirs"
            hint = f"what is known is of {theirs}, not of {user!r}: name no other user, or {step}"
        raise CredentialsError(
            f"{origin} wants a user and a password, and there is no terminal to ask at: {hint}",
            url=str(origin),
        )
    import click

    name = user or click.prompt(f"User at {origin}", err=True)
    secret = click.prompt(f"Password of {name} at {origin}", hide_input=True, err=True)
    return Login(name, secret, "prompt")
