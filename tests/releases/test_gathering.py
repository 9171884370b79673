"""What is released of a directory, and what stays at home."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import QueryError, RefusedError, ResourceNotFoundError
from store.files.unfinished import partial_name
from store.releases.gathering import gather

from .conftest import lay


def going(directory: Path, **options: Any) -> list[str]:
    """Return the paths of what goes."""
    return [one.path for one in gather(directory, **options).files]


def test_secrets_and_history_stay_at_home(tmp_path: Path) -> None:
    """What usually holds credentials, and the history of versions, is left out and told."""
    secrets = [
        ".env",
        ".env.local",
        "deploy/id_rsa",
        "deploy/server.pem",
        ".netrc",
        "a/credentials.json",
    ]
    lay(
        tmp_path,
        dict.fromkeys(["a.txt", "environment.yml", "keys.txt", ".git/config", *secrets], b"x"),
    )

    plan = gather(tmp_path)

    assert [one.path for one in plan.files] == ["a.txt", "environment.yml", "keys.txt"]
    assert {one.path: one.reason for one in plan.left_out} == {
        ".git/": "no part of the project",
        **dict.fromkeys(secrets, "may hold credentials"),
    }


def test_what_only_begins_as_ours_goes(tmp_path: Path) -> None:
    """What we have not finished stays at home; a name that looks a little like it is the user's."""
    lay(tmp_path, {".store-notes": b"x", ".store-config/a": b"x", partial_name(): b"x"})

    assert going(tmp_path) == [".store-config/a", ".store-notes"]


def test_what_is_named_goes_nevertheless(tmp_path: Path) -> None:
    """A path, or a pattern, brings in what would be left out; nothing beside it comes along."""
    lay(
        tmp_path,
        dict.fromkeys([".env", "build/a.o", "build/deep/b.o", ".git/config", ".git/HEAD"], b"x"),
    )
    lay(tmp_path, {".gitignore": b"build/\n"})

    assert going(tmp_path) == [".gitignore"]
    assert going(tmp_path, include=(".env",)) == [".env", ".gitignore"]
    assert going(tmp_path, include=("build/deep/b.o",)) == [".gitignore", "build/deep/b.o"]
    assert going(tmp_path, include=("build",)) == [".gitignore", "build/a.o", "build/deep/b.o"]
    assert going(tmp_path, include=(".git/HEAD",)) == [".git/HEAD", ".gitignore"]
    assert going(tmp_path, exclude=("*.txt", ".gitignore")) == []
    with pytest.raises(QueryError, match="does not exist"):
        gather(tmp_path, include=("nothing",))


def test_a_directory_that_goes_in_part_is_told_as_such(tmp_path: Path) -> None:
    """Whoever reads what was left out is not told that all of it was."""
    lay(tmp_path, {"build/a.o": b"x", "build/b.o": b"x", ".gitignore": b"build/\n"})

    whole, part = gather(tmp_path), gather(tmp_path, include=("build/a.o",))

    assert whole.left_out == (("build/", "named in .gitignore: build/"),)
    assert part.left_out == (("build/", "named in .gitignore: build/; what is included goes"),)


def test_what_tools_log_in_with_stays_at_home(tmp_path: Path) -> None:
    """Where they keep it, and what people call it; what only sounds like it goes."""
    secrets = [
        ".Renviron",
        ".config/gcloud/application_default_credentials.json",
        ".kube/config",
        "infra/terraform.tfstate",
        "infra/terraform.tfstate.backup",
        "passwords.txt",
        "token.txt",
    ]
    lay(tmp_path, dict.fromkeys(["keys.txt", "tokens.csv", "kube/config", *secrets], b"x"))

    plan = gather(tmp_path)

    assert [one.path for one in plan.files] == ["keys.txt", "kube/config", "tokens.csv"]
    assert {one.reason for one in plan.left_out} == {"may hold credentials"}
    assert len(plan.left_out) == len(secrets)


@pytest.mark.parametrize("spelling", ["./{}", "{}/", "{root}/{}", "data/../{}", "./data/../{}"])
@pytest.mark.parametrize("name", [".env", ".ssh"])
def test_paths_may_be_spelled_in_any_way(tmp_path: Path, name: str, spelling: str) -> None:
    """They count from the project, absolute ones must lead into it."""
    lay(tmp_path, {".env": b"x", ".ssh/id": b"x", "data/t": b"t", "seen": b"s"})
    spelled = spelling.format(name, root=tmp_path)
    path = ".env" if name == ".env" else ".ssh/id"

    assert path in going(tmp_path, include=(spelled,))
    assert going(tmp_path, exclude=(spelling.format("seen", root=tmp_path),)) == ["data/t"]


@pytest.mark.parametrize("spelling", ["../store.toml", "/etc/passwd", ".", "", "..", "a/../../x"])
def test_paths_that_lead_elsewhere_are_told(tmp_path: Path, spelling: str) -> None:
    """Whoever names one means something else than what would happen."""
    lay(tmp_path, {"project/a": b"a", "store.toml": b""})

    for how in ("include", "exclude"):
        with pytest.raises(QueryError, match="is nothing in"):
            going(tmp_path / "project", **{how: (spelling,)})


def test_what_is_included_and_excluded_goes(tmp_path: Path) -> None:
    """Inclusion is the stronger word; what lies behind a link cannot be included."""
    lay(tmp_path, {"project/a.tmp": b"a", "project/b.tmp": b"b", "outside/x": b"x"})
    (tmp_path / "project" / "link").symlink_to(tmp_path / "outside")

    assert going(tmp_path / "project", include=("a.tmp",), exclude=("*.tmp",)) == ["a.tmp"]
    with pytest.raises(QueryError, match="behind a link"):
        gather(tmp_path / "project", include=("link/x",))


def test_an_archive_in_the_project_does_not_go(tmp_path: Path) -> None:
    """Not even where it is included; a project in its archive is refused."""
    lay(tmp_path, {"a": b"a", "deep/arch/.rmearchive": b"", "deep/b": b"b"})
    archive = tmp_path / "deep" / "arch"

    plan = gather(tmp_path, include=("deep/arch",), apart=archive)

    assert [one.path for one in plan.files] == ["a", "deep/b"]
    assert plan.left_out == (("deep/arch/", "the archive itself"),)
    assert going(tmp_path, apart=tmp_path / "elsewhere") == ["a", "deep/arch/.rmearchive", "deep/b"]
    for inner in (archive, archive / "space"):
        inner.mkdir(exist_ok=True)
        with pytest.raises(RefusedError, match="in which it lies"):
            gather(inner, apart=archive)


@pytest.mark.parametrize("depth", [101, 300])
def test_what_is_too_deep_is_told(tmp_path: Path, depth: int) -> None:
    """By its path and the limit; a file at the limit goes."""
    place = tmp_path.joinpath(*["d"] * 99)
    place.mkdir(parents=True)
    (place / "at-the-limit").write_bytes(b"x")
    assert len(gather(tmp_path).files) == 1
    place.joinpath(*["d"] * (depth - 99)).mkdir(parents=True)

    with pytest.raises(RefusedError, match="deeper than 100 levels") as refused:
        gather(tmp_path)

    assert refused.value.limit == 100
    assert going(tmp_path, exclude=("*/d",)) == []


def test_links_and_special_files_are_left_out(tmp_path: Path) -> None:
    """A link could lead to anything of the user's: it is never followed."""
    lay(tmp_path, {"a/x": b"x", "outside/secret": b"s"})
    project = tmp_path / "a"
    (project / "link").symlink_to(tmp_path / "outside" / "secret")
    (project / "dir").symlink_to(tmp_path / "outside")
    os.mkfifo(project / "pipe")

    plan = gather(project)

    assert [one.path for one in plan.files] == ["x"]
    assert [tuple(one) for one in plan.left_out] == [
        ("dir", "a link"),
        ("link", "a link"),
        ("pipe", "no regular file"),
    ]


def test_empty_directories_go_and_emptied_ones_do_not(tmp_path: Path) -> None:
    """A directory of which nothing goes is not there, unless it is empty."""
    lay(tmp_path, {"secret/.env": b"x", "a/b/c": b"x"})
    (tmp_path / "void").mkdir()

    assert gather(tmp_path).directories == ("a", "a/b", "void")


def test_a_name_that_leads_astray_is_refused(tmp_path: Path) -> None:
    """A file that no other machine could take is told before anything goes."""
    lay(tmp_path, {"a\\b": b"x"})

    with pytest.raises(QueryError, match="rename it"):
        gather(tmp_path)
    assert going(tmp_path, exclude=("a\\b",)) == []
    with pytest.raises(ResourceNotFoundError):
        gather(tmp_path / "none")


def test_ignore_files_above_count(tmp_path: Path) -> None:
    """A directory inside of a repository heeds what the directories above it name."""
    lay(
        tmp_path,
        {".gitignore": b"*.log\n/sub/out/\n", "sub/a.log": b"", "sub/out/x": b"", "sub/b": b""},
    )

    before = going(tmp_path / "sub")
    (tmp_path / ".git").mkdir()

    assert before == ["a.log", "b", "out/x"]
    assert going(tmp_path / "sub") == ["b"]


PATTERNS = st.sampled_from(
    [
        *(
            "*.o",
            "build",
            "build/",
            "/a",
            "a/b",
            "a/**",
            "**/b",
            "a/**/c",
            "!a/b",
            "!*.o",
            "?",
            "[ab]",
            "[!a]",
        ),
        *(
            "# comment",
            "",
            "\\#x",
            "!",
            "/",
            "a/",
            "**",
            "*",
            "b ",
            "b\\ ",
            "[",
            "a[",
            "[]]",
            "/*",
            "!/a",
            "c/*",
        ),
    ]
)
NAMES = ["a", "b", "c", "ab", "x.o", "build", "#x", "b "]


@pytest.mark.skipif(shutil.which("git") is None, reason="git says what is right")
@settings(max_examples=20, deadline=None)
@given(st.lists(PATTERNS, max_size=4), st.lists(PATTERNS, max_size=2))
def test_patterns_mean_what_git_means(
    tmp_path_factory: pytest.TempPathFactory, top: list[str], below: list[str]
) -> None:
    """A ``.gitignore`` leaves out just what git leaves out."""
    root = tmp_path_factory.mktemp("repository")
    lay(
        root,
        {
            name + suffix: b"x"
            for name in ("a", "b", "c")
            for suffix in ("/b", "/c", "/x.o", "/a/c")
        },
    )
    lay(root, dict.fromkeys(("ab", "x.o", "#x", "b ", "build/x"), b"x"))
    (root / ".gitignore").write_text("\n".join(top))
    (root / "a" / ".gitignore").write_text("\n".join(below))

    told = subprocess.run(
        ["git", "-c", "init.defaultBranch=x", "init", "-q", "."],
        cwd=root,
        check=True,
        capture_output=True,
    )
    told = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )

    assert going(root) == sorted(filter(None, told.stdout.decode().split("\0")))


@pytest.mark.parametrize(
    "name",
    [
        "kubeconfig",
        "rclone.conf",
        "API_KEY.txt",
        "apikey.txt",
        "wallet.dat",
        ".env~",
        ".Xauthority",
        ".rclone.conf",
        "office.ovpn",
    ],
)
def test_other_files_with_credentials_stay_at_home(tmp_path: Path, name: str) -> None:
    """They are told, as those of any tool are."""
    lay(tmp_path, {name: b"x", "a": b"a"})

    assert gather(tmp_path).left_out == ((name, "may hold credentials"),)


def test_what_is_named_and_cannot_be_done_is_told(tmp_path: Path) -> None:
    """A link is released by no name, nor what is not there; it may be left out all the same."""
    (tmp_path / "ln").symlink_to("a")

    with pytest.raises(QueryError, match="it is a link"):
        gather(tmp_path, include=("ln",))
    with pytest.raises(QueryError, match="included and does not exist"):
        gather(tmp_path, include=("nofile",))
    assert gather(tmp_path, exclude=("nofile", "*.tmp")).files == ()


@pytest.mark.parametrize("below", ["", "project"])
def test_what_a_repository_ignores_for_itself_stays_at_home(tmp_path: Path, below: str) -> None:
    """A ``.gitignore`` may take it back: it counts more."""
    lay(tmp_path, {".git/info/exclude": b"*.own\n", ".gitignore": b"!b.own\n"})
    lay(tmp_path / below, {"a.own": b"a", "b.own": b"b"})

    plan = gather(tmp_path / below)

    assert "b.own" in {one.path for one in plan.files}
    assert ("a.own", "named in .git/info/exclude: *.own") in plan.left_out


def test_a_pattern_of_anything_means_no_secrets(tmp_path: Path) -> None:
    """Only one that names such a thing does, or the path itself."""
    lay(
        tmp_path,
        dict.fromkeys(["a", ".env", "b.pem", "deep/.env", ".git/config", "deep/token"], b"x"),
    )
    lay(tmp_path, {".gitignore": b"a\n"})

    assert going(tmp_path, include=("*",)) == [".gitignore", "a"]
    assert going(tmp_path, include=("*.pem",)) == [".gitignore", "b.pem"]
    assert going(tmp_path, include=("deep/*",)) == [".gitignore"]
    assert going(tmp_path, include=("*/.env",)) == [".gitignore", "deep/.env"]
    assert going(tmp_path, include=(".git/*",)) == [".git/config", ".gitignore"]


def test_a_pattern_reaches_below_what_is_ignored(tmp_path: Path) -> None:
    """As a path does; what is excluded, held back or empty stays where it is."""
    paths = ["out/a.csv", "out/deep/b.csv", "out/c.log", "out/.env/d.csv", "d.csv", "mine/e.csv"]
    lay(tmp_path, dict.fromkeys(paths, b"x"))
    lay(tmp_path, {".gitignore": b"out/\nmine/\n*.csv\n"})
    (tmp_path / "out" / "empty").mkdir()

    found = gather(tmp_path, include=("*.csv",), exclude=("mine", "out/deep"))

    assert [one.path for one in found.files] == [".gitignore", "d.csv", "out/a.csv"]
    assert found.directories == ("out",)
    assert found.left_out == (
        ("mine/", "excluded"),
        ("out/", "named in .gitignore: out/; what is included goes"),
    )
    assert going(tmp_path, include=("ou*/?.csv",)) == [
        ".gitignore",
        "out/a.csv",
        "out/deep/b.csv",
    ]


def test_what_no_pattern_can_mean_is_not_walked(tmp_path: Path) -> None:
    """A directory that is ignored, and that no release could hold, is in nobody's way."""
    lay(tmp_path, {"data/a.csv": b"x", ".gitignore": b"data\nbase\n"})
    lay(tmp_path, {f"base/{'d/' * 110}deep": b"x"})

    assert going(tmp_path, include=("data/*.csv",)) == [".gitignore", "data/a.csv"]
    with pytest.raises(RefusedError, match="--exclude"):
        gather(tmp_path, include=("*.csv",))
    assert going(tmp_path, include=("*.csv",), exclude=("base",)) == [".gitignore", "data/a.csv"]
