"""Every example on the seed's page works as it stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MINIMAL = """
import store.registry as cm
from store.registry import Status

cache = cm.Cache(path="./my_cache")
item = cache.create(
    uri="https://example.org/data.tsv",
    params={"dataset": "demo", "version": 1},
    attrs={"species": "human", "rows": 1200},
    status=Status.WRITE.value,
    filename="data.tsv",
)

with open(item.path, "w", encoding="utf-8") as f:
    f.write("col_a\\tcol_b\\n1\\t2\\n")

item.ready()
best = cache.best(
    uri="https://example.org/data.tsv",
    params={"dataset": "demo", "version": 1},
)
print(best, best.path)
"""

BEST_OR_NEW = """
import os
import store.registry as cm
from store.registry import Status

cache = cm.Cache(path="./my_cache")
uri = "https://example.org/report.csv"
params = {"year": 2026, "cohort": "A"}

item = cache.best_or_new(
    uri=uri,
    params=params,
    attrs={"kind": "report", "format": "csv"},
    filename="report.csv",
    new_status=Status.WRITE.value,
)

if item.status != Status.READY.value or not os.path.exists(item.path):
    with open(item.path, "w", encoding="utf-8") as f:
        f.write("id,value\\n1,42\\n")
    item.ready()

print("Using:", item.path)
"""

QUERY = """
import store.registry as cm
from store.registry import Status

cache = cm.Cache(path="./my_cache")

cache.create(
    uri="demo://sample-1",
    attrs={"project": "alpha", "batch": 1, "score": 0.95},
    status=Status.READY.value,
)
cache.create(
    uri="demo://sample-2",
    attrs={"project": "alpha", "batch": 2, "score": 0.71},
    status=Status.READY.value,
)

ids = cache.by_attrs({"project": "alpha", "batch": 2})
print("matching ids:", ids)

items = cache.search(uri="demo://sample-2", status=Status.READY.value)
for it in items:
    print(it.version_id, it.attrs)
"""

OPEN = """
import store.registry as cm
from store.registry import Status

cache = cm.Cache(path="./my_cache")
item = cache.create(
    uri="demo://text-file",
    filename="hello.txt",
    status=Status.WRITE.value,
)

with open(item.path, "w", encoding="utf-8") as f:
    f.write("hello\\nworld\\n")

item.ready()

opened = item.open(default_mode="r", encoding="utf-8", large=True)
print(next(iter(opened.result)).strip())
"""


def run(source: str, directory: Path) -> str:
    """Run an example in a process of its own, warnings being errors, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_minimal_example(tmp_path: Path) -> None:
    """Create, write, mark READY, find."""
    told = run(MINIMAL, tmp_path)

    shown, _, path = told.strip().rpartition(" ")
    assert shown == "CacheItem[https://example.org/data.tsv V:1 READY]"
    assert Path(path).read_text(encoding="utf-8") == "col_a\tcol_b\n1\t2\n"
    assert path.endswith(".tsv")


def test_create_or_reuse_an_item(tmp_path: Path) -> None:
    """The second run uses what the first one made."""
    first, second = run(BEST_OR_NEW, tmp_path), run(BEST_OR_NEW, tmp_path)

    assert first == second
    path = Path(first.removeprefix("Using: ").strip())
    assert path.read_text(encoding="utf-8") == "id,value\n1,42\n"


def test_query_by_attributes_and_metadata(tmp_path: Path) -> None:
    """Ids by attributes; items by URI and status, with their attributes."""
    ids, found = run(QUERY, tmp_path).strip().splitlines()

    assert ids == "matching ids: {2}"
    version_id, _, attrs = found.partition(" ")
    assert version_id.endswith("-1")
    assert sorted(attrs.strip("{}").split(", ")) == [
        "'batch': 2",
        "'project': 'alpha'",
        "'score': 0.71",
    ]


def test_open_a_cached_file(tmp_path: Path) -> None:
    """The first line of a text."""
    assert run(OPEN, tmp_path) == "hello\n"


@pytest.mark.parametrize("name", ["Cache", "CacheItem", "Status", "session", "log"])
def test_the_names_of_the_page_are_there(name: str) -> None:
    """Each is loaded when it is first used."""
    import store.registry as cm

    assert getattr(cm, name) is not None
    assert name in dir(cm)


def test_an_import_makes_and_says_nothing(tmp_path: Path) -> None:
    """No output, no file, no handler of a logger; and nothing heavy before a name is used."""
    script = (
        "import logging, sys, store.registry\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "store.registry.Cache\n"
        "assert not logging.getLogger().handlers and not logging.getLogger('store').handlers\n"
    )

    assert run(script, tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_neither_path_nor_pkg_is_the_users_directory(
    store_environment: pytest.MonkeyPatch, store_cache_dir: Path
) -> None:
    """Beside the cache, where the command line looks too; a package has its own."""
    import store.registry as cm

    store_environment.setenv("XDG_CACHE_HOME", str(store_cache_dir / "xdg"))

    assert Path(cm.Cache().dir) == store_cache_dir / "registry"
    assert Path(cm.Cache(pkg="demo").dir) == store_cache_dir / "xdg" / "demo"
