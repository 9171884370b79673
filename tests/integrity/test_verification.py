"""A file is held against all of its digests."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.errors import IntegrityError
from store.integrity import verification
from store.integrity.digest import Digest, digests_from
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER, Ledger, check_file, compare

DATA = b"the content"
SHA256 = Digest("sha256", hashlib.sha256(DATA).hexdigest())
SHA512 = Digest("sha512", hashlib.sha512(DATA).hexdigest())
WRONG = Digest("sha256", "0" * 64)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that holds the content."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


def stamp(number: int) -> Stamp:
    """Return a stamp of no file."""
    return Stamp("boot", number, 0, 0, 0, 0)


@pytest.mark.parametrize("digests", [(), (SHA256,), (SHA512, SHA256)])
def test_the_right_content_gives_its_digests(file: Path, digests: tuple[Digest, ...]) -> None:
    """All that were asked for, and the size too."""
    assert check_file(file, digests, size=len(DATA)) == digests


@pytest.mark.parametrize("digests", [(WRONG,), (SHA512, WRONG)])
def test_one_wrong_digest_is_enough(file: Path, digests: tuple[Digest, ...]) -> None:
    """The error carries what was pinned, what was found, and where."""
    with pytest.raises(IntegrityError, match="pin the new digest") as caught:
        check_file(file, digests, url="https://host/file")

    assert caught.value.expected == str(WRONG)
    assert caught.value.found == str(SHA256)
    assert caught.value.size == len(DATA)
    assert caught.value.path == str(file)
    assert caught.value.url == "https://host/file"
    assert caught.value.exit_status == 4


@pytest.mark.parametrize("size", [0, len(DATA) - 1, len(DATA) + 1])
def test_a_wrong_size_is_found_without_reading(
    file: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The right digest does not make up for it."""
    monkeypatch.setattr(verification, "hash_descriptor", pytest.fail)

    with pytest.raises(IntegrityError) as caught:
        check_file(file, (SHA256,), size=size)

    assert (caught.value.expected, caught.value.found) == (str(size), str(len(DATA)))


def test_what_is_no_regular_file_is_no_mismatch(tmp_path: Path, file: Path) -> None:
    """FIFOs and directories are ValueErrors, what is missing an OSError, and nobody waits."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(file)

    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(ValueError, match="no regular file"):
            check_file(path, (SHA256,))
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "missing", (SHA256,))
    with pytest.raises(OSError, match="link"):
        check_file(tmp_path / "link", (SHA256,))

    assert check_file(tmp_path / "link", (SHA256,), follow_links=True) == (SHA256,)


def test_what_was_hashed_while_it_was_written_is_trusted_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On request; then the file is read again."""
    LEDGER.note(Stamp.of(file.stat()), (SHA512, SHA256))
    with monkeypatch.context() as patches:
        patches.setattr(verification, "hash_descriptor", pytest.fail)
        first = check_file(file, (SHA256,), use_ledger=True)

    second = check_file(file, (SHA256,), use_ledger=True)

    assert first == (SHA512, SHA256)
    assert second == (SHA256,)


def test_the_ledger_is_not_asked_unless_it_is_wanted(file: Path) -> None:
    """A stranger's check always reads."""
    LEDGER.note(Stamp.of(file.stat()), (WRONG,))

    assert check_file(file, (SHA256,)) == (SHA256,)
    assert LEDGER.take(Stamp.of(file.stat())) == (WRONG,)


def test_a_note_of_other_algorithms_does_not_do(file: Path) -> None:
    """Then the file is read."""
    LEDGER.note(Stamp.of(file.stat()), (SHA512,))

    assert check_file(file, (SHA256,), use_ledger=True) == (SHA256,)


def test_a_note_is_of_no_use_for_a_changed_file(file: Path) -> None:
    """Another stamp, another file."""
    LEDGER.note(Stamp.of(file.stat()), (SHA256,))
    file.write_bytes(b"something else")

    with pytest.raises(IntegrityError):
        check_file(file, (SHA256,), use_ledger=True)


def test_a_note_that_is_wrong_is_a_mismatch(file: Path) -> None:
    """What was received is not what was pinned."""
    LEDGER.note(Stamp.of(file.stat()), (WRONG,))

    with pytest.raises(IntegrityError):
        check_file(file, (SHA256,), use_ledger=True)


def test_the_ledger_forgets_the_oldest_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is bounded; a note that is renewed is young again."""
    monkeypatch.setattr(verification, "_LEDGER_SIZE", 3)
    ledger = Ledger()

    for number in (1, 2, 3, 1, 4):
        ledger.note(stamp(number), (SHA256,))

    kept = [number for number in range(6) if ledger.take(stamp(number))]
    assert kept == [1, 3, 4]
    assert ledger.take(stamp(1)) == ()


def test_threads_share_the_ledger_without_losing_a_note() -> None:
    """Each note is taken by one of them, once."""
    ledger = Ledger()
    taken: list[int] = []
    for number in range(1000):
        ledger.note(stamp(number), (SHA256,))

    def take() -> None:
        taken.extend(number for number in range(1000) if ledger.take(stamp(number)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == list(range(1000))


def test_a_forks_child_starts_with_an_empty_ledger() -> None:
    """And does not wait for a lock that a thread of its parent held; the parent keeps its notes."""
    program = """
import os
from store.integrity.digest import Digest
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER
stamp, digests = Stamp("boot", 1, 2, 3, 4, 5), (Digest("sha256", "0" * 64),)
LEDGER.note(stamp, digests)
LEDGER._lock.acquire()
pid = os.fork()
if pid == 0:
    first = LEDGER.take(stamp)
    LEDGER.note(stamp, digests)
    os._exit(0 if (first, LEDGER.take(stamp)) == ((), digests) else 1)
LEDGER._lock.release()
print(os.waitpid(pid, 0)[1], LEDGER.take(stamp) == digests)
"""

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert printed.split() == ["0", "True"]


def test_a_ledger_of_another_process_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a fork's child finds it."""
    ledger = Ledger()
    ledger.note(stamp(1), (SHA256,))

    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert ledger.take(stamp(1)) == ()


def test_all_that_was_pinned_must_have_been_computed() -> None:
    """More than that does no harm; nothing pinned is nothing to compare."""
    compare((SHA256,), (SHA512, SHA256), size=len(DATA))
    compare((), (), size=0)

    with pytest.raises(IntegrityError, match="the content is not") as caught:
        compare(digests_from([SHA256, SHA512]), (SHA256,), size=len(DATA))

    assert caught.value.found == "sha512:(not computed)"
    assert caught.value.path is None
