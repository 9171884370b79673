"""``store fetch`` with archives, and what ``store cache`` says of trees."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.archives import compressed, packed

Run = Callable[..., Any]

FILES = {"top/a.txt": b"content", "top/b.txt": b"other"}


@pytest.fixture
def archive(house: Path) -> str:
    """Lay down a local archive ``x.tar.gz``, and return its digest."""
    data = packed(FILES)
    (house / "x.tar.gz").write_bytes(data)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def files(root: Path) -> dict[str, bytes]:
    """What lies below a directory."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_unpack_prints_the_directory(cli: Run, archive: str) -> None:
    """One line a locator; members are files or directories."""
    wanted = ("x.tar.gz", "x.tar.gz!top/a.txt", "./x.tar.gz!top")
    done = cli("-q", "fetch", "--unpack", "--ordered", *wanted)

    whole, member, part = map(Path, done.out.splitlines())
    assert (done.status, done.err) == (0, "")
    assert files(whole) == FILES
    assert member == whole / "top/a.txt"
    assert part == whole / "top"


def test_a_member_needs_no_option(cli: Run, process: Run, archive: str, tmp_path: Path) -> None:
    """Not even on the quick way that loads no click."""
    done = process("fetch", "x.tar.gz!top/a.txt")

    assert Path(done.out.strip()).read_bytes() == b"content"
    done = cli("fetch", "--dest", tmp_path / "out", "x.tar.gz!top/a.txt")
    assert done.out == f"{tmp_path}/out/a.txt\n"


def test_a_plain_fetch_loads_nothing_of_it(process: Run, archive: str) -> None:
    """Neither warm nor cold, of an archive or not: what unpacks is loaded by who unpacks."""
    script = (
        "import sys\n"
        "from store.cli.bringing import fetched_plainly\n"
        "assert fetched_plainly(['x.tar.gz']) == 0\n"
        "print(*(name for name in sys.modules"
        " if 'unpack' in name or 'trees' in name or name in ('tarfile', 'zipfile', 'lzma', 'bz2')))"
    )
    for _ in ("cold", "warm"):
        done = subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
        )
    assert done.stdout.splitlines()[1] == ""


def test_unpack_into_a_directory(cli: Run, archive: str, house: Path) -> None:
    """Below ``--dest`` under the archive's name, or just there with ``-o``, slash or not."""
    below = cli("fetch", "--unpack", "--dest", "out", "x.tar.gz")
    there = cli("fetch", "--unpack", "-o", "here/", "x.tar.gz")
    linked = cli("fetch", "--unpack", "--link", "-o", "linked", "x.tar.gz")

    assert below.out == f"{house}/out/x\n"
    assert there.out == f"{house}/here\n"
    assert files(house / "here") == files(house / "out/x") == files(house / "linked") == FILES
    assert linked.status == 0
    (house / "here/mine").write_bytes(b"")
    refused = cli("fetch", "--unpack", "-o", "here", "x.tar.gz")
    assert refused.status == 10
    assert "in the way" in refused.err


def test_decompress_prints_the_file(cli: Run, house: Path) -> None:
    """Without its suffix."""
    (house / "a.csv.gz").write_bytes(compressed(b"a,b\n", "gz"))

    done = cli("fetch", "--decompress", "--dest", "out", "a.csv.gz")

    assert done.out == f"{house}/out/a.csv\n"
    assert (house / "out/a.csv").read_bytes() == b"a,b\n"


def test_json_tells_of_the_tree(cli: Run, archive: str) -> None:
    """The digests are the archive's, the size is that of all files."""
    done = cli("fetch", "--json", "--unpack", "x.tar.gz")

    told = json.loads(done.out)
    assert (told["size"], told["digests"], told["cached"]) == (12, [archive], False)
    assert json.loads(cli("fetch", "--json", "x.tar.gz!top").out)["cached"] is True


def test_a_hostile_archive_ends_with_five(cli: Run, house: Path) -> None:
    """And says which member it was; a damaged one ends with four, a missing member with three."""
    (house / "evil.tar").write_bytes(packed({"../evil": b"x"}, "tar"))
    (house / "cut.tar").write_bytes(packed(FILES, "tar")[:700])

    evil = cli("fetch", "--json", "--unpack", "evil.tar")
    cut = cli("fetch", "--unpack", "cut.tar")

    assert (evil.status, cut.status) == (5, 4)
    assert "evil.tar is not unpacked: '../evil': its name is no plain relative path" in evil.err
    error = json.loads(evil.out)["error"]
    assert (error["archive"], error["member"]) == ("evil.tar", "../evil")
    assert "cut.tar cannot be unpacked" in cut.err
    (house / "x.zip").write_bytes(packed(FILES, "zip"))
    missing = cli("fetch", "x.zip!a.txt")
    assert missing.status == 3
    assert "did you mean top/a.txt" in missing.err


def test_links_are_made_with_symlinks(cli: Run, house: Path) -> None:
    """The refusal says how."""
    import io
    import tarfile

    with tarfile.open(house / "l.tar", "w") as made:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "a"
        made.addfile(link)
        made.addfile(tarfile.TarInfo("a"), io.BytesIO())

    refused = cli("fetch", "--unpack", "l.tar")
    done = cli("fetch", "--unpack", "--symlinks", "l.tar")

    assert refused.status == 5
    assert "--symlinks" in refused.err
    assert (Path(done.out.strip()) / "link").readlink() == Path("a")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--unpack", "--decompress", "x.tar.gz"), "leave out unpack"),
        (("--symlinks", "x.tar.gz"), "symlinks is for archives"),
        (("--decompress", "x.tar.gz!top"), "leave out"),
        (("-o", "here/", "x.tar.gz"), "names a file"),
        (("--unpack", "--link", "x.tar.gz"), "--link needs"),
    ],
)
def test_contradictions_are_usage_errors(
    cli: Run, archive: str, options: tuple[str, ...], said: str
) -> None:
    """Status 2."""
    done = cli("fetch", *options)

    assert done.status == 2
    assert said in done.err


def test_the_cache_tells_of_trees(cli: Run, archive: str, terminal: Run) -> None:
    """In list, info, path and verify; they are found by path, and by locator with a member."""
    root = Path(cli("fetch", "--unpack", "x.tar.gz").out.strip())

    rows = [line.split("\t") for line in cli("cache", "list").out.splitlines()]
    assert [(row[0], row[1], row[3]) for row in rows][1] == (archive, "12", "x.tar.gz!/")
    told = cli("cache", "info", "--json").json
    assert (told["files"], told["trees"]) == (1, 1)
    assert cli("cache", "info", root, "--json").json["kind"] == "tree"
    assert cli("cache", "info", archive, "--json").json["kind"] == "file"
    assert cli("cache", "path", "x.tar.gz!top/a.txt").out == f"{root}/top/a.txt\n"
    assert cli("cache", "path", "x.tar.gz!/").out == f"{root}\n"
    assert cli("cache", "path", "x.tar.gz!none").status == 3
    verified = cli("cache", "verify", "--json")
    assert (verified.json["files"], verified.json["trees"], verified.json["ok"]) == (1, 1, 2)
    assert "1 file and 1 tree" in cli("cache", "verify", "--quick").err
    terminal()
    assert "1 file and 1 tree" in cli("cache", "list").err


def test_a_damaged_tree_is_named_and_made_anew(cli: Run, archive: str) -> None:
    """As a damaged file is."""
    root = Path(cli("fetch", "--unpack", "x.tar.gz").out.strip())
    (root / "added").write_bytes(b"")

    done = cli("cache", "verify")

    assert done.status == 4
    assert done.out.startswith(f"damaged  {archive}  x.tar.gz!/  (it does not hold what it held")
    assert cli("cache", "path", "x.tar.gz!").status == 3
    assert files(Path(cli("fetch", "--unpack", "x.tar.gz").out.strip())) == FILES


def test_trees_are_pruned_and_cleared(process: Run, archive: str, store_cache_dir: Path) -> None:
    """Nothing of them is left."""
    root = Path(process("fetch", "--unpack", "x.tar.gz").out.strip())

    planned = process("cache", "prune", "--max-size", "0", "--dry-run")
    done = process("cache", "clear", "--yes")

    assert "would remove 1 file and 1 tree" in planned.err
    assert "removed 1 file and 1 tree" in done.err
    assert not root.exists()
    assert not (store_cache_dir / "trees/v1").exists()
