"""No ``.gitignore`` takes longer than its length."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest

from store.releases.ignoring import ignored_by, rules_in

TEXTS = ("", "a", "b", "ab", "ba", "aab", "a/b", "b/a", "ab/ab", "aa/ba/b")


def test_long_lines_and_many_stars_are_read_at_once(tmp_path: Path) -> None:
    """Spaces within a line, and stars that could take up the same letters in many ways."""
    spaces = b"a" + b" " * 200_000 + b"b\n" + b"c" + b" " * 200_000 + b"\n"
    (tmp_path / ".gitignore").write_bytes(spaces + b"*a" * 12 + b"*b\n")

    begin = time.thread_time()
    rules = rules_in(tmp_path, "")
    found = [ignored_by(one, rules, directory=False) for one in ("a" * 120, "a" * 120 + "b", "c")]

    assert time.thread_time() - begin < 60  # else it is minutes, or for ever
    assert [one is not None for one in found] == [False, True, True]


@pytest.mark.parametrize("pieces", [3, 4])
def test_a_star_takes_what_it_did(tmp_path: Path, pieces: int) -> None:
    """The quick pattern means what the plain one does."""
    patterns = ["".join(one) for one in itertools.product(("*", "a", "b", "/", "?"), repeat=pieces)]
    plain = [one for one in patterns if not (set(one) <= {"/"} or "**" in one or one[-1] == "/")]
    for pattern in plain:
        (tmp_path / ".gitignore").write_text(f"{pattern}\n")
        rules = rules_in(tmp_path, "")
        text = re.escape(pattern.removeprefix("/")).replace("\\*", "[^/]*").replace("\\?", "[^/]")
        wanted = re.compile(("" if "/" in pattern else "(?:.*/)?") + text)

        for path in TEXTS[1:]:
            found = ignored_by(path, rules, directory=False) is not None
            assert found == bool(wanted.fullmatch(path)), (pattern, path)
