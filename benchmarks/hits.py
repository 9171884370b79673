"""What it costs to be handed a file that is here already, with its validity checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.children import here
from benchmarks.listing import digest_of, file_of
from benchmarks.measuring import Row, in_turn, medians, microseconds

Call = Callable[[], object]

SIZES = {"10 KiB": 10 * 1024, "10 MiB": 10 * 1024**2, "1 GiB": 1024**3}
QUICK = {"10 KiB": 10 * 1024, "10 MiB": 10 * 1024**2}


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure hits of several sizes, ours and the peers'."""
    from benchmarks.server import serving

    with serving(scratch) as address:
        return _rows(rounds, scratch, address, QUICK if quick else SIZES)


def _rows(rounds: int, scratch: Path, address: str, sizes: Mapping[str, int]) -> list[Row]:
    import store

    os.environ["STORE_CACHE_DIR"] = str(scratch / "hit-cache")
    cache = store.load_cache("file-cache", {"cache_dir": str(scratch / "hit-cache")})
    driver = store.load_store("http", {}, cache)
    resources: dict[str, Call] = {}
    locators: dict[str, Call] = {}
    peers: dict[str, dict[str, float]] = {}
    for name, size in sizes.items():
        url, digest = f"{address}/{file_of(scratch, size)}", digest_of(scratch, size)
        info = driver.get_resource_metadata({"url": url, "digest": f"sha256:{digest}"})
        resources[name] = partial(driver.download_resource, info)
        locators[name] = partial(store.fetch, f"{url}#sha256={digest}")
        for call in (resources[name], locators[name]):
            call()
        slow = 3 if size > 1e8 else 20 * rounds
        peers[name] = {
            **({"pooch": _pooch(url, digest, scratch, slow)} if here("pooch") else {}),
            "e3-core": _e3(url, scratch, size, slow),
            "a bare stat": microseconds((scratch / file_of(scratch, size)).stat, 2000),
        }
    return _table(_in_turn(resources, rounds), _in_turn(locators, rounds), peers)


def _in_turn(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Measure the sizes in turn, some calls at a time, so that what else happens hits all of them."""
    found = in_turn(
        {name: partial(microseconds, call, 200) for name, call in calls.items()}, 20 * rounds
    )
    return medians(found)


def _table(
    resource: dict[str, float], locator: dict[str, float], peers: dict[str, dict[str, float]]
) -> list[Row]:
    rows = []
    for name, ours in resource.items():
        fetched = locator[name]
        rows += [
            Row(f"hit of {name}: download_resource(info)", ours, peers[name], "µs", "≤ 20 µs", ours <= 20),
            Row(f"hit of {name}: store.fetch(locator)", fetched, peers[name], "µs", "≤ 40 µs", fetched <= 40),
        ]  # fmt: skip
    large = list(resource)[-1]
    ratio = resource[large] / resource["10 KiB"]
    rows.append(
        Row(
            f"{large} over 10 KiB, as a ratio", ratio, {}, "×", "within 20 %", abs(ratio - 1) <= 0.2
        )
    )
    return rows


def _pooch(url: str, digest: str, scratch: Path, repeats: int) -> float:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    where = str(scratch / "hit-pooch")

    def call() -> object:
        return pooch.retrieve(url, known_hash=f"sha256:{digest}", path=where)

    call()
    return microseconds(call, repeats)


def _e3(url: str, scratch: Path, size: int, repeats: int) -> float:
    from e3.store.backends.http_simple_store import HTTPSimpleStore
    from e3.store.cache.backends.filecache import FileCache

    peer = HTTPSimpleStore({}, FileCache({"cache_dir": str(scratch / "hit-e3")}))
    info = peer.get_resource_metadata({"url": url, "sha": digest_of(scratch, size, "sha1")})
    target = str(scratch / "hit-e3-files")
    Path(target).mkdir(exist_ok=True)
    peer.download_resource(info, target)
    return microseconds(lambda: peer.download_resource(info, target), repeats)
