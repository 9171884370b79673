"""``store fetch`` of many: as they come, one failure for itself, lists."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import store
from store.testing.archives import packed
from store.testing.disk_faults import disk_full, read_only
from store.testing.misbehaving import Drip, Stall, Status
from store.testing.servers import Server

Run = Callable[..., Any]

FILES: Mapping[str, bytes] = {
    "one.bin": b"one" * 100,
    "sub/two.bin": b"two" * 200,
    "sub/three three.bin": b"three" * 300,
}


def sha256(data: bytes) -> str:
    """Return a digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def base(server: Server) -> str:
    """Serve some files, and return where."""
    for name, data in FILES.items():
        server.serve(f"/d/{name.replace(' ', '%20')}", data)
    return f"{server.url}/d"


@pytest.fixture
def sums(house: Path) -> Path:
    """Lay down a list of them."""
    path = house / "SHA256SUMS"
    path.write_text("".join(f"{sha256(data)}  {name}\n" for name, data in FILES.items()))
    return path


def pinned(server: Server, name: str, data: bytes, fault: Any = None) -> str:
    """Serve something and return its locator."""
    return f"{server.serve('/' + name, data, fault=fault)}#sha256={sha256(data)}"


def test_results_come_as_they_come_or_in_order(cli: Run, server: Server) -> None:
    """The slow one is printed last, unless the order is wanted."""
    slow = pinned(server, "slow.bin", b"slow", Stall(after=2, seconds=0.5))
    quick = pinned(server, "quick.bin", b"quick")

    came = cli("fetch", slow, quick)
    cli("cache", "clear", "--yes")
    ordered = cli("fetch", "--ordered", slow, quick)

    assert [Path(line).name for line in came.out.splitlines()] == ["quick.bin", "slow.bin"]
    assert [Path(line).name for line in ordered.out.splitlines()] == ["slow.bin", "quick.bin"]
    assert came.status == ordered.status == 0


def test_each_result_and_each_attempt_is_told_in_json(cli: Run, server: Server) -> None:
    """An object a result, an object a failure, their attempts as objects."""
    late = pinned(server, "late.bin", b"late", [Status(503)])
    gone = pinned(server, "gone.bin", b"gone", Status(404))

    done = cli("fetch", "--json", "--ordered", late, gone)

    fetched, failed = map(json.loads, done.out.splitlines())
    assert done.status == 3
    assert fetched["path"].endswith("late.bin")
    assert [one["reason"] is None for one in fetched["attempts"]] == [False, True]
    assert fetched["attempts"][1] == {
        "address": f"{server.url}/late.bin",
        "reason": None,
        "received": 4,
        "seconds": fetched["attempts"][1]["seconds"],
        "resumed": 0,
        "connections": 1,
    }
    assert failed["locator"] == f"{server.url}/gone.bin"
    assert failed["error"]["attempts"][0]["address"] == f"{server.url}/gone.bin"
    assert failed["error"]["exit_status"] == 3


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_fail_fast_leaves_the_rest(cli: Run, server: Server, jobs: str) -> None:
    """And says how many were not fetched."""
    gone = pinned(server, "gone.bin", b"gone", Status(404))
    rest = [pinned(server, f"{number}.bin", bytes([number])) for number in range(20)]

    done = cli("fetch", "--fail-fast", "-j", jobs, gone, *rest)

    assert done.status == 3
    assert "more were not fetched, since one has failed (--fail-fast)" in done.err
    assert len(done.out.splitlines()) < 20


def test_the_setting_says_how_many_at_once(
    cli: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time keeps the order without being asked."""
    monkeypatch.setenv("STORE_JOBS", "1")
    slow = pinned(server, "slow.bin", b"slow", Stall(after=2, seconds=0.3))

    done = cli("fetch", slow, pinned(server, "quick.bin", b"quick"))

    assert [Path(line).name for line in done.out.splitlines()] == ["slow.bin", "quick.bin"]


def test_a_list_of_digests_is_fetched(cli: Run, base: str, sums: Path, house: Path) -> None:
    """Names lie below the base, and below --dest with their directories."""
    cached = cli("fetch", "--from", sums, "--base", base)
    placed = cli("fetch", "--from", sums, "--base", f"{base}/", "--dest", "out", "--ordered")

    assert cached.status == placed.status == 0
    assert len(cached.out.splitlines()) == 3
    assert placed.out.splitlines() == [f"{house}/out/{name}" for name in FILES]
    assert [Path(one).read_bytes() for one in placed.out.splitlines()] == list(FILES.values())
    assert (cached.err, placed.err) == ("store: fetching 3 files\n", "")


def test_a_list_that_has_an_address_is_its_own_base(cli: Run, base: str, server: Server) -> None:
    """It needs a digest like everything else; names begin at its directory."""
    text = "".join(f"SHA256 ({name}) = {sha256(data)}\n" for name, data in FILES.items())
    url = server.serve("/d/CHECKSUMS", text.encode())

    refused = cli("fetch", "--from", url)
    done = cli("fetch", "--from", f"{url}#sha256={sha256(text.encode())}")
    waived = cli("fetch", "--from", url, "--allow-unverified")
    offline = cli("fetch", "--offline", "--from", f"{url}#sha256={sha256(text.encode())}")

    assert (refused.status, refused.out) == (5, "")
    assert (done.status, len(done.out.splitlines())) == (0, 3)
    assert (waived.status, len(waived.out.splitlines())) == (0, 3)
    assert (offline.status, len(offline.out.splitlines())) == (0, 3)


def test_a_list_from_elsewhere_names_nothing_here(cli: Run, server: Server, hello: Path) -> None:
    """Nothing of it is fetched then."""
    url = server.serve("/LIST", f"{hello}\n".encode())

    done = cli("fetch", "--from", url, "--allow-unverified")

    assert (done.status, done.out) == (5, "")
    assert "a list from elsewhere names what is on this machine" in done.err


def test_a_list_comes_from_stdin(
    cli: Run, base: str, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locators, beside those that were given; a registry of pooch is read as well."""
    registry = f"one.bin {sha256(FILES['one.bin'])} {base}/one.bin\n# and\n\n./hello.txt\n"
    stdin = io.TextIOWrapper(io.BytesIO(registry.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)

    done = cli("fetch", "--ordered", "--from", "-", "hello.txt")

    assert [Path(line).name for line in done.out.splitlines()] == [
        "hello.txt",
        "one.bin",
        "hello.txt",
    ]


def test_a_person_who_is_to_type_a_list_is_told(
    cli: Run, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the prompt seems to hang."""

    class Typed(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Typed(io.BytesIO(b"hello.txt\n")))
    told = cli("fetch", "--from", "-")
    monkeypatch.setattr(sys, "stdin", None)
    nothing = cli("fetch", "--from", "-")

    assert "a list is read from here, a locator a line; Ctrl-D ends it" in told.err
    assert nothing.status == 2


def test_two_of_one_name_are_refused_before_anything_is_fetched(
    cli: Run, house: Path, server: Server
) -> None:
    """Only where they would lie at one path; both places are named."""
    one = f"a.bin {'a' * 64} {server.url}/1\n"
    two = f"a.bin {'b' * 64} {server.url}/2\n"
    (house / "one.txt").write_text(one)
    (house / "two.txt").write_text(two)

    done = cli("fetch", "--from", "one.txt", "--from", "two.txt", "--dest", "out")

    assert (done.status, done.out) == (5, "")
    assert "one.txt:1 and two.txt:1 both name a.bin" in done.err
    assert server.requests == []


def test_a_file_that_is_to_be_a_directory_too_is_refused_before_anything_is_fetched(
    cli: Run, house: Path, server: Server
) -> None:
    """Whichever comes first."""
    lines = [f"{'a' * 64}  d/f1.bin/x\n", f"{'b' * 64}  d/f1.bin\n"]

    for number, text in enumerate((lines, lines[::-1])):
        (house / "list.txt").write_text("".join(text))
        done = cli("fetch", "--from", "list.txt", "--base", server.url, "--dest", "out")

        assert done.status == 5
        first, second = (2, 1)[:: 1 if number == 0 else -1]
        assert (
            f"list.txt:{first} and list.txt:{second} name d/f1.bin as a file and as a directory"
            in done.err
        )
    assert server.requests == []


def test_nothing_is_put_into_the_cache_by_its_path(
    cli: Run, server: Server, store_cache_dir: Path
) -> None:
    """What lies there is the cache's; an empty name is no directory."""
    wanted = pinned(server, "a.zip", packed({"a": b"a"}, "zip"))

    inside = cli("fetch", "--dest", store_cache_dir / "mine", wanted)
    tree = cli("fetch", "--unpack", "--dest", store_cache_dir, wanted)
    nameless = cli("fetch", "--dest", "", wanted)

    assert (inside.status, tree.status, nameless.status) == (5, 5, 2)
    assert "lies in the cache, which owns what is there" in inside.err
    assert not (store_cache_dir / "mine").exists()
    assert "dest names a directory: for this one, give '.'" in nameless.err
    with pytest.raises(store.QueryError, match="dest names a directory"):
        store.fetch(wanted, dest="")


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("one two\n", 2, "list.txt:1: a line is LOCATOR [DIGEST]"),
        (
            f"pypi:six\n{'a' * 64}  a\n",
            2,
            "list.txt:2: nothing says where a can be had: give --base",
        ),
        (f"{'a' * 64}  ../a\n", 5, "list.txt:1: the name '../a' is refused"),
        (f"a md5:{'a' * 32} https://h/a\n", 2, "list.txt:1: md5 is too weak"),
        (f"{'a' * 64}  a\n{'b' * 64}  a\n", 2, "list.txt:2 disagree"),
    ],
)
def test_a_bad_list_is_told_with_its_line(
    cli: Run, house: Path, text: str, status: int, said: str
) -> None:
    """Nothing of it is fetched."""
    (house / "list.txt").write_text(text)
    base = ["--base", "https://h"] if "disagree" in said or "refused" in said else []

    done = cli("fetch", "--from", "list.txt", *base)

    assert (done.status, done.out) == (status, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing argument 'LOCATOR...', or --from FILE"),
        (["--from", "-", "--from", "-"], "give --from - once"),
        (["a", "--base", "https://h"], "--base is where the names in a list begin: give --from"),
        (["--from", "x", "-o", "y"], "-o names one file: for a list, give --dest"),
        (["--from", "x", "--digest", f"sha256:{'0' * 64}"], "a list says it of each"),
        (["a", "-j", "0"], "'0' is refused: it must be more than 0"),
        (["a", "--jobs", "many"], "is no whole number of 1 or more"),
    ],
)
def test_a_slip_is_a_usage_error(cli: Run, arguments: list[str], said: str) -> None:
    """Status 2, and the message names what was wrong."""
    done = cli("fetch", *arguments)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_list_that_is_not_there_is_told(cli: Run) -> None:
    """With its name and the reason."""
    done = cli("fetch", "--from", "nowhere.txt")

    assert done.status == 10
    assert "the list nowhere.txt cannot be read: No such file or directory" in done.err


def test_an_empty_list_is_no_failure(cli: Run, house: Path) -> None:
    """There is nothing to fetch, and that is done; but a person may have meant another list."""
    (house / "list.txt").write_text("# nothing yet\n")

    done = cli("fetch", "--from", "list.txt")

    assert (done.status, done.out, done.err) == (0, "", "store: list.txt names nothing to fetch\n")


def test_weak_digests_are_taken_where_the_driver_is_told_to(
    cli: Run, base: str, house: Path
) -> None:
    """The setting is the one that the refusal names."""
    digest = hashlib.md5(FILES["one.bin"], usedforsecurity=False).hexdigest()
    (house / "list.txt").write_text(f"one.bin md5:{digest}\n")
    (house / "store.toml").write_text("[driver.http]\nallow_weak = true\n")

    done = cli("fetch", "--from", "list.txt", "--base", base)

    assert done.status == 0
    assert Path(done.out.strip()).read_bytes() == FILES["one.bin"]


def test_a_panel_is_drawn_on_a_terminal_only(
    cli: Run, base: str, sums: Path, terminal: Run
) -> None:
    """Results stand above it; a log has nothing of it."""
    plain = cli("fetch", "--from", sums, "--base", base)
    cli("cache", "clear", "--yes")
    terminal()
    drawn = cli("fetch", "--from", sums, "--base", base)
    cli("cache", "clear", "--yes")
    spared = cli("fetch", "--from", sums, "--base", base, "--no-progress")
    cli("cache", "clear", "--yes")
    quiet = cli("fetch", "-q", "--from", sums, "--base", base)

    assert plain.err == spared.err == "store: fetching 3 files\n"
    assert quiet.err == ""
    assert "3/3 files" in drawn.err


def test_every_event_is_a_line_of_json_on_stderr(cli: Run, server: Server) -> None:
    """Bars and lines for people make room; errors are told as always."""
    good = pinned(server, "a.bin", b"a" * 5000)
    gone = pinned(server, "gone.bin", b"gone", Status(404))

    done = cli("fetch", "--events", "--ordered", "-j", "1", good, gone)

    lines = done.err.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    of_good = [one["event"] for one in events if one["name"] == "a.bin"]
    assert done.status == 3
    assert done.out.endswith("/a.bin\n")
    assert [one for one in of_good if one != "progressed"] == [
        "started",
        "attempted",
        "verified",
        "cached",
    ]
    assert events[-1]["event"] == "failed"
    assert events[-1]["error"] == "ResourceNotFoundError"
    assert all(isinstance(one["at"], float) for one in events)
    assert any(line.startswith("store: ") and "404" in line for line in lines)


def test_what_cannot_be_fetched_together_is_fetched_apart(cli: Run, server: Server) -> None:
    """With a greatest age, or to be unpacked: at once, in order where that is wanted."""
    urls = [server.serve(f"/{number}.gz", gzip.compress(bytes([number]))) for number in range(6)]
    gone = server.serve("/gone.gz", fault=Status(404))

    aged = cli("fetch", "--max-age", "1h", "--ordered", *urls, gone)
    opened = cli("fetch", "--decompress", "--allow-unverified", "-q", "--ordered", *urls)
    hasty = cli("fetch", "--max-age", "1h", "--fail-fast", "-j", "1", gone, *urls)

    assert aged.status == 3
    assert [Path(line).name for line in aged.out.splitlines()] == [f"{n}.gz" for n in range(6)]
    assert [Path(line).read_bytes() for line in opened.out.splitlines()] == [
        bytes([number]) for number in range(6)
    ]
    assert hasty.status == 3
    assert "were not fetched" in hasty.err


def test_an_interruption_breaks_off_what_is_on_its_way(starting: Run, server: Server) -> None:
    """At once, though each would take a minute yet; what has come stays."""
    quick = pinned(server, "quick.bin", b"quick")
    slow = [
        pinned(server, f"{number}.bin", bytes([number]) * 100_000, Drip(size=100, every=0.06))
        for number in range(3)
    ]
    run = starting("fetch", "--events", quick, *slow)
    run.wait_for('"verified"')

    done = run.ended_by(signal.SIGINT)

    assert done.status == 130
    assert done.err.endswith("store: interrupted; 1 of 4 are in the cache\n")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("files", [1, 2])
def test_what_a_failure_leaves_to_go_on_with_is_told(
    cli: Run, server: Server, store_environment: pytest.MonkeyPatch, files: int
) -> None:
    """The next run of the same command begins there, after a deadline as after too many tries."""
    store_environment.setenv("STORE_RETRIES", "0")
    data = bytes(3 << 20)
    broken = pinned(server, "broken.bin", data, Stall(after=2 << 20, seconds=30))
    others = [pinned(server, "quick.bin", b"quick")] if files > 1 else []

    done = cli("fetch", "--deadline", "0.5", broken, *others)

    assert done.status == 8
    assert "2.0 MiB of broken.bin are kept: the same command goes on from there\n" in done.err


def test_a_full_disk_is_told_once(cli: Run, server: Server, house: Path) -> None:
    """Each file has its object with --json; a person reads one line, and how many more."""
    wanted = [pinned(server, f"{number}.bin", bytes([number]) * 5000) for number in range(6)]
    (house / "out").mkdir()

    with disk_full(house / "out"):
        done = cli("fetch", "--json", "--dest", "out", *wanted)

    assert done.status == 10
    assert len([line for line in done.out.splitlines() if '"error"' in line]) == 6
    assert done.err.count("No space left") == 1
    assert "make room there" in done.err
    assert "5 more failed in the same way" in done.err


def test_a_cache_that_takes_nothing_is_told_of_once(
    cli: Run, server: Server, store_cache_dir: Path
) -> None:
    """Where the files are brought all the same."""
    first, *wanted = (pinned(server, f"{number}.bin", bytes([number])) for number in range(5))
    cli("fetch", first)

    with read_only(store_cache_dir):
        done = cli("fetch", "--dest", "out", *wanted)
        told = cli("fetch", "-v", "--dest", "other", *wanted)

    assert done.status == 0
    assert done.err.count("the cache cannot take") == 1
    assert re.search(r"3 more warnings like that of [1-4]\.bin \(-v tells each\)", done.err)
    assert told.err.count("the cache cannot take") == 4


def test_small_files_that_come_slowly_are_told_of(
    cli: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is there yet of any: a line every ten seconds says so all the same."""
    monkeypatch.setattr("store.cli.watching.INTERVAL", 0.3)
    slow = [
        pinned(server, f"{number}.bin", bytes([number]) * 40, Drip(size=1, every=0.03))
        for number in range(6)
    ]

    done = cli("fetch", *slow)

    assert done.status == 0
    first, second, *_ = done.err.splitlines()
    assert first == "store: fetching 6 files"
    assert second.startswith("store: 0 of 6 files, 0 B, ")
