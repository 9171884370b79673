"""How long it takes until something can be fetched."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measuring import Row, command_seconds, in_turn, medians, spread

IMPORTS = {
    "store": "import store",
    "pooch": "import pooch",
    "huggingface_hub": "from huggingface_hub import hf_hub_download",
    "e3-core HTTP": "import e3.net.http",
    "e3-core store": "import e3.store, e3.store.backends.http_simple_store",
    "fsspec": "import fsspec.implementations.cached",
}

WARM_POOCH = """
import pooch, sys
pooch.get_logger().setLevel("ERROR")
print(pooch.retrieve(sys.argv[1], known_hash=sys.argv[2], path=sys.argv[3]))
"""


def run(rounds: int, scratch: Path) -> list[Row]:
    """Measure imports, ``store --version`` and a warm ``store fetch``."""
    import hashlib

    python, command = sys.executable, str(Path(sys.executable).with_name("store"))
    bare = {"bare": lambda: command_seconds([python, "-c", "pass"])}
    imports = {
        name: lambda code=code: command_seconds([python, "-c", code])
        for name, code in IMPORTS.items()
    }
    for warm_up in imports.values():
        warm_up()
    found = in_turn({**bare, **imports}, rounds)
    middle = medians(found)
    above = {name: (middle[name] - middle["bare"]) * 1000 for name in IMPORTS}
    ours = above.pop("store")
    rows = [
        Row("import, above a bare interpreter", ours, above, "ms", "≤ 45 ms", ours <= 45,
            spread(found["store"])),
    ]  # fmt: skip
    file = scratch / "warm.bin"
    file.write_bytes(b"x" * 10240)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    environment = {"STORE_CACHE_DIR": str(scratch / "warm-cache")}
    from benchmarks.server import serving

    with serving(scratch) as address:
        url = f"{address}/warm.bin"
        pooch_script = [
            python,
            "-c",
            WARM_POOCH,
            url,
            f"sha256:{digest}",
            str(scratch / "warm-pooch"),
        ]
        fetch = [command, "fetch", f"{url}#sha256={digest}"]
        pinned = [command, "fetch", "pypi:demo==1.0"]
        _lay_down_index(scratch, digest)
        environment["PIP_INDEX_URL"] = f"file://{scratch}/simple/"
        for command_line in (fetch, fetch, pinned, pinned, [command, "--version"], pooch_script):
            command_seconds(command_line, environment)
        found = in_turn(
            {
                "version": lambda: command_seconds([command, "--version"], environment),
                "fetch": lambda: command_seconds(fetch, environment),
                "pinned": lambda: command_seconds(pinned, environment),
                "pooch": lambda: command_seconds(pooch_script),
                "bare": lambda: command_seconds([python, "-c", "pass"]),
            },
            rounds,
        )
    middle = {name: value * 1000 for name, value in medians(found).items()}
    rows.append(
        Row("store --version", middle["version"], {"bare python": middle["bare"]}, "ms", "≤ 60 ms",
            middle["version"] <= 60, spread(found["version"]))
    )  # fmt: skip
    rows.append(
        Row("warm store fetch URL#sha256", middle["fetch"], {"pooch script": middle["pooch"]}, "ms",
            "≤ 90 ms", middle["fetch"] <= 90, spread(found["fetch"]))
    )  # fmt: skip
    rows.append(
        Row("warm store fetch pypi:NAME==VERSION", middle["pinned"], {"bare python": middle["bare"]},
            "ms", "≤ 90 ms", middle["pinned"] <= 90, spread(found["pinned"]))
    )  # fmt: skip
    return rows


def _lay_down_index(scratch: Path, digest: str) -> None:
    """Lay down a package index of one project, whose file is ``warm.bin``."""
    wheel = "demo-1.0-py3-none-any.whl"
    page = scratch / "simple" / "demo" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'<!DOCTYPE html><a href="../../{wheel}#sha256={digest}">{wheel}</a>')
    (scratch / wheel).write_bytes((scratch / "warm.bin").read_bytes())
