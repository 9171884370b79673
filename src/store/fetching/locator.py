"""Reads a locator: the one-line spelling of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Locator:
    """Which driver is asked, and for what.

    Attributes:
        driver: The name of the driver.
        query: The query for the driver.
        text: What a person would recognise it by, without secrets.
    """

    driver: str
    query: Mapping[str, Any] = attrs.field(repr=False)
    text: str


def parse_locator(text: str) -> Locator:
    """Read a locator.

    ``http(s)://…`` is asked of ``http``; ``file:…``, a path or anything without a colon of ``file``;
    ``driver:rest`` of that driver: by the driver's own ``store_locators`` function, else as
    ``key=value&key=value``. ``#sha256=<hex>`` (or ``#sha256:<hex>``, or SRI; several joined by ``&``)
    pins digests.

    Raises:
        LocatorError: It cannot be read.
        UnknownNameError: There is no driver of that name.
    """
    raise NotImplementedError
