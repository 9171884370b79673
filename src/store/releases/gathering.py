"""Which files of a directory are released, and why others are not."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from store.errors import QueryError, RefusedError, ResourceNotFoundError
from store.files.failures import storage_error, storage_errors
from store.files.names import unsafe_component
from store.releases.holding_back import held_back
from store.releases.ignoring import NAME, OWN, Rule, ignored_by, rules_in
from store.releases.including import includes, is_pattern, matches, path_below, reaches
from store.releases.mapping import MAX_DEPTH
from store.releases.modes import EXECUTABLE

log = logging.getLogger(__name__)


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


def gather(
    directory: Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    apart: Path | None = None,
    anything: bool = False,
) -> Plan:
    """Return which files of a directory are to be released; links are not followed.

    Left out are: what ``.gitignore`` files name (those above the directory too, up to the top of its
    repository), the history of versions, credentials by their usual names, links and special files.

    Args:
        directory: The project.
        include: Paths, or patterns of paths (``*`` matches slashes, too), of what goes nevertheless. They
            count from the project; an absolute one must lead into it. What may hold credentials, and the
            history of versions, go only by a pattern that names such a thing (``*.pem``, ``.git/*``).
        exclude: Paths or patterns of what is left out beside, where it is there; what is included, too, goes.
        apart: A directory that never goes: the archive, where it lies in the project.
        anything: Take places that no file of a release can have, too.

    Raises:
        ResourceNotFoundError: There is no such directory.
        QueryError: A path to be included or excluded leads elsewhere, one to be included does not exist, is a
            link or no regular file, or a name cannot be in a release.
        RefusedError: A path is too deep for a release, or the project lies in the archive.
        StorageError: Something cannot be read.
    """
    root = Path(directory)
    if not root.is_dir():
        raise ResourceNotFoundError(f"{root} is no directory: nothing to publish", query=str(root))
    named = tuple(path_below(root, one) for one in include)
    without = tuple(path_below(root, one) for one in exclude)
    for one in named:
        if not is_pattern(one) and not os.path.lexists(root / one):
            raise QueryError(f"{root / one} is to be included and does not exist", query=one)
    walk = _Walk(root, named, without, _way_to(root, apart), anything=anything)
    walk.into("", _rules_above(root))
    walk.check_included()
    walk.tell_unused()
    return Plan(
        tuple(sorted(walk.files)), tuple(sorted(walk.directories)), tuple(sorted(walk.left_out))
    )


_NO_FILE: Final = ("a link", "no regular file")
"""Why something is left out that is there, and is neither a file nor a directory."""


class _Walk:
    """Goes through a directory."""

    def __init__(
        self,
        root: Path,
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        apart: str | None,
        *,
        anything: bool,
    ) -> None:
        self._anything = anything
        self._root, self._include, self._exclude = root, include, exclude
        self._apart = apart
        self._used: set[str] = set()
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
        return going or not (found or named_only)

    def _take(
        self, path: str, entry: os.DirEntry[str], rules: tuple[Rule, ...], *, named_only: bool
    ) -> bool:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            raise storage_error(error, path) from error
        directory = stat.S_ISDIR(status.st_mode)
        if path == self._apart:
            self.left_out.append(LeftOut(f"{path}/", "the archive itself"))
            return False
        named = bool(self._include) and any(includes(one, path) for one in self._include)
        reason = "below what is left out" if named_only and not named else None
        if not (named or named_only):
            reason = self._reason(path, entry.name, rules, directory=directory)
        if reason is None and not directory and not stat.S_ISREG(status.st_mode):
            reason = _NO_FILE[not stat.S_ISLNK(status.st_mode)]
        going = False
        if reason is None or (directory and self._reached(path)):
            if not self._anything:
                _check_place(path, entry.name, released=reason is None)
            going = not directory or self.into(path, rules, named_only=reason is not None)
        if going and directory:
            self.directories.append(path)
        elif going:
            self.files.append(Going(path, status.st_size, bool(status.st_mode & EXECUTABLE)))
        if reason is not None and not named_only:
            said = f"{reason}; what is included goes" if going else reason
            self.left_out.append(LeftOut(f"{path}/" if directory else path, said))
        return going

    def _reached(self, path: str) -> bool:
        """Whether something may be included below a directory that is left out."""
        shut = self._is_excluded(path)
        return any(reaches(one, path, shut=shut) for one in self._include)

    def _is_excluded(self, path: str) -> bool:
        if not self._exclude:
            return False
        used = {one for one in self._exclude if matches(path, one)}
        self._used |= used
        return bool(used)

    def tell_unused(self) -> None:
        """Say which of what is to be excluded was never come by: it may be mistyped."""
        for one in self._exclude:
            if one not in self._used:
                log.warning("%s holds nothing to exclude that is called %r", self._root, one)

    def check_included(self) -> None:
        """Refuse paths to be included that are no files, or were never come by, since they lie behind a link.

        Raises:
            QueryError: There is one.
        """
        told = {one.path.rstrip("/"): one.reason for one in self.left_out}
        met = {*self.directories, *(one.path for one in self.files), *told}
        for one in self._include:
            if told.get(one) in _NO_FILE:
                raise QueryError(
                    f"{self._root / one} is to be included, and cannot be released: it is {told[one]}",
                    query=one,
                )
            path = self._root / one
            if one not in met and os.path.lexists(path) and not path.is_dir():
                raise QueryError(
                    f"{path} is to be included, and cannot be released: it lies behind a link, or in the"
                    " archive",
                    query=one,
                )

    def _reason(
        self, path: str, name: str, rules: tuple[Rule, ...], *, directory: bool
    ) -> str | None:
        if self._is_excluded(path):
            return "excluded"
        if (usual := held_back(name)) is not None:
            return usual
        rule = ignored_by(path, rules, directory=directory)
        return None if rule is None else f"named in {rule.text}"


def _check_place(path: str, name: str, *, released: bool) -> None:
    """Refuse a place that no file of a release can have.

    Raises:
        QueryError: Its name leads astray elsewhere.
        RefusedError: It is too deep.
    """
    if released and unsafe_component(name):
        raise QueryError(
            f"{path!r} cannot be in a release: a name like that leads astray elsewhere; rename it, or"
            " leave it out with --exclude",
            query=path,
        )
    if path.count("/") >= MAX_DEPTH:
        raise RefusedError(
            f"{path!r} cannot be in a release: it lies deeper than {MAX_DEPTH} levels; pack what is so"
            " deep into one file, or leave it out with --exclude",
            limit=MAX_DEPTH,
        )


def _way_to(root: Path, apart: Path | None) -> str | None:
    """Return where a directory lies in the project, or None where it does not.

    Raises:
        RefusedError: The project lies in it.
    """
    if apart is None:
        return None
    whole, other = root.resolve(), apart.resolve()
    if whole.is_relative_to(other):
        raise RefusedError(
            f"{root} is not published to {apart}, in which it lies: choose another archive",
            limit="archive",
        )
    return other.relative_to(whole).as_posix() if other.is_relative_to(whole) else None


def _rules_above(root: Path) -> tuple[Rule, ...]:
    """Return the rules of the directories above, up to the top of the repository that it lies in.

    Those that the repository keeps to itself come first: any other counts more.
    """
    whole = root.resolve()
    if (whole / ".git").exists():
        return rules_in(whole, "", name=OWN)
    above: list[Path] = []
    for one in whole.parents:
        above.append(one)
        if (one / ".git").exists():
            break
    else:
        return ()
    rules: list[Rule] = []
    for one, name in [(above[-1], OWN), *((one, NAME) for one in reversed(above))]:
        below = whole.relative_to(one).as_posix()
        rules += [rule._replace(way=f"{below}/") for rule in rules_in(one, "", name=name)]
    return tuple(rules)
