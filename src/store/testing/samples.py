"""Identities and values that a careless backend would mix up."""

from __future__ import annotations

from typing import Any, Final

from store.records import CachedResource

UIDS: Final = {
    "empty": "",
    "dot": ".",
    "parent": "..",
    "climbing": "../../outside",
    "absolute": "/tmp/outside",  # noqa: S108 - never opened: that is what is tested
    "slashes": "a/b//c/",
    "newlines": "a\nb\r\n",
    "nul": "a\0b",
    "surrogate": "\ud800 alone",
    "long": "x" * 10_000,
    "glob": "*?[a-z].json",
    "percent": "%s %00 {uid}",
    "sql": "'; DROP TABLE entries; --",
    "spaces": "  ",
    "digest": "sha256:" + "0" * 64,
}
"""Identities that a careless backend would take for a path, a pattern or a statement."""

TWINS: Final = (
    ("case", "Case"),
    ("é", "e\u0301"),
    ("a/b", "a_b"),
    ("a", "a "),
    ("x" * 300, "x" * 301),
    ("ﬁ", "fi"),
    ("1", "01"),
    ("a\ud800", "a\udfff"),
)
"""Identities that are not the same, though a careless backend might think so."""

VALUES: Final[dict[str, Any]] = {
    "text": "text with \n, \0, é and \U0001f4e6",
    "number": 12_345_678_901_234_567_890,
    "fraction": 0.1,
    "truth": True,
    "falsehood": False,
    "zero": 0,
    "nothing in text": "",
    "list": [1, "two", None, [3.0, {"four": 5}]],
    "empty list": [],
    "mapping": {"a": {"b": [True, None]}, "": "x"},
    "resource": CachedResource("sha256:00", "/somewhere/file"),
    "resource of odd text": CachedResource("a\nb/\ud800", "/with space/é"),
    "looks like a resource": {"uid": "sha256:00", "local_path": "/somewhere/file"},
    "looks like its tuple": ["sha256:00", "/somewhere/file"],
}
"""Plain data, with what a careless encoding would mix up."""
