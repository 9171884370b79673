"""``store bucket``: list, get, put, copy and remove, on two real servers."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.clock import SYSTEM_CLOCK
from store.config.reading import read_settings
from store.transports.base import TransferOptions
from store.transports.objects.opening import open_objects
from store.transports.objects.signed import SignedObjects

Run = Callable[..., Any]


@pytest.fixture
def moto(moto_server: Any, house: Path) -> str:
    """Name an empty bucket of one server; return its address."""
    connection = moto_server.connection
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{moto_server.endpoint}"\nbucket = "{moto_server.new_bucket()}"\n'
        f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n'
        f'[connection.bare]\nendpoint = "{moto_server.endpoint}"\n'
        f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n',
        encoding="utf-8",
    )
    return "bucket:work"


def test_a_file_goes_up_and_comes_down(cli: Run, named: str, tree: Path, house: Path) -> None:
    """Under the key that was said, and verified."""
    put = cli("bucket", "put", tree / "a.csv", f"{named}/data/x.csv", "--json")
    (done,) = put.json
    assert (put.status, done["key"], done["size"]) == (0, "data/x.csv", 4)
    assert done["digest"] == "sha256:" + hashlib.sha256(b"a,b\n").hexdigest()

    got = cli("bucket", "get", f"{named}/data/x.csv")
    assert (got.status, got.out) == (0, "x.csv\n")
    assert (house / "x.csv").read_bytes() == b"a,b\n"
    again = cli("bucket", "get", f"{named}/data/x.csv", "new/y.csv", "--json").json
    assert (again[0]["path"], again[0]["verified"]) == ("new/y.csv", True)


def test_a_tree_goes_up_and_comes_down(cli: Run, named: str, tree: Path, house: Path) -> None:
    """With patterns, and the addresses or paths of each on stdout."""
    put = cli("bucket", "put", tree, f"{named}/2026/", "--exclude", "*.tmp")
    assert put.status == 0
    assert [one.rpartition("/2026/")[2] for one in put.out.splitlines()] == ["a.csv", "sub/b.csv"]
    assert "put 2 files" in put.err

    listed = cli("bucket", "list", f"{named}/2026/").out.splitlines()
    assert [one.split("\t")[:2] for one in listed] == [["2026/a.csv", "4"], ["2026/sub/b.csv", "2"]]
    got = cli("bucket", "get", f"{named}/2026/", "in", "--include", "sub/")
    assert (got.status, got.out) == (0, "in/sub/b.csv\n")
    assert (house / "in" / "sub" / "b.csv").read_bytes() == b"b\n"
    assert [one["key"] for one in cli("bucket", "list", named, "--json").json] == [
        "2026/a.csv",
        "2026/sub/b.csv",
    ]


def test_objects_are_copied_and_removed(cli: Run, named: str, tree: Path) -> None:
    """One and many; what was only planned is not done."""
    cli("bucket", "put", tree, f"{named}/x/")
    one = cli("bucket", "copy", f"{named}/x/a.csv", f"{named}/y/")
    assert one.out.strip().endswith("/y/a.csv")
    assert cli("bucket", "copy", f"{named}/x/", f"{named}/z/", "--dry-run").status == 0
    many = cli("bucket", "copy", f"{named}/x/", f"{named}/z/", "--include", "*.csv", "--json").json
    assert [one["dest"].rpartition("/z/")[2] for one in many] == ["a.csv", "sub/b.csv"]

    planned = cli("bucket", "remove", f"{named}/x/", "--dry-run")
    assert "would delete 3 objects, 8 B" in planned.err
    gone = cli("bucket", "remove", f"{named}/x/", f"{named}/y/a.csv", "--yes", "--json").json
    assert len(gone["removed"]) == 4
    left = [one["key"] for one in cli("bucket", "list", named, "--json").json]
    assert left == ["z/a.csv", "z/sub/b.csv"]


def test_an_address_that_is_printed_can_be_given_again(cli: Run, moto: str, house: Path) -> None:
    """Whatever the key holds: ``%41`` is no ``A``, and ``?`` begins no query."""
    (house / "odd").mkdir()
    (house / "odd" / "a%41 ?b#c").write_bytes(b"odd\n")

    put = cli("bucket", "put", house / "odd", f"{moto}/", "--json").json
    (listed,) = cli("bucket", "list", moto, "--json").json
    got = cli("bucket", "get", listed["address"], "back", "--json")

    assert listed["key"] == "a%41 ?b#c"
    assert listed["address"] == put[0]["address"]
    assert got.status == 0
    assert (house / "back").read_bytes() == b"odd\n"


def test_a_bucket_is_made_and_deleted(cli: Run, moto: str, tree: Path) -> None:
    """Each only where it is asked for."""
    missing = cli("bucket", "put", tree / "a.csv", "bucket:bare/brand-new/")
    assert missing.status == 3
    made = cli("bucket", "put", tree / "a.csv", "bucket:bare/brand-new/", "--create")
    assert (made.status, made.out) == (0, "bucket:bare/brand-new/a.csv\n")

    assert cli("bucket", "remove", "bucket:bare/brand-new", "--yes").status == 2
    gone = cli("bucket", "remove", "bucket:bare/brand-new", "--bucket", "--yes", "--json").json
    assert gone["buckets"] == ["bucket:bare/brand-new"]
    assert cli("bucket", "list", "bucket:bare/brand-new").status == 3


def test_it_comes_through_here_between_buckets(cli: Run, moto: str, tree: Path) -> None:
    """Verified on the way."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/data/")
    cli("bucket", "put", tree / "a.csv", "bucket:bare/second/", "--create")

    done = cli("bucket", "copy", f"{moto}/data/", "bucket:bare/second/copies/")

    assert (done.status, done.out) == (0, "bucket:bare/second/copies/a.csv\n")
    got = cli("bucket", "get", "bucket:bare/second/copies/a.csv", "copy", "--json").json
    assert got[0]["verified"] is True


def test_what_is_meant_is_said_where_it_is_unclear(cli: Run, moto: str, tree: Path) -> None:
    """A missing key, a directory without its slash, patterns for one object."""
    cli("bucket", "put", tree, f"{moto}/data/")

    missing = cli("bucket", "get", f"{moto}/nothing")
    assert missing.status == 3
    directory = cli("bucket", "get", f"{moto}/data")
    assert directory.status == 3
    assert "end it with a slash" in directory.err
    assert "end it with a slash" in cli("bucket", "remove", f"{moto}/data", "--yes").err
    assert "end it with a slash" in cli("bucket", "copy", f"{moto}/data", f"{moto}/x").err
    for wrong in (
        ("get", f"{moto}/data/a.csv", "--include", "*"),
        ("get", f"{moto}/data/", "--digest", f"sha256:{'0' * 64}"),
        ("put", tree, tree / "a.csv", f"{moto}/data"),
        ("copy", f"{moto}/data/", f"{moto}/x"),
        ("remove", moto, "--yes"),
        ("remove", f"{moto}/data/", "--bucket", "--yes"),
        ("remove", f"{moto}/data/"),
    ):
        assert cli("bucket", *wrong).status == 2, wrong
    assert cli("bucket", "get", f"{moto}/data/", "--include", "*.no").status == 3
    assert cli("bucket", "copy", f"{moto}/data/", f"{moto}/x/", "--include", "*.no").status == 3


def test_a_wrong_digest_is_refused(cli: Run, moto: str, tree: Path, house: Path) -> None:
    """What was there stays."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/a")
    (house / "a").write_text("old", encoding="utf-8")

    done = cli("bucket", "get", f"{moto}/a", "a", "--digest", f"sha256:{'0' * 64}")

    assert done.status == 4
    assert (house / "a").read_text(encoding="utf-8") == "old"


def test_two_files_do_not_become_one(cli: Run, moto: str, tree: Path) -> None:
    """Nothing is put."""
    (tree / "sub" / "a.csv").write_bytes(b"other")

    done = cli("bucket", "put", tree / "a.csv", tree / "sub" / "a.csv", f"{moto}/")

    assert done.status == 5
    assert cli("bucket", "list", moto).out == ""


def test_a_person_sees_a_table_and_is_asked(cli: Run, moto: str, tree: Path, terminal: Run) -> None:
    """And bars."""
    cli("bucket", "put", tree, f"{moto}/data/")
    terminal()

    listed = cli("bucket", "list", f"{moto}/data/")
    assert cli("bucket", "list", f"{moto}/none/").err == "store: 0 objects, 0 B\n"
    got = cli("bucket", "get", f"{moto}/data/", "in")

    assert "modified" in listed.out.splitlines()[0]
    assert "3 objects, 8 B" in listed.err
    assert "3 files: 100%" in got.err
    terminal("n\n")
    kept = cli("bucket", "remove", f"{moto}/data/")
    assert (kept.status, kept.out) == (1, "")
    assert "delete 3 objects, 8 B?" in kept.err
    terminal("y\n")
    assert cli("bucket", "remove", f"{moto}/data/", "-q").status == 0


def test_a_dry_run_moves_nothing(cli: Run, moto: str, tree: Path, house: Path) -> None:
    """It says what it would do, as text and as JSON."""
    assert "would put 3 files" in cli("bucket", "put", tree, f"{moto}/x/", "-n").err
    assert cli("bucket", "put", tree, f"{moto}/x/", "-n", "--json").json[0]["size"] == 4
    assert cli("bucket", "list", moto).out == ""
    cli("bucket", "put", tree, f"{moto}/x/")
    assert len(cli("bucket", "get", f"{moto}/x/", "in", "-n", "--json").json) == 3
    assert not (house / "in").exists()


@pytest.mark.parametrize("option", ["--include", "--exclude"])
@pytest.mark.parametrize("pattern", ["", "/"])
def test_an_empty_pattern_is_refused(
    cli: Run, moto: str, tree: Path, option: str, pattern: str
) -> None:
    """Wherever one is taken, also where a single file goes; the option is named, and nothing is done."""
    for args in (
        ("put", tree / "a.csv", f"{moto}/x/"),
        ("put", tree, f"{moto}/x/"),
        ("sync", tree, f"{moto}/x/"),
        ("get", f"{moto}/x/"),
        ("list", moto),
    ):
        refused = cli("bucket", *args, option, pattern)

        assert (refused.status, refused.out) == (2, "")
        assert f"'{option}': {pattern!r} is no pattern" in refused.err
    assert cli("bucket", "list", moto).out == ""


def test_a_dry_run_refuses_what_the_run_would(cli: Run, moto: str, tree: Path, house: Path) -> None:
    """A link in the way of one file, of one among many, and of a sync."""
    cli("bucket", "put", tree, f"{moto}/x/")
    (house / "in").mkdir()
    (house / "in" / "a.csv").symlink_to(house / "elsewhere")

    for args in (
        ("get", f"{moto}/x/a.csv", "in/a.csv"),
        ("get", f"{moto}/x/", "in"),
        ("sync", f"{moto}/x/", "in"),
    ):
        dry, real = cli("bucket", *args, "--dry-run"), cli("bucket", *args)

        assert (dry.status, dry.out, dry.err) == (real.status, real.out, real.err)
        assert dry.status == 5
        assert "passed over" not in dry.err
    assert [one.name for one in (house / "in").iterdir()] == ["a.csv"]


def test_an_interrupted_get_is_gone_on_with(
    cli: Run, moto: str, house: Path, starting: Callable[..., Any]
) -> None:
    """What came is kept, and said; the same command finishes it."""
    content = bytes(range(256)) * (12 << 10)
    (house / "big").write_bytes(content)
    cli("bucket", "put", "big", f"{moto}/big")

    started = starting("bucket", "get", f"{moto}/big", "down", "--limit-rate", "2M")
    while not list(house.glob(".store-part-*/state")):
        SYSTEM_CLOCK.sleep(0.01)
    SYSTEM_CLOCK.sleep(0.2)
    stopped = started.ended_by(signal.SIGINT)

    assert stopped.status == 130
    assert "of down are kept: the same command goes on from there" in stopped.err
    assert not (house / "down").exists()
    assert cli("bucket", "get", f"{moto}/big", "down").status == 0
    assert (house / "down").read_bytes() == content
    assert not list(house.glob(".store-*"))


def test_an_interrupted_print_keeps_nothing(  # noqa: PLR0917 - fixtures
    cli: Run, moto: str, house: Path, starting: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """And says nothing else: there is no file to go on with."""
    (house / "big").write_bytes(bytes(3 << 20))
    cli("bucket", "put", "big", f"{moto}/big")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))

    started = starting("bucket", "get", f"{moto}/big", "-", "--limit-rate", "1M")
    while not list(tmp_path.glob("temporary/.store-*/.store-part-*/state")):
        SYSTEM_CLOCK.sleep(0.01)
    SYSTEM_CLOCK.sleep(0.2)
    stopped = started.ended_by(signal.SIGINT)

    assert (stopped.status, stopped.out, stopped.err) == (130, "", "store: interrupted\n")
    assert not list(tmp_path.glob("temporary/.store-*"))


def test_an_interrupted_put_leaves_nothing(
    cli: Run, moto: str, house: Path, starting: Callable[..., Any]
) -> None:
    """It ends at once, between two files."""
    (house / "many").mkdir()
    for number in range(40):
        (house / "many" / f"{number:02}").write_bytes(bytes(50_000))

    started = starting("bucket", "put", "many", f"{moto}/x/", "--limit-rate", "500K", "-j", "2")
    while not cli("bucket", "list", f"{moto}/x/").out:
        SYSTEM_CLOCK.sleep(0.01)
    stopped = started.ended_by(signal.SIGINT)

    assert (stopped.status, stopped.out) == (130, "")
    assert 0 < len(cli("bucket", "list", f"{moto}/x/").out.splitlines()) < 40


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_only_a_regular_file_is_replaced(
    cli: Run, moto: str, tree: Path, house: Path, kind: str
) -> None:
    """Neither by one object nor by many, nor by a plan: a device would be gone for all."""
    cli("bucket", "put", tree, f"{moto}/x/")
    (house / "in").mkdir()
    odd = house / "in" / "a.csv"
    if kind == "fifo":
        os.mkfifo(odd)
    else:
        (house / "other").write_text("other", encoding="utf-8")
        odd.symlink_to(house / "other")
    was = os.lstat(odd)

    one = cli("bucket", "get", f"{moto}/x/a.csv", odd)
    many = cli("bucket", "get", f"{moto}/x/", "in")
    plan = cli("bucket", "sync", tree, f"{moto}/x/", "--plan", odd)

    assert (one.status, many.status, plan.status) == (5, 5, 5)
    assert "is no regular file" in one.err
    assert os.lstat(odd)[:2] == was[:2]
    assert not (house / "in" / "sub" / "b.csv").exists()


def test_a_version_is_refused_where_it_is_not_looked_at(cli: Run, moto: str, tree: Path) -> None:
    """Else the newest would be removed, copied or replaced in its place."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/a")
    old = f"{moto}/a?versionId=1234"

    for wrong in (
        ("remove", old, "--yes"),
        ("copy", old, f"{moto}/b"),
        ("copy", f"{moto}/a", f"{moto}/b?versionId=1234"),
        ("put", tree / "a.csv", old),
        ("sync", tree, f"{moto}/x/?versionId=1234"),
        ("check", tree, f"{moto}/x/?versionId=1234"),
        ("list", f"{moto}/?versionId=1234"),
        ("get", f"{moto}/?versionId=1234", "in"),
    ):
        done = cli("bucket", *wrong)
        assert (done.status, "know versions" in done.err) == (2, True), wrong
    assert [one["key"] for one in cli("bucket", "list", moto, "--json").json] == ["a"]


def test_a_bucket_is_called_as_it_was_named(cli: Run, moto: str, tree: Path) -> None:
    """What is printed leads to the same server, errors too."""
    put = cli("bucket", "put", tree / "a.csv", f"{moto}/p/")
    copied = cli("bucket", "copy", f"{moto}/p/a.csv", f"{moto}/q/", "--json").json
    missing = cli("bucket", "get", f"{moto}/none")
    removed = cli("bucket", "remove", f"{moto}/p/", "--yes")

    assert put.out == removed.out == "bucket:work/p/a.csv\n"
    assert (copied[0]["source"], copied[0]["dest"]) == (
        "bucket:work/p/a.csv",
        "bucket:work/q/a.csv",
    )
    assert "bucket:work/none" in missing.err
    assert "s3://" not in missing.err


def test_nothing_unfinished_is_no_error(cli: Run, named: str, tree: Path) -> None:
    """Of a bucket that nothing has gone into in parts yet, whatever its server says then."""
    cli("bucket", "put", tree / "a.csv", f"{named}/x/")

    done = cli("bucket", "remove", named, "--uploads", "--yes", "--json")

    assert (done.status, done.json["uploads"]) == (0, [])
    assert "took back 0 uploads" in done.err
    assert cli("bucket", "remove", f"{named}/x/", "--uploads", "--dry-run").status == 0


def test_what_was_never_finished_is_taken_back(cli: Run, moto: str, tree: Path) -> None:
    """A killed process leaves parts, which no listing shows."""
    with contextlib.closing(
        open_objects(moto, TransferOptions.from_settings(read_settings().settings))
    ) as client:
        reader = client.reader()
        assert isinstance(reader, SignedObjects)
        for key in ("x/a b", "y/z"):
            reader.ask("POST", key, {"uploads": ""}).read()
    cli("bucket", "put", tree / "a.csv", f"{moto}/x/")

    told = cli("bucket", "remove", f"{moto}/x/", "--uploads", "--dry-run", "--json").json
    assert [one["address"] for one in told["uploads"]] == ["bucket:work/x/a%20b"]
    gone = cli("bucket", "remove", f"{moto}/x/", "--uploads", "--yes")
    assert (gone.status, gone.out) == (0, "bucket:work/x/a%20b\n")
    assert "took back 1 upload" in gone.err
    left = cli("bucket", "remove", moto, "--uploads", "--dry-run")
    assert left.out == "bucket:work/y/z\n"
    assert cli("bucket", "list", moto).out.startswith("x/a.csv")
    assert cli("bucket", "remove", moto, "--uploads").status == 2
    assert cli("bucket", "remove", moto, "--uploads", "--bucket", "-y").status == 2
    assert cli("bucket", "remove", moto, "--bucket", "--yes").status == 0


def test_a_slash_at_the_end_means_a_directory(cli: Run, moto: str, tree: Path, house: Path) -> None:
    """Here too, where it is not there yet."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/d/")

    got = cli("bucket", "get", f"{moto}/d/a.csv", "new/")

    assert (got.status, got.out) == (0, "new/a.csv\n")
    assert (house / "new" / "a.csv").is_file()


def test_nothing_to_remove_is_told(cli: Run, moto: str, tree: Path) -> None:
    """As a lone object that is missing is."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/d/")

    assert cli("bucket", "remove", f"{moto}/nope/", "-y").status == 3
    assert cli("bucket", "remove", f"{moto}/d/", "--include", "*.no", "-y").status == 3


def test_what_is_not_put_is_told(cli: Run, moto: str, tree: Path) -> None:
    """Links are no content."""
    (tree / "link").symlink_to(tree / "a.csv")

    done = cli("bucket", "put", tree, f"{moto}/d/")

    assert done.status == 0
    assert "'link' is passed over" in done.err
    assert "passed over" not in cli("bucket", "put", tree, f"{moto}/d/", "-q").err


def test_what_happens_is_logged_where_that_is_wanted(cli: Run, moto: str, tree: Path) -> None:
    """Which server is asked; with -vv each request."""
    cli("bucket", "put", tree / "a.csv", f"{moto}/d/")

    once = cli("bucket", "list", moto, "-v")
    twice = cli("bucket", "list", moto, "-vv")

    assert "bucket:work is the bucket" in once.err
    assert "http://127.0.0.1" in once.err
    assert "GET http://127.0.0.1" in twice.err
    assert "answered 200" in twice.err
    assert cli("bucket", "list", moto).err == ""
