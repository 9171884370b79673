"""Says why a directory is not published under a version that is there."""

from __future__ import annotations

from store.errors import ReleaseExistsError
from store.releases.mapping import Blob
from store.releases.records import Record

_OPTIONS = {"datasets": "--dataset", "requirements": "--require"}
"""By which option a field of a record is said."""


def other_content(host: str, there: Record, wanted: Record | None) -> ReleaseExistsError:
    """Return the error that a release is there, which tells in what it differs from what was to be published.

    Args:
        host: The archive.
        there: The record of what is there.
        wanted: The record of what was to be published; None where its files are known to be others.
    """
    text = f"{there.title} is in {host} already, and a version never changes"
    step = "publish it under the next one"
    if wanted is not None and _same_files(there, wanted):
        if any(one.sha256 is None for one in there.blobs):
            text = f"{text}; an older tool has published it"
            step = (
                "what is damaged of it is mended by 'store release copy' from an archive that has it whole,"
                " and what is new is published under the next one"
            )
        else:
            apart = _apart(there, wanted)
            options = [_OPTIONS[one] for one in apart if one in _OPTIONS]
            same = f"the same options ({', '.join(options)})" if options else "that as it was"
            text = f"{text}; the files are the same, and what differs is: {', '.join(apart)}"
            step = (
                f"to mend it, publish it with {same}; what is new is published under the next one"
            )
    return ReleaseExistsError(f"{text}: {step}", name=there.title)


def _same_files(there: Record, wanted: Record) -> bool:
    return len(there.blobs) == len(wanted.blobs) and all(map(_same, there.blobs, wanted.blobs))


def _same(one: Blob, other: Blob) -> bool:
    known = one.digest is None or one.digest.algorithm != "sha256" or one.digest == other.digest
    return one.path == other.path and one.size in {None, other.size} and known


def _apart(there: Record, wanted: Record) -> list[str]:
    """Return what two records of the same files differ in."""
    names = sorted(
        name
        for name in there.data.keys() | wanted.data.keys()
        if name[:1] != "/"
        and name != "project"
        and (there.data.get(name) or None) != (wanted.data.get(name) or None)
    )
    bits = [
        one.path
        for one, other in zip(there.blobs, wanted.blobs, strict=True)
        if one.executable != other.executable
    ]
    if bits:
        more = f" and {len(bits) - 1} more" if len(bits) > 1 else ""
        names.append(f"the x bit of {bits[0]}{more}")
    if set(there.directories) != set(wanted.directories):
        names.append("empty directories")
    return names or ["the record"]
