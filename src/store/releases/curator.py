"""Speaks with a CDCS, the server that NIST calls a curator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from store.errors import ResourceNotFoundError
from store.releases.curating import Blob, Template, Workspace, text
from store.releases.curator_records import CuratorRecords
from store.transports.http.exchanging import DONE
from store.transports.http.posting import Json, Nothing, Upload

SLOWEST: Final = 16 << 20
"""How fast a server reads a blob at least, in bytes a second."""

_FAILS: Final = 500
_UNTOLD: Final = frozenset({405, 501})
"""The answers of a server that does not tell sizes."""


class Curator(CuratorRecords):
    """One user's client of one CDCS: sessions, records, blobs and persistent identifiers.

    Its calls are named as those of NIST's ``cdcs`` (pycdcs) are, and give values in place of tables.
    Every call raises `CredentialsError` (401, 403), `ResourceNotFoundError` (404), `OfflineError` and
    `TransportError`. For what it is made with see `CuratorSession`.
    """

    def upload_blob(
        self,
        path: Path,
        *,
        size: int,
        filename: str,
        sha256: str | None = None,
        counted: Callable[[int], None] | None = None,
    ) -> Blob:
        """Send a file, read as it is sent, and return what the server keeps.

        Args:
            path: The file; the server takes no empty one.
            size: Its bytes.
            filename: What the server is to call it: at most 200 characters, no path.
            sha256: What its content must be, in hex.
            counted: Is told how many bytes more went up.

        Raises:
            DriftError: The file was changed meanwhile; the server keeps nothing of it.
        """
        upload = Upload(
            path=path,
            length=size,
            field="blob",
            filename=filename,
            fields={"filename": filename},
            sha256=sha256,
            counted=counted,
        )
        return Blob.of(self.ask("POST", "rest/blob/", posted=upload).value())

    def get_blobs(self, filename: str | None = None, *, pattern: str | None = None) -> list[Blob]:
        """Return the user's own blobs, the newest first; others' blobs are not told of.

        Args:
            filename: Only those that are called so.
            pattern: Only those whose name this regular expression finds something in.
        """
        named = filename if pattern is None else pattern
        regex = None if pattern is None else "true"
        told = self.ask("GET", "rest/blob/", filename=named, regex=regex).value()
        return [Blob.of(one) for one in told]

    def get_blob(self, id: str) -> Blob:  # noqa: A002 - as pycdcs calls it
        """Return what is known of a blob."""
        return Blob.of(self.ask("GET", f"rest/blob/{quote(id, safe='')}").value())

    def delete_blob(self, id: str) -> None:  # noqa: A002 - as pycdcs calls it
        """Remove a blob."""
        self.ask("DELETE", f"rest/blob/{quote(id, safe='')}")

    def assign_blobs(self, workspace: Workspace, ids: Sequence[str]) -> None:
        """Let blobs lie in a workspace, so that whoever may read that may read them."""
        for one in ids:
            path = f"rest/blob/{quote(one, safe='')}/assign/{quote(workspace.id, safe='')}"
            self.ask("PATCH", path, repeatable=True)

    def blob_address(self, id: str) -> str:  # noqa: A002 - as pycdcs calls it
        """Return the address from which a blob is downloaded."""
        return f"{self.host}/rest/blob/download/{quote(id, safe='')}/"

    def blob_size(self, address: str, *, about: int | None = None) -> int | None:
        """Return how many bytes the server has for a blob, none of which is moved.

        Args:
            address: Its address at this server.
            about: How many they should be: a CDCS reads them all before it answers.

        Returns:
            The bytes, or None where the server does not tell.

        Raises:
            ResourceNotFoundError: It has none.
        """
        asked = Nothing((about or 0) / SLOWEST)
        taken = {*DONE, *_UNTOLD, _FAILS}
        answer = self._session().ask("HEAD", address, posted=asked, taken=taken)
        if answer.status == _FAILS:  # so it says that its disk has lost the file
            raise ResourceNotFoundError(
                f"{answer.address}: the server cannot read the blob", url=answer.address
            )
        return None if answer.status in _UNTOLD else answer.size

    def auto_set_pid(self) -> bool:
        """Return whether the server mints identifiers; False where it knows of none."""
        try:
            told = self.ask("GET", "pid/rest/settings/").value()
        except ResourceNotFoundError:
            return False
        return text(told, "auto_set_pid", "").lower() == "true"

    def get_pid_paths(self, template: Template | None = None) -> list[str]:
        """Return where in records the server puts the identifiers it mints, as dotted paths."""
        told = self.ask("GET", "pid/rest/settings/path/").value()
        return [
            text(one, "path", text(one, "xpath", ""))
            for one in told
            if template is None or text(one, "template") == template.id
        ]

    def upload_pid_path(self, template: Template, path: str) -> bool:
        """Let the server put identifiers at a path of a template's records, unless it does already.

        Two paths of one template would switch identifiers off for it.

        Returns:
            Whether it did not yet.
        """
        if self.get_pid_paths(template):
            return False
        value = {"template": template.id, "path": path}
        self.ask("POST", "pid/rest/settings/path/", posted=Json(value))
        return True
