"""Versions are those of Semantic Versioning, and expressions choose among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import QueryError
from store.releases.versions import Expressions, Version, choice_from

ORDERED = (
    *("0.0.2", "0.4.2", "0.4.9"),
    *(
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
    ),
    *("1.0.0-rc.1", "1.0.0", "1.2.0", "1.2.3", "1.4.2", "1.5.0"),
    *("2.0.0-rc.1", "2.0.0", "10.0.0"),
)
"""Versions from the oldest to the newest; those of 1.0.0 are of semver.org, section 11."""

NUMBERS = st.integers(0, 3)
VERSIONS = st.builds(
    Version,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.lists(st.sampled_from(["a", "1", "rc", "11"]), max_size=2).map(tuple),
    st.just(""),
)
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~=", "~", "^"])


def test_versions_are_ordered_as_semver_has_it() -> None:
    """Pre-releases come before their release, and numbers are numbers."""
    versions = [Version.parse(one) for one in ORDERED]

    assert sorted(set(versions)) == versions
    assert tuple(map(str, versions)) == ORDERED


@pytest.mark.parametrize(
    "text",
    ["1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "", None, 1.0, "1.2.3\n"],
)
def test_other_versions_are_refused(text: object) -> None:
    """What is no version of Semantic Versioning is said to be none."""
    with pytest.raises(QueryError, match="is no version"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("expressions", "admitted"),
    [
        (None, "0.0.2 0.4.2 0.4.9 1.0.0 1.2.0 1.2.3 1.4.2 1.5.0 2.0.0 10.0.0"),
        ("*", "0.0.2 0.4.2 0.4.9 1.0.0 1.2.0 1.2.3 1.4.2 1.5.0 2.0.0 10.0.0"),
        (">=1,<2", "1.0.0 1.2.0 1.2.3 1.4.2 1.5.0"),
        (" >= 1.0 , < 2 ", "1.0.0 1.2.0 1.2.3 1.4.2 1.5.0"),
        (">=1 <1.4", "1.0.0 1.2.0 1.2.3"),
        ([">=0.4.9", "<=1.2.0"], "0.4.9 1.0.0 1.2.0"),
        ("1.2", "1.2.0 1.2.3"),
        ("1.2.*", "1.2.0 1.2.3"),
        ("1.x", "1.0.0 1.2.0 1.2.3 1.4.2 1.5.0"),
        ("==1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("=1.2.3", "1.2.3"),
        ("!=1.2.0,>=1,<1.5", "1.0.0 1.2.3 1.4.2"),
        ("~=1.4", "1.4.2 1.5.0"),
        ("~=1.4.0", "1.4.2"),
        ("~1.2", "1.2.0 1.2.3"),
        ("~1", "1.0.0 1.2.0 1.2.3 1.4.2 1.5.0"),
        ("^1.2", "1.2.0 1.2.3 1.4.2 1.5.0"),
        ("^0.4.2", "0.4.2 0.4.9"),
        ("^0.0.2", "0.0.2"),
        (">1.2", "1.4.2 1.5.0 2.0.0 10.0.0"),
        ("<=1.2", "0.0.2 0.4.2 0.4.9 1.0.0 1.2.0 1.2.3"),
        ("<1.0.0", "0.0.2 0.4.2 0.4.9"),
        ("==1.0.0-rc.1", "1.0.0-rc.1"),
        ("!=1.0.0-rc.1,>=1,<1.2", "1.0.0"),
        ("!=1.0.0-rc.1,>=1.0.0-beta.11,<1.2", "1.0.0-beta.11 1.0.0"),
        ("", "0.0.2 0.4.2 0.4.9 1.0.0 1.2.0 1.2.3 1.4.2 1.5.0 2.0.0 10.0.0"),
        (">=1.0.0-beta.2,<1.2", "1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0"),
    ],
)
def test_expressions_choose(expressions: Expressions, admitted: str) -> None:
    """Each clause means what the table in the module's docstring says."""
    choice = choice_from(expressions)

    assert [one for one in ORDERED if choice.admits(Version.parse(one))] == admitted.split()


@pytest.mark.parametrize(
    "text",
    ["abc", ">", "^", ">=1.2.3.4", "~=1", "1.*.2", ">>1", "1.2-rc", "1;2", "<*", 7, ["", 1], ","],
)
def test_what_cannot_be_read_is_said(text: Expressions) -> None:
    """A malformed expression is never taken for something."""
    with pytest.raises(QueryError, match="version expression"):
        choice_from(text)


BUILDS = ("1.2.0", "1.2.0+build.5", "1.2.0+build.6", "1.2.0+build.10", "1.2.1+build.5")


@pytest.mark.parametrize(
    ("expression", "admitted"),
    [
        ("1.2.0+build.5", "1.2.0+build.5"),
        ("==1.2.0+build.5", "1.2.0+build.5"),
        ("1.2.0+build.7", ""),
        ("1.2.0", "1.2.0 1.2.0+build.5 1.2.0+build.6 1.2.0+build.10"),
        ("!=1.2.0+build.5", "1.2.0 1.2.0+build.6 1.2.0+build.10 1.2.1+build.5"),
        ("!=1.2.0", "1.2.1+build.5"),
    ],
)
def test_a_build_that_is_named_is_meant_alone(expression: str, admitted: str) -> None:
    """Where none is named, every build of the version will do."""
    choice = choice_from(expression)

    assert [one for one in BUILDS if choice.admits(Version.parse(one))] == admitted.split()


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "~=", "~", "^", ">=1, <"])
def test_a_bound_names_no_build(operator: str) -> None:
    """Builds have no precedence: what is meant is not guessed."""
    with pytest.raises(QueryError, match=r"build metadata .*'==1\.0\.0\+b\.2'"):
        choice_from(f"{operator}1.0.0+b.2")


def test_how_large_a_number_may_be_is_said() -> None:
    """A longer one is no version; so the limit is told."""
    with pytest.raises(QueryError, match="18 digits"):
        choice_from(">=99999999999999999999.0.0")


def test_builds_are_ordered_as_pre_releases_are() -> None:
    """The tenth comes behind the ninth, and two that differ only in zeros are two."""
    builds = ["1.0.0", "1.0.0+1", "1.0.0+01", "1.0.0+9", "1.0.0+10", "1.0.0+a"]
    found = sorted(map(Version.parse, reversed(builds)))

    assert [str(one) for one in found] == [builds[0], builds[2], builds[1], *builds[3:]]


def test_what_is_missing_in_an_expression_is_said() -> None:
    """Of ``~=1`` one is told what it wants, and what is likely meant."""
    with pytest.raises(QueryError, match=r"two numbers at least: '\^1'"):
        choice_from("~=1")


@given(OPERATORS, VERSIONS, VERSIONS)
def test_spaces_and_lists_change_nothing(operator: str, bound: Version, version: Version) -> None:
    """One text, a list, and spaces between are the same expression."""
    spelled = [
        choice_from(f"{operator}{bound},>=0"),
        choice_from([f"{operator} {bound}", ">= 0"]),
        choice_from(f" {operator}  {bound} , >=0 "),
        choice_from(str(choice_from(f"{operator}{bound},>=0"))),
    ]

    assert len({one.admits(version) for one in spelled}) == 1


@given(VERSIONS, VERSIONS)
def test_comparisons_agree_with_the_order(bound: Version, version: Version) -> None:
    """Of releases proper, exactly one of ``<``, ``==`` and ``>`` admits each."""
    bound, version = bound._replace(pre=()), version._replace(pre=())

    admitted = [choice_from(f"{one}{bound}").admits(version) for one in ("<", "==", ">")]

    assert admitted == [version < bound, version == bound, version > bound]


@given(VERSIONS, VERSIONS)
def test_a_pre_release_must_be_asked_for(bound: Version, version: Version) -> None:
    """A range admits a pre-release only where it names one of the same three numbers."""
    choice = choice_from(f">={bound}")

    if version.pre and choice.admits(version):
        assert bound.pre
        assert bound.numbers == version.numbers
