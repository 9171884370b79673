"""What a query resolved to is remembered."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from store.backends.digested import DigestedResource
from store.backends.known import whole
from store.backends.resources import ResourceInfo
from store.fetching.resolutions import Resolutions, resolution_key
from store.testing.fakes import FakeClock

KEY = "ab" * 32
RESOURCE = DigestedResource(
    "sha256:" + "cd" * 32, size=3, filename="a.whl", urls=("https://host/a.whl",)
)


def remembered(resolutions: Resolutions, max_age: float = math.inf) -> ResourceInfo | None:
    """Return what is remembered, as a driver is handed it."""
    found = resolutions.get(KEY, max_age)
    return None if found is None else whole(found)


def test_an_answer_is_given_back_while_it_is_young_enough(tmp_path: Path) -> None:
    """An hour's answer is none after an hour, and stays one for a pin."""
    clock = FakeClock()
    resolutions = Resolutions(tmp_path / "r", clock=clock)
    resolutions.put(KEY, RESOURCE)

    clock.advance(3600)
    assert remembered(resolutions, 3600) == RESOURCE
    clock.advance(1)
    assert resolutions.get(KEY, 3600) is None
    assert remembered(resolutions) == RESOURCE


def test_an_answer_from_the_future_is_none(tmp_path: Path) -> None:
    """A clock that was set back does not keep an answer for ever."""
    clock = FakeClock()
    resolutions = Resolutions(tmp_path, clock=clock)
    resolutions.put(KEY, RESOURCE)

    clock.set_back(10)

    assert resolutions.get(KEY, math.inf) is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\x80\x04.",
        b'{"at": "x"}',
        b'{"at": 1, "digests": ["md5:00"]}',
        b'{"at": 1, "digests": [], "size": 1, "filename": null, "urls": []}',
    ],
)
def test_a_damaged_answer_is_asked_for_anew(damage: bytes, tmp_path: Path) -> None:
    """Damage is a miss, and is replaced by the next answer."""
    resolutions = Resolutions(tmp_path)
    resolutions.put(KEY, RESOURCE)
    path = next(tmp_path.rglob("*.json"))
    path.write_bytes(damage)

    assert resolutions.get(KEY, math.inf) is None
    resolutions.put(KEY, RESOURCE)
    assert remembered(resolutions) == RESOURCE


def test_an_answer_that_is_a_directory_or_a_link_is_none(tmp_path: Path) -> None:
    """Nothing but a regular file is read."""
    resolutions = Resolutions(tmp_path)
    (tmp_path / KEY[:2] / f"{KEY}.json").mkdir(parents=True)

    assert resolutions.get(KEY, math.inf) is None


def test_an_address_with_a_secret_is_not_remembered(tmp_path: Path) -> None:
    """User, password and query do not reach the disk."""
    resolutions = Resolutions(tmp_path)
    secret = DigestedResource(
        RESOURCE.digests,
        urls=("https://u:secret@host/a", "https://host/a?sig=secret", "https://host/b"),
    )

    resolutions.put(KEY, secret)

    found = resolutions.get(KEY, math.inf)
    assert found is not None
    assert found.urls == ("https://host/b",)
    assert b"secret" not in next(tmp_path.rglob("*.json")).read_bytes()


def test_what_cannot_be_remembered_is_no_error(tmp_path: Path) -> None:
    """A directory that cannot be made costs only the next look-up."""
    (tmp_path / "file").write_bytes(b"")
    resolutions = Resolutions(tmp_path / "file" / "r")

    resolutions.put(KEY, RESOURCE)
    resolutions.forget(KEY)

    assert resolutions.get(KEY, math.inf) is None


def test_a_forgotten_answer_is_gone(tmp_path: Path) -> None:
    """Forgetting twice is fine."""
    resolutions = Resolutions(tmp_path)
    resolutions.put(KEY, RESOURCE)

    resolutions.forget(KEY)
    resolutions.forget(KEY)

    assert resolutions.get(KEY, math.inf) is None


def test_the_key_tells_types_apart_and_orders_nothing() -> None:
    """1 is not "1"; the order of keys does not matter; every part counts."""
    key = resolution_key("pypi", {"a": 1, "b": 2}, {}, {})

    assert key == resolution_key("pypi", {"b": 2, "a": 1}, {}, {})
    others = {
        resolution_key("pypi", {"a": "1", "b": 2}, {}, {}),
        resolution_key("other", {"a": 1, "b": 2}, {}, {}),
        resolution_key("pypi", {"a": 1, "b": 2}, {"x": 1}, {}),
        resolution_key("pypi", {"a": 1, "b": 2}, {}, {"python": "3.12"}),
        resolution_key("pypi", {"a": Path("1"), "b": 2}, {}, {}),
    }
    assert key not in others
    assert len(others) == 5
