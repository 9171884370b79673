"""A CDCS: the fake one, or the real one where its interpreter is named."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from store.releases.cdcs import CDCSArchive
from store.releases.mapping import BPID, BYTES, SHA256, blob_nodes, project_of
from store.releases.records import Record, compose
from store.releases.values import Naming
from store.testing.curators import FakeCurator
from store.transports.base import Retrying, TransferOptions

WORKSPACE = "Global Public Workspace"
MINI = Path(__file__).parents[2] / "services" / "cdcs_mini"
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

    def publish(self, archive: CDCSArchive, version: str = "1.0.0", **how: bool) -> str:
        """Upload the files, publish the record, and return its identifier."""
        return archive.upload_release_record(self.upload(archive, version).to_data(), **how)


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
    environment = {
        **os.environ,
        "CDCS_HOME": str(home),
        "CDCS_PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "mini_settings",
        "DJANGO_SUPERUSER_PASSWORD": "admin",
        "PYTHONPATH": str(MINI),
        "HOME": str(home),
    }
    manage = [interpreter, "-m", "django"]
    named = ["--noinput", "--username", "admin", "--email", "a@example.com"]
    for call in ([*manage, "migrate"], [*manage, "createsuperuser", *named]):
        subprocess.run(call, env=environment, check=True, capture_output=True)
    serving = [
        interpreter,
        "-m",
        "gunicorn",
        "-w",
        "1",
        "--threads",
        "8",
        "-b",
        f"127.0.0.1:{port}",
    ]
    log = (home / "log").open("wb")
    process = subprocess.Popen([*serving, "mini_wsgi:application"], env=environment, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/rest/core-settings/")
        yield Place(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _wait_for(address: str) -> None:
    """Wait until a server answers, for at most a minute."""
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


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
