"""A CDCS: the fake one, or the real one where its interpreter is named."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import keyring
import keyring.backend
import keyring.credentials
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from store.releases.cdcs import CDCSArchive
from store.releases.mapping import BPID, BYTES, SHA256, blob_nodes, project_of
from store.releases.records import Record, compose
from store.releases.values import Naming
from store.testing.curators import FakeCurator
from store.transports.base import Retrying, TransferOptions
from store.transports.opening import close_all

WORKSPACE = "Global Public Workspace"
MINI = Path(__file__).parents[2] / "services" / "cdcs_mini" / "mini_gunicorn.py"
OPTIONS = TransferOptions(retrying=Retrying(base=0.0))
_numbers = itertools.count(1)


@attrs.frozen
class Place:
    """Where a CDCS is, and who may do everything there."""

    url: str
    user: str = "admin"
    password: str = "admin"

    def archive(self) -> CDCSArchive:
        """Log in anew."""
        return CDCSArchive(self.url, self.user, self.password, options=OPTIONS)


@attrs.frozen
class Project:
    """A directory of files that are to be released under a title of its own."""

    directory: Path
    title: str
    files: dict[str, bytes]

    def upload(self, archive: CDCSArchive, version: str = "1.0.0") -> Record:
        """Upload the files, and return the record that is to be published."""
        naming = Naming(self.title, f"{self.title}-v{version}", WORKSPACE)
        project = project_of(dict.fromkeys(self.files, False), ("void",))
        for path, node in blob_nodes(project):
            sent = archive.upload_blob(self.directory, naming, {}, path=path)
            node.update({BPID: sent.pid, BYTES: sent.size, SHA256: sent.sha256})
        return compose(self.title, version, project)

    def publish(
        self, archive: CDCSArchive, version: str = "1.0.0", *, allow_repeat: bool = False
    ) -> str:
        """Upload the files, publish the record, and return its identifier."""
        data = self.upload(archive, version).to_data()
        return archive.upload_release_record(data, allow_repeat=allow_repeat)


@pytest.fixture(scope="session")
def interpreter() -> str | None:
    """The interpreter that has CDCS installed, where the environment names one (``tox -e services``)."""
    return os.environ.get("STORE_CDCS_PYTHON")


@pytest.fixture(scope="session")
def real(
    interpreter: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place | None]:
    """The real server, or None."""
    if interpreter is None:
        yield None
        return
    home = tmp_path_factory.mktemp("cdcs")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "CDCS_HOME": str(home), "CDCS_PORT": str(port), "HOME": str(home)}
    command = [interpreter, "-m", "gunicorn", "-c", str(MINI)]
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline(), (home / "log").read_text()
        yield Place(f"http://127.0.0.1:{port}")
        process.terminate()


class FakeKeyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = -1  # never chosen by itself, in another test

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is held."""
        return self.held.get((service, username))

    def get_credential(
        self, service: str, username: str | None
    ) -> keyring.credentials.Credential | None:
        """Return what is held, of anybody where nobody is named."""
        if self.failure is not None:
            raise self.failure
        for (place, name), password in self.held.items():
            if place == service and username in {None, name}:
                return keyring.credentials.SimpleCredential(name, password)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold a password."""
        if self.failure is not None:
            raise self.failure
        self.held[service, username] = password


@pytest.fixture(autouse=True)
def fake_keyring() -> Iterator[FakeKeyring]:
    """Put a keyring in memory in the place of the system's."""
    before = keyring.get_keyring()
    fake = FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the proxies, certificates, secrets and settings of this machine out."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    yield
    close_all()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key and the certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store tests")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + dt.timedelta(days=36500))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    basic = x509.BasicConstraints(ca=True, path_length=None)
    made = builder.add_extension(basic, critical=True).sign(key, hashes.SHA256())
    encoding, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(encoding, private, serialization.NoEncryption())
        + made.public_bytes(encoding)
    )
    return path


@pytest.fixture
def curator() -> Iterator[FakeCurator]:
    """A fake server of the test's own, whose misbehaviour can be ordered."""
    with FakeCurator() as made:
        yield made


@pytest.fixture
def place(real: Place | None, request: pytest.FixtureRequest) -> Place:
    """The real server, else a fake one; with its template."""
    found = real or Place(request.getfixturevalue("curator").url)
    found.archive().initialise()
    return found


@pytest.fixture
def archive(place: Place) -> CDCSArchive:
    """An archive, logged in."""
    return place.archive()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three files, one of them empty, and a title that nobody has used."""
    files = {"a.txt": b"hello", "data/b.bin": bytes(range(256)) * 40, "empty": b""}
    return _laid_down(tmp_path / "project", files)


@pytest.fixture
def laid_down(tmp_path: Path) -> Callable[[dict[str, bytes]], Project]:
    """Lays files down as a project."""
    return lambda files: _laid_down(tmp_path / f"project{next(_numbers)}", files)


def _laid_down(directory: Path, files: dict[str, bytes]) -> Project:
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return Project(directory, f"title{os.getpid()}.{next(_numbers)}", files)
