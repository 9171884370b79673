"""What the house itself brings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.plugins import builtin
from store.plugins.builtin import Lazy
from store.plugins.loading import find, names
from store.transports.base import TransferOptions, Transport


def test_a_lazy_name_is_imported_when_it_is_called() -> None:
    """Naming costs nothing; calling gives what the thing itself gives."""
    lazy = Lazy("fractions", "Fraction")

    assert lazy(1, denominator=2) == lazy.load()(1, 2)
    assert "fractions" in repr(lazy)


@pytest.mark.parametrize("name", builtin.store_drivers())
def test_our_drivers_are_stores(name: str) -> None:
    """Each name leads to a driver."""
    assert issubclass(find("driver", name), Store)


@pytest.mark.parametrize("name", builtin.store_caches())
def test_our_backends_are_caches(name: str) -> None:
    """Each name leads to a backend."""
    assert issubclass(find("cache", name), Cache)


@pytest.mark.parametrize("name", builtin.store_locators())
def test_our_locators_are_functions_of_a_driver(name: str) -> None:
    """A locator belongs to a driver of its name."""
    assert callable(find("locator", name))
    assert name in builtin.store_drivers()


@pytest.mark.parametrize("scheme", ["file", "http", "https"])
def test_our_transports_are_those_that_can_be_opened(scheme: str) -> None:
    """The table of transports is taken as it is."""
    transport = find("transport", scheme)(TransferOptions())

    assert isinstance(transport, Transport)
    assert scheme in names("transport")


def test_finding_one_driver_imports_no_other_and_no_plugin() -> None:
    """The warm path loads what it needs: no scan, no pluggy manager, no neighbour."""
    program = (
        "import sys; before = set(sys.modules);"
        "from store.plugins.loading import find; find('driver', 'file');"
        "dear = {'importlib.metadata', 'store.backends.pypi_store', 'store.backends.http_store',"
        " 'store.plugins.specs', 'store.plugins.foreign', 'stevedore', 'requests'};"
        "print(dear & (sys.modules.keys() - before) or 'none')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "none"
