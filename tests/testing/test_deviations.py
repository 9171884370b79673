"""A suite's tests are inherited as they are; a departure has a name and a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.caches import CacheSuite
from store.testing.deviations import Suite
from store.testing.stores import StoreSuite
from store.testing.transports import TransportSuite

WHOLE_SUITE = """
    import pytest
    from store.testing.deviations import Suite

    class Sums(Suite, suite=True):
        one = 1

        def test_one_is_one(self):
            assert self.one == 1

        @pytest.mark.parametrize("times", [1, 2])
        def test_multiples(self, times):
            assert self.one * times == times
"""


class Counting(Suite, suite=True):
    """A suite of two tests."""

    def test_first(self) -> None:
        """Hold."""

    def test_second(self) -> None:
        """Hold."""


def test_redefined_test_is_refused() -> None:
    """A test that a subclass could silence would prove nothing."""
    with pytest.raises(TypeError, match="TestMine redefines test_first"):
        type("TestMine", (Counting,), {"test_first": lambda self: None})


def test_removed_test_is_refused() -> None:
    """Setting a test to None is silencing it too."""
    with pytest.raises(TypeError, match="redefines test_second"):
        type("TestMine", (Counting,), {"test_second": None})


def test_test_hidden_by_another_base_is_refused() -> None:
    """A class that stands before the suite cannot hide its tests."""

    class Silent:
        def test_first(self) -> None:
            """Hold nothing."""

    with pytest.raises(TypeError, match="redefines test_first"):
        type("TestMine", (Silent, Counting), {})


def test_subclass_of_a_subclass_is_held_too() -> None:
    """Redefinition is refused at any depth, and in a suite built on another."""

    class TestMine(Counting):
        """Use the suite."""

    class Larger(Counting, suite=True):
        """Bring one test more."""

        def test_third(self) -> None:
            """Hold."""

    for base, name in ((TestMine, "test_first"), (Larger, "test_first"), (Larger, "test_third")):
        with pytest.raises(TypeError, match=f"redefines {name}"):
            type("TestTheirs", (base,), {name: lambda self: None})


def test_suite_built_on_another_may_not_redefine() -> None:
    """A larger suite keeps the tests of the smaller one."""
    with pytest.raises(TypeError, match="redefines test_first"):
        type("Larger", (Counting,), {"test_first": lambda self: None}, suite=True)


def test_further_tests_are_welcome() -> None:
    """A subclass may add tests under names of its own."""

    class TestMine(Counting):
        def test_mine(self) -> None:
            """Hold."""

    assert TestMine.test_first is Counting.test_first


def test_deviation_of_unknown_name_is_refused() -> None:
    """A deviation that no test answers to would excuse nothing, or a misspelling."""
    with pytest.raises(TypeError, match="deviates from 'test_frist', but its suite has no test"):
        type("TestMine", (Counting,), {"deviations": {"test_frist": "a reason"}})


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_deviation_without_reason_is_refused(reason: str | None) -> None:
    """Who departs says why."""
    with pytest.raises(TypeError, match="deviates from 'test_first' without a reason"):
        type("TestMine", (Counting,), {"deviations": {"test_first": reason}})


def test_suites_alone_are_not_collected(pytester: pytest.Pytester) -> None:
    """A suite that is imported into a test file is no test there."""
    pytester.makepyfile(WHOLE_SUITE)

    result = pytester.inline_run("-p", "no:cacheprovider")

    result.assertoutcome()


def test_deviation_is_expected_to_fail(pytester: pytest.Pytester) -> None:
    """A named test fails as expected, and the others count as ever."""
    pytester.makepyfile(
        WHOLE_SUITE
        + """
    class TestMine(Sums):
        one = 3
        deviations = {"test_one_is_one": "one is three here", "test_multiples": "so are these"}
    """
    )

    result = pytester.inline_run("-p", "no:cacheprovider")

    result.assertoutcome(skipped=3)  # an expected failure is told as skipped


def test_deviation_may_name_one_parameter(pytester: pytest.Pytester) -> None:
    """One case of a parametrized test may be excused alone."""
    pytester.makepyfile(
        WHOLE_SUITE
        + """
    class One(int):
        def __mul__(self, other):
            return 0 if other == 2 else int(self) * other

    class TestMine(Sums):
        one = One(1)
        deviations = {"test_multiples[2]": "this one cannot be doubled"}
    """
    )

    result = pytester.inline_run("-p", "no:cacheprovider")

    result.assertoutcome(passed=2, skipped=1)


def test_deviation_that_passes_is_a_failure(pytester: pytest.Pytester) -> None:
    """Once the departure is mended its entry must go."""
    pytester.makepyfile(
        WHOLE_SUITE
        + """
    class TestMine(Sums):
        deviations = {"test_one_is_one": "one is three here"}
    """
    )

    result = pytester.inline_run("-p", "no:cacheprovider")

    result.assertoutcome(passed=2, failed=1)


def test_deviation_does_not_excuse_the_setting_up(pytester: pytest.Pytester) -> None:
    """What breaks before the test itself runs is an error."""
    pytester.makepyfile(
        WHOLE_SUITE
        + """
    class TestMine(Sums):
        deviations = {"test_one_is_one": "one is three here"}

        @pytest.fixture(autouse=True)
        def late(self, _expected_to_fail):
            raise RuntimeError("the server did not start")
    """
    )

    result = pytester.inline_run("-p", "no:cacheprovider")

    result.assertoutcome(failed=3)


class SilentStore(StoreSuite):
    """A store's test that tells nothing."""

    __test__ = False


class SilentCache(CacheSuite):
    """A cache's test that tells nothing."""

    __test__ = False


class SilentTransport(TransportSuite):
    """A transport's test that tells nothing."""

    __test__ = False


@pytest.mark.parametrize(
    ("suite", "ask", "lacking"),
    [
        (SilentStore, lambda suite: suite.publish(Path()), "SilentStore lacks publish(self, "),
        (SilentStore, lambda suite: suite.missing(Path()), "SilentStore lacks missing(self, "),
        (SilentStore, lambda suite: suite.open_store({}, None), "SilentStore lacks driver = "),
        (SilentCache, lambda suite: suite.make(Path()), "SilentCache lacks make(self, directory)"),
        (SilentTransport, lambda suite: suite.make(), "SilentTransport lacks make(self)"),
        (SilentTransport, lambda suite: suite.missing(Path()), "lacks missing(self, origin)"),
        (
            SilentTransport,
            lambda suite: suite.publish(Path(), "name", b""),
            "lacks publish(self, origin, name, content)",
        ),
    ],
)
def test_what_a_suite_must_be_told_is_named(
    suite: type[Any], ask: Callable[[Any], object], lacking: str
) -> None:
    """Who forgets something reads what it is, not what became of its absence."""
    with pytest.raises(NotImplementedError) as raised:
        ask(suite())

    assert lacking in str(raised.value)
