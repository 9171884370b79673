"""TOML files and the lines of their keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.config import tomlfile
from store.config.tomlfile import read_toml
from store.errors import ConfigurationError

TEXT = '''\
# a comment with """ in it
cache = "memory"
"max_size" = '20G'   # quoted
story = """
offline = "inside a text"
"""
short = """one line"""
offline = true

[driver.pypi]
index_url = "…"
extra.deep = 1
inline = { a = 1 }

[[driver."with.dot".list]]
x = 1
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("cache",), 2),
        (("max_size",), 3),
        (("story",), 4),
        (("short",), 7),
        (("offline",), 8),
        (("driver",), 10),
        (("driver", "pypi"), 10),
        (("driver", "pypi", "index_url"), 11),
        (("driver", "pypi", "extra", "deep"), 12),
        (("driver", "pypi", "inline", "a"), 13),
        (("driver", "with.dot", "list", "x"), 16),
        (("nowhere",), None),
    ],
)
def test_each_key_is_found_on_its_line(tmp_path: Path, keys: tuple[str, ...], line: int) -> None:
    """Lines are told for keys, tables, dotted keys and what stands in inline tables."""
    path = tmp_path / "store.toml"
    path.write_text(TEXT)
    file = read_toml(str(path))

    assert file is not None
    assert file.line_of(*keys) == line


def test_what_is_missing_or_says_nothing_is_none(tmp_path: Path) -> None:
    """A missing file, one below a file, and one without the marker hold no settings."""
    path = tmp_path / "pyproject.toml"
    path.write_text("damaged [")

    assert read_toml(str(tmp_path / "missing.toml")) is None
    assert read_toml(f"{path}/below.toml") is None
    assert read_toml(str(path), b"[tool.store") is None


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a = 1\nb = = 2\n", 2, "no TOML"),
        (b'a = 1\nb = """never closed\n', 2, "no TOML"),
        (b"a = 1\n\xff = 2\n", 2, "UTF-8"),
        (b"a = " + b"[" * 100_000, None, "deeply"),
        (b"a = 1\na = 2\n", 2, "no TOML"),
    ],
)
def test_damage_names_the_file_and_the_line(
    tmp_path: Path, data: bytes, line: int | None, words: str
) -> None:
    """A damaged file is told with its path, line and the next step."""
    path = tmp_path / "store.toml"
    path.write_bytes(data)

    with pytest.raises(ConfigurationError, match=words) as raised:
        read_toml(str(path))

    assert (raised.value.path, raised.value.line) == (str(path), line)
    assert "mend it" in str(raised.value)


def test_a_number_that_python_refuses_is_damage(tmp_path: Path) -> None:
    """Any refusal of the parser is ours in the end."""
    path = tmp_path / "store.toml"
    path.write_text("a = " + "9" * 10_000)

    with pytest.raises(ConfigurationError, match="no TOML"):
        read_toml(str(path))


def test_a_mark_of_byte_order_is_no_damage(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "store.toml"
    path.write_bytes(b'\xef\xbb\xbfcache = "memory"\n')

    file = read_toml(str(path))

    assert file is not None
    assert file.data == {"cache": "memory"}


@pytest.mark.parametrize("kind", ["directory", "fifo", "loop", "large"])
def test_what_cannot_be_read_is_told_at_once(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a directory nor a pipe nor a circle of links makes us wait or crash."""
    path = tmp_path / "store.toml"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        monkeypatch.setattr(tomlfile, "_MAX_BYTES", 3)
        path.write_text("a = 1")

    with pytest.raises(ConfigurationError, match="cannot be read") as raised:
        read_toml(str(path))

    assert raised.value.path == str(path)


def test_the_empty_device_is_an_empty_file() -> None:
    """``STORE_CONFIG_FILE=/dev/null`` is the usual way to have no settings."""
    file = read_toml(os.devnull)

    assert file is not None
    assert file.data == {}
