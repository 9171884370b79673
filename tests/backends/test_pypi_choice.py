"""Which of a project's files is chosen."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from store.backends.pypi_choice import Candidate, choose
from store.backends.pypi_query import read_query
from store.errors import IntegrityError, QueryError, ResourceNotFoundError
from store.integrity.digest import Digest

LINUX = {"python_version": "3.12", "platform": "manylinux_2_28_x86_64"}
"""A target that does not depend on the machine that runs the tests."""


def offered(filename: str, **more: Any) -> Candidate:
    """Return a file of the project ``demo``, its version and kind taken from its name."""
    name = filename.removesuffix(".tar.gz").removesuffix(".zip")
    kind = {"whl": "wheel", "egg": "egg"}.get(filename.rpartition(".")[2], "sdist")
    fields = {"version": name.split("-")[1], "kind": kind, **more}
    return Candidate(filename=filename, url=f"https://files/{filename}", **fields)


def chosen(candidates: list[Candidate], **query: Any) -> str:
    """Return the name of the file that a query for ``demo`` is answered with."""
    return choose(read_query({"name": "demo", **query}), candidates, "https://index").filename


def test_the_newest_version_wins() -> None:
    """Versions are compared as versions, not as texts."""
    files = [offered(f"demo-{one}-py3-none-any.whl") for one in ("1.9", "1.10", "1.2")]

    assert chosen(files) == "demo-1.10-py3-none-any.whl"


@pytest.mark.parametrize(
    ("version", "filename"),
    [
        ("1.9", "demo-1.9-py3-none-any.whl"),
        ("<1.10", "demo-1.9-py3-none-any.whl"),
        ("==1.*", "demo-1.10-py3-none-any.whl"),
        ("1.9.0", "demo-1.9-py3-none-any.whl"),
        ("===1.9", "demo-1.9-py3-none-any.whl"),
    ],
)
def test_clauses_are_kept(version: str, filename: str) -> None:
    """A version, a range, a wildcard and an arbitrary equality each choose."""
    files = [offered(f"demo-{one}-py3-none-any.whl") for one in ("1.9", "1.10", "2.0")]

    assert chosen(files, version=version) == filename


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ({}, "1.0"),
        ({"pre": True}, "2.0rc1"),
        ({"pre": False}, "1.0"),
        ({"version": ">=2.0a1"}, "2.0rc1"),
        ({"version": ">1.5"}, "2.0rc1"),
        ({"version": "==2.0rc1"}, "2.0rc1"),
    ],
)
def test_pre_releases_wait_to_be_asked_for(query: dict[str, Any], version: str) -> None:
    """One is taken where it is asked for, or where there is nothing else (PEP 440)."""
    files = [offered(f"demo-{one}-py3-none-any.whl") for one in ("1.0", "2.0rc1")]

    assert chosen(files, **query) == f"demo-{version}-py3-none-any.whl"


def test_no_pre_release_is_taken_where_that_is_said() -> None:
    """False is stricter than nothing said."""
    with pytest.raises(ResourceNotFoundError):
        chosen([offered("demo-2.0rc1-py3-none-any.whl")], pre=False)


def test_the_best_tag_wins() -> None:
    """The closest wheel is taken: this Python and platform before any."""
    files = [
        offered("demo-1.0.tar.gz"),
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"),
        offered("demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
        offered("demo-1.0-cp312-cp312-manylinux_2_34_x86_64.whl"),
        offered("demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
        offered("demo-1.0-cp312-cp312-win_amd64.whl"),
    ]

    assert chosen(files, **LINUX) == "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"


def test_the_highest_build_wins() -> None:
    """Of two wheels with one tag the later build is taken."""
    files = [
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-1.0-10-py3-none-any.whl"),
        offered("demo-1.0-9-py3-none-any.whl"),
    ]

    assert chosen(files) == "demo-1.0-10-py3-none-any.whl"


def test_the_source_is_taken_where_no_wheel_fits() -> None:
    """A newer source distribution is better than an older wheel, a gzipped tar than a zip."""
    files = [
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-2.0-cp27-cp27m-win32.whl"),
        offered("demo-2.0.zip"),
        offered("demo-2.0.tar.gz"),
    ]

    assert chosen(files) == "demo-2.0.tar.gz"


def test_a_version_without_a_fitting_file_is_passed_over() -> None:
    """The next one down is taken."""
    files = [offered("demo-2.0-cp27-cp27m-win32.whl"), offered("demo-1.0-py3-none-any.whl")]

    assert chosen(files) == "demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("kind", "filename"),
    [
        ("sdist", "demo-1.0.tar.gz"),
        ("wheel", "demo-1.0-py3-none-any.whl"),
        ("bdist_wheel", "demo-1.0-py3-none-any.whl"),
    ],
)
def test_the_kind_is_kept(kind: str, filename: str) -> None:
    """Who asks for sources gets no wheel."""
    files = [
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-1.0.tar.gz"),
        offered("demo-1.0-py3.egg"),
    ]

    assert chosen(files, packagetype=kind) == filename


@pytest.mark.parametrize(
    ("platform", "tag"),
    [
        ("manylinux2014_x86_64", "manylinux1_x86_64"),
        ("manylinux2014_x86_64", "manylinux_2_5_x86_64"),
        ("manylinux_2_17_aarch64", "manylinux2014_aarch64"),
        ("macosx_14_0_arm64", "macosx_11_0_universal2"),
        ("linux_x86_64", "linux_x86_64"),
        ("win_amd64", "win_amd64"),
        ("musllinux_1_2_x86_64", "musllinux_1_2_x86_64"),
    ],
)
def test_a_platform_brings_the_older_ones_along(platform: str, tag: str) -> None:
    """What was built for an older system runs on the newer."""
    files = [offered(f"demo-1.0-cp312-cp312-{tag}.whl")]

    assert chosen(files, python_version="3.12", platform=platform) == files[0].filename


@pytest.mark.parametrize(
    ("platform", "tag"),
    [
        ("manylinux2014_x86_64", "manylinux_2_28_x86_64"),
        ("manylinux_2_17_aarch64", "manylinux_2_17_x86_64"),
        ("linux_x86_64", "manylinux2014_x86_64"),
    ],
)
def test_a_newer_or_other_platform_does_not_fit(platform: str, tag: str) -> None:
    """No file is given that would not run."""
    with pytest.raises(ResourceNotFoundError, match=r"does not fit Python 3\.12 on"):
        chosen(
            [offered(f"demo-1.0-cp312-cp312-{tag}.whl")], python_version="3.12", platform=platform
        )


@pytest.mark.parametrize("platform", ["manylinux_2_x86_64", "macosx_x_y_arm64", "manylinux_2_17"])
def test_a_malformed_platform_is_refused(platform: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(QueryError, match="manylinux_2_17_x86_64"):
        chosen([], platform=platform)


def test_this_interpreter_is_meant_where_nothing_is_said() -> None:
    """The wheel of the running Python wins over the one for all."""
    own = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    files = [offered("demo-1.0-py3-none-any.whl"), offered(f"demo-1.0-{own}-none-any.whl")]

    assert chosen(files) == files[1].filename


def test_requires_python_is_respected() -> None:
    """What says that it needs a newer Python is passed over, what says nothing sensible is not."""
    files = [
        offered("demo-3.0-py3-none-any.whl", requires_python=">=3.13"),
        offered("demo-2.0-py3-none-any.whl", requires_python="not a clause"),
        offered("demo-1.0-py3-none-any.whl", requires_python=">=3.8"),
    ]

    assert chosen(files, python_version="3.12") == "demo-2.0-py3-none-any.whl"
    assert chosen(files, python_version="3.13.1") == "demo-3.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ({}, "1.0"),
        ({"version": ">=1"}, "1.0"),
        ({"version": "==2.0"}, "2.0"),
        ({"version": "===2.0"}, "2.0"),
        ({"yanked": True}, "2.0"),
        ({"filename": "demo-2.0-py3-none-any.whl"}, "2.0"),
    ],
)
def test_yanked_files_are_for_those_who_pin_them(query: dict[str, Any], version: str) -> None:
    """PEP 592: an exact pin still works, a range passes them over."""
    files = [
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-2.0-py3-none-any.whl", yanked="broken"),
    ]

    assert chosen(files, **query) == f"demo-{version}-py3-none-any.whl"


def test_a_file_name_wins_over_everything() -> None:
    """Whoever names a file means it, whatever it runs on and even where its version is unreadable."""
    files = [
        offered("demo-1.0-py3-none-any.whl"),
        offered("demo-1.0-cp27-cp27m-win32.whl", requires_python="<3", yanked="old"),
        offered("demo-odd-1.tar.gz", version=None, kind=None),
    ]

    assert chosen(files, filename=files[1].filename) == files[1].filename
    assert chosen(files, filename=files[1].filename, version="1.0") == files[1].filename
    assert chosen(files, filename=files[2].filename) == files[2].filename


def test_a_file_name_of_another_version_is_not_found() -> None:
    """Two contradicting wishes are not answered with either."""
    with pytest.raises(ResourceNotFoundError, match=r"demo-1\.0-py3-none-any\.whl"):
        chosen(
            [offered("demo-1.0-py3-none-any.whl")],
            filename="demo-1.0-py3-none-any.whl",
            version="2.0",
        )


def test_nothing_found_tells_what_there_is() -> None:
    """The message names the latest versions, and why each file was passed over."""
    files = [
        offered("demo-1.0-py3-none-any.whl", yanked="broken"),
        offered("demo-1.1-py3-none-any.whl", yanked=""),
        offered("demo-1.2-py3-none-any.whl", requires_python=">=3.13"),
        offered("demo-1.3-cp27-cp27m-win32.whl"),
        offered("demo-1.4-py3.egg"),
        offered("demo-1.5.tar.gz"),
        offered("demo-1.6-no.whl"),
        offered("demo-1.6-cp27-cp27m-win32.whl"),
        offered("demo-9.9-py3-none-any.whl"),
    ]

    with pytest.raises(ResourceNotFoundError) as caught:
        chosen(files, version="<2", packagetype="wheel", **LINUX)

    text = str(caught.value)
    assert "https://index has no demo<2 for Python 3.12 on manylinux_2_28_x86_64" in text
    assert "the latest versions there are 9.9, 1.6, 1.5, 1.4, 1.3" in text
    assert "demo-1.5.tar.gz (no wheel)" in text
    assert "demo-1.4-py3.egg (neither wheel nor sdist)" in text
    assert "demo-1.2-py3-none-any.whl (needs Python >=3.13)" in text
    assert "demo-1.6-no.whl and 2 more (a wheel that does not fit Python 3.12" in text
    assert text.endswith(", others")
    assert caught.value.url == "https://index"


def test_an_empty_project_is_told_as_such() -> None:
    """A project without files has no versions to name."""
    with pytest.raises(ResourceNotFoundError, match="no such file"):
        chosen([offered("demo-x.tar.gz", version="not-a-version")])


@pytest.mark.parametrize("version", ["latest", "1.0 2.0", ">=", "=1", "1..0"])
def test_a_version_that_cannot_be_read_is_refused(version: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(QueryError, match="PEP 440"):
        chosen([offered("demo-1.0-py3-none-any.whl")], version=version)


def test_a_pinned_digest_chooses_the_file() -> None:
    """Where the index knows digests, only the file that has the pinned one is the one that is meant."""
    files = [
        offered("demo-2.0-py3-none-any.whl", digests=(Digest("sha256", "a" * 64),)),
        offered("demo-1.0.tar.gz", digests=(Digest("sha256", "b" * 64),)),
        offered("demo-1.0-py3-none-any.whl", digests=(Digest("sha256", "c" * 64),)),
    ]

    assert chosen(files, sha256="b" * 64) == "demo-1.0.tar.gz"
    assert chosen(files, sha512="b" * 128) == "demo-2.0-py3-none-any.whl"


@pytest.mark.parametrize("query", [{}, {"filename": "demo-1.0-py3-none-any.whl"}])
def test_a_digest_that_nothing_has_is_drift(query: dict[str, Any]) -> None:
    """The index has changed, or the pin is wrong: nothing is downloaded to find out."""
    files = [offered("demo-1.0-py3-none-any.whl", digests=(Digest("sha256", "a" * 64),))]

    with pytest.raises(IntegrityError) as caught:
        chosen(files, sha256="b" * 64, **query)

    assert caught.value.expected == f"sha256:{'b' * 64}"
    assert caught.value.found == f"sha256:{'a' * 64}"
    assert caught.value.exit_status == 4
