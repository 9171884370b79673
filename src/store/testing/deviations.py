"""What a suite is, and how one departs from it: by name, with a reason.

A suite's test is inherited, never redefined: a subclass that could silence a test would prove nothing. Who
must depart from one says so where everybody reads it::

    class TestOldStore(StoreSuite):
        driver = "old-store"
        deviations = {"test_missing_resource_is_not_found": "answers None, as its callers expect"}

The test is then expected to fail, strictly: once it passes, the entry must go.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest


class Suite:
    """The base of all suites: keeps their tests as they are and applies deviations.

    A class made with ``suite=True`` brings tests that its subclasses inherit; every other subclass is a
    user of them.
    """

    deviations: ClassVar[Mapping[str, str]] = {}
    """The tests that are expected to fail, by name (or ``name[parameter]``), each with its reason."""

    def __init_subclass__(cls, *, suite: bool = False, **arguments: Any) -> None:  # noqa: ANN401 - a base's
        """Refuse redefined tests and deviations that mean nothing.

        Raises:
            TypeError: A test of a suite is redefined, or a deviation names no test or gives no reason.
        """
        super().__init_subclass__(**arguments)
        if suite:
            cls._suite_tests = {**_inherited(cls), **_own_tests(cls)}
        for name, test in _inherited(cls).items():
            if inspect.getattr_static(cls, name) is not test:
                raise TypeError(
                    f"{cls.__name__} redefines {name}, which its suite brings: give the test a name of its"
                    " own, or say in 'deviations' why this one does not hold"
                )
        for name, reason in cls.deviations.items():
            _check_deviation(cls, name, reason)

    _suite_tests: ClassVar[Mapping[str, object]] = {}

    @pytest.fixture(autouse=True)
    def _expected_to_fail(self, request: pytest.FixtureRequest) -> None:
        """Mark a deviation; what fails before the test itself runs is no deviation."""
        name = request.node.name
        reason = self.deviations.get(name) or self.deviations.get(name.partition("[")[0])
        if reason is not None:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


def untold(test: Suite, what: str) -> NotImplementedError:
    """Return the error of a test that leaves out what its suite must be told.

    Args:
        test: The user's test.
        what: What is missing, as it is written in the class.
    """
    return NotImplementedError(
        f"{type(test).__name__} lacks {what}: its suite's docstring says what it must be told"
    )


def _inherited(cls: type[Suite]) -> dict[str, object]:
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        found.update(base.__dict__.get("_suite_tests", {}))
    return found


def _own_tests(cls: type[Suite]) -> dict[str, object]:
    inherited = _inherited(cls)
    return {
        name: value
        for name, value in cls.__dict__.items()
        if name.startswith("test_") and name not in inherited
    }


def _check_deviation(cls: type[Suite], name: str, reason: object) -> None:
    if name.partition("[")[0] not in cls._suite_tests:
        raise TypeError(
            f"{cls.__name__} deviates from {name!r}, but its suite has no test of that name"
        )
    if not isinstance(reason, str) or not reason.strip():
        raise TypeError(
            f"{cls.__name__} deviates from {name!r} without a reason: say why in a sentence"
        )
