"""Options of ``store fetch`` for many files, and the lists of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from store.cli.frame import Frame
from store.cli.measures import Measure
from store.cli.options import frame_of, given
from store.cli.output import on_terminal, say

if TYPE_CHECKING:
    from store.fetching.locator import Listed

F = TypeVar("F", bound=Callable[..., Any])


def _follow(context: click.Context, _: click.Parameter, value: Any) -> None:  # noqa: ANN401
    if value:
        frame_of(context).events = True


def with_lists(function: F) -> F:
    """Give a command lists of resources, and what decides how many are fetched."""
    return given(
        function,
        click.option(
            "--events",
            is_flag=True,
            expose_value=False,
            callback=_follow,
            help="Print what happens on stderr, a JSON object an event.",
        ),
        click.option("--fail-fast", is_flag=True, help="Begin nothing more once one has failed."),
        click.option(
            "--ordered", is_flag=True, help="Print the results in the order of the input."
        ),
        click.option(
            "-j",
            "--jobs",
            metavar="N",
            type=Measure("count", positive=True),
            help="How many are fetched at once (16).",
        ),
        click.option(
            "--base", metavar="URL", help="Where the names in a list begin: a URL or a directory."
        ),
        click.option(
            "--from",
            "lists",
            metavar="FILE",
            type=click.Path(),
            multiple=True,
            help="Fetch what a list names: locators, SHA256SUMS, a registry of pooch; - is stdin.",
        ),
    )


def named_in(
    lists: Sequence[str],
    frame: Frame,
    *,
    base: str | None = None,
    allow_unverified: bool | None = None,
    refresh: bool = False,
) -> list[Listed]:
    """Read lists, and fetch those that lie elsewhere.

    Args:
        lists: Paths, addresses, or ``-`` for stdin.
        frame: What was decided beside.
        base: Where the names in them begin; None takes the directory of a list that has an address.
        allow_unverified: Accept a list without a digest; None takes the setting.
        refresh: Ask for a list without a digest anew.

    Raises:
        StoreError: A list cannot be had or read; nothing is fetched then.
    """
    from store.fetching.lists import decoded, directory_of, listed, read_text

    weak = bool(frame.settings.drivers.get("http", {}).get("allow_weak"))
    found: list[Listed] = []
    for one in lists:
        source, text, foreign, start = one, "", "://" in one, base
        if one == "-":
            source = "stdin"
            text = decoded(_typed(frame), source)
        elif foreign:
            source, text = _fetched(one, frame, allow_unverified, refresh)
            start = directory_of(one) if base is None else base
        else:
            text = read_text(one)
        named = listed(text, source=source, base=start, allow_weak=weak, foreign=foreign)
        if not named and not frame.quiet:
            say(f"{source} names nothing to fetch")
        found += named
    return found


def _typed(frame: Frame) -> bytes:
    if sys.stdin is None:
        raise click.UsageError("there is no stdin to read a list from")
    if on_terminal("stdin") and not frame.quiet:
        say("a list is read from here, a locator a line; Ctrl-D ends it")
    return sys.stdin.buffer.read()


def _fetched(
    address: str,
    frame: Frame,
    allow_unverified: bool | None,  # noqa: FBT001 - handed on from keywords
    refresh: bool,  # noqa: FBT001
) -> tuple[str, str]:
    """Fetch a list; return what it is called, and its text."""
    from store.addresses import public
    from store.cli.asking import opened_fetcher
    from store.fetching.lists import decoded

    source = public(address)
    with opened_fetcher(frame, counted=True) as fetcher:
        result = fetcher.fetch(address, allow_unverified=allow_unverified, refresh=refresh)
        text = decoded(result.path.read_bytes(), source)
        frame.settle()
    return source, text
