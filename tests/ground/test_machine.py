"""Machine, boot and processes have names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from store import machine
from store.machine import boot_id, is_alive, process_space


def test_the_boot_has_a_name() -> None:
    """The same in every process of this boot."""
    command = "from store.machine import boot_id; print(boot_id())"

    printed = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    ).stdout

    assert boot_id()
    assert printed.strip() == boot_id()


def test_a_machine_without_boot_names_has_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As other systems than Linux."""

    def missing(path: str, **options: str) -> None:
        raise FileNotFoundError(path)

    monkeypatch.setattr(machine, "open", missing, raising=False)

    assert boot_id.__wrapped__() == ""


def test_a_process_space_is_of_a_boot_and_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no namespaces, the machine's name stands for one."""
    here = process_space()

    def unknown(path: str) -> str:
        raise OSError(path)

    with monkeypatch.context() as changed:
        changed.setattr(os, "readlink", unknown)
        machine._space_of.cache_clear()
        assert process_space() == f"{boot_id()} {os.uname().nodename}"
    machine._space_of.cache_clear()

    assert here == process_space()
    assert here.startswith(f"{boot_id()} pid:")


def test_the_living_are_told_from_the_dead() -> None:
    """What cannot be a number of a process is taken for one that lives, to be on the safe side."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    assert [is_alive(one) for one in (os.getpid(), 1, 2**80)] == [True, True, True]
    assert not is_alive(child.pid)
