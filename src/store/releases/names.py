"""What releases, workspaces and the files in them may be called."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from store.errors import QueryError, UnsafeNameError
from store.files.names import is_plain, unsafe_component
from store.releases.versions import Choice, Version, choice_from

DEFAULT_WORKSPACE: Final = "Global Public Workspace"
"""Where releases are published, and looked for, unless another workspace is named."""

_TITLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_EASY: Final = re.compile(r"(?:(?!\.{1,2}(?:/|\Z))[ -.0-\[\]-~]{1,255}(?:/(?!\Z)|\Z))+")
"""Paths of printable ASCII that lead nowhere but down: known at a tenth of the cost, for thousands."""

_REQUIREMENT: Final = re.compile(
    r"\s*(?:(?P<workspace>.+)/)?(?P<title>[^/<>=!~^*,@]+?)\s*(?P<rest>[<>=!~^*@].*)?"
)


class Requirement(NamedTuple):
    """A release that is wanted: ``[workspace/]title[expression]``, or ``title@1.2.0``.

    Attributes:
        title: Its title, without a version.
        choice: Which of its versions will do.
        workspace: Where it is looked for; None leaves that to whoever asks.
    """

    title: str
    choice: Choice = Choice()
    workspace: str | None = None

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read a requirement.

        Raises:
            QueryError: It cannot be read.
            UnsafeNameError: Its title or workspace would lead elsewhere.
        """
        match = _REQUIREMENT.fullmatch(str(text))
        if match is None:
            raise QueryError(
                f"{text!r} names no release: write it as 'title', 'title@1.2.0' or 'title>=1,<2', with"
                " 'workspace/' in front where it is not the usual one",
                query=text,
            )
        rest = match["rest"] or ""
        workspace = match["workspace"]
        return cls(
            check_title(match["title"]),
            choice_from(rest.removeprefix("@")),
            None if workspace is None else check_workspace(workspace.strip()),
        )

    def __str__(self) -> str:
        """Return it as it is written."""
        where = f"{self.workspace}/" if self.workspace else ""
        if not self.choice.clauses:
            return where + self.title
        text = str(self.choice)
        return f"{where}{self.title}{'' if text[0] in '<>!~^' else '=='}{text}"


def title_of(title_versionless: str, version: Version | str) -> str:
    """Return the title of one release: ``{title}-v{version}``."""
    return f"{title_versionless}-v{version}"


def check_new_title(title: str) -> str:
    """Return a title that a release may be published under.

    Raises:
        QueryError: It does not begin with a letter or digit, holds anything but letters, digits, ``.``,
            ``_`` and ``-``, or more than 128 of them.
    """
    if not _TITLE.fullmatch(str(title)):
        raise QueryError(
            f"{title!r} cannot be a title: take letters, digits, '.', '_' and '-', a letter or digit first,"
            " 128 at the most",
            query=title,
        )
    return title


def check_new_release(title: str, version: Version) -> None:
    """Refuse a title and a version that a release may not be published under, before anything goes.

    Raises:
        QueryError: The title is none, see `check_new_title`; or the two are too long for the name of a file.
    """
    check_new_title(title)
    if unsafe_component(f"{title_of(title, version)}.yml"):
        raise QueryError(
            f"{title} {version} cannot be published: title and version are too long for the name of a file",
            query=str(version),
        )


def check_title(title: object) -> str:
    """Return the title of a release that is there, as long as it leads nowhere else.

    Raises:
        UnsafeNameError: It is no plain name.
    """
    return _component(title, "title")


def check_workspace(workspace: object) -> str:
    """Return the name of a workspace, as long as it leads nowhere else.

    Raises:
        UnsafeNameError: It is no plain name.
    """
    return _component(workspace, "workspace")


def is_name(name: object) -> bool:
    """Whether a title or a workspace may be called so."""
    return isinstance(name, str) and not unsafe_component(name) and name[:1] != "."


def check_path(path: object) -> str:
    """Return the path of a file in a release, as long as it leads nowhere but down.

    Raises:
        UnsafeNameError: It is no plain relative path.
    """
    if not isinstance(path, str) or not (_EASY.fullmatch(path) or is_plain(path)):
        raise UnsafeNameError(
            f"the path {str(path)[:200]!r} in a release is refused: it would lead elsewhere",
            name=str(path),
        )
    return path


def _component(name: object, kind: str) -> str:
    if not isinstance(name, str) or not is_name(name):
        raise UnsafeNameError(
            f"the {kind} {str(name)[:200]!r} is refused: it must be a plain name, without '/' and"
            " without a dot in front, and not too long for a file's",
            name=str(name),
        )
    return name
