"""Draws how far the blobs of a release have come."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from store.releases.transfer import Standing

_NAMES = 2
"""How many files on their way are named."""


@contextlib.contextmanager
def bar_of(
    title: str, total: int, *, names: bool = True, shown: bool = True
) -> Iterator[Callable[[Standing], None] | None]:
    """Draw a bar on stderr while the block runs.

    Args:
        title: What is written before it.
        total: The bytes that are expected.
        names: Name files that are on their way.
        shown: Whether it is drawn at all.

    Yields:
        What is to be told how far it has come; None where nothing is drawn.
    """
    if not shown:
        yield None
        return
    from store.transports.bars import bar_class

    bar = bar_class()(total=total, desc=title, unit="B", unit_scale=True, unit_divisor=1024)

    def show(standing: Standing) -> None:
        if names:
            bar.set_postfix_str(", ".join(standing.running[:_NAMES]), refresh=False)
        bar.update(standing.received - bar.n)

    try:
        yield show
    finally:
        bar.set_postfix_str("", refresh=False)
        bar.close()
