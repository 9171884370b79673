"""Addresses are shown without their secrets."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.addresses import (
    UNPARSED,
    Origin,
    fingerprint,
    label,
    origin_of,
    public,
    userinfo,
    without_userinfo,
)

SECRET = "S3CRET"
SCHEMES = st.sampled_from(["http", "https", "HTTPS", "Http", "ftp", "s3", "git+ssh", "x-y.z"])
HOSTS = st.sampled_from(["host", "HOST.example", "[::1]", "[2001:db8::7]", "127.0.0.1", "höst", ""])
PORTS = st.sampled_from(["", ":", ":80", ":8443", ":0", ":99999", ":port"])
JUNK = st.text(st.one_of(st.characters(), st.sampled_from("@:/?#[]%\\ \t\n\x1b\u202e")), max_size=8)
CLEAN = st.text(st.characters(exclude_characters="/?#\\[]"), max_size=8)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address with a secret wherever one may stand, and junk around it."""
    user = draw(st.sampled_from([SECRET, f"user:{SECRET}", f"me@corp:{SECRET}", f":{SECRET}"]))
    user = draw(CLEAN) + user + draw(CLEAN)
    path = draw(st.sampled_from(["", "/", "/a/b", "/@scope/a", "/%2e%2e/a;b=c"]))
    query = draw(st.sampled_from([f"?token={SECRET}", f"?{SECRET}", f"?a=b&x={SECRET}#{SECRET}"]))
    start = draw(st.sampled_from(["", " ", "\t", "\n"]))
    origin = f"{draw(HOSTS)}{draw(PORTS)}"
    return f"{start}{draw(SCHEMES)}://{user}@{origin}{path}{query}{draw(JUNK)}"


@given(addresses())
def test_no_secret_survives(address: str) -> None:
    """Neither of user, password, query nor fragment; and nothing that moves a terminal."""
    shown = public(address)

    assert SECRET not in shown
    assert shown.isprintable()


@given(addresses(), st.sampled_from(["pypi://", "https://proxy/", "mirror:", "https://h/a/"]))
def test_no_secret_of_a_nested_address_survives(address: str, outer: str) -> None:
    """As proxies and locators put one into another."""
    assert SECRET not in public(outer + address.strip())


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """Without an exception, and twice is once."""
    shown = public(text)

    assert shown.isprintable()
    assert public(shown) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:p@h/x?q#f", "https://h/x"),
        ("HTTPS://U:P@Host:8443/x", "https://Host:8443/x"),
        ("https://me@corp:p@h/x", "https://h/x"),
        ("https://u:p@[::1]:80/x", "https://[::1]:80/x"),
        ("https://h/@scope/lib@1.0", "https://h/@scope/lib@1.0"),
        ("https://h/https://u:p@h2/z", "https://h/https://h2/z"),
        ("file:///home/me@x/y", "file:///home/me@x/y"),
        ("file:/home/y", "file:/home/y"),
        ("zip:///dir/a.zip!/x?q", "zip:///dir/a.zip!/x"),
        ("/data/a?b#c@d", "/data/a?b#c@d"),
        ("pypi:six==1.17.0", "pypi:six==1.17.0"),
        ("release:title>=1,<2", "release:title>=1,<2"),
        ("https://h/\x1b[2J\u202e", "https://h/%1B[2J%E2%80%AE"),
        ("https:/u:p@h/x", UNPARSED),
        ("https:u:p@h/x?q", UNPARSED),
        ("https:\\\\u:p@h/x", UNPARSED),
        ("//u:p@h/x", UNPARSED),
        ("ht tp://u:p@h/x", UNPARSED),
        ("https://u:p/w@h/x", UNPARSED),
        ("https://u:p?w@h/x", UNPARSED),
        ("https:///u:p@h/x", UNPARSED),
        ("https://[::1/x?token=t", UNPARSED),
        ("hdfs:/u:p@h/x", UNPARSED),
    ],
)
def test_addresses_as_people_write_them(address: str, shown: str) -> None:
    """What is plain is shown as it is; what is misspelt is not shown."""
    assert public(address) == shown


@pytest.mark.parametrize(
    ("address", "origin", "shown"),
    [
        ("https://h/x", Origin("https", "h", 443), "https://h"),
        ("HTTP://Host:80/x", Origin("http", "host", 80), "http://host"),
        ("https://u:p@h:8443", Origin("https", "h", 8443), "https://h:8443"),
        (
            "https://[2001:DB8::1]:444/",
            Origin("https", "2001:db8::1", 444),
            "https://[2001:db8::1]:444",
        ),
        ("https://h:0/", Origin("https", "h", 0), "https://h:0"),
        ("s3://bucket/key", Origin("s3", "bucket", None), "s3://bucket"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: Origin, shown: str) -> None:
    """The port is the scheme's own where none is given; nought is one too."""
    assert origin_of(address) == origin
    assert str(origin) == shown


@pytest.mark.parametrize("address", ["https://h:port/", "https://h:99999/", "https://[::1/"])
def test_an_origin_that_cannot_be_parsed_is_a_value_error(address: str) -> None:
    """No credentials are bound to a guess."""
    with pytest.raises(ValueError, match=r".+"):
        origin_of(address)


@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.text())
def test_user_and_password_are_decoded(user: str, password: str) -> None:
    """Whatever characters they hold, '@', ':' and '/' included."""
    address = f"https://{quote(user, safe='')}:{quote(password, safe='')}@h/x?q"

    assert userinfo(address) == (user, password)
    assert without_userinfo(address) == "https://h/x?q"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://h/x", None),
        ("https://@h/x", None),
        ("https://user@h/x", ("user", "")),
        ("https://:token@h/x", ("", "token")),
        ("https://me@corp:p@h/x", ("me@corp", "p")),
    ],
)
def test_user_and_password_may_be_missing(address: str, found: tuple[str, str] | None) -> None:
    """A token alone is a password; nothing at all is None."""
    assert userinfo(address) == found


def test_a_fingerprint_stands_for_the_resource() -> None:
    """The query takes part, who asks and the fragment do not."""
    alike = ["https://h/x?q=1", "https://u:p@h/x?q=1", "https://h/x?q=1#part"]
    others = [
        "https://h/x?q=2",
        "https://h/x",
        "http://h/x?q=1",
        "https://h:444/x?q=1",
        "https://H2/x?q=1",
    ]

    prints = {fingerprint(address) for address in alike}

    assert len(prints) == 1
    assert len(prints | {fingerprint(address) for address in others}) == 6
    assert len(prints.pop()) == 64


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://h/a/six-1.17.0.tar.gz?x=/y#/z", "six-1.17.0.tar.gz"),
        ("https://h/a/b/", "b"),
        ("https://h", ""),
        ("https://h/a%20b", "a b"),
        ("https://[::1/a", ""),
        ("/data/what?.txt", "what?.txt"),
        ("file:///data/a.txt", "a.txt"),
    ],
)
def test_a_label_is_a_name_for_people(address: str, name: str) -> None:
    """Taken from the path alone."""
    assert label(address) == name


@given(addresses())
def test_whatever_is_parsed_has_no_user_left(address: str) -> None:
    """For what goes on to another server."""
    try:
        parts = urlsplit(without_userinfo(address))
    except ValueError:
        return

    assert parts.username is None
