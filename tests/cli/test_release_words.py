"""``store release``: what its messages tell, and what they keep to themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("5", "5"),
        ("{raw: '>=1'}", "raw: >=1"),
        ("[raw, 'other>=2']", "raw"),
        ("raw", "raw"),
    ],
)
def test_requirements_of_any_kind_are_shown(cli: Run, house: Path, said: str, told: str) -> None:
    """Nobody looks at them but the publisher's own tools: they may be anything."""
    cli("release", "init", "archive")
    shelf = house / "archive" / "Global Public Workspace" / "survey"
    shelf.mkdir(parents=True)
    text = "title: survey-v1.0.0\ntitle_versionless: survey\nversion: 1.0.0\nproject: {}\n"
    (shelf / "survey-v1.0.0.yml").write_text(f"{text}requirements: {said}\n")

    shown = cli("release", "show", "survey", "--archive", "archive")

    assert shown.status == 0
    assert f"{told}\n" in shown.out or f"{told}," in shown.out


def test_a_folder_with_a_name_that_no_release_can_have_is_compared(cli: Run, house: Path) -> None:
    """It is told as what only the folder has; nothing is to be published."""
    (house / "project").mkdir()
    (house / "project" / "f").write_bytes(b"x")
    cli("release", "init", "archive")
    cli("release", "publish", "project", "survey@1.0.0", "--to", "archive")
    cli("release", "fetch", "survey", "--from", "archive", "--dest", "here")
    (house / "here" / "a\nb").touch()
    (house / "here" / "c\\d").mkdir()

    differs = cli("release", "diff", "survey", "./here", "--archive", "archive")
    as_data = cli("release", "diff", "survey", "./here", "--archive", "archive", "--json")

    assert differs.status == as_data.status == 1
    assert as_data.json["added"] == ["a\nb", "c\\d/"]
    assert len(differs.out.splitlines()) == 2
