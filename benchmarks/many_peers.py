"""How others fetch many small files, and check each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks import nginx
from benchmarks.children import here, rehearse
from benchmarks.listing import Listing
from benchmarks.measuring import unused
from benchmarks.metering import Meter

CONNECTIONS = 16

_LISTED = """
import hashlib, json, pathlib
from concurrent.futures import ThreadPoolExecutor

def listed(listing):
    found = json.loads(pathlib.Path(listing).read_text())
    return found["address"], found["digests"]

def checked(data, digest):
    if hashlib.sha256(data).hexdigest() != digest:
        raise SystemExit("a file is wrong")
"""

POOCH = (
    _LISTED
    + """
import pooch
pooch.get_logger().setLevel("ERROR")

def work(listing, directory):
    address, digests = listed(listing)
    registry = {name: "sha256:" + digest for name, digest in digests.items()}
    keeper = pooch.create(path=directory, base_url=address + "/", registry=registry)
    for name in digests:
        keeper.fetch(name)
"""
)

REQUESTS = (
    _LISTED
    + """
import threading
import requests

def work(listing, directory):
    address, digests = listed(listing)
    own = threading.local()

    def one(item):
        name, digest = item
        if not hasattr(own, "session"):
            own.session = requests.Session()
        answer = own.session.get(f"{address}/{name}")
        answer.raise_for_status()
        checked(answer.content, digest)
        pathlib.Path(directory, name.replace("/", "-")).write_bytes(answer.content)

    pathlib.Path(directory).mkdir()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, digests.items()))
"""
)

HUB = (
    _LISTED
    + """
from huggingface_hub import hf_hub_download

def work(listing, directory):
    address, digests = listed(listing)

    def one(item):
        name, digest = item
        path = hf_hub_download(HUB, name, cache_dir=directory, endpoint=address)
        checked(pathlib.Path(path).read_bytes(), digest)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, digests.items()))
""".replace("HUB", repr(nginx.HUB))
)

OBSTORE = (
    _LISTED
    + """
import asyncio
from obstore.store import HTTPStore

def work(listing, directory):
    address, digests = listed(listing)
    origin = HTTPStore.from_url(address, client_options={"allow_http": True})

    async def some(items):
        for name, digest in items:
            answer = await origin.get_async(name)
            data = bytes(await answer.bytes_async())
            checked(data, digest)
            pathlib.Path(directory, name.replace("/", "-")).write_bytes(data)

    async def all_of_them():
        items = iter(digests.items())
        await asyncio.gather(*(some(items) for _ in range(16)))

    pathlib.Path(directory).mkdir()
    asyncio.run(all_of_them())
"""
)

PROGRAMS = {
    "requests in 16 threads": ("requests", REQUESTS),
    "obstore": ("obstore", OBSTORE),
    "pooch": ("pooch", POOCH),
    "huggingface_hub": ("huggingface_hub", HUB),
}
QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_XET": "1",
}


def programs(
    listing: Listing, few: Listing, scratch: Path, meter: Meter
) -> tuple[dict[str, Callable[[], float]], list[str]]:
    """Return the Python peers that are installed, each rehearsed, and the names of those that are not."""
    found: dict[str, Callable[[], float]] = {}
    missing = []
    for name, (module, program) in PROGRAMS.items():
        if not here(module) or (program is HUB and not nginx.program()):
            missing.append(name)
            continue

        def run(name: str = name, program: str = program) -> float:
            target = unused(scratch, "peer")
            return meter.program(name, program, str(listing.path), str(target), environment=QUIET)

        rehearse(program, str(few.path), str(unused(scratch, "peer")), environment=QUIET)
        found[name] = run
    return found, missing


def curl(listing: Listing, scratch: Path) -> list[list[str]]:
    """Return the commands that fetch the files into the working directory and check them."""
    settings = scratch / "curl.config"
    entries = [f'url = "{url}"\noutput = "{name}"\n' for name, url in listing.urls().items()]
    settings.write_text("".join(entries), encoding="utf-8")
    fetch = [
        "curl", "--silent", "--fail", "--create-dirs", "--parallel", "--parallel-max", str(CONNECTIONS),
        "--config", str(settings),
    ]  # fmt: skip
    return [fetch, ["sha256sum", "--check", "--quiet", str(listing.sums())]]


def aria2c(listing: Listing, scratch: Path) -> list[str]:
    """Return the command that fetches the files into the working directory and checks them."""
    wanted = scratch / "aria2c.input"
    entries = [
        f"{url}\n  out={name}\n  checksum=sha-256={listing.digests[name]}\n"
        for name, url in listing.urls().items()
    ]
    wanted.write_text("".join(entries), encoding="utf-8")
    return [
        "aria2c", "--quiet", "--no-conf", "--file-allocation=none", f"-j{CONNECTIONS}", "-x1",
        "--input-file", str(wanted),
    ]  # fmt: skip
