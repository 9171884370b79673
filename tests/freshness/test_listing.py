"""The newest file of a directory listing, as the usual servers write it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import LocatorError, QueryError, ResourceNotFoundError, StoreError, TooLargeError
from store.freshness.aged_file import AgedFile
from store.freshness.listing import newest_in
from store.freshness.pages import listed_in
from store.testing.misbehaving import Status
from store.testing.servers import Server
from store.transports.base import TransferOptions

Find = Callable[..., str]

APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /kernels/lsk</title></head><body><h1>Index of /kernels/lsk</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/kernels/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>
<tr><td><a href="k_v9.tls"><img src="/i.gif"></a></td><td><a href="k_v9.tls">k_v9.tls</a></td>
<td align="right">2024-03-01 10:20  </td><td align="right">5.2K</td></tr>
<tr><td></td><td><a href="k_v10.tls">k_v10.tls</a></td><td align="right">2024-01-15 09:00  </td></tr>
<tr><td></td><td><a href="k_v2.tls">k_v2.tls</a></td><td align="right">2023-12-31 23:59  </td></tr>
<tr><td></td><td><a href="old/">old/</a></td><td align="right">2025-01-01 00:00  </td></tr>
</table><address>Apache/2.4 Server</address></body></html>"""

NGINX = """<html><head><title>Index of /kernels/lsk/</title></head><body>
<h1>Index of /kernels/lsk/</h1><hr><pre><a href="../">../</a>
<a href="k_v10.tls">k_v10.tls</a>                  15-Jan-2024 09:00                5257
<a href="k_v2.tls">k_v2.tls</a>                   31-Dec-2023 23:59                5257
<a href="k_v9.tls">k_v9.tls</a>                   01-Mar-2024 10:20                5257
<a href="a%20b%2Cc.txt">a b,c.txt</a>                01-Mar-2025 10:20                1
</pre><hr></body></html>"""

IIS = """<html><head><title>host - /kernels/lsk/</title></head><body><H1>host - /kernels/lsk/</H1><hr>
<pre><A HREF="/kernels/">[To Parent Directory]</A><br><br>
  1/15/2024  9:00 AM         5257 <A HREF="/kernels/lsk/k_v10.tls">k_v10.tls</A><br>
 12/31/2023 11:59 PM         5257 <A HREF="/kernels/lsk/k_v2.tls">k_v2.tls</A><br>
   3/1/2024 10:20 AM         5257 <A HREF="/kernels/lsk/k_v9.tls">k_v9.tls</A><br>
   3/1/2025 12:20 AM        &lt;dir&gt; <A HREF="/kernels/lsk/old/">old</A><br></pre><hr></body></html>"""


@pytest.fixture
def newest(options: TransferOptions) -> Find:
    """Finds the newest, with the options of the tests."""
    return partial(newest_in, options=options)


@pytest.mark.parametrize("page", [APACHE, NGINX, IIS], ids=["Apache", "nginx", "IIS"])
@pytest.mark.parametrize(
    ("order", "name"), [("natural", "k_v10.tls"), ("lexical", "k_v9.tls"), ("date", "k_v9.tls")]
)
def test_the_newest_is_found_in_each_order(
    newest: Find, server: Server, page: str, order: str, name: str
) -> None:
    """Numbers as numbers, names as text, or by the date that the page tells."""
    index = server.serve("/kernels/lsk/", page.encode())

    assert newest(index, "k_*.tls", order=order) == f"{server.url}/kernels/lsk/{name}"


def test_what_is_found_can_be_fetched(
    newest: Find, server: Server, options: TransferOptions
) -> None:
    """The answer is an address for AgedFile and store.fetch."""
    index = server.serve("/kernels/lsk/", NGINX.encode())
    server.serve("/kernels/lsk/a%20b%2Cc.txt", b"found")

    file = AgedFile(newest(index, re.compile(r"a b,c\.\w+")), options=options)

    assert file.name == "a b,c.txt"
    assert file.path.read_bytes() == b"found"


PAGE_LINKS = [
    ('<a href="k1.tls">', "k1.tls"),
    ("<a href='./k1.tls'>", "k1.tls"),
    ("<a class=x href=k1.tls>", "k1.tls"),
    ('<A HREF="/d/k1.tls">', "k1.tls"),
    ('<a href="http://host/d/k1.tls">', "k1.tls"),
    ('<a href="//host/d/k1.tls">', "k1.tls"),
    ('<a href=" k1.tls#part ">', "k1.tls"),
    ('<a href="k%31.tls">', "k1.tls"),
    ('<a href="k&amp;1.tls">', "k&1.tls"),
    ('<base href="/d/"><a href="k1.tls">', "k1.tls"),
    ('<a href="/other/k1.tls">', None),
    ('<a href="../k1.tls">', None),
    ('<a href="sub/k1.tls">', None),
    ('<a href="sub/">', None),
    ('<a href="https://host/d/k1.tls">', None),
    ('<a href="http://evil/d/k1.tls">', None),
    ('<a href="k1.tls?C=N">', None),
    ('<a href="..%2Fk1.tls">', None),
    ('<a href="a%5Ck1.tls">', None),
    ('<a href="k%00.tls">', None),
    ('<a href="k%0a.tls">', None),
    ('<a href="%2e%2e">', None),
    ('<a href=".">', None),
    ('<a href="">', None),
    ("<a name=x>", None),
    ('<a href="mailto:k1.tls">', None),
    ('<a href="javascript:k1.tls">', None),
    ('<a href="http://[broken/d/k1.tls">', None),
    ('<!-- <a href="k1.tls"> -->', None),
    ('<script>"<a href=k1.tls>"</script>', None),
    ('<base href="http://evil/d/"><a href="k1.tls">', None),
]


@pytest.mark.parametrize(("link", "name"), PAGE_LINKS)
def test_only_files_of_the_very_directory_count(link: str, name: str | None) -> None:
    """Relative and absolute, percent-encoded; no other host, no directory above or below, no sorting link."""
    found = listed_in(f"<html>{link}x</a></html>", "http://host/d/?C=M;O=D")

    assert [one.name for one in found] == ([] if name is None else [name])


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ("2024-03-01 10:20", (2024, 3, 1, 10, 20, 0)),
        ("2024-03-01T10:20:30Z", (2024, 3, 1, 10, 20, 30)),
        ("01-Mar-2024 10:20:30", (2024, 3, 1, 10, 20, 30)),
        ("1-MAR-2024 10:20", (2024, 3, 1, 10, 20, 0)),
        ("3/1/2024 10:20 PM", (2024, 3, 1, 22, 20, 0)),
        ("3/1/2024 12:20 AM", (2024, 3, 1, 0, 20, 0)),
        ("3/1/2024 12:20 PM", (2024, 3, 1, 12, 20, 0)),
        ("3/1/2024 22:20", (2024, 3, 1, 22, 20, 0)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_as_servers_write_them(told: str, changed: object) -> None:
    """Behind the link or before it."""
    behind = listed_in(f'<a href="k">k</a> {told} 5K', "http://host/d/")
    before = listed_in(f'<a href="/">up</a> {told} 5K <a href="k">k</a>', "http://host/d/")

    assert behind[0].changed == changed
    assert before[0].changed == changed


def test_nothing_that_matches_is_a_typed_error(newest: Find, server: Server) -> None:
    """It names the page and the pattern, without secrets."""
    index = server.serve("/d/", APACHE.encode()).replace("//", "//user:secret@")

    with pytest.raises(ResourceNotFoundError, match=r"'\*\.bsp'") as caught:
        newest(index, "*.bsp")

    assert caught.value.query == {"index_url": server.url + "/d/", "pattern": "*.bsp"}
    assert "secret" not in str(caught.value)
    with pytest.raises(ResourceNotFoundError):
        newest(index, re.compile("K_V9.TLS"))


def test_the_pattern_is_held_against_the_whole_name_letters_in_their_case(
    newest: Find, server: Server
) -> None:
    """A glob is no search."""
    index = server.serve("/d/", APACHE.replace("k_v2", "K_v99").encode())

    assert newest(index, "k_v?.tls").endswith("k_v9.tls")
    assert newest(index, "K*").endswith("K_v99.tls")
    with pytest.raises(ResourceNotFoundError):
        newest(index, "_v9")


def test_a_redirected_page_counts_from_where_it_is(
    newest: Find, server: Server, mirror: Server
) -> None:
    """Without its slash a directory is redirected, perhaps to another host."""
    mirror.serve("/kernels/lsk/", NGINX.encode())
    index = server.redirect("/lsk", f"{mirror.url}/kernels/lsk/", 301)

    assert newest(index, "k*.tls") == f"{mirror.url}/kernels/lsk/k_v10.tls"


def test_the_secret_of_the_page_goes_with_the_answer(newest: Find) -> None:
    """What needs a password to be listed needs one to be fetched."""
    with Server(user="user", password="secret") as closed:
        index = closed.serve("/d/", NGINX.encode()).replace("//", "//user:secret@")

        assert newest(index, "k*") == index + "k_v10.tls"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"order": "newest"}, QueryError),
        ({"index_url": "/local/dir/"}, LocatorError),
        ({"index_url": "s3://bucket/dir/"}, LocatorError),
        ({"index_url": 5}, LocatorError),
        ({"pattern": 5}, QueryError),
        ({"pattern": re.compile(b"k*")}, QueryError),
    ],
)
def test_what_cannot_be_asked_is_refused(
    newest: Find, arguments: dict[str, Any], kind: type[StoreError]
) -> None:
    """Before anything is asked."""
    with pytest.raises(kind) as caught:
        newest(**{"index_url": "http://host/d/", "pattern": "*", **arguments})

    assert isinstance(caught.value, ValueError)


def test_a_page_without_dates_cannot_be_ordered_by_them(newest: Find, server: Server) -> None:
    """It is said, rather than guessed."""
    index = server.serve("/d/", b'<a href="k1">k1</a> <a href="k2">k2</a>')

    assert newest(index, "k*").endswith("k2")
    with pytest.raises(QueryError, match="dates"):
        newest(index, "k*", order="date")


def test_a_page_that_fails_is_told_as_any_download(newest: Find, server: Server) -> None:
    """What may pass is tried again; a page of gigabytes is not read."""
    index = server.serve("/d/", NGINX.encode(), fault=[Status(503), None])
    assert newest(index, "k*").endswith("k_v10.tls")
    with pytest.raises(ResourceNotFoundError):
        newest(server.url + "/missing/", "k*")
    server.serve("/d/", b" " * (16 * 1024**2 + 1))
    with pytest.raises(TooLargeError):
        newest(index, "k*")


@given(st.text(), st.sampled_from(["http://host/d/", "http://host/d", "http://host/"]))
def test_whatever_a_page_holds_it_is_read(page: str, address: str) -> None:
    """Names are single components, addresses lie in the directory."""
    for one in listed_in(f"<a href='{page}'>{page}", address):
        assert "/" not in one.name
        assert one.address.startswith("http://host/")


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True))
def test_natural_order_is_that_of_the_numbers(numbers: list[int]) -> None:
    """However many digits they have."""
    from store.freshness.listing import _KEYS

    names = [f"k_v{number}.tls" for number in numbers]
    page = "".join(f'<a href="{name}">{name}</a>' for name in names)
    found = listed_in(page, "http://host/d/")

    assert max(found, key=_KEYS["natural"]).name == f"k_v{max(numbers)}.tls"
