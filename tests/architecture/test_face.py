"""The face hands names on, and is light."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import store
from store import errors

NAMES = {
    "AgedFile",
    "Cache",
    "CachedResource",
    "DEFAULT_TIMEOUT",
    "Digest",
    "DigestedResource",
    "Explanation",
    "Fetcher",
    "KernelFileCache",
    "Listed",
    "NEVER",
    "Outcome",
    "Provenance",
    "Resolved",
    "ResourceInfo",
    "Result",
    "Store",
    "__version__",
    "fetch",
    "fetch_each",
    "fetch_many",
    "hookimpl",
    "load_cache",
    "load_store",
    "newest_in",
    "read_list",
    "resolve",
    "why",
}
"""What the face promises beside the errors."""

ERRORS = {
    name
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.StoreError)
}

HEAVY = ("requests", "diskcache", "e3.net", "e3.log", "sqlalchemy", "obstore")
"""What is loaded only when first used."""


def test_the_face_is_these_names() -> None:
    """A name is added or taken away on purpose, and told in the news."""
    assert set(store.__all__) == NAMES | ERRORS


def test_no_name_is_listed_twice() -> None:
    """A list without doubles merges well; ruff keeps it sorted."""
    assert len(store.__all__) == len(set(store.__all__))


@pytest.mark.parametrize("name", sorted(NAMES | ERRORS))
def test_every_name_is_there(name: str) -> None:
    """What is listed can be had."""
    assert getattr(store, name) is not None


def test_completion_finds_every_name() -> None:
    """A shell or editor sees the lazy names too."""
    assert set(store.__all__) <= set(dir(store))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy face fails as any module does."""
    with pytest.raises(AttributeError, match="no_such_name"):
        store.no_such_name  # noqa: B018 - asking is the act


def test_an_error_is_the_same_from_both_sides() -> None:
    """Whoever catches the face's error catches the room's."""
    assert store.IntegrityError is errors.IntegrityError


def test_importing_the_face_loads_nothing_heavy() -> None:
    """``import store`` costs some milliseconds, since what is dear waits for its first use."""
    script = "import sys, store; print(*sorted(sys.modules), sep='\\n')"

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    loaded = [
        name
        for name in done.stdout.split()
        if any(name == heavy or name.startswith(heavy + ".") for heavy in HEAVY)
    ]
    assert loaded == []
