"""Selects and reads the records that expressions admit."""

from __future__ import annotations

import abc
from typing import Any

from store.releases.finding import no_release
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.usable import Candidate, usable
from store.releases.values import Records
from store.releases.versions import Choice, Expressions, choice_from


class SelectingArchive(ArchiveInterface):
    """An archive that reads the records which are wanted, and no other."""

    def get_release_records(
        self,
        title_versionless: str,
        version_expressions: Expressions = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> Records:
        """Return the records that expressions admit: see `ArchiveInterface`; no other one is read.

        One that cannot be used is an error where its version is named, or nothing else is admitted; else it
        is passed over, with a warning.
        """
        choice = choice_from(version_expressions)
        there = self._candidates(title_versionless, choice, workspace)
        return dict(usable(self.host, there, choice))

    def newest_record(
        self,
        title_versionless: str,
        version_expressions: Expressions = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> dict[str, Any]:
        """Return the record of the highest version: see `Further.newest_record`; only that one is read."""
        choice = choice_from(version_expressions)
        there = self._candidates(title_versionless, choice, workspace)
        for _, data in usable(self.host, reversed(there), choice):
            return data
        raise no_release(self, title_versionless, choice, workspace)

    @abc.abstractmethod
    def _candidates(
        self, title_versionless: str, choice: Choice, workspace: str
    ) -> list[Candidate]:
        """Return the releases that a choice admits, from the oldest version to the newest; none is read."""
