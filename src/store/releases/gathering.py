"""Which files of a directory are released, and why others are not."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from store.errors import QueryError, ResourceNotFoundError
from store.files.failures import storage_error, storage_errors
from store.files.names import unsafe_component
from store.releases.ignoring import Rule, ignored_by, rules_in
from store.releases.modes import EXECUTABLE

NEVER: Final = (".git", ".hg", ".svn", ".rme", ".store-*")
"""Names of what is no part of a project: the history of versions, what lies in a folder of a release."""

SECRETS: Final = (
    *(
        ".env",
        ".env.*",
        "*.env",
        ".envrc",
        ".netrc",
        "_netrc",
        ".git-credentials",
        ".pypirc",
        ".npmrc",
    ),
    *(
        ".htpasswd",
        ".pgpass",
        ".my.cnf",
        ".s3cfg",
        ".boto",
        ".aws",
        ".azure",
        ".ssh",
        ".gnupg",
        ".docker",
    ),
    *(
        "id_rsa*",
        "id_dsa*",
        "id_ecdsa*",
        "id_ed25519*",
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.jks",
    ),
    *(
        "*.keystore",
        "*.kdbx",
        "*.ppk",
        "credentials",
        "credentials.*",
        "secrets.*",
        ".secrets",
        "*.token",
    ),
    *("service-account*.json", "client_secret*.json", ".vault-token", ".terraformrc", ".dockercfg"),
)
"""Names of what usually holds credentials."""

_NEVER: Final = re.compile("|".join(map(fnmatch.translate, NEVER)))
_SECRETS: Final = re.compile("|".join(map(fnmatch.translate, SECRETS)))


class Going(NamedTuple):
    """One file that is released.

    Attributes:
        path: Where it lies in the project.
        size: Its bytes.
        executable: Whether it is for running.
    """

    path: str
    size: int
    executable: bool


class LeftOut(NamedTuple):
    """Something that is not released.

    Attributes:
        path: Where it lies; a slash at the end where it is a directory.
        reason: Why.
    """

    path: str
    reason: str


class Plan(NamedTuple):
    """What becomes of a directory's content.

    Attributes:
        files: The files that go, in order of their paths.
        directories: The directories that go, empty ones included.
        left_out: What does not go.
    """

    files: tuple[Going, ...]
    directories: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def size(self) -> int:
        """The bytes of all files that go."""
        return sum(one.size for one in self.files)


def gather(directory: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Plan:
    """Return which files of a directory are to be released; links are not followed.

    Left out are: what ``.gitignore`` files name (those above the directory too, up to the top of its
    repository), the history of versions, credentials by their usual names, links and special files.

    Args:
        directory: The project.
        include: Paths, or patterns of paths (``*`` matches slashes, too), of what goes nevertheless.
        exclude: Paths or patterns of what is left out beside.

    Raises:
        ResourceNotFoundError: There is no such directory.
        QueryError: A path to be included does not exist, or a name cannot be in a release.
        StorageError: Something cannot be read.
    """
    root = Path(directory)
    if not root.is_dir():
        raise ResourceNotFoundError(f"{root} is no directory: nothing to publish", query=str(root))
    for one in include:
        if not set(one) & set("*?[") and not os.path.lexists(root / one):
            raise QueryError(f"{root / one} is to be included and does not exist", query=one)
    walk = _Walk(root, tuple(one.strip("/") for one in include), tuple(exclude))
    walk.into("", _rules_above(root))
    return Plan(
        tuple(sorted(walk.files)), tuple(sorted(walk.directories)), tuple(sorted(walk.left_out))
    )


class _Walk:
    """Goes through a directory."""

    def __init__(self, root: Path, include: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self._root, self._include, self._exclude = root, include, exclude
        self.files: list[Going] = []
        self.directories: list[str] = []
        self.left_out: list[LeftOut] = []

    def into(self, base: str, rules: tuple[Rule, ...], *, named_only: bool = False) -> bool:
        """Take what is in a directory; return whether anything of it goes.

        With ``named_only`` the directory itself is left out, and only what is included below it goes.
        """
        place = self._root / base
        rules += rules_in(place, base)
        with storage_errors(place), os.scandir(place) as entries:
            found = sorted(entries, key=lambda one: one.name)
        going = False
        for entry in found:
            path = f"{base}/{entry.name}" if base else entry.name
            going |= self._take(path, entry, rules, named_only=named_only)
        return going or not found

    def _take(
        self, path: str, entry: os.DirEntry[str], rules: tuple[Rule, ...], *, named_only: bool
    ) -> bool:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            raise storage_error(error, path) from error
        directory = stat.S_ISDIR(status.st_mode)
        named = bool(self._include) and any(_matches(path, one) for one in self._include)
        reason = "below what is left out" if named_only and not named else None
        if not (named or named_only):
            reason = self._reason(path, entry.name, rules, directory=directory)
        if reason is None and not directory and not stat.S_ISREG(status.st_mode):
            reason = "a link" if stat.S_ISLNK(status.st_mode) else "no regular file"
        if reason is not None:
            below = directory and any(one.startswith(f"{path}/") for one in self._include)
            if not named_only:
                said = f"{reason}; what is included goes" if below else reason
                self.left_out.append(LeftOut(f"{path}/" if directory else path, said))
            if not below:
                return False
        elif unsafe_component(entry.name):
            raise QueryError(
                f"{path!r} cannot be in a release: a name like that leads astray elsewhere; rename it, or"
                " leave it out with --exclude",
                query=path,
            )
        if directory:
            going = self.into(path, rules, named_only=reason is not None)
            if going:
                self.directories.append(path)
            return going
        self.files.append(Going(path, status.st_size, bool(status.st_mode & EXECUTABLE)))
        return True

    def _reason(
        self, path: str, name: str, rules: tuple[Rule, ...], *, directory: bool
    ) -> str | None:
        if self._exclude and any(_matches(path, one) for one in self._exclude):
            return "excluded"
        if _NEVER.fullmatch(name):
            return "no part of the project"
        if _SECRETS.fullmatch(name.lower()):
            return "may hold credentials"
        rule = ignored_by(path, rules, directory=directory)
        return None if rule is None else f"named in .gitignore: {rule.text}"


def _matches(path: str, pattern: str) -> bool:
    return path == pattern or fnmatch.fnmatchcase(path, pattern)


def _rules_above(root: Path) -> tuple[Rule, ...]:
    """Return the rules of the directories above, up to the top of the repository that it lies in."""
    whole = root.resolve()
    above: list[Path] = []
    if not (whole / ".git").exists():
        for one in whole.parents:
            above.append(one)
            if (one / ".git").exists():
                break
        else:
            return ()
    rules: list[Rule] = []
    for one in reversed(above):
        below = whole.relative_to(one).as_posix()
        rules += [_seen_from_below(rule, below) for rule in rules_in(one, "")]
    return tuple(rules)


def _seen_from_below(rule: Rule, below: str) -> Rule:
    """Return a rule of a directory above, for paths that are relative to a directory below it."""
    return rule._replace(pattern=_Prefixed(rule.pattern, f"{below}/"))  # type: ignore[arg-type]


class _Prefixed(NamedTuple):
    """A pattern that is asked with the way to a directory before each path."""

    pattern: object
    prefix: str

    def fullmatch(self, path: str) -> object:
        return self.pattern.fullmatch(self.prefix + path)  # type: ignore[attr-defined]
