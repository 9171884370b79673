"""One file: fetched, kept, grown old, asked for again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import pickle
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.cache.content import Content
from store.cache.pruning import clear, prune
from store.errors import DigestError, IntegrityError, StoreError
from store.events import Event
from store.freshness.aged_file import AgedFile
from store.testing.fakes import FakeClock
from store.testing.faults import flip_bit, overwrite
from store.testing.misbehaving import Status
from store.testing.servers import Server, unused_address
from store.transports.base import TransferOptions

Aged = Callable[..., AgedFile]

DAY = 86_400.0
OLD, NEW = b"the old leap seconds", b"the new leap seconds, one more"


def record_of(file: AgedFile) -> Path:
    """Return where the record of a file lies."""
    return file.directory.with_suffix(".json")


def test_nothing_happens_at_construction(
    store_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No socket, no directory, no look at settings: an unusable world is no matter until the first use."""
    store_environment.setenv("STORE_DURABILITY", "nonsense")
    AgedFile(unused_address("/k.tls"), cache_dir=tmp_path / "made")
    AgedFile("missing/k.tls")

    assert not (tmp_path / "made").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["store-home", "work"]


def test_it_is_fetched_once_and_fresh_from_then_on(aged: Aged, server: Server) -> None:
    """The source is not asked again while the file is young enough."""
    file = aged(server.serve("/k.tls", OLD))

    first, second = file.obtain(), file.obtain()

    assert (first.origin, second.origin) == ("fetched", "fresh")
    assert first.path == second.path == file.path
    assert file.path.read_bytes() == OLD
    assert server.count() == 1
    assert [one.reason for one in first.attempts] == [None]
    assert (second.attempts, second.age, second.size) == ((), 0.0, len(OLD))
    assert [str(one) for one in second.digests] == [f"sha256:{hashlib.sha256(OLD).hexdigest()}"]


def test_the_path_is_a_read_only_regular_file_that_ends_with_the_base_name(
    aged: Aged, server: Server
) -> None:
    """It is no link, and has the name that SPICE tools go by; its bytes are there once."""
    result = aged(server.serve("/dir/naif0012.tls", OLD)).obtain()

    status = os.lstat(result.path)
    assert result.path.name == result.kept.name == "naif0012.tls"
    assert stat.S_ISREG(status.st_mode)
    assert stat.S_IMODE(status.st_mode) & 0o222 == 0
    assert result.path.samefile(result.kept)


def test_the_path_stays_when_the_content_changes(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """What a meta-kernel names leads to the newest; who has the old one open, or its other path, keeps it."""
    file = aged(server.serve("/k.tls", OLD), max_age="1d")
    before = file.obtain()
    with before.path.open("rb") as reader:
        server.serve("/k.tls", NEW)
        clock.advance(DAY)

        after = file.obtain()

        assert after.path == before.path
        assert after.path.read_bytes() == NEW
        assert reader.read() == OLD
    assert before.kept.read_bytes() == OLD


@pytest.mark.parametrize(
    ("max_age", "waited", "asked"),
    [
        (dt.timedelta(days=1), DAY - 1, 1),
        (dt.timedelta(days=1), DAY, 2),
        ("1h", 3599, 1),
        ("1h", 3600, 2),
        (None, 1e9, 1),
        ("none", 1e9, 1),
        (0, 0, 2),
    ],
)
def test_the_greatest_age_decides(
    *,
    aged: Aged,
    server: Server,
    clock: FakeClock,
    max_age: object,
    waited: float,
    asked: int,
) -> None:
    """None never grows old, 0 always asks; at the greatest age it is stale."""
    file = aged(server.serve("/k.tls", OLD), max_age=max_age)
    assert file.path.read_bytes() == OLD
    clock.advance(waited)

    assert file.path.read_bytes() == OLD
    assert server.count() == asked


def test_the_age_is_our_own_record_not_the_files_time(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """A server's Last-Modified of years ago, or a touch of the file, makes it neither older nor younger."""
    url = server.serve("/k.tls", OLD, last_modified="Mon, 01 Jan 1990 00:00:00 GMT")
    file = aged(url)
    path = file.path
    os.utime(path, (clock.now() - 40 * DAY, clock.now() - 40 * DAY))
    assert file.obtain().origin == "fresh"
    clock.advance(DAY)
    os.utime(path)

    assert file.obtain().origin == "revalidated"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_another_time_zone_changes_nothing(
    aged: Aged, server: Server, clock: FakeClock, store_environment: pytest.MonkeyPatch, zone: str
) -> None:
    """Nor does a change to or from daylight saving: seconds since 1970 have neither."""
    began = dt.datetime(
        2026, 3, 8, 6, 30, tzinfo=dt.UTC
    ).timestamp()  # New York's clocks jump at 7:00 UTC
    clock.advance(max(began - clock.now(), 0.0))
    file = aged(server.serve("/k.tls", OLD), max_age="1h")
    assert file.obtain().origin == "fetched"
    try:
        store_environment.setenv("TZ", zone)
        time.tzset()
        clock.advance(3599)
        assert file.obtain().origin == "fresh"
        assert aged(file.source, max_age="1h").obtain().origin == "fresh"
        clock.advance(1)
        assert file.obtain().origin == "revalidated"
    finally:
        store_environment.delenv("TZ")
        time.tzset()


def test_a_record_from_the_future_is_stale(aged: Aged, server: Server, clock: FakeClock) -> None:
    """A clock that was wrong and was put right must not keep a file for years."""
    file = aged(server.serve("/k.tls", OLD), max_age="365d", stale_if_error="365d")
    assert file.obtain().origin == "fetched"
    clock.set_back(1)

    assert not file.is_cached()
    assert file.is_cached(include_stale=True)
    assert file.obtain().origin == "revalidated"
    assert file.obtain().age == 0

    clock.set_back(1)
    server.serve("/k.tls", fault=Status(404))
    with pytest.raises(StoreError):  # of unknown age: it may be handed out only at any age
        file.obtain()
    assert aged(file.source, stale_if_error=None).obtain().origin == "stale"


def test_whether_it_is_cached_asks_nobody(aged: Aged, server: Server, clock: FakeClock) -> None:
    """Missing, fresh, stale."""
    file = aged(server.serve("/k.tls", OLD))
    assert (file.is_cached(), file.is_cached(include_stale=True)) == (False, False)
    assert file.obtain().origin == "fetched"
    assert (file.is_cached(), file.is_cached(include_stale=True)) == (True, True)
    clock.advance(DAY)
    assert (file.is_cached(), file.is_cached(include_stale=True)) == (False, True)
    assert server.count() == 1


def test_two_sources_of_one_base_name_have_a_file_each(
    aged: Aged, server: Server, mirror: Server
) -> None:
    """Host, directory and query tell them apart, even where their bytes are the same."""
    files = [
        aged(server.serve("/a/k.tls", b"1")),
        aged(server.serve("/b/k.tls", b"1")),
        aged(mirror.serve("/a/k.tls", b"3")),
        aged(mirror.url + "/a/k.tls?v=2"),
    ]

    paths = [file.path for file in files]

    assert len(set(paths)) == 4
    assert {path.name for path in paths} == {"k.tls"}
    assert [path.read_bytes() for path in paths] == [b"1", b"1", b"3", b"3"]


def test_clear_removes_this_entry_only(aged: Aged, server: Server) -> None:
    """Another source's file stays, even where it has the same name and the same bytes."""
    one = aged(server.serve("/a/k.tls", OLD))
    other = aged(server.serve("/b/k.tls", OLD))
    paths = (one.path, other.path)

    one.clear()

    assert not paths[0].exists()
    assert not one.directory.exists()
    assert not record_of(one).exists()
    assert not one.is_cached(include_stale=True)
    assert other.obtain().origin == "fresh"
    assert paths[1].read_bytes() == OLD
    one.clear()
    assert one.obtain().origin == "fetched"
    assert server.count("/a/k.tls") == 2
    assert server.count("/b/k.tls") == 1


def test_clear_of_what_was_never_fetched_does_nothing(aged: Aged, content: Content) -> None:
    """Nothing is created either."""
    aged("http://host/k.tls").clear()

    assert not content.root.exists()


def test_refresh_asks_however_young_it_is(aged: Aged, server: Server) -> None:
    """And takes what the source has by now."""
    file = aged(server.serve("/k.tls", OLD), max_age=None)
    assert file.obtain().origin == "fetched"
    assert file.refresh().origin == "revalidated"
    server.serve("/k.tls", NEW)

    assert file.refresh().origin == "fetched"
    assert file.path.read_bytes() == NEW


def test_another_process_sees_the_same_file(
    aged: Aged, server: Server, store_cache_dir: Path, options: TransferOptions, clock: FakeClock
) -> None:
    """What is known lies on disk: a renewal elsewhere counts here, a clearing too."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    other = AgedFile(
        file.source,
        content=Content(store_cache_dir, durability="relaxed", clock=clock),
        options=options,
    )
    assert other.obtain().origin == "fresh"
    clock.advance(DAY)
    assert other.obtain().origin == "revalidated"
    assert file.obtain().origin == "fresh"
    server.serve("/k.tls", NEW)
    other.refresh()
    assert file.path.read_bytes() == NEW
    other.clear()
    assert not file.is_cached()
    assert file.path.read_bytes() == NEW
    assert server.count() == 4


def test_a_gzipped_file_stays_gzipped(aged: Aged, server: Server) -> None:
    """What is kept is what the server has, under the name that it has."""
    data = b"\x1f\x8b\x08\x00 not unpacked by anybody"
    url = server.serve("/k.tls.gz", data, headers={"Content-Encoding": "gzip"})

    path = aged(url).path

    assert path.name == "k.tls.gz"
    assert path.read_bytes() == data


def test_a_digest_decides_what_is_accepted(aged: Aged, server: Server) -> None:
    """A wrong one is an error, and nothing is kept; a right one may also stand in the address."""
    url = server.serve("/k.tls", OLD)
    right = f"sha256:{hashlib.sha256(OLD).hexdigest()}"
    with pytest.raises(IntegrityError):
        aged(url, digest=f"sha256:{'0' * 64}").obtain()
    assert not aged(url).is_cached(include_stale=True)

    assert aged(url, digest=right).path.read_bytes() == OLD
    assert aged(f"{url}#{right.replace(':', '=')}").obtain().origin == "fresh"
    with pytest.raises(DigestError):
        aged(f"{url}#{right.replace(':', '=')}", digest=f"sha256:{'0' * 64}")


def test_a_copy_that_is_not_what_is_pinned_now_is_fetched_anew(aged: Aged, server: Server) -> None:
    """What was fetched without a pin, or with another, is no answer to a pin."""
    url = server.serve("/k.tls", OLD)
    assert aged(url).obtain().origin == "fetched"
    server.serve("/k.tls", NEW)

    pinned = aged(url, digest=hashlib.sha512(NEW).hexdigest())

    assert pinned.path.read_bytes() == NEW
    assert aged(url).obtain().origin == "fresh"


def test_a_mirror_gives_what_the_source_cannot(
    aged: Aged, server: Server, mirror: Server, clock: FakeClock
) -> None:
    """Each is asked in turn; the tag of one server means nothing to the other."""
    url, other = server.serve("/k.tls", fault=Status(500)), mirror.serve("/k.tls", OLD)
    file = aged(url, mirrors=[other])
    result = file.obtain()
    assert result.path.read_bytes() == OLD
    assert len(result.attempts) == 2
    server.serve("/k.tls", OLD, etag='"x"')
    clock.advance(DAY)

    assert file.obtain().origin == "fetched"
    assert "if-none-match" not in server.asked()[-1].headers
    clock.advance(DAY)
    assert file.obtain().origin == "revalidated"
    assert server.asked()[-1].headers["if-none-match"] == '"x"'


def test_a_damaged_file_is_fetched_anew(aged: Aged, server: Server) -> None:
    """One bit is enough, with size and times put back; what is wrong is set aside."""
    file = aged(server.serve("/k.tls", OLD))
    flip_bit(file.path)

    result = file.obtain()

    assert result.origin == "fetched"
    assert result.path.read_bytes() == OLD
    assert file.obtain().origin == "fresh"


@pytest.mark.parametrize("damage", ["gone", "other", "link", "directory"])
def test_a_lasting_name_that_leads_elsewhere_is_mended(
    aged: Aged, server: Server, tmp_path: Path, damage: str
) -> None:
    """The record and the content say what it is: nothing need be fetched."""
    file = aged(server.serve("/k.tls", OLD))
    path = file.path
    path.unlink()
    if damage == "other":
        path.write_bytes(NEW)
    elif damage == "link":
        (tmp_path / "target").write_bytes(NEW)
        path.symlink_to(tmp_path / "target")
    elif damage == "directory":
        path.mkdir()

    result = file.obtain()

    assert result.origin == "fresh"
    assert stat.S_ISREG(os.lstat(path).st_mode)
    assert path.read_bytes() == OLD
    assert server.count() == 1


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"not json",
        b"[]",
        b'{"v": 2}',
        b"\x80\x04K\x01.",
        "key",
        "name",
        "digest",
        "checked_at",
        "size",
        "etag",
        "v",
    ],
)
def test_a_damaged_record_is_a_miss(
    aged: Aged, server: Server, damage: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and healed; it never leads elsewhere, and never raises."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    record = record_of(file)
    if isinstance(damage, str):
        wrong = {
            "name": "../../k.tls",
            "etag": "a\r\nb: c",
            "checked_at": "now",
            "digest": "sha256:0",
        }
        data = json.loads(record.read_text())
        record.write_text(json.dumps({**data, damage: wrong.get(damage, "0")}))
    else:
        overwrite(record, damage)

    assert file.obtain().origin == "fetched"
    assert file.obtain().origin == "fresh"
    assert "damaged or of another source" in caplog.text


@pytest.mark.parametrize("obstacle", ["directory", "link"])
def test_what_is_in_a_records_way_is_set_aside(
    aged: Aged, server: Server, tmp_path: Path, obstacle: str
) -> None:
    """Nothing outside is touched, and nothing needs to be removed by hand."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    record = record_of(file)
    record.unlink()
    if obstacle == "link":
        record.symlink_to(tmp_path / "elsewhere")
    else:
        record.mkdir()

    assert file.obtain().origin == "fetched"
    assert file.obtain().origin == "fresh"
    assert not (tmp_path / "elsewhere").exists()


def test_a_pruned_cache_is_a_miss(aged: Aged, server: Server, content: Content) -> None:
    """What was pruned frees its bytes: the lasting name goes with it, and the next use fetches anew."""
    file = aged(server.serve("/k.tls", OLD))
    path = file.path
    content.close()

    freed = prune(content, max_size=0)

    assert [one.name for one in freed.removed] == ["k.tls"]
    assert not path.exists()
    assert not record_of(file).exists()
    assert file.obtain().origin == "fetched"
    content.close()
    clear(content)
    assert not path.exists()
    assert file.path.read_bytes() == OLD
    assert server.count() == 3


def test_pruning_passes_over_what_is_in_use(aged: Aged, server: Server, content: Content) -> None:
    """A process that was handed the file holds a lease."""
    file = aged(server.serve("/k.tls", OLD))
    path = file.path

    prune(content, max_size=0)

    assert path.read_bytes() == OLD
    assert file.obtain().origin == "fresh"


def test_where_no_link_can_be_made_the_path_in_the_content_is_handed_out(
    aged: Aged, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems have no hard links; the file is there all the same."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    file = aged(server.serve("/k.tls", OLD))

    result = file.obtain()

    assert result.path == result.kept
    assert result.path.read_bytes() == OLD
    assert file.obtain().origin == "fresh"
    assert file.path == result.kept


def test_each_step_is_told(
    server: Server, content: Content, options: TransferOptions, clock: FakeClock
) -> None:
    """Begun, attempted, kept; then a hit, and a hit that was asked for."""
    events: list[Event] = []
    file = AgedFile(
        server.serve("/k.tls", OLD),
        content=content,
        options=options._replace(listener=events.append),
    )

    def kinds() -> Iterator[str]:
        while events:
            yield type(events.pop(0)).__name__

    file.obtain()
    assert list(kinds()) == ["Started", "Attempted", "Progressed", "Cached"]
    file.obtain()
    assert list(kinds()) == ["Hit"]
    clock.advance(DAY)
    file.obtain()
    assert list(kinds()) == ["Started", "Attempted", "Hit"]


def test_it_survives_pickling_and_shows_no_secret(
    server: Server, store_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As an argument to another process it looks around anew there."""
    url = server.serve("/k.tls", OLD).replace("//", "//user:secret@")
    file = AgedFile(url, cache_dir=tmp_path / "mine")
    assert file.path.read_bytes() == OLD

    copy = pickle.loads(pickle.dumps(file))

    assert copy.obtain().origin == "fresh"
    assert "secret" not in repr(copy) + copy.source + record_of(copy).read_text()


def test_no_secret_is_written_down(
    aged: Aged,
    server: Server,
    content: Content,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither user nor query of an address: not in records, names, locks, logs or errors."""
    caplog.set_level("DEBUG", logger="store")
    url = server.serve("/k.tls", OLD).replace("//", "//user:hush@") + "?token=hush"
    file = aged(url, stale_if_error="9d")
    assert file.obtain().origin == "fetched"
    server.serve("/k.tls", fault=Status(500))
    clock.advance(DAY)
    stale = file.obtain()
    file.clear()
    with pytest.raises(StoreError) as caught:
        file.obtain()

    left = [str(path).encode() for path in content.root.rglob("*")]
    left += [path.read_bytes() for path in content.root.rglob("*") if path.is_file()]
    told = [caplog.text, repr(stale), str(caught.value), repr(caught.value.attempts)]
    assert b"hush" not in b"".join(left)
    assert "hush" not in "".join(told)


def test_the_cache_is_the_one_that_was_chosen(
    server: Server, store_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An argument wins over STORE_CACHE_DIR, that over the user's own directory."""
    url = server.serve("/k.tls", OLD)
    store_environment.setenv("STORE_CACHE_DIR", str(tmp_path / "chosen"))
    assert AgedFile(url, cache_dir=tmp_path / "given").directory.is_relative_to(tmp_path / "given")
    assert AgedFile(url).directory.is_relative_to(tmp_path / "chosen")
    store_environment.delenv("STORE_CACHE_DIR")
    own = Path(os.environ["XDG_CACHE_HOME"], "store")
    assert AgedFile(url).directory.is_relative_to(own)
    (tmp_path / "store-home" / "config.toml").write_text(f'cache_dir = "{tmp_path}/configured"')
    assert AgedFile(url).directory.is_relative_to(tmp_path / "configured")
    with pytest.raises(ValueError, match="cache_dir"):
        AgedFile(url, cache_dir="").obtain()
