"""An address finds its transport by its scheme."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from store.config.credentials import Credentials
from store.errors import OfflineError, PluginConflictError, PluginError, UnknownNameError
from store.testing.fakes import FakeTransport
from store.transports import opening
from store.transports.base import Bounds, TransferOptions, Transport
from store.transports.http import HttpTransport
from store.transports.local import LocalTransport
from store.transports.opening import close_all, register, schemes, transport_for

OPTIONS = TransferOptions()


class Counting(FakeTransport):
    """A stranger's transport that counts its closings."""

    closed = 0

    def close(self) -> None:
        """Count."""
        type(self).closed += 1


def counting(options: TransferOptions) -> Transport:
    """Make a stranger's transport."""
    return Counting(options=options)


@pytest.fixture(autouse=True)
def _strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget strangers after each test."""
    monkeypatch.setattr(opening._opened, "strangers", {})


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://host/a", HttpTransport),
        ("HTTPS://host/a", HttpTransport),
        ("file:///a", LocalTransport),
        ("file:/a", LocalTransport),
        ("/a/b", LocalTransport),
        ("a:b.txt", LocalTransport),
        ("./http://odd", LocalTransport),
        ("", LocalTransport),
    ],
)
def test_a_scheme_decides(address: str, kind: type[Transport]) -> None:
    """What has no scheme that is known, and no slashes after it, is a path."""
    assert type(transport_for(address, OPTIONS)) is kind


def test_an_unknown_scheme_is_told() -> None:
    """The error names it and those there are, and no secret."""
    with pytest.raises(UnknownNameError) as caught:
        transport_for("gopher://me:hidden@host/a?hidden", OPTIONS)

    assert (caught.value.kind, caught.value.name) == ("transport", "gopher")
    assert caught.value.known == ("az", "bucket", "file", "gs", "http", "https", "s3")
    assert "hidden" not in str(caught.value)


def test_a_stranger_is_registered() -> None:
    """A plugin's transport opens its scheme, twice registered too."""
    register("Fake", counting)
    register("fake", counting)

    assert isinstance(transport_for("fake:anything", OPTIONS), Counting)
    assert schemes() == ("az", "bucket", "fake", "file", "gs", "http", "https", "s3")


@pytest.mark.parametrize("scheme", ["fake", "https"])
def test_two_transports_of_one_scheme_are_a_conflict(scheme: str) -> None:
    """A scheme that is taken is not taken over, a builtin one neither; both are named."""
    register("fake", counting)

    with pytest.raises(PluginConflictError) as caught:
        register(scheme, LocalTransport)

    assert caught.value.name == scheme
    assert len(caught.value.plugins) == 2


@pytest.mark.parametrize(
    ("factory", "fault"),
    [
        (dict, r"builtins\.dict cannot be made: TypeError"),
        (lambda options: None, r"<lambda> cannot be used: it makes a NoneType"),
    ],
)
def test_a_factory_that_makes_no_transport_is_told(factory: Any, fault: str) -> None:
    """By its own name: the driver that asked is not to blame."""
    register("odd", factory)

    with pytest.raises(PluginError, match=fault):
        transport_for("odd://host/x", OPTIONS)


def test_a_refusal_of_a_factory_comes_through() -> None:
    """What is an error of ours already says enough."""

    def refusing(options: TransferOptions) -> Transport:
        raise OfflineError(f"not with {options!r}")

    register("odd", refusing)

    with pytest.raises(OfflineError, match="not with"):
        transport_for("odd://host/x", OPTIONS)


def test_a_transport_is_kept_for_its_options() -> None:
    """Equal bounds and the same credentials share it, whoever listens; others do not."""
    first = transport_for("http://host/a", OPTIONS)

    listening = OPTIONS._replace(listener=print)
    assert transport_for("https://other/b", listening) is first
    assert first.options.listener is None
    bounded = OPTIONS._replace(bounds=Bounds(read_timeout=1))
    assert transport_for("http://host/a", bounded) is not first
    secret = OPTIONS._replace(credentials=Credentials())
    assert transport_for("http://host/a", secret) is not first


def test_few_transports_are_kept() -> None:
    """The one that was used least lately is closed for a new one."""
    register("fake", counting)
    Counting.closed = 0

    for seconds in range(1, opening._KEPT + 3):
        transport_for("fake://a", OPTIONS._replace(bounds=Bounds(read_timeout=seconds)))

    assert Counting.closed == 2


def test_closing_all_begins_anew() -> None:
    """After it another transport is made."""
    first = transport_for("http://host/a", OPTIONS)

    close_all()

    assert transport_for("http://host/a", OPTIONS) is not first


def test_no_transport_survives_a_fork() -> None:
    """A child makes its own, even if a thread of the parent held the lock."""
    first = transport_for("http://host/a", OPTIONS)

    with opening._opened.lock:
        child = os.fork()
        if child == 0:
            os._exit(3 if transport_for("http://host/a", OPTIONS) is not first else 4)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 3


def test_requests_is_loaded_when_first_used() -> None:
    """Receiving a local file loads no HTTP."""
    script = (
        "import sys\n"
        "from store.transports.base import TransferOptions\n"
        "from store.transports.opening import transport_for\n"
        "import store.transports.receiving\n"
        "transport_for('/a', TransferOptions())\n"
        "print([one for one in ('requests', 'urllib3', 'ssl', 'tqdm') if one in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
