"""Of several who publish one item at once one does, and the others are told."""

from __future__ import annotations

import threading
from pathlib import Path

from store.errors import StatusError, StoreError
from store.registry.manager import Cache


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
