"""Draws how far the blobs of a release have come."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from store.releases.transfer import Standing

_NAMES = 2
"""How many files on their way are named."""


class Bar:
    """Is told how far the blobs have come, and draws it.

    Args:
        bar: A bar of tqdm's.
        names: Whether files that are on their way are named.
    """

    def __init__(self, bar: Any, *, names: bool) -> None:  # noqa: ANN401 - a tqdm
        self._bar = bar
        self._names = names

    def __call__(self, standing: Standing) -> None:
        """Draw where they stand."""
        if self._names:
            self._bar.set_postfix_str(", ".join(standing.running[:_NAMES]), refresh=False)
        self._bar.update(standing.received - self._bar.n)

    def expect(self, total: int) -> None:
        """Take note of how many bytes there will be."""
        self._bar.total = total


@contextlib.contextmanager
def bar_of(
    title: str, total: int, *, names: bool = True, shown: bool = True
) -> Iterator[Bar | None]:
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

    try:
        yield Bar(bar, names=names)
    finally:
        bar.set_postfix_str("", refresh=False)
        bar.close()
