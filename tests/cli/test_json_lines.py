"""What ``--json`` prints where it is an object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store import errors
from store.carried import class_of
from store.testing.misbehaving import Status
from store.testing.servers import Server

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["fetch", "--json", "--bogus", "x"], "UsageError"),
        (["--offline", "fetch", "--json"], "UsageError"),
        (["fetch", "--json", "--from", "nosuch"], "StorageError"),
        (["fetch", "--jobs", "many", "x", "--json"], "UsageError"),
        (["why", "--json"], "UsageError"),
        (["resolve", "--json"], "UsageError"),
    ],
)
def test_an_error_before_the_first_resource_is_a_line_too(
    cli: Run, arguments: list[str], kind: str
) -> None:
    """With the keys that every line has; nothing was asked for yet."""
    done = cli(*arguments)

    (line,) = done.out.splitlines()
    told = json.loads(line)
    assert told["locator"] is None
    assert told["error"]["type"] == kind
    assert told["error"]["exit_status"] == done.status


def test_broken_settings_are_a_line_too(cli: Run, house: Path) -> None:
    """Whichever command reads them."""
    (house / "store.toml").write_text("jobs = \n")

    done = cli("fetch", "--json", "x")

    assert json.loads(done.out)["error"]["type"] == "ConfigurationError"
    assert len(done.out.splitlines()) == 1


def test_a_document_stays_one(cli: Run) -> None:
    """A command whose JSON is one document has its errors so."""
    done = cli("stats", "--json", "--bogus")

    assert len(done.out.splitlines()) > 1
    assert done.json.keys() == {"error"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.ResourceNotFoundError),
        (401, errors.CredentialsError),
        (501, errors.TransportError),
    ],
)
def test_the_type_of_an_error_is_one_that_the_reference_lists(
    cli: Run, server: Server, status: int, kind: type[errors.StoreError]
) -> None:
    """A script compares with what it reads there, whichever transport failed."""
    url = server.serve("/a", b"a", fault=Status(status))

    done = cli("fetch", "--json", "--allow-unverified", url)

    assert done.json["error"]["type"] == kind.__name__


def test_what_is_no_error_of_ours_keeps_its_name() -> None:
    """A surprise is told as what it is."""
    assert class_of(KeyError("k")) == "KeyError"
