"""Offline no socket is opened, what is here is given, and what is missing is told."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.archives import packed
from store.testing.disk_faults import read_only
from store.testing.servers import Server

Run = Callable[..., Any]

GUARDED = """
import sys
WATCHED = ("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
def guard(event, arguments):
    if event in WATCHED:
        print("OPENED", event, arguments[1:], file=sys.stderr)
sys.addaudithook(guard)
from store.__main__ import main
sys.exit(main())
"""
"""Runs the command line, and tells of every socket: see the table of audit events in Python's docs."""


def guarded(*arguments: object) -> tuple[int, str, str]:
    """Run the command line under guard; return its status, stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def pinned(server: Server, name: str) -> str:
    """Serve something of that name, and return its locator."""
    data = name.encode()
    return f"{server.serve('/' + name, data)}#sha256={hashlib.sha256(data).hexdigest()}"


def test_the_guard_sees_sockets(server: Server) -> None:
    """A guard that sees nothing would let everything pass."""
    _, _, err = guarded("fetch", pinned(server, "a.bin"))

    assert "OPENED socket.connect" in err


@pytest.mark.parametrize("switch", ["flag", "variable", "setting"])
def test_no_socket_is_opened(
    server: Server, house: Path, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command, driver and outcome; whether it is here or not."""
    here, missing = pinned(server, "here.bin"), pinned(server, "missing.bin")
    guarded("fetch", here)
    flag = ["--offline"] if switch == "flag" else []
    if switch == "variable":
        monkeypatch.setenv("STORE_OFFLINE", "1")
    elif switch == "setting":
        (house / "store.toml").write_text("offline = true\n")
    (house / "list.txt").write_text(f"{here}\n{missing}\n")

    runs = [
        guarded("fetch", *flag, here),
        guarded("fetch", *flag, here, missing, "pypi:six", f"{server.url}/other"),
        guarded("fetch", *flag, "--from", "list.txt", "--dest", "out"),
    ]
    if switch == "flag":  # which of them says so makes no difference from here on
        runs += [
            guarded("fetch", *flag, "--from", f"{server.url}/LIST", "--allow-unverified"),
            guarded("fetch", *flag, "--refresh", "pypi:six", "s3://bucket/key"),
            guarded("resolve", *flag, here, "pypi:six"),
            guarded("why", *flag, here, missing, "pypi:six"),
            guarded("cache", "path", *flag, here),
            guarded("doctor", *flag, "--network"),
        ]

    assert [err for _, _, err in runs if "OPENED" in err] == []
    assert runs[0][0] == 0
    assert runs[1][1] == runs[0][1]
    assert runs[1][0] == 1  # 6 and 5 have nothing in common
    assert runs[2][0] == 6
    assert server.count() == 1


def test_all_that_is_missing_is_told_with_the_command_that_fetches_it(
    cli: Run, server: Server
) -> None:
    """In the order of the input; the command is right as it stands."""
    wanted = [pinned(server, f"{number}.bin") for number in range(4)]
    cli("fetch", wanted[1])

    offline = cli("fetch", "--offline", *wanted)
    command = offline.err.splitlines()[-1]
    online = cli(*shlex.split(command)[1:])
    again = cli("fetch", "--offline", *wanted)

    assert offline.status == 6
    assert offline.err.splitlines()[:4] == [
        "store: 3 of 4 are not in the cache, and the network is not to be used:",
        f"  {server.url}/0.bin",
        f"  {server.url}/2.bin",
        f"  {server.url}/3.bin",
    ]
    assert command.split()[:2] == ["store", "fetch"]
    assert online.status == 0
    assert len(online.out.splitlines()) == 3
    assert again.status == 0


@pytest.mark.parametrize(
    "spelling",
    [
        "{url}/d.zip#sha256={pin}!a.txt",
        "{url}/d.zip!a.txt#sha256={pin}",
        "--digest sha256:{pin} {url}/d.zip",
        "--max-age 1d {url}/d.zip",
        "--max-age none {url}/d.zip",
        "--mirror {url}/d.zip {url}/gone.zip#sha256={pin}",
    ],
    ids=["member behind the pin", "pin behind the member", "digest", "age", "no age", "mirror"],
)
def test_the_command_says_of_the_content_what_was_said(
    cli: Run, server: Server, spelling: str
) -> None:
    """So that it is not refused, and that what was asked for is here afterwards."""
    data = packed({"a.txt": b"a"}, "zip")
    url = server.serve("/d.zip", data).removesuffix("/d.zip")
    asked = spelling.format(url=url, pin=hashlib.sha256(data).hexdigest()).split()

    offline = cli("fetch", "--offline", *asked)
    online = cli(*shlex.split(offline.err.splitlines()[-1])[1:])
    again = cli("fetch", "--offline", *asked)

    assert (offline.status, online.status, again.status) == (6, 0, 0)
    assert online.out == again.out


def test_one_that_is_missing_has_its_command_too(
    process: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is outdone where it says offline; the cache is the same."""
    wanted = pinned(server, "a.bin")
    monkeypatch.setenv("STORE_OFFLINE", "1")

    done = process("fetch", "--cache-dir", "else where", "--offline", wanted)
    command = done.err.splitlines()[-1].strip()

    assert done.status == 6
    assert command == f"STORE_OFFLINE=0 store fetch --cache-dir 'else where' '{wanted}'"


def test_a_command_for_very_many_is_the_one_that_was_run(
    cli: Run, server: Server, house: Path
) -> None:
    """Without the flag."""
    lines = [f"{server.url}/{number}.bin#sha256={'0' * 64}\n" for number in range(30)]
    (house / "list.txt").write_text("".join(lines))

    done = cli("fetch", "--offline", "--from", "list.txt", "--dest", "out")

    assert done.status == 6
    assert done.err.splitlines()[-1] == "  store fetch --from list.txt --dest out"


@pytest.mark.parametrize(("how", "number"), [("age", 1), ("age", 2), ("digest", 1), ("mirror", 1)])
def test_a_command_that_needs_more_than_the_locators_is_the_one_that_was_run(
    cli: Run, server: Server, how: str, number: int
) -> None:
    """Without the age or the digest it would be refused."""
    locators = [pinned(server, f"{one}.bin") for one in range(number)]
    url, _, pin = locators[0].partition("#")
    words = {
        "age": ["--max-age", "86400", *(one.partition("#")[0] for one in locators)],
        "digest": ["--digest", pin.replace("=", ":"), url],
        "mirror": ["--mirror", f"{server.url}/mirror", locators[0]],
    }[how]

    offline = cli("fetch", "--offline", *words)
    command = shlex.split(offline.err.splitlines()[-1])
    online = cli(*command[1:])

    assert offline.status == 6
    assert command == ["store", "fetch", *words]
    assert (online.status, len(online.out.splitlines())) == (0, number)


@pytest.mark.parametrize(
    "words",
    [
        ["--unpack", "--dest", "out", "LOCATOR"],
        ["--decompress", "-o", "file", "LOCATOR"],
        ["-j", "2", "--limit-rate", "5M", "--no-shared", "LOCATOR", "LOCATOR"],
        ["LOCATOR", "--per-host", "2", "--retries=0", "--link", "--dest=x"],
    ],
)
def test_the_command_asks_for_what_was_asked_for(
    cli: Run, server: Server, words: list[str]
) -> None:
    """Placed, unpacked, within the same limits."""
    locators = iter([pinned(server, "a.bin"), pinned(server, "b.bin")])
    words = [next(locators) if one == "LOCATOR" else one for one in words]

    done = cli("fetch", "--offline", "--json", *words)

    command = shlex.split(done.err.splitlines()[-1])
    asked = {word for one in words for word in one.split("=", 1) if "://" not in one}
    asked |= {one for one in words if "://" in one}
    assert command[:2] == ["store", "fetch"]
    assert set(command[2:]) == {{"-j": "--jobs", "-o": "--output"}.get(one, one) for one in asked}


def test_what_a_list_lacks_is_named_alone(cli: Run, server: Server, house: Path) -> None:
    """The rest of the list is here."""
    lines = [pinned(server, f"{number}.bin") for number in range(3)]
    (house / "list.txt").write_text("\n".join(lines))
    cli("fetch", *lines[:2])

    done = cli("fetch", "--offline", "--from", "list.txt", "--dest", "out")

    assert shlex.split(done.err.splitlines()[-1]) == ["store", "fetch", "--dest", "out", lines[2]]


def test_no_command_is_told_that_would_be_refused(cli: Run, server: Server, house: Path) -> None:
    """The rules hold with the network, too."""
    (house / "store.toml").write_text(f'block = ["{server.url}/private/**"]\n')
    wanted = [pinned(server, "private/a.bin"), pinned(server, "b.bin")]

    one = cli("fetch", "--offline", wanted[0])
    both = cli("fetch", "--offline", *wanted)

    assert one.err.endswith("/private/a.bin is blocked by the settings\n")
    assert both.err.splitlines()[-1] == f"  store fetch '{wanted[1]}'"


def test_nobody_is_waited_for_offline(cli: Run, server: Server) -> None:
    """Two names of one content are both missing, and neither is on its way."""
    one = pinned(server, "a.bin")

    done = cli("fetch", "--offline", one, one.replace("a.bin", "b.bin"))

    assert done.status == 6
    assert "waiting" not in done.err


def test_no_secret_stands_in_a_command(cli: Run, house: Path) -> None:
    """An address that holds one is shown without it."""
    secret = f"https://me:hidden@h.example/a?token=hidden#sha256={'0' * 64}"

    for arguments in ([secret], [secret, secret], [secret] * 30):
        done = cli("fetch", "--offline", "--allow-unverified", *arguments)

        assert done.status == 6
        assert "https://h.example/a" in done.err
        assert "hidden" not in done.err


def test_json_and_quiet_have_their_say(cli: Run, server: Server) -> None:
    """JSON has an object for each; quiet leaves the command out, and not what is missing."""
    wanted = [pinned(server, f"{number}.bin") for number in range(2)]

    spoken = cli("fetch", "--offline", "--json", *wanted)
    quiet = cli("fetch", "--offline", "-q", *wanted)

    assert spoken.out.count('"OfflineError"') == 2
    assert len(quiet.err.splitlines()) == 3


def test_a_read_only_cache_serves_every_hit(
    cli: Run, server: Server, store_cache_dir: Path, house: Path
) -> None:
    """One or many, in place or placed; what is missing is told."""
    wanted = [pinned(server, f"{number}.bin") for number in range(6)]
    cli("fetch", *wanted)
    missing = pinned(server, "missing.bin")

    with read_only(store_cache_dir):
        one = cli("fetch", "--offline", wanted[0])
        many = cli("fetch", "--offline", "--ordered", *wanted)
        placed = cli("fetch", "--offline", "--ordered", "--dest", "out", *wanted)
        online = cli("fetch", *wanted)
        lacking = cli("fetch", "--offline", wanted[0], missing)
        brought = cli("fetch", missing, "--dest", "out")

    assert [one.status, many.status, placed.status, online.status] == [0, 0, 0, 0]
    assert one.out in many.out
    assert placed.out.splitlines() == [f"{house}/out/{number}.bin" for number in range(6)]
    assert (lacking.status, lacking.out) == (6, one.out)
    assert (brought.status, brought.out) == (0, f"{house}/out/missing.bin\n")


def test_the_command_keeps_the_pin_of_a_locator_whose_query_is_not_shown(
    cli: Run, server: Server
) -> None:
    """The query may be secret; the gap is to be filled in."""
    number = "0" * 64

    done = cli("fetch", "--offline", f"{server.url}/a?token=secret#sha256={number}")

    assert done.status == 6
    assert f"{server.url}/a?…#sha256={number}" in done.err
    assert "secret" not in done.err


def test_the_command_keeps_the_names_of_a_list(cli: Run, server: Server) -> None:
    """They say where below --dest each file is to lie: the list is given again."""
    lines = [f"{hashlib.sha256(one).hexdigest()}  {one.decode()}/f\n" for one in (b"a", b"b")]
    for one in (b"a", b"b"):
        server.serve(f"/{one.decode()}/f", one)
    Path("SHA256SUMS").write_text("".join(lines))
    asked = ("--from", "SHA256SUMS", "--base", server.url, "--dest", "out")

    missing = cli("fetch", "--offline", *asked)
    command = shlex.split(missing.err.splitlines()[-1])
    done = cli(*command[1:])

    assert (missing.status, done.status) == (6, 0)
    assert {path.read_bytes() for path in Path("out").rglob("f")} == {b"a", b"b"}
    assert (Path("out/a/f").is_file(), Path("out/b/f").is_file()) == (True, True)
