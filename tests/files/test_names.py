"""Names that others chose become names that are safe on disk."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.errors import UnsafeNameError
from store.files.names import derived_name, inside, safe_name, unsafe_component

SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"])
NASTY = st.one_of(
    st.characters(),
    SURROGATES,
    st.sampled_from("/\\.\0\n\r\x1b\x7f\x85 \u200e\u202e\u2066\u2028\ufeff\u0301\u037e\u212a"),
)
TEXTS = st.one_of(
    st.text(NASTY, max_size=40),
    st.builds(
        lambda stem, times, suffix: stem * times + suffix,
        st.text(NASTY, min_size=1, max_size=4),
        st.integers(1, 120),
        st.text(NASTY, max_size=24),
    ),
)


@given(TEXTS)
@example("..")
@example("." * 300 + ".txt")
@example("a" + " " * 300 + ".txt")
@example("e\u200d\u0301")
@example(".store-1-aa")
@example("..store-1-aa")
@example("." + "\u202e" + "store-1-aa")
@settings(max_examples=300, deadline=None)
def test_any_name_becomes_one_that_is_safe(name: str) -> None:
    """No directory, no trick, short enough, and safe names stay as they are."""
    safe = safe_name(name)

    assert safe
    assert safe not in {".", ".."}
    assert "/" not in safe
    assert "\\" not in safe
    assert {unicodedata.category(one) for one in safe}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert len(safe.encode("utf-8")) <= 200
    assert safe == safe.strip()
    assert unicodedata.is_normalized("NFC", safe)
    assert not safe.startswith(".store-")
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("six-1.17.0.tar.gz", "six-1.17.0.tar.gz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("directory/", "directory"),
        (".bashrc", ".bashrc"),
        ("", "resource"),
        ("..", "resource"),
        ("/", "resource"),
        ("\u202e\u200b", "resource"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("cafe\u0301", "caf\u00e9"),
        ("  name \n", "name"),
    ],
)
def test_names_as_servers_send_them(name: str, safe: str) -> None:
    """What people see is what lies there."""
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    """And is cut between characters, not inside one."""
    name = safe_name("\u00e9" * 300 + ".tar")

    assert name.endswith("\u00e9.tar")
    assert len(name.encode()) == 200
    assert set(name[:-4]) == {"\u00e9"}


def test_a_suffix_that_is_none_is_cut_too() -> None:
    """Sixty letters behind a dot are no suffix."""
    name = safe_name("a" * 180 + "." + "b" * 60)

    assert name == "a" * 180 + "." + "b" * 19


def test_the_default_is_the_callers() -> None:
    """What is left where nothing is left."""
    assert safe_name("..", default="download") == "download"


@given(st.text(NASTY), st.text(NASTY))
def test_different_texts_have_different_derived_names(one: str, other: str) -> None:
    """Of 64 hexadecimal digits, whatever the text."""
    names = {derived_name(one), derived_name(other)}

    assert len(names) == len({one, other})
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)


@given(st.text(st.one_of(NASTY, st.sampled_from("ab/.")), max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_path_lies_inside_or_is_refused(relative: str) -> None:
    """For any text at all: below the root once all is resolved, or an error that carries it."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        refusal = None
        try:
            path = inside(root, relative)
        except UnsafeNameError as error:
            refusal = error

        if refusal is None:
            assert root in Path(os.path.normpath(path)).parents
            assert path == root / relative
        else:
            assert refusal.name == relative
            assert refusal.exit_status == 5
            assert str(refusal).isprintable()


@pytest.mark.parametrize(
    "relative",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        "a\\b",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "a\u2028b",
        "\ud800",
        "n" * 256,
    ],
)
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, relative: str) -> None:
    """The error says what a path must be."""
    with pytest.raises(UnsafeNameError, match="plain relative path"):
        inside(tmp_path, relative)


def test_a_link_on_the_way_is_refused(tmp_path: Path) -> None:
    """As a directory, as the last component, and dangling; a root behind a link is the caller's."""
    (tmp_path / "root").mkdir()
    (tmp_path / "out").symlink_to("root")
    (tmp_path / "root" / "directory").symlink_to("/")
    (tmp_path / "root" / "dangling").symlink_to("nowhere")

    for relative in ("directory/etc", "directory", "dangling"):
        with pytest.raises(UnsafeNameError, match="is a link; remove it"):
            inside(tmp_path / "root", relative)

    assert inside(tmp_path / "out", Path("new/file")) == tmp_path / "out" / "new" / "file"


def test_a_file_on_the_way_is_told_by_whoever_opens_the_path(tmp_path: Path) -> None:
    """It leads nowhere, so the name is safe."""
    (tmp_path / "file").write_bytes(b"")

    assert inside(tmp_path, "file/below") == tmp_path / "file" / "below"


@pytest.mark.parametrize("part", ["a/b", "/", "ä/b", "", ".", "..", "a\\b"])
def test_a_component_is_one_name(part: str) -> None:
    """What would lead on to another directory is none."""
    assert unsafe_component(part)
