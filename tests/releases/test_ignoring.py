"""A ``.gitignore`` means what git makes of it, byte by byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import RefusedError
from store.releases.ignoring import Rule, ignored_by, rules_in

from .conftest import lay

PIECES = [
    *("a", "b", "ab", ".", "/", "//", "*", "**", "?", "**/", "/**", "\\", "!", "#", " ", "-", "é"),
    *("[ab]", "[!a]", "[^a]", "[a-c]", "[]a]", "[a", "[[:alpha:]]", "[[:digit:]x]", "[![:upper:]]"),
    *(
        "[[:bad:]]",
        "[[:]",
        "[\\]]",
        "[a-]",
        "[b-a]",
        "[[:space:]]",
        "[[:punct:]]",
        "[a\\-c]",
        "[/]",
    ),
]
PATHS = [
    "a",
    "b",
    "ab",
    "a/b",
    "a/a/b",
    "ab/a",
    "b/a/ab",
    ".a",
    "A",
    "é",
    "a b",
    "a-",
    "-",
    "1",
    "]",
    "a/é/b",
]


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of git's, to ask it what a pattern means."""
    if shutil.which("git") is None:
        pytest.skip("git says what is right")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "-c", "init.defaultBranch=x", "init", "-q", root], check=True)
    return root


@settings(max_examples=40, deadline=None)
@given(lines=st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map("".join), max_size=25))
def test_patterns_name_what_git_says(repository: Path, lines: list[str]) -> None:
    """Each line by itself, of files that need not exist."""
    (repository / ".gitignore").write_bytes("\n".join(lines).encode())
    asked = "\0".join(PATHS).encode()

    told = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "-v", "-n", "--stdin"],
        cwd=repository,
        input=asked,
        capture_output=True,
        check=False,
    ).stdout.split(b"\0")[:-1]

    rules = rules_in(repository, "")
    # The last pattern that git names counts, be it one that takes back; ours say None for those.
    expected = {
        told[at + 3].decode(): told[at] != b"" and not told[at + 2].startswith(b"!")
        for at in range(0, len(told), 4)
    }
    found = {path: _named(path, rules) for path in PATHS}
    assert found == expected


def _named(path: str, rules: tuple[Rule, ...]) -> bool:
    """Return whether a path, or a directory above it, is named: what lies in one is named with it."""
    parts = path.split("/")
    for length in range(1, len(parts)):
        if ignored_by("/".join(parts[:length]), rules, directory=True) is not None:
            return True
    return ignored_by(path, rules, directory=False) is not None


@pytest.mark.parametrize(
    ("pattern", "named", "not_named"),
    [
        (b"\xef\xbb\xbfsecret\nother", ["secret", "other"], []),
        (b"[[:alpha:]]", ["x", "X"], ["1", "xx"]),
        (b"x/a**/b", ["x/ab", "x/a/b", "x/a/c/b"], ["x/b"]),
        (b"a**b", ["ab", "axxb"], ["a/b"]),
        (b"//a", [], ["a", "x/a"]),
        (b"a\\\\ ", ["a\\"], ["a\\ "]),
        (b"a\x0bb\n", ["a\x0bb"], ["a", "b"]),
        (b"[a", [], ["a", "[a"]),
        (b"a\\", [], ["a", "a\\"]),
        (b"?", ["a"], ["\u00e9"]),
    ],
)
def test_odd_lines(tmp_path: Path, pattern: bytes, named: list[str], not_named: list[str]) -> None:
    """A mark at the beginning, classes, stars within a name, slashes, escapes, and what is not closed."""
    (tmp_path / ".gitignore").write_bytes(pattern)
    rules = rules_in(tmp_path, "")

    assert [one for one in named if not _named(one, rules)] == []
    assert [one for one in not_named if _named(one, rules)] == []


def test_a_directory_of_that_name_has_no_rules(tmp_path: Path) -> None:
    """Only a file has, and no link to one."""
    (tmp_path / ".gitignore").mkdir()
    none = rules_in(tmp_path, "")
    (tmp_path / ".gitignore").rmdir()
    lay(tmp_path, {"rules": b"a"})
    (tmp_path / ".gitignore").symlink_to(tmp_path / "rules")

    assert none == rules_in(tmp_path, "") == ()


def test_a_long_file_counts_to_its_end(tmp_path: Path) -> None:
    """What stands behind the first megabyte is left out, too."""
    lay(tmp_path, {".gitignore": b"# pad\n" * 200_000 + b"private.txt\n"})

    rules = rules_in(tmp_path, "")

    assert [one.text for one in rules] == [".gitignore: private.txt"]


def test_a_file_too_large_to_be_read_is_an_error(tmp_path: Path) -> None:
    """What it names would be released."""
    with (tmp_path / ".gitignore").open("wb") as file:
        file.truncate((16 << 20) + 1)

    with pytest.raises(RefusedError, match="too large to be read"):
        rules_in(tmp_path, "")


@pytest.mark.parametrize(
    ("line", "path", "ignored"),
    [
        (b"a" + b" " * 100_000, "a", True),
        (b"a\\ " + b" " * 100_000, "a ", True),
        (b"a\\\\  ", "a\\", True),
        (b" " * 100_000 + b"a", "a", False),
    ],
)
def test_spaces_at_an_end_cost_nothing(
    tmp_path: Path, line: bytes, path: str, *, ignored: bool
) -> None:
    """However many there are: they are looked at once; one behind a backslash stays."""
    lay(tmp_path, {".gitignore": line + b"\n"})

    found = ignored_by(path, rules_in(tmp_path, ""), directory=False)

    assert (found is not None) is ignored
