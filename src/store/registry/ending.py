"""Does at the end of a batch what was put off until then."""

from __future__ import annotations

import attrs

from store.clock import Clock
from store.files.atomic import discard
from store.registry.batches import Batch
from store.registry.journals import write_notes
from store.registry.places import Places
from store.registry.publishing import remove_files, settle
from store.registry.remote import Remote
from store.registry.sidecars import remove_sidecar, write_sidecar


@attrs.frozen(kw_only=True)
class Ending:
    """How the batches of a registry end.

    Attributes:
        places: Where its files lie.
        remote: The bucket that they lie in, where that is so.
        clock: The time.
        durable: Whether a power cut must take nothing away.
    """

    places: Places
    remote: Remote | None
    clock: Clock
    durable: bool

    def prepare(self, batch: Batch) -> None:
        """Write down what was noted, and bring it and what was published to the disk; before the commit.

        Raises:
            StorageError: Something cannot be written, or the disk refused.
        """
        paths = list(batch.published)
        if self.remote is None:
            batch.journal = write_notes(self.places, batch.notes, self.clock, durable=self.durable)
            paths += filter(None, [batch.journal])
        else:
            for (key, version), note in batch.notes.items():
                if note is not None:
                    write_sidecar(self.places, key, version, note.text)
                    self.remote.upload(self.places.sidecar(key, version))
        if paths and self.durable:
            settle(paths)

    def undo(self, batch: Batch) -> None:
        """Remove what was published; after a failure, or where the block raised."""
        for path in filter(None, [batch.journal, *batch.published]):
            discard(path)
        if self.remote is not None:
            self.remote.remove(batch.published)

    def sweep(self, batch: Batch) -> None:
        """Remove the files of what is gone; after the commit."""
        dropped = [name for name, note in batch.notes.items() if note is None]
        for key, version in dropped:
            remove_sidecar(self.places, key, version)
        gone = [
            one
            for one in batch.gone
            if self.places.published(one.key, one.version, one.ext) not in batch.published
        ]
        remove_files(self.places, gone)
        if self.remote is not None:
            self.remote.remove(
                [
                    *(self.places.sidecar(*name) for name in dropped),
                    *(self.places.published(one.key, one.version, one.ext) for one in gone),
                ]
            )
