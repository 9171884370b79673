"""Faults of the operating system, one call after another."""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from store.errors import StorageError

EachFault = Callable[..., int]


class _Counter:
    """Lets a given call among many fail, and counts them all."""

    def __init__(self, fatal: int) -> None:
        self.calls = 0
        self.fatal = fatal

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            if number == self.fatal:
                if real is os.close:
                    real(*args)  # a close that fails has closed all the same
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **options)

        return call


@pytest.fixture
def each_fault(monkeypatch: pytest.MonkeyPatch) -> EachFault:
    """Run an act once for every system call in it, that call failing; return how many there were.

    ``prepare`` runs before each act, ``check`` after it, told whether the act failed.
    """

    def run(
        names: Sequence[str],
        act: Callable[[], object],
        check: Callable[..., None],
        prepare: Callable[[], object] = lambda: None,
    ) -> int:
        for fatal in range(1000):
            prepare()
            counter = _Counter(fatal)
            failed = False
            with monkeypatch.context() as patches:
                for name in names:
                    module = importlib.import_module(name.rpartition(".")[0])
                    function = name.rpartition(".")[2]
                    patches.setattr(module, function, counter.wrapped(getattr(module, function)))
                try:
                    act()
                except StorageError:
                    failed = True
            check(failed=failed)
            if counter.calls <= fatal:
                return fatal
        raise AssertionError("the act never came to an end")

    return run
