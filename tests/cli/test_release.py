"""``store release``: a user's day, on the command line."""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run, Started


@pytest.fixture
def project(house: Path) -> Path:
    """A directory to be published."""
    directory = house / "project"
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "t.csv").write_bytes(b"1,2\n")
    (directory / "run").write_bytes(b"#!\n")
    (directory / "run").chmod(0o755)
    (directory / ".env").write_bytes(b"SECRET=1\n")
    return directory


@pytest.fixture
def published(cli: Run, project: Path) -> None:
    """Two versions in the archive ``archive``."""
    assert cli("release", "init", "archive").status == 0
    assert cli("release", "publish", "project", "survey@1.0.0", "--to", "archive").status == 0
    (project / "data" / "t.csv").write_bytes(b"3,4\n")
    (project / "new").write_bytes(b"new\n")
    assert cli("release", "publish", "project", "survey@1.1.0", "--to", "archive").status == 0


def test_publishing_tells_what_goes(cli: Run, project: Path) -> None:
    """A dry run lists it; the secret stays at home, and that is said."""
    cli("release", "init", "archive")

    planned = cli("release", "publish", "project", "survey@1.0.0", "--to", "archive", "-n")
    done = cli("release", "publish", "project", "survey@1.0.0", "--to", "archive", "--json")

    assert planned.out == "data/t.csv\t4\nrun\t3\n"
    assert "left out: .env (may hold credentials)" in planned.err
    assert [one["path"] for one in done.json["files"]] == ["data/t.csv", "run"]
    assert done.json["left_out"] == [{"path": ".env", "reason": "may hold credentials"}]
    assert Path(done.json["pid"]).is_file()
    assert project.is_dir()


def test_what_excludes_nothing_is_told(cli: Run, project: Path) -> None:
    """What was mistyped would be published for good."""
    cli("release", "init", "archive")

    asked = ("release", "publish", str(project), "survey@1.0.0", "--to", "archive", "-n")
    done = cli(*asked, "--exclude", "rum", "--exclude", "data/*")

    assert done.out == "run\t3\n"
    assert "nothing to exclude that is called 'rum'" in done.err
    assert "'data/*'" not in done.err


def test_one_workspace_is_named(cli: Run, project: Path) -> None:
    """Where two are, neither is taken."""
    cli("release", "init", "archive")
    asked = (
        "release",
        "publish",
        str(project),
        "Lab/survey@1.0.0",
        "--to",
        "archive",
        "--workspace",
    )

    assert (cli(*asked, "Other").status, cli(*asked, "Lab").status) == (2, 0)


def test_beginning_an_archive_can_be_told_to_programs(cli: Run, house: Path) -> None:
    """One document, which names it."""
    begun = cli("release", "init", "archive", "--json")

    assert begun.json == {"archive": "archive"}
    assert (house / "archive" / ".rmearchive").is_file()


def test_a_record_that_was_changed_is_not_shown(cli: Run, house: Path, published: None) -> None:
    """Whoever reads it would take it for what was published: status 4."""
    del published
    (record,) = (house / "archive").glob("*/survey/survey-v1.0.0.yml")
    text = record.read_text()
    record.chmod(0o644)
    record.write_text(text.replace('"datasets": {}', '"datasets": {"q": "run"}'))
    assert record.read_text() != text

    for more in ((), ("--json",), ("--record",)):
        shown = cli("release", "show", "survey@1.0.0", "--archive", "archive", *more)
        assert shown.status == 4
        assert '"q"' not in shown.out


def test_a_dry_run_tells_sizes_and_no_digest(cli: Run, project: Path) -> None:
    """Nothing is read yet, so that no digest can be told, not even the record's."""
    cli("release", "init", "archive")

    asked = ("release", "publish", str(project), "survey@1.0.0", "--to", "archive")
    planned, done = cli(*asked, "-n", "--json").json, cli(*asked, "--json").json

    assert (planned["digest"], planned["size"], planned["pid"]) == (None, done["size"], None)
    assert [(one["size"], one["digest"]) for one in planned["files"]] == [(4, None), (3, None)]
    assert planned.keys() == done.keys()
    assert planned["files"][1] == done["files"][1] | {"digest": None}


@pytest.mark.parametrize("path", ["nofile", "../x", "/etc/passwd", ".env", "data", ""])
def test_a_dataset_stands_for_a_file_that_goes(cli: Run, project: Path, path: str) -> None:
    """Anything else is told before a file is read; what lies inside of a file may be named."""
    cli("release", "init", "archive")
    asked = ("release", "publish", str(project), "survey@1.0.0", "--to", "archive", "--dataset")

    refused, done = cli(*asked, f"foo={path}"), cli(*asked, "foo=data/t.csv/group")

    assert (refused.status, refused.out) == (2, "")
    assert done.status == 0


def test_an_archive_is_not_published_into_itself(cli: Run, project: Path) -> None:
    """Where it lies in the project it is left out, which is said; it itself is refused."""
    archive = str(project / "arch")
    cli("release", "init", archive)

    done = cli("release", "publish", str(project), "survey@1.0.0", "--to", archive, "--json")
    same = cli("release", "diff", "survey@1.0.0", f"{project}/", "--archive", archive)
    refused = cli("release", "publish", archive, "survey@1.0.1", "--to", archive)

    assert [one["path"] for one in done.json["files"]] == ["data/t.csv", "run"]
    assert {"path": "arch/", "reason": "the archive itself"} in done.json["left_out"]
    assert (same.status, refused.status) == (0, 5)


def test_an_interruption_says_what_is_kept(
    cli: Run, house: Path, starting: Callable[..., Started]
) -> None:
    """No release is there, and the same command goes on."""
    cli("release", "init", "archive")
    (house / "large").mkdir()
    with (house / "large" / "a").open("wb") as file:
        file.truncate(8 << 30)  # takes no room, and some seconds to be read

    started = starting("release", "publish", "large", "c@1.0.0", "--to", "archive")
    started.wait_for("publishing 1 file")
    stopped = started.ended_by(signal.SIGINT)

    assert (stopped.status, stopped.out) == (130, "")
    assert "interrupted; what was uploaded is kept" in stopped.err
    assert cli("release", "list", "--archive", "archive").out == ""


@pytest.mark.usefixtures("published")
def test_a_version_is_published_once(cli: Run) -> None:
    """The second time is refused with status 5."""
    done = cli("release", "publish", "project", "survey@1.0.0", "--to", "archive")

    assert (done.status, done.out) == (5, "")
    assert "a version never changes" in done.err


@pytest.mark.usefixtures("published")
def test_listings_are_for_people_and_programs(cli: Run) -> None:
    """A line a release; JSON; those that an expression admits; with --long what the records tell."""
    lines = cli("release", "list", "--archive", "archive").out.splitlines()
    data = cli("release", "list", "survey>1.0.0", "--archive", "archive", "--long", "--json").json

    assert [one.split("\t")[:2] for one in lines] == [["survey", "1.0.0"], ["survey", "1.1.0"]]
    assert [(one["version"], one["files"], one["size"], one["yanked"]) for one in data] == [
        ("1.1.0", 3, 11, False)
    ]


@pytest.mark.usefixtures("published")
def test_a_release_is_fetched_and_locked(cli: Run, house: Path) -> None:
    """The folder holds it, the lock file what it was; a second run brings nothing."""
    first = cli("release", "fetch", "survey>=1,<2", "--from", "archive", "--dest", "here")
    (house / "here" / "new").unlink()
    second = cli("release", "fetch", "survey", "--from", "archive", "--dest", "here", "--json").json
    lock = tomllib.loads((house / "here.lock").read_text())

    assert first.out == f"{house / 'here'}\n"
    assert (second["brought"], second["kept"]) == (["new"], ["data/t.csv", "run"])
    assert (house / "here" / "run").stat().st_mode & 0o100
    assert [one["version"] for one in lock["release"]] == ["1.1.0"]
    assert set(lock["release"][0]["files"]) == {"data/t.csv", "new", "run"}


@pytest.mark.usefixtures("published")
def test_another_content_under_a_locked_version_is_refused(cli: Run, house: Path) -> None:
    """An archive that was made anew with another content is found out, with status 4."""
    cli("release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "here")
    cli("release", "init", "other")
    cli("release", "publish", "project", "survey@1.0.0", "--to", "other")

    done = cli("release", "fetch", "survey@1.0.0", "--from", "other", "--dest", "here")

    assert (done.status, done.out) == (4, "")
    assert "is not what was fetched before" in done.err
    assert (house / "here" / "data" / "t.csv").read_bytes() == b"1,2\n"


@pytest.mark.usefixtures("published")
def test_a_file_of_the_users_is_replaced_only_by_force(cli: Run, house: Path) -> None:
    """Without it nothing is brought, with status 5."""
    (house / "here").mkdir()
    (house / "here" / "new").write_bytes(b"mine\n")
    asked = ("release", "fetch", "survey@1.1.0", "--from", "archive", "--dest", "here")

    refused, mine = cli(*asked), (house / "here" / "new").read_bytes()
    forced = cli(*asked, "--force")

    assert (refused.status, refused.out, mine) == (5, "", b"mine\n")
    assert "no release has brought" in refused.err
    assert forced.status == 0
    assert (house / "here" / "new").read_bytes() == b"new\n"


@pytest.mark.usefixtures("published")
def test_a_release_does_not_come_into_an_archive(cli: Run) -> None:
    """It would be taken for a workspace, and for releases: status 5."""
    for dest in ("archive", "archive/inputs"):
        done = cli("release", "fetch", "survey", "--from", "archive", "--dest", dest)
        assert (done.status, done.out) == (5, "")
        assert "lies in the archive" in done.err


@pytest.mark.usefixtures("published")
def test_a_folder_moves_between_versions(cli: Run, house: Path) -> None:
    """A file that the other version lacks goes, unless it was changed."""
    for version in ("1.1.0", "1.0.0"):
        cli("release", "fetch", f"survey@{version}", "--from", "archive", "--dest", "here")
    without = (house / "here" / "new").exists()
    cli("release", "fetch", "survey@1.1.0", "--from", "archive", "--dest", "here")
    (house / "here" / "new").write_bytes(b"mine\n")
    cli("release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "here")
    lock = tomllib.loads((house / "here.lock").read_text())

    assert not without
    assert (house / "here" / "new").read_bytes() == b"mine\n"
    assert [one["version"] for one in lock["release"]] == ["1.0.0", "1.1.0"]


@pytest.mark.usefixtures("published")
def test_differences_are_told(cli: Run) -> None:
    """Between two releases, and between a release and a folder; status 1 where there are some."""
    between = cli("release", "diff", "survey@1.0.0", "survey@1.1.0", "--archive", "archive")
    data = cli("release", "diff", "survey@1.0.0", "./project", "--archive", "archive", "--json")
    none = cli("release", "diff", "survey@1.1.0", "./project", "--archive", "archive")

    assert (between.status, between.out) == (1, "+ new\n~ data/t.csv\n")
    assert data.json == {"added": ["new"], "removed": [], "changed": ["data/t.csv"]}
    assert (none.status, none.out) == (0, "")


@pytest.mark.usefixtures("published")
def test_a_directory_that_may_be_meant_is_spoken_of(cli: Run) -> None:
    """One that is not there is no workspace; one without a slash is told how to be written."""
    asked = ("release", "diff", "survey@1.1.0")
    missing = cli(*asked, "./nothing", "--archive", "archive")
    bare = cli(*asked, "project", "--archive", "archive")
    meant = cli(*asked, "./project", "--archive", "archive")

    assert (missing.status, meant.status, bare.status) == (3, 0, 3)
    assert "there is no directory ./nothing" in missing.err
    assert "write ./project for the directory" in bare.err


@pytest.mark.usefixtures("published")
def test_damage_is_found(cli: Run, house: Path) -> None:
    """In the archive, and in a folder: status 4, and each fault told."""
    cli("release", "fetch", "survey", "--from", "archive", "--dest", "here")
    right = cli("release", "verify", "survey", "--archive", "archive")
    here = cli("release", "verify", "survey", "--archive", "archive", "--dest", "here")
    (house / "here" / "run").unlink()
    (house / "here" / "new").write_bytes(b"mine\n")
    for blob in (house / "archive").rglob("blobs/*/*"):
        blob.chmod(0o644)
        blob.write_bytes(b"x" * blob.stat().st_size)

    there = cli("release", "verify", "survey", "--archive", "archive", "--json")
    changed = cli("release", "verify", "survey", "--archive", "archive", "--dest", "here")

    assert (right.status, here.status) == (0, 0)
    assert (there.status, [one["path"] for one in there.json["faults"]]) == (
        4,
        ["data/t.csv", "new", "run"],
    )
    assert (changed.status, changed.out) == (4, "new\tit was changed\nrun\tit is missing\n")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("leads", ["elsewhere", "nowhere"])
def test_a_link_in_the_place_of_a_directory_is_no_part_of_a_folder(
    cli: Run, house: Path, leads: str
) -> None:
    """Though it leads to equal files: a fetch would not pass through it either."""
    cli("release", "fetch", "survey", "--from", "archive", "--dest", "here")
    (house / "here" / "data").rename(house / "elsewhere")
    (house / "here" / "data").symlink_to(house / leads)

    checked = cli("release", "verify", "survey", "--archive", "archive", "--dest", "here")
    fetched = cli("release", "fetch", "survey", "--from", "archive", "--dest", "here")

    assert (checked.status, checked.out) == (4, "data/\ta link stands in its place\n")
    assert fetched.status != 0


@pytest.mark.usefixtures("published")
def test_a_yanked_version_is_passed_over(cli: Run) -> None:
    """By ranges; not by its name; and it is said in the listing."""
    cli("release", "yank", "survey@1.1.0", "--archive", "archive", "--reason", "wrong units")
    shown = cli("release", "show", "survey", "--archive", "archive", "--json").json
    named = cli("release", "show", "survey@1.1.0", "--archive", "archive")
    listed = cli("release", "list", "--archive", "archive").out
    cli("release", "yank", "survey@1.1.0", "--archive", "archive", "--undo")
    again = cli("release", "show", "survey", "--archive", "archive", "--json").json

    assert (shown["version"], again["version"]) == ("1.0.0", "1.1.0")
    assert "version:    1.1.0" in named.out
    assert "yanked: wrong units" in listed
    assert cli("release", "yank", "survey>=1", "--archive", "archive").status == 2


def test_a_build_is_named_by_its_metadata(cli: Run, project: Path) -> None:
    """It is fetched and yanked alone; the version without metadata is every build of it."""
    cli("release", "init", "archive")
    at = ("--archive", "archive")
    for build in (5, 6):
        (project / "new").write_text(f"{build}\n")
        cli("release", "publish", "project", f"survey@1.2.0+b.{build}", "--to", "archive")

    def version(asked: str) -> str | int:
        done = cli("release", "show", asked, *at, "--json")
        return done.json["version"] if done.status == 0 else done.status

    differ = cli("release", "diff", "survey@1.2.0+b.5", "survey@1.2.0+b.6", *at)
    shown = [version(f"survey@1.2.0{one}") for one in ("", "+b.5", "+b.7")]
    cli("release", "yank", "survey@1.2.0+b.6", *at)
    after = [version(f"survey@1.2.0{one}") for one in ("", "+b.6")]
    both = cli("release", "yank", "survey@1.2.0", *at)

    assert (differ.status, differ.out) == (1, "~ new\n")
    assert shown == ["1.2.0+b.6", "1.2.0+b.5", 3]
    assert after == ["1.2.0+b.5", "1.2.0+b.6"]
    assert (both.status, version("survey@1.2.0"), version("survey@1.2.0+b.5")) == (
        0,
        3,
        "1.2.0+b.5",
    )


@pytest.mark.parametrize("asked", ["survey@1.0.0", "survey==1.0.0", "survey==1.0.0,<2"])
def test_a_version_is_itself_though_there_is_a_build_of_it(
    cli: Run, project: Path, asked: str
) -> None:
    """It is shown, verified and yanked alone; a range takes the highest build."""
    cli("release", "init", "archive")
    at = ("--archive", "archive")
    cli("release", "publish", "project", "survey@1.0.0", "--to", "archive")
    (project / "new").write_bytes(b"new\n")
    cli("release", "publish", "project", "survey@1.0.0+z", "--to", "archive")

    shown = [
        cli("release", "show", one, *at, "--json").json["version"] for one in (asked, "survey")
    ]
    right = cli("release", "verify", asked, *at, "--json").json["title"]
    cli("release", "yank", "survey@1.0.0", *at)
    yanked = [one["yanked"] for one in cli("release", "list", *at, "--json").json]

    assert shown == ["1.0.0", "1.0.0+z"]
    assert right == "survey-v1.0.0"
    assert yanked == [True, False]


@pytest.mark.usefixtures("published")
def test_a_yanked_version_is_told_of(cli: Run) -> None:
    """Where it is shown, and where a range finds nothing because of it."""
    for version in ("1.0.0", "1.1.0"):
        asked = ("release", "yank", f"survey@{version}", "--archive", "archive")
        cli(*asked, "--reason", "wrong units")

    none = cli("release", "fetch", "survey>=1", "--from", "archive")
    named = cli("release", "show", "survey@1.1.0", "--archive", "archive")
    data = cli("release", "show", "survey@1.1.0", "--archive", "archive", "--json").json
    cli("release", "yank", "survey@1.1.0", "--archive", "archive", "--undo")
    undone = cli("release", "show", "survey@1.1.0", "--archive", "archive", "--json").json

    assert (none.status, none.out) == (3, "")
    assert "1.1.0 is yanked (wrong units), as are 1 more; name it as 'survey@1.1.0'" in none.err
    assert "yanked:     wrong units" in named.out
    assert (data["yanked"], data["reason"]) == (True, "wrong units")
    assert undone["yanked"] is False
    assert "reason" not in undone


@pytest.mark.usefixtures("published")
def test_a_file_that_a_release_lacks_is_not_found(cli: Run) -> None:
    """The locator can be read, so that it is no error of usage: status 3."""
    for asked in ("path=nope", "dataset=nope"):
        done = cli("fetch", f"release:survey@1.1.0?{asked}&archive=archive")
        assert (done.status, done.out) == (3, "")
        assert "'nope'" in done.err


@pytest.mark.usefixtures("published")
def test_a_release_is_copied_once(cli: Run) -> None:
    """Its digest is the same there; another content under its version is left alone, with status 4."""
    cli("release", "init", "second")
    first = cli("release", "copy", "survey@1.1.0", "--from", "archive", "--to", "second")
    again = cli("release", "copy", "survey@1.1.0", "--from", "archive", "--to", "second", "--json")
    digests = {
        cli("release", "show", "survey@1.1.0", "--archive", one, "--json").json["digest"]
        for one in ("archive", "second")
    }
    cli("release", "publish", "project", "survey@1.0.0", "--to", "second")
    other = cli("release", "copy", "survey@1.0.0", "--from", "archive", "--to", "second")

    assert Path(first.out.strip()).is_file()
    assert again.json["copied"] is False
    assert len(digests) == 1
    assert (other.status, other.out) == (4, "")


@pytest.mark.usefixtures("published")
def test_a_mark_that_a_copy_leaves_is_told(cli: Run) -> None:
    """It goes along, and is not taken back where it was at the source."""
    cli("release", "init", "second")
    copying = ("release", "copy", "survey@1.1.0", "--from", "archive", "--to", "second")
    cli("release", "yank", "survey@1.1.0", "--archive", "archive")
    marked = cli(*copying, "--json").json["yanked"]
    cli("release", "yank", "survey@1.1.0", "--archive", "archive", "--undo")

    told, data = cli(*copying), cli(*copying, "--json").json
    cli("release", "yank", "survey@1.1.0", "--archive", "second", "--undo")
    after = cli(*copying)

    assert (marked, data["yanked"]) == (True, True)
    assert "is yanked there, and not where it comes from: 'store release yank --undo'" in told.err
    assert "yanked" not in after.err


@pytest.mark.usefixtures("published")
def test_archives_have_names(cli: Run, house: Path) -> None:
    """A table of the settings stands for an address; the only one is meant where none is named."""
    (house / "store.toml").write_text('[archive.ours]\nhost = "archive"\nuser = "ada"\n')

    assert cli("release", "list", "--archive", "ours").out == cli("release", "list").out
    (house / "store.toml").write_text('[archive.ours]\nhost = "archive"\npassword = "x"\n')
    refused = cli("release", "list")
    assert refused.status == 2
    assert "store.toml:3" in refused.err
    (house / "store.toml").unlink()
    assert cli("release", "list").status == 2


def test_what_is_not_there_is_said(cli: Run, house: Path) -> None:
    """No archive, no such release, no such address: each with its own status."""
    cli("release", "init", "archive")

    assert cli("release", "show", "survey", "--archive", "archive").status == 3
    assert cli("release", "list", "--archive", "nowhere").status == 3
    assert cli("release", "list", "--archive", "ftp://host/x").status == 2
    assert cli("release", "init", "ftp://host/x").status == 5
    assert cli("release", "show", "../x", "--archive", "archive").status == 5
    assert cli("--offline", "release", "list", "--archive", "s3://bucket").status == 6
    assert house.is_dir()


def test_what_is_no_archive_says_what_to_do(cli: Run, project: Path, house: Path) -> None:
    """Each advice can be followed: to begin one, to choose another place, to put the marker back."""
    (house / "empty").mkdir()
    (house / "store.toml").write_text(
        '[archive.ours]\nhost = "archive"\n[archive.team]\nhost = "x"\n'
    )
    asked = ("release", "list", "--archive")
    none, empty, full = cli(*asked, "oors"), cli(*asked, "empty"), cli(*asked, str(project))
    begun = cli("release", "init", "archive")
    cli("release", "publish", str(project), "survey@1.0.0", "--to", "archive")
    (house / "archive" / ".rmearchive").unlink()
    lost = [cli(*asked, "archive"), cli("release", "init", "archive")]

    assert (none.status, begun.status) == (3, 0)
    assert f"'store release init {house}/oors' begins one" in none.err
    assert "the settings name the archives ours, team" in none.err
    assert (empty.status, full.status) == (4, 4)
    assert f"make it one with 'store release init {house}/empty'" in empty.err
    assert "choose another" in full.err
    assert "store.toml" not in full.err
    assert "ours" not in full.err
    for one in lost:
        assert one.status == 4
        assert "put back an empty file of that name" in one.err
    assert cli("release", "init", f"{project}/archive").status == 0


def test_a_folder_is_none_of_its_own(cli: Run, project: Path) -> None:
    """The root of the file system is not filled; a name with a new line stays on its line."""
    cli("release", "init", "archive")
    (project / "a\nb.pem").write_bytes(b"x")
    said = cli("release", "publish", str(project), "survey@1.0.0", "--to", "archive", "-n")
    cli("release", "publish", str(project), "survey@1.0.0", "--to", "archive")

    done = cli("release", "fetch", "survey", "--from", "archive", "--dest", "/")

    assert (done.status, done.out) == (5, "")
    assert "left out: a\\nb.pem (may hold credentials)\n" in said.err
    assert not Path("/.lock").exists()


@pytest.mark.usefixtures("published")
def test_the_record_can_be_had(cli: Run) -> None:
    """As YAML, whole."""
    import yaml

    done = cli("release", "show", "survey@1.0.0", "--archive", "archive", "--record")

    assert yaml.safe_load(done.out)["title"] == "survey-v1.0.0"


@pytest.mark.usefixtures("published")
def test_a_dry_run_brings_nothing(cli: Run, house: Path) -> None:
    """It lists what the folder would hold."""
    done = cli("release", "fetch", "survey@1.0.0", "--from", "archive", "--dry-run")
    data = cli("release", "fetch", "survey@1.0.0", "--from", "archive", "--dry-run", "--json").json

    assert done.out == "data/t.csv\nrun\n"
    assert data["dry_run"] is True
    assert not (house / "survey").exists()


@pytest.mark.usefixtures("published")
def test_a_dry_run_tells_what_is_in_the_way(cli: Run, house: Path) -> None:
    """It lists what would come, and ends as the fetch would: with status 5."""
    (house / "here").mkdir()
    (house / "here" / "run").write_bytes(b"mine\n")
    asked = ("release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "here", "-n")

    refused, forced = cli(*asked), cli(*asked, "--force")

    assert (refused.status, refused.out) == (5, "data/t.csv\nrun\n")
    assert "no release has brought" in refused.err
    assert forced.status == 0
    assert (house / "here" / "run").read_bytes() == b"mine\n"


@pytest.mark.usefixtures("published")
def test_a_listing_is_a_table_on_a_terminal(cli: Run, terminal: Callable[[str], None]) -> None:
    """With a header and human sizes; the record can be shown, datasets and requirements too."""
    terminal("")
    listed = cli("release", "list", "--archive", "archive", "--long")
    cli(
        *("release", "publish", "project", "other@1.0.0", "--to", "archive", "-q"),
        *("--dataset", "t=data/t.csv", "--require", "survey>=1"),
    )
    shown = cli("release", "show", "other", "--archive", "archive")
    refused = cli("release", "publish", "project", "x@1.0.0", "--to", "archive", "--dataset", "t")
    filtered = cli("release", "list", "survey>9", "--archive", "archive", "-q")

    assert "digest" in listed.out.splitlines()[0]
    assert "11 B" in listed.out
    assert "2 releases" in listed.err
    assert "dataset:    t=data/t.csv" in shown.out
    assert "requires:   survey>=1" in shown.out
    assert refused.status == 2
    assert (filtered.out, filtered.err) == ("", "")


@pytest.mark.usefixtures("published")
def test_an_empty_name_is_none(cli: Run) -> None:
    """A variable that is not set does not stand for the default, nor for the working directory."""
    workspace = cli("release", "list", "--archive", "archive", "--workspace", "")
    other = cli(
        *("release", "copy", "survey@1.0.0", "--from", "archive"),
        *("--to", "archive", "--to-workspace", ""),
    )
    begun = cli("release", "init", "")

    assert [one.status for one in (workspace, other, begun)] == [2, 2, 2]
    assert "--workspace is empty: leave it out for the default" in workspace.err


def test_sizes_that_an_older_record_does_not_tell_are_unknown(cli: Run, house: Path) -> None:
    """Nothing is made up for them."""
    cli("release", "init", "archive")
    shelf = house / "archive" / "Global Public Workspace" / "old"
    shelf.mkdir(parents=True)
    node = f"{{/path/: one.txt, /item/: File, /bpid/: {'ab' * 32}}}"
    text = (
        f"title: old-v1.0.0\nversion: 1.0.0\ntitle_versionless: old\nproject: {{one.txt: {node}}}\n"
    )
    (shelf / "old-v1.0.0.yml").write_text(text)

    shown = cli("release", "show", "old", "--archive", "archive")
    data = cli("release", "show", "old", "--archive", "archive", "--json").json
    listed = cli("release", "list", "--archive", "archive", "--long", "--json").json

    assert "size:       unknown\n" in shown.out
    assert f"one.txt\t\tsha256:{'ab' * 32}" in shown.out
    assert (data["size"], data["files"][0]["size"]) == (None, None)
    assert (listed[0]["files"], "size" in listed[0]) == (1, False)


@pytest.mark.usefixtures("published")
def test_damage_is_mended_as_the_error_says(cli: Run, house: Path) -> None:
    """By a copy, or by publishing the same again; each tells how many files it brought."""
    cli("release", "init", "other")
    copying = ("release", "copy", "survey@1.1.0", "--from", "archive", "--to", "other")
    cli(*copying)
    blobs = sorted((house / "other").glob("*/survey/blobs/*/*"))

    def damage() -> None:
        """Lose every blob."""
        for one in blobs:
            one.unlink(missing_ok=True)

    damage()
    told = cli("release", "fetch", "survey@1.1.0", "--from", "other", "--dest", "d")
    copied = cli(*copying)
    damage()
    again = ("release", "publish", "project", "survey@1.1.0", "--to", "other")
    planned = cli(*again, "-n")
    data = cli(*again, "-n", "--json").json
    published = cli(*again)
    whole = cli("release", "verify", "survey@1.1.0", "--archive", "other")

    assert (told.status, copied.status, published.status, whole.status) == (3, 0, 0, 0)
    assert "'store release publish' of the same files" in told.err
    assert "how it is spelled" not in told.err
    assert "was there, 3 files mended" in copied.err
    assert "3 files would be mended (data/t.csv, new, run)" in planned.err
    assert (data["dry_run"], data["pid"], data["mended"]) == (
        True,
        None,
        ["data/t.csv", "new", "run"],
    )
    assert "3 files were mended" in published.err


@pytest.mark.usefixtures("published")
def test_one_file_that_is_mended_is_told_as_one(cli: Run, house: Path) -> None:
    """As several are told as several."""
    for blob in (house / "archive").glob("*/survey/blobs/*/*"):
        if blob.read_bytes() == b"new\n":
            blob.unlink()

    done = cli("release", "publish", "project", "survey@1.1.0", "--to", "archive")

    assert "1 file was mended (new)" in done.err


def test_an_empty_folder_is_none(cli: Run, published: None) -> None:
    """It is what a variable gives that nobody has set."""
    ended = cli("release", "fetch", "survey", "--from", "archive", "--dest", "")

    assert ended.status == 2
    assert "--dest is empty" in ended.err


def test_what_git_would_run_is_asked_for(cli: Run, project: Path) -> None:
    """By a flag, on a dry run, too."""
    (project / ".git").mkdir()
    (project / ".git" / "config").write_bytes(b"[core]")
    cli("release", "init", "archive")
    asked = ("release", "publish", "project", "survey@1.0.0", "--to", "archive")
    cli(*asked, "--include", ".git/*")
    fetching = ("release", "fetch", "survey", "--from", "archive")

    refused, planned, done = (
        cli(*fetching, *more) for more in ((), ("-n",), ("--allow-git", "--dest", "d"))
    )

    assert (refused.status, planned.status, done.status) == (5, 5, 0)
    assert "--allow-git" in refused.err


def test_a_dataset_is_a_file(cli: Run, project: Path) -> None:
    """A directory is said to be one."""
    cli("release", "init", "archive")

    ended = cli(
        "release", "publish", "project", "s@1.0.0", "--to", "archive", "--dataset", "d=data"
    )

    assert ended.status == 2
    assert "is a directory" in ended.err


def test_two_default_archives_are_told_of(cli: Run, house: Path) -> None:
    """Each says that it is the one."""
    (house / "store.toml").write_text(
        "".join(f'[archive.{one}]\nhost = "{one}"\ndefault = true\n' for one in "ab")
    )

    ended = cli("release", "list")

    assert ended.status == 2
    assert "a and b both have default = true" in ended.err


def test_an_empty_lock_file_notes_nothing(cli: Run, published: None, house: Path) -> None:
    """Somebody has made it; a FIFO is no lock file, and is not waited for."""
    (house / "d.lock").touch()
    os.mkfifo(house / "e.lock")

    done = cli("release", "fetch", "survey", "--from", "archive", "--dest", "d")
    odd = cli("release", "fetch", "survey", "--from", "archive", "--dest", "e")

    assert done.status == 0
    assert "survey" in (house / "d.lock").read_text()
    assert odd.status == 2
    assert "no lock file of ours" in odd.err


@pytest.mark.parametrize(
    ("requirements", "shown"), [("5", "5"), ('["raw>=1"]', "raw>=1"), ('{"raw": 1}', "raw: 1")]
)
def test_what_another_tool_requires_is_shown_as_it_stands(
    cli: Run, published: None, house: Path, requirements: str, shown: str
) -> None:
    """Whatever it has written there."""
    shelf = house / "archive" / "Global Public Workspace" / "survey"
    (shelf / "survey-v9.0.0.yml").write_text(
        '{"title": "survey-v9.0.0", "title_versionless": "survey", "version": "9.0.0",'
        f' "project": {{}}, "requirements": {requirements}}}'
    )

    done = cli("release", "show", "survey@9.0.0", "--archive", "archive")

    assert done.status == 0, done.err
    assert shown in done.out


def test_a_folder_with_an_odd_name_is_compared(cli: Run, published: None, house: Path) -> None:
    """The name stays on its line."""
    cli("release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "dest")
    (house / "dest" / "a\nb").touch()

    done = cli("release", "diff", "survey@1.0.0", "./dest", "--archive", "archive")

    assert (done.status, done.out) == (1, "+ a\\nb\n")
