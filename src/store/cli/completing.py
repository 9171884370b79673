"""Gives a shell the words that may stand where it is asked to complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

Items = list[Any]
"""click's ``CompletionItem`` values, whose import is dear."""


def locators(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """Give the drivers, and let the shell find files."""
    from click.shell_completion import CompletionItem

    from store.plugins.loading import names

    if not incomplete or "/" in incomplete or incomplete.startswith((".", "~")):
        return [CompletionItem(incomplete, type="file")]
    drivers = _beginning((f"{name}:" for name in names("driver")), incomplete)
    return drivers or [CompletionItem(incomplete, type="file")]


def backends(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """Give the cache backends."""
    from store.plugins.loading import names

    return _beginning(names("cache"), incomplete)


def settings(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """Give the settings."""
    from store.config.model import declared

    return _beginning((one.name for one in declared() if one.key is None), incomplete)


def plugin_names(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """Give what plugins bring, and the plugins."""
    from store.plugins.manager import plugins

    listing = plugins().listing()
    return _beginning({name for one in listing for name in (one.name, one.plugin)}, incomplete)


def _beginning(words: Iterable[str], incomplete: str) -> Items:
    from click.shell_completion import CompletionItem

    return [CompletionItem(one) for one in sorted(words) if one.startswith(incomplete)]
