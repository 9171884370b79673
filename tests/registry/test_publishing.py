"""Of several who publish one item at once one does, and the others are told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from store.errors import QueryError, StatusError, StoreError
from store.registry.manager import Cache
from store.registry.status import Status


def test_of_two_who_publish_one_item_the_slower_is_told(cache: Cache) -> None:
    """By a StatusError, however far he had come."""
    problems: list[StoreError] = []

    for number in range(40):
        item = cache.create(f"u:{number}", status="write")
        Path(item.path).write_bytes(bytes(50_000))
        twins = [cache.by_id(item.id) for _ in range(3)]
        barrier = threading.Barrier(len(twins))

        def publish(twin: object, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                twin.ready()  # type: ignore[attr-defined]
            except StoreError as error:
                problems.append(error)

        threads = [threading.Thread(target=publish, args=[twin]) for twin in twins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = cache.best(f"u:{number}")
        assert best is not None
        assert Path(best.path).stat().st_size == best.size == 50_000

    assert len(problems) == 80
    assert {type(one) for one in problems} == {StatusError}


def test_a_version_whose_file_is_gone_is_none(cache: Cache) -> None:
    """Whoever asks for the best or a new one gets a new one to write."""
    first = cache.put("a", b"data")
    Path(first.path).unlink()

    second = cache.best_or_new("a")

    assert (second.version, second.status) == (2, Status.WRITE)
    with second.writing() as file:
        file.write(b"again")
    assert cache.best_or_new("a") == second


@pytest.mark.parametrize("text", ["another", "DATA"])
def test_what_is_ready_is_not_published_anew(cache: Cache, text: str) -> None:
    """Whoever wrote to its path is told, whether the size changed or not."""
    item = cache.put("a", b"data")
    item.ready()
    path = Path(item.path)
    path.unlink()
    with pytest.raises(StatusError, match="gone"):
        item.ready()

    path.write_text(text, encoding="utf-8")
    with pytest.raises(StatusError, match="not what was published"):
        item.ready()

    path.write_text("data", encoding="utf-8")
    item.ready()


@pytest.mark.parametrize(
    "asked",
    [{"limit": 2**70}, {"offset": 2**70}, {"limit": -1}, {"limit": "x"}, {"where": 5}],
)
def test_senseless_filters_are_typed_errors(cache: Cache, asked: dict[str, Any]) -> None:
    """Whatever their type or size."""
    cache.put("a", b"data")

    with pytest.raises(QueryError):
        cache.search(**asked)
