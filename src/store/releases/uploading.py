"""Uploads the files of a project, and notes what they are."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store.files.failures import storage_errors
from store.releases.mapping import BPID, BYTES, MODE, SHA256, blob_nodes
from store.releases.modes import EXECUTABLE
from store.releases.transfer import Job, Standing, Update, move_all
from store.releases.values import Naming

if TYPE_CHECKING:
    from store.releases.further import Further

_SAMPLE: Final = 64
"""How many files are looked at, to tell how large they are."""


def upload_all(
    archive: Further,
    naming: Naming,
    project: MutableMapping[str, Any],
    directory: Path,
    *,
    threads: int,
    chunk: int,
    no_blobs: bool = False,
    show: Callable[[Standing], object] | None = None,
) -> None:
    """Upload every file of a mapping: see `ArchiveInterface.upload_blobs_and_update_mapping`."""

    def upload(subject: tuple[str, MutableMapping[str, Any]], update: Update) -> None:
        """Send one, and note in its node what it has become."""
        path, node = subject
        if MODE not in node:
            node[MODE] = "755" if _status(f"{directory}/{path}").st_mode & EXECUTABLE else "644"
        done = archive.upload_blob(directory, naming, update, path=path, chunk_size=chunk)
        node[BPID], node[BYTES], node[SHA256] = done.pid, done.size, done.sha256

    nodes = list(blob_nodes(project))
    if no_blobs:
        for _, node in nodes:
            node[BPID], node[BYTES] = "NONE", 0
        return
    jobs = [Job(one, one[0]) for one in nodes]
    some = [f"{directory}/{path}" for path, _ in nodes[:: len(nodes) // _SAMPLE + 1]]
    sizes = [_status(one).st_size for one in some]
    move_all(jobs, upload, threads=archive.threads_for(threads, sizes), show=show)


def _status(path: str) -> os.stat_result:
    with storage_errors(path):
        return os.lstat(path)
