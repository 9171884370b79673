"""Asks package indexes which files a project has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from store.addresses import origin_of, public, userinfo, without_userinfo
from store.backends.patience import patiently
from store.backends.pypi_choice import Candidate
from store.backends.queries import address_of
from store.config.credentials import Credential
from store.errors import (
    DigestError,
    QueryError,
    ResourceNotFoundError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
)
from store.files.names import safe_name
from store.integrity.digest import Digest, Digests, digests_from
from store.transports.base import Conditions, TransferOptions
from store.transports.opening import transport_for

log = logging.getLogger(__name__)

MAX_PAGE_SIZE: Final = 50 * 1024**2
"""The most bytes that a project's page may have: 50 MiB."""

_CHUNK: Final = 1 << 16


@attrs.frozen(kw_only=True)
class Listing:
    """What an index has of a project.

    Attributes:
        source: The index that answered, without secrets.
        candidates: Its files, in the order of the page.
    """

    source: str
    candidates: tuple[Candidate, ...]


def listing(name: str, endpoints: Iterable[str | None], options: TransferOptions) -> Listing:
    """Return what the first index has that knows the project.

    Args:
        name: The project's name, normalised.
        endpoints: The indexes in the order they are asked; None stands for pypi-simple's default.
        options: How bytes are to be moved.

    Raises:
        ResourceNotFoundError: None of them has the project.
        CredentialsError: An index wants credentials, or others.
        OfflineError: The network is not to be used.
        TransportError: An index cannot be reached, or its page cannot be read.
    """
    asked = []
    for endpoint in endpoints:
        found = _asked(name, endpoint, options)
        if isinstance(found, Listing):
            return found
        asked.append(found)
        log.debug("%s has no project %s", found, name)
    raise ResourceNotFoundError(
        f"no index has a project {name}: asked {', '.join(asked)}; mind the spelling, or name another"
        " index by index_url",
        url=asked[0] if asked else None,
    )


def with_credentials(options: TransferOptions, endpoints: Iterable[str | None]) -> TransferOptions:
    """Return options that know the users and passwords that stand in the indexes' addresses.

    Each is bound to its origin, for files that lie there too; what the caller gave for it wins.
    """
    found: dict[str, Credential] = {}
    for one in filter(None, endpoints):
        if secret := userinfo(one):
            credential = Credential(user=secret[0], secret=secret[1], source="address")
            found.setdefault(str(origin_of(one)), credential)
    if not found:
        return options
    explicit = {**found, **options.credentials.explicit}
    return attrs.evolve(options, credentials=attrs.evolve(options.credentials, explicit=explicit))


def _asked(name: str, endpoint: str | None, options: TransferOptions) -> Listing | str:
    """Return what an index has of a project, or the index's address where it has nothing."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple

    address = endpoint or PYPI_SIMPLE_ENDPOINT
    shown = public(address)
    # pypi-simple asks no more of a session than a get, and of its answer what _Answer has.
    session: Any = _Session(options)
    try:
        page = PyPISimple(address, session=session).get_project_page(name)
    except NoSuchProjectError:
        return shown
    except StoreError:
        raise
    except Exception as error:
        raise TransportError(
            f"the page of {name} at {shown} cannot be read ({type(error).__name__}):"
            " is this the address of a package index (PEP 503)?",
            url=shown,
        ) from error
    local = address.lower().startswith("file:")
    return Listing(
        source=shown, candidates=tuple(_candidates(page.packages, name, allow_files=local))
    )


def _candidates(packages: Iterable[Any], name: str, *, allow_files: bool) -> Iterator[Candidate]:
    for package in packages:
        filename, url = package.filename, package.url
        fault = _fault(filename, url, package.project, name, allow_files=allow_files)
        if fault:
            log.debug("a file of %s is passed over: %s", name, fault)
            continue
        yield Candidate(
            filename=filename,
            url=without_userinfo(url),
            version=package.version,
            kind=package.package_type,
            digests=_digests(package.digests),
            requires_python=package.requires_python,
            yanked=(package.yanked_reason or "") if package.is_yanked else None,
            size=package.size,
        )


def _fault(
    filename: str, url: str, project: str | None, name: str, *, allow_files: bool
) -> str | None:
    if not filename or safe_name(filename, "") != filename:
        return f"{filename!r} is no plain file name"
    if project is not None and re.sub(r"[-_.]+", "-", project).lower() != name:
        return f"{filename} belongs to {project}"
    try:
        address_of(url)
    except QueryError as error:
        return str(error)
    scheme = url.partition(":")[0].lower()
    if scheme not in {"http", "https"} and not (allow_files and scheme == "file"):
        return f"{filename} lies at a {scheme} address"
    return None


def _digests(told: Mapping[str, str]) -> Digests:
    """Return what can be trusted among an index's digests."""
    found: list[Digest] = []
    for algorithm, value in told.items():
        try:
            found.append(Digest.parse(f"{algorithm}:{value}"))
        except DigestError as error:
            log.debug("a digest is not heeded: %s", error)
    return digests_from(found)


@attrs.frozen(kw_only=True)
class _Answer:
    """What pypi-simple looks at in an answer."""

    url: str
    status_code: int
    headers: Mapping[str, str]
    content: bytes = attrs.field(repr=False)

    def raise_for_status(self) -> None:
        """Do nothing: a status that is an error was raised by the transport."""

    def json(self) -> Any:  # noqa: ANN401 - whatever the page holds
        """Return the content as JSON.

        Raises:
            ValueError: It is no JSON.
        """
        import json

        return json.loads(self.content)


class _Session:
    """Reads pages through our transports, so that their bounds, credentials and errors hold here too."""

    def __init__(self, options: TransferOptions) -> None:
        self._options = options

    def get(self, url: str, *, timeout: object = None, headers: Mapping[str, str]) -> _Answer:
        """Return a project's page; 404 where the index has no such project."""
        del timeout
        if url.lower().startswith("file:"):
            url = f"{url}index.html"
        conditions = Conditions(accept=headers.get("Accept"))
        try:
            return patiently(lambda: self._read(url, conditions), url, self._options)
        except ResourceNotFoundError:
            return _Answer(url=public(url), status_code=404, headers={}, content=b"")

    def _read(self, url: str, conditions: Conditions) -> _Answer:
        bounds, clock = self._options.bounds, self._options.clock
        started = clock.monotonic()
        with transport_for(url, self._options).open_stream(url, conditions=conditions) as stream:
            if (stream.size or 0) > MAX_PAGE_SIZE:
                raise _too_large(url, stream.size)
            content = bytearray()
            buffer = memoryview(bytearray(_CHUNK))
            while count := stream.readinto(buffer):
                content += buffer[:count]
                if len(content) > MAX_PAGE_SIZE:
                    raise _too_large(url, len(content))
                elapsed = clock.monotonic() - started
                if elapsed > bounds.grace and len(content) < bounds.minimum_rate * elapsed:
                    raise _too_slow(url, len(content), elapsed)
            local = url.lower().startswith("file:")
            return _Answer(
                url=url if local else stream.address,
                status_code=200,
                headers={"content-type": stream.content_type or "text/html"},
                content=bytes(content),
            )


def _too_slow(url: str, size: int, elapsed: float) -> TransportTimeoutError:
    shown = public(url)
    return TransportTimeoutError(
        f"{shown}: only {size} bytes came in {elapsed:.0f} s: try again, or name another index",
        url=shown,
    )


def _too_large(url: str, size: int | None) -> TooLargeError:
    return TooLargeError(
        f"the page {public(url)} is larger than {MAX_PAGE_SIZE} bytes, the most that is read of one",
        url=public(url),
        size=size,
        limit=MAX_PAGE_SIZE,
    )
