"""Connections follow the environment, and what urllib3 says of them is kept quiet."""

from __future__ import annotations

import logging
import threading

import pytest

from store.transports.http.sessions import Quiet, Sessions
from store.transports.tls import Tls

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("exceptions", "address", "direct"),
    [
        ("", "http://host/a", False),
        ("*", "http://host/a", True),
        ("host", "http://HOST/a", True),
        ("host", "http://sub.host/a", True),
        (".host", "http://sub.host/a", True),
        ("*.host", "http://sub.host/a", True),
        ("host", "http://otherhost/a", False),
        ("host:8080", "http://host:8080/a", True),
        ("host:8080", "http://host/a", False),
        ("other, host ,", "http://host/a", True),
        ("10.0.0.0/8", "http://10.1.2.3/a", True),
        ("10.0.0.0/8", "http://11.1.2.3/a", False),
        ("10.0.0.0/8,host", "http://host/a", True),
        ("fe80::/10", "http://[fe80::1]/a", True),
    ],
)
def test_exceptions_from_the_proxy_are_kept(exceptions: str, address: str, *, direct: bool) -> None:
    """Names, domains, ports and networks, as is usual for ``no_proxy``."""
    sessions = Sessions({"HTTP_PROXY": PROXY, "NO_PROXY": exceptions, "all_proxy": ""})

    assert sessions.proxies_for(address) == ({} if direct else {"http": PROXY})


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes later changes nothing."""
    monkeypatch.setenv("https_proxy", PROXY)
    sessions = Sessions()

    monkeypatch.setenv("https_proxy", "http://elsewhere")

    assert sessions.proxies_for("https://host/a") == {"https": PROXY}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"SSL_CERT_DIR": "/d"}, "/d"),
        ({"SSL_CERT_DIR": "/d", "SSL_CERT_FILE": "/f"}, "/f"),
        ({"SSL_CERT_FILE": "/f", "CURL_CA_BUNDLE": "/c"}, "/c"),
        ({"CURL_CA_BUNDLE": "/c", "REQUESTS_CA_BUNDLE": "/r"}, "/r"),
        ({"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "/c"}, "/c"),
    ],
)
def test_the_first_certificates_win(environment: dict[str, str], expected: str | None) -> None:
    """An empty variable says nothing."""
    assert Sessions(environment).bundle == expected


def test_connections_are_shared_until_they_are_closed() -> None:
    """One set a process; closing begins another, and closing nothing does nothing."""
    sessions = Sessions({})
    first = sessions.adapter()

    assert sessions.adapter() is first
    sessions.close()
    sessions.close()
    assert sessions.adapter() is not first


def test_only_our_requests_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Others' use of urllib3, in another thread or after ours, is logged as ever."""
    Sessions({}).adapter()
    log = logging.getLogger("urllib3.connectionpool")

    with caplog.at_level("DEBUG"):
        with Quiet():
            with Quiet():
                log.debug("hidden")
            log.debug("hidden")
            thread = threading.Thread(target=log.debug, args=("theirs",))
            thread.start()
            thread.join()
        log.debug("later")

    assert caplog.messages == ["theirs", "later"]


def test_a_certificate_is_shown_to_its_own_origin_alone() -> None:
    """Nor is another origin trusted by the authorities of that one."""
    tls = Tls(origin="https://host/in", authorities="ca", certificate="me", key="key")
    sessions = Sessions({"SSL_CERT_FILE": "usual"}, tls=tls)

    assert sessions.certificate_for("https://host:443/a") == ("me", "key")
    assert sessions.trusted_at("https://host/a") == "ca"
    for other in ("https://host:8443/a", "http://host/a", "https://sub.host/a"):
        assert sessions.certificate_for(other) is None
        assert sessions.trusted_at(other) == "usual"
    assert Sessions({}, tls=tls._replace(key=None)).certificate_for("https://host/") == "me"
    assert Sessions({}).trusted_at("https://host/") is True
