"""Keys become names on disk, and names keys, without a loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.buckets.keys import is_marker, key_of, keys_for, names_for, within
from store.errors import QueryError, UnsafeNameError
from store.files.names import inside

COMPONENTS = st.sampled_from(
    [
        "a",
        "b",
        "A",
        "x",
        "x ",
        "",
        ".",
        "..",
        "%%",
        "%%a",
        "%%%2E%2E",
        "a%2Fb",
        "\\",
        "\n",
        "\u202e",
        "é",
        "é",
        "l" * 300,
        "%%" + "é" * 200,
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
KEYS = (
    st.lists(COMPONENTS, min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda key: 0 < len(key.encode()) <= 1024)
)


@given(st.sets(KEYS, max_size=12))
@example({f"{'l' * 300}/a", f"{'l' * 300}/a/a"})
@example({f"{'l' * 300}/a/%%", f"{'l' * 300}/a/{'m' * 300}", "%%/a"})
def test_every_key_has_a_name_of_its_own_below_the_directory(keys: set[str]) -> None:
    """No two keys are merged, none leads outside, and each can be read back."""
    names = names_for(keys).names

    assert names.keys() == keys
    assert len(set(names.values())) == len(keys)
    for key, name in names.items():
        assert inside("/nowhere/at/all", name).is_relative_to("/nowhere/at/all")
        assert key_of(name) == key


@given(st.sets(KEYS, max_size=12))
def test_files_and_directories_never_share_a_name(keys: set[str]) -> None:
    """All of them can lie in one tree at once."""
    names = set(names_for(keys).names.values())

    parents = {str(parent) for name in names for parent in Path(name).parents} - {"."}

    assert not names & parents


@given(st.sets(KEYS, max_size=12))
def test_names_are_apart_where_case_is_folded_too(keys: set[str]) -> None:
    """A file system that folds case keeps twins apart: one of them has another spelling."""
    files = [key.replace("/", "-") for key in keys]

    names = names_for(set(files), folding=True).names

    assert len({name.casefold() for name in names.values()}) == len(names)
    assert all(key_of(name) == key for key, name in names.items())


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("data/2026/report.csv", "data/2026/report.csv"),
        ("100%/é.txt", "100%/é.txt"),
        ("../x", "%%%2E%2E/x"),
        ("/abs", "%%/abs"),
        ("a//b", "a/%%/b"),
        ("x ", "x "),
        ("a\\b", "%%a%5Cb"),
        ("line\nbreak", "%%line%0Abreak"),
        ("%%a", "%%%25%25a"),
        (".store-notes", ".store-notes"),
        (".store-part-x/.store-y", ".store-part-x/.store-y"),
        (f".store-part-{'0a' * 16}/x", f"%%.store-part-{'0a' * 16}/x"),
        (f".store-{'0a' * 4}-1-{'0a' * 8}", f"%%.store-{'0a' * 4}-1-{'0a' * 8}"),
    ],
)
def test_a_name_is_the_key_unless_it_is_unsafe(key: str, name: str) -> None:
    """What a person sees is what the bucket holds, as far as that can be."""
    assert names_for([key]).names == {key: name}


def test_an_object_beside_a_directory_of_its_name_is_told() -> None:
    """``a`` and ``a/b`` cannot both be spelled so on disk; the plan says what becomes of the first."""
    found = names_for(["a", "a/b"])

    assert found.names == {"a": "%%a", "a/b": "a/b"}
    assert "'%%a'" in found.notes[0]


def test_look_alikes_are_told() -> None:
    """Names that a person takes for one are both kept, and said."""
    found = names_for(["README", "readme", "x", "x "])

    assert found.names == {name: name for name in ("README", "readme", "x", "x ")}
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    "key",
    ["d/" + "x" * 256, "x" * 1024, "é" * 512, "\t" * 300 + "/y", "%%" + "x" * 400, "." * 300],
)
def test_a_component_that_is_too_long_becomes_several(key: str) -> None:
    """One below the other, each short enough; they are read back as one."""
    (name,) = names_for([key]).names.values()

    assert max(len(part.encode()) for part in name.split("/")) <= 255
    assert inside("/nowhere", name).is_relative_to("/nowhere")
    assert key_of(name) == key


def test_a_long_file_and_a_directory_of_its_name_are_two() -> None:
    """Both are read back."""
    keys = ["x" * 300, "x" * 300 + "/y"]

    names = names_for(keys).names

    assert len(set(names.values())) == 2
    assert [key_of(names[key]) for key in keys] == keys


@pytest.mark.parametrize("name", ["%%a%%/b", "%%a%%", "%%%%/x"])
def test_what_only_looks_like_a_long_component_is_left_alone(name: str) -> None:
    """We would not have spelled it so."""
    assert key_of(name) == name


def test_a_name_that_no_disk_takes_is_refused() -> None:
    """Cut short it could be another's name."""
    with pytest.raises(UnsafeNameError, match="longer than 3072 bytes") as caught:
        names_for(["x" * 3100])

    assert caught.value.name == "x" * 3100


def test_two_files_that_stand_for_one_key_are_refused() -> None:
    """Neither is silently left out."""
    with pytest.raises(UnsafeNameError, match="both stand for the key"):
        keys_for(["a\\b", "%%a%5Cb"])


@pytest.mark.parametrize("name", ["\udcff", "x" * 1025])
def test_a_name_that_cannot_be_a_key_is_refused(name: str) -> None:
    """S3 takes UTF-8, and 1024 bytes of it."""
    with pytest.raises(UnsafeNameError, match="cannot be a key"):
        key_of(name)


@pytest.mark.parametrize("name", ["%%100%61", "%%%FF", "%%%zz", "a%%b"])
def test_a_name_that_was_never_escaped_is_taken_as_it_is(name: str) -> None:
    """Only what we would have spelled so is read back."""
    assert key_of(name) == name


@pytest.mark.parametrize(
    ("remote", "prefix"), [(None, ""), ("", ""), ("data", "data/"), ("a/b/", "a/b/"), ("/", "")]
)
def test_a_directory_of_a_bucket_is_a_path(remote: str | None, prefix: str) -> None:
    """``data`` is never ``data2/``."""
    assert within(remote) == prefix


@pytest.mark.parametrize("remote", ["/data", "a//b", "..", "a/./b"])
def test_a_directory_that_cannot_be_meant_is_refused(remote: str) -> None:
    """Better than to delete in another one."""
    with pytest.raises(QueryError, match="no directory of a bucket"):
        within(remote)


def test_markers_of_directories_are_no_files() -> None:
    """``data/`` with nothing in it is how consoles show a directory."""
    assert is_marker("data/", 0)
    assert is_marker(".store-condition-0123456789abcdef", 1)
    assert is_marker("deep/.store-condition-0123456789abcdef", 1)
    assert not is_marker(".store-condition-0123456789abcdef", 3)
    assert not is_marker(".store-condition-notes", 1)
    assert not is_marker("data/", 3)
    assert not is_marker("data", 0)
