"""Releases on a real CDCS server, beside the same requests by ``curl``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.measuring import Row, in_turn, medians
from benchmarks.nginx import free_port
from store.releases.cdcs import CDCSArchive
from store.releases.downloading import Manner, download
from store.releases.mapping import blob_nodes
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Wanted, publish
from store.releases.versions import Version

SERVER: Final = "STORE_CDCS_PYTHON"
"""The variable that names the interpreter of an environment with a CDCS, as ``tox -e services`` makes one."""

ORIGINAL: Final = 23.4
"""How long the original takes for 200 files of 10 KiB in 8 threads, in seconds."""

_MINI: Final = Path(__file__).parents[1] / "tests" / "services" / "cdcs_mini" / "mini_gunicorn.py"
_THREADS: Final = 8
_NOTE: Final = (
    f"the original took {ORIGINAL} s up and 2.0 s down; curl sends a POST and a PATCH a blob, the least"
    " that a CDCS takes, and does not make or look for the release's record"
)


def run(source: Path, scratch: Path, rounds: int) -> list[Row]:
    """Measure how fast small files go to a CDCS and come back; nothing where there is none.

    Args:
        source: A directory of files, of which none lies in another directory.
        scratch: Where the server lives.
        rounds: How often.
    """
    interpreter = os.environ.get(SERVER)
    if interpreter is None:
        return []
    with _server(interpreter, scratch / "cdcs") as address:
        return _measured(address, source, scratch, rounds)


def _measured(address: str, source: Path, scratch: Path, rounds: int) -> list[Row]:
    archive, numbers = CDCSArchive(address, "admin", "admin"), count()
    archive.initialise()
    peer = _Curl(address, scratch)
    version = Version(1, 0, 0)

    def up() -> float:
        wanted = Wanted(f"data{next(numbers)}", version)
        began = time.perf_counter()
        publish(archive, source, wanted, threads=_THREADS)
        return time.perf_counter() - began

    def down() -> float:
        began = time.perf_counter()
        data = archive.newest_record("data0")
        folder = scratch / f"from-cdcs-{next(numbers)}"
        download(archive, data, DEFAULT_WORKSPACE, folder, Manner(threads=_THREADS, durable=False))
        return time.perf_counter() - began

    up()  # the server's first requests are slow
    pids = [
        str(node["/bpid/"]) for _, node in blob_nodes(archive.newest_record("data0")["project"])
    ]
    found = medians(
        in_turn(
            {
                "up": up,
                "curl up": lambda: peer.up(source),
                "down": down,
                "curl down": lambda: peer.down(pids),
            },
            rounds,
        )
    )
    what = f"{len(pids)} × 10 KiB, {_THREADS} threads, to a CDCS"
    goal, met = f"≤ {ORIGINAL / 5:.1f} s", found["up"] <= ORIGINAL / 5
    return [
        Row(f"publish {what}", found["up"], {"curl": found["curl up"]}, "s", goal, met, 0.0, _NOTE),
        Row(f"fetch {what}", found["down"], {"curl": found["curl down"]}, "s", note=_NOTE),
    ]


class _Curl:
    """The same requests by ``curl --parallel``.

    Args:
        address: The server's address.
        scratch: Where its configurations and answers lie.
    """

    def __init__(self, address: str, scratch: Path) -> None:
        self._address, self._scratch = address, scratch
        form = ["-d", "username=admin&password=admin", f"{address}/api-token-auth/"]
        answer = subprocess.run(["curl", "-sS", *form], check=True, capture_output=True)
        self._token = json.loads(answer.stdout)["token"]
        self._numbers = count()

    def up(self, source: Path) -> float:
        """Send every file, and assign it to a workspace."""
        answers = self._scratch / f"answers-{next(self._numbers)}"
        answers.mkdir()
        sent = [
            {
                "url": f"{self._address}/rest/blob/",
                "form": f"blob=@{file};filename={answers.name}.{file.name}",
                "output": str(answers / file.name),
            }
            for file in sorted(source.iterdir())
        ]
        began = time.perf_counter()
        self._ask(sent)
        ids = [json.loads(one.read_bytes())["id"] for one in answers.iterdir()]
        assign = f"{self._address}/rest/blob/{{}}/assign/1"
        self._ask(
            [{"url": assign.format(one), "request": "PATCH", "output": os.devnull} for one in ids]
        )
        return time.perf_counter() - began

    def down(self, pids: list[str]) -> float:
        """Download blobs by their identifiers."""
        began = time.perf_counter()
        self._ask([{"url": pid, "output": os.devnull} for pid in pids])
        return time.perf_counter() - began

    def _ask(self, requests: list[dict[str, str]]) -> None:
        header = f"Authorization: Token {self._token}"
        lines = [
            "\n".join(
                f"{name} = {json.dumps(value)}"
                for name, value in [*one.items(), ("header", header)]
            )
            for one in requests
        ]
        command = ["curl", "-sS", "--no-progress-meter", "-Z", "--parallel-max", str(_THREADS)]
        configuration = "\nnext\n".join(lines).encode()
        subprocess.run([*command, "-K", "-"], input=configuration, check=True)


@contextlib.contextmanager
def _server(interpreter: str, home: Path) -> Iterator[str]:
    """Run a CDCS while the block does."""
    home.mkdir()
    port = free_port()
    environment = {**os.environ, "CDCS_HOME": str(home), "CDCS_PORT": str(port), "HOME": str(home)}
    command = [interpreter, "-m", "gunicorn", "-c", str(_MINI)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("the CDCS did not come up")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
