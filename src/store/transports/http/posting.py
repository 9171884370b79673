"""What goes along with a request: a form, JSON, or a file among fields."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import attrs

from store.clock import SYSTEM_CLOCK
from store.errors import DriftError
from store.transports.deadlines import current
from store.transports.http.errors import HTTPTimeoutError

_SLOWEST: Final = 4 << 20
"""How fast a server keeps what it was sent at least, in bytes a second: 4 MiB."""

_PIECE: Final = 64 << 10
"""How much is sent at a time, in bytes: each piece has ``connect_timeout`` to be taken."""


@attrs.frozen
class Form:
    """Fields, spelled as a page's form is (``application/x-www-form-urlencoded``).

    Attributes:
        fields: Their values by name; a secret may stand among them.
    """

    fields: Mapping[str, str] = attrs.field(repr=False)

    patience: ClassVar[float] = 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        """The type."""
        return {"Content-Type": "application/x-www-form-urlencoded"}

    def data(self) -> bytes:
        """Return the bytes."""
        return urlencode(self.fields).encode("ascii")


@attrs.frozen
class Json:
    """A value as JSON.

    Attributes:
        value: What it is.
    """

    value: Any = attrs.field(repr=False)

    patience: ClassVar[float] = 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        """The type."""
        return {"Content-Type": "application/json"}

    def data(self) -> bytes:
        """Return the bytes."""
        return json.dumps(self.value).encode()


@attrs.frozen
class Nothing:
    """No body, asked of a server that is slow to answer.

    Attributes:
        patience: By how much longer the server may be silent than the bounds allow, in seconds.
    """

    patience: float = 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def data(self) -> bytes:
        """Return nothing."""
        return b""


@attrs.frozen(kw_only=True)
class Upload:
    """A file among fields (``multipart/form-data``, RFC 7578), read as it is sent.

    Attributes:
        path: The file.
        length: Its size in bytes.
        field: The name of the field that it is.
        filename: What the server is told it is called.
        fields: The other fields, which go before it.
        sha256: What its content must be, in hex; None takes whatever it is.
        counted: Is told how many bytes more went up, in the thread that sends them; a try that is made
            anew takes back what it had told, as a negative number.
        boundary: What stands between the parts.
    """

    path: Path
    length: int
    field: str
    filename: str
    fields: Mapping[str, str] = attrs.field(factory=dict)
    sha256: str | None = None
    counted: Callable[[int], None] | None = None
    boundary: str = attrs.field(factory=lambda: f"store-{secrets.token_hex(16)}", repr=False)
    _told: list[int] = attrs.field(factory=lambda: [0], init=False, repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """The type with the boundary."""
        return {"Content-Type": f"multipart/form-data; boundary={self.boundary}"}

    @property
    def patience(self) -> float:
        """How long a server may take to keep it before it answers: a second for each 4 MiB."""
        return self.length / _SLOWEST

    @property
    def size(self) -> int:
        """The length of all parts together, in bytes."""
        return len(self._head()) + self.length + len(self._end())

    def data(self) -> Iterator[bytes]:
        """Return what gives the bytes piece by piece, and has a length.

        Raises:
            DriftError: The file is not what it was: larger, smaller, or of another digest. The server is
                not given the end then, so that it keeps nothing.
            HTTPTimeoutError: The deadline has passed.
        """
        return _Pieces(self._pieces(), self.size)

    def _pieces(self) -> Iterator[bytes]:
        self._tell(-self._told[0])
        yield self._head()
        hashing = hashlib.sha256()
        left = self.length
        with self.path.open("rb") as file:
            while piece := file.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                hashing.update(piece)
                if current(SYSTEM_CLOCK).left() <= 0:
                    raise HTTPTimeoutError(
                        f"{self.path}: the deadline has passed while it was sent"
                    )
                yield piece
                self._tell(len(piece))
        if left or self.sha256 not in {None, hashing.hexdigest()}:
            raise DriftError(
                f"{self.path} was changed while it was sent: publish again when it is at rest",
                name=str(self.path),
                expected=self.sha256,
                found=hashing.hexdigest(),
            )
        yield self._end()

    def _tell(self, count: int) -> None:
        self._told[0] += count
        if self.counted is not None and count:
            self.counted(count)

    def _head(self) -> bytes:
        parts = [
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
            f"{value}\r\n"
            for name, value in self.fields.items()
        ]
        parts.append(
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(self.field)}";'
            f' filename="{_quoted(self.filename)}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        return "".join(parts).encode()

    def _end(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


class _Pieces(Iterator[bytes]):
    """Pieces of known length together: requests would send in chunks what it cannot measure.

    Args:
        pieces: The pieces.
        size: The length of all of them, in bytes.
    """

    def __init__(self, pieces: Iterator[bytes], size: int) -> None:
        self._pieces = pieces
        self._size = size

    def __len__(self) -> int:
        """Return the length in bytes."""
        return self._size

    def __next__(self) -> bytes:
        """Return the next piece."""
        return next(self._pieces)


def _quoted(text: str) -> str:
    """Return a name as it may stand between quotes (as HTML's forms spell it)."""
    return re.sub(r'["\r\n]', lambda found: f"%{ord(found[0]):02X}", text)
