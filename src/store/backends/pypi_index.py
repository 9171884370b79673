"""Asks package indexes which files a project has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from store.addresses import origin_of, public, userinfo, without_userinfo
from store.backends.pypi_choice import Candidate
from store.backends.pypi_pages import PageSession
from store.backends.queries import address_of
from store.config.credential import Credential
from store.errors import (
    DigestError,
    QueryError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.files.names import safe_name
from store.integrity.digest import Digest, Digests, digests_from
from store.transports.base import TransferOptions

log = logging.getLogger(__name__)


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
    return options._replace(credentials=options.credentials._replace(explicit=explicit))


def _asked(name: str, endpoint: str | None, options: TransferOptions) -> Listing | str:
    """Return what an index has of a project, or the index's address where it has nothing."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple

    address = endpoint or PYPI_SIMPLE_ENDPOINT
    shown = public(address)
    # pypi-simple asks no more of a session than a get, and of its answer what pypi_pages.Answer has.
    session: Any = PageSession(options)
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
            size=package.size if (package.size or 0) >= 0 else None,
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
