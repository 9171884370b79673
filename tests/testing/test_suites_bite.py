"""The suites find out what is broken on purpose, each fault in the test that names it."""

from __future__ import annotations

import importlib.util
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SUITES = (
    "broken_stores",
    "broken_caches",
    "broken_transports",
    "broken_storages",
    "broken_archives",
    "broken_registries",
    "broken_tiers",
)

THOROUGH = bool(os.environ.get("STORE_TEST_THOROUGH"))
"""Whether every broken class runs against every test of its suite (``tox -e thorough``).

That shows further that a fault is found only where it is named, and takes minutes. Else each class runs the
tests that it breaks, and the honest one all that is cheap.
"""


class Chosen:
    """Leaves of the collected tests those that are to show something."""

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the tests that a class breaks, and those of a class that is honest."""
        kept = [one for one in items if _is_chosen(one)]
        config.hook.pytest_deselected(items=[one for one in items if not _is_chosen(one)])
        items[:] = kept


@pytest.mark.parametrize("name", SUITES)
def test_every_fault_is_found_by_its_test(name: str, pytester: pytest.Pytester) -> None:
    """A broken class fails in the tests it says, and, unless one fault brings others, only there."""
    classes = _classes(name)

    failed = _failed(name, pytester)

    found = {
        one: sorted(failed[one] & _named(kind) if kind.cascades else failed[one])
        for one, kind in classes.items()
    }
    assert found == {one: sorted(_named(kind)) for one, kind in classes.items()}


@pytest.mark.parametrize("name", SUITES)
def test_every_test_finds_a_fault(name: str) -> None:
    """No test of a suite is without a broken class that shows what it is good for."""
    classes = _classes(name)
    tests = {test for kind in classes.values() for test in kind._suite_tests}

    named = {test for kind in classes.values() for test in _named(kind)}

    assert tests - named == set()


def _is_chosen(item: pytest.Item) -> bool:
    kind: Any = getattr(item, "cls", None)
    return not kind.breaks or not {item.name, item.name.partition("[")[0]}.isdisjoint(kind.breaks)


def _named(kind: Any) -> set[str]:
    """Return the tests that a class breaks; of one with parameters it may name the one that matters."""
    return {test.partition("[")[0] for test in kind.breaks}


def _failed(name: str, pytester: pytest.Pytester) -> dict[str, set[str]]:
    """Run the broken classes in a pytest of their own; return the failed tests of each."""
    recorder = pytester.inline_run(
        str(HERE / f"{name}.py"),
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-qq",
        "--tb=no",
        plugins=[] if THOROUGH else [Chosen()],
    )
    failed: dict[str, set[str]] = defaultdict(set)
    for report in recorder.listoutcomes()[2]:
        _, kind, test = report.nodeid.split("::", 2)
        failed[kind].add(test.partition("[")[0])
    return failed


def _classes(name: str) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(f"{name}_read", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {one: kind for one, kind in vars(module).items() if one.startswith("Test")}
