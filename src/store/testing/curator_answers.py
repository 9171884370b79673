"""What the fake CDCS keeps, and answers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from store.testing.curator_asking import Asking

_PAGE: Final = 10
_NOT_FOUND: Final = (404, {"message": "not found"})
Said = tuple[int, Any]
"""A status, and what is said as JSON; bytes stand for themselves."""


@attrs.define
class Answers:
    """All that a fake CDCS keeps, and how it answers.

    Attributes:
        users: Who may log in, with their passwords.
        url: The server's address.
        minted_at: The address that stands in identifiers.
        content: What the content of a record is called.
        tokens: Whether tokens are given.
        pids: Whether identifiers are minted.
        checksum: What a blob's checksum is made with, or None.
        workspaces: The titles of workspaces; the global one is the first.
        templates: Their titles and contents, by number.
        paths: Where identifiers go: (template, path).
        records: What is told of each record, by number.
        blobs: What is told of each blob, by number.
        contents: The content of each blob, by number.
        named: Which blob an identifier stands for.
        mangles: Whether the content of blobs is spoilt before it is kept.
    """

    users: Mapping[str, str]
    url: str
    minted_at: str
    content: str
    tokens: bool
    pids: bool
    checksum: str | None
    workspaces: tuple[str, ...]
    templates: dict[int, tuple[str, str]] = attrs.field(factory=dict)
    paths: list[tuple[int, str]] = attrs.field(factory=list)
    records: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    blobs: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    contents: dict[int, bytes] = attrs.field(factory=dict)
    named: dict[str, int] = attrs.field(factory=dict)
    mangles: bool = False
    _count: int = 0
    _lock: threading.RLock = attrs.field(factory=threading.RLock, repr=False)

    def __attrs_post_init__(self) -> None:
        """Put the global workspace in front."""
        self.workspaces = ("Global Public Workspace", *self.workspaces)

    def answer(self, asking: Asking, said: str | None) -> tuple[int, bytes]:
        """Return the status and the body of an answer.

        Args:
            asking: What is asked.
            said: What the asker said of itself, or None.
        """
        with self._lock:
            status, told = self._answer(attrs.evolve(asking, user=self._user(said)))
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()

    def _answer(self, asking: Asking) -> Said:
        if asking.path == "/api-token-auth/":
            return self._token(asking)
        if not asking.user:
            return 401, {"detail": "Authentication credentials were not provided."}
        routes: list[tuple[str, str, Callable[[Asking], Said]]] = [
            ("GET", r"/rest/workspace/", self._told_workspaces),
            ("GET", r"/rest/template-version-manager/global/", self._told_templates),
            ("POST", r"/rest/template/global/", self._add_template),
            ("GET", r"/pid/rest/settings/", self._told_settings),
            ("GET", r"/pid/rest/settings/path/", self._told_paths),
            ("POST", r"/pid/rest/settings/path/", self._add_path),
            ("POST", r"/rest/data/query/", self._query),
            ("POST", r"/rest/data/", self._add_record),
            ("PATCH", r"/rest/data/(\d+)/", self._change_record),
            ("DELETE", r"/rest/data/(\d+)/", self._delete_record),
            ("PATCH", r"/rest/data/(\d+)/assign/(\d+)", self._assign_record),
            ("GET", r"/rest/blob/", self._told_blobs),
            ("POST", r"/rest/blob/", self._add_blob),
            ("GET", r"/rest/blob/(\d+)", self._told_blob),
            ("DELETE", r"/rest/blob/(\d+)", self._delete_blob),
            ("PATCH", r"/rest/blob/(\d+)/assign/(\d+)", self._assign_blob),
            ("GET", r"/rest/blob/download/(\d+)/", self._download),
            ("GET", r"/pid/rest/local/cdcs/(\w+)", self._resolve),
        ]
        for wanted, pattern, answer in routes:
            match = re.fullmatch(pattern, asking.path)
            if match and wanted == asking.method:
                return answer(attrs.evolve(asking, parts=match.groups()))
        return _NOT_FOUND

    def _user(self, said: str | None) -> str:
        scheme, _, secret = (said or "").partition(" ")
        for name, password in self.users.items():
            pair = base64.b64encode(f"{name}:{password}".encode()).decode()
            ways = {("Basic", pair), ("Token", token_of(name, password)), ("Certificate", name)}
            if (scheme, secret) in ways:
                return name
        return ""

    def _token(self, asking: Asking) -> Said:
        if not self.tokens:
            return _NOT_FOUND
        name, password = asking.fields.get("username", ""), asking.fields.get("password", "")
        if self.users.get(name) != password:
            return 400, {"non_field_errors": ["Unable to log in with provided credentials."]}
        return 200, {"token": token_of(name, password)}

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _told_workspaces(self, _: Asking) -> Said:
        told = enumerate(self.workspaces, 1)
        return 200, [{"id": n, "title": one, "is_public": n == 1} for n, one in told]

    def _told_templates(self, asking: Asking) -> Said:
        return 200, [
            {"id": n, "current": str(n), "title": title, "is_disabled": False}
            for n, (title, _) in self.templates.items()
            if asking.asked.get("title") in {None, title}
        ]

    def _add_template(self, asking: Asking) -> Said:
        if asking.user != "admin":
            return 403, {"message": "only staff may"}
        number = self._next()
        self.templates[number] = (asking.fields["title"], asking.fields["content"])
        return 201, {"id": number}

    def _told_settings(self, _: Asking) -> Said:
        return (200, {"auto_set_pid": True}) if self.pids else _NOT_FOUND

    def _told_paths(self, _: Asking) -> Said:
        return 200, [{"template": template, "path": path} for template, path in self.paths]

    def _add_path(self, asking: Asking) -> Said:
        self.paths.append((int(asking.fields["template"]), asking.fields["path"]))
        return 201, {}

    def _query(self, asking: Asking) -> Said:
        wanted = json.loads(asking.fields["query"])
        if "$" in asking.fields["query"]:
            return 500, {"message": "Unsupported $ operator found."}
        templates = [int(one["id"]) for one in json.loads(asking.fields.get("templates", "[]"))]
        rooms = [int(one["id"]) for one in json.loads(asking.fields.get("workspaces", "[]"))]
        found = [
            one
            for one in self.records.values()
            if (not templates or one["template"] in templates)
            and (not rooms or one["workspace"] in rooms)
            and asking.fields.get("title") in {None, one["title"]}
            and all(_has(one[self.content], *item) for item in wanted.items())
        ]
        page = int(asking.asked.get("page", 1))
        end = page * _PAGE
        further = f"{self.url}/rest/data/query/?page={page + 1}" if len(found) > end else None
        return 200, {"count": len(found), "next": further, "results": found[end - _PAGE : end]}

    def _add_record(self, asking: Asking) -> Said:
        if self.content not in asking.fields:
            reason = "This field is required. Either set `content` or `xml_content` (deprecated)."
            return 400, {"message": {self.content: [reason]}}
        template = int(asking.fields["template"])
        if template not in self.templates:
            return 400, {"message": {"template": ["Invalid pk: object does not exist."]}}
        number = self._next()
        content = asking.fields[self.content]
        if self.pids and len([one for one in self.paths if one[0] == template]) == 1:
            pid = f"{self.minted_at}/pid/rest/local/cdcs/R{number}"
            content = re.sub(r"<pid ?/>|<pid></pid>", f"<pid>{pid}</pid>", content)
        self.records[number] = {
            "id": number,
            "title": asking.fields["title"],
            "template": template,
            "workspace": int(asking.fields["workspace"]) if "workspace" in asking.fields else None,
            self.content: content,
        }
        return 201, self.records[number]

    def _change_record(self, asking: Asking) -> Said:
        found = self.records.get(int(asking.parts[0]))
        if found is None:
            return _NOT_FOUND
        found.update(
            {name: asking.fields[name] for name in ("title", self.content) if name in asking.fields}
        )
        return 200, found

    def _delete_record(self, asking: Asking) -> Said:
        return (204, b"") if self.records.pop(int(asking.parts[0]), None) else _NOT_FOUND

    def _assign_record(self, asking: Asking) -> Said:
        return self._assigned(self.records, *asking.parts)

    def _assign_blob(self, asking: Asking) -> Said:
        return self._assigned(self.blobs, *asking.parts)

    def _assigned(self, kept: dict[int, dict[str, Any]], number: str, room: str) -> Said:
        if int(number) not in kept or int(room) > len(self.workspaces):
            return _NOT_FOUND
        kept[int(number)]["workspace"] = int(room)
        return 200, {}

    def _told_blobs(self, asking: Asking) -> Said:
        name, regex = asking.asked.get("filename"), asking.asked.get("regex") == "true"
        return 200, [
            one
            for one in reversed(self.blobs.values())
            if one["user_id"] == asking.user
            and (
                name is None
                or (
                    re.search(name, one["filename"], re.IGNORECASE)
                    if regex
                    else one["filename"] == name
                )
            )
        ]

    def _add_blob(self, asking: Asking) -> Said:
        data = asking.fields.get("blob", b"")
        if not data:
            return 400, {"message": {"blob": ["The submitted file is empty."]}}
        number = self._next()
        data = data[::-1] if self.mangles else data
        self.contents[number] = data
        pid = f"{self.minted_at}/pid/rest/local/cdcs/B{number}" if self.pids else None
        self.named[f"B{number}"] = number
        checksum = hashlib.new(self.checksum, data).hexdigest() if self.checksum else None
        self.blobs[number] = {
            "id": number,
            "user_id": asking.user,
            "filename": asking.fields["filename"],
            "workspace": None,
            "handle": f"{self.url}/rest/blob/download/{number}/",
            "pid": pid,
            "checksum": checksum,
        }
        return 201, self.blobs[number]

    def _told_blob(self, asking: Asking) -> Said:
        found = self.blobs.get(int(asking.parts[0]))
        return _NOT_FOUND if found is None else (200, found)

    def _delete_blob(self, asking: Asking) -> Said:
        return (204, b"") if self.blobs.pop(int(asking.parts[0]), None) else _NOT_FOUND

    def _download(self, asking: Asking) -> Said:
        return self._content_of(int(asking.parts[0]))

    def _resolve(self, asking: Asking) -> Said:
        return self._content_of(self.named.get(asking.parts[0], 0))

    def _content_of(self, number: int) -> Said:
        found = self.contents.get(number)
        return _NOT_FOUND if found is None else (200, found)


def token_of(name: str, password: str) -> str:
    """Return the token that stands for a user and a password."""
    return hashlib.sha1(f"{name}:{password}".encode(), usedforsecurity=False).hexdigest()


def _has(content: str, path: str, wanted: str) -> bool:
    """Whether a document has, at a dotted path below its root, a text or one that a pattern fits."""
    if content.startswith("{"):
        found = str(json.loads(content).get(path, ""))
    else:
        found = ET.fromstring(content).findtext(path.partition(".")[2], "")  # noqa: S314 - the test's own
    if wanted[:1] == wanted[-1:] == "/":
        return re.search(wanted[1:-1], found) is not None
    return found == wanted and not found.isdigit()
