"""Knows what living processes were handed, and so must not be removed."""

from __future__ import annotations

import attrs

from store.files.leases import is_locked


@attrs.frozen
class InUse:
    """What living processes were handed.

    Attributes:
        files: Where the directories of the files lie.
        names: The version ids of what was noted.
    """

    files: str
    names: frozenset[str]
    _read: dict[str, bool] = attrs.field(factory=dict, init=False)

    def __contains__(self, name: object) -> bool:
        """Whether an item may be in use, by its version id."""
        shelf = str(name)[:2]
        if name not in self.names and shelf not in self._read:
            self._read[shelf] = is_locked(f"{self.files}/{shelf}")
        return name in self.names or self._read[shelf]
