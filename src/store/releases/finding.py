"""Puts found records in order, and says where there is none."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from store.errors import ArchiveError, QueryError, ReleaseRecordNotFoundError, StoreError
from store.releases.admitting import meant, plain_alone
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.values import Records
from store.releases.versions import Choice, Expressions, Version, choice_from


def no_release(
    archive: Any,  # noqa: ANN401 - an archive: it lies above
    title_versionless: str,
    choice: Choice,
    workspace: str,
) -> ReleaseRecordNotFoundError:
    """Return the error that there is no release, which tells of those that were yanked.

    Args:
        archive: Where there is none.
        title_versionless: The title.
        choice: Which versions would do.
        workspace: Where they were looked for.
    """
    yanked, there = [], []
    if archive.marks_versions:  # others may list by asking for records
        with contextlib.suppress(StoreError):
            there = archive.list_releases(title_versionless, workspace=workspace)
            will_do = set(meant(choice, [one.version for one in there]))
            yanked = [one for one in there if one.yanked is not None and one.version in will_do]
    step = "look with 'store release list'"
    if there and not yanked:
        newest = max(there, key=lambda one: one.version)
        step = f"the highest there is {newest.version}"
        if newest.version.pre:
            exact = f"{title_versionless}@{newest.version}"
            step += f", a pre-release: name it as '{exact}' to have it"
    if yanked:
        newest = yanked[-1]
        said = f" ({newest.yanked})" if newest.yanked else ""
        more = f", as are {len(yanked) - 1} more" if len(yanked) > 1 else ""
        exact = f"{title_versionless}@{newest.version}"
        step = (
            f"{newest.version} is yanked{said}{more}; name it as '{exact}' to have it nevertheless"
        )
    return ReleaseRecordNotFoundError(
        f"{archive.host} has no {title_versionless} ({choice}) in the workspace {workspace!r}: {step}",
        query=f"{title_versionless} {choice}",
    )


def finding(own: Callable[..., Any]) -> Callable[..., Records]:
    """Return an archive's `get_release_records`, in order, and with an error where there is nothing.

    Args:
        own: The method as the archive has it.
    """
    if getattr(own, "_finds", False):
        return own

    @functools.wraps(own)
    def get_release_records(
        self: Any,  # noqa: ANN401 - an archive
        title_versionless: str,
        version_expressions: Expressions = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> Records:
        """Ask the archive's own in plain words, and put its answer in order."""
        choice = choice_from(version_expressions)
        found = own(
            self,
            title_versionless=title_versionless,
            version_expressions=[clause.text for clause in choice.clauses] or None,
            workspace=workspace,
        )
        if not found:
            raise no_release(self, title_versionless, choice, workspace)
        versions = {_version_of(self, key, one): key for key, one in found.items()}
        return {
            versions[one]: found[versions[one]] for one in plain_alone(choice, sorted(versions))
        }

    get_release_records._finds = True  # type: ignore[attr-defined]  # noqa: SLF001 - our own
    return get_release_records


def _version_of(archive: Any, key: object, data: Any) -> Version:  # noqa: ANN401 - whatever another gives
    """Return the version of a record that another's archive has given.

    Raises:
        ArchiveError: It is no record: that is not for who has asked.
    """
    try:
        return Version.parse(data.get("version"))
    except (AttributeError, QueryError) as error:
        raise ArchiveError(
            f"{archive.host} gives under {str(key)[:100]!r} what is no release record: {error}",
            archive=str(archive.host),
        ) from error
