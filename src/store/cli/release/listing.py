"""``store release list`` and ``show``: what there is, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import (
    columns,
    content,
    document,
    fields,
    human_size,
    on_terminal,
    say,
    several,
    table,
)
from store.cli.release.opening import archive_meant, opened_archive, release_meant, with_archive
from store.cli.release.spelling import listed_as_data, record_as_data

if TYPE_CHECKING:
    from store.releases.records import Record
    from store.releases.values import Listed


@click.command(
    "list",
    epilog=examples(
        "store release list --archive ./archive",
        "store release list 'survey>=1' --archive team --long",
        "store release list --json",
    ),
)
@click.argument("release", metavar="[RELEASE]", required=False)
@with_archive()
@click.option("--long", "-l", is_flag=True, help="Tell files, size and digest, too.")
@with_json()
@common
@click.pass_context
def list_releases(
    context: click.Context,
    /,
    *,
    release: str | None,
    archive: str | None,
    workspace: str | None,
    user: str | None,
    long: bool,
) -> None:
    """List the releases of an archive, of all workspaces unless one is named, yanked ones too."""
    from store.releases.names import Requirement

    frame = frame_of(context)
    wanted = None if release is None else Requirement.parse(release)
    with opened_archive(frame, archive_meant(frame, archive, user)) as opened:
        found = opened.list_releases(
            None if wanted is None else wanted.title,
            workspace=workspace if wanted is None else wanted.workspace or workspace,
            details=long,
        )
    if wanted is not None and wanted.choice.clauses:
        found = [one for one in found if wanted.choice.admits(one.version)]
    if frame.json:
        document([listed_as_data(one) for one in found])
    elif on_terminal():
        if found:
            table(_header(long=long), [_row(one, long=long, plain=False) for one in found])
        if not frame.quiet:
            say(several(len(found), "release"))
    else:
        columns(_row(one, long=long, plain=True) for one in found)


@click.command(
    epilog=examples(
        "store release show survey --archive ./archive",
        "store release show survey@1.2.0 --json",
        "store release show 'survey>=1,<2' --record > record.yml",
    )
)
@click.argument("release", metavar="RELEASE")
@with_archive()
@click.option("--record", "raw", is_flag=True, help="Print the record itself, as YAML.")
@with_json()
@common
@click.pass_context
def show(
    context: click.Context,
    /,
    *,
    release: str,
    raw: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Show what is in a release, of the highest version where several are meant."""
    from store.releases.choosing import choose, yanked_in

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    with opened_archive(frame, named) as opened:
        record = choose(opened, wanted, place)
        record.check()
        yanked = None if raw else yanked_in(opened, record, place)
    if raw:
        content([record.to_yaml().encode()])
    elif frame.json:
        said = {"reason": yanked} if yanked else {}
        document({**record_as_data(record, place), "yanked": yanked is not None, **said})
    else:
        _show(record, place, yanked)


def _show(record: Record, place: str, yanked: str | None) -> None:
    fields(
        [
            ("title", record.title_versionless),
            ("version", str(record.version)),
            *([("yanked", yanked or "without a reason")] if yanked is not None else []),
            ("workspace", place),
            ("digest", record.identity),
            ("size", _size(record.whole_size)),
            *([("pid", record.pid)] if record.pid else []),
            *([("requires", _requires(record.requirements))] if record.requirements else []),
            *(("dataset", f"{name}={path}") for name, path in record.datasets.items()),
        ]
    )
    columns((one.path, _told(one.size), str(one.digest or "")) for one in record.blobs)


def _requires(requirements: Any) -> list[str]:  # noqa: ANN401 - whatever another tool has written
    if isinstance(requirements, Mapping):
        return [f"{name}: {one}" for name, one in requirements.items()]
    several = isinstance(requirements, list | tuple)
    return list(map(str, requirements if several else [requirements]))


def _size(size: int | None) -> str:
    """Return how large a release is: an older record need not tell."""
    return "unknown" if size is None else f"{size} ({human_size(size)})"


def _told(size: int | None) -> str:
    return "" if size is None else str(size)


def _header(*, long: bool) -> tuple[str, ...]:
    more = ("files", "size", "digest") if long else ()
    return ("title", "version", "workspace", *more, "")


def _row(one: Listed, *, long: bool, plain: bool) -> tuple[str, ...]:
    more: tuple[str, ...] = ()
    if long:
        files = _told(one.files)
        size = "" if one.size is None else str(one.size) if plain else human_size(one.size)
        digest = one.digest or ""
        more = (files, size, digest if plain else digest[:19])
    yanked = "" if one.yanked is None else f"yanked: {one.yanked}" if one.yanked else "yanked"
    return (one.title, str(one.version), one.workspace, *more, yanked)
