"""``store fetch release:…``: a version that is named exactly is asked for once."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.addresses import origin_of
from store.config.secret_sources import token_variable
from store.testing.curators import FakeCurator

from .conftest import Run


@pytest.fixture
def curator(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCurator]:
    """A CDCS whose staff this environment is."""
    with FakeCurator() as server:
        monkeypatch.setenv(token_variable(origin_of(server.url)) or "", "admin:admin")
        yield server


@pytest.fixture
def project(house: Path) -> Path:
    """A directory with two files."""
    (house / "project").mkdir()
    (house / "project" / "a").write_bytes(b"a\n")
    (house / "project" / "run").write_bytes(b"#!\n")
    (house / "project" / "run").chmod(0o755)
    return house / "project"


def test_an_exact_version_opens_no_socket_again(
    cli: Run, project: Path, curator: FakeCurator
) -> None:
    """Online, offline, and while nobody answers; what is not remembered says how it is had."""
    cli("release", "init", curator.url)
    cli("release", "publish", project, "c@1.0.0", "--to", curator.url)
    exact = f"release:c@1.0.0?path=a&archive={curator.url}"
    some = f"release:c>=1?path=a&archive={curator.url}"
    other = f"release:c@1.0.0?path=run&archive={curator.url}"
    offline = [cli("--offline", "fetch", one) for one in (exact, some)]
    first, ranged = cli("fetch", exact), cli("fetch", some)
    assert (first.status, ranged.status) == (0, 0), first.err
    asked = len(curator.asked)

    again, without = cli("fetch", exact), cli("--offline", "fetch", exact)
    ranges = cli("--offline", "fetch", some)
    quiet = len(curator.asked) == asked
    shutil.rmtree(Path(first.out.strip()).parent)
    lost = cli("--offline", "fetch", exact)
    back = cli("fetch", exact)
    curator.stop()
    down, missing = cli("fetch", exact), cli("--offline", "fetch", other)

    assert [one.status for one in offline] == [6, 6]
    assert f"store fetch {shlex.quote(exact)}" in offline[0].err
    assert f"store fetch {shlex.quote(some)}" in offline[1].err
    assert first.out == again.out == without.out == ranges.out == down.out
    assert quiet
    assert (lost.status, back.status) == (6, 0)
    assert f"store fetch {shlex.quote(exact)}" in lost.err
    assert (missing.status, missing.out) == (6, "")


def test_an_exact_version_of_a_directory_that_is_gone(cli: Run, project: Path, house: Path) -> None:
    """Is served while the cache has it; a range asks the archive; ``--refresh`` does, too."""
    cli("release", "init", "archive")
    cli("release", "publish", project, "c@1.0.0", "--to", "archive")
    exact = "release:c==1.0.0?path=a&archive=archive"
    first = cli("--offline", "fetch", exact)
    away = house / "away"
    (house / "archive").rename(away)

    again = cli("fetch", exact)
    others = [
        cli("fetch", "release:c>=1?path=a&archive=archive").status,
        cli("fetch", "--refresh", exact).status,
    ]
    away.rename(house / "archive")
    shutil.rmtree(Path(first.out.strip()).parent)
    brought = cli("fetch", exact), cli("--offline", "fetch", exact)

    assert (first.status, again.out) == (0, first.out)
    assert 0 not in others
    assert [one.status for one in brought] == [0, 0]
    assert cli("why", exact).status == 0


def test_two_archives_of_one_name_are_told_apart(cli: Run, project: Path, house: Path) -> None:
    """A relative directory counts from where one stands, a name is what the settings say now."""
    for name, content in (("one", b"1\n"), ("two", b"2\n")):
        (project / "a").write_bytes(content)
        cli("release", "init", name)
        cli("release", "publish", project, "c@1.0.0", "--to", name)
    contents = []
    for name in ("one", "two"):
        (house / "store.toml").write_text(f'[archive.ours]\nhost = "{name}"\n')
        done = cli("fetch", "release:c@1.0.0?path=a&archive=ours")
        contents.append(Path(done.out.strip()).read_bytes())

    assert contents == [b"1\n", b"2\n"]


def test_a_build_that_was_yanked_is_given_no_longer(
    cli: Run, project: Path, curator: FakeCurator
) -> None:
    """A bare version that means a build is asked for each time; offline, the last answer serves."""
    cli("release", "init", curator.url)
    bare = f"release:c@1.0.0?path=a&archive={curator.url}"
    contents = []
    for build in ("b.1", "b.2"):
        (project / "a").write_text(f"{build}\n")
        cli("release", "publish", project, f"c@1.0.0+{build}", "--to", curator.url)
        contents.append(Path(cli("fetch", bare).out.strip()).read_text())
    cli("release", "yank", "c@1.0.0+b.2", "--archive", curator.url)

    after, offline = cli("fetch", bare), cli("--offline", "fetch", bare)

    assert contents == ["b.1\n", "b.2\n"]
    assert Path(after.out.strip()).read_text() == "b.1\n"
    assert offline.out == after.out


def test_a_directory_is_asked_while_it_is_there(cli: Run, project: Path, house: Path) -> None:
    """What was yanked meanwhile is seen; where it is gone, the last answer serves."""
    cli("release", "init", "archive")
    bare = "release:c@1.0.0?path=a&archive=archive"
    for build in ("b.1", "b.2"):
        (project / "a").write_text(f"{build}\n")
        cli("release", "publish", project, f"c@1.0.0+{build}", "--to", "archive")
    first = cli("fetch", bare)
    cli("release", "yank", "c@1.0.0+b.2", "--archive", "archive")

    after, why = cli("--offline", "fetch", bare), cli("why", bare)
    (house / "archive").rename(house / "away")
    gone = cli("fetch", bare)

    assert [Path(one.out.strip()).read_text() for one in (first, after)] == ["b.2\n", "b.1\n"]
    assert (gone.out, why.status) == (after.out, 0)
