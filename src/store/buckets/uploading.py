"""Does the steps of a plan that change a bucket."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from store.buckets.explaining import explained
from store.buckets.identity import is_parted
from store.buckets.keys import within
from store.buckets.memory import Known
from store.buckets.moving import Moving, counting
from store.buckets.parallel import each
from store.buckets.plan import Plan, Step
from store.buckets.scanning import Stamped, stamped
from store.buckets.spans import Allowance, Span
from store.buckets.summaries import Summary, bucket_of, digest_in
from store.buckets.sums import UNHASHED, Hashed
from store.buckets.transfers import put_file, told_of
from store.clock import SYSTEM_CLOCK
from store.errors import (
    DriftError,
    MissingKeyError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.files.failures import storage_errors
from store.integrity.digest import Digest
from store.transports.deadlines import begun, keeping
from store.transports.objects.base import Absent, Condition, Counted, ObjectMeta, Unchanged

log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often a file is sent that changes while it is sent."""

_PROMPT: Final = 0.1
"""How long is waited for the tag by which a store lists what came in parts, in seconds."""

_LET_GO: Final = 1 << 30
"""For how many bytes of a sync that is not waited for longer: their files may be read once more."""

_LISTED: Final = 50
"""From how many deletions on a listing is asked rather than each object."""


def change_bucket(moving: Moving, plan: Plan) -> bool | None:
    """Do the steps of a plan that goes up: what brings something first, what takes away last.

    Returns:
        Whether writes were held to conditions; None where nothing was uploaded.

    Raises:
        DriftError: A file or an object is not what the plan saw.
        StoreError: The first failure; nothing was deleted then.
    """
    fresh = {step.key for step in plan.steps if step.action == "upload"}
    first = [
        step
        for step in plan.steps
        if step.action == "upload" or (step.action == "copy" and step.source not in fresh)
    ]
    second = [step for step in plan.steps if step.action == "copy" and step.source in fresh]
    doomed = [step for step in plan.steps if step.action == "delete"]
    honoured = None
    if fresh:
        # Where that may not be tried out, nothing is known: the writes are sent without.
        try:
            honoured = bool(moving.client.honours_conditions(within(plan.remote)))
        except TransportError as error:
            raise explained(moving.client, min(fresh), error) from error
    bringing = _Bringing(moving, plan, conditional=bool(honoured))
    each(first, bringing.bring, moving.jobs)
    each(second, bringing.bring, moving.jobs)
    if doomed:
        _check_unchanged(moving, plan, doomed)
        moving.client.delete([step.key for step in doomed])
        for step in doomed:
            moving.done(step)
    return honoured


class _Bringing:
    """Uploads and copies."""

    def __init__(self, moving: Moving, plan: Plan, *, conditional: bool) -> None:
        self._moving = moving
        self._plan = plan
        self._conditional = conditional
        self._allowance = Allowance(_LET_GO)

    def bring(self, step: Step) -> None:
        """Do a step: a copy where that goes, else an upload."""
        left = step if step.action == "upload" else self._copied(step)
        if left is not None:
            self._upload(left)
        else:
            self._moving.counters.copied(step.key, step.size)
        self._moving.done(step)

    def _upload(self, step: Step) -> None:
        moving, path = self._moving, os.path.join(self._plan.root, step.path)  # noqa: PTH118 - absolute ones too
        meter = None
        for tries in range(_TRIES):
            stamp = _stamp(path)
            same = stamp == step.stamp
            if moving.strict and not same:
                raise _moved_on(path)
            if tries == 0:
                meter = moving.counters.of(step.key, stamp[2])
            else:
                moving.counters.begin_again(meter, stamp[2])
            known = self._vouched(step, stamp) if same else UNHASHED
            began, since = SYSTEM_CLOCK.file_time_ns(), moving.options.clock.monotonic()
            try:
                summary = self._put(step, path, known, counting(meter))
            except DriftError as error:
                if error.name != path or moving.strict:
                    raise
                continue
            after = _stamp(path)
            # What was vouched for was read earlier: the file must be the one that was read.
            if known.digests and after != stamp:
                step = step._replace(etag=summary.etag, there=True, stamp=())
                continue
            moving.counters.done(meter, stamp[2])
            lasted = moving.options.clock.monotonic() - since
            ended = Span.ended_at(summary.last_modified, lasted, moving.options.clock.now())
            self._remember_remote(summary, ended)
            if after == stamp:
                self._remember_local(step, summary, after, began)
            return
        raise _moved_on(path) if moving.strict else _restless(path)

    def _vouched(self, step: Step, stamp: Stamped) -> Hashed:
        """Return what is known of a file that is what the plan saw; what a saved plan says is only asked."""
        if step.sha256 is None:
            return UNHASHED
        kept = self._moving.memory.local(step.path, stamp) if self._moving.strict else None
        sure = not self._moving.strict or (kept is not None and kept.sha256 == step.sha256)
        if not sure:
            return UNHASHED
        return Hashed((Digest("sha256", step.sha256),), self._moving.memory.sums(step.path, stamp))

    def _put(self, step: Step, path: str, known: Hashed, counted: Counted | None) -> Summary:
        """Upload a file; where another was first with the very same, that is as good."""
        moving = self._moving
        try:
            return put_file(
                moving.client,
                step.key,
                Path(path),
                sha1=self._plan.sha1,
                known=known,
                condition=self._condition(step),
                options=moving.options,
                counted=counted,
            )
        except DriftError as error:
            # What is known is the digest of this very file: what the plan saw may be another by now.
            theirs = None if moving.strict or not known.digests else self._theirs(step, error)
            if theirs is None:
                raise
            return theirs

    def _theirs(self, step: Step, error: DriftError) -> Summary | None:
        """Return what another has written under the key meanwhile, where it is what was to come."""
        client = self._moving.client
        if error.name != step.key or step.sha256 is None:
            return None
        try:
            found = client.head(step.key)
        except StoreError:
            return None
        ours = Digest("sha256", step.sha256)
        if found.size != step.size or digest_in(found.metadata) != ours:
            return None
        log.info("%s was brought by another meanwhile", step.key)
        return Summary.of(found, bucket_of(client), digest=ours)

    def _condition(self, step: Step) -> Condition | None:
        if not self._conditional:
            return None
        if not step.there:
            return Absent()
        return None if step.etag is None else Unchanged(step.etag)

    def _remember_local(self, step: Step, summary: Summary, stamp: Stamped, began: int) -> None:
        memory = self._moving.memory
        if summary.digest is not None and memory.local(step.path, stamp) is None:
            memory.keep_local(step.path, stamp, Known(summary.digest.hex), began)

    def _remember_remote(self, summary: Summary, span: Span | None) -> None:
        """Remember an upload as a listing will tell it: what came in parts may have another tag there.

        A store that has to read the object to tell it (rclone's) is not waited for: it goes on to compute
        it, a sync that follows soon knows the object by its time, and a later one proves what it is.
        """
        if summary.digest is None:
            return
        meta = ObjectMeta(summary.key, summary.size, summary.etag, None, summary.version)
        told: ObjectMeta | None = meta
        if is_parted(summary.etag):
            letting_go = span is not None and self._allowance.take(meta.size)
            patience = _PROMPT if letting_go else None
            with keeping(begun(self._moving.options.clock, patience)):
                told = told_of(self._moving.client, meta, summary.digest)
        self._moving.memory.keep_remote(
            told or meta, summary.digest.hex, span if told is None else None
        )

    def _copied(self, step: Step) -> Step | None:
        """Let the server copy; where that gives another content or none, return what is to be uploaded."""
        client = self._moving.client
        try:
            client.copy(step.source, step.key, replacing=step.there)
            found = client.head(step.key)
            sure = self._is_it(step, found)
        except (MissingKeyError, TransportError) as error:
            log.info("%s is uploaded, since it cannot be copied: %s", step.key, error)
            return step
        except DriftError as error:
            if self._moving.strict or self._theirs(step, error) is None:
                raise
            return None
        if not sure:
            return step._replace(there=True, etag=found.etag)
        if step.sha256 is not None:
            self._moving.memory.keep_remote(found, step.sha256)
        return None

    def _is_it(self, step: Step, found: ObjectMeta) -> bool:
        """Whether a copy is what was to be copied, and no later content of its source."""
        if found.size != step.size:
            return False
        kept = digest_in(found.metadata)
        if kept is not None:
            return step.sha256 is not None and kept == Digest("sha256", step.sha256)
        if step.source_etag is None:
            return False
        return step.source_etag in {found.etag, self._moving.client.head(step.source).etag}


def _check_unchanged(moving: Moving, plan: Plan, doomed: Iterable[Step]) -> None:
    """Make sure that what is to be deleted is what the plan saw.

    Raises:
        DriftError: It is not.
    """
    steps = {step.key: step for step in doomed}

    def check(meta: ObjectMeta) -> None:
        """Make sure that an object is still the one that was looked at."""
        step = steps[meta.key]
        if step.etag is not None and meta.etag is not None and meta.etag != step.etag:
            raise DriftError(
                f"{plan.address}/{meta.key} was written by another since it was looked at: nothing was"
                " deleted; sync again",
                name=meta.key,
                expected=step.etag,
                found=meta.etag,
            )

    if len(steps) >= _LISTED:
        prefix = f"{plan.remote}/" if plan.remote else ""
        for meta in moving.client.list(prefix):
            if meta.key in steps:
                check(meta)
        return

    def ask(key: str) -> None:
        """Ask for one object and check it; one that is gone needs no check."""
        try:
            check(moving.client.head(key))
        except ResourceNotFoundError:
            return  # gone already

    each(steps, ask, moving.jobs)


def _stamp(path: str) -> Stamped:
    with storage_errors(path):
        return stamped(os.stat(path))  # noqa: PTH116 - text, for thousands of them


def _restless(path: str) -> DriftError:
    return DriftError(
        f"{path} changes while it goes up: sync again when its writer is done, or exclude it",
        name=path,
    )


def _moved_on(path: str) -> DriftError:
    return DriftError(f"{path} was changed since it was looked at: plan again", name=path)
