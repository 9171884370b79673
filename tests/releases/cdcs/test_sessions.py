"""One session for each host and user: nobody's secret goes astray."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from store.addresses import origin_of
from store.config.secret_sources import token_variable
from store.errors import (
    ArchiveError,
    ConfigurationError,
    CredentialsError,
    IntegrityError,
    ReleaseRecordNotFoundError,
    StoreError,
    TransportError,
)
from store.integrity.digest import Digest
from store.releases.cdcs import CDCSArchive
from store.releases.curator import Curator
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.opening import get_interface
from store.releases.pids import EMPTY, addresses_of
from store.releases.receiving import patient, receive_blob
from store.releases.records import Record
from store.releases.values import Naming
from store.testing.curator_answers import token_of
from store.testing.curators import FakeCurator
from store.testing.servers import Server
from store.transports.base import Retrying, TransferOptions

OPTIONS = TransferOptions(retrying=Retrying(base=0.0))
USERS = {"admin": "admin", "ada": "lovelace", "bob": "s3cret"}


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str

    def upload(self, archive: CDCSArchive, version: str = "1.0.0") -> Record:
        """Upload the files."""
        ...


@pytest.fixture
def shared() -> Iterator[FakeCurator]:
    """A server with three users and a second workspace."""
    with FakeCurator(users=USERS, workspaces=("Lab",)) as made:
        CDCSArchive(made.url, "admin", "admin", options=OPTIONS).initialise()
        del made.asked[:]
        yield made


def said(curator: FakeCurator) -> list[str | None]:
    """Return what the askers said of themselves."""
    return [one.authorization for one in curator.asked]


def test_a_password_is_shown_once_for_a_token(shared: FakeCurator) -> None:
    """A server takes long to check one."""
    archive = CDCSArchive(shared.url, "ada", "lovelace", options=OPTIONS)

    archive.curator.get_workspaces()
    archive.curator.get_workspaces()

    token = f"Token {token_of('ada', 'lovelace')}"
    assert said(shared) == [None, token, token]


def test_a_server_without_tokens_is_shown_the_password() -> None:
    """Each time (RFC 7617)."""
    with FakeCurator(users=USERS, tokens=False) as curator:
        archive = CDCSArchive(curator.url, "ada", "lovelace", options=OPTIONS)

        assert archive.curator.get_workspaces()

        assert (said(curator)[-1] or "").startswith("Basic ")


def test_a_token_needs_no_user(shared: FakeCurator) -> None:
    """It is given as the password."""
    token = token_of("bob", "s3cret")

    archive = CDCSArchive(shared.url, None, token, options=OPTIONS)

    assert archive.curator.get_workspaces()
    assert said(shared) == [f"Token {token}"]


def test_without_a_secret_the_server_says_what_it_wants(shared: FakeCurator) -> None:
    """The error tells where to put one."""
    with pytest.raises(CredentialsError, match="STORE_TOKEN_HTTP"):
        CDCSArchive(shared.url, options=OPTIONS).curator.get_workspaces()


def test_two_users_share_nothing(shared: FakeCurator) -> None:
    """Not the session, not what was remembered; each is known by its own secret."""
    ada = CDCSArchive(shared.url, "ada", "lovelace", options=OPTIONS)
    bob = CDCSArchive(shared.url, "bob", "s3cret", options=OPTIONS)

    for one in (ada, bob, ada):
        one.curator.get_workspaces()

    tokens = [f"Token {token_of(name, USERS[name])}" for name in ("ada", "bob", "ada")]
    assert [one for one in said(shared) if one] == tokens
    assert (ada.user, bob.user) == ("ada", "bob")
    assert ada.curator.options.credentials is not bob.curator.options.credentials


def test_no_secret_is_told(
    shared: FakeCurator, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log, not in an error, not by what holds it."""
    caplog.set_level(logging.DEBUG)
    archive = CDCSArchive(
        shared.url.replace("//", "//ada:lovelace@"), "ada", "lovelace", options=OPTIONS
    )
    told = [repr(archive), repr(archive.curator), repr(archive.curator.options), archive.host]
    for trouble in (403, 500, "drop", "html", f"{shared.url}/?token=lovelace"):
        shared.fail("POST", "/rest/blob/", trouble, times=9)
        with pytest.raises(StoreError) as caught:
            project.upload(archive)
        told.append(f"{caught.value} {vars(caught.value)}")
        shared.forgive()

    for secret in ("lovelace", token_of("ada", "lovelace")):
        assert secret not in " ".join([caplog.text, *told])


def test_a_workspace_is_honoured(shared: FakeCurator, project: Project) -> None:
    """Record and blobs lie there, and nowhere else."""
    archive = CDCSArchive(shared.url, "ada", "lovelace", options=OPTIONS)
    naming = Naming(project.title, f"{project.title}-v1.0.0", "Lab")
    data = project.upload(archive).to_data()
    lab = archive.upload_blob(project.directory, naming, {}, path="a.txt")

    archive.upload_release_record(data, workspace_title="Lab")

    assert list(archive.get_release_records(project.title, None, "Lab"))
    assert [one.workspace for one in archive.list_releases(project.title)] == ["Lab"]
    with pytest.raises(LookupError):
        archive.get_release_records(project.title, None, DEFAULT_WORKSPACE)
    there = {one["pid"]: one["workspace"] for one in shared.state.blobs.values()}
    assert there[lab.pid] == 2
    assert Record.from_data(data).blob("a.txt").pid != lab.pid


def test_calls_of_pycdcs_are_there(shared: FakeCurator) -> None:
    """Beside those that releases need."""
    curator = CDCSArchive(shared.url, "ada", "lovelace", options=OPTIONS).curator
    [template] = curator.get_templates()
    made = curator.upload_record(template, "<release><title>a</title></release>", "a")

    curator.assign_records(curator.get_workspace("Lab"), [made.id])

    assert [one.workspace for one in curator.query(template)] == ["2"]
    assert curator.username == "ada"
    assert curator.global_workspace.public
    curator.delete_record(made)
    assert list(curator.query()) == []


def test_an_identifier_of_another_host_is_resolved_here_first(
    project: Project, tmp_path: Path
) -> None:
    """A server may have been moved, and go by several names."""
    with FakeCurator(minted_at="https://old.example.org") as curator:
        archive = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
        blob = project.upload(archive).blob("a.txt")
        assert (blob.pid or "").startswith("https://old.example.org/")

        archive.download_blob(blob.pid or "", tmp_path / "a", {}, blob.size)

        assert (tmp_path / "a").read_bytes() == b"hello"


def test_no_secret_goes_to_a_foreign_host(shared: FakeCurator, tmp_path: Path) -> None:
    """It is asked where the archive does not have what its record names."""
    archive = CDCSArchive(shared.url, "ada", "lovelace", options=OPTIONS)
    with Server() as foreign:
        pid = foreign.serve("/pid/1", b"hello")
        digest = Digest(
            "sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        )

        receive_blob(archive.curator, pid, tmp_path / "a", {}, size=5, digest=digest)

        assert (tmp_path / "a").read_bytes() == b"hello"
        assert shared.count("GET", "/pid/1") == 1
        assert all("authorization" not in one.headers for one in foreign.asked())


@pytest.mark.parametrize(
    ("pid", "pinned", "found"),
    [
        ("17", False, ("https://cdcs.example.org/in/rest/blob/download/17/",)),
        ("/pid/a", False, ("https://cdcs.example.org/pid/a",)),
        ("https://cdcs.example.org/pid/a", False, ("https://cdcs.example.org/pid/a",)),
        (
            "https://hdl.example.net/20/a?b=c",
            False,
            ("https://cdcs.example.org/20/a?b=c", "https://hdl.example.net/20/a?b=c"),
        ),
        ("http://hdl.example.net/20/a", True, ("https://cdcs.example.org/20/a",)),
    ],
)
def test_identifiers_lead_to_addresses(pid: str, pinned: bool, found: tuple[str, ...]) -> None:  # noqa: FBT001
    """Of this server, of a stranger; a stranger without TLS is not asked where this one has it."""
    curator = Curator("https://cdcs.example.org/in", "ada", "lovelace")

    assert addresses_of(pid, curator, pinned=pinned) == found


@pytest.mark.parametrize(
    "pid", ["", "file:///etc/passwd", "//host/a", "https://u:p@host/a", "http://[", "../a"]
)
def test_other_identifiers_are_refused(pid: str) -> None:
    """Nothing that a record says leads to a file, or carries a secret."""
    curator = Curator("https://cdcs.example.org")

    with pytest.raises(ArchiveError):
        addresses_of(pid, curator, pinned=True)


def test_a_file_cannot_be_empty_and_be_not(tmp_path: Path) -> None:
    """The identifier of empty files is held against size and digest, too."""
    curator = Curator("https://cdcs.example.org")

    for size, digest in ((3, None), (None, Digest("sha256", "0" * 64))):
        with pytest.raises(IntegrityError, match="contradicts"):
            receive_blob(curator, EMPTY, tmp_path / "a", {}, size=size, digest=digest)

    assert list(tmp_path.iterdir()) == []


def test_a_large_blob_is_waited_for() -> None:
    """A server reads all of it before it answers."""
    bounds = patient(OPTIONS, 3 << 30).bounds

    assert bounds.read_timeout == OPTIONS.bounds.read_timeout + 256
    assert patient(OPTIONS, 1 << 20) is OPTIONS


def test_a_certificate_logs_in(certificate: Path) -> None:
    """It is shown to its own server alone, and to nobody but those that are trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    with FakeCurator(tls=context, certified="admin") as curator:
        archive = CDCSArchive(
            curator.url,
            certificate=certificate,
            key=certificate,
            ca_file=certificate,
            options=OPTIONS,
        )

        assert archive.initialise()

        with pytest.raises(CredentialsError):
            CDCSArchive(curator.url, ca_file=certificate).curator.get_workspaces()
        with pytest.raises(TransportError, match="TLS failed"):
            CDCSArchive(curator.url, certificate=certificate).curator.get_workspaces()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ca_file": "nope.pem"}, "the ca_file nope.pem cannot be read"),
        ({"certificate": "nope.pem"}, "the certificate nope.pem cannot be read"),
        ({"key": "nope.pem"}, "a key alone"),
    ],
)
def test_a_file_that_is_missing_is_told_by_its_name(
    shared: FakeCurator, files: dict[str, str], said: str
) -> None:
    """Before the server is asked, over plain http too; from the settings with the line it stands in."""
    table = "".join(f'{name} = "{path}"\n' for name, path in files.items())
    Path("store.toml").write_text(f'[archive.t]\nhost = "{shared.url}"\n{table}')

    with pytest.raises(ConfigurationError, match=said):
        CDCSArchive(shared.url, "admin", "admin", **files)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"store\.toml:3: ") as caught:
        get_interface(shared.url, "admin", "admin")

    assert caught.value.key == next(iter(files))


def test_an_unknown_workspace_is_told_with_the_known_ones(shared: FakeCurator) -> None:
    """In words that a person would use."""
    archive = CDCSArchive(shared.url, "admin", "admin")

    with pytest.raises(ReleaseRecordNotFoundError, match="has no workspace 'nows' that this user"):
        archive.get_release_records("x", None, "nows")


def test_who_is_not_of_the_staff_is_told_whom_to_ask() -> None:
    """Another token would not help."""
    with FakeCurator(users={"admin": "admin", "ada": "ada"}) as curator:
        with pytest.raises(CredentialsError, match=r"only its staff .* ask one of them"):
            CDCSArchive(curator.url, "ada", "ada").initialise()
        with pytest.raises(CredentialsError) as caught:
            CDCSArchive(curator.url, "ada", "wrong").initialise()

    assert "staff" not in str(caught.value)


def test_another_user_than_the_one_that_is_known_is_told_so(
    shared: FakeCurator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is set: it holds another's password."""
    monkeypatch.setenv(token_variable(origin_of(shared.url)) or "", "admin:admin")

    with pytest.raises(CredentialsError, match="is of 'admin', not of 'other'"):
        get_interface(shared.url, "other")


def test_an_empty_record_says_as_much_as_none(shared: FakeCurator, project: Project) -> None:
    """A blob comes without one, too."""
    archive = CDCSArchive(shared.url, "admin", "admin")
    pid = project.upload(archive).blob("a.txt").pid or ""

    archive.download_blob(pid, project.directory / "again", {}, 5, {})

    assert (project.directory / "again").read_bytes() == b"hello"
