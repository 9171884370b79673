"""``store registry``: every verb, for people and for programs."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.registry.manager import Cache

Run = Callable[..., Any]


@pytest.fixture
def stocked(cli: Run, house: Path) -> Path:
    """Put two files into the registry, and return the path of the first one there."""
    (house / "data.tsv").write_bytes(b"a\tb\n")
    (house / "big.txt.gz").write_bytes(gzip.compress(b"line\n" * 1000))
    first = cli("registry", "add", "https://e.org/data.tsv", "data.tsv", "--attr", "rows=1200",
                "--attr", "source.name=survey", "--label", "raw")  # fmt: skip
    second = cli("registry", "add", "demo", "big.txt.gz", "--param", "year=2026", "--pin")
    assert (first.status, second.status) == (0, 0)
    return Path(first.out.strip())


def test_what_is_added_is_found(cli: Run, stocked: Path) -> None:
    """The path is printed, by `add` and by `get`."""
    assert stocked.read_bytes() == b"a\tb\n"
    assert cli("registry", "get", "https://e.org/data.tsv").out.strip() == str(stocked)
    assert cli("registry", "get", "1").out.strip() == str(stocked)
    assert cli("registry", "get", "demo", "--param", "year=2026").status == 0
    missing = cli("registry", "get", "nothing")
    assert missing.status == 3
    assert "no 'nothing'" in missing.err


def test_a_copy_is_put_at_a_path(cli: Run, stocked: Path, house: Path) -> None:
    """Editable, and the caller's own."""
    done = cli("registry", "get", "1", "-o", "copy.tsv", "--json")

    assert done.json["path"] == str(house / "copy.tsv")
    assert (house / "copy.tsv").read_bytes() == stocked.read_bytes()


@pytest.mark.usefixtures("stocked")
def test_numbers_that_json_lacks_are_texts(cli: Run) -> None:
    """A strict reader can read what is printed."""
    done = cli("registry", "set", "1", "--attr", "n=NaN", "--attr", "m=-Infinity", "--json")

    assert (done.json["attrs"]["n"], done.json["attrs"]["m"]) == ("nan", "-inf")


def test_search_speaks_the_language(cli: Run, stocked: Path) -> None:
    """A line an item, or JSON."""
    done = cli("registry", "search", "rows >= 1000 and source.name = 'survey'")
    assert done.out.split("\t")[:3] == ["1", "1", "READY"]
    assert done.out.strip().endswith("https://e.org/data.tsv")
    (item,) = cli("registry", "search", "params.year = 2026", "--json").json
    assert (item["uri"], item["params"], item["pinned"]) == ("demo", {"year": 2026}, True)
    wrong = cli("registry", "search", "rows >=")
    assert wrong.status == 2
    assert "cannot be read at its end" in wrong.err


def test_list_is_a_table_on_a_terminal(cli: Run, stocked: Path, terminal: Run) -> None:
    """With a header and a summary; for programs there are tabs."""
    plain = cli("registry", "list", "--order=-id").out.splitlines()
    assert [row.split("\t")[0] for row in plain] == ["2", "1"]
    assert [one["id"] for one in cli("registry", "list", "--limit", "1", "--json").json] == [1]
    terminal()

    done = cli("registry", "list")

    assert "version" in done.out.splitlines()[0]
    assert "2 items in" in done.err


def test_show_tells_all(cli: Run, stocked: Path) -> None:
    """Fields and attributes."""
    shown = cli("registry", "show", "https://e.org/data.tsv")
    data = cli("registry", "show", "1", "--json").json

    assert "rows:" in shown.out
    assert "1200" in shown.out
    assert data["attrs"] == {"rows": 1200, "source": {"name": "survey"}}
    digest = hashlib.sha256(stocked.read_bytes()).hexdigest()
    assert data["digest"] == f"sha256:{digest}"
    assert cli("registry", "show", data["key"], "--json").json["id"] == 1
    assert cli("registry", "show", f"{data['key']}-1", "--json").json["id"] == 1


def test_open_unpacks(cli: Run, stocked: Path, house: Path) -> None:
    """To stdout, and nothing else; of an archive the names, or a member."""
    import zipfile

    with zipfile.ZipFile(house / "x.zip", "w") as archive:
        archive.writestr("a.txt", "inside\n")
    cli("registry", "add", "zip", "x.zip")

    assert cli("registry", "open", "2").out == "line\n" * 1000
    assert cli("registry", "open", "zip").out == "a.txt\n"
    assert cli("registry", "open", "zip", "--member", "a.txt").out == "inside\n"
    assert cli("registry", "open", "zip", "--json").json == {
        "type": "zip",
        "size": (house / "x.zip").stat().st_size,
        "members": {"a.txt": 7},
    }
    assert cli("registry", "open", "zip", "--member", "b.txt").status == 3


def test_set_changes(cli: Run, stocked: Path) -> None:
    """Attributes, label, pin, status; nothing said is a slip."""
    done = cli("registry", "set", "1", "--attr", "rows=5", "--attr", "when=@2026-01-31T00:00:00+00:00",
               "--label", "final", "--pin", "--json")  # fmt: skip

    assert (done.json["attrs"]["rows"], done.json["label"], done.json["pinned"]) == (
        5,
        "final",
        True,
    )
    assert done.json["attrs"]["when"] == "2026-01-31T00:00:00+00:00"
    assert cli("registry", "set", "1").status == 2
    assert cli("registry", "set", "1", "--status", "write").status == 5
    assert cli("registry", "set", "1", "--status", "redy").status == 2
    assert cli("registry", "set", "1", "--attr", "nothing").status == 2
    assert "was changed" in cli("registry", "set", "1", "--no-pin").err


def test_remove_and_restore(cli: Run, stocked: Path) -> None:
    """Into the trash and back; nobody is there to be asked."""
    assert cli("registry", "remove", "1").status == 2
    assert cli("registry", "remove", "1", "--dry-run").out.startswith("1\t")
    assert cli("registry", "remove").status == 2
    done = cli("registry", "remove", "--where", "label = 'raw'", "--yes", "--json")
    assert [one["id"] for one in done.json["items"]] == [1]
    assert cli("registry", "search", "label = 'raw'").out == ""
    assert cli("registry", "restore", "--where", "label = 'raw'").status == 0
    assert cli("registry", "search", "label = 'raw'").out != ""
    assert stocked.exists()
    assert cli("registry", "remove", "1", "--disk", "--no-record", "--yes").status == 0
    assert not stocked.exists()


def test_a_person_is_asked(
    cli: Run, stocked: Path, terminal: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a no is a no."""
    terminal()
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)

    for command in (["remove", "1"], ["prune", "--max-count", "0"]):
        done = cli("registry", *command)
        assert (done.status, "nothing was removed" in done.err) == (1, True)

    assert stocked.exists()


def test_prune_and_clean(cli: Run, stocked: Path) -> None:
    """What is pinned stays; strays go."""
    stray = stocked.with_name(f"{stocked.name.partition('-')[0]}-9.tsv")
    stray.write_bytes(b"x")
    assert cli("registry", "prune").status == 2
    assert cli("registry", "prune", "--max-count", "0").status == 2
    plan = cli("registry", "prune", "--max-size", "0", "--dry-run", "--json").json
    assert (len(plan["removed"]), plan["freed"]) == (1, 4)
    assert cli("registry", "prune", "--max-size", "0", "--yes").out.startswith("1\t")
    assert not stocked.exists()
    assert cli("registry", "clean").status == 2
    assert cli("registry", "clean", "--dry-run", "--json").json["files"] == 1
    assert cli("registry", "clean", "--old-versions", "--yes").status == 0
    assert not stray.exists()


def test_import_export_rebuild_stats(cli: Run, stocked: Path, house: Path) -> None:
    """Whole registries move."""
    assert cli("registry", "export", "there", "--where", "label = 'raw'", "--json").json == {
        "exported": 1,
        "known": 0,
        "failed": 0,
    }
    again = cli("registry", "import", "there", "--registry", str(house / "third"), "--json")
    assert again.json == {"taken": 1, "known": 0, "failed": 0}
    assert cli("registry", "import", str(house)).status == 10
    assert cli("registry", "rebuild", "--json").json == {"items": 2, "bare": 0, "missing": 0}
    told = cli("registry", "stats", "--json").json
    assert (told["items"], told["statuses"]) == (2, {"READY": 2})
    assert "ready:" in cli("registry", "stats").out
    with Cache(house / "third") as third:
        assert len(third) == 1


def test_what_is_fetched_can_be_searched(cli: Run, hello: Path, house: Path) -> None:
    """With the cache backend `registry`, by driver, size and origin; and fetched again by its locator."""
    (house / "large.bin").write_bytes(bytes(2_000_000))
    fetched = cli("fetch", "--cache", "registry", "large.bin", "hello.txt", "--json")
    assert fetched.status == 0

    (found,) = cli("registry", "search", 'driver = "file" and size > 1e6', "--json").json

    assert found["size"] == 2_000_000
    assert found["attrs"]["origin"].endswith("/large.bin")
    assert json.loads(found["attrs"]["query"])
    (again,) = cli("registry", "search", "query like '%large.bin%'", "--json").json
    assert again["id"] == found["id"]
    assert found["digest"] == f"sha256:{hashlib.sha256(bytes(2_000_000)).hexdigest()}"
    hit = cli("fetch", "--cache", "registry", "large.bin", "--json")
    assert json.loads(hit.out)["cached"] is True


def test_items_are_fetched_by_locator(cli: Run, stocked: Path) -> None:
    """By URI, by search, by key; into the cache like anything else."""
    for locator in (
        "registry:https://e.org/data.tsv",
        "registry:uri=https://e.org/data.tsv",
        "registry:where=rows%20%3E%201000",
        'registry:attrs={"rows":1200}',
    ):
        done = cli("fetch", locator)
        assert done.status == 0, done.err
        assert Path(done.out.strip()).read_bytes() == b"a\tb\n"
    assert cli("fetch", "registry:nothing").status == 3
    assert cli("fetch", "registry:where=pinned%20exists").status == 2
    assert cli("fetch", "registry:uri=a&uri=b").status == 2


def test_moving_and_rebuilding_answer_in_json_or_not_at_all(
    cli: Run, stocked: Path, house: Path
) -> None:
    """With ``--json`` a document, with ``-q`` silence."""
    assert cli("registry", "export", "carried", "--json").json["exported"] == 2
    assert cli("registry", "import", "carried", "--json").json == {
        "taken": 0,
        "known": 2,
        "failed": 0,
    }
    assert cli("registry", "rebuild", "--json").json == {"items": 2, "bare": 0, "missing": 0}
    for verb in (("export", "again"), ("import", "carried"), ("rebuild",), ("clean", "--yes")):
        done = cli("registry", *verb, "-q")
        assert (done.status, done.err) == (0, "")
    assert cli("registry", "clean", "--dry-run", "--json").json["records"] == 0


def test_a_damaged_item_is_not_taken_in(cli: Run, stocked: Path, house: Path) -> None:
    """It is counted, and the status says so."""
    assert cli("registry", "export", "carried").status == 0
    broken = next((house / "carried" / "files").rglob("*.tsv"))
    broken.chmod(0o644)
    broken.write_bytes(b"evil")

    done = cli("registry", "import", "carried", "--registry", "third")

    assert done.status == 10
    assert "1 could not be" in done.err
