"""Every file of a cache is held against its digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.audit import audit, held_files
from store.cache.content import Content, Kept
from store.clock import SYSTEM_CLOCK
from store.errors import DigestError
from store.integrity import hashing
from store.integrity.digest import Digest, Digests

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]


def states(content: Content, *, quick: bool = False) -> dict[str, str]:
    """What an audit says, by name."""
    return {one.held.name: one.state for one in audit(content, quick=quick)}


def test_an_empty_cache_holds_nothing(content: Content) -> None:
    """Nor is it made by looking."""
    assert list(held_files(content)) == []
    assert list(audit(content)) == []
    assert not content.root.exists()


def test_what_is_held_is_listed(content: Content, keep: Keep, pin: Pin) -> None:
    """With all that the record says of it."""
    now = SYSTEM_CLOCK.now()
    kept = keep(content, b"data", name="one")
    keep(
        content,
        b"other",
        name="two",
        digests=(Digest("sha512", hashlib.sha512(b"other").hexdigest()),),
    )

    held = {one.name: one for one in held_files(content)}

    one = held["one"]
    assert (one.digest, one.path, one.size) == (str(pin(b"data")[0]), str(kept.path), 4)
    assert one.added is not None
    assert one.used is not None
    assert abs(one.added - now) < 60
    assert abs(one.used - now) < 60
    assert held["two"].digest.startswith("sha512:")


def test_a_file_without_a_record_is_listed(content: Content, keep: Keep, pin: Pin) -> None:
    """What lies there counts, not what was written about it."""
    keep(content, b"data")
    Path(content.layout.record(pin(b"data")[0])).unlink()

    (held,) = held_files(content)

    assert (held.added, held.used) == (None, None)


def test_strangers_are_passed_over(content: Content, keep: Keep, tmp_path: Path) -> None:
    """Links are not followed, and what is no address of ours is not listed."""
    kept = keep(content, b"data")
    top = content.root / "content/v1"
    (top / "sha256/zz").mkdir()
    (top / "sha256/ff").mkdir()
    (top / "sha256/ff" / ("ab" * 32)).mkdir()
    (top / "sha256/ff" / ("ab" * 32) / "name").write_bytes(b"data")
    (top / "crc32").mkdir()
    (top / "sha512").symlink_to(tmp_path)
    kept.path.with_name(".store-1-2").write_bytes(b"unfinished")

    assert [one.path for one in held_files(content)] == [str(kept.path)]


@pytest.mark.parametrize("quick", [True, False])
def test_an_audit_finds_the_damage(content: Content, keep: Keep, *, quick: bool) -> None:
    """Damaged files go to quarantine; missing ones are told."""
    kept = {
        name: keep(content, name.encode(), name=name)
        for name in ("fine", "flipped", "gone", "link")
    }
    flipped = kept["flipped"].path
    status = flipped.stat()
    flipped.chmod(0o644)
    flipped.write_bytes(b"Flipped")
    os.utime(flipped, ns=(status.st_atime_ns, status.st_mtime_ns))
    kept["gone"].path.unlink()
    kept["link"].path.unlink()
    kept["link"].path.symlink_to("/etc/hostname")

    found = states(content, quick=quick)

    assert found == {"fine": "ok", "flipped": "damaged", "gone": "missing", "link": "damaged"}
    assert len(list((content.root / "quarantine").iterdir())) == 2
    assert states(content)["fine"] == "ok"


def test_a_quick_audit_reads_nothing(
    content: Content, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the stamps are as they were."""
    for number in range(5):
        keep(content, b"%d" % number, name=str(number))

    def refuse(*args: object) -> None:
        raise AssertionError

    monkeypatch.setattr("store.cache.examining.examine", refuse)

    assert set(states(content, quick=True).values()) == {"ok"}


def test_an_audit_does_not_count_as_a_use(content: Content, keep: Keep, pin: Pin) -> None:
    """Else an audit would keep everything young."""
    kept = keep(content, b"data")
    record = Path(content.layout.record(pin(b"data")[0]))
    os.utime(kept.path, (1, 1))
    os.utime(record, (1000, 1000))
    SYSTEM_CLOCK.sleep(0.02)

    assert set(states(content).values()) == {"ok"}

    assert record.stat().st_mtime == 1000
    assert set(states(content, quick=True).values()) == {"ok"}


def test_progress_is_told_in_bytes(content: Content, keep: Keep) -> None:
    """Up to the whole."""
    for number in range(3):
        keep(content, bytes(1000 + number), name=str(number))
    told: list[tuple[int, int]] = []

    findings = list(audit(content, jobs=2, told=lambda done, total: told.append((done, total))))

    assert len(findings) == 3
    assert told[0] == (0, 3003)
    assert told[-1] == (3003, 3003)
    assert told == sorted(told)


def test_an_audit_can_be_left(content: Content, keep: Keep) -> None:
    """Whoever stops listening stops the hashing."""
    for number in range(5):
        keep(content, b"%d" % number)

    findings = audit(content, jobs=1)

    assert next(findings).state == "ok"
    findings.close()  # type: ignore[attr-defined]


def test_a_digest_that_cannot_be_computed_is_told(
    content: Content, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file stays where it is."""
    kept = keep(content, b"data")

    def missing(algorithm: str) -> None:
        raise DigestError(f"{algorithm} needs a package")

    monkeypatch.setattr(hashing, "new_hasher", missing)

    (finding,) = audit(content)

    assert finding.state == "unread"
    assert finding.reason is not None
    assert "needs a package" in finding.reason
    assert kept.path.exists()
