"""The store of the files that lie in released versions."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote

import attrs

from store.addresses import public, public_query
from store.backends.base import DigestedResource, Store
from store.backends.queries import (
    DIGEST_KEYS,
    check_configuration,
    check_keys,
    digests_of_query,
    filename_of,
    size_of,
    text_of,
)
from store.backends.release_choice import chosen_blob, known_digests
from store.backends.release_pairs import pairs_in
from store.errors import (
    ConfigurationError,
    LocatorError,
    OfflineError,
    QueryError,
    ReleaseRecordNotFoundError,
)
from store.files.names import safe_name
from store.integrity.digest import SIZES

if TYPE_CHECKING:
    # Dear to load, and only where this driver is asked.
    from store.releases.interface import ArchiveInterface
    from store.releases.named import Named
    from store.releases.records import Record

SETTINGS: Final = frozenset({"archive", "user", "workspace"})
"""The keys of the driver's configuration."""


def locate(text: str) -> Mapping[str, Any]:
    """Return the query that follows ``release:``: ``[workspace/]title[expression][?path=…]``, or pairs.

    Raises:
        LocatorError: It cannot be read.
    """
    name, _, value = text.partition("=")
    if name in ReleaseStore.query_keys and not value.startswith("="):
        return pairs_in(text, text)
    release, _, rest = text.partition("?")
    from store.releases.names import Requirement

    try:
        wanted = Requirement.parse(unquote(release))
    except QueryError as error:
        raise LocatorError(f"'release:{text}' cannot be read: {error}") from error
    query: dict[str, Any] = {"title": wanted.title}
    if wanted.choice.clauses:
        query["version"] = str(wanted.choice)
    if wanted.workspace is not None:
        query["workspace"] = wanted.workspace
    return query | pairs_in(rest, text)


@attrs.frozen
class ReleaseResource(DigestedResource):
    """A file of a release, known by the digest that the record has of it."""

    record: Any = attrs.field(default=None, kw_only=True, repr=False, eq=False)
    """The record that it stands in."""
    blob: Any = attrs.field(default=None, kw_only=True, repr=False, eq=False)
    """What the record says of it."""
    place: Any = attrs.field(default=None, kw_only=True, repr=False, eq=False)
    """In which archive, and in which workspace there."""


class ReleaseStore(Store[ReleaseResource]):
    """Hands out files of released versions.

    A query names a release by ``title``, ``version`` (expressions such as ``>=1,<2``; the highest that they
    admit) and ``workspace``, and a file in it by ``path`` or by ``dataset``, a name that the record gives to
    one; neither is needed where there is one file. ``archive`` is its archive: an address, a directory, or a
    name of the settings. ``digest``, ``digests`` or an algorithm's own name pin the content; ``size`` (bytes)
    and ``filename`` are optional.

    Args:
        store_configuration: A mapping with ``archive``, ``user`` and ``workspace``, which hold where a query
            does not say so; None leaves them to ``[archive.NAME]`` of the settings.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or a value is no text.
    """

    name = "release"
    query_keys: ClassVar[frozenset[str]] = (
        DIGEST_KEYS
        | SIZES.keys()
        | {"title", "version", "workspace", "path", "dataset", "archive", "size", "filename"}
    )

    def __init__(self, store_configuration: Any, cache_backend: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(store_configuration, cache_backend)
        self._settings = check_configuration(store_configuration, SETTINGS, "release")
        for key, value in self._settings.items():
            if value is not None and not isinstance(value, str):
                raise ConfigurationError(
                    f"the configuration of the driver release: {key} is a text", key=key
                )
        self._opened: dict[tuple[str, str | None], ArchiveInterface] = {}
        self._opening = threading.Lock()

    @property
    def needs_network(self) -> bool:  # type: ignore[override]
        """Whether the archive that is configured is reached over the network."""
        try:
            return not _is_local(self._named({}).host)
        except QueryError:
            return False

    @property
    def metadata_needs_network(self) -> bool:  # type: ignore[override]
        """Whether its records lie there, too: offline, what a query stood for is remembered."""
        return self.needs_network

    def asks_network(self, query: Mapping[str, Any]) -> bool:
        """Return whether the archive that a query means is reached over the network."""
        try:
            return not _is_local(self._named(query).host)
        except QueryError:
            return False  # which is meant is not known: it will be said when it is asked

    def resolution_max_age(self, query: Mapping[str, Any]) -> float | None:
        """Return for good for an exactly named version, which never changes; others are asked each time.

        So is one in a directory, as long as the archive is there.
        """
        from store.releases.opening import is_at_hand
        from store.releases.versions import choice_from

        try:
            clauses, host = choice_from(query.get("version")).clauses, self._named(query).host
        except QueryError:
            return None
        if not any(one.exact for one in clauses):
            return None
        return -1.0 if is_at_hand(host) else math.inf

    def resolution_lasts(self, query: Mapping[str, Any], answer: ReleaseResource) -> bool:
        """Return whether a query names the very version that answers it; another build may come, or go."""
        from store.releases.versions import choice_from

        choice = choice_from(query.get("version"))
        return _is_local(answer.place.host) or choice.names(answer.record.version)

    def resolution_query(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a query with the archive and the workspace that are meant, whatever they are called."""
        try:
            place = self._named(query)
        except QueryError:
            return query
        counts_from = os.getcwd() if _is_local(place.host) else ""  # noqa: PTH109 - text
        return {**query, "archive": place.host, "workspace": place.workspace, "from": counts_from}

    def get_resource_metadata(self, query: Mapping[str, Any]) -> ReleaseResource:
        """Return what the record of a release says of a file.

        Args:
            query: See the class.

        Raises:
            QueryError: A key is missing, unknown or malformed, or several files might be meant.
            ResourceNotFoundError: The release has no such file or dataset.
            DigestError: A digest is malformed or weak, or nothing tells one.
            ReleaseRecordNotFoundError: There is no such release.
            OfflineError: The archive needs the network, which is not to be used.
            StoreError: The archive cannot be asked, or the record is damaged.
        """
        check_keys(query, self.query_keys, self.name)
        title = text_of(query, "title")
        if title is None:
            raise QueryError(
                "the driver release needs a 'title'", known=tuple(sorted(self.query_keys))
            )
        digests, size, filename = digests_of_query(query), size_of(query), filename_of(query)
        place = _settled(self._named(query))
        record = self._record(query, title, place)
        record.check()
        blob = chosen_blob(record, text_of(query, "path"), text_of(query, "dataset"))
        return ReleaseResource(
            digests or known_digests(record, blob),
            size=blob.size if size is None else size,
            filename=filename or safe_name(blob.path),
            record=record,
            blob=blob,
            place=place,
        )

    def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
        """Bring the file into a directory.

        Args:
            metadata: What `get_resource_metadata` returned.
            dest: A directory.

        Returns:
            The file's path.

        Raises:
            StoreError: The archive fails, or the file is not what the record says.
        """
        from store.releases.hashing import CHUNK
        from store.releases.transfer import Update

        if not isinstance(metadata, ReleaseResource):
            if self.options.offline:
                raise OfflineError(
                    f"{metadata.filename or metadata.uid} is not in the cache and the network is not to be"
                    " used: fetch it once without --offline (STORE_OFFLINE)",
                    missing=(metadata.filename or metadata.uid,),
                )
            raise ReleaseRecordNotFoundError("which release it was in is no longer known: ask anew")
        target = str(Path(dest) / (metadata.filename or "resource"))
        self._archive(metadata.place).bring_blob(
            metadata.blob,
            target,
            metadata.record,
            Update(metadata.blob.path, metadata.size),
            workspace=metadata.place.workspace,
            mode=0o666,
            via=Path(dest),
            chunk=CHUNK,
        )
        return target

    def _record(self, query: Mapping[str, Any], title: str, place: Named) -> Record:
        from store.releases.choosing import choose
        from store.releases.names import Requirement, check_title
        from store.releases.versions import choice_from

        version = query.get("version")
        wanted = Requirement(check_title(title), choice_from(version), place.workspace)
        try:
            return choose(self._archive(place), wanted)
        except ReleaseRecordNotFoundError as error:
            error.query = public_query(query)
            raise

    def _named(self, query: Mapping[str, Any]) -> Named:
        """Return which archive a query means, and which workspace in it."""
        from store.config.reading import read_settings
        from store.releases.named import archive_named

        asked = query.get("archive")
        where = os.fsdecode(asked) if isinstance(asked, os.PathLike) else text_of(query, "archive")
        where = where or self._settings.get("archive")
        user = self._settings.get("user")
        named = archive_named(where, read_settings().settings.archives, user=user)
        workspace = text_of(query, "workspace") or self._settings.get("workspace")
        return named._replace(workspace=workspace) if workspace else named

    def _archive(self, place: Named) -> ArchiveInterface:
        from store.releases.opening import get_interface

        if self.options.offline and not _is_local(place.host):
            shown = public(place.host)
            raise OfflineError(
                f"{shown} needs the network, which is not to be used (--offline, STORE_OFFLINE)",
                missing=(shown,),
            )
        key = (place.host, place.user)
        with self._opening:
            archive = self._opened.get(key)
            if archive is None:
                archive = self._opened[key] = get_interface(place.host, place.user)
        return archive


def _settled(place: Named) -> Named:
    """Return where an archive is, wherever the process goes meanwhile."""
    from store.releases.pathing import path_of

    if not _is_local(place.host):
        return place
    return place._replace(host=os.path.abspath(path_of(place.host)))  # noqa: PTH100 - text


def _is_local(host: str) -> bool:
    from store.releases.opening import scheme_of

    return scheme_of(host) in {"", "file"}
