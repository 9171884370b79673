"""``store bucket``: sync and check, on two real servers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.clock import SYSTEM_CLOCK

Run = Callable[..., Any]


def test_a_tree_goes_up_and_down_and_up_again(
    cli: Run, named: str, tree: Path, house: Path
) -> None:
    """The second time there is nothing to do; nothing is deleted without a word."""
    first = cli("bucket", "sync", tree, f"{named}/data/", "--exclude", "*.tmp")
    assert (first.status, first.out) == (0, "+ data/a.csv (4 bytes)\n+ data/sub/b.csv (2 bytes)\n")
    assert cli("bucket", "sync", tree, f"{named}/data", "--exclude", "*.tmp").out == ""

    down = cli("bucket", "sync", f"{named}/data/", "copy")
    assert (down.status, down.out) == (0, "+ a.csv (4 bytes)\n+ sub/b.csv (2 bytes)\n")
    assert (house / "copy" / "sub" / "b.csv").read_bytes() == b"b\n"
    (tree / "a.csv").unlink()
    kept = cli("bucket", "sync", tree, f"{named}/data/", "--exclude", "*.tmp")
    assert (kept.status, kept.out) == (0, "")
    assert "1 left alone" in kept.err

    gone = cli("bucket", "sync", tree, f"{named}/data/", "--exclude", "*.tmp", "--delete")
    assert (gone.status, gone.out) == (0, "- data/a.csv (4 bytes)\n")
    assert [one["key"] for one in cli("bucket", "list", named, "--json").json] == ["data/sub/b.csv"]


def test_check_tells_what_differs(cli: Run, named: str, tree: Path, house: Path) -> None:
    """A sign and a name a line; status 4 where anything is not alike."""
    cli("bucket", "sync", tree, f"{named}/data/")
    same = cli("bucket", "check", tree, f"{named}/data/")
    assert (same.status, same.out) == (0, "= a.csv\n= sub/b.csv\n= sub/c.tmp\n")

    (tree / "a.csv").write_bytes(b"b,a\n")
    (tree / "sub" / "c.tmp").unlink()
    (tree / "new").write_bytes(b"")
    other = cli("bucket", "check", tree, f"{named}/data/")
    assert (other.status, other.out) == (4, "* a.csv\n+ new\n= sub/b.csv\n- sub/c.tmp\n")
    turned = cli("bucket", "check", f"{named}/data/", tree, "--json")
    assert [one["sign"] for one in turned.json] == ["*", "-", "=", "+"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("-", 2, "--plan names a file, and stdout is for the steps"),
        ("", 2, "--plan is empty: name a file"),
        ("out/", 2, "--plan names a file"),
        ("missing/p", 10, "missing: No such file or directory"),
        ("out/a.csv/p", 10, "a.csv: Not a directory"),
        ("out/sub", 10, "a directory is in the way"),
    ],
)
def test_where_no_plan_can_be_written_is_told_before_one_is_made(  # noqa: PLR0917 - a table
    cli: Run, named: str, tree: Path, house: Path, path: str, status: int, said: str
) -> None:
    """No directory is made for it, and no file called as stdout is."""
    before = sorted(house.rglob("*"))

    refused = cli("bucket", "sync", tree, f"{named}/data/", "--plan", path)

    assert (refused.status, refused.out) == (status, "")
    assert said in refused.err
    assert sorted(house.rglob("*")) == before


def test_a_plan_is_written_looked_through_and_applied(
    cli: Run, named: str, tree: Path, house: Path
) -> None:
    """And refused when a side has moved on."""
    planned = cli("bucket", "sync", tree, f"{named}/data/", "--plan", "plan.jsonl")
    assert planned.status == 0
    assert cli("bucket", "list", named).out == ""
    lines = (house / "plan.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["format"] == "store-bucket-plan/1"
    (house / "plan.jsonl").write_text("\n".join(lines[:-1]), encoding="utf-8")

    twice = cli("bucket", "sync", tree, f"{named}/data/", "--apply", "plan.jsonl", "--delete")
    assert (twice.status, "was decided when the plan was made" in twice.err) == (2, True)
    elsewhere = cli("bucket", "sync", tree, f"{named}/other/", "--apply", "plan.jsonl")
    assert (elsewhere.status, "name the same two" in elsewhere.err) == (2, True)
    done = cli("bucket", "sync", tree, f"{named}/data/", "--apply", "plan.jsonl", "--json")
    assert (done.status, done.json["applied"], len(done.json["steps"])) == (0, True, 2)
    again = cli("bucket", "sync", tree, f"{named}/data/", "--apply", "plan.jsonl")
    assert (again.status, "plan again" in again.err) == (4, True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("empty", "bucket:work/data/"), 5, "allow_empty"),
        (("bucket:work/nothing/", "out"), 5, "nothing lies within"),
        (("missing", "bucket:work/data/"), 3, "missing"),
        (("out", "other"), 2, "one of the two is a bucket's address"),
        (("s3://a", "s3://b"), 2, "store bucket copy"),
        (("out", "bucket:work/data/", "--max-delete", "2"), 2, "max-delete"),
        (("bucket:work/data/", "out", "--sha1"), 2, "comes down"),
    ],
)
def test_mistakes_are_refused(
    cli: Run, named: str, tree: Path, arguments: tuple[str, ...], *, status: int, said: str
) -> None:
    """Before anything is changed, with the next step."""
    (tree.parent / "empty").mkdir()

    done = cli("bucket", "sync", *arguments)

    assert (done.status, said in done.err) == (status, True)
    assert cli("bucket", "list", named).out == ""


def test_too_many_deletions_are_refused(cli: Run, named: str, tree: Path, house: Path) -> None:
    """Status 5; a larger share may be allowed."""
    cli("bucket", "sync", tree, f"{named}/data/")
    (tree / "a.csv").unlink()
    (tree / "sub" / "c.tmp").unlink()

    refused = cli("bucket", "sync", tree, f"{named}/data/", "--delete")
    assert (refused.status, "--max-delete" in refused.err) == (5, True)
    done = cli("bucket", "sync", tree, f"{named}/data/", "--delete", "--max-delete", "0.7")
    assert (done.status, done.out) == (0, "- data/a.csv (4 bytes)\n- data/sub/c.tmp (2 bytes)\n")


def test_a_bucket_is_made_where_that_is_asked_for(
    cli: Run, moto_server: Any, tree: Path, house: Path
) -> None:
    """And it is told where writes were not held to their conditions."""
    connection = moto_server.connection
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{moto_server.endpoint}"\nbucket = "made-by-sync"\n'
        f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n',
        encoding="utf-8",
    )

    done = cli("bucket", "sync", tree, "bucket:work", "--create", "--sha1", "--json")

    assert (done.status, done.json["applied"], done.json["conditional"]) == (0, True, True)


def test_an_interrupted_sync_up_ends_soon(
    cli: Run, named: str, house: Path, starting: Callable[..., Any]
) -> None:
    """What is on its way breaks off, and no parts are left; the next run finishes the job."""
    (house / "many").mkdir()
    for number in range(3):
        (house / "many" / str(number)).write_bytes(bytes([number]) * (9 << 20))
    (house / "many" / "small").write_bytes(b"1")

    started = starting("bucket", "sync", "many", f"{named}/x/", "--limit-rate", "500K")
    while not cli("bucket", "list", f"{named}/x/").out:
        SYSTEM_CLOCK.sleep(0.05)
    SYSTEM_CLOCK.sleep(0.5)
    began = SYSTEM_CLOCK.monotonic()
    stopped = started.ended_by(signal.SIGINT)

    assert stopped.status == 130
    assert SYSTEM_CLOCK.monotonic() - began < 30
    (left,) = cli("bucket", "list", f"{named}/x/", "--json").json
    assert left["key"] == "x/small"
