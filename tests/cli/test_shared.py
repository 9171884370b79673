"""Shared tiers on the command line."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.sharing import health
from store.sharing.writing import WRITER
from store.testing.cas import CasServer
from store.testing.servers import Server

Run = Callable[..., Any]

DATA = b"0123456789" * 100
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def _a_new_run() -> Iterator[None]:
    """Each test is a run of its own."""
    health.forget()
    yield
    WRITER.give_up()
    health.forget()


@pytest.fixture
def cas() -> Iterator[CasServer]:
    """A server that speaks /cas."""
    with CasServer() as server:
        yield server


@pytest.fixture
def locator(server: Server) -> str:
    """A file that is pinned."""
    return f"{server.serve('/a.bin', DATA)}#sha256={NAME}"


def test_a_second_machine_takes_it_from_the_tier(
    cli: Run, server: Server, locator: str, cas: CasServer, tmp_path: Path
) -> None:
    """And the stats tell of it."""
    cli("fetch", "--shared", cas.url, locator)
    cli("fetch", "--shared", cas.url, "--cache-dir", f"{tmp_path}/second", locator)

    stats = cli("stats", "--json", "--cache-dir", f"{tmp_path}/second")
    assert stats.json["shared"] == 1
    assert server.count() == 1
    assert (
        "shared:     1 file from a shared tier"
        in cli("stats", "--cache-dir", f"{tmp_path}/second").out
    )


def test_the_run_ends_when_all_is_written_back(process: Run, locator: str, cas: CasServer) -> None:
    """A script may go on at once."""
    process("fetch", "--shared", cas.url, locator)

    assert cas.kept == {NAME: DATA}


def test_no_shared_tier_is_asked_where_that_is_said(
    cli: Run, locator: str, cas: CasServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the settings say; not both at once."""
    monkeypatch.setenv("STORE_SHARED", cas.url)

    cli("fetch", "--no-shared", locator)
    both = cli("fetch", "--no-shared", "--shared", cas.url, locator)

    assert cas.asked() == []
    assert both.status == 2


def test_a_tier_that_is_down_is_a_line_and_no_failure(
    cli: Run, locator: str, cas: CasServer
) -> None:
    """On stderr, once."""
    cas.stop()

    done = cli("fetch", "--shared", cas.url, locator)

    assert done.status == 0
    assert done.err.count("the shared tier") == 1


def test_what_takes_too_long_to_write_back_is_told(
    cli: Run, locator: str, cas: CasServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And left."""
    monkeypatch.setenv("STORE_WRITE_BACK_TIMEOUT", "0.1s")
    cas.mood = "deaf"

    done = cli("fetch", "--shared", cas.url, locator)

    assert done.status == 0
    assert "writing 1 file to the shared tier" in done.err
    assert "1 file not written to the shared tier in time" in done.err


def test_why_tells_what_tiers_have(cli: Run, locator: str, cas: CasServer, tmp_path: Path) -> None:
    """A directory is looked into; a server is only named."""
    team = tmp_path / "team"
    (team / "cas" / NAME[:2]).mkdir(parents=True)

    named = cli("why", "--shared", cas.url, "--shared", str(team), locator)
    (team / "cas" / NAME[:2] / NAME).write_bytes(DATA)
    seen = cli("why", "--shared", cas.url, "--shared", str(team), locator)
    offline = cli("why", "--offline", "--shared", str(team), locator)
    gone = cli("why", "--shared", str(tmp_path / "gone"), locator)

    assert f"{cas.url} is asked before the origin" in named.out
    assert "code:       shared\n" in seen.out
    assert "code:       shared\n" in offline.out
    assert "code:       miss-never-fetched\n" in gone.out
    assert cas.asked() == []


def test_doctor_looks_at_the_tiers(cli: Run, cas: CasServer, tmp_path: Path) -> None:
    """Those on the network when the network may be asked."""
    team = tmp_path / "team"
    team.mkdir()
    tiers = ("--shared", str(team), "--shared", f"{cas.url}|read-only")

    near = cli("doctor", *tiers)
    far = cli("doctor", "--network", "./none", *tiers)
    gone = cli("doctor", "--shared", str(tmp_path / "gone"))

    assert f"shared tier    {team}, read and written" in near.out
    assert f"shared tier    {cas.url}, read only; asked with --network" in near.out
    assert f"shared tier    {cas.url}, read only\n" in far.out
    assert len(cas.asked()) == 1
    assert gone.status == 1
    assert f"bad   shared tier    {tmp_path / 'gone'}" in gone.out


def test_doctor_does_not_call_a_bucket_well_that_is_missing_or_forbids(
    cli: Run, moto_server: Any, rclone_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A HEAD tells neither from an object that is not there."""
    known = moto_server.connection
    (tmp_path / "store.toml").write_text(
        f'[connection.gone]\nendpoint = "{known.endpoint}"\nbucket = "no-such-bucket"\n'
        f'access_key = "{known.access_key}"\nsecret_key = "{known.secret_key}"\n'
        f'[connection.wrong]\nendpoint = "{rclone_server.connection.endpoint}"\n'
        f'bucket = "{rclone_server.new_bucket()}"\n'
        f'access_key = "{rclone_server.connection.access_key}"\nsecret_key = "WRONGSECRET"\n'
    )
    monkeypatch.chdir(tmp_path)

    done = cli(
        "doctor", "--network", "./none", "--shared", "bucket:gone/x", "--shared", "bucket:wrong/x"
    )

    assert "bad   shared tier    bucket:gone/x: the bucket bucket:gone is not there" in done.out
    assert "bad   shared tier    bucket:wrong/x: " in done.out
    assert "403" in done.out


def test_settings_show_the_tiers(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As plain data."""
    monkeypatch.setenv("STORE_SHARED", "/srv/team|read-only")

    shown = cli("config", "get", "--json", "shared")

    assert shown.json["value"] == [{"address": "/srv/team", "write": False, "timeout": 5.0}]
    assert shown.json["source"] == "STORE_SHARED"


def test_ctrl_c_ends_a_run_that_only_waits_for_a_tier(
    locator: str, cas: CasServer, tmp_path: Path
) -> None:
    """The result was printed long before."""
    cas.mood = "deaf"
    environment = {
        **os.environ,
        "STORE_CONFIG_FILE": os.devnull,
        "STORE_CACHE_DIR": str(tmp_path / "cache"),
        "STORE_SHARED": cas.url,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "store", "fetch", locator],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as running:
        assert running.stdout is not None
        path = running.stdout.readline().strip()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)

    assert Path(path).read_bytes() == DATA
    assert running.returncode == 130
    assert "Traceback" not in said
    assert cas.kept == {}


def test_a_poisoned_tier_is_told_with_what_to_do_about_the_tier(
    cli: Run, locator: str, cas: CasServer
) -> None:
    """The pin is right: nobody is advised to pin anew; and it is fetched once, as far as a person sees."""
    cas.kept[NAME] = bytes(len(DATA))

    done = cli("fetch", "--shared", cas.url, locator)

    assert done.status == 0
    assert "pin the new digest" not in done.err
    assert "delete it there" in done.err
    assert done.err.count("fetching a.bin") == 1


def test_a_tier_with_wrong_keys_is_told_once(
    cli: Run, locator: str, rclone_server: Any, house: Path
) -> None:
    """And passed over, for writing too."""
    (house / "store.toml").write_text(
        f'[connection.team]\nendpoint = "{rclone_server.endpoint}"\nbucket = "{rclone_server.new_bucket()}"\n'
        'access_key = "ACCESSKEY0123456"\nsecret_key = "another-secret"\n',
        encoding="utf-8",
    )

    done = cli("fetch", "--shared", "bucket:team/x", locator)

    assert done.status == 0
    assert done.err.count("the shared tier") == 1
    assert "passed over" in done.err
    assert "another-secret" not in done.err
