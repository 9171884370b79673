"""Options whose values are sizes, durations and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from store.cli import completing
from store.cli.empty import refuse_empty
from store.cli.options import frame_of, given, remember

F = TypeVar("F", bound=Callable[..., Any])


class Measure(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A value that ``store.config.values`` reads: ``seconds``, ``bytes`` or ``count``.

    Args:
        kind: Which of them.
        limitless: Whether ``none`` may be said; the value is then the text ``none``.
        positive: Whether 0 is refused.
    """

    def __init__(self, kind: str, *, limitless: bool = False, positive: bool = False) -> None:
        self.name = kind
        self._limitless = limitless
        self._positive = positive

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float | int | str:
        """Return the number, in seconds or bytes; what cannot be read is a usage error."""
        from store.config.values import parse_value

        try:
            found = parse_value(value, self.name)
        except ValueError as error:
            reason = str(error)
            if self._positive:
                reason = reason.replace("of 0 or more", "of 1 or more")
            self.fail(f"{value!r} {reason}", param, ctx)
        if found is None and not self._limitless:
            self.fail(f"{value!r} is refused: it needs a limit", param, ctx)
        if self._positive and found is not None and not found > 0:
            self.fail(f"{value!r} is refused: it must be more than 0", param, ctx)
        number: float | int = found
        return "none" if found is None else number


def _note_timeout(context: click.Context, _: click.Parameter, value: float | None) -> None:
    if value is not None:
        # The proportions are those of the defaults: 30 s of silence, 60 s without progress.
        flags = {"connect_timeout": value, "read_timeout": value, "stall_timeout": 2 * value}
        frame_of(context).flags.update(flags)


def with_patience(function: F) -> F:
    """Give a command the limits of how long a server is waited for, where no file is moved."""
    return given(function, *_asking(), _deadline())


def with_bounds(function: F) -> F:
    """Give a command the limits of a transfer."""
    return given(
        function,
        *_asking(),
        click.option(
            "--max-size",
            metavar="SIZE",
            type=Measure("bytes", positive=True),
            expose_value=False,
            callback=remember("max_size"),
            help="The largest file that is taken (20G, 500M).",
        ),
        _deadline(),
    )


def _asking() -> tuple[Callable[[F], F], ...]:
    return (
        click.option(
            "--retries",
            metavar="N",
            type=Measure("count"),
            expose_value=False,
            callback=remember("retries"),
            help="How often what may pass is tried again.",
        ),
        click.option(
            "--timeout",
            metavar="TIME",
            type=Measure("seconds", positive=True),
            expose_value=False,
            callback=_note_timeout,
            help="How long a server may be silent (30s).",
        ),
    )


def _deadline() -> Callable[[F], F]:
    return click.option(
        "--deadline",
        metavar="TIME",
        type=Measure("seconds", limitless=True, positive=True),
        expose_value=False,
        callback=remember("deadline"),
        help="How long all may take together (1h; none).",
    )


def with_manners(function: F) -> F:
    """Give a command the limits that keep servers and neighbours well."""
    return given(
        function,
        click.option(
            "--per-host",
            metavar="N",
            type=Measure("count", positive=True),
            expose_value=False,
            callback=remember("per_host"),
            help="How many connections one host gets at once.",
        ),
        click.option(
            "--limit-rate",
            metavar="SIZE",
            type=Measure("bytes", limitless=True, positive=True),
            expose_value=False,
            callback=remember("limit_rate"),
            help="The bandwidth of all transfers together, a second (5M; none).",
        ),
    )


def with_cache(function: F) -> F:
    """Give a command the name of the cache backend."""
    return click.option(
        "--cache",
        metavar="NAME",
        expose_value=False,
        callback=remember("cache"),
        shell_complete=completing.backends,
        help="The cache backend: see 'store plugins list'.",
    )(function)


def _note_tiers(context: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
    if not value:
        return
    flags = frame_of(context).flags
    if "shared" in flags:
        raise click.UsageError("give --shared or --no-shared, not both", context)
    refuse_empty(context, parameter, value, "give a directory or an address, or --no-shared")
    none = parameter.name != "shared" or [one.lower() for one in value] == ["none"]
    flags["shared"] = () if none else value


def with_tiers(function: F) -> F:
    """Give a command the shared tiers."""
    return given(
        function,
        click.option(
            "--no-shared",
            is_flag=True,
            expose_value=False,
            callback=_note_tiers,
            help="Ask no shared tier.",
        ),
        click.option(
            "--shared",
            metavar="ADDRESS",
            multiple=True,
            expose_value=False,
            callback=_note_tiers,
            help="A shared tier, asked before the origin: DIR, https://..., s3://...; '|read-only' behind.",
        ),
    )


def with_pins(function: F) -> F:
    """Give a command what decides which content is accepted."""
    return given(
        function,
        click.option(
            "--allow-unverified",
            is_flag=True,
            default=None,
            help="Accept a URL without a digest.",
        ),
        click.option("--refresh", is_flag=True, help="Ask the store anew what it stands for."),
        click.option(
            "--digest",
            "digests",
            metavar="DIGEST",
            multiple=True,
            help="What the content must be: sha256:<hex>; several must all match.",
        ),
    )
