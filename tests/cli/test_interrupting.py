"""What a program is told of a run that was interrupted."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.cli.frame import Frame
from store.cli.interrupting import interrupted

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
@pytest.mark.parametrize(
    ("command", "beside"),
    [("bucket list bucket:work", {}), ("fetch s3://b/k --allow-unverified", {"locator": None})],
)
def test_an_interruption_is_an_object_on_stdout_too(  # noqa: PLR0917 - parameters
    starting: Run,
    house: Path,
    number: int,
    status: int,
    said: str,
    command: str,
    beside: dict[str, None],
) -> None:
    """With ``--json``, as every other end of a command is."""
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listener:  # it takes connections, and says nothing
        reached = (
            f'endpoint = "http://127.0.0.1:{listener.getsockname()[1]}"\naccess_key = "a"\n'
            'secret_key = "b"\n'
        )
        (house / "store.toml").write_text(
            f'[connection.work]\nbucket = "b"\n{reached}[connection.s3]\n{reached}',
            encoding="utf-8",
        )
        run = starting(*command.split(), "--json")
        listener.settimeout(20)
        with listener.accept()[0]:
            done = run.ended_by(number)

    told = json.loads(done.out)
    assert done.status == status
    assert told == {
        **beside,
        "error": {
            "type": "Interrupted",
            "message": said,
            "exit_status": status,
            "signal": signal.Signals(number).name,
        },
    }


def test_what_follows_a_result_is_no_second_one(capfd: pytest.CaptureFixture[str]) -> None:
    """An interruption of what is done after it was printed is told on stderr alone."""
    frame = Frame()
    frame.json = True

    assert interrupted(frame, printed=True) == 130
    assert capfd.readouterr() == ("", "store: interrupted\n")
