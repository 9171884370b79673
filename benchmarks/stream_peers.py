"""How others receive one large file and check it."""

from __future__ import annotations

from benchmarks import nginx

READINTO = """
import hashlib, http.client
from urllib.parse import urlsplit

def work(url, digest, target):
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    connection.request("GET", where.path)
    answer = connection.getresponse()
    running, buffer = hashlib.sha256(), memoryview(bytearray(1 << 20))
    with open(target, "xb", buffering=0) as file:
        while count := answer.readinto(buffer):
            file.write(buffer[:count])
            running.update(buffer[:count])
    assert running.hexdigest() == digest
"""

REQUESTS = """
import hashlib
import requests

def work(url, digest, target):
    running = hashlib.sha256()
    with requests.get(url, stream=True) as answer, open(target, "xb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_content(1 << 20):
            file.write(chunk)
            running.update(chunk)
    assert running.hexdigest() == digest
"""

POOCH = """
import os
import pooch
pooch.get_logger().setLevel("ERROR")

def work(url, digest, target):
    pooch.retrieve(url, "sha256:" + digest, path=os.path.dirname(target), fname=os.path.basename(target))
"""

HUB = """
import hashlib
from huggingface_hub import hf_hub_download

def work(url, digest, target):
    address, name = url.rsplit("/", 1)
    with open(hf_hub_download(HUB, name, cache_dir=target, endpoint=address), "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest
""".replace("HUB", repr(nginx.HUB))

RANGES = """
import hashlib, http.client, os, threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

PART = 4 << 20

def work(url, digest, target):
    where, own = urlsplit(url), threading.local()
    head = http.client.HTTPConnection(where.hostname, where.port)
    head.request("HEAD", where.path)
    size = int(head.getresponse().headers["Content-Length"])
    file = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def part(first):
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(where.hostname, where.port)
        last = min(first + PART, size) - 1
        own.connection.request("GET", where.path, headers={"Range": f"bytes={first}-{last}"})
        answer = own.connection.getresponse()
        assert answer.status == 206
        buffer = memoryview(bytearray(1 << 20))
        while count := answer.readinto(buffer):
            os.pwrite(file, buffer[:count], first)
            first += count

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(part, range(0, size, PART)))
    with open(file, "rb") as written:
        assert hashlib.file_digest(written, "sha256").hexdigest() == digest
"""

PROGRAMS = {
    "Python, 1 MiB readinto": ("http.client", READINTO),
    "requests iter_content(1 MiB)": ("requests", REQUESTS),
    "pooch": ("pooch", POOCH),
    "huggingface_hub": ("huggingface_hub", HUB),
}
RANGED = "Python, 16 ranges of 4 MiB"


def aria2c(url: str, target: str, digest: str, *, connections: int = 1) -> list[str]:
    """Return aria2c's command; a digest that is not empty is checked."""
    directory, name = target.rsplit("/", 1)
    many = [f"-x{connections}", f"-s{connections}"]
    check = [f"--checksum=sha-256={digest}"] if digest else []
    plain = ["aria2c", "--quiet", "--no-conf", "--file-allocation=none", "--allow-overwrite=true"]
    return [*plain, *many, *check, "--dir", directory, "--out", name, url]


def curl(url: str, target: str) -> list[str]:
    """Return curl's command."""
    return ["curl", "--silent", "--fail", "--output", target, url]
