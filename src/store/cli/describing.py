"""Turns results and errors into plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.fetching.results import Result


def as_data(value: Any) -> Any:  # noqa: ANN401 - from anything to what JSON can hold
    """Return plain data: records as objects by their fields, all else as text without secrets."""
    from store.addresses import without_secrets

    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): as_data(one) for name, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: as_data(one) for name, one in value._asdict().items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_data(one) for one in value]
    if hasattr(type(value), "__attrs_attrs__"):
        import attrs

        return {name: as_data(one) for name, one in attrs.asdict(value, recurse=False).items()}
    return without_secrets(str(value))


def result_data(result: Result) -> dict[str, Any]:
    """Return a result for JSON, each of its attempts as an object."""
    attempts = [as_data(one) for one in result.attempts]
    return {**result._asdict(), "attempts": attempts}
