"""Object stores that are no mocks: Ceph's gateway, and OpenStack's Swift.

No test file by its name: ``tox -e services`` runs it, on a machine that may have their programs (as root:
both keep what they serve under one user).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest

from store.errors import StoreError, TransportError
from store.testing.storage_objects import content
from store.testing.storages import StorageSuite
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.account import account_of
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects
from store.transports.objects.signed import SignedObjects

HERE = Path(__file__).parent


class Service:
    """A server that a script beside this file starts, stopped by the processes that the script noted.

    Args:
        script: The script.
        access: The access key that it knows.
        secret: Its secret.
        environment: What the script is told.
    """

    def __init__(self, script: str, access: str, secret: str, **environment: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="store-service-"))
        self.port = free_port()
        variables = {name: value.format(port=self.port) for name, value in environment.items()}
        variables |= {**os.environ, **variables, "D": str(self.directory / "d")}
        done = subprocess.run(
            ["bash", str(HERE / script)],
            check=False,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            self.stop()
            pytest.fail(f"{script} ended with {done.returncode}: {done.stderr[-2000:]}")
        self.connection = Connection(
            f"http://127.0.0.1:{self.port}",
            access_key=access,
            secret_key=secret,
            region="us-east-1",
        )

    def new_bucket(self) -> str:
        """Make an empty bucket."""
        name = f"test-{uuid4().hex[:12]}"
        asking = SignedObjects(account_of(self.connection), name, TransferOptions())
        for _ in range(30):  # Swift's first answers may be 503
            answer = asking.ask("PUT", None)
            said = answer.read()
            if answer.status == 200:
                asking.close()
                return name
            time.sleep(0.5)
        pytest.fail(f"no bucket could be made: {answer.status} {said!r}")

    def processes(self) -> list[int]:
        """Return the processes, the first that must be stopped first."""
        with contextlib.suppress(OSError):
            return [int(one) for one in (self.directory / "d" / "pids").read_text().split()]
        return []

    def stop(self) -> None:
        """End the processes and remove what they kept."""
        for process in self.processes():
            kill(process)
        shutil.rmtree(self.directory, ignore_errors=True)


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def free_pair() -> int:
    """Return a port at which nobody listens, nor at the next one: Ceph's monitor takes both.

    They lie below those that the system gives to connections, which come and go all the time.
    """
    for port in range(29180, 32766, 2):
        with contextlib.suppress(OSError):
            for one in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
            return port
    raise AssertionError("no two ports in a row are free")


def kill(process: int) -> None:
    """End a process, and wait until it has."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
            for _ in range(50):
                os.kill(process, 0)
                time.sleep(0.1)


@pytest.fixture(scope="session")
def ceph() -> Iterator[Service]:
    """Ceph's gateway over one OSD in memory."""
    service = Service(
        "ceph-up.sh",
        "ACCESSKEY0123456",
        "SECRETKEY0123456789",
        N="1",
        NOMGR="1",
        STORE="memstore",
        RGWPORT="{port}",
        MON=str(free_pair()),
    )
    yield service
    service.stop()


@pytest.fixture(scope="session")
def swift() -> Iterator[Service]:
    """Swift with s3api, over one directory."""
    programs = os.environ.get("STORE_SWIFT", "")
    if not programs:
        pytest.fail("STORE_SWIFT names no environment with Swift: run 'tox -e services'")
    service = Service(
        "swift-up.sh", "test:tester", "SECRETKEY0123456789", V=programs, PX="{port}", WK="2"
    )
    yield service
    service.stop()


class AtService(StorageSuite):
    """The usual client, at a service."""

    secrets = ("SECRETKEY0123456789",)
    service: Service

    def make(self) -> ObjectClient:
        """Return a client of a new bucket."""
        bucket = self.service.new_bucket()
        return open_objects(f"s3://{bucket}", connection=self.service.connection)


class TestCeph(AtService):
    """At Ceph's gateway."""

    @pytest.fixture(autouse=True)
    def _at(self, ceph: Service) -> None:
        self.service = ceph


class TestSignedAtCeph(TestCeph):
    """Requests of our own alone, at Ceph's gateway."""

    def make(self) -> ObjectClient:
        """Return what reads large objects."""
        return super().make().reader()


class TestSwift(AtService):
    """At Swift, which knows If-None-Match alone, and keeps it in no race."""

    honours_conditions = False
    deviations: ClassVar[Mapping[str, str]] = {
        "test_a_condition_that_holds_is_no_hindrance": "s3api answers If-Match with 501",
        "test_what_another_changed_is_not_replaced": "s3api answers If-Match with 501",
        "test_what_is_there_is_not_replaced": "If-None-Match is kept where nobody races",
    }

    @pytest.fixture(autouse=True)
    def _at(self, swift: Service) -> None:
        self.service = swift


class TestSignedAtSwift(TestSwift):
    """Requests of our own alone, at Swift."""

    def make(self) -> ObjectClient:
        """Return what reads large objects."""
        return super().make().reader()


def test_two_dead_disks_of_three_are_told_and_forgotten() -> None:
    """An error within the deadline; once one is back, all goes on with the same client."""
    service = Service(
        "ceph-up.sh",
        "ACCESSKEY0123456",
        "SECRETKEY0123456789",
        N="3",
        SIZE="3",
        MINSIZE="2",
        NOMGR="1",
        STORE="memstore",
        RGWPORT="{port}",
        MON=str(free_pair()),
    )
    try:
        options = TransferOptions(
            bounds=Bounds(read_timeout=5.0, deadline=12.0), retrying=Retrying(attempts=2)
        )
        bucket = service.new_bucket()
        client = open_objects(f"s3://{bucket}", options, connection=service.connection)
        client.put("body", b"before")
        run = service.directory / "d" / "run"
        stopped = [int((run / f"osd.{number}.pid").read_text()) for number in (0, 1)]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        begun = time.monotonic()

        for asked in (client, client.reader()):
            with pytest.raises(StoreError) as caught:
                asked.put("body", b"meanwhile")
            assert isinstance(caught.value, TransportError)
        assert time.monotonic() - begun < 2 * 15

        for process in stopped:
            os.kill(process, signal.SIGCONT)
        # What was given up here may still be done there: the last word is asked for.
        for _ in range(60):
            with contextlib.suppress(StoreError):
                client.put("body", b"after")
                if content(client, "body") == b"after":
                    break
        assert content(client, "body") == b"after"
    finally:
        service.stop()
