"""Names lead nowhere but into the archive or the target, and requirements are read."""

from __future__ import annotations

import pytest

from store.errors import QueryError, UnsafeNameError
from store.releases.layout import blob_name, record_name, version_in
from store.releases.names import (
    Requirement,
    check_new_title,
    check_path,
    check_title,
    check_workspace,
)
from store.releases.versions import Version

HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc",
    "a\\b",
    "a\0b",
    "a\nb",
    ".hidden",
    "\u202ename",
    "x" * 300,
    None,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_titles_and_workspaces_stay_in_the_archive(name: str) -> None:
    """A name with a slash, a dot in front or a control character is refused."""
    for check in (check_title, check_workspace):
        with pytest.raises(UnsafeNameError):
            check(name)
    with pytest.raises(UnsafeNameError):
        record_name(name, "title", "1.0.0")


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "C:\\x", "a\0", None]
)
def test_paths_stay_in_the_target(path: str) -> None:
    """A path in a record leads down only."""
    with pytest.raises(UnsafeNameError):
        check_path(path)


@pytest.mark.parametrize(
    "pid", ["", "../../etc/passwd", "g" * 64, "A" * 64, "a" * 63, "a" * 65, None, "http://x/y"]
)
def test_blob_ids_are_digests(pid: str) -> None:
    """An id that is no digest names no file of the archive."""
    with pytest.raises(UnsafeNameError):
        blob_name(pid)


@pytest.mark.parametrize("title", ["", "-x", ".x", "a b", "a/b", "ä", "x" * 129])
def test_new_titles_are_plain(title: str) -> None:
    """What is published has a title that every file system and requirement can take."""
    with pytest.raises(QueryError, match="cannot be a title"):
        check_new_title(title)


@pytest.mark.parametrize(
    ("text", "workspace", "title", "choice", "again"),
    [
        ("survey", None, "survey", "*", "survey"),
        ("survey@1.2.0", None, "survey", "1.2.0", "survey==1.2.0"),
        ("survey==1.2.0", None, "survey", "1.2.0", "survey==1.2.0"),
        ("survey >= 1, <2", None, "survey", ">=1,<2", "survey>=1,<2"),
        ("my-set~=1.4", None, "my-set", "~=1.4", "my-set~=1.4"),
        (
            "Global Public Workspace/survey^2",
            "Global Public Workspace",
            "survey",
            "^2",
            "Global Public Workspace/survey^2",
        ),
        ("survey*", None, "survey", "*", "survey==*"),
    ],
)
def test_requirements_are_read(
    text: str, workspace: str | None, title: str, choice: str, again: str
) -> None:
    """``[workspace/]title[expression]`` is taken apart, and written the same way."""
    wanted = Requirement.parse(text)

    assert (wanted.workspace, wanted.title, str(wanted.choice)) == (workspace, title, choice)
    assert str(wanted) == again
    assert Requirement.parse(str(wanted)) == wanted


@pytest.mark.parametrize("text", ["", ">=1", "a/b/>=1", "a>=?", "../a", "a/../b", "@1.0.0"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    """A text that names no release is an error of usage or of safety."""
    with pytest.raises((QueryError, UnsafeNameError)):
        Requirement.parse(text)


def test_versions_are_read_from_names_of_files() -> None:
    """A file beside the records is a record only by its whole name."""
    assert version_in("a-v1.0.0-rc.1.yml", "a") == Version(1, 0, 0, ("rc", "1"))
    assert version_in("a-v1.0.0.yml~", "a") is None
    assert version_in("ab-v1.0.0.yml", "a") is None
    assert version_in("a-v1.yml", "a") is None
