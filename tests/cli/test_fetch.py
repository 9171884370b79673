"""``store fetch`` and ``store resolve``: results, statuses, limits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.fetching.options import transfer_options
from store.hooks import hookimpl
from store.plugins.manager import plugins
from store.testing.fakes import FakeStore
from store.testing.misbehaving import OtherContent, ShortBody, Stall, Status
from store.testing.servers import Server

Run = Callable[..., Any]

DATA = b"some content\n" * 1000
PIN = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
OTHER = f"sha256:{'0' * 64}"


def test_the_path_is_the_whole_of_stdout(process: Run, server: Server) -> None:
    """A script takes it as it is; the second fetch asks nobody."""
    url = f"{server.serve('/a.bin', DATA)}#{PIN}"

    first = process("fetch", url)
    second = process("fetch", url)

    assert first.status == second.status == 0
    assert first.out == second.out
    assert Path(first.out.removesuffix("\n")).read_bytes() == DATA
    assert first.err == "store: fetching a.bin\n"
    assert second.err == ""
    assert len(server.requests) == 1


def test_a_copy_is_put_where_it_is_wanted(cli: Run, hello: Path, house: Path) -> None:
    """``--dest`` and ``-o`` print the path of the copy, which is private."""
    in_directory = cli("fetch", "hello.txt", "--dest", "out")
    at_path = cli("fetch", "hello.txt", "-o", "out/other.txt")

    assert in_directory.out == f"{house}/out/hello.txt\n"
    assert at_path.out == f"{house}/out/other.txt\n"
    (house / "out" / "other.txt").write_text("changed")
    assert hello.read_text() == "hello\n"


def test_a_hard_link_only_on_request(cli: Run, hello: Path, house: Path) -> None:
    """``--link`` makes two names of one file."""
    cli("fetch", "hello.txt", "--dest", "out", "--link")
    cli("fetch", "hello.txt", "--dest", "copy")

    assert (house / "out" / "hello.txt").stat().st_nlink == 2
    assert (house / "copy" / "hello.txt").stat().st_nlink == 1


def test_json_is_an_object_a_line(cli: Run, hello: Path, hello_digest: str) -> None:
    """Each locator has its line, failed ones too."""
    done = cli("fetch", "--json", "--ordered", "hello.txt", "./missing.txt")

    fetched, failed = map(json.loads, done.out.splitlines())
    assert done.status == 3
    assert fetched["locator"] == "hello.txt"
    assert fetched["driver"] == "file"
    assert fetched["size"] == 6
    assert fetched["digests"] == [hello_digest]
    assert fetched["cached"] is False
    assert failed["locator"] == "./missing.txt"
    assert failed["error"]["type"] == "ResourceNotFoundError"
    assert failed["error"]["exit_status"] == 3


def test_json_tells_of_a_disk_that_refuses_too(cli: Run, hello: Path, house: Path) -> None:
    """Status 10 has its object like every other; only a stdout that takes nothing gets none."""
    (house / "blocked").write_bytes(b"")

    done = cli("fetch", "--json", "hello.txt", "--dest", "blocked/inputs")

    assert done.status == 10
    assert done.json["locator"] == "hello.txt"
    assert done.json["error"]["exit_status"] == 10


@pytest.mark.parametrize(
    ("locators", "status"),
    [
        (["./a", "hello.txt", "./b"], 3),
        (["./a", "hello.txt", "nope:x"], 1),
        (["hello.txt", "nope:x"], 2),
    ],
)
def test_the_status_is_the_failures_common_one(
    cli: Run, hello: Path, locators: list[str], status: int
) -> None:
    """A failure does not stop the others."""
    done = cli("fetch", *locators)

    assert done.status == status
    assert done.out.endswith("/hello.txt\n")


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (Status(404), ([], 3)),
        (OtherContent(b"else"), ([], 4)),
        (None, (["--max-size", "1K"], 5)),
        (None, (["--offline"], 6)),
        (Status(403), ([], 7)),
        (Status(500), (["--retries", "0"], 8)),
        (ShortBody(after=10), (["--retries", "0"], 8)),
        (Stall(after=10), (["--timeout", "0.2s", "--retries", "0"], 8)),
        (Stall(after=None), (["--deadline", "0.5s"], 8)),
    ],
)
def test_a_servers_fault_has_its_status(
    cli: Run, server: Server, store_cache_dir: Path, fault: Any, end: tuple[list[str], int]
) -> None:
    """Nothing is printed, nothing is left, and the line names the file."""
    options, status = end
    url = server.serve("/a.bin", DATA, fault=fault)

    done = cli("fetch", f"{url}#{PIN}", "--dest", "out", *options)

    assert done.status == status
    assert done.out == ""
    assert any("a.bin" in line for line in done.err.splitlines()[-2:])
    assert not list(Path("out").glob("*"))
    assert not list(store_cache_dir.glob("content/**/*.bin"))


def test_a_full_url_never_shows_its_secrets(cli: Run, server: Server) -> None:
    """Neither on stdout nor on stderr, however much is said."""
    url = server.serve("/a.bin", DATA, fault=Status(401))
    secret = url.replace("://", "://me:hidden@") + "?token=hidden"

    done = cli("-vv", "fetch", "--json", secret, "--allow-unverified")

    assert done.status == 7
    assert "hidden" not in done.out + done.err


def test_what_is_not_verified_is_said(cli: Run, server: Server) -> None:
    """Refused at first; allowed, the hint names the way to pin it."""
    url = server.serve("/a.bin", DATA)

    refused = cli("fetch", url)
    allowed = cli("fetch", url, "--allow-unverified")
    quiet = cli("fetch", "-q", url, "--allow-unverified")

    assert refused.status == 5
    assert "--allow-unverified" in refused.err
    assert allowed.status == 0
    assert "is not verified" in allowed.err
    assert quiet.err == ""


def test_several_digests_must_all_match(cli: Run, hello: Path, hello_digest: str) -> None:
    """One right digest does not help a wrong one."""
    sha512 = f"sha512:{hashlib.sha512(hello.read_bytes()).hexdigest()}"

    right = cli("fetch", "hello.txt", "--digest", hello_digest, "--digest", sha512)
    wrong = cli("fetch", "hello.txt", "--digest", OTHER, "--digest", sha512)

    assert right.status == 0
    assert wrong.status == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing argument 'LOCATOR...'"),
        (["a", "b", "--digest", PIN], "--digest pins one resource"),
        (["a", "--dest", "x", "-o", "y"], "not both"),
        (["a", "b", "-o", "y"], "-o names one file"),
        (["a", "-o", "-"], "stdout is for paths"),
        (["a", "-o", ""], "-o names a file: for a directory, give --dest"),
        (["a", "-o", "inputs/"], "-o names a file: for a directory, give --dest"),
        (["a", "--link"], "--link needs --dest or -o"),
        (["a", "--max-size", "20X"], "'20X' is no size"),
        (["a", "--max-size", "none"], "'none' is refused: it needs a limit"),
        (["a", "--timeout", "0"], "'0' is refused: it must be more than 0"),
        (["a", "--retries", "-1"], "is no whole number"),
        (["a", "--deadline", "soon"], "is no duration"),
        (["a", "--digest", "sha256:12"], "64 hexadecimal digits"),
        (["a", "--digest", "md5:d41d8cd98f00b204e9800998ecf8427e"], "md5 is too weak"),
        (["a", "--cache", "nope"], "there is no cache 'nope'"),
        ([""], "is no locator"),
        (["nope:x"], "there is no driver 'nope'"),
    ],
)
def test_a_slip_is_a_usage_error(cli: Run, arguments: list[str], said: str) -> None:
    """Status 2, and the message names what was wrong."""
    done = cli("fetch", *arguments)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_damaged_settings_file_is_told(cli: Run, house: Path) -> None:
    """With its line; nothing is fetched."""
    (house / "store.toml").write_text('cache = "memory"\nofline = true\n')

    done = cli("fetch", "hello.txt")

    assert done.status == 2
    assert "store.toml:2" in done.err


def test_limits_of_the_command_line_hold(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour unless somebody says otherwise; flags win over all."""
    assert cli("config", "get", "deadline").out == "3600\n"
    monkeypatch.setenv("STORE_DEADLINE", "none")
    assert cli("config", "get", "deadline").out == "none\n"


def test_the_timeout_keeps_the_proportions_of_the_defaults(
    cli: Run, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One option sets what belongs together."""
    seen: list[Any] = []

    def noting(*arguments: Any, **named: Any) -> Any:
        seen.append(transfer_options(*arguments, **named))
        return seen[-1]

    monkeypatch.setattr("store.fetching.fetcher.transfer_options", noting)

    cli("fetch", "hello.txt", "--timeout", "5s", "--deadline", "none", "--retries", "2")

    bounds = seen[0].bounds
    assert (bounds.connect_timeout, bounds.read_timeout, bounds.stall_timeout) == (5, 5, 10)
    assert bounds.deadline is None
    assert seen[0].retrying.attempts == 3


def test_resolve_says_what_would_be_fetched(cli: Run, server: Server) -> None:
    """And fetches nothing."""
    url = server.serve("/a.bin", DATA)

    done = cli("resolve", f"{url}#{PIN}")

    assert done.status == 0
    assert done.out.splitlines() == [
        f"locator:    {url}",
        "driver:     http",
        f"uid:        {PIN}",
        f"digests:    {PIN}",
        "size:       unknown",
        "filename:   a.bin",
        f"addresses:  {url}",
    ]
    assert server.requests == []


def test_resolve_speaks_json(cli: Run, hello: Path, hello_digest: str) -> None:
    """An object a line."""
    done = cli("resolve", "--json", "hello.txt", "./missing")

    resolved, failed = map(json.loads, done.out.splitlines())
    assert done.status == 3
    assert resolved["digests"] == [hello_digest]
    assert resolved["size"] == 6
    assert failed["error"]["type"] == "ResourceNotFoundError"


def test_resolved_things_stand_apart(cli: Run, hello: Path, terminal: Run) -> None:
    """People see an empty line between them, and sizes as they are written."""
    plain = cli("resolve", "hello.txt", "hello.txt")
    terminal()
    shown = cli("resolve", "hello.txt")

    assert "\n\nlocator:" in plain.out
    assert "size:       6\n" in plain.out
    assert "size:       6 B\n" in shown.out


def test_a_strangers_driver_is_asked(cli: Run, house: Path) -> None:
    """What a plugin brings is fetched like all else."""

    class Remote(FakeStore):
        def __init__(self, configuration: Any, cache: Any) -> None:
            super().__init__(configuration, cache)
            self.publish("a.txt", b"remote")

    class Plugin:
        @hookimpl
        def store_drivers(self) -> dict[str, Any]:
            return {"remote": Remote}

    plugins().register(Plugin(), "remote")

    done = cli("fetch", "remote:name=a.txt", "--dest", "out")

    assert done.status == 0
    assert (house / "out" / "a.txt").read_bytes() == b"remote"


def test_bars_are_drawn_on_a_terminal_only(cli: Run, server: Server, terminal: Run) -> None:
    """In their place a line says what is fetched."""
    url = server.serve("/a.bin", DATA)
    terminal()

    barred = cli("fetch", f"{url}#{PIN}")
    cli("cache", "clear", "--yes")
    plain = cli("fetch", f"{url}#{PIN}", "--no-progress")

    assert "a.bin: 100%" in barred.err
    assert plain.err == "store: fetching a.bin\n"


def test_a_bar_ends_before_the_error_is_told(cli: Run, server: Server, terminal: Run) -> None:
    """The error stands on a line of its own."""
    url = server.serve("/a.bin", DATA, fault=ShortBody(after=10))
    terminal()

    done = cli("fetch", f"{url}#{PIN}", "--retries", "1")

    assert done.status == 8
    assert "\r\x1b[Kstore: " in done.err
    assert "\n\x1b[31;1mstore:\x1b[0m " in done.err
