"""Records are read and written, older ones too, and nothing in them is lost."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from store.errors import (
    ArchiveError,
    IntegrityError,
    QueryError,
    ResourceNotFoundError,
    TooLargeError,
    UnsafeNameError,
)
from store.releases import spelling
from store.releases.mapping import Blob, project_of
from store.releases.records import Record, compose, digest_of
from store.releases.spelling import read_record, to_yaml

SHA = "ab" * 32
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def older(**changed: Any) -> dict[str, Any]:
    """Return a record as the older tool writes it, without what we add."""
    file = {"/path/": "d/x.csv", "/attrs/": {"unit": "m"}, "/item/": "File", "/file-type/": "misc"}
    return {
        "title": "survey-v1.0.0",
        "title_versionless": "survey",
        "version": "1.0.0",
        "workflow_config_path": "survey.rme.yml",
        "workflow": {"jobs": {"fit": {"run": "python fit.py"}}, "made": dt.date(2025, 1, 2)},
        "requirements": ["raw>=1.0.0"],
        "project": {
            "d": {
                "/path/": "d",
                "/attrs/": {},
                "/item/": "Directory",
                "x.csv": {**file, "/bpid/": SHA, "/bytes/": 7},
            }
        },
        "datasets": {"table": "d/x.csv"},
        **changed,
    }


def test_an_older_record_is_read() -> None:
    """Without sizes of ours, modes and digests, the blob's id says what the content is."""
    record = Record.from_text(yaml.safe_dump(older()).encode())

    assert record.blobs == (Blob("d/x.csv", SHA, 7),)
    assert str(record.blobs[0].digest) == f"sha256:{SHA}"
    assert record.directories == ("d",)
    assert (record.digest, record.pid, record.requirements) == (None, None, ["raw>=1.0.0"])
    assert record.data == older()


def test_a_record_of_the_first_kind_is_read() -> None:
    """The first versions of the tool misspelled a field."""
    data = older()
    data["tile_versionless"] = data.pop("title_versionless")

    assert Record.from_data(data).title_versionless == "survey"


def test_a_record_comes_back_as_it_went_in() -> None:
    """YAML and JSON give the same record again, what is not ours untouched."""
    more = {"workflow": {"a": [1, None, 2.5, "x: y"]}, "workflow_config_path": "w.yml"}
    record = compose("survey", "1.0.0", project_of({"a": True}, ["e"]), more=more)

    again = Record.from_text(record.to_yaml().encode())

    assert again == record
    assert Record.from_data(json.loads(record.to_json())) == record
    assert {name: again.data[name] for name in more} == more
    again.check()


@example({"a": "\x7f\x85\u2028\ufeff\ud7ff\ufffe \t\0/", "\x7f": 1e16, "b" * 2000: 1})
@example({"x": "\\ud83d\\ude00 \U0001f600", "project": {"a": {"b": {}, "/c": 1}, "d": {}}})
@example({"é" * 100: {"\U0001f600" * 100: [1.5, -0.0, 1e-7]}})
@given(st.dictionaries(TEXTS, PLAIN, max_size=4))
def test_every_reader_of_yaml_reads_what_we_write(data: dict[str, Any]) -> None:
    """What is written is the same to us and to the older tool's reader, whatever is in it."""
    text = to_yaml(data)

    assert read_record(text.encode()) == data
    assert yaml.safe_load(text) == data


@given(st.dictionaries(st.integers() | TEXTS, PLAIN, max_size=3))
def test_names_that_are_no_texts_survive(data: dict[Any, Any]) -> None:
    """A number that names something stays a number."""
    assert read_record(to_yaml({"inner": data}).encode()) == {"inner": data}


def test_dates_of_older_records_stay_dates() -> None:
    """In YAML; JSON, which has none, gets them as text; what is no plain data is refused."""
    record = Record.from_data(older())

    assert yaml.safe_load(record.to_yaml())["workflow"]["made"] == dt.date(2025, 1, 2)
    assert json.loads(record.to_json())["workflow"]["made"] == "2025-01-02"
    assert Record.from_data(record.to_data()).identity == record.identity
    for odd in ({"a": object()}, {"a": b"x", "b": object()}):
        with pytest.raises(ArchiveError, match="cannot be written"):
            spelling.to_json(odd)
    with pytest.raises(ArchiveError, match="no plain data"):
        to_yaml({"a": object()})
    with pytest.raises(ArchiveError, match="cannot be written"):
        spelling.canonical({"a": object()})


def test_the_digest_is_of_the_content() -> None:
    """Another archive's ids change nothing; another content, name or field does."""
    data = compose("survey", "1.0.0", project_of({"a": False}, ())).to_data()
    node = data["project"]["a"]
    node |= {"/sha256/": SHA, "/bpid/": "1", "/bytes/": 3}
    digest = digest_of(data)

    assert digest_of({**data, "/PID/": "x", "project": {"a": {**node, "/bpid/": "2"}}}) == digest
    assert digest_of({**data, "project": {"a": {**node, "/sha256/": "cd" * 32}}}) != digest
    assert digest_of({**data, "project": {"b": node}}) != digest
    assert digest_of({**data, "workflow": {"x": 1}}) != digest


def test_a_digest_that_is_taken_later_is_the_same() -> None:
    """A record is written with it either way."""
    project = project_of({"a": False}, ())
    now = compose("survey", "1.0.0", project)
    later = compose("survey", "1.0.0", project, sealed=False)

    assert later.digest is None
    assert later.to_yaml() == now.to_yaml()
    assert later.sealed() == now
    assert later.sealed().data == now.data
    assert later.sealed().identity == now.digest


def test_a_changed_record_is_found_out() -> None:
    """A record says what its own digest is, and is held against it."""
    data = compose("survey", "1.0.0", {}).to_data()

    with pytest.raises(IntegrityError, match="was changed after it was published") as caught:
        Record.from_data({**data, "requirements": ["evil"]}).check()

    assert caught.value.expected == data["/digest/"]
    Record.from_data(older()).check()


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "other-v1.0.0"},
        {"title": "survey-v2.0.0"},
        {"project": [1]},
        {"project": {"a": 1}},
        {"project": {"a": {"/item/": "File", "/bytes/": -1}}},
        {"project": {"a": {"/item/": "File", "/bytes/": True}}},
        {"project": {"a": {"/item/": "File", "/sha256/": "zz"}}},
        {"project": {"a": {"/item/": "File", "/mode/": "9"}}},
        {"project": {"a": {"/item/": "File", "/bpid/": 7}}},
        {"project": {"a": {"/item/": "File"}, "b": {"/item/": "File", "/path/": "a"}}},
        {"project": {"a": {"/item/": "File"}, "b": {"/item/": "File", "/path/": "a/b"}}},
        {"project": {"a": {"/item/": "File"}, "b": {"/item/": "Directory", "/path/": "a"}}},
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changed: dict[str, Any]) -> None:
    """What cannot be is damage."""
    with pytest.raises(ArchiveError):
        Record.from_data(older(**changed))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b", "a\\b", "", "a\0b", 7])
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    """A record cannot name what lies outside of the target."""
    for item in ("File", "Directory"):
        with pytest.raises(UnsafeNameError):
            Record.from_data(older(project={"a": {"/item/": item, "/path/": path}}))


@pytest.mark.parametrize("title", ["../x-v1.0.0", "..", None, "a/b-v1.0.0"])
def test_titles_that_lead_elsewhere_are_refused(title: str) -> None:
    """A record cannot be called so that it would lie outside of its shelf."""
    with pytest.raises((UnsafeNameError, ArchiveError)):
        Record.from_data(older(title=title, title_versionless=title))


def test_a_version_must_be_one() -> None:
    """A record without a version of Semantic Versioning cannot be ordered."""
    with pytest.raises(QueryError, match="is no version"):
        Record.from_data(older(version=1.0))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[1]",
        b"{",
        b"\xff\xfe",
        b"a: !!python/object/apply:os.system ['true']",
        b"a: &x [*x]",
        b"[" * 2000,
        b'{"a": NaN}',
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"a: b: c",
    ],
)
def test_hostile_texts_are_errors_of_ours(text: bytes) -> None:
    """No text makes anything but plain data, an endless loop or a foreign error."""
    try:
        read_record(text)
    except ArchiveError as error:
        assert "cannot be used" in str(error)  # noqa: PT017 - one text is a mapping after all
    else:
        assert text == b'{"a": NaN}'


def test_references_do_not_blow_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that refers to itself over and over is refused before it fills the memory."""
    monkeypatch.setattr(spelling, "_MAX_VALUES", 10_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(ArchiveError, match="refers to itself"):
        read_record("\n".join(lines).encode())


def test_a_record_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long is not parsed."""
    monkeypatch.setattr(spelling, "MAX_BYTES", 10)

    with pytest.raises(TooLargeError, match="10 are allowed"):
        read_record(b"a: 12345678901")


def test_datasets_lead_to_files() -> None:
    """A dataset may name something inside of a file; another is told with those there are."""
    record = Record.from_data(
        older(datasets={"t": "d/x.csv/group/table", "lost": "nowhere", "odd": 3})
    )

    assert record.dataset("t").path == "d/x.csv"
    for name in ("lost", "odd", "unknown"):
        with pytest.raises(ResourceNotFoundError, match=name):
            record.dataset(name)
    with pytest.raises(ResourceNotFoundError, match="has no file"):
        record.blob("nowhere")


ODD = {
    "names of several kinds": "{1: a, b: c, null: d, 2025-01-02: e, 1.5: f}",
    "a set": "!!set {y, x}",
    "bytes": "!!binary aGVsbG8=",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_what_only_yaml_has_is_written_as_text_in_json(odd: str) -> None:
    """A record of the older tool with it has a digest, which outlasts both ways of writing it."""
    text = yaml.safe_dump(older()) + f"extra: {odd}\nyes: on\n"
    record = Record.from_text(text.encode())

    again = Record.from_text(record.to_yaml().encode())
    of_json = Record.from_text(record.to_json().encode())

    assert again.data["extra"] == record.data["extra"]
    again.check()
    of_json.check()


def test_a_name_that_means_two_things_is_told_with_the_record() -> None:
    """No error speaks of a record without its title."""
    record = Record.from_data(older(extra={1: "a", "1": "b", "x": "c"}))

    with pytest.raises(ArchiveError, match=r"survey-v1.0.0 cannot be used: .* two things of '1'"):
        _ = record.identity


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('""', "it is a str, not a mapping: mend the file"),
        ("a: b\n::: {", r"\(line 3, column 1\): mend the file by hand, or move it"),
        ("a: [", r"\(line 2, column 1\): mend the file"),
    ],
)
def test_what_cannot_be_read_is_told_to_its_end(text: str, said: str) -> None:
    """What is wrong, where, and what may be done."""
    with pytest.raises(ArchiveError, match=said):
        read_record(text.encode(), name="survey-v1.0.0")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "is no release record: it has no version"),
        (
            {"survey-v1.0.0": older(), "survey-v1.1.0": older()},
            "records by their titles .* give one",
        ),
        ({"title": "survey-v1.0.0"}, "'survey-v1.0.0' is no release record: it has no version"),
    ],
)
def test_what_is_no_record_is_told(data: dict[str, Any], said: str) -> None:
    """All that were found, handed on in the place of one, are known for what they are."""
    with pytest.raises(ArchiveError, match=said):
        Record.from_data(data)


def test_a_size_that_nothing_tells_is_not_known() -> None:
    """Older records need not tell any."""
    data = older()
    sized = Record.from_data(data).whole_size
    del data["project"]["d"]["x.csv"]["/bytes/"]

    assert (sized, Record.from_data(data).whole_size) == (7, None)


def with_node(name: str, **said: Any) -> dict[str, Any]:
    """Return a record's data in which a node is as it is said: ``item="File"`` is ``/item/``."""
    node = {"/path/": name, **{f"/{key}/": value for key, value in said.items()}}
    return {**older(), "project": {name: node}}


@pytest.mark.parametrize("item", ["File", "file", "Notebook", "", None, 3])
def test_what_has_a_content_is_a_file(item: object) -> None:
    """Whatever an older tool has called it."""
    record = Record.from_data(with_node("a", item=item, bpid=SHA, bytes=5))

    assert record.blobs == (Blob("a", SHA, 5),)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"item": "Symlink"}, "'Symlink' without a content"),
        ({"item": ["Folder"]}, "without a content"),
        ({"item": "Directory", "bpid": SHA}, "a directory with a content"),
        ({"item": "File", "bytes": -1}, "/bytes/ -1"),
    ],
)
def test_what_is_neither_file_nor_directory_is_no_record(said: dict[str, Any], told: str) -> None:
    """Or the release would be called whole without it; release and field are named."""
    with pytest.raises(ArchiveError, match="survey-v1") as caught:
        Record.from_data(with_node("a", **said))

    assert told in str(caught.value)
    assert caught.value.member == "a"


@pytest.mark.parametrize("name", ["/etc/x", "/", "//", "/etc/x/"])
def test_a_name_with_a_slash_is_no_name(name: str) -> None:
    """Nor something that is said of a node."""
    with pytest.raises(UnsafeNameError, match="refused"):
        Record.from_data({**older(), "project": {name: {"/item/": "File"}}})


def test_a_list_is_no_project() -> None:
    """None at all is one without files."""
    with pytest.raises(ArchiveError, match="no project mapping"):
        Record.from_data({**older(), "project": []})
    assert Record.from_data({**older(), "project": None}).blobs == ()


def test_a_file_may_map_what_has_a_number_for_a_name() -> None:
    """What stands inside of a file is another tool's own; the record has a digest all the same."""
    project = project_of({"a.h5": False}, ())
    project["a.h5"] |= {"/bpid/": SHA, "/bytes/": 3, "/item/": "H5_File", 0: {"/item/": "H5_Group"}}
    record = Record.from_data({"title": "a-v1.0.0", "version": "1.0.0", "project": project})

    again = Record.from_text(record.to_yaml().encode())

    again.check()
    assert again.digest == record.identity
