"""An archive as another's program has it: the four methods of the page, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store.errors import ReleaseExistsError
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE, check_title
from store.releases.versions import Version, choice_from


class StrangeArchive(ArchiveInterface):
    """Keeps everything in dictionaries; its ids tell nothing of the content.

    As the original does, it returns an empty mapping where there is nothing, and tells a failed download in
    ``update_dict`` alone.
    """

    def __init__(self, shelves: dict[str, Any]) -> None:
        super().__init__("strange:here")
        self.records: dict[str, dict[str, Any]] = shelves.setdefault("records", {})
        self.blobs: dict[str, bytes] = shelves.setdefault("blobs", {})

    def get_release_records(
        self,
        title_versionless: str,
        version_expressions: Any = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> dict[str, dict[str, Any]]:
        """Give what matches, in no order."""
        choice = choice_from(version_expressions)
        check_title(title_versionless)
        return {
            title: data
            for title, data in reversed(self.records.items())
            if data["title_versionless"] == title_versionless
            and choice.admits(Version.parse(data["version"]))
            and workspace == DEFAULT_WORKSPACE
        }

    def download_blob(  # noqa: PLR0917 - as the page has it
        self,
        blob_pid: str,
        target_file: str | Path,
        update_dict: Any = None,
        expected_size: int | None = None,
        release_record: Any = None,
        workspace: str = DEFAULT_WORKSPACE,
        chunk_size: int = 1,
    ) -> None:
        """Write it, whatever it is."""
        del expected_size, release_record, workspace, chunk_size
        Path(target_file).write_bytes(self.blobs[blob_pid])
        if update_dict is not None:
            update_dict.update(size=len(self.blobs[blob_pid]), finished=True, success=True)

    def process_and_upload_blob(  # noqa: PLR0917 - as the page has it
        self,
        posix_rel_path: str | Path,
        working_dir: str | Path,
        release_title_versionless: str,
        release_title: str,
        workspace_title: str,
        chunk_size: int = 1,
        verbose: bool = False,  # noqa: FBT001, FBT002 - as the page has it
    ) -> tuple[str, int]:
        """Keep it."""
        del release_title_versionless, workspace_title, chunk_size, verbose
        content = (Path(working_dir) / posix_rel_path).read_bytes()
        pid = f"https://strange/{hashlib.md5(f'{release_title}{posix_rel_path}'.encode()).hexdigest()}"
        self.blobs[pid] = content
        return pid, len(content)

    def upload_release_record(
        self,
        release_record: Mapping[str, Any],
        workspace: str | None = None,
        *,
        workspace_title: str | None = None,
    ) -> str:
        """Keep it, once."""
        del workspace, workspace_title
        data = dict(release_record)
        if self.records.setdefault(data["title"], data) is not data:
            raise ReleaseExistsError(f"{data['title']} is there")
        return str(data["title"])
