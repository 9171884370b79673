"""What is in the way of a release is found before anything is removed or written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import RefusedError, ResourceNotFoundError, UnsafeNameError
from store.releases.downloading import Downloaded, Manner, download, foresee
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import record_in
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published, Wanted, publish
from store.releases.records import Record
from store.releases.versions import Version

from .conftest import content_of, lay

Release = Callable[..., Published]
Fetch = Callable[..., Downloaded]


@pytest.fixture
def fetch(archive: FileSystemArchive, tmp_path: Path) -> Fetch:
    """Fetch a release to the folder ``here``."""

    def fetching(record: Record, *, force: bool = False) -> Downloaded:
        manner = Manner(threads=1, durable=False, replace=force)
        return download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", manner)

    return fetching


@pytest.fixture
def flat(release: Release, tmp_path: Path) -> Record:
    """A release with a file ``x``."""
    lay(tmp_path / "flat", {"x": b"file\n"})
    return release("1.0.0", directory=tmp_path / "flat").record


@pytest.fixture
def deep(release: Release, tmp_path: Path) -> Record:
    """A release with a file ``x/y``."""
    lay(tmp_path / "deep", {"x/y": b"deep\n"})
    return release("2.0.0", directory=tmp_path / "deep").record


@pytest.mark.parametrize("force", [False, True])
def test_a_directory_with_a_file_of_somebodys_stays(
    fetch: Fetch, flat: Record, deep: Record, tmp_path: Path, *, force: bool
) -> None:
    """Nothing is brought and nothing removed, by force neither: the folder holds what it held, whole."""
    here = tmp_path / "here"
    fetch(deep)
    (here / "x" / "mine").write_bytes(b"mine\n")

    with pytest.raises(RefusedError, match="x/ is in the way") as refused:
        fetch(flat, force=force)

    assert refused.value.exit_status == 5
    assert content_of(here) == {"x/mine": b"mine\n", "x/y": b"deep\n"}
    assert record_in(here) == deep


def test_a_file_of_somebodys_gives_way_to_a_directory_by_force_alone(
    fetch: Fetch, deep: Record, tmp_path: Path
) -> None:
    """Without it, it is named as any other that would be replaced."""
    lay(tmp_path / "here", {"x": b"mine\n"})

    with pytest.raises(RefusedError, match=r"replaced: x; .*--force"):
        fetch(deep)
    before = content_of(tmp_path / "here")
    fetch(deep, force=True)

    assert before == {"x": b"mine\n"}
    assert content_of(tmp_path / "here") == {"x/y": b"deep\n"}


def test_a_file_that_was_edited_is_no_longer_the_releases(
    fetch: Fetch, flat: Record, deep: Record, tmp_path: Path
) -> None:
    """Where a directory is to be: it is replaced by force alone."""
    fetch(flat)
    (tmp_path / "here" / "x").write_bytes(b"edited\n")

    with pytest.raises(RefusedError, match="--force"):
        fetch(deep)

    assert content_of(tmp_path / "here") == {"x": b"edited\n"}
    assert record_in(tmp_path / "here") == flat


def test_an_empty_directory_gives_way(fetch: Fetch, flat: Record, tmp_path: Path) -> None:
    """One that holds another does not: somebody has arranged it."""
    (tmp_path / "here" / "x" / "a").mkdir(parents=True)

    with pytest.raises(RefusedError, match="in the way"):
        fetch(flat, force=True)
    (tmp_path / "here" / "x" / "a").rmdir()
    fetch(flat)

    assert content_of(tmp_path / "here") == {"x": b"file\n"}


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_what_is_no_file_keeps_a_directory(
    fetch: Fetch, flat: Record, deep: Record, tmp_path: Path, kind: str
) -> None:
    """A link or a pipe in it is somebody's, too; a link in a directory's place is not passed."""
    inner = tmp_path / "here" / "x"
    inner.mkdir(parents=True)
    if kind == "fifo":
        os.mkfifo(inner / "one")
    else:
        (inner / "one").symlink_to(tmp_path)

    with pytest.raises(RefusedError, match="in the way"):
        fetch(flat, force=True)
    assert os.path.lexists(inner / "one")
    (inner / "one").unlink()
    inner.rmdir()
    inner.symlink_to(tmp_path)
    with pytest.raises(UnsafeNameError, match="is a link"):
        fetch(deep, force=True)


def test_it_can_be_foreseen(fetch: Fetch, flat: Record, deep: Record, tmp_path: Path) -> None:
    """What a fetch would refuse is told beforehand, and what it would not is not."""
    foresee(deep, tmp_path / "here", replace=False)
    there = (tmp_path / "here").exists()
    fetch(deep)
    (tmp_path / "here" / "x" / "mine").write_bytes(b"mine\n")

    with pytest.raises(RefusedError, match="in the way"):
        foresee(flat, tmp_path / "here", replace=True)

    assert not there


TREES = st.sets(st.sampled_from(["x", "x/y", "x/y/z", "x/w", "v", "v/u"]), max_size=4).filter(
    lambda paths: not any(other.startswith(f"{one}/") for one in paths for other in paths)
)
EMPTY = st.sets(st.sampled_from(["x", "x/y", "v", "q", "q/r"]), max_size=2)


@settings(max_examples=40, deadline=None)
@given(first=TREES, second=TREES, mine=TREES, empty=EMPTY, force=st.booleans())
def test_a_fetch_is_whole_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    first: set[str],
    second: set[str],
    mine: set[str],
    empty: set[str],
    *,
    force: bool,
) -> None:
    """Whatever of somebody's lies there: what is refused leaves all as it was, what is not keeps it."""
    top = tmp_path_factory.mktemp("law")
    archive, here = FileSystemArchive.create(top / "archive"), top / "here"
    records = []
    for name, paths in (("1.0.0", first), ("2.0.0", second)):
        lay(top / name, {path: f"{name} {path}".encode() for path in paths})
        (top / name).mkdir(exist_ok=True)
        records.append(publish(archive, top / name, Wanted("c", Version.parse(name))).record)
    manner = Manner(threads=1, durable=False, replace=force)
    download(archive, records[0], DEFAULT_WORKSPACE, here, manner)
    for path in sorted(mine):
        with contextlib.suppress(OSError):
            lay(here, {path: b"mine"})
    for path in sorted(empty):
        with contextlib.suppress(OSError):
            (here / path).mkdir(parents=True)
    before, tree = content_of(here), sorted(here.rglob("*"))

    try:
        download(archive, records[1], DEFAULT_WORKSPACE, here, manner)
    except RefusedError:
        assert content_of(here) == before
        assert sorted(here.rglob("*")) == tree
        assert record_in(here) == records[0]
    else:
        after, brought = content_of(here), content_of(top / "2.0.0")
        assert after.items() >= brought.items()
        own = {path for path, content in before.items() if content == b"mine"}
        replaced = own - after.keys()
        assert not replaced or force
        assert all(any(path.startswith(f"{one}/") for path in brought) for one in replaced)
        assert record_in(here) == records[1]


def test_a_run_that_was_cut_off_owns_only_what_it_has_brought(
    fetch: Fetch, release: Release, archive: FileSystemArchive, tmp_path: Path
) -> None:
    """A file of somebody's under a name that was on its way stays, and is told of beforehand."""
    lay(tmp_path / "two", {"a": b"a\n", "zz": b"zz\n"})
    record = release("1.0.0", directory=tmp_path / "two").record
    lost = next(path for path in archive.archive_path.rglob("*") if _reads(path, b"zz\n"))
    lost.unlink()
    with pytest.raises(ResourceNotFoundError):
        fetch(record)
    here = tmp_path / "here"
    lay(here, {"zz": b"MINE\n"})
    lay(tmp_path, {lost.relative_to(tmp_path).as_posix(): b"zz\n"})

    with pytest.raises(RefusedError, match="zz"):
        foresee(record, here, replace=False)
    with pytest.raises(RefusedError, match="zz"):
        fetch(record)
    kept = content_of(here)
    forced = fetch(record, force=True)

    assert kept == {"a": b"a\n", "zz": b"MINE\n"}
    assert (forced.kept, forced.brought) == (("a",), ("zz",))


def _reads(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
