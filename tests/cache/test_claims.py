"""A resource is claimed for a moment, or left to whoever has it."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.claims import Claim, Claims
from store.cache.content import Content, Kept
from store.cache.flight import FLIGHTS
from store.integrity.digest import Digest, Digests
from store.testing.disk_faults import failing_call

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]
Program = Callable[..., "subprocess.Popen[str]"]

HOLD = """
import sys
from store.cache.content import Content
with Content(sys.argv[1]).flight(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def digest(pin: Pin) -> Digest:
    """What is wanted."""
    return pin(b"data")[0]


@pytest.fixture
def claims(content: Content) -> Claims:
    """Claims in a cache that nobody uses."""
    return Claims(content.layout)


def claimed(claims: Claims, digest: Digest) -> Claim:
    """A claim, which is to be had."""
    claim = claims.claim(str(digest), digest, "name")
    assert claim is not None
    return claim


def test_a_claim_has_one_holder(content: Content, claims: Claims, digest: Digest) -> None:
    """Another of this process, or with other claims, gets none until it is given back."""
    claim = claimed(claims, digest)

    assert claims.claim(str(digest), digest, "name") is None
    assert Claims(content.layout).claim(str(digest), digest, "other") is None

    claim.release()
    claimed(claims, digest).release()


def test_different_resources_are_claimed_at_once(claims: Claims, pin: Pin) -> None:
    """As many as are wanted."""
    held = [claimed(claims, pin(bytes([number]))[0]) for number in range(50)]

    for claim in held:
        claim.release()


def test_a_claim_and_a_flight_exclude_each_other_here(
    content: Content, claims: Claims, digest: Digest
) -> None:
    """Whoever comes second waits for the first, or does without."""
    with content.flight(str(digest)):
        assert claims.claim(str(digest), digest, "name") is None
    claim = claimed(claims, digest)
    waited: list[bool] = []

    def fly() -> None:
        with content.flight(str(digest)) as others:
            waited.append(others)

    thread = threading.Thread(target=fly)
    thread.start()
    thread.join(0.05)
    assert waited == []
    claim.release()
    thread.join(10)
    assert waited == [True]


def test_a_claim_and_a_flight_exclude_each_other_over_processes(
    root: Path, content: Content, claims: Claims, digest: Digest, start: Program
) -> None:
    """By the directory that both lock."""
    process = start(HOLD, root, digest)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"

    assert claims.claim(str(digest), digest, "name") is None

    process.communicate("\n")
    claim = claimed(claims, digest)
    process = start(HOLD, root, digest)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.4)
    assert process.poll() is None
    claim.release()
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.communicate("\n")


def test_what_is_there_is_not_claimed(
    content: Content, claims: Claims, keep: Keep, pin: Pin
) -> None:
    """Whoever asks in the usual way finds it; another name of the same content may be fetched."""
    (digest,) = pin(b"data")
    keep(content, b"data", name="name")

    assert claims.claim(str(digest), digest, "name") is None
    other = claims.claim(str(digest), digest, "other")
    assert other is not None
    other.release(vain=True)
    assert content.find((digest,)) is not None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("x")])
def test_what_is_in_the_way_of_the_file_is_left_to_the_usual_way(
    content: Content, claims: Claims, digest: Digest, make: Callable[[Path], object]
) -> None:
    """It sets aside what is wrong."""
    directory = Path(content.layout.directory(digest))
    directory.mkdir(parents=True)
    make(directory / "name")

    assert claims.claim(str(digest), digest, "name") is None
    assert os.path.lexists(directory / "name")


@pytest.mark.parametrize(
    "place", ["content", "content/v1", "content/v1/sha256", "records", "records/v1"]
)
def test_a_link_on_the_way_is_not_followed(
    content: Content, claims: Claims, digest: Digest, tmp_path: Path, place: str
) -> None:
    """Nothing is made at its end."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = content.root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)

    assert claims.claim(str(digest), digest, "name") is None
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_the_directory_is_an_error(
    content: Content, claims: Claims, digest: Digest, tmp_path: Path
) -> None:
    """And its flight is over, so that the usual way need not wait for it."""
    directory = Path(content.layout.directory(digest))
    directory.parent.mkdir(parents=True)
    directory.symlink_to(tmp_path)

    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        claims.claim(str(digest), digest, "name")

    assert FLIGHTS._flights == {}


def test_a_directory_that_cannot_be_made_is_an_error(
    content: Content, claims: Claims, digest: Digest
) -> None:
    """The usual way says what is wrong with it."""
    content.root.mkdir()
    with (
        failing_call("mkdir", errno.EROFS, below=content.root),
        pytest.raises(OSError, match="Read-only"),
    ):
        claims.claim(str(digest), digest, "name")

    assert FLIGHTS._flights == {}


@pytest.mark.parametrize("vain", [True, False])
def test_a_directory_goes_with_a_claim_that_was_made_in_vain(
    content: Content, claims: Claims, digest: Digest, *, vain: bool
) -> None:
    """Only where the claim has made it, and nothing lies in it."""
    directory = Path(content.layout.directory(digest))

    claimed(claims, digest).release(vain=vain)
    assert directory.exists() is not vain

    directory.mkdir(exist_ok=True)
    claimed(claims, digest).release(vain=True)
    assert directory.exists()


def test_a_claim_of_a_killed_process_is_free(
    root: Path, claims: Claims, digest: Digest, start: Program
) -> None:
    """Nothing has to be removed for it."""
    source = (
        "import sys, time\nfrom store.cache.claims import Claims\n"
        "from store.cache.layout import Layout\nfrom store.integrity.digest import Digest\n"
        "held = Claims(Layout(sys.argv[1])).claim(sys.argv[2], Digest.parse(sys.argv[2]), 'name')\n"
        "print('held', flush=True)\ntime.sleep(60)\n"
    )
    process = start(source, root, digest)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert claims.claim(str(digest), digest, "name") is None

    process.kill()
    process.wait()

    claimed(claims, digest).release()
