"""The registry at 1,000 and 100,000 items, beside cachedir, diskcache and bare loops.

cachedir cannot be filled to 100,000 in any patience (2.6 items a second there), so it is measured with
10,000 items, which flatters it.
"""

from __future__ import annotations

import logging
import random
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import cachedir_peer
from benchmarks.bare_registry import bare
from benchmarks.measuring import Row, in_turn, medians, microseconds
from store.registry.manager import Cache

SIZES = (1_000, 100_000)
PEER_SIZE = 10_000
_BATCH = 1_000


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure a small and a large registry in turn, and the peers."""
    small, large = sizes = (100, 10_000) if quick else SIZES
    caches, filled, memory = {}, {}, {}
    for size in sizes:
        caches[size] = Cache(scratch / f"ours-{size}")
        filled[size] = _fill(caches[size], size)
        memory[size] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peers = _peers(scratch, 300 if quick else PEER_SIZE)
    rows = [_batch_row(filled), *_rows(caches, peers, scratch, rounds)]
    grown = memory[large] - memory[small]
    rows.append(
        Row(
            "memory grown from the small to the large registry",
            grown,
            {},
            "MiB",
            "≤ 64 MiB",
            grown <= 64,
        )
    )
    for cache in caches.values():
        cache.close()
    return rows


def _fill(cache: Cache, size: int) -> float:
    """Put items in, a batch at a time; return how many a second."""
    began = time.perf_counter()
    for start in range(0, size, _BATCH):
        with cache.batch():
            for number in range(start, min(size, start + _BATCH)):
                cache.put(f"u:{number}", b"data", attrs=_attrs(number, size))
    return size / (time.perf_counter() - began)


def _attrs(number: int, size: int) -> dict[str, Any]:
    """Return attributes of which ten items have any one project, and one of these any one batch."""
    return {
        "project": f"p{number % (size // 10)}",
        "batch": number // (size // 10),
        "score": number / 7,
    }


def _batch_row(filled: Mapping[int, float]) -> Row:
    few, large = filled.values()
    return Row(
        f"put in batches, up to {max(filled):,}, a second",
        large,
        {f"up to {min(filled):,}": few},
        "/s",
        "≥ 2,000/s",
        large >= 2_000,
    )


def _rows(
    caches: Mapping[int, Any], peers: Mapping[str, Any], scratch: Path, rounds: int
) -> Iterator[Row]:
    goals: dict[str, tuple[str, Callable[[float], bool]]] = {
        "best": ("≤ 100 µs", lambda ours: ours <= 100),
        "a query of two attributes": ("≤ 1 ms", lambda ours: ours <= 1000),
        "open and read": ("≤ 300 µs", lambda ours: ours <= 300),
        "create, write, ready": ("", lambda _: True),
    }
    for what, (goal, met) in goals.items():
        calls = {str(size): _call(what, caches[size], size) for size in caches}
        calls |= {f"{name}": peer[what] for name, peer in peers.items() if what in peer}
        if what == "create, write, ready":
            calls["bare"] = bare(scratch)
        found = medians(
            in_turn(
                {
                    name: partial(microseconds, call, _repeats(name, what))
                    for name, call in calls.items()
                },
                rounds,
            )
        )
        small, large = (found.pop(str(size)) for size in caches)
        yield Row(
            f"{what}, of {max(caches):,}",
            large,
            {f"of {min(caches):,}": small, **found},
            "µs",
            goal,
            met(large),
        )
        ratio = large / small
        yield Row(
            f"{what}: {max(caches):,} over {min(caches):,}", ratio, {}, "×", "≤ 2 ×", ratio <= 2
        )
        if "bare" in found:
            ratio = large / found["bare"]
            yield Row(f"{what}: ours over a bare loop", ratio, {}, "×", "≤ 1.5 ×", ratio <= 1.5)
            for name in (one for one in found if one.startswith("cachedir")):
                ratio = found[name] / large
                yield Row(f"{what}: {name}, over ours", ratio, {}, "×", "≥ 8 ×", ratio >= 8)


def _repeats(name: str, what: str) -> int:
    if name.startswith("cachedir"):
        return 5
    return 20 if "ready" in what else 100


def _call(what: str, cache: Cache, size: int) -> Callable[[], object]:
    chance = random.Random(7)
    numbers = count()

    def create() -> None:
        item = cache.create(
            f"new:{next(numbers)}", attrs={"project": "alpha", "batch": 1}, status="write"
        )
        Path(item.path).write_bytes(b"data")
        item.ready()

    def query() -> object:
        number = chance.randrange(size)
        return cache.by_attrs({name: _attrs(number, size)[name] for name in ("project", "batch")})

    items = [cache.best(f"u:{chance.randrange(size)}") for _ in range(100)]

    def read() -> object:
        with items[next(numbers) % 100].open(default_mode="rb") as opened:
            return opened.result.read()

    return {
        "best": lambda: cache.best(f"u:{chance.randrange(size)}"),
        "a query of two attributes": query,
        "open and read": read,
        "create, write, ready": create,
    }[what]


def _peers(scratch: Path, size: int) -> dict[str, dict[str, Callable[[], object]]]:
    import diskcache

    disk = diskcache.Cache(str(scratch / "diskcache"))
    for number in range(1_000):
        disk.set(f"u:{number}", b"data")
    chance = random.Random(7)
    found: dict[str, dict[str, Callable[[], object]]] = {
        "diskcache (no versions, not durable)": {
            "best": lambda: disk.get(f"u:{chance.randrange(1_000)}"),
            "create, write, ready": lambda: disk.set(f"new:{chance.random()}", b"data"),
        }
    }
    logging.disable(logging.CRITICAL)  # it tells of itself on stdout
    peer = cachedir_peer.calls(scratch / "cachedir", size)
    if peer is not None:
        found[f"cachedir, of {size:,}"] = peer
    return found
