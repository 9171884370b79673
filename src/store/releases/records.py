"""The record of a release: what it is called, and which files it has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import attrs

from store.errors import ArchiveError, IntegrityError, ResourceNotFoundError
from store.releases.mapping import BPID, SHA256, Blob, content_of
from store.releases.names import check_title, title_of
from store.releases.spelling import canonical, read_record, to_json, to_yaml
from store.releases.versions import Version

PID_KEY: Final = "/PID/"
"""Under which key the id stands that an archive has assigned to a record."""

DIGEST_KEY: Final = "/digest/"
"""Under which key the digest of the record itself stands; missing in older ones."""

_UNSIGNED: Final = frozenset({PID_KEY, DIGEST_KEY})


@attrs.frozen(kw_only=True)
class Record:
    """What an archive knows of one release.

    Made by `from_data`, `from_text` or `compose`. What is not named below (the workflow and its fields,
    whatever another tool has added) stands in `data`, untouched.

    Attributes:
        title: Title and version: ``{title_versionless}-v{version}``.
        title_versionless: The title alone.
        version: The version.
        blobs: The files, in order of their paths.
        directories: The paths of the directories, empty ones included.
        requirements: The releases that it was made with, as they stand in the record.
        datasets: Names of the user's for paths in the project.
        pid: The id that the archive has assigned, or None.
        digest: What the record says its digest is (``sha256:…``), or None in an older one.
        data: All of it, as plain data; not to be changed.
    """

    title: str
    title_versionless: str
    version: Version
    blobs: tuple[Blob, ...] = attrs.field(repr=False)
    directories: tuple[str, ...] = attrs.field(repr=False)
    requirements: Any = ()
    datasets: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    pid: str | None = None
    digest: str | None = None
    data: Mapping[str, Any] = attrs.field(repr=False, eq=False)
    _identity: list[str] = attrs.field(factory=list, init=False, repr=False, eq=False)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Record:
        """Return the record that plain data stand for, an older tool's too.

        Raises:
            ArchiveError: A field is missing, or is not what it must be.
            QueryError: Its version is none.
            UnsafeNameError: Its title, or a path in it, would lead elsewhere.
        """
        if not isinstance(data, Mapping):
            raise ArchiveError(f"a release record is a mapping, not a {type(data).__name__}")
        if "version" not in data:
            raise _no_record(data)
        versionless = data.get("title_versionless", data.get("tile_versionless"))
        version = Version.parse(data.get("version"))
        title = check_title(data.get("title"))
        if versionless is None:
            versionless = title.removesuffix(f"-v{version}")
        versionless = check_title(versionless)
        if title != title_of(versionless, version):
            raise ArchiveError(
                f"the record {title!r} contradicts itself: its title is {versionless!r}, its version"
                f" {version}",
                archive=title,
            )
        blobs, directories = _content(title, data.get("project"))
        datasets = data.get("datasets") or {}
        pid, digest = data.get(PID_KEY), data.get(DIGEST_KEY)
        return cls(
            title=title,
            title_versionless=versionless,
            version=version,
            blobs=blobs,
            directories=directories,
            requirements=data.get("requirements") or (),
            datasets=datasets if isinstance(datasets, Mapping) else {},
            pid=pid if isinstance(pid, str) else None,
            digest=digest if isinstance(digest, str) else None,
            data=data,
        )

    @classmethod
    def from_text(cls, text: bytes, *, name: str = "") -> Record:
        """Return the record that YAML or JSON stands for: see `from_data` and `spelling.read_record`."""
        return cls.from_data(read_record(text, name=name))

    @property
    def size(self) -> int:
        """The bytes of all its files together, as far as it tells."""
        return sum(blob.size or 0 for blob in self.blobs)

    @property
    def whole_size(self) -> int | None:
        """The bytes of all its files together, or None where an older record does not tell those of each."""
        return None if any(blob.size is None for blob in self.blobs) else self.size

    def blob(self, path: str) -> Blob:
        """Return the file at a path.

        Raises:
            ResourceNotFoundError: There is none.
        """
        for one in self.blobs:
            if one.path == path:
                return one
        raise ResourceNotFoundError(
            f"{self.title} has no file {path!r}: 'store release show' lists them", query=path
        )

    def dataset(self, name: str) -> Blob:
        """Return the file that a dataset leads to; what it names inside of that file is passed over.

        Raises:
            ResourceNotFoundError: There is no such dataset, or it leads to no file.
        """
        path = self.datasets.get(name)
        if not isinstance(path, str):
            raise ResourceNotFoundError(
                f"{self.title} has no dataset {name!r}: 'store release show' lists them", query=name
            )
        files = {one.path: one for one in self.blobs}
        parts = path.split("/")
        for length in range(len(parts), 0, -1):
            if found := files.get("/".join(parts[:length])):
                return found
        raise ResourceNotFoundError(
            f"the dataset {name!r} of {self.title} leads to no file: {path!r}", query=name
        )

    def check(self) -> None:
        """Hold the record against the digest that stands in it, where one does.

        Raises:
            IntegrityError: It was changed after it was published.
        """
        if self.digest is None:
            return
        found = self.identity
        if found != self.digest:
            raise IntegrityError(
                f"the record of {self.title} was changed after it was published, which nothing mends: take"
                " it from another archive with 'store release fetch --from'",
                expected=self.digest,
                found=found,
            )

    @property
    def identity(self) -> str:
        """The digest of what it says, whatever the archive: see `digest_of`; it is taken once."""
        if not self._identity:
            self._identity.append(digest_of(self.data))
        return self._identity[0]

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data, the digest of itself included."""
        return {**self.data, DIGEST_KEY: self.identity}

    def sealed(self) -> Record:
        """Return it with the digest of itself among its data, as it is published."""
        found = attrs.evolve(self, digest=self.identity, data=self.to_data())
        found._identity.append(self.identity)  # noqa: SLF001 - of its own kind
        return found

    def to_yaml(self) -> str:
        """Return it as YAML: see `spelling`."""
        return to_yaml(self.to_data())

    def to_json(self) -> str:
        """Return it as JSON."""
        return to_json(self.to_data())


def _content(title: str, project: Any) -> tuple[tuple[Blob, ...], tuple[str, ...]]:  # noqa: ANN401 - whatever a record held
    """Return the files and directories of a record's project.

    Raises:
        ArchiveError: It is none, or is damaged.
    """
    if project is None:
        return (), ()
    if not isinstance(project, Mapping):
        raise ArchiveError(f"the record {title!r} has no project mapping", archive=title)
    try:
        return content_of(project)
    except ArchiveError as error:
        raise ArchiveError(
            f"the record {title!r} cannot be used: {error}; its publisher must give it anew, under the next"
            " version",
            archive=title,
            member=error.member,
        ) from error


def _no_record(data: Mapping[str, Any]) -> ArchiveError:
    several = bool(data) and all(
        isinstance(one, Mapping) and "version" in one for one in data.values()
    )
    shown = ", ".join(map(str, list(data)[:3]))
    reason = (
        f"these are records by their titles ({shown}): give one of them"
        if several
        else "it has no version: give it as 'get_release_records' has it"
    )
    return ArchiveError(f"{data.get('title', 'this')!r} is no release record: {reason}")


def compose(
    title: str,
    version: Version | str,
    project: Mapping[str, Any],
    *,
    requirements: Any = (),  # noqa: ANN401 - passed through as it is
    datasets: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    sealed: bool = True,
) -> Record:
    """Return a new record.

    Args:
        title: The title, without a version.
        version: The version.
        project: The project mapping, its files uploaded.
        requirements: The releases that it was made with.
        datasets: Names of the user's for paths in the project.
        more: Further fields, such as ``workflow``, passed through as they are.
        sealed: Take its digest at once; else it is taken when it is first asked for, and `Record.sealed` adds
            it.

    Raises:
        QueryError: The version is none.
        ArchiveError: The mapping is damaged.
        UnsafeNameError: A name is refused.
    """
    number = version if isinstance(version, Version) else Version.parse(version)
    data: dict[str, Any] = {
        "title": title_of(title, number),
        "title_versionless": title,
        "version": str(number),
        "workflow": {},
        "requirements": list(requirements) if isinstance(requirements, tuple) else requirements,
        "project": dict(project),
        "datasets": dict(datasets or {}),
        **(more or {}),
    }
    record = Record.from_data(data)
    return record.sealed() if sealed else record


def digest_of(data: Mapping[str, Any]) -> str:
    """Return the digest of a record's data: ``sha256:…``, the same in whatever archive the release lies.

    It is taken of the canonical JSON without the record's PID and digest, and without the blob ids of files
    that have a SHA-256: those are the archive's own.
    """
    said = {name: value for name, value in data.items() if name not in _UNSIGNED}
    if isinstance(said.get("project"), dict):
        said["project"] = _without_pids(said["project"])
    return f"sha256:{hashlib.sha256(canonical(said)).hexdigest()}"


def _without_pids(node: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(node)
    if SHA256 in node:
        said.pop(BPID, None)
    for name, value in node.items():
        if isinstance(value, dict) and str(name)[:1] != "/":
            said[name] = _without_pids(value)
    return said


def signed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's data with the digest of what they say."""
    return {**data, DIGEST_KEY: digest_of(data)}
