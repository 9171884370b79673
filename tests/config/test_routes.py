"""Rules of addresses in files of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.config.reading import read_settings
from store.config.routes import Routes
from store.config.rules import Block, Mirror
from store.errors import ConfigurationError

WHOLE = """\
allow = ["https://host", "https://mirror/**"]

[[mirror]]
match = "https://host/**"
replace = "https://mirror/host/"

[[mirror]]
match = "https://other/**"
replace = "file:///srv/other/**"
only = true
unpinned = true

[[block]]
match = "http://**"
message = "plain http is not used here"
"""

READ = Routes(
    mirrors=(
        Mirror("https://host/**", "https://mirror/host/**"),
        Mirror("https://other/**", "file:///srv/other/**", only=True, unpinned=True),
    ),
    allow=(("https://host/**", "https://mirror/**"),),
    block=(Block("http://**/**", "plain http is not used here"),),
)


@pytest.fixture
def user_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the user's own file, which does not exist yet."""
    monkeypatch.setenv("STORE_CONFIG_FILE", str(home / "config.toml"))
    return home / "config.toml"


@pytest.mark.usefixtures("user_file")
def test_rules_are_read_from_a_file_of_its_own(work: Path) -> None:
    """Tables of arrays become rules, their patterns in the one spelling."""
    (work / "store.toml").write_text(WHOLE)

    reading = read_settings()

    assert reading.settings.routes == READ
    assert reading.settings.routes.guarded
    assert reading.sources["mirror"] == f"{work}/store.toml:3"
    assert reading.sources["block"] == f"{work}/store.toml:13"


@pytest.mark.usefixtures("user_file")
def test_rules_are_read_from_a_shared_file(work: Path) -> None:
    """In ``pyproject.toml`` they stand below ``[tool.store]``."""
    text = WHOLE.replace("[[", "[[tool.store.")
    (work / "pyproject.toml").write_text(f"[tool.store]\n{text}")

    assert read_settings().settings.routes == READ


@pytest.mark.usefixtures("user_file")
def test_a_block_may_be_a_pattern_alone(work: Path) -> None:
    """Who has nothing to say writes less; one allowed pattern needs no list."""
    (work / "store.toml").write_text("block = ['http://*/']\nallow = 'https://host'\n")

    routes = read_settings().settings.routes

    assert routes.block == (Block("http://*/**"),)
    assert routes.allow == (("https://host/**",),)


def test_no_file_lifts_what_another_forbids(user_file: Path, work: Path) -> None:
    """Rules of all files hold together; the nearer file's mirrors come first."""
    user_file.write_text(
        "allow = ['https://**']\nblock = ['https://a/']\n"
        "[[mirror]]\nmatch = 'https://a'\nreplace = 'https://users'\n"
    )
    (work / "store.toml").write_text(
        "allow = ['*://**']\nblock = ['https://b/']\n"
        "[[mirror]]\nmatch = 'https://a'\nreplace = 'https://projects'\n"
    )

    routes = read_settings().settings.routes

    assert [one.replace for one in routes.mirrors] == ["https://projects/**", "https://users/**"]
    assert routes.allow == (("*://**/**",), ("https://**/**",))
    assert {one.match for one in routes.block} == {"https://a/**", "https://b/**"}


def test_without_rules_nothing_is_guarded() -> None:
    """A mirror alone keeps no address from being asked."""
    assert not Routes().guarded
    assert not Routes(mirrors=READ.mirrors[:1]).guarded
    assert Routes(mirrors=READ.mirrors).guarded


@pytest.mark.usefixtures("user_file")
@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (
            "[[mirror]]\nmatch='https://a'\nreplace='https://b'\n[[mirror]]\nmach='https://c'\n",
            5,
            "mirror.mach",
            "is unknown: did you mean 'match'",
        ),
        ("[[block]]\nzzz = 1\n", 2, "block.zzz", "is unknown: known are match, message"),
        ("[[mirror]]\nmatch='https://a'\n", 1, "mirror", "needs 'replace'"),
        ("[[block]]\n", 1, "block", "needs 'match'"),
        ("[mirror]\nmatch='https://a'\n", 1, "mirror", r"write \[\[mirror\]\]"),
        ("mirror = [1]\n", 1, "mirror", "is no table"),
        ("block = [1]\n", 1, "block", "is no table"),
        ("allow = [1]\n", 1, "allow", "no list of patterns"),
        ("allow = 1\n", 1, "allow", "no list of patterns"),
        ("\nallow = ['host']\n", 2, "allow", "no pattern of addresses"),
        ("[[block]]\nmatch = 1\n", 2, "block.match", "is no text"),
        (
            "[[mirror]]\nmatch='https://a'\nreplace='https://b'\nonly='yes'\n",
            4,
            "mirror.only",
            "is no flag",
        ),
        (
            "[[mirror]]\nmatch='https://a/*'\nreplace='https://u:s3cret@b/*'\n",
            3,
            "mirror.replace",
            "user or password",
        ),
        ("mirrors = 1\n", 1, "mirrors", "did you mean 'mirror'"),
    ],
)
def test_a_rule_that_cannot_be_read_names_its_line(
    work: Path, text: str, line: int, key: str, words: str
) -> None:
    """File, line and key are told, and never a secret."""
    (work / "store.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=words) as raised:
        read_settings()

    assert (raised.value.path, raised.value.line) == (f"{work}/store.toml", line)
    assert raised.value.key == key
    assert f"{work}/store.toml:{line}" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.usefixtures("user_file")
def test_what_is_added_to_the_user_agent_stays_in_its_header(work: Path) -> None:
    """A line break would begin a header of its own."""
    (work / "store.toml").write_text('user_agent = " ci (ops@example.org) "\n')
    assert read_settings().settings.user_agent == "ci (ops@example.org)"

    (work / "store.toml").write_text('user_agent = "ci\\nX-Evil: 1"\n')
    with pytest.raises(ConfigurationError, match="printable ASCII"):
        read_settings()
