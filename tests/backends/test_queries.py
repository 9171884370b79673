"""What the drivers read from queries and configurations."""

from __future__ import annotations

from typing import Any

import pytest

from store.backends.queries import (
    address_of,
    check_configuration,
    check_keys,
    digests_of_query,
    filename_of,
    flag_of,
    settings_errors,
    size_of,
    text_of,
    texts_of,
)
from store.errors import ConfigurationError, DigestError, QueryError, UnsafeNameError
from store.integrity.digest import Digest

SHA256 = "a" * 64
SHA512 = "b" * 128


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    """A slip of the pen costs one reading of the message."""
    with pytest.raises(QueryError, match="did you mean 'filename'") as caught:
        check_keys({"filenam": "x"}, {"filename", "url"}, "http")

    assert caught.value.known == ("filename", "url")
    assert caught.value.query == {"filenam": "x"}


def test_an_unlike_key_is_told_with_the_known() -> None:
    """Where nothing is near, the known keys are named alone."""
    with pytest.raises(QueryError, match=r"'zzz': Known are filename, url"):
        check_keys({"zzz": 1}, {"filename", "url"}, "http")


def test_a_query_is_a_mapping() -> None:
    """A text in a query's place is told as such."""
    with pytest.raises(QueryError, match="with a mapping, not with str"):
        check_keys("six", {"name"}, "pypi")


def test_a_configuration_may_be_nothing() -> None:
    """A store that needs no settings needs no mapping either."""
    assert check_configuration(None, {"root"}, "file") == {}
    assert check_configuration({"root": "/x"}, {"root"}, "file") == {"root": "/x"}


@pytest.mark.parametrize("given", ["text", ["root"], {"rot": "/x"}])
def test_a_poor_configuration_is_refused(given: Any) -> None:
    """Settings that would not be heeded are an error, not a surprise."""
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(given, {"root"}, "file")

    assert caught.value.known == ("root",)


def test_a_setting_of_the_wrong_kind_is_an_error_of_the_configuration() -> None:
    """The user looks into the settings, not at the query."""
    with (
        pytest.raises(ConfigurationError, match="configuration of the driver x: 'flag' must be"),
        settings_errors("x"),
    ):
        flag_of({"flag": "perhaps"}, "flag")


def test_texts_are_read_one_or_many() -> None:
    """A lone text is a list of one, and nothing is none."""
    assert text_of({"a": "x"}, "a") == "x"
    assert text_of({"a": None}, "a") is None
    assert texts_of({"a": "x"}, "a") == ("x",)
    assert texts_of({"a": ["x", "y"]}, "a") == ("x", "y")
    assert texts_of({}, "a") == ()


@pytest.mark.parametrize("value", ["", " ", 3, b"x", {"x": 1}, ["x", 3], [""]])
def test_what_is_no_text_is_refused(value: Any) -> None:
    """A number, bytes or an empty text are not guessed at."""
    with pytest.raises(QueryError, match="'a' must be"):
        texts_of({"a": value}, "a")


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (False, False), ("TRUE", True), ("no", False), (None, None)]
)
def test_flags_are_read(value: Any, flag: Any) -> None:
    """A locator can only say true in words."""
    assert flag_of({"pre": value}, "pre") is flag


@pytest.mark.parametrize("value", [1, "maybe", ""])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    """Nothing else is taken for true or false."""
    with pytest.raises(QueryError, match="'pre' must be true or false"):
        flag_of({"pre": value}, "pre")


@pytest.mark.parametrize(("value", "size"), [(0, 0), (12, 12), ("12", 12), (None, None)])
def test_sizes_are_read(value: Any, size: int | None) -> None:
    """A size is bytes, as a number or in digits."""
    assert size_of({"size": value}) == size


@pytest.mark.parametrize("value", [-1, True, "12k", 1.5, "\u0661"])
def test_what_is_no_size_is_refused(value: Any) -> None:
    """A negative, fractional or spelled-out size is told."""
    with pytest.raises(QueryError, match="number of bytes"):
        size_of({"size": value})


def test_a_file_name_is_plain() -> None:
    """A name is brought to one form and holds no control characters."""
    assert filename_of({"filename": "a\u200bb.txt"}) == "ab.txt"
    assert filename_of({}) is None


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "..", ".", "/etc/passwd", "\x00"])
def test_a_file_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """No directory is chosen by a name."""
    with pytest.raises(UnsafeNameError, match="no plain file name") as caught:
        filename_of({"filename": name})

    assert caught.value.exit_status == 5


def test_digests_are_merged_from_every_key() -> None:
    """However they are spelled, one digest an algorithm comes out, strongest first."""
    found = digests_of_query(
        {"digest": f"sha256:{SHA256}", "digests": [f"sha512={SHA512}"], "sha256": SHA256}
    )

    assert found == (Digest("sha512", SHA512), Digest("sha256", SHA256))


@pytest.mark.parametrize(
    "query",
    [
        {"md5": "a" * 32},
        {"digest": "sha1:" + "a" * 40},
        {"sha256": "abc"},
        {"sha256": SHA256, "digest": f"sha256:{'c' * 64}"},
    ],
)
def test_poor_digests_are_refused(query: dict[str, Any]) -> None:
    """Weak, malformed and contradicting digests are told before anything is asked."""
    with pytest.raises(DigestError):
        digests_of_query(query)


def test_weak_digests_are_read_where_they_are_allowed() -> None:
    """Some sources give no other."""
    assert digests_of_query({"md5": "A" * 32}, allow_weak=True) == (Digest("md5", "a" * 32),)


@pytest.mark.parametrize(
    "address",
    [
        "https://host/x",
        "http://[::1]:8080/x",
        "https://host/\u00e4",
        "file:///x/y",
        "s3://bucket/key",
        "zip:///dir/a.zip!/member",
    ],
)
def test_addresses_pass(address: str) -> None:
    """Any scheme will do: the transports know which they open."""
    assert address_of(address) == address


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("host/x", "begin with a scheme"),
        ("https:///x", "names no host"),
        ("https://user@/x", "names no host"),
        ("zip://user:hunter2@/x", "names no host"),
        ("https://host/a b", "holds a space"),
        ("https://host/\n", "control character"),
        ("https://host:port/x", "a port is a number up to 65535"),
        ("https://host:99999/x", "a port is a number up to 65535"),
        ("https://host:0/x", "port is 0"),
        ("https://[::1/x", "the host or the port"),
        ("mailto:a@b", "begin with a scheme"),
    ],
)
def test_malformed_addresses_are_refused(address: str, fault: str) -> None:
    """What cannot be asked is told before any socket is opened."""
    with pytest.raises(QueryError, match=fault):
        address_of(address)


def test_no_password_is_shown() -> None:
    """An address is refused without being quoted with its secrets."""
    with pytest.raises(QueryError) as caught:
        address_of("https://user:hunter2@host:hunter3/x?token=hunter4")

    assert "hunter" not in str(caught.value)
