"""Object stores cost nothing where none is asked, and little where one is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback

import pytest

from store.errors import RefusedError
from store.testing.object_servers import MotoServer
from store.testing.storage_objects import content
from store.transports.objects.base import ObjectClient
from store.transports.objects.obstored import ObstoreObjects
from store.transports.objects.opening import open_objects

FETCH = """
import sys
from store.__main__ import main
try:
    main()
except SystemExit:
    pass
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
"""

OPENED = """
import sys
from store.transports.objects.opening import open_objects
from store.transports.objects.connection import Connection
known = Connection("http://127.0.0.1:1", access_key="a", secret_key="b", region="r")
open_objects("s3://bucket", connection=known)
print(*sorted(sys.modules), sep="\\n")
"""


def loaded(text: str, *names: str) -> list[str]:
    """Return which of the packages are among the modules of a text."""
    return [one for one in names if one in text.split()]


def test_a_warm_fetch_of_an_object_loads_no_library(
    moto_server: MotoServer, store_environment: pytest.MonkeyPatch
) -> None:
    """What is pinned and here is handed out as any other."""
    known = moto_server.connection
    store_environment.setenv("AWS_ENDPOINT_URL", str(known.endpoint))
    store_environment.setenv("AWS_ACCESS_KEY_ID", str(known.access_key))
    store_environment.setenv("AWS_SECRET_ACCESS_KEY", str(known.secret_key))
    client = open_objects(f"s3://{moto_server.new_bucket()}", connection=known)
    client.put("k", b"content")
    sha256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    command = [sys.executable, "-c", FETCH, "fetch", f"{client.address}/k#sha256={sha256}"]
    first = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    again = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    assert first.stdout == again.stdout
    assert loaded(first.stderr, "obstore") == ["obstore"]
    assert loaded(again.stderr, "obstore", "requests", "attrs", "attr", "boto3") == []


def test_to_open_a_client_loads_no_http_of_ours() -> None:
    """It is for what the library lacks."""
    done = subprocess.run(
        [sys.executable, "-c", OPENED], check=True, capture_output=True, text=True, timeout=60
    )

    assert loaded(done.stdout, "obstore") == ["obstore"]
    assert loaded(done.stdout, "requests", "urllib3", "boto3", "botocore") == []


def test_a_forks_child_goes_on(moto_server: MotoServer) -> None:
    """Where the library's threads are not: by requests of our own, or it says so."""
    client = open_objects(f"s3://{moto_server.new_bucket()}", connection=moto_server.connection)
    client.put("k", b"content")
    assert isinstance(client, ObstoreObjects)

    process = os.fork()
    if process == 0:
        os._exit(_child(client))

    assert os.waitpid(process, 0)[1] == 0


def _child(client: ObstoreObjects) -> int:
    """Do in a child what its parent did; return 0 where all is as it should be."""
    signal.alarm(20)
    try:
        assert content(client, "k") == b"content"
        client.put("mine", b"of the child")
        client.copy("mine", "copy")
        client.delete(["mine"])
        assert [meta.key for meta in client.list()] == ["copy", "k"]
        with pytest.raises(RefusedError, match="fork"):
            alone(client).head("k")
    except BaseException:  # noqa: BLE001 - a child must not go on with its parent's tests
        traceback.print_exc()
        return 1
    return 0


def alone(client: ObstoreObjects) -> ObjectClient:
    """Return a client of the same bucket that has the library alone."""
    return ObstoreObjects(client.address, client._stores, client.options)
