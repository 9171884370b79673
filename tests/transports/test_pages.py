"""A page that came in place of a file is told from one that is wanted."""

from __future__ import annotations

import pytest

from store.errors import TransportError
from store.transports.base import Stream
from store.transports.pages import refuse_page
from store.transports.retrying import is_transient

FILE = "https://host/tool-1.0.tar.gz"


class Answered(Stream):
    """An answer that is looked at and not read."""

    def __init__(self, kind: str | None, *, size: int | None = None, offset: int = 0) -> None:
        self.address = "https://host/login"
        self.content_type = kind
        self.size = size
        self.offset = offset

    def readinto(self, buffer: memoryview) -> int:
        """Give nothing."""
        return 0

    def close(self) -> None:
        """Do nothing."""


HTML = Answered("text/html; charset=utf-8", size=100)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (FILE, "tool-1.0.tar.gz"),
        ("https://host/download", "tool.whl"),
        ("https://host/a.csv", ""),
        ("https://host/video.mp4?x=.html", "video.mp4"),
    ],
)
@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML;charset=utf-8", "application/xhtml+xml"])
def test_a_page_in_place_of_a_file_is_refused(address: str, name: str, kind: str) -> None:
    """The address or the name says that a file was wanted; to ask again would not help."""
    with pytest.raises(TransportError, match="HTML page came in place of the file") as raised:
        refuse_page(Answered(kind), address=address, name=name)

    assert "login page?" in str(raised.value)
    assert raised.value.status == 200
    assert not is_transient(raised.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host/", ""),
        ("https://host/docs", "docs"),
        ("https://host/tool/1.0", "1.0"),
        ("https://host/index.html", "index.html"),
        ("https://host/INDEX.HTM", "INDEX.HTM"),
        ("https://host/get.php", "get.php"),
        ("https://host/Node.js", "Node.js.html"),
        ("https://host/index.xhtml", "page"),
    ],
)
def test_a_page_that_may_be_wanted_passes(address: str, name: str) -> None:
    """Without a suffix, or with one of pages, it may well be the content."""
    refuse_page(HTML, address=address, name=name)


@pytest.mark.parametrize(
    "answer",
    [
        Answered(None),
        Answered(""),
        Answered("application/gzip"),
        Answered("text/plain"),
        Answered("text/html", offset=10),
    ],
    ids=lambda answer: f"{answer.content_type}-{answer.offset}",
)
def test_whatever_is_no_page_passes(answer: Answered) -> None:
    """Servers that say nothing, or say wrongly that it is text, are believed as before."""
    refuse_page(answer, address=FILE, name="tool-1.0.tar.gz")


def test_a_digest_knows_better_than_a_media_type() -> None:
    """Some servers call everything a page; what was pinned decides."""
    refuse_page(HTML, address=FILE, name="a.gz", digest_decides=True)
    refuse_page(HTML, address=FILE, name="a.gz", digest_decides=True, size=100)


def test_a_page_of_another_size_need_not_be_moved() -> None:
    """What cannot be the content is called what it is."""
    with pytest.raises(TransportError, match="HTML page"):
        refuse_page(HTML, address=FILE, name="a.gz", digest_decides=True, size=101)


def test_a_page_that_may_be_asked_for_again_is_transient() -> None:
    """When the others have failed, the digest decides after all."""
    with pytest.raises(TransportError) as raised:
        refuse_page(HTML, address=FILE, name="a.gz", again=True)

    assert is_transient(raised.value)
