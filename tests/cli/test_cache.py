"""``store cache``: list, info, path, verify, prune, clear, dir."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.disk_faults import failing_call

Run = Callable[..., Any]

NAMES = ("a.txt", "b.txt", "c.txt")


@pytest.fixture
def cached(cli: Run, house: Path) -> dict[str, str]:
    """Fetch three files, and return their digests by name."""
    digests = {}
    for name in NAMES:
        content = name.encode() * 100
        (house / name).write_bytes(content)
        digests[name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    cli("fetch", *NAMES)
    return digests


def damage(path: str) -> None:
    """Change a cached file's content."""
    file = Path(path)
    file.chmod(0o644)
    file.write_bytes(b"?" * file.stat().st_size)


def test_list_is_for_programs_where_no_person_looks(cli: Run, cached: dict[str, str]) -> None:
    """Whole digests and bytes, with tabs between."""
    done = cli("cache", "list")

    rows = [line.split("\t") for line in done.out.splitlines()]
    assert done.status == 0
    assert done.err == ""
    assert [(row[0], row[1], row[3]) for row in rows] == [(cached[n], "500", n) for n in NAMES]


def test_list_is_a_table_on_a_terminal(
    cli: Run, cached: dict[str, str], terminal: Run, store_cache_dir: Path
) -> None:
    """Short digests and sizes as people write them."""
    terminal()

    done = cli("cache", "list")
    quiet = cli("-q", "cache", "list")

    header, *rows = done.out.splitlines()
    assert header.startswith("\x1b[1mdigest  ")
    assert [row.split()[0] for row in rows] == [cached[name][:19] for name in NAMES]
    assert "500 B" in rows[0]
    assert done.err == f"store: 3 files, 1.5 KiB, in {store_cache_dir}\n"
    assert quiet.err == ""


def test_no_color_is_honoured(
    cli: Run, cached: dict[str, str], terminal: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """See no-color.org."""
    terminal()
    monkeypatch.setenv("NO_COLOR", "1")

    done = cli("cache", "list")

    assert "\x1b" not in done.out


def test_list_of_nothing_is_empty(cli: Run, terminal: Run, store_cache_dir: Path) -> None:
    """A cache that was never used is not made."""
    assert cli("cache", "list") == (0, "", "")
    assert cli("cache", "list", "--json").json == []
    terminal()
    assert cli("cache", "list").out == ""
    assert not store_cache_dir.exists()


def test_list_speaks_json(cli: Run, cached: dict[str, str]) -> None:
    """One document, with what is known of each file."""
    done = cli("cache", "list", "--json")

    assert [(one["digest"], one["name"], one["size"]) for one in done.json] == [
        (cached[name], name, 500) for name in NAMES
    ]
    assert Path(done.json[0]["path"]).is_file()


def test_info_sums_up(
    cli: Run, cached: dict[str, str], store_cache_dir: Path, terminal: Run
) -> None:
    """Without an argument it tells of the whole cache."""
    done = cli("cache", "info", "--json")
    terminal()
    shown = cli("cache", "info")

    assert done.json["directory"] == str(store_cache_dir)
    assert (done.json["files"], done.json["bytes"]) == (3, 1500)
    assert "bytes:      1.5 KiB\n" in shown.out


@pytest.mark.parametrize("how", ["locator", "digest", "sri", "short", "shorter", "path"])
def test_info_finds_a_file_by_many_names(cli: Run, cached: dict[str, str], how: str) -> None:
    """Locator, digest in any spelling, the beginning of one, path."""
    digest = cached["b.txt"]
    named = {
        "locator": "./b.txt",
        "digest": digest,
        "sri": digest.replace(":", "="),
        "short": digest[:19],
        "shorter": digest[7:13].upper(),
        "path": cli("cache", "path", digest).out.strip(),
    }

    done = cli("cache", "info", named[how], "--json")

    assert done.status == 0
    assert done.json["name"] == "b.txt"


def test_info_of_a_file_is_shown_as_pairs(cli: Run, cached: dict[str, str]) -> None:
    """One pair a line, days for times."""
    done = cli("cache", "info", cached["a.txt"])

    assert f"digest:     {cached['a.txt']}\n" in done.out
    assert "size:       500\n" in done.out
    assert "used:       20" in done.out


@pytest.mark.parametrize("verb", ["info", "path"])
@pytest.mark.parametrize(
    "what",
    ["sha256:123456", f"sha256:{'0' * 64}", "pypi:six==1.17.0", "./d.txt", "https://host/none"],
)
def test_what_is_not_cached_has_status_3(
    cli: Run, cached: dict[str, str], house: Path, verb: str, what: str
) -> None:
    """And the message says how it gets there."""
    (house / "d.txt").write_text("not fetched")

    done = cli("cache", verb, what)

    assert (done.status, done.out) == (3, "")
    assert "is not in the cache: 'store " in done.err


def test_a_path_inside_that_is_not_there_is_told(cli: Run, cached: dict[str, str]) -> None:
    """It is no locator of a local file."""
    path = cli("cache", "path", cached["a.txt"]).out.strip()

    done = cli("cache", "info", path + "x")

    assert done.status == 3
    assert "is not in the cache" in done.err


def test_a_beginning_that_fits_several_is_refused(cli: Run, house: Path) -> None:
    """The message asks for more digits."""
    names = {}
    number = 0
    while True:
        content = str(number).encode()
        beginning = hashlib.sha256(content).hexdigest()[:6]
        if beginning in names:
            break
        names[beginning] = content
        number += 1
    (house / "x").write_bytes(content)
    (house / "y").write_bytes(names[beginning])
    cli("fetch", "x", "y")

    done = cli("cache", "info", beginning)

    assert done.status == 2
    assert "give more digits" in done.err


def test_path_prints_what_may_be_used(cli: Run, cached: dict[str, str]) -> None:
    """By locator and by digest; JSON too."""
    by_locator = cli("cache", "path", "./a.txt")
    by_digest = cli("cache", "path", cached["a.txt"])
    as_json = cli("cache", "path", cached["a.txt"], "--json")

    assert by_locator == by_digest
    assert by_locator.out.endswith("/a.txt\n")
    assert as_json.json == {"path": by_locator.out.strip()}


def test_path_never_prints_what_is_damaged(cli: Run, cached: dict[str, str]) -> None:
    """It is set aside and counts as not cached."""
    damage(cli("cache", "path", cached["a.txt"]).out.strip())

    assert cli("cache", "path", cached["a.txt"]).status == 3


def test_dir_prints_the_directory(cli: Run, store_cache_dir: Path, tmp_path: Path) -> None:
    """Whether it exists or not; a flag wins over the variable."""
    assert cli("cache", "dir") == (0, f"{store_cache_dir}\n", "")
    assert cli("cache", "--cache-dir", tmp_path / "x", "dir").out == f"{tmp_path}/x\n"
    assert cli("cache", "dir", "--cache-dir", "x").out == f"{Path('x').absolute()}\n"


def test_verify_finds_nothing_wrong(cli: Run, cached: dict[str, str], terminal: Run) -> None:
    """The summary is for people, so stdout is empty."""
    for options in ([], ["--quick"], ["--jobs", "1"]):
        assert cli("cache", "verify", *options) == (
            0,
            "",
            "store: 3 files, 1.5 KiB: all as they should be\n",
        )
    assert cli("-q", "cache", "verify").err == ""
    terminal()
    assert "checked 1.5 KiB of 1.5 KiB" in cli("cache", "verify").err


def test_verify_names_what_is_damaged(cli: Run, cached: dict[str, str]) -> None:
    """Status 4; a second look finds it gone."""
    damage(cli("cache", "path", cached["b.txt"]).out.strip())

    done = cli("cache", "verify")
    again = cli("cache", "verify", "--json")

    assert done.status == 4
    assert done.out.startswith(f"damaged  {cached['b.txt']}  b.txt  (")
    assert "1 not what they should be" in done.err
    assert again.status == 0
    assert again.json["ok"] == 2


def test_verify_speaks_json(cli: Run, cached: dict[str, str]) -> None:
    """What is bad is listed."""
    damage(cli("cache", "path", cached["b.txt"]).out.strip())

    done = cli("cache", "verify", "--json")

    assert done.status == 4
    assert done.json["files"] == 3
    assert [(one["name"], one["state"]) for one in done.json["bad"]] == [("b.txt", "damaged")]


@pytest.mark.parametrize("jobs", ["0", "many"])
def test_verify_needs_a_worker(cli: Run, jobs: str) -> None:
    """A usage error names the option."""
    done = cli("cache", "verify", "--jobs", jobs)

    assert done.status == 2
    assert "--jobs" in done.err


def test_prune_needs_a_limit(cli: Run) -> None:
    """The message names the options."""
    done = cli("cache", "prune", "--yes")

    assert done.status == 2
    assert "--max-size SIZE, --older-than TIME" in done.err


@pytest.mark.parametrize("verb", [["prune", "--max-size", "0"], ["clear"]])
def test_nothing_is_removed_unasked(cli: Run, cached: dict[str, str], verb: list[str]) -> None:
    """Where nobody can be asked, ``--yes`` is needed."""
    done = cli("cache", *verb)

    assert done.status == 2
    assert "add --yes, or look first with --dry-run" in done.err
    assert len(cli("cache", "list").out.splitlines()) == 3


@pytest.mark.parametrize("verb", [["prune", "--max-size", "0"], ["clear"]])
def test_a_dry_run_removes_nothing(process: Run, cached: dict[str, str], verb: list[str]) -> None:
    """It says what would go."""
    done = process("cache", *verb, "--dry-run")

    assert done.status == 0
    assert sorted(line.split("\t")[2] for line in done.out.splitlines()) == list(NAMES)
    assert done.err == "store: would remove 3 files, 1.5 KiB; 0 B left\n"
    assert len(process("cache", "list").out.splitlines()) == 3


@pytest.mark.parametrize("verb", [["prune", "--max-size", "0"], ["clear"]])
def test_yes_removes(process: Run, cached: dict[str, str], verb: list[str]) -> None:
    """What is gone is fetched anew when it is next asked for."""
    done = process("cache", *verb, "--yes", "--json")

    assert done.status == 0
    found = json.loads(done.out)
    assert sorted(one["name"] for one in found["removed"]) == list(NAMES)
    assert (found["freed"], found["left"], found["dry_run"]) == (1500, 0, False)
    assert process("cache", "list").out == ""
    assert process("fetch", "a.txt").status == 0


def test_prune_leaves_what_was_used_last(process: Run, cached: dict[str, str]) -> None:
    """A limit that holds removes nothing."""
    done = process("-q", "cache", "prune", "--max-size", "1500", "--older-than", "1d", "--yes")

    assert done == (0, "", "")


@pytest.mark.parametrize(("typed", "left"), [("y\n", 0), ("n\n", 3), ("\n", 3), ("", 3)])
def test_a_person_is_asked(
    cli: Run, cached: dict[str, str], terminal: Run, typed: str, left: int
) -> None:
    """No, nothing, and the end of the input leave all as it is."""
    terminal(typed)

    done = cli("cache", "clear")

    assert done.status == (1 if left else 0)
    assert "remove 3 files, 1.5 KiB? [y/N]: " in done.err
    assert len(cli("cache", "list", "--json").json) == left


def test_nobody_is_asked_about_nothing(cli: Run, terminal: Run) -> None:
    """An empty cache is clear already."""
    terminal()

    assert cli("cache", "clear") == (0, "", "store: removed 0 files, 0 B; 0 B left\n")


def test_an_unknown_backend_is_told(cli: Run) -> None:
    """With the ones there are."""
    done = cli("cache", "--cache", "file-cahce", "list")

    assert done.status == 2
    assert "did you mean 'file-cache'?" in done.err


def test_path_passes_over_a_damaged_name_of_a_content_that_is_whole_under_another(
    cli: Run, house: Path
) -> None:
    """One content may lie in the cache under several names."""
    for name in ("a.txt", "b.txt"):
        (house / name).write_bytes(b"the same")
    first, second = cli("fetch", "a.txt", "b.txt").out.splitlines()
    digest = hashlib.sha256(b"the same").hexdigest()
    Path(first).unlink()  # the two are one file on disk
    Path(first).write_bytes(b"damaged!")

    assert cli("cache", "path", digest[:12]).out == f"{second}\n"
    assert cli("cache", "path", f"sha256:{digest}").out == f"{second}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["info"],
        ["verify"],
        ["verify", "--quick"],
        ["path", "1234567"],
        ["prune", "--max-size", "0", "--yes"],
        ["clear", "--dry-run"],
    ],
)
@pytest.mark.parametrize("below", ["content", "records"])
def test_a_cache_that_cannot_be_read_is_not_taken_for_an_empty_one(
    cli: Run, cached: dict[str, str], store_cache_dir: Path, words: list[str], below: str
) -> None:
    """Nobody knows what lies there: that all is as it should be would be a guess."""
    with failing_call("scandir", errno.EACCES, below=store_cache_dir / below):
        done = cli("cache", *words)

    assert (done.status, done.out) == (10, "")
    assert f"{store_cache_dir / below}" in done.err
    assert "allow it to be read" in done.err
    assert len(cli("cache", "list").out.splitlines()) == 3


def test_the_files_of_a_cache_are_told_without_their_inodes(
    cli: Run, cached: dict[str, str]
) -> None:
    """What is listed is what the reference of commands names."""
    known = {"digest", "path", "name", "size", "added", "used", "kind"}

    assert set(cli("cache", "list", "--json").json[0]) == known
    assert set(cli("cache", "info", "a.txt", "--json").json) == known
    assert "identity" not in cli("cache", "info", "a.txt").out


@pytest.mark.parametrize("what", ["sha256:zzz", "sha256:12", "SHA1:"])
def test_an_algorithm_without_digits_is_no_driver(cli: Run, what: str) -> None:
    """What begins like a digest is meant for one."""
    done = cli("cache", "path", what)

    assert (done.status, done.out) == (2, "")
    assert "give at least 6 hexadecimal digits" in done.err
    assert "driver" not in done.err
