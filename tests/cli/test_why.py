"""``store why``: a code and a sentence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.testing.servers import Server

Run = Callable[..., Any]


def test_a_code_and_a_sentence_are_told(cli: Run, server: Server) -> None:
    """Before the first fetch and after it; nobody is asked."""
    url = f"{server.serve('/a.bin', b'a')}#sha256={hashlib.sha256(b'a').hexdigest()}"

    before = cli("why", url)
    path = cli("fetch", url).out.strip()
    after = cli("why", url)

    assert before.status == after.status == 0
    assert before.out.splitlines()[1:] == [
        "code:       miss-never-fetched",
        "reason:     the cache has neither an entry nor content of it",
        "path:       -",
    ]
    assert after.out.splitlines()[1] == "code:       hit"
    assert after.out.splitlines()[3] == f"path:       {path}"
    assert server.count() == 1


def test_several_are_told_one_after_the_other(cli: Run, hello: Path, hello_digest: str) -> None:
    """With an empty line between them, or as JSON an object a line."""
    plain = cli("why", "hello.txt", "pypi:six")
    spoken = cli("why", "--json", "--offline", "hello.txt", "pypi:six", "./missing")

    assert "\n\nlocator:    pypi:six\n" in plain.out
    first, second, third = map(json.loads, spoken.out.splitlines())
    assert spoken.status == 3
    assert first == {
        "locator": "hello.txt",
        "code": "miss-never-fetched",
        "reason": "the cache has neither an entry nor content of it",
        "path": None,
    }
    assert second["code"] == "offline-unresolved"
    assert third["error"]["type"] == "ResourceNotFoundError"


def test_pins_and_waivers_are_heeded(cli: Run, server: Server) -> None:
    """As for the fetch."""
    url = server.serve("/a.bin", b"a")

    assert "unverified" in cli("why", url).out
    assert "unpinned" in cli("why", url, "--allow-unverified").out
    assert "miss-never-fetched" in cli("why", url, "--digest", f"sha256:{'0' * 64}").out
    assert cli("why", "a", "b", "--digest", f"sha256:{'0' * 64}").status == 2
    assert server.requests == []


def test_a_resolution_says_that_its_fetch_is_refused(cli: Run, house: Path) -> None:
    """What would be fetched is told all the same."""
    (house / "store.toml").write_text('block = ["https://host/**"]\n')

    done = cli("resolve", f"https://host/a#sha256={'0' * 64}")

    assert (done.status, "https://host/a" in done.out) == (0, True)
    assert done.err == (
        "store: only the cache can give it: https://host/a is blocked by the settings\n"
    )
