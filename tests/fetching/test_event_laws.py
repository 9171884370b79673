"""The events of one fetch keep an order, and have one end, whatever happens on the way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import re
import tarfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from store.config.model import Settings
from store.config.tier import Tier
from store.errors import StoreError
from store.events import (
    ENDS,
    Attempted,
    AttemptFailed,
    Bypassed,
    Cached,
    Event,
    Failed,
    Hit,
    Parted,
    Progressed,
    Quarantined,
    Resumed,
    Retried,
    Saved,
    Shared,
    Started,
    Unpacked,
    Verified,
    Waited,
)
from store.fetching.fetcher import Fetcher
from store.fetching.gathering import gather
from store.sharing import health
from store.sharing.writing import WRITER
from store.testing.cas import CasServer, Mood
from store.testing.disk_faults import failing_call
from store.testing.faults import flip_bit
from store.testing.misbehaving import OtherContent, Reset, ShortBody, Stall, Status
from store.testing.servers import Server, unused_address

DATA = b"some content\n" * 1000
PIN = f"sha256={hashlib.sha256(DATA).hexdigest()}"

LETTERS = {
    Retried: "r",
    Quarantined: "q",
    Waited: "w",
    Started: "s",
    Attempted: "a",
    Resumed: "u",
    Parted: "p",
    Progressed: "g",
    Saved: "v",
    AttemptFailed: "x",
    Shared: "S",
    Verified: "V",
    Unpacked: "U",
    Hit: "H",
    Cached: "C",
    Bypassed: "B",
    Failed: "F",
}

ATTEMPT = "au?p?g*"
BROUGHT = f"(s({ATTEMPT}v?xr?)*({ATTEMPT})?)+S?VU?[CB]"
GOOD = re.compile(f"r*q?w?(U?H|{BROUGHT})")
BAD = re.compile("[^HCBF]*F")


AGED = re.compile(f"w?(H|s({ATTEMPT}v?(xr?)?)*[HC])")
"""What has a greatest age: it is asked whether it has changed."""


def check(events: Sequence[Event], lawful: re.Pattern[str] = GOOD) -> str:
    """Hold the events of one fetch against the laws, and return them as letters."""
    told = "".join(LETTERS[type(event)] for event in events)
    assert (lawful if told[-1] in "HCB" else BAD).fullmatch(told), told
    assert [event for event in events if isinstance(event, ENDS)] == [events[-1]]
    if Started in map(type, events):
        assert len({event.name for event in events}) == 1
        (uid,) = {event.uid for event in events}
        assert uid
    numbers = [event.number for event in events if isinstance(event, Attempted)]
    assert numbers == list(range(1, len(numbers) + 1)) or told.count("s") > 1
    for before, after in itertools.pairwise(events):
        if isinstance(before, Progressed) and isinstance(after, Progressed):
            assert before.received <= after.received
    return told


Fetch = Callable[..., list[Event]]


@pytest.fixture
def fetch(house: Path) -> Fetch:
    """Fetch something and return what was told, checked; a failure is told, too."""

    def run(
        locator: Any,
        *,
        settings: dict[str, Any] | None = None,
        lawful: re.Pattern[str] = GOOD,
        **options: Any,
    ) -> list[Event]:
        events: list[Event] = []
        given = {"cache_dir": house, "durability": "relaxed", "retries": 1, **(settings or {})}
        with (
            Fetcher(Settings(**given), listener=events.append) as fetcher,
            contextlib.suppress(StoreError),
        ):
            fetcher.fetch(locator, **options)
        check(events, lawful)
        return events

    return run


def test_a_download_and_a_hit(server: Server, fetch: Fetch) -> None:
    """Everything is told the first time, and one thing the second."""
    url = f"{server.serve('/a.bin', DATA)}#{PIN}"

    first, second = fetch(url), fetch(url)

    assert re.fullmatch("sag+VC", check(first))
    assert first[0] == Started("a.bin", PIN.replace("=", ":"), "http")
    assert isinstance(first[-1], Cached)
    assert second == [Hit("a.bin", first[-1].path, len(DATA), first[0].uid)]


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ([Status(503)], "saxrag+VC"),
        ([OtherContent()], "sag+xrag+VC"),
        ([ShortBody(after=5000)], "sag+xrag+VC"),
        ([Status(404)], "saxF"),
        ([Status(503), Status(503)], "saxraxF"),
        ([OtherContent(), OtherContent()], "sag+xrag+xF"),
    ],
)
def test_attempts_fail_and_pass(server: Server, fetch: Fetch, faults: list[Any], told: str) -> None:
    """Each failed one is told with its reason, and what follows."""
    url = f"{server.serve('/a.bin', DATA, fault=faults)}#{PIN}"

    assert re.fullmatch(told, check(fetch(url)))


def test_what_broke_off_is_saved_and_resumed(server: Server, fetch: Fetch) -> None:
    """A large body goes on where it broke off."""
    data = bytes(range(256)) * (4 << 12)
    url = server.serve("/a.bin", data, fault=[Reset(after=3 << 20)])

    events = fetch(f"{url}#sha256={hashlib.sha256(data).hexdigest()}")

    assert re.fullmatch("sag*vxraug+VC", check(events))


def test_mirrors_are_asked_in_turn(server: Server, fetch: Fetch) -> None:
    """The attempts are counted over all of them."""
    urls = [unused_address("/a.bin"), server.serve("/a.bin", DATA)]

    events = fetch({"driver": "http", "urls": urls, "digest": PIN})

    assert re.fullmatch("saxag+VC", check(events))


@pytest.mark.parametrize("link", ["flipped", "gone", "directory"])
def test_damage_is_told_before_the_download(server: Server, fetch: Fetch, link: str) -> None:
    """What was wrong is set aside; what is gone is just fetched again."""
    url = f"{server.serve('/a.bin', DATA)}#{PIN}"
    end = fetch(url)[-1]
    assert isinstance(end, Cached)
    path = Path(end.path)
    path.chmod(0o644)
    if link == "flipped":
        flip_bit(path)
    else:
        path.unlink()
        if link == "directory":
            path.mkdir()

    told = check(fetch(url))

    assert re.fullmatch("sag+VC" if link == "gone" else "qsag+VC", told)


def test_content_that_is_there_under_another_locator_is_a_hit(
    server: Server, fetch: Fetch, tmp_path: Path
) -> None:
    """Nothing is moved, so nothing but the hit is told."""
    (tmp_path / "a.bin").write_bytes(DATA)
    server.serve("/a.bin", DATA)
    fetch(str(tmp_path / "a.bin"))
    digests = [PIN, f"sha512={hashlib.sha512(DATA).hexdigest()}"]

    assert check(fetch({"driver": "http", "url": f"{server.url}/a.bin", "digests": digests})) == "H"


def test_who_waits_is_told_of_the_others_download(server: Server, fetch: Fetch) -> None:
    """One downloads; the other waits and has a hit."""
    url = f"{server.serve('/a.bin', DATA, fault=Stall(after=100, seconds=0.7))}#{PIN}"
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(check(fetch(url)))) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    waited, brought = sorted(told, key=len)
    assert waited == "wH"
    assert re.fullmatch("sag+VC", brought)


def test_a_cache_that_takes_nothing_is_bypassed(
    server: Server, fetch: Fetch, house: Path, tmp_path: Path
) -> None:
    """Where there is another place for the file; else it is a failure."""
    url = f"{server.serve('/a.bin', DATA)}#{PIN}"
    house.write_bytes(b"in the way")

    unmade = fetch(url, dest=tmp_path / "out")
    house.unlink()

    with failing_call("replace", errno.ENOSPC, number=2, below=house / "partial"):
        unkept = fetch(url, dest=tmp_path / "out")
    with failing_call("replace", errno.ENOSPC, number=2, below=house / "partial"):
        failed = fetch(url)

    assert re.fullmatch("sag+VB", check(unmade))
    assert unmade[-1].name == "a.bin"
    assert re.fullmatch("sag+VB", check(unkept))
    end = unkept[-1]
    assert isinstance(end, Bypassed)
    assert end.path == str(tmp_path / "out" / "a.bin")
    assert "No space left" in end.reason
    assert re.fullmatch("sag+VF", check(failed))


def test_a_file_that_cannot_be_placed_is_a_failure(
    server: Server, fetch: Fetch, tmp_path: Path
) -> None:
    """Though the cache has it: what was wanted did not come about."""
    url = f"{server.serve('/a.bin', DATA)}#{PIN}"
    (tmp_path / "out").write_bytes(b"in the way")

    first, second = fetch(url, dest=tmp_path / "out"), fetch(url, dest=tmp_path / "out")

    assert re.fullmatch("sag+VF", check(first))
    assert check(second) == "F"
    assert second[-1].name == "a.bin"


@pytest.mark.parametrize(
    ("locator", "error", "driver"),
    [
        (f"https://127.0.0.1:1/a.bin#{PIN}", "OfflineError", "http"),
        ("https://127.0.0.1:1/a.bin", "UnverifiedError", ""),
        ("nope:x", "UnknownNameError", ""),
        ("./missing.bin", "ResourceNotFoundError", ""),
        ({"driver": 3}, "LocatorError", ""),
        (b"./missing.bin", "ResourceNotFoundError", ""),
        (f"./missing.bin#{PIN}", "ResourceNotFoundError", "file"),
    ],
)
def test_a_failure_has_its_class_and_driver(
    fetch: Fetch, locator: Any, error: str, driver: str
) -> None:
    """Also before anything was asked."""
    events = fetch(locator, settings={"offline": True})

    end = events[-1]
    assert isinstance(end, Failed)
    assert (end.error, end.driver) == (error, driver)


def test_an_answer_that_is_outdated_is_asked_for_again(
    fetch: Fetch, remote: Any, house: Path
) -> None:
    """The first failure is no end, since the second try succeeds."""
    remote.max_age = 1000.0
    remote.urls = ("https://h/a.txt",)
    fetch("remote:name=a.txt")
    for path in (house / "content").rglob("a.txt"):
        path.unlink()
    remote.moved = True

    told = check(fetch("remote:name=a.txt"))

    assert told == "ssVC"


def test_a_strangers_resource_is_held_against_the_pin_before_the_end(
    fetch: Fetch, sealed: Any, tmp_path: Path
) -> None:
    """A good end is told once, and never before a failure."""
    right = f"sha256:{hashlib.sha256(b'sealed content').hexdigest()}"

    first = fetch("sealed:a=b", digest=right, dest=tmp_path / "out")
    second = fetch("sealed:a=b", digest=right)
    wrong = fetch("sealed:a=b", digest=f"sha256:{'0' * 64}")
    sealed.brings = None
    nothing = fetch("sealed:a=b")

    assert check(first) == "sVC"
    assert (tmp_path / "out" / "sealed.bin").read_bytes() == b"sealed content"
    assert check(second) == "H"
    assert check(wrong) == "F"
    assert check(nothing) == "sF"


@pytest.mark.parametrize("dest", [None, "out"])
@pytest.mark.parametrize("jobs", [1, 4])
def test_many_keep_the_laws_each(server: Server, house: Path, dest: str | None, jobs: int) -> None:
    """Whichever way they are fetched, and whatever becomes of some of them."""
    faults: dict[int, Any] = {3: Status(404), 5: OtherContent(), 7: [Status(503)]}
    wanted = []
    for number in range(20):
        data = bytes([number]) * 1000
        url = server.serve(f"/{number}.bin", data, fault=faults.get(number))
        wanted.append(f"{url}#sha256={hashlib.sha256(data).hexdigest()}")
    settings = Settings(cache_dir=house, durability="relaxed", retries=1)
    told: dict[str, list[Event]] = {}

    def listen(event: Event) -> None:
        told.setdefault(event.name, []).append(event)

    with Fetcher(settings, listener=listen) as fetcher:
        fetcher.fetch(wanted[0])
        outcomes = list(gather(fetcher, wanted, dest=dest, jobs=jobs))

    assert sorted(told) == sorted(f"{number}.bin" for number in range(20))
    ends = {name: check(events)[-1] for name, events in told.items() if name != "0.bin"}
    assert {name for name, end in ends.items() if end == "F"} == {"3.bin", "5.bin"}
    assert {name for name, end in ends.items() if end == "C"} == ends.keys() - {"3.bin", "5.bin"}
    assert re.fullmatch("sag+VCH", "".join(LETTERS[type(one)] for one in told["0.bin"]))
    assert sum(outcome.error is None for outcome in outcomes) == 18


def test_what_is_unpacked_has_its_end_when_it_lies_where_it_is_wanted(
    server: Server, fetch: Fetch, tmp_path: Path
) -> None:
    """A tree that is there is a hit; an archive that is none is a failure, though the cache has it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    good = server.serve("/a.tar", packed.getvalue())
    pin = f"#sha256={hashlib.sha256(packed.getvalue()).hexdigest()}"
    bad = server.serve("/b.tar", DATA) + "#" + PIN
    (tmp_path / "blocked").write_bytes(b"")

    told = [
        check(fetch(locator, unpack=True, **options))
        for locator, options in (
            (good + pin, {}),
            (good + pin, {}),
            (good + pin, {"dest": tmp_path / "out"}),
            (good + pin, {"dest": tmp_path / "blocked"}),
            (bad, {}),
        )
    ]

    assert re.fullmatch("sag+VUC", told[0])
    assert told[1:4] == ["H", "H", "F"]
    assert re.fullmatch("sag+VF", told[4])


def test_what_grows_old_has_one_end_too(server: Server, fetch: Fetch, tmp_path: Path) -> None:
    """It is asked whether it has changed; if it has not, that is a hit."""
    url = server.serve("/a.bin", DATA)
    (tmp_path / "blocked").write_bytes(b"")

    told = [
        "".join(LETTERS[type(event)] for event in fetch(url, lawful=AGED, **options))
        for options in (
            {"max_age": 0},
            {"max_age": 1000},
            {"max_age": 0},
            {"max_age": 1000, "dest": tmp_path / "out"},
            {"max_age": 1000, "dest": tmp_path / "blocked"},
        )
    ]
    server.serve("/a.bin", DATA, fault=Status(404))
    gone = fetch(url, lawful=AGED, max_age=0)
    stale = fetch(url, lawful=AGED, max_age=0, stale_if_error="none")

    assert [one[-1] for one in told] == ["C", "H", "H", "H", "F"]
    assert told[1] == told[3] == "H"
    assert told[4] == "F"
    assert isinstance(gone[-1], Failed)
    assert gone[-1].error == "ResourceNotFoundError"
    assert isinstance(stale[-1], Hit)


def test_a_store_that_is_used_by_itself_keeps_the_laws(server: Server, house: Path) -> None:
    """Its listener is told of the end, too."""
    events: list[Event] = []
    url = server.serve("/a.bin", DATA, fault=[None, Status(404)])
    with Fetcher(Settings(cache_dir=house, durability="relaxed"), listener=events.append) as one:
        http = one._asking.store("http")
        http.download_resource(http.get_resource_metadata({"url": url, "digest": PIN}))
        good, events[:] = list(events), []
        with contextlib.suppress(StoreError):
            http.download_resource(
                http.get_resource_metadata({"url": url, "digest": "sha256:" + 64 * "0"})
            )

    assert re.fullmatch("sag+VC", check(good))
    assert check(events) == "saxF"


@pytest.mark.parametrize("kind", LETTERS, ids=lambda kind: str(kind.__name__))
def test_every_event_has_a_name_first(kind: Any) -> None:
    """Whoever follows may sort them by it."""
    assert kind._fields[0] == "name"


@pytest.mark.parametrize("mood", ["well", "wrong", "cut", "failing", "slow"])
@pytest.mark.parametrize("has", [True, False])
def test_whatever_a_shared_tier_does(server: Server, fetch: Fetch, mood: Mood, has: bool) -> None:  # noqa: FBT001
    """The laws hold, and there is a good end."""
    health.forget()
    with CasServer() as cas:
        if has:
            cas.keep(DATA)
        cas.mood = mood
        tier = Tier(cas.url, timeout=0.2)

        events = fetch(f"{server.serve('/a.bin', DATA)}#{PIN}", settings={"shared": (tier,)})

        WRITER.finish(5)
    health.forget()
    assert isinstance(events[-1], Cached)
    assert any(isinstance(one, Shared) for one in events) == (has and mood == "well")
