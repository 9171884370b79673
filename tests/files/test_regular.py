"""What is no regular file is not replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.errors import RefusedError
from store.files.regular import refuse_to_replace, refuse_to_replace_any


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, kind: str) -> None:
    """Looked at by itself, or with the others of its directory."""
    odd = tmp_path / "odd"
    if kind == "fifo":
        os.mkfifo(odd)
    else:
        odd.symlink_to(tmp_path / "elsewhere")

    for wanted in ([odd], [odd, *(tmp_path / str(number) for number in range(9))]):
        with pytest.raises(RefusedError, match="odd is no regular file") as raised:
            refuse_to_replace_any(wanted)
        assert raised.value.limit == "regular"


def test_what_is_missing_or_regular_may_be_replaced(tmp_path: Path) -> None:
    """So may a name that no system call takes be passed over: whoever writes is told."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")

    refuse_to_replace(tmp_path / "file")
    refuse_to_replace("a\0b")
    refuse_to_replace_any(tmp_path / name for name in ("file", "directory", "a", "b", "c"))
    refuse_to_replace_any(tmp_path / "none" / str(number) for number in range(9))
