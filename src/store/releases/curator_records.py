"""Asks a CDCS for workspaces, templates and records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from store.errors import ReleaseExistsError, ReleaseRecordNotFoundError, TransportError
from store.releases.curating import GLOBAL, DataRecord, Template, Workspace, text
from store.releases.curator_session import CuratorSession
from store.transports.http.exchanging import DONE, Answer
from store.transports.http.posting import Form

_BAD: Final = 400
_FIELDS: Final = ("content", "xml_content")
"""What a record's content is called: which of the two is a setting of the server."""

_PAGES: Final = 100_000
"""How many pages of an answer are asked for at most."""


class CuratorRecords(CuratorSession):
    """What is asked of workspaces, templates and records; see `CuratorSession`."""

    def __init__(self, host: str, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(host, *arguments, **options)
        # Under which name the server took a record's content last; and workspaces by title.
        self._field = _FIELDS[0]
        self._remembered: dict[str, Workspace] = {}

    def get_workspaces(self, title: str | None = None) -> list[Workspace]:
        """Return the workspaces that the user may see, or those of one title."""
        told = self.ask("GET", "rest/workspace/").value()
        found = [Workspace.of(one) for one in told]
        return [one for one in found if title is None or one.title == title]

    def get_workspace(self, title: str | None = None) -> Workspace:
        """Return a workspace by its title; asked for once, and remembered.

        Args:
            title: Its title; None for the global one.

        Raises:
            ReleaseRecordNotFoundError: There is none of that title, or more than one.
        """
        wanted = GLOBAL if title is None else title
        known = self._remembered.get(wanted)
        if known is None:
            found = self.get_workspaces()
            same = [one for one in found if one.title == wanted]
            if len(same) != 1:
                shown = ", ".join(repr(one.title) for one in found) or "none"
                count = f"{len(same)} workspaces" if same else "no workspace"
                raise ReleaseRecordNotFoundError(
                    f"{self.host} has {count} {wanted!r} that this user may see; there"
                    f" are: {shown}",
                    query={"workspace": wanted},
                )
            known = self._remembered[wanted] = same[0]
        return known

    @property
    def global_workspace(self) -> Workspace:
        """The workspace that everyone may read."""
        return self.get_workspace()

    def get_templates(self, title: str | None = None) -> list[Template]:
        """Return the templates of all users that are not disabled, or those of one title."""
        told = self.ask("GET", "rest/template-version-manager/global/", title=title).value()
        found = [Template.of(one) for one in told if not one.get("is_disabled")]
        return [one for one in found if title is None or one.title == title]

    def upload_template(self, filename: str, content: str, title: str) -> str:
        """Create a template for all users, and return its id.

        Args:
            filename: What it is called.
            content: An XML Schema, or a JSON Schema where the server takes them.
            title: Its title.
        """
        fields = {"title": title, "filename": filename, "content": content}
        told = self.ask("POST", "rest/template/global/", posted=Form(fields)).value()
        return text(told, "id")

    def query(
        self,
        template: Template | Sequence[Template] | None = None,
        title: str | None = None,
        mongoquery: Mapping[str, Any] | None = None,
        workspace: Workspace | None = None,
    ) -> Iterator[DataRecord]:
        """Give the records that a query finds, page by page; each of them once.

        Args:
            template: Only records of these templates.
            title: Only records of this title.
            mongoquery: A filter as MongoDB has them, on the record's content.
            workspace: Only records in this workspace.
        """
        fields: dict[str, str] = {"query": json.dumps(mongoquery or {})}
        if template is not None:
            templates = [template] if isinstance(template, Template) else template
            fields["templates"] = json.dumps([{"id": one.id} for one in templates])
        if title is not None:
            fields["title"] = title
        if workspace is not None:
            fields["workspaces"] = json.dumps([{"id": workspace.id}])
        seen: set[str] = set()
        for page in range(1, _PAGES):
            told = self.ask(
                "POST", "rest/data/query/", posted=Form(fields), repeatable=True, page=page
            ).value()
            results = told.get("results", []) if isinstance(told, dict) else told
            for one in map(DataRecord.of, results):
                if one.id not in seen:
                    seen.add(one.id)
                    yield one
            if not isinstance(told, dict) or not told.get("next"):
                return

    def upload_record(
        self,
        template: Template,
        content: str,
        title: str,
        workspace: Workspace | None = None,
        *,
        duplicatecheck: bool = True,
    ) -> DataRecord:
        """Add a record, and return it as the server keeps it.

        Args:
            template: What it is held against.
            content: The whole document.
            title: Its title; the server takes two of one title.
            workspace: Where it is to lie; None for nowhere but with its owner.
            duplicatecheck: Whether one of that title and template is looked for first.

        Raises:
            ReleaseExistsError: There is one already.
        """
        if duplicatecheck and any(True for _ in self.query(template, title)):
            raise ReleaseExistsError(f"{self.host} has a record {title!r} already", name=title)
        fields = {"title": title, "template": template.id}
        if workspace is not None:
            fields["workspace"] = workspace.id
        answer = self._with_content("POST", "rest/data/", fields, content)
        return DataRecord.of(answer.value())

    def update_record(self, record: DataRecord, content: str) -> DataRecord:
        """Give a record another content, and return it as the server keeps it."""
        path = f"rest/data/{_part(record.id)}/"
        return DataRecord.of(
            self._with_content("PATCH", path, {"title": record.title}, content).value()
        )

    def delete_record(self, record: DataRecord) -> None:
        """Remove a record; its blobs stay."""
        self.ask("DELETE", f"rest/data/{_part(record.id)}/")

    def assign_records(self, workspace: Workspace, ids: Sequence[str]) -> None:
        """Let records lie in a workspace."""
        for one in ids:
            self.ask(
                "PATCH", f"rest/data/{_part(one)}/assign/{_part(workspace.id)}", repeatable=True
            )

    def _with_content(
        self, method: str, path: str, fields: Mapping[str, str], content: str
    ) -> Answer:
        """Send a record's content under the name that the server took last, else under the other."""
        first = self._field
        for name in (first, *(one for one in _FIELDS if one != first)):
            answer = self.ask(
                method, path, posted=Form({**fields, name: content}), taken={*DONE, _BAD}
            )
            if answer.status != _BAD:
                self._field = name
                return answer
            if not any(one in answer.words() for one in _FIELDS):
                break
        raise TransportError(
            f"{answer.address}: the server refuses the record: {answer.words()}",
            url=answer.address,
            status=_BAD,
        )


def _part(identity: str) -> str:
    return quote(identity, safe="")
