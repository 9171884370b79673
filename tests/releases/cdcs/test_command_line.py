"""``store release`` speaks with a CDCS: the fake one, and the real one in ``tox -e services``."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Protocol

import pytest

from store.addresses import origin_of
from store.cli.main import run
from store.config.secret_sources import token_variable
from store.releases.opening import get_interface
from store.testing.curators import FakeCurator


class Place(Protocol):
    """Where a CDCS is."""

    url: str
    user: str
    password: str


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str
    files: dict[str, bytes]


@pytest.fixture
def logged_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have user and password of the server in the environment."""
    variable = token_variable(origin_of(place.url)) or ""
    monkeypatch.setenv(variable, f"{place.user}:{place.password}")


def done(capfd: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that is to succeed, and return what it prints."""
    capfd.readouterr()
    status = run([str(one) for one in arguments])
    out, err = capfd.readouterr()
    assert status == 0, err
    return out


def test_a_release_goes_there_and_back(
    place: Place, logged_in: None, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the first file to the yank, with the password in the environment."""
    title, here = project.title, Path("here")

    done(capfd, "release", "init", place.url)
    done(capfd, "release", "publish", project.directory, f"{title}@1.0.0", "--to", place.url)
    (project.directory / "more").write_bytes(b"more")
    done(capfd, "release", "publish", project.directory, f"{title}@1.1.0", "--to", place.url)
    done(capfd, "release", "fetch", f"{title}>=1", "--from", place.url, "--dest", here)

    brought = {
        one.relative_to(here).as_posix(): one.read_bytes()
        for one in here.rglob("*")
        if one.is_file() and ".rme" not in one.parts
    }
    assert brought == {**project.files, "more": b"more"}
    done(capfd, "release", "verify", f"{title}@1.0.0", "--archive", place.url)
    done(capfd, "release", "yank", f"{title}@1.1.0", "--archive", place.url)
    listed = json.loads(done(capfd, "release", "list", title, "--archive", place.url, "--json"))
    assert [(one["version"], one["yanked"]) for one in listed] == [
        ("1.0.0", False),
        ("1.1.0", True),
    ]
    refused = ("release", "publish", project.directory, f"{title}@1.1.0", "--to", place.url)
    assert run([str(one) for one in refused]) == 5
    done(capfd, *refused, "--repeat")
    done(capfd, "release", "init", "archive")
    done(capfd, "release", "copy", f"{title}@1.0.0", "--from", place.url, "--to", "archive")
    assert title in done(capfd, "release", "list", "--archive", "archive")


def test_what_is_published_again_stays_yanked(
    place: Place, logged_in: None, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """And it is said beforehand that there is such a version, and that it is yanked."""
    exact = f"{project.title}@1.0.0"
    done(capfd, "release", "init", place.url)
    again = ("release", "publish", project.directory, exact, "--to", place.url, "--repeat")
    done(capfd, *again)
    done(capfd, "release", "yank", exact, "--archive", place.url, "--reason", "wrong units")
    (project.directory / "more").write_bytes(b"more")

    planned = run([str(one) for one in (*again, "-n")]), capfd.readouterr().err
    told = json.loads(done(capfd, *again, "-n", "--json"))["repeats"]
    run([str(one) for one in again])
    said = capfd.readouterr().err
    listed = json.loads(done(capfd, "release", "list", "--archive", place.url, "--json"))

    assert planned[0] == 0
    assert "would be published again in its place, and stays yanked" in planned[1]
    assert told is True
    assert "was published again in its place, and stays yanked" in said
    assert [one["reason"] for one in listed if one["title"] == project.title] == ["wrong units"]


def test_a_flag_names_whom_to_trust(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without it the server's certificate is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeCurator(tls=context) as curator:
        monkeypatch.setenv(token_variable(origin_of(curator.url)) or "", "admin:admin")

        assert run(["release", "init", curator.url]) == 8
        done(capfd, "release", "init", curator.url, "--ca-file", certificate)
        listing = ("release", "list", "--archive", curator.url)
        assert run([*listing]) == 8
        assert done(capfd, *listing, "--ca-file", certificate) == ""


def test_the_cache_serves_a_file_of_a_release(
    place: Place,
    logged_in: None,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """By the driver ``release``; what the archive asks for is in the environment."""
    monkeypatch.setenv("STORE_CACHE_DIR", "cache")
    Path("store.toml").write_text(f'[archive.team]\nhost = "{place.url}"\n', encoding="utf-8")
    done(capfd, "release", "publish", project.directory, f"{project.title}@1.0.0", "--to", "team")

    path = done(capfd, "fetch", f"release:{project.title}>=1?path=a.txt&archive=team").strip()

    assert Path(path).read_bytes() == project.files["a.txt"]


def test_the_settings_name_certificates(certificate: Path) -> None:
    """Beside the host; a relative path counts from the file that it stands in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    Path("both.pem").write_bytes(certificate.read_bytes())
    with FakeCurator(tls=context, certified="admin") as curator:
        table = f'[archive.team]\nhost = "{curator.url}/"\nca_file = "both.pem"\n'
        Path("store.toml").write_text(f'{table}certificate = "both.pem"\n', encoding="utf-8")

        archive = get_interface(curator.url)

        assert archive.user is None
        assert archive.list_releases() == []


def test_a_workspace_that_is_not_there_is_told_by_a_listing(place: Place, logged_in: None) -> None:
    """Status 3, as for whoever publishes to it."""
    asked = ["release", "list", "--archive", place.url]

    assert (run([*asked, "--workspace", "nows"]), run(asked)) == (3, 0)
