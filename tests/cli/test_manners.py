"""Mirrors, limits and politeness on the command line."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.cli.asking import opened_fetcher
from store.cli.describing import as_data
from store.cli.ending import ended
from store.cli.frame import Frame
from store.config.model import Settings
from store.events import Saved
from store.testing.misbehaving import Drip, Stall, Status
from store.testing.servers import Server
from store.transports.attempts import Attempt

Run = Callable[..., Any]

DATA = b"some content\n" * 1000
PIN = f"sha256={hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def mirror() -> Iterator[Server]:
    """Another server."""
    with Server() as running:
        yield running


def test_another_address_is_asked_when_the_first_fails(
    cli: Run, server: Server, mirror: Server
) -> None:
    """``--mirror`` may stand several times; the file is called by the locator."""
    url = server.serve("/a.bin", fault=Status(404))
    gone = mirror.serve("/gone", fault=Status(500))
    right = mirror.serve("/right", DATA)

    done = cli("fetch", f"{url}#{PIN}", "--mirror", gone, "--mirror", right, "--json")

    told = done.json
    assert done.status == 0
    assert told["locator"] == url
    assert told["path"].endswith("/a.bin")
    assert [one["address"] for one in told["attempts"]] == [url, gone, right]
    assert "404" in told["attempts"][0]["reason"]
    assert told["attempts"][2] == {
        "address": right,
        "reason": None,
        "received": len(DATA),
        "seconds": told["attempts"][2]["seconds"],
        "resumed": 0,
        "connections": 1,
    }


def test_a_failure_tells_every_attempt(cli: Run, server: Server, mirror: Server) -> None:
    """As objects in JSON, as lines for people."""
    url = server.serve("/a.bin", fault=Status(404))
    gone = mirror.serve("/gone", fault=Status(403))

    done = cli("fetch", f"{url}#{PIN}", "--mirror", gone, "--json")

    attempts = json.loads(done.out)["error"]["attempts"]
    assert [one["address"] for one in attempts] == [url, gone]
    assert all(one["reason"] and one["received"] == 0 for one in attempts)
    assert f"tried before: {url}" in done.err
    assert done.status == 7


def test_a_hit_has_no_attempts(cli: Run, hello: Path) -> None:
    """Nothing was moved."""
    cli("fetch", "hello.txt", "--json")

    assert cli("fetch", "hello.txt", "--json").json["attempts"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["https://h/a", "https://h/b", "--mirror", "https://m/a"], "fetch it alone"),
        (["hello.txt", "--mirror", "https://m/a"], "is no URL"),
        (["https://h/a#{pin}", "--mirror", "m/a"], "no address"),
        (["https://h/a", "--per-host", "0"], "more than 0"),
        (["https://h/a", "--limit-rate", "fast"], "is no size"),
    ],
)
def test_contradictions_are_usage_errors(cli: Run, arguments: list[str], words: str) -> None:
    """Status 2, before anything is asked."""
    done = cli("fetch", *[one.format(pin=PIN) for one in arguments])

    assert done.status == 2
    assert words in done.err


def test_a_mirror_needs_a_digest(cli: Run, server: Server) -> None:
    """Nothing else joins two addresses."""
    url = server.serve("/a.bin", DATA)

    assert cli("fetch", url, "--mirror", f"{url}?b").status == 5
    assert cli("fetch", url, "--mirror", f"{url}?b", "--allow-unverified").status == 2
    assert cli("fetch", url, "--mirror", f"{url}?b", "--digest", PIN.replace("=", ":")).status == 0


def test_the_bandwidth_is_kept_to(cli: Run, server: Server) -> None:
    """The limit holds from the first byte on."""
    data = bytes(60_000)
    url = server.serve("/a.bin", data)
    begun = time.monotonic()

    done = cli("fetch", f"{url}#sha256={hashlib.sha256(data).hexdigest()}", "--limit-rate", "100K")

    assert done.status == 0
    assert 0.45 < time.monotonic() - begun < 20


def test_limits_are_settings(cli: Run) -> None:
    """Flags become settings, as a file or variable would have it."""
    frame = Frame()
    frame.flags = {"limit_rate": "5M", "per_host": "4"}

    with opened_fetcher(frame) as fetcher:
        assert fetcher.settings.limit_rate == 5 * 1024**2
        assert fetcher.settings.per_host == 4
    assert Settings().per_host == 16


def test_one_deadline_holds_for_all(cli: Run, server: Server) -> None:
    """What the first took is not given to the second again."""
    urls = [
        f"{server.serve(f'/{number}', DATA, fault=Stall(None))}#sha256={str(number) * 64}"
        for number in range(3)
    ]

    done = cli("fetch", *urls, "--deadline", "0.4s", "--jobs", "1")

    assert done.status == 8
    assert server.count() == 1


def test_a_blocked_address_is_told_with_its_message(cli: Run, server: Server, house: Path) -> None:
    """Status 5, and nothing is asked."""
    (house / "store.toml").write_text(
        f"[[block]]\nmatch = '{server.url}'\nmessage = 'ask the house'\n"
    )

    done = cli("fetch", f"{server.url}/a#{PIN}")

    assert done.status == 5
    assert "blocked by the settings: ask the house" in done.err
    assert server.connections == 0


RULES = """\
allow = ["https://**"]

[[mirror]]
match = "https://host/"
replace = "https://mirror/"
"""


def test_rules_are_listed_like_other_settings(cli: Run, house: Path) -> None:
    """By the keys that they stand under, with their source."""
    (house / "store.toml").write_text(RULES)

    listed = cli("config", "list", "--json").json

    assert listed["mirror"]["value"] == [
        {
            "match": "https://host/**",
            "replace": "https://mirror/**",
            "only": False,
            "unpinned": False,
        }
    ]
    assert listed["mirror"]["source"] == f"{house}/store.toml:3"
    assert listed["allow"]["value"] == [["https://**/**"]]
    assert listed["block"] == {"value": [], "source": "default"}
    assert "https://mirror/**" in cli("config", "get", "mirror").out


def test_the_doctor_tells_of_rules_and_of_mirrors_that_failed(
    cli: Run, server: Server, mirror: Server, house: Path
) -> None:
    """So that nobody wonders why a mirror is not asked."""
    (house / "store.toml").write_text(
        f"[[mirror]]\nmatch = '{server.url}'\nreplace = '{mirror.url}'\n"
    )
    mirror.serve("/a.bin", fault=Status(500))
    cli("fetch", f"{server.serve('/a.bin', DATA)}#{PIN}")

    done = cli("doctor")

    lines = [line for line in done.out.splitlines() if " mirrors " in line]
    assert lines[0].startswith("ok")
    assert "1 [[mirror]], 0 [[block]]" in lines[0]
    assert lines[1].startswith("warn")
    assert f"{mirror.url} failed: it is asked last for 10 min" in lines[1]


def test_the_doctor_tells_of_a_mirror_that_nothing_opens(cli: Run, house: Path) -> None:
    """A plugin may bring its transport, so the settings cannot know; the doctor can."""
    (house / "store.toml").write_text(
        "[[mirror]]\nmatch = 'https://a/**'\nreplace = 'ftp://b/**'\n"
        "[[mirror]]\nmatch = 'https://a/**'\nreplace = 's3://b/**'\n"
    )

    done = cli("doctor")

    bad = [line for line in done.out.splitlines() if line.startswith("bad")]
    assert bad == ["bad   mirrors        ftp://b/**: nothing opens addresses of 'ftp'"]


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ([], "interrupted\n"),
        (
            [Saved(name="a.bin", received=2048, total=9)],
            "interrupted; 2.0 KiB of a.bin are kept: the same command goes on from there\n",
        ),
        (
            [Saved(name="a", received=1024, total=9), Saved(name="b", received=1024, total=9)],
            "interrupted; 2.0 KiB of 2 files are kept: the same command goes on from there\n",
        ),
    ],
)
def test_an_interruption_says_what_is_kept(
    capsys: pytest.CaptureFixture[str], kept: list[Saved], words: str
) -> None:
    """Whoever pressed Ctrl-C learns that it was not for nothing."""
    frame = Frame()
    with opened_fetcher(frame) as fetcher:
        tell = fetcher.options.listener

    def interrupted() -> None:
        raise KeyboardInterrupt

    with ended(frame) as ending:
        for event in kept:
            assert tell is not None
            tell(event)
        interrupted()

    assert ending.status == 130
    assert capsys.readouterr().err == f"store: {words}"


def test_several_downloads_may_be_interrupted(
    server: Server, starting: Run, store_cache_dir: Path
) -> None:
    """At once, with one line and no trace."""
    urls = [
        server.serve(f"/{number}.bin", bytes(100_000), fault=Drip(size=1000, every=0.05))
        for number in range(3)
    ]
    run = starting("fetch", *urls, "--allow-unverified", "--dest", "out")
    run.wait_for("fetching")

    done = run.ended_by(2)

    assert done.status == 130
    assert done.out == ""
    assert done.err.endswith("store: interrupted\n")
    assert "Traceback" not in done.err
    assert not list(Path("out").glob("*"))


def test_records_become_objects() -> None:
    """By the names of their fields; other tuples stay lists, and addresses lose their secrets."""
    attempt = Attempt("https://host/a", "https://host/a?token=s3cret: no", 0, 0.5)

    found = as_data([attempt, (1, None), {"a": {2}}])

    assert found[0]["address"] == "https://host/a"
    assert "s3cret" not in found[0]["reason"]
    assert found[1] == [1, None]
    assert found[2] == {"a": [2]}


def test_an_interrupted_download_is_gone_on_with(server: Server, starting: Run, cli: Run) -> None:
    """The message says how much is kept, and the next run fetches the rest."""
    data = bytes(range(256)) * 16384
    pin = hashlib.sha256(data).hexdigest()
    url = server.serve("/big.bin", data, fault=[Drip(size=64 << 10, every=0.05)])
    run = starting("fetch", f"{url}#sha256={pin}", "--no-progress")
    run.wait_for("fetching big.bin")
    while not server.count("/big.bin"):
        time.sleep(0.05)
    time.sleep(1.0)

    done = run.ended_by(2)

    assert done.status == 130
    assert "of big.bin are kept: the same command goes on from there" in done.err
    assert "Traceback" not in done.err
    again = cli("fetch", f"{url}#sha256={pin}", "--json").json
    assert again["attempts"][-1]["resumed"] > 0
    assert "range" in server.asked()[-1].headers
