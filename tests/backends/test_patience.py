"""Questions are asked in turn, and patiently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.backends.http_resources import UnverifiedHTTPResource
from store.backends.http_store import HTTPStore
from store.backends.patience import in_turn
from store.backends.pypi_store import PyPIStore
from store.cache.backends.base import Cache
from store.config.routes import Routes
from store.config.rules import Mirror
from store.errors import (
    RefusedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)
from store.testing.fakes import FakeClock
from store.transports.base import Bounds, TransferOptions
from store.transports.standing import behind

URL = "https://host/a"
MIRRORED = "https://mirror/a"
RULE = Mirror("https://host/**", "https://mirror/**", unpinned=True)


@pytest.fixture
def routed(patient: TransferOptions, tmp_path: Path) -> TransferOptions:
    """Options with a mirror that is believed."""
    routes = Routes(mirrors=(RULE,))
    return patient._replace(routes=routes, standing=str(tmp_path / "mirrors.json"))


class Asked:
    """A question with answers by address; an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, address: str) -> str:
        """Answer."""
        name = address.split("/")[2]
        self.asked.append(name)
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


def test_the_mirror_is_asked_first(routed: TransferOptions) -> None:
    """Its answer is enough."""
    ask = Asked(mirror="from the mirror")

    assert in_turn(ask, URL, routed) == "from the mirror"
    assert ask.asked == ["mirror"]


@pytest.mark.parametrize("error", [TransportError("no"), ResourceNotFoundError("no")])
def test_a_mirror_that_fails_is_asked_once(routed: TransferOptions, error: StoreError) -> None:
    """Then the address itself; what failed on the way is asked last from then on."""
    ask = Asked(mirror=error, host="from the host")

    assert in_turn(ask, URL, routed) == "from the host"
    assert ask.asked == ["mirror", "host"]
    assert behind(MIRRORED, routed) == isinstance(error, TransportError)

    in_turn(ask, URL, routed)
    assert (ask.asked[2:] == ["host"]) == isinstance(error, TransportError)


def test_the_last_is_asked_patiently_and_tells_of_all(routed: TransferOptions) -> None:
    """The error is the last one's, with what the mirror said among its attempts."""
    ask = Asked(mirror=TransportError("the mirror is down"), host=TransportError("the host too"))

    with pytest.raises(TransportError, match="the host too") as raised:
        in_turn(ask, URL, routed)

    assert ask.asked == ["mirror", "host", "host", "host"]
    assert [(one.address, one.reason) for one in raised.value.attempts] == [
        (MIRRORED, "the mirror is down")
    ]


def test_a_mirror_that_is_not_believed_is_not_asked(routed: TransferOptions) -> None:
    """Without a digest nothing would tell whether it is right."""
    routes = Routes(mirrors=(RULE._replace(unpinned=False),))
    ask = Asked(host="from the host")

    in_turn(ask, URL, routed._replace(routes=routes))

    assert ask.asked == ["host"]


def test_all_of_it_has_one_deadline(routed: TransferOptions) -> None:
    """What the mirror took is not given again to the address itself."""
    clock = FakeClock()
    bounds = Bounds(deadline=5.0)
    options = routed._replace(clock=clock, bounds=bounds)

    def slow(address: str) -> str:
        clock.advance(4)
        raise TransportTimeoutError(address)

    with pytest.raises(TransportTimeoutError, match="host"):
        in_turn(slow, URL, options)

    assert clock.monotonic() == 8


def store_of(cache: Cache, options: TransferOptions, *rules: Mirror) -> HTTPStore:
    """Return a store of URLs that needs no digests, with rules."""
    store = HTTPStore({"allow_unverified": True}, cache)
    store.options = options._replace(routes=Routes(mirrors=rules))
    return store


def versions_rule(web: Any, mirror: Any, **flags: bool) -> Mirror:
    """Return a rule for files of the server that lie below ``/m/`` of another."""
    return Mirror(f"{web.address}/**", f"{mirror.address}/m/**", unpinned=True, **flags)


def test_an_unpinned_resource_is_of_the_address_that_told_its_version(
    web: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """Identity is address and version; both come from one server, and so does the content."""
    web.pages["/a"] = (b"of the origin", 200, {"ETag": '"1"'})
    other_web.pages["/m/a"] = (b"of the mirror", 200, {"ETag": '"2"'})
    store = store_of(cache, patient, versions_rule(web, other_web))

    metadata = store.get_resource_metadata({"url": f"{web.address}/a"})
    path = store.download_resource(metadata)

    assert isinstance(metadata, UnverifiedHTTPResource)
    assert (metadata.url, metadata.etag) == (f"{other_web.address}/m/a", '"2"')
    assert Path(str(path)).read_bytes() == b"of the mirror"
    assert web.asked == []


def test_an_unpinned_resource_of_the_origin_is_not_mixed_with_its_mirror(
    web: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """A mirror that did not know it when the version was asked for does not give the content either."""
    web.pages["/a"] = (b"of the origin", 200, {"ETag": '"1"'})
    other_web.pages["/m/a"] = [(b"", 404), (b"of the mirror", 200, {"ETag": '"1"'})]
    store = store_of(cache, patient, versions_rule(web, other_web))

    metadata = store.get_resource_metadata({"url": f"{web.address}/a"})
    path = store.download_resource(metadata)

    assert Path(str(path)).read_bytes() == b"of the origin"
    assert other_web.paths == ["/m/a"]


def test_only_a_mirror_gives_unpinned_content_where_a_rule_says_so(
    web: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """The origin is not asked, and a mirror that is not believed is none."""
    other_web.pages["/m/a"] = (b"of the mirror",)
    rule = versions_rule(web, other_web, only=True)

    store = store_of(cache, patient, rule)
    assert store.download_resource(store.get_resource_metadata({"url": f"{web.address}/a"}))
    with pytest.raises(RefusedError, match="pin a digest"):
        store_of(cache, patient, rule._replace(unpinned=False)).get_resource_metadata(
            {"url": f"{web.address}/a"}
        )

    assert web.asked == []


def test_a_login_page_is_no_version_of_a_file(
    web: Any, other_web: Any, cache: Cache, patient: TransferOptions
) -> None:
    """A captive portal in the mirror's place leads to the address itself."""
    web.pages["/a.gz"] = (b"of the origin",)
    other_web.pages["/m/a.gz"] = (b"<html>", 200, {"Content-Type": "text/html"})
    store = store_of(cache, patient, versions_rule(web, other_web))

    metadata = store.get_resource_metadata({"url": f"{web.address}/a.gz"})

    assert isinstance(metadata, UnverifiedHTTPResource)
    assert metadata.url == f"{web.address}/a.gz"


PAGE = '<!DOCTYPE html><a href="../../files/{0}#sha256={1}">{0}</a>'
WHEEL = "demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize("unpinned", [True, False])
def test_an_index_and_its_files_have_mirrors(
    *, web: Any, other_web: Any, cache: Cache, patient: TransferOptions, unpinned: bool
) -> None:
    """Files are pinned by the index, so any mirror will do; the index itself must be believed."""
    from hashlib import sha256

    page = PAGE.format(WHEEL, sha256(b"wheel").hexdigest()).encode()
    for server, below in ((web, ""), (other_web, "/m")):
        server.pages[f"{below}/simple/demo/"] = (page, 200, {"Content-Type": "text/html"})
        server.pages[f"{below}/files/{WHEEL}"] = (b"wheel",)
    rule = versions_rule(web, other_web)._replace(unpinned=unpinned)
    store = PyPIStore({"index_url": f"{web.address}/simple/"}, cache)
    store.options = patient._replace(routes=Routes(mirrors=(rule,)))

    path = store.download_resource(store.get_resource_metadata({"name": "demo"}))

    assert Path(str(path)).read_bytes() == b"wheel"
    assert other_web.paths[-1] == f"/m/files/{WHEEL}"
    assert web.paths == ([] if unpinned else ["/simple/demo/"])
