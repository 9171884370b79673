"""The files a cache owns: kept, held, found, set aside."""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content, Kept, open_content
from store.cache.records import Known, read_record, write_record
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError, ConfigurationError, IntegrityError
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read whole, in order."""
    from store.cache import examining

    read: list[str] = []
    examine = examining.examine

    def counted(path: str, algorithms: list[str], clock: object) -> examining.Examined:
        read.append(path)
        return examine(path, algorithms, SYSTEM_CLOCK)

    monkeypatch.setattr(examining, "examine", counted)
    return read


def test_a_kept_file_lies_under_its_digest(content: Content, keep: Keep, pin: Pin) -> None:
    """The path is derived from the digest, the name is the resource's."""
    kept = keep(content, b"data", name="six.whl")

    number = pin(b"data")[0].hex
    assert kept.path == content.root / "content/v1/sha256" / number[:2] / number / "six.whl"
    assert kept.path.read_bytes() == b"data"
    assert (kept.size, kept.digests) == (4, pin(b"data"))


def test_a_kept_file_is_read_only(content: Content, keep: Keep) -> None:
    """Nobody edits the cache by accident; the umask decides who may read."""
    mask = os.umask(0o027)
    try:
        kept = keep(content, b"data")
    finally:
        os.umask(mask)

    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o440


def test_a_program_stays_one(content: Content) -> None:
    """The x bits are part of what was brought."""
    with content.workspace() as directory:
        path = directory / "tool"
        path.write_bytes(b"#!")
        path.chmod(0o755)
        kept = content.keep(path)

    assert stat.S_IMODE(kept.path.stat().st_mode) & 0o111 == 0o111


def test_a_hit_reads_no_content(
    content: Content, reopened: Content, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """What keep has stamped is a hit by stat, in this process and the next."""
    path = str(keep(content, b"data").path)

    held = [one.holds(path, pin(b"data")) for one in (content, content, reopened, reopened)]

    assert held == [True] * 4
    assert hashes == []


def test_a_digest_that_was_never_computed_costs_one_hash(
    content: Content, keep: Keep, hashes: list[str]
) -> None:
    """The answer is remembered with the others."""
    path = str(keep(content, b"data").path)
    other = (Digest("sha512", hashlib.sha512(b"data").hexdigest()),)

    held = [content.holds(path, other) for _ in range(3)]

    assert held == [True] * 3
    assert len(hashes) == 1


def test_another_digest_is_no_damage(content: Content, keep: Keep, pin: Pin) -> None:
    """A whole file that was not asked for stays where it is."""
    kept = keep(content, b"data")

    assert not content.holds(str(kept.path), pin(b"other"))
    assert not content.holds(str(kept.path), (Digest("sha512", "0" * 128),))
    assert kept.path.exists()


def test_a_touched_file_is_hashed_once(
    content: Content, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """Another stamp costs a hash; the new stamp is recorded once it can be trusted."""
    kept = keep(content, b"data")
    os.utime(kept.path, (1, 1))
    SYSTEM_CLOCK.sleep(0.02)

    held = [content.holds(str(kept.path), pin(b"data")) for _ in range(3)]

    assert held == [True] * 3
    assert len(hashes) == 1


def test_a_stamp_that_is_too_young_is_not_trusted(
    content: Content, keep: Keep, pin: Pin, hashes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change within the clock's grain would leave the same stamp."""
    monkeypatch.setattr("store.cache.examining.grain_of", lambda device: 10**18)
    kept = keep(content, b"data")
    os.utime(kept.path)

    held = [content.holds(str(kept.path), pin(b"data")) for _ in range(2)]

    assert held == [True] * 2
    assert len(hashes) == 2


@pytest.mark.parametrize(("policy", "count"), [("always", 2), ("never", 0)])
def test_the_policy_decides_what_a_hit_costs(
    *,
    root: Path,
    keep: Keep,
    pin: Pin,
    hashes: list[str],
    policy: str,
    count: int,
) -> None:
    """``always`` reads every time, ``never`` not even after a change."""
    content = open_content({"cache_dir": root, "verify": policy, "durability": "relaxed"})
    path = str(keep(content, b"data").path)
    os.utime(path, (1, 1))

    held = [content.holds(path, pin(b"data")) for _ in range(2)]

    content.close()
    assert held == [True] * 2
    assert len(hashes) == count


def test_a_young_file_of_another_boot_is_hashed_once(
    content: Content, reopened: Content, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """What a power cut may have damaged is read before it is trusted, and then for good."""
    kept = keep(content, b"data")
    layout, digest = content.layout, pin(b"data")[0]
    record = read_record(layout, digest)
    assert record is not None
    stamp = record.files["six.whl"].stamp
    assert stamp is not None
    record.files["six.whl"] = Known(stamp._replace(boot="an earlier one"), durable=False)
    write_record(layout, digest, record, SYSTEM_CLOCK)

    held = [reopened.holds(str(kept.path), pin(b"data")) for _ in range(2)]

    after = read_record(layout, digest)
    assert held == [True] * 2
    assert len(hashes) == 1
    assert after is not None
    assert after.files["six.whl"].durable


def test_a_durable_file_is_trusted_after_a_boot(
    root: Path, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """What was known to be on the disk needs no second look."""
    content = Content(root)
    kept = keep(content, b"data")
    record = read_record(content.layout, pin(b"data")[0])
    assert record is not None
    known = record.files["six.whl"]
    assert known.stamp is not None
    record.files["six.whl"] = Known(known.stamp._replace(boot="an earlier one"), known.durable)
    write_record(content.layout, pin(b"data")[0], record, SYSTEM_CLOCK)
    content.close()

    assert Content(root).holds(str(kept.path), pin(b"data"))
    assert hashes == []


def test_what_is_kept_twice_is_there_once(content: Content, keep: Keep, pin: Pin) -> None:
    """The first file stays: others may have it open."""
    first = keep(content, b"data")
    inode = first.path.stat().st_ino

    second = keep(content, b"data")

    assert second.path == first.path
    assert second.path.stat().st_ino == inode
    assert not any((content.root / "partial").iterdir())


def test_what_is_kept_over_damage_replaces_it(content: Content, keep: Keep, pin: Pin) -> None:
    """The damaged file is set aside, the right one takes its place."""
    kept = keep(content, b"data")
    kept.path.unlink()
    kept.path.write_bytes(b"dada")

    again = keep(content, b"data")

    assert again.path.read_bytes() == b"data"
    assert [one.read_bytes() for one in (content.root / "quarantine").iterdir()] == [b"dada"]


def test_without_a_strong_digest_one_is_computed(content: Content, pin: Pin, keep: Keep) -> None:
    """A name on disk never rests on a weak digest."""
    weak = (Digest("sha1", hashlib.sha1(b"data").hexdigest()),)

    kept = keep(content, b"data", digests=weak)

    assert kept.digests == (*pin(b"data"), *weak)
    assert content.holds(str(kept.path), weak)


def test_what_was_hashed_on_the_way_in_is_not_read_again(content: Content, pin: Pin) -> None:
    """The ledger's note names the content."""
    with content.workspace() as directory:
        path = directory / "file"
        path.write_bytes(b"data")
        LEDGER.note(Stamp.of(path.stat()), pin(b"anything else"))

        kept = content.keep(path)

    assert kept.digests == pin(b"anything else")


def test_a_lie_about_the_digest_is_refused(content: Content, pin: Pin, keep: Keep) -> None:
    """Where the file had to be read, what was claimed of it is compared."""
    lie = (Digest("sha1", "0" * 40),)

    with pytest.raises(IntegrityError, match="0000"):
        keep(content, b"data", digests=lie)

    assert not any((content.root / "partial").iterdir())


def test_a_file_of_others_is_copied(content: Content, tmp_path: Path, pin: Pin) -> None:
    """What does not lie in a workspace of ours stays with its owner."""
    path = tmp_path / "theirs"
    path.write_bytes(b"data")

    kept = content.keep(path, name="a/b\n.whl", digests=pin(b"data"))

    assert path.read_bytes() == b"data"
    assert kept.path.name == "b.whl"
    assert kept.path.stat().st_ino != path.stat().st_ino
    assert content.holds(str(kept.path), pin(b"data"))


def test_a_file_with_another_name_is_copied(content: Content, tmp_path: Path, pin: Pin) -> None:
    """A hard link would let others edit the cache."""
    other = tmp_path / "other"
    other.write_bytes(b"data")
    with content.workspace() as directory:
        os.link(other, directory / "file")

        kept = content.keep(directory / "file", digests=pin(b"data"))

    other.write_bytes(b"dada")
    assert kept.path.read_bytes() == b"data"


@pytest.mark.parametrize("kind", ["directory", "link", "fifo", "missing"])
def test_only_regular_files_are_kept(content: Content, kind: str) -> None:
    """Anything else is refused, and not waited for."""
    with content.workspace() as directory:
        path = directory / "thing"
        if kind == "directory":
            path.mkdir()
        elif kind == "link":
            path.symlink_to("/etc/hostname")
        elif kind == "fifo":
            os.mkfifo(path)

        with pytest.raises(CacheError, match="thing"):
            content.keep(path)


def test_a_time_from_the_future_is_not_kept(content: Content, pin: Pin, hashes: list[str]) -> None:
    """A stamp with a future time could never be trusted."""
    with content.workspace() as directory:
        path = directory / "file"
        path.write_bytes(b"data")
        os.utime(path, (2**32, 2**32))

        kept = content.keep(path, digests=pin(b"data"))

    assert content.holds(str(kept.path), pin(b"data"))
    assert hashes == []


def test_a_batch_waits_and_syncs_once(
    root: Path, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch, hashes: list[str]
) -> None:
    """Many files share one wait for the grain, and are durable and stamped when the block ends."""
    waits: list[float] = []
    content = Content(root)
    monkeypatch.setattr(type(SYSTEM_CLOCK), "sleep", staticmethod(waits.append))
    entry = root / "entry"

    with content.batch():
        kept = [keep(content, bytes([number])) for number in range(5)]
        joined = content.joins_batch(str(entry))
        entry.write_bytes(b"entry")

    monkeypatch.undo()
    records = [read_record(content.layout, one.digests[0]) for one in kept]
    assert joined
    assert not content.joins_batch(str(entry))
    assert len(waits) <= 1
    assert all(record is not None and "six.whl" in record.files for record in records)
    content.close()


def test_a_batch_that_fails_keeps_what_was_kept(content: Content, keep: Keep, pin: Pin) -> None:
    """What came before the failure is settled."""

    def fail() -> None:
        with content.batch():
            keep(content, b"data")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    kept = content.find(pin(b"data"))
    assert kept is not None
    record = read_record(content.layout, pin(b"data")[0])
    assert content.holds(str(kept.path), pin(b"data"))
    assert record is not None
    assert record.files["six.whl"].stamp is not None


def test_content_is_found_by_its_digest(content: Content, keep: Keep, pin: Pin) -> None:
    """Whichever uid brought it, and whatever it was called."""
    kept = keep(content, b"data")

    assert content.find(pin(b"data")) == kept
    assert content.find(pin(b"other")) is None
    assert content.find((Digest("sha1", "0" * 40),)) is None
    assert content.find(pin(b"other"), "name") is None


def test_content_is_found_under_another_name(
    content: Content, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """A second name costs a link; both are hits from then on."""
    kept = keep(content, b"data")

    found = content.find(pin(b"data"), "other.whl")

    assert found is not None
    assert found.path == kept.path.with_name("other.whl")
    paths = (kept.path, found.path)
    assert [content.holds(str(path), pin(b"data")) for path in paths] == [True, True]
    assert content.find(pin(b"data"), "other.whl") == found
    assert hashes == []


def test_a_copy_under_another_name_is_read_only_too(
    content: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where links cannot be made, a copy serves."""

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(1, "no links here")

    kept = keep(content, b"data")
    monkeypatch.setattr(os, "link", refuse)

    found = content.find(pin(b"data"), "other.whl")

    assert found is not None
    assert found.path.stat().st_ino != kept.path.stat().st_ino
    assert found.path.stat().st_mode == kept.path.stat().st_mode


def test_a_damaged_sibling_is_not_found(content: Content, keep: Keep, pin: Pin) -> None:
    """The look-up is a hit like any other."""
    kept = keep(content, b"data")
    kept.path.chmod(0o644)
    kept.path.write_bytes(b"dada")

    assert content.find(pin(b"data"), "other.whl") is None


def test_a_link_from_outside_keeps_the_hit(
    *,
    content: Content,
    reopened: Content,
    keep: Keep,
    pin: Pin,
    hashes: list[str],
    tmp_path: Path,
) -> None:
    """Whoever links tells, and the new stamp is taken without a hash."""
    kept = keep(content, b"data")
    os.link(kept.path, tmp_path / "link")

    content.linked(str(kept.path))

    assert content.holds(str(kept.path), pin(b"data"))
    assert reopened.holds(str(kept.path), pin(b"data"))
    assert hashes == []


def test_a_link_does_not_vouch_for_a_change(
    content: Content, keep: Keep, pin: Pin, hashes: list[str]
) -> None:
    """More than the change time has moved: the file is hashed."""
    kept = keep(content, b"data")
    os.utime(kept.path, (1, 1))

    content.linked(str(kept.path))
    content.linked("/elsewhere")
    content.linked(str(kept.path.with_name("missing")))

    assert content.holds(str(kept.path), pin(b"data"))
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{root}/content/v1/sha256/ab/../../../../x",
        "{root}/content/v1/sha256/ab/" + "ab" * 32,
        "{root}/content/v1/sha256/cd/" + "ab" * 32 + "/name",
        "{root}/content/v1/sha256/ab/" + "ab" * 31 + "/name",
        "{root}/content/v1/sha256/ab/" + "ab" * 32 + "/..",
        "{root}/content/v1/sha256/ab/" + "ab" * 32 + "/a/b",
        "{root}/content/v1/crc32/ab/" + "ab" * 4 + "/name",
        "{root}/content/v1/sha256/ab/" + "ab" * 32 + "/na\0me",
    ],
)
def test_a_foreign_path_is_neither_held_nor_moved(content: Content, path: str) -> None:
    """Only what lies under a digest is the cache's own."""
    path = path.format(root=content.root)

    assert not content.owns(path)
    assert not content.holds(path, ())
    assert content.quarantine(path, "a test") is None


def test_setting_aside_moves_and_forgets(content: Content, keep: Keep, pin: Pin) -> None:
    """What is in quarantine is a miss; nothing is deleted."""
    kept = keep(content, b"data")

    aside = content.quarantine(str(kept.path), "a test")

    assert aside is not None
    assert aside.read_bytes() == b"data"
    assert not content.holds(str(kept.path), pin(b"data"))
    assert content.quarantine(str(kept.path), "again") is None


def test_a_workspace_goes_away(content: Content) -> None:
    """With all that is in it, whatever happens."""
    seen: list[Path] = []

    def fail() -> None:
        with content.workspace() as directory:
            (directory / "file").write_bytes(b"data")
            seen.append(directory)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert not seen[0].exists()
    assert (content.root / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d1")


def test_the_workspaces_of_the_dead_are_swept(root: Path, reopened: Content) -> None:
    """What was left by a process that is gone goes at once, what is a day old in any case."""
    from store.files.unfinished import partial_name

    dead = partial_name().replace(f"-{os.getpid()}-", "-4194305-")
    for name in (dead, partial_name(), "old", "young"):
        (root / "partial" / name).mkdir(parents=True)
        (root / "partial" / name / "file").write_bytes(b"data")
    for path in (root / "partial/old", root / "partial/old/file"):
        os.utime(path, (1, 1))

    with reopened.workspace() as directory:
        left = {one.name for one in (root / "partial").iterdir()} - {directory.name}

    assert len(left) == 2
    assert dead not in left
    assert "old" not in left


def test_threads_keep_and_hold_one_content(content: Content, keep: Keep, pin: Pin) -> None:
    """All of them get the same whole file."""
    results: list[bool] = []

    def work() -> None:
        for number in range(5):
            kept = keep(content, b"%d" % number)
            results.append(content.holds(str(kept.path), pin(b"%d" % number)))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [True] * 30


def test_a_pickled_content_opens_the_same_cache(content: Content, keep: Keep, pin: Pin) -> None:
    """It crosses to a worker by how it was opened."""
    kept = keep(content, b"data")

    copy = pickle.loads(pickle.dumps(content))

    assert (copy.root, copy.durability, copy.lock_timeout) == (content.root, "relaxed", 5)
    assert copy.holds(str(kept.path), pin(b"data"))
    copy.close()


def test_closing_gives_the_lease_back(content: Content, keep: Keep, pin: Pin) -> None:
    """And the next hit takes another."""
    kept = keep(content, b"data")
    leases = content.root / "leases"

    during = len(list(leases.iterdir()))
    content.close()
    after = len(list(leases.iterdir()))
    content.note_use(str(kept.path))
    content.note_use("/elsewhere")

    assert (during, after, len(list(leases.iterdir()))) == (1, 0, 1)


@pytest.mark.parametrize("last", [0.0, 2.0**32])
def test_a_use_is_marked_daily(
    content: Content, reopened: Content, keep: Keep, pin: Pin, last: float
) -> None:
    """On the record, never on the content; a mark from the future is mended."""
    kept = keep(content, b"data")
    record = Path(content.layout.record(pin(b"data")[0]))
    os.utime(record, (last, last))
    before = kept.path.stat()

    assert reopened.holds(str(kept.path), pin(b"data"))

    assert abs(record.stat().st_mtime - SYSTEM_CLOCK.now()) < 60
    assert kept.path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    "configuration",
    [
        {"cache_dir": 7},
        {"cache_dir": ""},
        {"cache_dir": "a\0b"},
        {"durability": "some"},
        {"verify": True},
        {"lock_timeout": -1},
        {"lock_timeout": "soon"},
        {"lock_timeout": float("nan")},
        {"lock_timeout": True},
    ],
)
def test_a_setting_that_cannot_be_is_named(root: Path, configuration: dict[str, object]) -> None:
    """The error says which one."""
    with pytest.raises(ConfigurationError) as caught:
        open_content({"cache_dir": root, **configuration})

    assert caught.value.key == next(iter(configuration))


def test_without_a_setting_the_users_directory_is_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None, and what is no mapping, take the defaults."""
    monkeypatch.setenv("STORE_CACHE_DIR", str(root))

    for configuration in (None, "anything", {}, {"lock_timeout": None, "verify": None}):
        content = open_content(configuration)
        assert (content.root, content.durability, content.lock_timeout) == (root, "full", 60.0)
    assert open_content({"lock_timeout": 3}).lock_timeout == 3.0


def test_a_relaxed_file_becomes_durable_when_kept_again(
    content: Content, root: Path, keep: Keep, pin: Pin
) -> None:
    """A careful process makes good what a careless one left."""
    keep(content, b"data")
    careful = Content(root)

    keep(careful, b"data")

    record = read_record(content.layout, pin(b"data")[0])
    careful.close()
    assert record is not None
    assert record.files["six.whl"].durable


def test_more_is_known_of_what_is_kept_again(content: Content, keep: Keep, pin: Pin) -> None:
    """The digests of both are remembered."""
    weak = Digest("sha1", hashlib.sha1(b"data").hexdigest())
    kept = keep(content, b"data")

    keep(content, b"data", digests=(*pin(b"data"), weak))

    record = read_record(content.layout, pin(b"data")[0])
    assert content.holds(str(kept.path), (weak,))
    assert record is not None
    assert record.digests == {*pin(b"data"), weak}


def test_what_was_kept_without_a_record_is_recorded_again(
    content: Content, keep: Keep, pin: Pin
) -> None:
    """The file stays, the record is written anew."""
    keep(content, b"data")
    Path(content.layout.record(pin(b"data")[0])).unlink()

    keep(content, b"data")

    assert read_record(content.layout, pin(b"data")[0]) is not None


def test_a_pruning_beside_keep_does_no_harm(
    content: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty directory that went away is made again."""
    real = os.mkdir
    calls: list[str] = []

    def vanishing(path: str, *args: int, **options: int) -> None:
        real(path, *args, **options)
        if str(path).endswith(pin(b"data")[0].hex) and not calls:
            calls.append(path)
            Path(path).rmdir()

    monkeypatch.setattr(os, "mkdir", vanishing)

    kept = keep(content, b"data")

    assert len(calls) == 1
    assert content.holds(str(kept.path), pin(b"data"))


def test_the_umask_is_known_where_proc_does_not_tell(
    content: Content, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for the old way, and put back."""
    import builtins

    opened = builtins.open

    def without_proc(path: object, *args: object, **options: object) -> object:
        if path == "/proc/self/status":
            raise FileNotFoundError(path)
        return opened(path, *args, **options)  # type: ignore[call-overload]

    mask = os.umask(0o027)
    try:
        monkeypatch.setattr(builtins, "open", without_proc)
        kept = keep(content, b"data")
    finally:
        after = os.umask(mask)

    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o440
    assert after == 0o027


def test_a_copy_that_fails_leaves_nothing(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's file is as it was."""

    def full(source: int, target: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("store.cache.taking.copy_descriptor", full)
    (tmp_path / "theirs").write_bytes(b"data")

    with pytest.raises(CacheError, match="No space"):
        content.keep(tmp_path / "theirs")

    assert list((content.root / "partial").iterdir()) == []
    assert (tmp_path / "theirs").read_bytes() == b"data"


def test_another_containers_workspace_is_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch, reopened: Content
) -> None:
    """A process number means nothing in another namespace; here, what lives is left too."""
    from store.files.unfinished import partial_name

    with monkeypatch.context() as patch:
        patch.setattr("store.files.unfinished.process_space", lambda: "another")
        foreign = partial_name().replace(f"-{os.getpid()}-", "-4194305-")
    beyond = partial_name().replace(f"-{os.getpid()}-", f"-{2**80}-")
    living = partial_name().replace(f"-{os.getpid()}-", "-1-")
    for name in (foreign, beyond, living):
        (root / "partial" / name).mkdir(parents=True)

    with reopened.workspace() as directory:
        left = {one.name for one in (root / "partial").iterdir()} - {directory.name}

    assert left == {foreign, beyond, living}
