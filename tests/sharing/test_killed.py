"""A run that is killed while it writes back to a shared tier harms neither side."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.testing.cas import CasServer
from store.testing.cutting import Cutting
from store.testing.object_servers import ACCESS_KEY, SECRET_KEY, RcloneServer
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.objects.opening import open_objects

CONTENT = hashlib.sha256(b"content").digest() * (10 << 15)
"""10 MiB: several parts."""

NAME = hashlib.sha256(CONTENT).hexdigest()
PATIENCE = 30


class Team:
    """A tier behind a proxy, and machines that use it."""

    def __init__(self, port: int, work: Path, bucket: str = "") -> None:
        self.proxy = Cutting(port)
        self.work = work
        self.address = "bucket:team/prefix" if bucket else self.proxy.url
        if bucket:
            (work / "store.toml").write_text(
                f'[connection.team]\nendpoint = "{self.proxy.url}"\nbucket = "{bucket}"\n'
                f'access_key = "{ACCESS_KEY}"\nsecret_key = "{SECRET_KEY}"\n',
                encoding="utf-8",
            )

    def start(self, machine: str, locator: str) -> subprocess.Popen[str]:
        """Let a machine fetch."""
        nothing = str(self.work / "nothing")
        environment = {
            **{one: said for one, said in os.environ.items() if not one.startswith("STORE_")},
            "STORE_CACHE_DIR": str(self.work / machine),
            "XDG_CONFIG_HOME": nothing,
            "XDG_CONFIG_DIRS": nothing,
        }
        command = [sys.executable, "-m", "store", "fetch", "--shared", self.address, locator]
        return subprocess.Popen(
            command,
            cwd=self.work,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def fetch(self, machine: str, locator: str) -> bytes:
        """Let a machine fetch, to its end; return what it has then."""
        with self.start(machine, locator) as process:
            out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return Path(out.strip()).read_bytes()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Make an empty directory."""
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def origin() -> Iterator[Server]:
    """Serve the content."""
    with Server() as server:
        server.serve("/data.bin", CONTENT)
        yield server


def killed_while_it_writes(team: Team, origin: Server) -> str:
    """Kill a run in the middle of a body that it writes back; return the locator."""
    locator = f"{origin.url}/data.bin#sha256={NAME}"
    team.proxy.cuts, team.proxy.holds, team.proxy.after = 100, True, 1 << 20
    with team.start("first", locator) as process:
        assert team.proxy.held.wait(PATIENCE)
        process.kill()
    team.proxy.stop()
    return locator


def test_over_http(origin: Server, work: Path) -> None:
    """The tier has nothing, the cache has all, and the next run writes it."""
    with CasServer() as cas:
        port = int(cas.url.rpartition(":")[2])
        locator = killed_while_it_writes(Team(port, work), origin)
        assert cas.kept == {}

        team = Team(port, work)
        asked = origin.count()
        assert team.fetch("first", locator) == CONTENT
        assert origin.count() == asked
        assert team.fetch("second", locator) == CONTENT
        assert cas.kept == {NAME: CONTENT}
        assert team.fetch("third", locator) == CONTENT
        team.proxy.stop()
    assert origin.count() == asked + 1


def test_over_s3(origin: Server, work: Path, rclone_server: RcloneServer) -> None:
    """There is no object in part, the cache has all, and the next run writes it."""
    server, bucket = rclone_server, rclone_server.new_bucket()
    client = open_objects(f"s3://{bucket}", TransferOptions(), connection=server.connection)
    with contextlib.closing(client):
        locator = killed_while_it_writes(Team(server.port, work, bucket), origin)
        assert [meta.size for meta in client.list("prefix/cas/")] == []

        team = Team(server.port, work, bucket)
        asked = origin.count()
        assert team.fetch("first", locator) == CONTENT
        assert origin.count() == asked
        assert team.fetch("second", locator) == CONTENT
        assert [meta.size for meta in client.list("prefix/cas/")] == [len(CONTENT)]
        assert team.fetch("third", locator) == CONTENT
        team.proxy.stop()
    assert origin.count() == asked + 1
