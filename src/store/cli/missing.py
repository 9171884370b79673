"""Tells which command fetches what is missing offline."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from store.cli.frame import Frame
from store.cli.output import say

if TYPE_CHECKING:
    from store.fetching.asking import Wanted

_MOST: Final = 20
"""How many locators a command has at most; beyond that, the command is given again that was run."""


_PINS: Final = re.compile(r"[a-z0-9]+[=:][0-9a-f]+(&[a-z0-9]+[=:][0-9a-f]+)*")

_DROPPED: Final = frozenset({"offline", "json", "events"})
"""What the command that is told does without: it is to use the network, and to be read by a person."""

_REPLACED: Final = frozenset({"lists", "base"})
"""What named the resources, which are named one by one."""


def tell_command(missing: Sequence[Wanted], frame: Frame) -> None:
    """Tell the command that fetches what is missing, or why none would; see `command_for`."""
    if frame.quiet:
        return
    from store.config.reading import read_settings
    from store.fetching.explaining import refused

    flags = {key: value for key, value in frame.flags.items() if key != "offline"}
    settings = read_settings(flags).settings
    barred = [refused(one, settings, pinned=True) for one in missing]
    wanted = [one for one, reason in zip(missing, barred, strict=True) if reason is None]
    for reason in barred:
        if reason is not None:
            say(f"with the network, it would be refused: {reason}")
    if wanted:
        command = command_for(wanted, frame, offline=settings.offline)
        say(f"with the network, this fetches {'them' if len(wanted) > 1 else 'it'}:\n  {command}")


def command_for(missing: Sequence[Wanted], frame: Frame, *, offline: bool = False) -> str:
    """Return the command that fetches what is missing as it was asked for, with the network.

    Args:
        missing: What is missing.
        frame: What was decided beside.
        offline: Whether the settings keep the network from being used, whatever the flags say.
    """
    words = ["store"]
    if len(missing) <= _MOST and not _keep_their_names(missing, frame):
        words += ["fetch", *_options(frame), *(_spelled(one) for one in missing)]
    else:
        dropped = {f"--{one}" for one in _DROPPED}
        words += [_without_secret(one) for one in frame.arguments if one not in dropped]
    return f"{'STORE_OFFLINE=0 ' if offline else ''}{shlex.join(words)}"


def _keep_their_names(missing: Sequence[Wanted], frame: Frame) -> bool:
    """Whether a list says where below ``--dest`` each is to lie, which no locator does."""
    from store.fetching.locator import Listed

    placed = any(one.partition("=")[0] == "--dest" for one in frame.arguments)
    return placed and any(isinstance(one, Listed) and one.name for one in missing)


def _options(frame: Frame) -> list[str]:
    """Return the options that were given, in their order, but for what the locators take the place of."""
    click = sys.modules.get("click")  # without it there were none
    context = None if click is None else click.get_current_context(silent=True)
    if context is None:
        return []
    before, _, behind = _split(frame.arguments)
    words: list[str] = []
    for one, given in ((context.parent, before), (context, behind)):
        if one is not None:
            values, _, order = one.command.make_parser(one).parse_args(list(given))
            words += _spelled_out(values, order)
    return words


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], str, Sequence[str]]:
    """Return what stands before the name of the command, the name, and what stands behind it."""
    at = arguments.index("fetch")
    return arguments[:at], "fetch", arguments[at + 1 :]


def _spelled_out(values: Mapping[str, Any], order: Sequence[Any]) -> list[str]:
    """Return options as words.

    Args:
        values: Their values, by the name of the parameter.
        order: The parameters as they stood, one that was given twice two times.
    """
    left = {
        name: iter(value if isinstance(value, list) else [value]) for name, value in values.items()
    }
    words: list[str] = []
    for one in order:
        if one.param_type_name != "option" or one.name in _DROPPED | _REPLACED:
            continue
        name = max(one.opts, key=len)
        if one.is_flag or one.count:
            words.append(name)
        else:
            words += [name, _without_secret(str(next(left[one.name])))]
    return words


def _spelled(wanted: Wanted) -> str:
    """Return a locator as it may be shown; where it holds a secret, its pin and a gap to be filled in."""
    from store.fetching.locator import Listed, spelled

    if isinstance(wanted, Listed):
        text, pins = str(wanted), "&".join(one.replace(":", "=", 1) for one in wanted.digests)
    else:
        text, pins = spelled(str(wanted)), str(wanted).partition("#")[2]
    if "#" in text or not _PINS.fullmatch(pins):
        return text
    return f"{text}?…#{pins}"


def _without_secret(word: str) -> str:
    from store.fetching.locator import spelled

    return spelled(word) if "://" in word else word
