"""What a stranger's plugin answers is looked at before it is used."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from store import transports
from store.errors import LocatorError, PluginError
from store.fetching.fetcher import Fetcher
from store.fetching.locator import parse_locator
from store.hooks import hookimpl
from store.plugins.manager import plugins


@attrs.frozen
class Odd:
    """A resource as a stranger makes it."""

    uid: Any = "odd"
    verify: Any = bool


def brings(locator: Any) -> None:
    """Register a plugin whose driver ``sealed`` has a locator."""

    class Plugin:
        """A plugin that brings one locator."""

        @hookimpl
        def store_locators(self) -> dict[str, Any]:
            """Bring it."""
            return {"sealed": locator}

    plugins().register(Plugin(), "test-locator")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (None, "NoneType"),
        ({"uid": "x"}, "dict"),
        (Odd(uid=3), "Odd"),
        (Odd(uid=lambda: None), "Odd"),
        (Odd(verify=None), "Odd"),
    ],
)
def test_an_answer_that_is_no_resource_is_told(sealed: Any, answer: object, named: str) -> None:
    """Its driver is named: it is not for the user to find out who said nothing."""
    sealed.get_resource_metadata = lambda self, query: answer

    with Fetcher() as fetcher, pytest.raises(PluginError, match=rf"'sealed' answered {named}"):
        fetcher.fetch("sealed:")


def test_an_answer_needs_no_class_of_ours(sealed: Any) -> None:
    """A uid, as text or as a method, and verify are enough."""
    for uid in ("odd", lambda: "odd"):
        sealed.get_resource_metadata = lambda self, query, uid=uid: Odd(uid=uid)

        with Fetcher() as fetcher:
            assert fetcher.resolve("sealed:").uid == "odd"


def test_a_uid_that_fails_is_told(sealed: Any) -> None:
    """Whatever it raises."""

    class Failing:
        @property
        def uid(self) -> str:
            """Fail."""
            raise ZeroDivisionError("no uid")

    sealed.get_resource_metadata = lambda self, query: Failing()

    with Fetcher() as fetcher, pytest.raises(PluginError, match=r"'sealed' failed: ZeroDivision"):
        fetcher.fetch("sealed:")


@pytest.mark.usefixtures("sealed")
def test_a_locator_that_fails_is_told_by_its_driver() -> None:
    """An error of ours comes through; any other, and an answer that is no query, is the plugin's."""

    def reading(text: str) -> Any:
        if not text:
            raise LocatorError(f"{text!r} is too short")
        return 1 // int(text)

    brings(reading)

    with pytest.raises(LocatorError, match="'' is too short"):
        parse_locator("sealed:")
    with pytest.raises(PluginError, match=r"'sealed' failed: ZeroDivisionError"):
        parse_locator("sealed:0")
    with pytest.raises(PluginError, match=r"'sealed' answered int, not a query"):
        parse_locator("sealed:3")


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("as_query", [False, True])
def test_an_unpinned_address_finds_a_strangers_transport(as_query: bool) -> None:  # noqa: FBT001 - a case
    """Who must be asked what lies there is looked for too, whatever the scheme's case."""
    transports.opening._opened.strangers.clear()
    wanted: Any = "FAKE://host/a.bin"
    if as_query:
        wanted = {"driver": "http", "url": "fake://host/a.bin"}

    with Fetcher() as fetcher:
        assert fetcher.resolve(wanted, allow_unverified=True).size == 5
        assert fetcher.fetch(wanted, allow_unverified=True).path.read_bytes() == b"faked"
