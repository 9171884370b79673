"""A glance says that a file is right, or nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.cache.content import Content, Kept
from store.cache.glancing import glance
from store.cache.uses import DAY
from store.clock import SYSTEM_CLOCK
from store.integrity.digest import Digest, Digests
from store.testing.fakes import FakeClock
from store.testing.faults import cut_short, flip_bit, overwrite, scramble
from store.testing.strategies import json_values

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]

DATA = b"the right content"


@pytest.fixture
def kept(content: Content, keep: Keep) -> Kept:
    """A file that the cache has, and knows to be right."""
    return keep(content, DATA, name="name")


@pytest.fixture
def digest(pin: Pin) -> Digest:
    """What it is named by."""
    return pin(DATA)[0]


@pytest.fixture
def record(content: Content, kept: Kept, digest: Digest) -> Path:
    """The path of its record."""
    return Path(content.layout.record(digest))


def rewritten(record: Path, change: Callable[[Any], object]) -> None:
    """Change what stands in a record."""
    data = json.loads(record.read_bytes())
    change(data)
    record.write_text(json.dumps(data))


def test_what_is_right_is_seen(kept: Kept, reopened: Content, digest: Digest) -> None:
    """With its path and size, at once and from memory."""
    for _ in range(2):
        assert reopened.glance(digest, "name") == (str(kept.path), len(DATA))


def test_what_was_seen_is_held(kept: Kept, reopened: Content, digest: Digest) -> None:
    """As if it had been looked at in the usual way; what is done to it later is noticed."""
    reopened.glance(digest, "name")
    assert reopened.holds(str(kept.path), (digest,))

    flip_bit(kept.path)

    assert reopened.glance(digest, "name") is None
    assert not reopened.holds(str(kept.path), (digest,))


def test_a_glance_takes_the_lease(kept: Kept, reopened: Content, digest: Digest) -> None:
    """What was handed out is in use."""
    reopened.glance(digest, "name")

    assert len(list((reopened.root / "leases").iterdir())) >= 1


def test_what_is_not_there_is_not_seen(reopened: Content, digest: Digest) -> None:
    """Nothing is made by looking."""
    assert reopened.glance(digest, "name") is None
    assert not reopened.root.exists()


@pytest.mark.parametrize("name", ["other", "", "..", "a/b", "x" * 1000, "\0"])
def test_another_name_is_not_seen(kept: Kept, reopened: Content, digest: Digest, name: str) -> None:
    """Whoever asks in the usual way finds the content under any."""
    assert reopened.glance(digest, name) is None


@pytest.mark.parametrize("verify", ["always", "never"])
def test_where_stamps_do_not_decide_nothing_is_seen(
    kept: Kept, root: Path, digest: Digest, verify: Any
) -> None:
    """Whoever wants each file hashed, or none, says so."""
    assert Content(root, verify=verify).glance(digest, "name") is None


def test_a_fork_begins_anew(kept: Kept, reopened: Content, digest: Digest) -> None:
    """The child has no lease yet, and asks in the usual way, which takes one."""
    assert reopened.glance(digest, "name") is not None
    child = os.fork()
    if child == 0:
        os._exit(0 if reopened.glance(digest, "name") is None else 1)

    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("age", [-10.0, DAY + 1])
def test_a_use_that_is_to_be_marked_is_marked_in_the_usual_way(
    record: Path, reopened: Content, digest: Digest, age: float
) -> None:
    """Once a day, or where the last mark is from the future."""
    then = SYSTEM_CLOCK.now() - age
    os.utime(record, (then, then))

    assert reopened.glance(digest, "name") is None
    assert reopened.find((digest,)) is not None
    assert reopened.glance(digest, "name") is not None


def test_what_was_seen_is_marked_again_after_a_day(kept: Kept, root: Path, digest: Digest) -> None:
    """Its memory ends by then."""
    clock = FakeClock(SYSTEM_CLOCK.now())
    content = Content(root, clock=clock)
    assert content.glance(digest, "name") is not None

    clock.advance(DAY)

    assert content.glance(digest, "name") is None


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Put something else in a file's place."""

    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def into_copy(path: Path) -> None:
    """Put a copy in a file's place."""
    shutil.copy2(path, f"{path}~")
    Path(f"{path}~").replace(path)


def into_link(path: Path) -> None:
    """Put a link to the file in its place."""
    path.rename(f"{path}~")
    path.symlink_to(f"{path}~")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit": flip_bit,
    "cut": cut_short,
    "garbage": scramble,
    "another content": lambda path: overwrite(path, b"x" * len(DATA)),
    "gone": Path.unlink,
    "touched": os.utime,
    "mode": lambda path: path.chmod(0o600),
    "a copy": into_copy,
    "a link to itself": into_link,
    "a directory": instead(Path.mkdir),
    "a FIFO": instead(os.mkfifo),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_in_doubt_is_not_seen(
    kept: Kept, reopened: Content, digest: Digest, damage: str
) -> None:
    """Whatever was done to it, and whether or not its content is still right."""
    DAMAGES[damage](kept.path)

    assert reopened.glance(digest, "name") is None


RECORDS: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "no json": lambda path: path.write_bytes(b"\xff\xfe{"),
    "deep": lambda path: path.write_bytes(b"[" * 10_000),
    "large": lambda path: path.write_bytes(path.read_bytes()[:-1] + b" " * 20_000 + b"}"),
    "a directory": instead(Path.mkdir),
    "a FIFO": instead(os.mkfifo),
    "a link": into_link,
}


@pytest.mark.parametrize("damage", RECORDS)
def test_a_record_that_is_in_doubt_says_nothing(
    record: Path, reopened: Content, digest: Digest, damage: str
) -> None:
    """It is passed over; the usual way hashes the file."""
    RECORDS[damage](record)

    assert reopened.glance(digest, "name") is None
    assert reopened.find((digest,)) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(v=2),
        lambda data: data.update(digests={}),
        lambda data: data.update(digests={"sha256": "0" * 64}),
        lambda data: data.update(digests=[]),
        lambda data: data["digests"].update(md5={}),
        lambda data: data.update(files=[]),
        lambda data: data.update(files={"name": None}),
        lambda data: data["files"]["name"].update(stamp=None),
        lambda data: data["files"]["name"].update(stamp=[]),
        lambda data: data["files"]["name"].update(stamp="stamps"),
        lambda data: data["files"]["name"].update(stamp={}),
        lambda data: data["files"]["name"]["stamp"].append(1),
        lambda data: data["files"]["name"]["stamp"].__setitem__(0, "another boot"),
        lambda data: data["files"]["name"]["stamp"].__setitem__(0, ""),
        lambda data: data["files"]["name"].update(
            durable="yes", stamp=["", *data["files"]["name"]["stamp"][1:]]
        ),
        lambda data: data["files"]["name"]["stamp"].__setitem__(2, "1"),
    ],
)
def test_a_record_that_says_anything_else_says_nothing(
    record: Path, reopened: Content, digest: Digest, change: Callable[[Any], object]
) -> None:
    """Another version, another digest, another stamp, or what is none."""
    rewritten(record, change)

    assert reopened.glance(digest, "name") is None


def test_what_was_known_to_be_durable_is_seen_in_another_boot(
    record: Path, reopened: Content, digest: Digest
) -> None:
    """A power cut cannot have taken it."""

    def moved(data: Any) -> None:
        data["files"]["name"].update(
            durable=True, stamp=["another boot", *data["files"]["name"]["stamp"][1:]]
        )

    rewritten(record, moved)

    assert reopened.glance(digest, "name") is not None


def damaged(whole: bytes, kind: str, at: int, noise: bytes, told: dict[str, Any]) -> bytes:
    """A file with something else in it."""
    at %= len(whole) + 1
    if kind == "cut":
        return whole[:at]
    if kind == "bytes":
        return whole[:at] + noise + whole[at + len(noise) :]
    try:
        return json.dumps({**json.loads(whole), **told}).encode()
    except ValueError:
        return json.dumps(told).encode()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_damage_never_raises_and_never_hands_out_a_wrong_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is done to record and content: None, or the right file."""
    root = tmp_path_factory.mktemp("cache")
    content = Content(root, durability="relaxed")
    with content.workspace() as directory:
        (directory / "name").write_bytes(DATA)
        kept = content.keep(directory / "name")
    digest = kept.digests[0]
    record = Path(content.layout.record(digest))
    content.close()
    for number in data.draw(st.lists(st.integers(0, 1), max_size=2)):
        path = (record, kept.path)[number]
        path.chmod(0o600)
        kind = data.draw(st.sampled_from(["bytes", "cut", "value"]))
        at, noise = data.draw(st.integers(0, 300)), data.draw(st.binary(max_size=8))
        key, value = (
            data.draw(st.sampled_from(["v", "digests", "files", "x"])),
            data.draw(json_values()),
        )
        path.write_bytes(damaged(path.read_bytes(), kind, at, noise, {key: value}))

    seen = glance(content.layout, digest, "name", SYSTEM_CLOCK.now())

    assert seen is None or Path(seen.path).read_bytes() == DATA
    found = Content(root, durability="relaxed").find((digest,))
    assert found is None or found.path.read_bytes() == DATA
