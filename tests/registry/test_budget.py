"""What cannot fit is refused, before anything else goes for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.errors import RefusedError
from store.registry.manager import Cache
from store.registry.status import Status


@pytest.fixture
def tight(root: Path) -> Iterator[Cache]:
    """A registry of at most 3,000 bytes, in which 2,700 lie."""
    with Cache(root, durability="relaxed", max_bytes=3000) as tight:
        for number in range(3):
            tight.put(f"u:{number}", bytes(900))
        yield tight


def test_what_is_larger_than_the_budget_is_refused(tight: Cache) -> None:
    """However it comes; the others stay, and nobody waits for it."""
    with pytest.raises(RefusedError) as caught:
        tight.put("big", bytes(3001))
    assert caught.value.limit == 3000

    item = tight.create("big", status="write")
    Path(item.path).write_bytes(bytes(3001))
    with pytest.raises(RefusedError):
        item.ready()
    with pytest.raises(RefusedError), tight.create("big").writing() as file:
        file.write(bytes(3001))
    with pytest.raises(RefusedError), tight.batch():
        tight.put("big", bytes(3001))

    assert [one.uri for one in tight.search(status="ready")] == ["u:0", "u:1", "u:2"]
    assert [one.status for one in tight.search("big")] == [Status.WRITE, Status.FAILED]
    assert tight.clean_disk() == 0


def test_what_pins_leave_no_room_for_is_refused(tight: Cache) -> None:
    """What they leave room for comes in, and others go for that."""
    tight.put("pinned", bytes(2000), pinned=True)

    with pytest.raises(RefusedError, match="pinned items take 2000"):
        tight.put("more", bytes(1001))
    assert tight.put("more", bytes(1000)).status is Status.READY

    assert [one.uri for one in tight.search()] == ["pinned", "more"]
