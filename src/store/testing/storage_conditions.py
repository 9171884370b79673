"""What the suite of object stores says of conditions."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from store.errors import DriftError
from store.testing.deviations import Suite
from store.testing.storage_objects import LARGE, content
from store.transports.objects.base import Absent, Condition, ObjectClient, Unchanged


class ConditionTests(Suite, suite=True):
    """Writing only where nothing, or the same as before, lies there."""

    honours_conditions: ClassVar[bool]

    def test_it_is_found_out_whether_conditions_are_honoured(self, client: ObjectClient) -> None:
        """By a trial that leaves nothing behind."""
        assert client.honours_conditions() is self.honours_conditions
        assert client.honours_conditions() is self.honours_conditions
        assert list(client.list()) == []

    def test_a_condition_that_holds_is_no_hindrance(self, client: ObjectClient) -> None:
        """Nothing was there; then it is the one that was seen."""
        first = client.put("body", b"first", condition=Absent())
        assert first.etag is not None

        client.put("body", b"second", condition=Unchanged(first.etag))

        assert content(client, "body") == b"second"

    def test_what_is_there_is_not_replaced(self, client: ObjectClient) -> None:
        """Where conditions are honoured; small or large."""
        client.put("body", b"there")

        refused = self._refused(client, b"other", Absent())

        assert refused is self.honours_conditions
        if refused:
            assert self._refused(client, LARGE, Absent())
            assert content(client, "body") == b"there"

    def test_what_another_changed_is_not_replaced(self, client: ObjectClient) -> None:
        """Where conditions are honoured."""
        before = client.put("body", b"before").etag
        assert before is not None
        client.put("body", b"changed")

        refused = self._refused(client, b"mine", Unchanged(before))

        assert refused is self.honours_conditions
        if refused:
            assert content(client, "body") == b"changed"

    def test_one_of_many_wins(self, client: ObjectClient) -> None:
        """Where conditions are honoured, one of the writers that ask for nothing to be there."""
        won: list[int] = []

        def race(number: int) -> None:
            """Put where nothing is, and note who did."""
            with contextlib.suppress(DriftError):
                client.put("body", str(number).encode(), condition=Absent())
                won.append(number)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(race, range(8)))

        assert len(won) == 1 or not self.honours_conditions
        assert content(client, "body") in {str(number).encode() for number in won}

    def _refused(self, client: ObjectClient, data: bytes, condition: Condition) -> bool:
        try:
            client.put("body", data, condition=condition)
        except DriftError:
            return True
        return False
