"""What a sync is going to do, as a value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from store import jsontext
from store.buckets.keys import shown
from store.errors import QueryError

Action = Literal["upload", "copy", "delete", "download", "duplicate", "remove"]
"""What a step does: the first three change the bucket, the last three the directory.

``copy`` is made by the server from another object, ``duplicate`` here from another file.
"""

ACTIONS: Final[tuple[Action, ...]] = (
    "upload",
    "copy",
    "download",
    "duplicate",
    "delete",
    "remove",
)
"""Every action, in the order in which they are taken: what takes away comes last."""

_DONE: Final[dict[Action, str]] = {
    "upload": "uploaded",
    "copy": "copied",
    "download": "downloaded",
    "duplicate": "duplicated",
    "delete": "deleted",
    "remove": "removed",
}

TAKING: Final = frozenset({"delete", "remove"})
"""The actions that take something away."""

_FORMAT: Final = "store-bucket-plan/1"
"""What the first line of a saved plan says."""


class Step(NamedTuple):
    """One thing to do.

    Attributes:
        action: What.
        key: The object's key; for ``remove`` and ``duplicate`` the key that the file stands for.
        path: The local file: below the plan's ``root``, or absolute where the plan has none; empty where
            no file takes part.
        size: The bytes of the content, or of what is taken away.
        sha256: The content's SHA-256 in hex, where it is known.
        source: What is copied: another key for ``copy``, another step's path for ``duplicate``.
        etag: The entity tag of the object that lies under ``key`` now; None where nothing does, or the
            store tells none.
        there: Whether something lies under the key (a step that changes the bucket) or at the path (one
            that changes the directory) now, and is replaced or taken away.
        source_etag: The entity tag of what ``copy`` copies.
        stamp: The local file's device, inode, size, and times of modification and change in nanoseconds;
            empty where none is there.
        version: The version id of the object that is downloaded, where the store tells it.
    """

    action: Action
    key: str
    path: str = ""
    size: int = 0
    sha256: str | None = None
    source: str = ""
    etag: str | None = None
    there: bool = False
    source_etag: str | None = None
    stamp: tuple[int, ...] = ()
    version: str | None = None


class Plan(NamedTuple):
    """What a sync is going to do; it can be printed, saved, looked through and applied.

    Attributes:
        direction: ``up``: the bucket becomes like the directory; ``down``: the directory like the bucket.
        address: The bucket's address, without secrets.
        remote: The directory in the bucket, without a slash at its end; empty for the whole bucket.
        root: The local directory; empty where single files were named.
        steps: What is to be done, in the order of `ACTIONS`, within one by key.
        kept: How many files are alike on both sides.
        extra: How many files of the side that is changed have no counterpart and are left alone.
        notes: What a reader should know: keys that are spelled otherwise on disk, twins, what is passed over.
        remote_state: A SHA-256 over what the bucket's listing told, by which it is seen that it moved on.
        local_state: The same of the local files.
        sha1: Whether uploads keep a SHA-1 too.
        include: The patterns of names that took part; empty for all.
        exclude: The patterns of names that did not.
        server: What names the bucket's server (its endpoint); empty where nothing does.
    """

    direction: Literal["up", "down"]
    address: str
    remote: str
    root: str
    steps: tuple[Step, ...] = ()
    kept: int = 0
    extra: int = 0
    notes: tuple[str, ...] = ()
    remote_state: str = ""
    local_state: str = ""
    sha1: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    server: str = ""

    def __str__(self) -> str:
        """Return the plan for people: a line a step, the notes, and a line that sums up."""
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Give the plan line by line: see `__str__`."""
        for step in self.steps:
            yield told(step)
        for note in self.notes:
            yield f"note: {note}"
        yield summed_up(self)

    def bytes_of(self, *actions: Action) -> int:
        """Return how many bytes the steps of some actions have together."""
        return sum(step.size for step in self.steps if step.action in actions)

    def count(self, *actions: Action) -> int:
        """Return how many steps of some actions there are."""
        return sum(step.action in actions for step in self.steps)

    def to_lines(self) -> Iterator[str]:
        """Give the plan as JSON lines, without their ends: a head, then a step a line.

        Lines of steps may be taken out by whoever reviews the plan; what is left is applied.
        """
        head = {name: value for name, value in self._asdict().items() if name != "steps"}
        yield json.dumps({"format": _FORMAT, **head})
        for step in self.steps:
            said = {
                name: value
                for name, value in step._asdict().items()
                if value != Step._field_defaults.get(name)
            }
            yield json.dumps(said)

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> Plan:
        """Read what `to_lines` gave.

        Raises:
            QueryError: It is no plan, or one of another format; the number of the line is told.
        """
        number, head = 1, None
        steps = []
        try:
            for number, line in enumerate(lines, 1):  # noqa: B007 - told where it ends
                if line.strip() and head is None:
                    head = dict(jsontext.loads(line))
                    _check_format(head.pop("format"), head["direction"])
                elif line.strip():
                    steps.append(_step(jsontext.loads(line)))
            number, head = 1, head or {}
            texts = {name: tuple(head[name]) for name in ("notes", "include", "exclude")}
            return _checked(cls(**{**head, **texts, "steps": tuple(steps)}))
        except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
            raise QueryError(
                f"this is no plan of a sync that can be read (line {number}): make one with"
                " 'store bucket sync --dry-run --plan FILE'"
            ) from error


def told(step: Step) -> str:
    """Return a step for people: a sign (``+`` new, ``*`` other, ``>`` copied, ``-`` gone), key and size."""
    if step.action in TAKING:
        return f"- {shown(step.path or step.key)} ({step.size} bytes)"
    name = shown(step.path if step.action in {"download", "duplicate"} else step.key)
    sign = "*" if step.there else "+"
    if step.action in {"copy", "duplicate"}:
        return f"> {name} (a copy of {shown(step.source)})"
    return f"{sign} {name} ({step.size} bytes)"


def summed_up(plan: Plan, *, applied: bool = False) -> str:
    """Return one line that says how much is to be done, or was.

    Args:
        plan: The plan.
        applied: Whether all of it was done.
    """
    counts = [(action, plan.count(action)) for action in ACTIONS]
    parts = [
        f"{count} {_DONE[action]}" if applied else f"{count} to {action}"
        for action, count in counts
        if count
    ]
    moved = plan.bytes_of("upload", "download")
    parts += [f"{moved} bytes {'moved' if applied else 'to move'}"] if moved else []
    parts += [f"{plan.kept} alike"]
    parts += [f"{plan.extra} left alone"] if plan.extra else []
    return ", ".join(parts)


def ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps in the order in which they are taken."""
    rank = {action: number for number, action in enumerate(ACTIONS)}
    return tuple(sorted(steps, key=lambda step: (rank[step.action], step.key, step.path)))


def state_of(rows: Mapping[str, tuple[Any, ...]]) -> str:
    """Return a SHA-256 over what is known of many files, whatever their order."""
    text = repr(sorted(rows.items())).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


_TEXTS: Final = ("address", "remote", "root", "remote_state", "local_state", "server")
"""Which values of a plan are texts."""

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "action": (str,),
    "key": (str,),
    "path": (str,),
    "size": (int,),
    "sha256": (str, type(None)),
    "source": (str,),
    "etag": (str, type(None)),
    "there": (bool,),
    "source_etag": (str, type(None)),
    "stamp": (list,),
    "version": (str, type(None)),
}


def _check_format(said: object, direction: object) -> None:
    if said != _FORMAT or direction not in {"up", "down"}:
        raise ValueError("another format")


def _step(said: Any) -> Step:  # noqa: ANN401 - whatever a line held
    if not isinstance(said, dict) or said.get("action") not in ACTIONS:
        raise ValueError("no step")
    if not all(isinstance(value, _TYPES[name]) for name, value in said.items()):
        raise ValueError("a value of another kind")
    return Step(**{**said, "stamp": tuple(int(one) for one in said.get("stamp", ()))})


def _checked(plan: Plan) -> Plan:
    """Refuse values of other kinds than ours: a file may hold anything."""
    values: dict[str, Any] = plan._asdict()
    texts = [*plan.notes, *plan.include, *plan.exclude]
    texts += [values[name] for name in _TEXTS]
    numbers = [type(values[name]) is int for name in ("kept", "extra")]
    if not all((*(isinstance(one, str) for one in texts), *numbers, type(values["sha1"]) is bool)):
        raise ValueError("a value of another kind")
    return plan
