"""Queries and locators for packages."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.backends.pypi_query import (
    PyPIQuery,
    is_pinned,
    project_name,
    read_locator,
    read_query,
    specifier_of,
)
from store.backends.pypi_store import locate
from store.errors import DigestError, LocatorError, QueryError, StoreError, UnsafeNameError
from store.integrity.digest import Digest

SHA256 = "a" * 64


def test_a_query_is_read_whole() -> None:
    """Every key has its place."""
    found = read_query(
        {
            "name": "My_Project.x",
            "version": "1.2",
            "filename": "x.whl",
            "packagetype": "bdist_wheel",
            "python_version": "3.12",
            "platform": ["manylinux_2_17_x86_64.manylinux2014_x86_64", "linux_x86_64"],
            "pre": "true",
            "yanked": True,
            "sha256": SHA256,
        }
    )

    assert found == PyPIQuery(
        name="my-project-x",
        specifier="==1.2",
        filename="x.whl",
        kind="wheel",
        python="3.12",
        platforms=("manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64"),
        pre=True,
        yanked=True,
        digests=(Digest("sha256", SHA256),),
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "needs a 'name'"),
        ({"name": ""}, "'name' must be"),
        ({"name": "-six"}, "no project's name"),
        ({"name": "six "}, "no project's name"),
        ({"name": "s\u0131x"}, "no project's name"),
        ({"name": "six\n"}, "no project's name"),
        ({"name": "requests[socks]"}, "extras"),
        ({"name": "six", "verison": "1"}, "did you mean 'version'"),
        ({"name": "six", "packagetype": "egg"}, "'packagetype' must be one of"),
        ({"name": "six", "python_version": "3"}, "like 3.12"),
        ({"name": "six", "python_version": "cp312"}, "like 3.12"),
        ({"name": "six", "platform": 3}, "'platform' must be"),
        ({"name": "six", "pre": "perhaps"}, "'pre' must be"),
    ],
)
def test_a_poor_query_is_refused(query: dict[str, Any], message: str) -> None:
    """The message names the key and what it should have been."""
    with pytest.raises(QueryError, match=message):
        read_query(query)


def test_unsafe_values_are_refused() -> None:
    """A file name stays a name, and a digest must be one."""
    with pytest.raises(UnsafeNameError):
        read_query({"name": "six", "filename": "../six.whl"})
    with pytest.raises(DigestError):
        read_query({"name": "six", "digest": "md5:" + "a" * 32})


@pytest.mark.parametrize(
    ("version", "specifier"),
    [
        (None, ""),
        ("1.2", "==1.2"),
        (" 1.* ", "==1.*"),
        (">=1,<2", ">=1,<2"),
        ("~=1.4", "~=1.4"),
        ("===1.0-odd", "===1.0-odd"),
        ("(>=1)", ">=1"),
    ],
)
def test_versions_become_clauses(version: str | None, specifier: str) -> None:
    """A bare version is an exact one."""
    assert specifier_of(version) == specifier


@pytest.mark.parametrize(
    ("specifier", "pinned"),
    [
        ("==1.2", True),
        ("===1.2", True),
        (">=1,==1.2", True),
        ("==1.*", False),
        (">=1", False),
        ("", False),
    ],
)
def test_a_pin_is_told_from_a_range(specifier: str, pinned: Any) -> None:
    """Only a pin holds for good."""
    assert is_pinned(specifier) is pinned


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("six", {"name": "six"}),
        (" six ", {"name": "six"}),
        ("six==1.17.0", {"name": "six", "version": "==1.17.0"}),
        ("six >= 1, < 2", {"name": "six", "version": ">= 1, < 2"}),
        ("six (>=1)", {"name": "six", "version": "(>=1)"}),
        ("six===1", {"name": "six", "version": "===1"}),
        ("zope.interface~=5.0", {"name": "zope.interface", "version": "~=5.0"}),
        ("a-b_c!=1", {"name": "a-b_c", "version": "!=1"}),
        (
            "six==1.17.0?packagetype=sdist&python_version=3.12",
            {
                "name": "six",
                "version": "==1.17.0",
                "packagetype": "sdist",
                "python_version": "3.12",
            },
        ),
        ("torch?version=2.1%2Bcpu", {"name": "torch", "version": "2.1+cpu"}),
        ("torch==2.1+cpu", {"name": "torch", "version": "==2.1+cpu"}),
        (
            "x?platform=linux_x86_64&platform=any",
            {"name": "x", "platform": ["linux_x86_64", "any"]},
        ),
        ("six?", {"name": "six"}),
    ],
)
def test_locators_are_read(text: str, query: dict[str, Any]) -> None:
    """One line says what a query says."""
    assert locate(text) == query


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no project's name"),
        ("==1.0", "no project's name"),
        ("six[extra]==1", "extras"),
        ("six; python_version<'3'", "markers"),
        ("six @ https://user:hunter2@host/x.whl", "addresses"),
        ("six#sha256=abc", "fragments"),
        ("six 1.0", "no project's name"),
        ("-six", "no project's name"),
        ("six?packagetype", "no key=value"),
        ("six?name=seven", "no key=value"),
        ("six?version=", "no key=value"),
        ("six?pre=true&pre=false", "'pre' is given twice"),
        ("six==1?version=2", "version is given twice"),
        ("six?packagtype=sdist", "did you mean 'packagetype'"),
        ("six/../x", "no project's name"),
    ],
)
def test_malformed_locators_are_refused(text: str, message: str) -> None:
    """The message shows the locator, and never a password in it."""
    with pytest.raises(LocatorError, match=message) as caught:
        locate(text)

    assert caught.value.exit_status == 2
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No locator is answered with a foreign error."""
    try:
        found = read_locator(text)
    except LocatorError:
        return

    assert project_name(found["name"])


@given(st.dictionaries(st.sampled_from(["name", "version", "pre", "platform", "x"]), st.text()))
def test_any_query_is_read_or_refused(query: dict[str, str]) -> None:
    """No query is answered with a foreign error."""
    try:
        found = read_query(query)
    except StoreError:
        return

    assert found.name == project_name(query["name"])


def test_reading_a_locator_loads_nothing_heavy() -> None:
    """The warm path asks for a locator, the age of an answer and its context, and for no more."""
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from store.backends.pypi_store import PyPIStore, locate\n"
        "query = locate('six==1.17.0?packagetype=sdist')\n"
        "store = PyPIStore(None, None)\n"
        "store.resolution_max_age(query), store.resolution_context()\n"
        "heavy = {'pypi_simple', 'packaging', 'requests', 'configparser', 'sysconfig', 'ssl'}\n"
        "print(sorted(heavy & sys.modules.keys() - before))\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_a_version_of_ten_thousand_digits_is_refused() -> None:
    """Python would not read it as a number; the query is told to be wrong, not the driver."""
    with pytest.raises(QueryError, match="characters"):
        read_query({"name": "demo", "version": "1" * 10_000})
