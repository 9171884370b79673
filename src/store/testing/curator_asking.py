"""What the fake CDCS is asked."""

from __future__ import annotations

import email.parser
import json
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qs

import attrs


@attrs.frozen(kw_only=True)
class Asking:
    """One question.

    Attributes:
        method: ``GET``, ``POST``, …
        path: The path, without the query.
        asked: What followed the question mark.
        fields: What was posted.
        user: Who asks, or an empty text.
        parts: The numbers and names that stand in the path.
    """

    method: str
    path: str
    asked: Mapping[str, str]
    fields: Mapping[str, Any]
    user: str = ""
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, method: str, target: str, kind: str, body: bytes) -> Self:
        """Return what a request asks.

        Args:
            method: Its method.
            target: Path and query.
            kind: The type of what was posted.
            body: What was posted.
        """
        path, _, query = target.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        return cls(method=method, path=path, asked=asked, fields=_fields(kind, body))


def _fields(kind: str, body: bytes) -> Mapping[str, Any]:
    """Return what was posted: a form's fields, parts, or JSON."""
    if "json" in kind:
        found: dict[str, Any] = json.loads(body)
        return found
    if "multipart" not in kind:
        fields = parse_qs(body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message: Any = email.parser.BytesParser().parsebytes(head + body)
    parts: dict[str, Any] = {}
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        parts[name] = data.decode() if part.get_filename() is None else data
    return parts
