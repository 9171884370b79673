"""Files that lie in buckets, kept fresh."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import store as face
from store.errors import ResourceNotFoundError
from store.freshness.aged_file import AgedFile
from store.freshness.kernel_file import KernelFileCache
from store.testing.object_servers import MotoServer
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects
from store.transports.opening import close_all

OLD = b"KPL/LSK old"
NEW = b"KPL/LSK new"


@pytest.fixture
def bucket(moto_server: MotoServer, store_environment: pytest.MonkeyPatch) -> ObjectClient:
    """A bucket that the user's settings know, as ``lab`` too."""
    known, name = moto_server.connection, moto_server.new_bucket()
    for one in [one for one in os.environ if one.startswith("AWS_")]:
        store_environment.delenv(one)
    keys = f'endpoint = "{known.endpoint}"\naccess_key = "{known.access_key}"\n'
    keys += f'secret_key = "{known.secret_key}"\n'
    text = f'[connection.s3]\n{keys}[connection.lab]\nbucket = "{name}"\n{keys}'
    Path(os.environ["STORE_CONFIG_FILE"]).write_text(text)
    close_all()
    return open_objects(f"s3://{name}", connection=known)


@pytest.mark.parametrize("way", ["s3", "bucket"])
def test_a_kernel_comes_from_a_bucket(bucket: ObjectClient, way: str) -> None:
    """By its address, or by a named connection; what has not changed is not moved."""
    bucket.put("lsk/naif0012.tls", OLD)
    root = bucket.address if way == "s3" else "bucket://lab"
    kernel = KernelFileCache(f"{root}/lsk/naif0012.tls")

    assert kernel.kernel_path.read_bytes() == OLD
    assert kernel.kernel_path.name == "naif0012.tls"
    assert kernel.is_cached()


def test_an_object_is_asked_whether_it_changed(bucket: ObjectClient) -> None:
    """By its tag."""
    bucket.put("k.tls", OLD)
    file = AgedFile(f"{bucket.address}/k.tls", max_age=0)

    origins = [file.obtain().origin, file.obtain().origin]
    bucket.put("k.tls", NEW)
    origins.append(file.obtain().origin)

    assert origins == ["fetched", "revalidated", "fetched"]
    assert file.path.read_bytes() == NEW


def test_an_object_may_grow_old_on_the_way_of_any_locator(bucket: ObjectClient) -> None:
    """``max_age`` takes addresses of all schemes."""
    bucket.put("k.tls", OLD)

    assert face.fetch(f"{bucket.address}/k.tls", max_age="1d").read_bytes() == OLD
    assert face.fetch("bucket:lab/k.tls", max_age="1d").read_bytes() == OLD


def test_an_object_that_is_not_there_is_told(bucket: ObjectClient) -> None:
    """It is no network that failed."""
    with pytest.raises(ResourceNotFoundError):
        KernelFileCache(f"{bucket.address}/nothing.tls").kernel_path  # noqa: B018 - asking is the act
