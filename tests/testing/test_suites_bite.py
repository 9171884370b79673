"""The suites find out what is broken on purpose, each fault in the test that names it."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SUITES = (
    "broken_stores",
    "broken_caches",
    "broken_transports",
    "broken_tiers",
    "broken_archives",
)
PARTLY = ("broken_registries",)
"""Faults of a suite whose tests are too many to have one each."""


@pytest.mark.parametrize("name", SUITES + PARTLY)
def test_every_fault_is_found_by_its_test(name: str, pytester: pytest.Pytester) -> None:
    """A broken class fails in the tests it says, and, unless one fault brings others, only there."""
    classes = _classes(name)

    failed = _failed(name, pytester)

    found = {
        one: sorted(failed[one] & set(kind.breaks) if kind.cascades else failed[one])
        for one, kind in classes.items()
    }
    assert found == {one: sorted(kind.breaks) for one, kind in classes.items()}


@pytest.mark.parametrize("name", SUITES)
def test_every_test_finds_a_fault(name: str) -> None:
    """No test of a suite is without a broken class that shows what it is good for."""
    classes = _classes(name)
    tests = {test for kind in classes.values() for test in kind._suite_tests}

    named = {test for kind in classes.values() for test in kind.breaks}

    assert tests - named == set()


def _failed(name: str, pytester: pytest.Pytester) -> dict[str, set[str]]:
    """Run the broken classes in a pytest of their own; return the failed tests of each."""
    recorder = pytester.inline_run(
        str(HERE / f"{name}.py"),
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-qq",
        "--tb=no",
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
