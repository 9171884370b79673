"""Chooses, among the files of a project, the one that a query asks for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from store.backends.pypi_query import PyPIQuery, is_pinned
from store.backends.pypi_target import Target, target_of
from store.errors import IntegrityError, QueryError, ResourceNotFoundError
from store.integrity.digest import Digests

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

log = logging.getLogger(__name__)

_TOLD: Final = 5
"""How many versions and reasons a message names at most."""


@attrs.frozen(kw_only=True)
class Candidate:
    """A file that an index offers.

    Attributes:
        filename: Its name.
        url: Where it is.
        version: Its version as the name spells it, or None where the name cannot be read.
        kind: ``wheel``, ``sdist`` or another, or None.
        digests: The trustworthy digests that the index gives; there may be none.
        requires_python: The Pythons it is for, or None for all.
        yanked: Why it was withdrawn (perhaps an empty text), or None where it was not.
        size: Its size in bytes, or None.
    """

    filename: str
    url: str = attrs.field(repr=False)
    version: str | None
    kind: str | None
    digests: Digests = ()
    requires_python: str | None = None
    yanked: str | None = None
    size: int | None = None


def choose(query: PyPIQuery, candidates: Sequence[Candidate], source: str) -> Candidate:
    """Return the file that a query asks for.

    The newest version wins that the clauses allow and that has a fitting file; a pre-release only where
    it was asked for or nothing else fits (PEP 440). Of its files the wheel with the best tag wins (then
    the highest build number), else the source distribution. Yanked files are for those who pin them
    (PEP 592). ``filename`` names the file beyond all that.

    Args:
        query: What is asked for.
        candidates: What the index has of the project.
        source: The index, without secrets, for messages.

    Raises:
        QueryError: The version clauses or a platform tag cannot be read.
        ResourceNotFoundError: Nothing fits; the message says what there is, and why not that.
        IntegrityError: Files fit but for a digest that the query pins.
    """
    return _Choice(query, source).among(candidates)


class _Choice:
    """One choice under way, with the reasons why files were passed over."""

    def __init__(self, query: PyPIQuery, source: str) -> None:
        self._query = query
        self._source = source
        self._clauses = _clauses(query)
        self._target: Target = target_of(query.python, query.platforms)
        self._passed: dict[str, str] = {}
        self._other_digest: Candidate | None = None

    def among(self, candidates: Sequence[Candidate]) -> Candidate:
        """Return the file, or raise what tells why there is none."""
        if self._query.filename:
            candidates = [one for one in candidates if one.filename == self._query.filename]
            if candidates and not self._query.specifier and self._has_digests(candidates[0]):
                return candidates[0]
        by_version = _by_version(candidates)
        for version in self._in_order(by_version):
            best = self._best(by_version[version])
            if best is not None:
                return best
        if self._other_digest is not None:
            raise self._mismatch(self._other_digest)
        raise self._nothing(by_version)

    def _in_order(self, by_version: Mapping[Version, list[Candidate]]) -> list[Version]:
        """Return the versions that the clauses allow, best first, pre-releases where they belong."""
        allowed = [one for one in by_version if self._clauses.contains(one, prereleases=True)]
        allowed.sort(reverse=True)
        pre = self._query.pre
        if pre or (pre is None and self._clauses.prereleases) or self._query.filename:
            return allowed
        finals = [one for one in allowed if not one.is_prerelease]
        return finals if pre is False else finals + [one for one in allowed if one.is_prerelease]

    def _best(self, candidates: Iterable[Candidate]) -> Candidate | None:
        ranked = [(rank, one) for one in candidates if (rank := self._rank(one)) is not None]
        fitting = [(rank, one) for rank, one in ranked if self._has_digests(one)]
        if not fitting:
            return None
        return min(fitting, key=lambda pair: (pair[0], pair[1].filename))[1]

    def _rank(self, one: Candidate) -> tuple[int, ...] | None:
        """Return how well a file fits, the smallest best, or None after noting why it does not."""
        if self._query.filename:
            return (0,)
        reason = self._objection(one)
        if reason is None and one.kind == "sdist":
            return (len(self._target.ranks), 0 if one.filename.endswith(".tar.gz") else 1)
        rank = None if reason else _wheel_rank(one.filename, self._target)
        if rank is None:
            reason = reason or f"a wheel that does not fit {self._target.described}"
            log.debug("%s is passed over: %s", one.filename, reason)
            self._passed.setdefault(one.filename, reason)
        return rank

    def _objection(self, one: Candidate) -> str | None:
        query = self._query
        if one.kind not in {"wheel", "sdist"}:
            return "neither wheel nor sdist"
        if query.kind not in {None, one.kind}:
            return f"no {query.kind}"
        if one.yanked is not None and not (query.yanked or is_pinned(query.specifier)):
            return f"yanked: {one.yanked}" if one.yanked else "yanked"
        if not _suits(one.requires_python, self._target.python):
            return f"needs Python {one.requires_python}"
        return None

    def _has_digests(self, one: Candidate) -> bool:
        """Whether what the index says of a file does not contradict the digests that are pinned."""
        told = dict(one.digests)
        for digest in self._query.digests:
            if told.get(digest.algorithm, digest.hex) != digest.hex:
                self._other_digest = self._other_digest or one
                return False
        return True

    def _mismatch(self, one: Candidate) -> IntegrityError:
        expected = ", ".join(map(str, self._query.digests))
        found = ", ".join(map(str, one.digests))
        return IntegrityError(
            f"{self._source} has {one.filename} with {found}, but {expected} is pinned: if another file is"
            " meant, name it by filename; if the source has changed on purpose, pin the new digest",
            url=self._source,
            expected=expected,
            found=found,
            size=one.size,
        )

    def _nothing(self, by_version: Mapping[Version, list[Candidate]]) -> ResourceNotFoundError:
        query = self._query
        wanted = query.filename or f"{query.name}{query.specifier} for {self._target.described}"
        newest = [str(one) for one in sorted(by_version, reverse=True)[:_TOLD]]
        there = (
            f"the latest versions there are {', '.join(newest)}"
            if newest
            else "it has no such file"
        )
        passed = f"; passed over: {', '.join(self._reasons())}" if self._passed else ""
        return ResourceNotFoundError(
            f"{self._source} has no {wanted}: {there}{passed}", url=self._source
        )

    def _reasons(self) -> list[str]:
        """Return the reasons, each with a file that it was good for and how many more there are."""
        files: dict[str, list[str]] = {}
        for name, reason in self._passed.items():
            files.setdefault(reason, []).append(name)
        told = [
            f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''} ({reason})"
            for reason, names in files.items()
        ]
        return [*told[:_TOLD], *(["others"] if len(told) > _TOLD else [])]


def _clauses(query: PyPIQuery) -> SpecifierSet:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(query.specifier)
    except InvalidSpecifier as error:
        raise QueryError(
            f"the version {query.specifier!r} cannot be read: write it as 1.2, ==1.2.* or >=1,<2"
            " (PEP 440), or leave it out for the latest"
        ) from error


def _by_version(candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    from packaging.version import InvalidVersion, Version

    found: dict[Version, list[Candidate]] = {}
    read: dict[str, Version | None] = {}
    for one in candidates:
        text = one.version or ""
        if text not in read:
            try:
                read[text] = Version(text)
            except InvalidVersion:
                read[text] = None
        version = read[text]
        if version is None:
            log.debug("%s is passed over: its version cannot be read", one.filename)
        else:
            found.setdefault(version, []).append(one)
    return found


def _suits(requires: str | None, python: str) -> bool:
    if not requires:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(requires).contains(python, prereleases=True)
    except InvalidSpecifier:
        log.debug("requires-python %r cannot be read: not heeded", requires)
        return True


def _wheel_rank(filename: str, target: Target) -> tuple[int, ...] | None:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        _, _, build, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, ValueError):
        return None
    fitting = [target.ranks[tag] for tag in tags if tag in target.ranks]
    return (min(fitting), -(build[0] if build else -1)) if fitting else None
