"""``store release`` with an archive in a bucket, on a real endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.testing.object_servers import MotoServer

from .conftest import Run


@pytest.fixture
def address(moto_server: MotoServer, house: Path) -> str:
    """Where an archive may begin; the settings say how it is reached."""
    told = moto_server.connection
    (house / "store.toml").write_text(
        f'[connection.s3]\nendpoint = "{told.endpoint}"\naccess_key = "{told.access_key}"\n'
        f'secret_key = "{told.secret_key}"\nallow_http = true\npath_style = true\n'
    )
    return f"s3://{moto_server.new_bucket()}/some/where"


def test_a_bucket_holds_releases(cli: Run, address: str, house: Path) -> None:
    """Begun, published to, listed, fetched from, copied to and verified as a directory is."""
    (house / "project").mkdir()
    (house / "project" / "a.txt").write_bytes(b"a\n")
    (house / "project" / "big").write_bytes(b"b" * 100_000)

    assert cli("release", "list", "--archive", address).status == 4
    assert cli("release", "init", address).out == f"{address}\n"
    first = cli("release", "publish", "project", "survey@1.0.0", "--to", address)
    again = cli("release", "publish", "project", "survey@1.0.0", "--to", address)
    listed = cli("release", "list", "--archive", address, "--long", "--json").json
    fetched = cli("release", "fetch", "survey", "--from", address, "--dest", "here")
    verified = cli("release", "verify", "survey", "--archive", address)
    cli("release", "init", "second")
    copied = cli("release", "copy", "survey", "--from", address, "--to", "second", "--json").json

    assert first.out == f"{address}/Global Public Workspace/survey/survey-v1.0.0.yml\n"
    assert again.status == 5
    assert [(one["version"], one["files"], one["size"]) for one in listed] == [
        ("1.0.0", 2, 100_002)
    ]
    assert fetched.status == verified.status == 0
    assert (house / "here" / "big").read_bytes() == b"b" * 100_000
    assert copied["copied"] is True


def test_one_file_of_it_is_a_resource(cli: Run, address: str, house: Path) -> None:
    """The cache keeps what came from a bucket, and gives it offline."""
    (house / "project").mkdir()
    (house / "project" / "a.txt").write_bytes(b"a\n")
    cli("release", "init", address)
    cli("release", "publish", "project", "survey@1.0.0", "--to", address)
    with (house / "store.toml").open("a") as file:
        file.write(f'[archive.team]\nhost = "{address}"\n')

    online = cli("fetch", "release:survey")
    offline = cli("fetch", "release:survey", "--offline")

    assert Path(online.out.strip()).read_bytes() == b"a\n"
    assert offline.out == online.out
