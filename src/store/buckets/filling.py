"""A storage that files and texts are added to, one by one."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from store.buckets.background import Background
from store.buckets.keeping import KeptStorage
from store.buckets.meters import Meter
from store.buckets.naming import key_of, remote_for, source_of
from store.buckets.storage import Key, LocalPath
from store.buckets.summaries import Summary
from store.buckets.transfers import put_file
from store.errors import QueryError
from store.transports.progress import Progress


class FilledStorage(KeptStorage):
    """A storage of objects whose uploads may go on in the background."""

    _background: Background

    def add_file(
        self,
        local_or_file: LocalPath | BinaryIO,
        remote: Key | None = None,
        *,
        progress: Progress = None,
        background: bool = False,
    ) -> Summary | None:
        """Add a local file, or one that is open for reading in binary.

        Args:
            local_or_file: The file's path, or the open file, read from where it stands to its end.
            remote: Its key; None takes the path as it was given, or of an absolute one its last component.
            progress: A callback ``(read, total, filename)``, True for a bar, or None.
            background: Return at once; `flush` tells how it went. An open file must stay open until then.

        Returns:
            What is known of the object; None where it goes up in the background.

        Raises:
            QueryError: ``remote`` is None, and the file has no name; or it is neither a path nor a file, as
                bytes are not.
            UnsafeNameError: The key is no UTF-8 text, or too long.
            DriftError: The file changed while it was read.
            StorageError: The file cannot be read.
        """
        source = source_of(local_or_file)
        key = key_of(remote) if remote else remote_for(local_or_file)

        def put() -> Summary:
            """Put the file, now or in the background."""
            return self._put(source, key, progress)

        if background:
            self._background.begin(put)
            return None
        return put()

    def add_string(self, string: str, remote: Key) -> Summary:
        """Add a text, in UTF-8, as a file.

        Args:
            string: The text.
            remote: Its key.

        Raises:
            QueryError: It is no text, or none that is UTF-8.
        """
        if not isinstance(string, str):
            raise QueryError(
                f"add_string takes a text, not {string!r:.60}: for bytes give add_file an io.BytesIO(…)",
                query=string,
            )
        try:
            content = string.encode()
        except UnicodeEncodeError as error:
            raise QueryError(
                f"the text {string!r:.60} is no UTF-8: it holds half characters"
            ) from error
        return self._put(content, key_of(remote), None)

    def _put(self, source: bytes | Path | BinaryIO, key: str, progress: Progress) -> Summary:
        total = None
        if isinstance(source, bytes):
            total = len(source)
        elif isinstance(source, Path):
            total = source.stat().st_size if source.is_file() else None
        meter = Meter(progress, key, total=total)
        try:
            summary = put_file(
                self.client, key, source, sha1=self._sha1, options=self.options, counted=meter.count
            )
        except Exception as error:
            meter.fail(error)
            raise
        meter.finish(summary.size)
        return summary
