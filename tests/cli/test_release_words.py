"""``store release``: what its messages tell, and what they keep to themselves."""

from __future__ import annotations

from pathlib import Path

from store.testing.curators import FakeCurator

from .conftest import Run

SECRET = "s3cr3tpw"


def test_a_password_in_an_address_is_never_shown(cli: Run, house: Path) -> None:
    """Not where a release went, not where it is mended, and not where no archive can begin."""
    (house / "project").mkdir()
    (house / "project" / "f").write_bytes(b"x")
    with FakeCurator(users={"admin": SECRET}) as curator:
        address = curator.url.replace("//", f"//admin:{SECRET}@")
        asked = ("release", "publish", "project", "survey@1.0.0", "--to", address)
        begun = cli("release", "init", address)
        done, again = cli(*asked), cli(*asked, "--repeat")
        curator.state.contents.update(dict.fromkeys(curator.state.contents, b"bad"))
        mended = cli(*asked)
    elsewhere = cli("release", "init", f"foo://u:{SECRET}@h/x")

    assert [one.status for one in (begun, done, again, mended)] == [0, 0, 0, 0]
    assert "survey-v1.0.0 is in http://127.0.0.1" in done.err
    assert "mended" in mended.err
    assert "cannot be begun at foo://h/x" in elsewhere.err
    assert SECRET not in "".join(
        one.out + one.err for one in (begun, done, again, mended, elsewhere)
    )
