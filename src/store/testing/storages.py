"""The suite that a client of an object store inherits."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import ClassVar

import pytest

from store.testing.deviations import Suite, untold
from store.testing.storage_conditions import ConditionTests
from store.testing.storage_keys import KeyTests
from store.testing.storage_objects import ObjectTests
from store.transports.objects.base import ObjectClient

__all__ = ["StorageSuite"]


class StorageSuite(ObjectTests, KeyTests, ConditionTests, Suite, suite=True):
    """What every client of an object store must do.

    A client's test says how it is made, with an empty bucket of its own for each test::

        class TestFakeObjects(StorageSuite):
            def make(self):
                return FakeObjects()

    What a server cannot do is said by `honours_conditions` and `gives_ranges`, all else by ``deviations``.
    """

    honours_conditions: ClassVar[bool] = True
    """Whether the store honours the conditions of a put."""

    gives_ranges: ClassVar[bool] = True
    """Whether the store gives a part of an object; else the whole comes, and it is said so."""

    secrets: ClassVar[tuple[str, ...]] = ()
    """What the client was given and must show nowhere."""

    @abc.abstractmethod
    def make(self) -> ObjectClient:
        """Return a client of an empty bucket."""
        raise untold(self, "make(self)")

    @pytest.fixture
    def client(self) -> Iterator[ObjectClient]:
        """The client."""
        client = self.make()
        yield client
        client.close()
