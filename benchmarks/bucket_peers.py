"""How others keep a directory and a bucket alike."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.bucket_places import Place
from benchmarks.children import here, perform, rehearse
from benchmarks.measuring import command_seconds

OURS = """
import sys
from pathlib import Path

from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.transports.base import TransferOptions
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

def work(endpoint, key, secret, bucket, directory, memory, direction):
    connection = Connection(endpoint, access_key=key, secret_key=secret, region="us-east-1")
    options = TransferOptions(durable=direction == "down, made to last")
    client = open_objects(f"s3://{bucket}", options, connection=connection)
    call = sync_directory if direction == "up" else sync_remote_to_local
    done = call(client, directory, remote="data", memory=Path(memory), options=options)
    client.close()
    return done.plan.kept
"""

LISTING = """
from store.transports.base import TransferOptions
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

def work(endpoint, key, secret, bucket):
    connection = Connection(endpoint, access_key=key, secret_key=secret, region="us-east-1")
    client = open_objects(f"s3://{bucket}", TransferOptions(), connection=connection)
    count = sum(1 for _ in client.list("data/"))
    client.close()
    return count
"""

QARNOT = """
import logging
from types import SimpleNamespace

import boto3
from qarnot.bucket import Bucket

def work(endpoint, key, secret, bucket, directory, memory, direction):
    said = dict(
        endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1"
    )
    connection = SimpleNamespace(
        s3client=boto3.client("s3", **said),
        s3resource=boto3.resource("s3", **said),
        logger=logging.getLogger(),
        _sanitize_bucket_paths=False,
        _show_bucket_warnings=False,
    )
    kept = Bucket(connection, bucket, create=False)
    if direction == "up":
        kept.sync_directory(directory, remote="data")
    else:
        kept.sync_remote_to_local(directory, "data/")
"""


Sync = Callable[[Path, str], float]
"""Makes a directory and the bucket alike, ``up``, ``down`` or `LASTING`; returns how many seconds it took."""

LASTING = "down, made to last"
"""The direction ``down``, after which a power cut takes nothing away: peers are followed by ``sync -f``."""


class Contender(NamedTuple):
    """Whoever syncs.

    Attributes:
        sync: Does it.
        bucket: The bucket of its own.
        peak: Returns its greatest memory in bytes, where it is known.
    """

    sync: Sync
    bucket: str
    peak: Callable[[], int] = lambda: 0


def contenders(server: Place, memory: Path) -> dict[str, Contender]:
    """Return ours and the peers that are here, each with a bucket of its own."""
    found = {"ours": _program(OURS, server, memory)}
    if (s5cmd := _installed("s5cmd")) is not None:
        found["s5cmd"] = _s5cmd(s5cmd, server)
    if (rclone := _installed("rclone")) is not None:
        found["rclone"] = _rclone(rclone, server)
    if here("qarnot") and here("boto3"):
        found["qarnot"] = _program(QARNOT, server, memory)
    return found


def keys_of(server: Place) -> tuple[str, str]:
    """Return the keys that the server knows."""
    connection = server.connection
    return connection.access_key or "", connection.secret_key or ""


def _program(program: str, server: Place, memory: Path) -> Contender:
    bucket = server.new_bucket()
    said = (server.endpoint, *keys_of(server), bucket)
    rehearsal = memory / f"rehearsal-{bucket}"
    (rehearsal / "here").mkdir(parents=True)
    (rehearsal / "here" / "file").write_bytes(b"rehearsal")
    other = (server.endpoint, *keys_of(server), server.new_bucket())
    rehearse(program, *other, str(rehearsal / "here"), str(rehearsal / "memory"), "up")
    rehearse(program, *other, str(rehearsal / "there"), str(rehearsal / "memory"), "down")
    peaks = [0]

    def sync(directory: Path, direction: str) -> float:
        ran = perform(program, *said, str(directory), str(memory / bucket), direction)
        peaks.append(ran.peak)
        return ran.seconds[0]

    return Contender(sync, bucket, lambda: max(peaks))


def _s5cmd(program: str, server: Place) -> Contender:
    bucket = server.new_bucket()
    key, secret = keys_of(server)
    environment = _aws(key, secret)
    base = [program, "--endpoint-url", server.endpoint, "sync"]

    def sync(directory: Path, direction: str) -> float:
        sides = [f"{directory}/", f"s3://{bucket}/data/"]
        if direction != "up":
            sides = [f"s3://{bucket}/data/*", f"{directory}/"]
        return _command([*base, *sides], environment, directory, direction)

    return Contender(sync, bucket)


def _rclone(program: str, server: Place) -> Contender:
    bucket = server.new_bucket()
    key, secret = keys_of(server)
    environment = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_S3_PROVIDER": "Other",
        "RCLONE_S3_ENDPOINT": server.endpoint,
        "RCLONE_S3_ACCESS_KEY_ID": key,
        "RCLONE_S3_SECRET_ACCESS_KEY": secret,
        "RCLONE_S3_FORCE_PATH_STYLE": "true",
    }
    base = [program, "sync", "--transfers", "16", "--checkers", "16", "--fast-list"]

    def sync(directory: Path, direction: str) -> float:
        sides = [str(directory), f":s3:{bucket}/data"]
        command = [*base, *(sides if direction == "up" else sides[::-1])]
        return _command(command, environment, directory, direction)

    return Contender(sync, bucket)


def _command(
    command: list[str], environment: Mapping[str, str], directory: Path, direction: str
) -> float:
    seconds = command_seconds(command, environment)
    if direction == LASTING:
        seconds += command_seconds(["sync", "-f", str(directory)])
    return seconds


def _aws(key: str, secret: str) -> Mapping[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _installed(program: str) -> str | None:
    beside = Path(sysconfig.get_path("scripts"), program)
    return str(beside) if beside.exists() else shutil.which(program)
