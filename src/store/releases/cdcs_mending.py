"""Mends a release on a CDCS: its files go up anew."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path

from store.errors import RefusedError
from store.releases.cdcs_blobs import CdcsBringing
from store.releases.cdcs_files import local_file
from store.releases.cdcs_releases import CdcsReleases
from store.releases.mapping import BPID, blob_nodes
from store.releases.matching import check_source
from store.releases.records import PID_KEY, Record


def mend(
    bringing: CdcsBringing,
    releases: CdcsReleases,
    record: Record,
    workspace: str,
    *,
    source: Path,
    paths: Collection[str],
) -> None:
    """Send files of a release anew, and let its document name the new blobs: a CDCS mints their ids.

    The record says the same of the release as before, since ids of blobs have no part in its digest.

    Args:
        bringing: What brings files.
        releases: The records.
        record: The release's record.
        workspace: The title of the workspace.
        source: The directory in which the files lie.
        paths: The paths of those that are missing or damaged.

    Raises:
        DriftError: A file is not what was published.
        RefusedError: It is an older record, of whose digest the ids are a part.
        StoreError: The server fails, or the user may not change the document.
    """
    wrong = [one.pid or "" for one in record.blobs if one.path in paths]
    data = copy.deepcopy({name: one for name, one in record.data.items() if name != PID_KEY})
    blobs = bringing.blobs(record.title_versionless, workspace, damaged=wrong)
    nodes = [(path, node) for path, node in blob_nodes(data["project"]) if path in paths]
    if any(one.sha256 is None for one in record.blobs if one.path in paths):
        raise RefusedError(
            f"{record.title} is not mended: the ids of its blobs, which are minted anew, are a part of an"
            " older record: publish it under the next version",
            limit="blobs",
        )
    for path, node in nodes:
        local = local_file(source, path)
        check_source(record.blob(path), local.path, local.sha256)
        node[BPID] = blobs.bring(local, lambda _: None)
    releases.rename_blobs(Record.from_data(data), workspace)
