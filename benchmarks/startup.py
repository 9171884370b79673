"""How long it takes until something can be fetched."""

from __future__ import annotations

import hashlib
import sys
from functools import partial
from pathlib import Path

from benchmarks.children import here
from benchmarks.measuring import Row, command_seconds, in_turn, medians, spread
from benchmarks.server import serving

IMPORTS = {
    "store": ("store", "import store"),
    "pooch": ("pooch", "import pooch"),
    "huggingface_hub": ("huggingface_hub", "from huggingface_hub import hf_hub_download"),
    "e3-core HTTP": ("e3", "import e3.net.http"),
    "e3-core store": ("e3", "import e3.store, e3.store.backends.http_simple_store"),
    "fsspec": ("fsspec", "import fsspec.implementations.cached"),
}

WARM_POOCH = """
import pooch, sys
pooch.get_logger().setLevel("ERROR")
print(pooch.retrieve(sys.argv[1], known_hash=sys.argv[2], path=sys.argv[3]))
"""


def run(rounds: int, scratch: Path, *, quick: bool = False) -> list[Row]:
    """Measure imports, ``store --version`` and a warm ``store fetch``; ``quick`` changes nothing."""
    _ = quick
    python = sys.executable
    bare = {"bare": lambda: command_seconds([python, "-c", "pass"])}
    present = {name: code for name, (module, code) in IMPORTS.items() if here(module)}
    imports = {
        name: partial(command_seconds, [python, "-c", code]) for name, code in present.items()
    }
    for warm_up in imports.values():
        warm_up()
    found = in_turn({**bare, **imports}, rounds)
    middle = medians(found)
    above = {name: (middle[name] - middle["bare"]) * 1000 for name in present}
    ours = above.pop("store")
    rows = [
        Row("import, above a bare interpreter", ours, above, "ms", "≤ 45 ms", ours <= 45,
            spread(found["store"])),
    ]  # fmt: skip
    return [*rows, *_commands(rounds, scratch)]


def _commands(rounds: int, scratch: Path) -> list[Row]:
    file, warm = scratch / "warm.bin", {"STORE_CACHE_DIR": str(scratch / "warm-cache")}
    file.write_bytes(b"x" * 10240)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    python, command = sys.executable, str(Path(sys.executable).with_name("store"))
    with serving(scratch) as address:
        url = f"{address}/warm.bin"
        _lay_down_index(scratch, digest)
        warm["PIP_INDEX_URL"] = f"file://{scratch}/simple/"
        pooch = [python, "-c", WARM_POOCH, url, f"sha256:{digest}", str(scratch / "warm-pooch")]
        commands = {
            "version": [command, "--version"],
            "fetch": [command, "fetch", f"{url}#sha256={digest}"],
            "pinned": [command, "fetch", "pypi:demo==1.0"],
            "bare python": [python, "-c", "pass"],
            **({"pooch script": pooch} if here("pooch") else {}),
        }
        for each in (*commands.values(), commands["fetch"], commands["pinned"]):
            command_seconds(each, warm)
        found = in_turn(
            {name: partial(command_seconds, each, warm) for name, each in commands.items()}, rounds
        )
    middle = {name: value * 1000 for name, value in medians(found).items()}
    version, fetch, pinned = (middle.pop(name) for name in ("version", "fetch", "pinned"))
    bare = {"bare python": middle.pop("bare python")}
    return [
        Row("store --version", version, bare, "ms", "≤ 60 ms", version <= 60, spread(found["version"])),
        Row("warm store fetch URL#sha256", fetch, middle, "ms", "≤ 90 ms", fetch <= 90,
            spread(found["fetch"])),
        Row("warm store fetch pypi:NAME==VERSION", pinned, bare, "ms", "≤ 90 ms", pinned <= 90,
            spread(found["pinned"])),
    ]  # fmt: skip


def _lay_down_index(scratch: Path, digest: str) -> None:
    """Lay down a package index of one project, whose file is ``warm.bin``."""
    wheel = "demo-1.0-py3-none-any.whl"
    page = scratch / "simple" / "demo" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'<!DOCTYPE html><a href="../../{wheel}#sha256={digest}">{wheel}</a>')
    (scratch / wheel).write_bytes((scratch / "warm.bin").read_bytes())
