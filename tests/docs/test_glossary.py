"""The words of the house stand in the glossary, and the docs keep to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")

WORDS = [
    "archive",
    "attribute",
    "backend",
    "blob",
    "bucket",
    "content",
    "deviation",
    "digest",
    "driver",
    "entry",
    "fake",
    "fault",
    "fresh",
    "item",
    "local",
    "locator",
    "PID",
    "place",
    "plugin",
    "prefix",
    "query",
    "receive",
    "record",
    "registry",
    "release",
    "remote",
    "resource",
    "stale",
    "stamp",
    "status",
    "store",
    "suite",
    "sync",
    "transport",
    "uid",
    "verify",
    "version",
]
"""The words that the design decided on."""

AVOIDED = re.compile(
    r"\b(artifacts?|provider|stub(s|bed)?|mixin|blacklist|whitelist|sanity)\b", re.IGNORECASE
)
"""Words that nothing here is called."""


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_explained(word: str) -> None:
    """A reader who meets a word of ours finds what it means here."""
    explained = re.findall(r"^\| ([^|]+) \|([^|]*)", GLOSSARY, re.MULTILINE)

    assert any(
        word in re.split(r", ", words) or f"*{word}*" in meaning for words, meaning in explained
    )


@pytest.mark.parametrize(
    "page",
    [page for page in sorted(DOCS.rglob("*.md")) if page.name != "glossary.md"],
    ids=lambda page: page.relative_to(DOCS).as_posix(),
)
def test_the_pages_keep_to_the_words(page: Path) -> None:
    """One thing has one name on every page."""
    assert AVOIDED.findall(page.read_text(encoding="utf-8")) == []
