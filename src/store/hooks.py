"""The markers with which a plugin declares its hooks."""

from __future__ import annotations

from typing import Final

import pluggy

NAME: Final = "store"
"""pluggy's project name, and the entry-point group that plugins register in."""

hookspec = pluggy.HookspecMarker(NAME)
"""Marks a hook's specification; only ``store.plugins.specs`` uses it."""

hookimpl = pluggy.HookimplMarker(NAME)
"""Marks a function of a plugin as the implementation of the hook of its name."""
