"""Local cache, then shared tiers, then the origin."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.errors import IntegrityError, OfflineError, ResourceNotFoundError
from store.events import Attempted, AttemptFailed, Shared, Started, Verified
from store.sharing import health
from store.sharing.writing import WRITER
from store.testing.cas import CasServer, Mood
from store.testing.faults import cut_short, flip_bit, scramble
from store.testing.servers import Server, unused_address

from .conftest import CONTENT, NAME, Machine

Make = Callable[..., Machine]


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _removed(path: Path) -> None:
    path.unlink()


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _led_astray(path: Path) -> None:
    path.unlink()
    path.mkdir()


def test_the_second_machine_does_not_ask_the_origin(
    machine: Make, origin: Server, locator: str, tier: Tier
) -> None:
    """What one has fetched, the others take from the tier."""
    machine(tier).fetch(locator)

    second = machine(tier)
    result = second.fetch(locator)

    assert result.path.read_bytes() == CONTENT
    assert origin.count() == 1
    assert [one.address for one in result.attempts] == [second.told(Shared)[0].tier + _below(tier)]


def test_a_hit_in_a_tier_is_a_hit_here_the_next_time(
    machine: Make, locator: str, cas: CasServer
) -> None:
    """It is promoted to the local cache."""
    cas.keep(CONTENT)
    here = machine(Tier(cas.url))
    here.fetch(locator)

    again = here.fetch(locator)

    assert again.cached
    assert cas.asked() == [NAME]


def test_a_tier_is_told_of_in_the_events(machine: Make, locator: str, cas: CasServer) -> None:
    """Who follows knows where it came from."""
    cas.keep(CONTENT)
    here = machine(Tier(cas.url))

    here.fetch(locator)

    kinds = [type(one).__name__ for one in here.events if type(one).__name__ != "Progressed"]
    assert kinds == ["Started", "Attempted", "Shared", "Verified", "Cached"]
    assert here.told(Shared) == [Shared("data.bin", cas.url, len(CONTENT), f"sha256:{NAME}")]


def test_a_miss_is_told_to_nobody(machine: Make, origin: Server, locator: str, tier: Tier) -> None:
    """A cold tier costs a question, and no line."""
    here = machine(tier)

    result = here.fetch(locator)

    assert [one.address for one in result.attempts] == [f"{origin.url}/data.bin"]
    assert len(here.told(Started)) == len(here.told(Attempted)) == 1
    assert not here.told(Shared)


@pytest.mark.parametrize("mood", ["failing", "wrong", "cut"])
def test_a_tier_that_answers_badly_harms_nothing(
    machine: Make,
    locator: str,
    cas: CasServer,
    caplog: pytest.LogCaptureFixture,
    mood: Mood,
) -> None:
    """The origin is asked, with one warning."""
    cas.keep(CONTENT)
    cas.mood = mood
    here = machine(Tier(cas.url, write=False))

    result = here.fetch(locator)

    assert result.path.read_bytes() == CONTENT
    assert len(result.attempts) == 2
    assert len(here.told(AttemptFailed)) == 1
    assert len(warnings(caplog)) == 1


def test_a_poisoned_tier_costs_one_warning_a_run(
    machine: Make, origin: Server, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However many files of it are wrong; and soon it is asked no more."""
    locators = []
    for number in range(5):
        content = b"content %d" % number
        name = hashlib.sha256(content).hexdigest()
        lay(directory, name, b"poison %d!" % number)
        locators.append(f"{origin.serve(f'/{number}', content)}#sha256={name}")
    here = machine(Tier(str(directory), write=False))

    results = [here.fetch(one) for one in locators]

    assert [one.path.read_bytes() for one in results] == [b"content %d" % n for n in range(5)]
    assert [len(one.attempts) for one in results] == [2, 2, 2, 1, 1]
    assert len(warnings(caplog)) == 1


def test_what_is_wrong_in_a_tier_is_replaced(machine: Make, locator: str, directory: Path) -> None:
    """A tier that may be written to is healed by whoever notices."""
    lay(directory, NAME, b"poison")

    machine(Tier(str(directory))).fetch(locator)

    assert (directory / "cas" / NAME[:2] / NAME).read_bytes() == CONTENT


def test_a_tier_that_is_down_costs_one_timeout_a_run(
    machine: Make, origin: Server, cas: CasServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Of many that would ask it at once, one waits."""
    cas.mood = "slow"
    tier = Tier(cas.url, timeout=0.3)
    machines = [machine(tier) for _ in range(6)]
    locators = []
    for number in range(6):
        content = b"content %d" % number
        name = hashlib.sha256(content).hexdigest()
        locators.append(f"{origin.serve(f'/{number}', content)}#sha256={name}")
    threads = [
        threading.Thread(target=one.fetch, args=(locator,))
        for one, locator in zip(machines, locators, strict=True)
    ]

    for one in threads:
        one.start()
    for one in threads:
        one.join(20)

    assert len(cas.asked()) == 1
    assert origin.count() == 6
    assert len(warnings(caplog)) == 1


def test_a_tier_that_refuses_connections_is_passed_over(
    machine: Make, locator: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is down: the origin is asked."""
    here = machine(Tier(unused_address().rstrip("/")))

    result = here.fetch(locator)

    assert result.path.read_bytes() == CONTENT
    assert len(warnings(caplog)) == 1
    assert "passed over for the rest of this run" in warnings(caplog)[0]


def test_a_share_that_is_not_mounted_is_not_made(
    machine: Make, locator: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its place on the local disk is not filled."""
    share = tmp_path / "not mounted"

    machine(Tier(str(share))).fetch(locator)

    assert not share.exists()
    assert len(warnings(caplog)) == 1


def test_tiers_are_asked_in_order_and_the_nearer_gets_what_the_farther_has(
    machine: Make, origin: Server, locator: str, cas: CasServer, directory: Path
) -> None:
    """As with any cache in front of another."""
    cas.keep(CONTENT)
    near = Tier(str(directory))

    machine(near, Tier(cas.url)).fetch(locator)

    assert (directory / "cas" / NAME[:2] / NAME).read_bytes() == CONTENT
    assert (origin.count(), cas.asked("PUT")) == (0, [])


def test_a_read_only_tier_is_never_written_to(machine: Make, locator: str, cas: CasServer) -> None:
    """As the settings have it."""
    machine(Tier(cas.url, write=False)).fetch(locator)

    assert [method for method, _ in cas.requests] == ["GET"]


def test_what_no_digest_pins_is_not_asked_of_a_tier(
    machine: Make, origin: Server, cas: CasServer
) -> None:
    """Nothing else says that it is right."""
    here = machine(Tier(cas.url))

    result = here.fetcher.fetch(f"{origin.url}/data.bin", allow_unverified=True)

    assert WRITER.finish(5)
    assert result.path.read_bytes() == CONTENT
    assert cas.asked() == []


def test_what_is_pinned_by_another_algorithm_alone_goes_to_the_origin(
    machine: Make, origin: Server, cas: CasServer
) -> None:
    """Tiers know their content by SHA-256: see decision 36."""
    pin = hashlib.sha512(CONTENT).hexdigest()

    machine(Tier(cas.url)).fetch(f"{origin.url}/data.bin#sha512={pin}")

    assert cas.asked() == []


def test_all_digests_of_a_resource_hold_for_a_tier(
    machine: Make, origin: Server, cas: CasServer
) -> None:
    """Not only the one that the tier goes by."""
    cas.keep(CONTENT)
    here = machine(Tier(cas.url))
    wrong = hashlib.sha512(b"other").hexdigest()

    with pytest.raises(IntegrityError):
        here.fetch(f"{origin.url}/data.bin#sha256={NAME}&sha512={wrong}")

    assert not here.told(Shared)


def test_offline_a_directory_is_asked_and_a_server_is_not(
    machine: Make, origin: Server, locator: str, cas: CasServer, directory: Path
) -> None:
    """A mounted share is a matter of the file system."""
    cas.keep(CONTENT)
    with pytest.raises(OfflineError):
        machine(Tier(cas.url), offline=True).fetch(locator)
    lay(directory, NAME, CONTENT)

    result = machine(Tier(cas.url), Tier(str(directory)), offline=True).fetch(locator)

    assert result.path.read_bytes() == CONTENT
    assert (cas.asked(), origin.count()) == ([], 0)


def test_offline_what_no_tier_has_is_missing(machine: Make, locator: str, directory: Path) -> None:
    """The error is the one of always."""
    with pytest.raises(OfflineError, match="is not in the cache"):
        machine(Tier(str(directory)), offline=True).fetch(locator)


def test_a_file_of_this_machine_is_not_asked_of_a_tier(
    machine: Make, tmp_path: Path, cas: CasServer
) -> None:
    """It is nearer than any tier."""
    here = tmp_path / "here"
    here.write_bytes(CONTENT)

    machine(Tier(cas.url)).fetch(f"{here}#sha256={NAME}")

    assert cas.asked() == []


def test_a_tier_has_what_the_origin_has_lost(
    machine: Make, origin: Server, locator: str, cas: CasServer
) -> None:
    """A pinned file outlives its address."""
    cas.keep(CONTENT)
    gone = locator.replace("data.bin", "gone.bin")

    result = machine(Tier(cas.url)).fetch(gone)

    assert result.path.read_bytes() == CONTENT
    assert origin.count() == 0


def test_an_origin_that_fails_says_so_as_always(machine: Make, locator: str, tier: Tier) -> None:
    """A tier changes nothing about it."""
    with pytest.raises(ResourceNotFoundError):
        machine(tier).fetch(locator.replace("data.bin", "gone.bin"))


def test_many_small_files_come_from_a_tier(machine: Make, origin: Server, tier: Tier) -> None:
    """Whatever way is taken for many."""
    locators = []
    for number in range(12):
        content = b"small %d" % number
        name = hashlib.sha256(content).hexdigest()
        locators.append(f"{origin.serve(f'/{number}', content)}#sha256={name}")
    from store.fetching.gathering import gather

    first, second = machine(tier), machine(tier)
    assert all(one.error is None for one in gather(first.fetcher, locators))
    assert WRITER.finish(20)

    outcomes = list(gather(second.fetcher, locators, ordered=True))

    assert [one.result.path.read_bytes() for one in outcomes if one.result] == [
        b"small %d" % number for number in range(12)
    ]
    assert origin.count() == 12
    assert len(second.told(Shared)) == len(second.told(Verified)) == 12


def test_a_large_body_comes_whole(machine: Make, origin: Server, tier: Tier) -> None:
    """Several mebibytes, over whatever connections."""
    content = bytes(range(256)) * (40 << 10)
    name = hashlib.sha256(content).hexdigest()
    locator = f"{origin.serve('/large', content)}#sha256={name}"
    machine(tier).fetch(locator)

    result = machine(tier).fetch(locator)

    assert result.path.read_bytes() == content
    assert origin.count("/large") >= 1
    asked = origin.count("/large")
    assert machine(tier).fetch(locator).size == len(content)
    assert origin.count("/large") == asked


def test_a_new_run_asks_again(machine: Make, locator: str, cas: CasServer) -> None:
    """What was down may be up."""
    cas.mood = "failing"
    cas.keep(CONTENT)
    for _ in range(3):
        machine(Tier(cas.url, write=False)).fetch(locator)
    assert len(cas.asked()) == 3
    machine(Tier(cas.url, write=False)).fetch(locator)
    assert len(cas.asked()) == 3
    cas.mood = "well"

    health.forget()
    machine(Tier(cas.url)).fetch(locator)

    assert len(cas.asked()) == 4


@pytest.mark.parametrize(
    "damage", [flip_bit, cut_short, scramble, _emptied, _removed, _piped, _led_astray]
)
def test_whatever_happens_to_a_shared_directory_harms_nobody(
    machine: Make, origin: Server, directory: Path, damage: Callable[[Path], None]
) -> None:
    """The file is right, wherever it comes from, and so is the next one."""
    tier = Tier(str(directory))
    second = b"another content"
    name = hashlib.sha256(second).hexdigest()
    locators = [
        f"{origin.url}/data.bin#sha256={NAME}",
        f"{origin.serve('/second', second)}#sha256={name}",
    ]
    for one in locators:
        machine(tier).fetch(one)
    damaged = directory / "cas" / NAME[:2] / NAME
    damaged.chmod(0o644)
    damage(damaged)
    here = machine(tier)

    results = [here.fetch(one) for one in locators]

    assert [one.path.read_bytes() for one in results] == [CONTENT, second]
    assert origin.count("/second") == 1
    assert origin.count("/data.bin") == 2


def lay(directory: Path, name: str, content: bytes) -> None:
    """Lay a file down as a directory tier has it."""
    path = directory / "cas" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was warned of."""
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def _below(tier: Tier) -> str:
    return f"/cas/{NAME}" if "://" in tier.address else f"/cas/{NAME[:2]}/{NAME}"
