"""What it costs to be handed a kernel that is young enough, and to renew one that is not."""

from __future__ import annotations

import datetime as dt
import os
import sys
from functools import partial
from importlib import metadata
from pathlib import Path

from benchmarks.measuring import Row, command_seconds, in_turn, medians, microseconds, spread

GOAL = 25.0
"""What a fresh ``kernel_path`` may cost, in microseconds."""

SIZE = 8 * 1024**2
"""The size of the kernel that is renewed, in bytes."""

DAY = dt.timedelta(days=1)

OURS = """
import sys
from store import KernelFileCache
print(KernelFileCache(sys.argv[1], cache_dir=sys.argv[2]).kernel_path)
assert "requests" not in sys.modules
"""

THEIRS = """
import sys
import requests
from benchmarks.freshness import Recipe
print(Recipe(sys.argv[1], sys.argv[2]).kernel_path)
"""


class Recipe:
    """What the original does, told again: the distribution's version names the directory, the mtime the age.

    The original itself cannot be installed beside ours: it needs urllib3 below 2, and a dozen of dear
    packages. Its import alone would be measured, not its cache.

    Args:
        kernel_url: The kernel.
        cache: What stands for the user's cache directory.
    """

    def __init__(self, kernel_url: str, cache: str) -> None:
        self.kernel_url = kernel_url
        self.cache = cache

    @property
    def cache_dir(self) -> Path:
        """The directory, found anew each time."""
        version = metadata.version("requests")
        return Path(self.cache).expanduser() / "package" / version

    @property
    def kernel_path(self) -> Path:
        """The kernel, downloaded if it is missing or too old."""
        name = os.path.basename(self.kernel_url)  # noqa: PTH119 - as the original
        path = self.cache_dir / name
        if path.exists():
            changed = dt.datetime.fromtimestamp(path.stat().st_mtime)  # noqa: DTZ006 - as the original
            if dt.datetime.now() - changed < DAY:  # noqa: DTZ005 - as the original
                return self.cache_dir / name
        return self.download_kernel()

    def download_kernel(self) -> Path:
        """Download the kernel straight to its place."""
        import requests

        path = self.cache_dir / os.path.basename(self.kernel_url)  # noqa: PTH119 - as the original
        path.parent.mkdir(parents=True, exist_ok=True)
        with requests.get(self.kernel_url, stream=True, timeout=30) as response:
            response.raise_for_status()
            with path.open("wb") as file:
                for chunk in response.iter_content(chunk_size=8192):
                    file.write(chunk)
        return path


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure a fresh kernel, in a process that has it at hand and in one that begins, and a renewal."""
    rounds = min(rounds, 3) if quick else rounds
    from benchmarks.server import serving

    (scratch / "kernel.bsp").write_bytes(os.urandom(SIZE))
    os.environ["STORE_DURABILITY"] = "relaxed"
    with serving(scratch) as address:
        return _rows(rounds, scratch, f"{address}/kernel.bsp")


def _rows(rounds: int, scratch: Path, url: str) -> list[Row]:
    from store import KernelFileCache

    cache, other = str(scratch / "kernels"), str(scratch / "recipe")
    kernel, recipe = KernelFileCache(url, cache_dir=cache), Recipe(url, other)
    for _ in range(3):
        assert kernel.kernel_path.read_bytes() == recipe.kernel_path.read_bytes()
    rows = [
        _row(
            "fresh kernel_path",
            "µs",
            in_turn(
                {
                    "ours": partial(microseconds, lambda: kernel.kernel_path, 200),
                    "the original's recipe": partial(microseconds, lambda: recipe.kernel_path, 50),
                },
                10 * rounds,
            ),
            goal=f"≤ {GOAL:.0f} µs",
            most=GOAL,
        ),
        _row(
            "fresh kernel_path of a new object",
            "µs",
            in_turn(
                {
                    "ours": partial(
                        microseconds, lambda: KernelFileCache(url, cache_dir=cache).kernel_path, 50
                    ),
                    "the original's recipe": partial(
                        microseconds, lambda: Recipe(url, other).kernel_path, 50
                    ),
                },
                5 * rounds,
            ),
        ),
    ]
    return [*rows, _renewed(rounds, kernel, recipe), _begun(rounds, url, cache, other)]


def _renewed(rounds: int, kernel: object, recipe: Recipe) -> Row:
    """Measure how long it takes to find out that a stale kernel of 8 MiB is still the newest."""
    return _row(
        "renew 8 MiB that have not changed",
        "µs",
        in_turn(
            {
                "ours": partial(microseconds, kernel.refresh, 3),  # type: ignore[attr-defined]
                "the original's recipe": partial(microseconds, recipe.download_kernel, 3),
            },
            rounds,
        ),
    )


def _begun(rounds: int, url: str, cache: str, other: str) -> Row:
    """Measure a program that wants a fresh kernel, from its start to its end."""
    root = {"PYTHONPATH": str(Path(__file__).parents[1])}
    found = in_turn(
        {
            "ours": partial(command_seconds, [sys.executable, "-c", OURS, url, cache]),
            "the original's recipe": partial(
                command_seconds, [sys.executable, "-c", THEIRS, url, other], root
            ),
        },
        rounds,
    )
    scaled = {name: [1000 * value for value in values] for name, values in found.items()}
    return _row("program with a fresh kernel, requests not imported", "ms", scaled)


def _row(
    what: str,
    unit: str,
    found: dict[str, list[float]],
    *,
    goal: str = "",
    most: float | None = None,
) -> Row:
    values = medians(found)
    ours = values.pop("ours")
    met = None if most is None else ours <= most
    return Row(what, ours, values, unit, goal, met, spread(found["ours"]))
