"""A version is named without build metadata, and both exist."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.releases.admitting import meant
from store.releases.versions import Version, choice_from

THERE = st.sets(st.sampled_from(["1.0.0", "1.0.0+z", "1.0.0+b.2", "1.0.1", "1.0.1+z"]))


@given(texts=THERE)
def test_a_version_that_exists_as_such_is_meant_alone(texts: set[str]) -> None:
    """Builds of it are meant where it does not; a range means what it admits, whatever the build."""
    there = sorted(map(Version.parse, texts))

    named = [str(one) for one in meant(choice_from("==1.0.0"), there)]
    ranged = [str(one) for one in meant(choice_from("~=1.0.0"), there)]

    builds = [str(one) for one in there if one.numbers == (1, 0, 0)]
    assert named == (["1.0.0"] if "1.0.0" in texts else builds)
    assert ranged == [str(one) for one in there]
