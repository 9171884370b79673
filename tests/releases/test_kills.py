"""Whatever instant the process is killed at: no release or a whole one, no folder or a right one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from store.errors import ReleaseExistsError, StoreError
from store.releases.comparing import compare_folder
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import record_in
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record
from store.releases.versions import Version
from store.testing.disk_faults import failing_call

from .conftest import content_of, lay

Release = Callable[..., Published]

STEPS: Final = ("open", "write", "rename", "replace", "link", "unlink", "mkdir", "fsync", "chmod")
"""The functions of ``os`` before which a process may be killed."""


ALONE: Final = Manner(threads=1, durable=False)


class KilledError(BaseException):
    """The process is no more."""


@contextlib.contextmanager
def killed_at(number: int, below: Path) -> Iterator[None]:
    """Let nothing change below a directory from a step on, as if the process had been killed.

    Cleaning up is not possible either; threads end with the error.
    """
    counted = 0
    lock = threading.Lock()
    originals = {name: getattr(os, name) for name in STEPS}

    def stepping(name: str) -> Callable[..., Any]:
        original = originals[name]

        def step(target: Any, *arguments: Any, **named: Any) -> Any:
            nonlocal counted
            reading = name == "open" and not (
                arguments and arguments[0] & (os.O_CREAT | os.O_WRONLY)
            )
            if not reading and (isinstance(target, int) or str(target).startswith(str(below))):
                with lock:
                    counted += 1
                    due = counted >= number
                if due:
                    raise KilledError
            return original(target, *arguments, **named)

        return step

    with contextlib.ExitStack() as stack:
        for name in STEPS:
            setattr(os, name, stepping(name))
            stack.callback(setattr, os, name, originals[name])
        with contextlib.suppress(KilledError):
            yield


VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "2.0.0"])
CONTENTS = st.sampled_from(
    [
        {"a.txt": b"a", "d/b.txt": b"b"},
        {"a.txt": b"other", "e/f/c.txt": b"", "d/b.txt": b"b"},
        {"d": b"a file now", "a.txt": b"a"},
    ]
)
STEP = st.integers(1, 60)


class Killing(RuleBasedStateMachine):
    """Publishers and fetchers that are killed, over one archive and one folder."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="store-kills-"))
        self.archive = FileSystemArchive.create(self.root / "archive")
        self.folder = self.root / "folder"
        self.published: dict[str, dict[str, bytes]] = {}
        self.tries = 0

    def teardown(self) -> None:
        """Take everything away."""
        shutil.rmtree(self.root)

    def _publish(self, version: str, content: dict[str, bytes]) -> None:
        self.tries += 1
        project = self.root / f"project{self.tries}"
        lay(project, content)
        publish(self.archive, project, Wanted("survey", Version.parse(version)), threads=2)

    @rule(version=VERSIONS, content=CONTENTS)
    def publish(self, version: str, content: dict[str, bytes]) -> None:
        """Publish; a version that is there is refused."""
        if version in self.published:
            with pytest.raises(ReleaseExistsError):
                self._publish(version, content)
        else:
            self._publish(version, content)
            self.published[version] = content

    @rule(version=VERSIONS, content=CONTENTS, step=STEP)
    def publish_and_die(self, version: str, content: dict[str, bytes], step: int) -> None:
        """Be killed while publishing: afterwards the version is there, or is not."""
        with contextlib.suppress(ReleaseExistsError), killed_at(step, self.root / "archive"):
            self._publish(version, content)
        there = {str(one.version) for one in self.archive.list_releases()}
        if version not in self.published and version in there:
            self.published[version] = content

    @rule(version=VERSIONS, step=STEP | st.none())
    def fetch(self, version: str, step: int | None) -> None:
        """Fetch, perhaps be killed; the next run makes the folder right, and takes nothing for a user's."""
        if version not in self.published:
            return
        records = self.archive.get_release_records("survey", f"=={version}")
        record = Record.from_data(records[f"survey-v{version}"])
        if step is not None:
            with killed_at(step, self.folder):
                self._fetch(record)
            return
        self._fetch(record)
        assert record_in(self.folder) is not None

    def _fetch(self, record: Record) -> None:
        manner = Manner(threads=2, durable=False, replace=False)
        download(self.archive, record, DEFAULT_WORKSPACE, self.folder, manner)

    @rule()
    def lose_what_may_be_lost(self) -> None:
        """Delete the index and what is not finished."""
        self.archive.list_releases(details=True)
        shutil.rmtree(self.root / "archive" / ".store", ignore_errors=True)

    @invariant()
    def every_release_is_whole(self) -> None:
        """What is listed can be fetched, and is what was published."""
        listed = self.archive.list_releases()
        assert {str(one.version) for one in listed} == self.published.keys()
        for version, content in self.published.items():
            records = self.archive.get_release_records("survey", f"=={version}")
            record = Record.from_data(records[f"survey-v{version}"])
            with tempfile.TemporaryDirectory(dir=self.root) as check:
                download(
                    self.archive,
                    record,
                    DEFAULT_WORKSPACE,
                    Path(check),
                    Manner(threads=1, durable=False),
                )
                assert content_of(Path(check)) == content

    @invariant()
    def a_folder_with_a_record_is_right(self) -> None:
        """The record lies in a folder only while all of its files do."""
        record = record_in(self.folder)
        if record is not None:
            difference = compare_folder(record, self.folder, whole=False)
            assert not difference


TestKilling = Killing.TestCase
TestKilling.settings = settings(
    max_examples=6, stateful_step_count=8, deadline=None, phases=[Phase.generate]
)


@pytest.mark.parametrize("call", ["open", "write", "replace", "rename", "link", "fsync", "mkdir"])
def test_every_failing_call_leaves_no_release_or_a_whole_one(
    call: str, tmp_path: Path, project: Path
) -> None:
    """Each call in turn fails as on a broken disk: an error of ours, and the next try succeeds."""
    for number in range(1, 30):
        archive = FileSystemArchive.create(tmp_path / f"archive-{call}-{number}")
        wanted = Wanted("survey", Version.parse("1.0.0"))
        with (
            failing_call(call, errno.EIO, number=number, below=archive.archive_path) as calls,
            contextlib.suppress(StoreError),
        ):
            publish(archive, project, wanted, threads=1)
        if calls.made < number:
            return
        with contextlib.suppress(ReleaseExistsError):
            publish(archive, project, wanted, threads=1)
        record = Record.from_data(archive.get_release_records("survey")["survey-v1.0.0"])
        folder = tmp_path / f"folder-{call}-{number}"
        download(archive, record, DEFAULT_WORKSPACE, folder, ALONE)
        assert content_of(folder) == content_of(project)
    pytest.fail("it never ended")


@pytest.mark.parametrize("call", ["open", "write", "rename", "replace", "mkdir"])
def test_every_failing_call_of_a_download_can_be_taken_up(
    call: str, tmp_path: Path, release: Release
) -> None:
    """An error of ours, no wrong file in place, and the next run brings the rest."""
    done = release("1.0.0")
    archive = FileSystemArchive(tmp_path / "archive")
    right = content_of(tmp_path / "project")
    for number in range(1, 30):
        folder = tmp_path / f"folder-{call}-{number}"
        with (
            failing_call(call, errno.ENOSPC, number=number, below=folder) as calls,
            contextlib.suppress(StoreError),
        ):
            download(archive, done.record, DEFAULT_WORKSPACE, folder, ALONE)
        if calls.made < number:
            return
        assert content_of(folder).items() <= right.items()
        download(archive, done.record, DEFAULT_WORKSPACE, folder, ALONE)
        assert content_of(folder) == right
    pytest.fail("it never ended")
