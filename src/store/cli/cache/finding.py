"""``store cache info``, ``path`` and ``dir``: what lies where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.cache.opening import find_held, held_as_data, is_digest, opened_cache
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import day, document, fields, human_size, line, on_terminal

if TYPE_CHECKING:
    from store.cache.audit import Held
    from store.cache.backends.base import Cache

_WHAT = "[LOCATOR|DIGEST|PATH]"


@click.command(
    epilog=examples(
        "store cache info                        where the cache lies and how much it holds",
        "store cache info pypi:six==1.17.0",
        "store cache info 4721f391ed90",
    )
)
@click.argument("what", required=False, metavar=_WHAT)
@with_json()
@common
@click.pass_context
def info(context: click.Context, what: str | None) -> None:
    """Tell of the cache, or of one file or tree in it.

    It is named by its locator, its digest (the first six digits do) or its path. No network is used.
    """
    frame = frame_of(context)
    with opened_cache(frame) as cache:
        if what is None:
            _show(_summary(cache, frame), frame)
        else:
            _show(held_as_data(_found(cache, what, frame)), frame)


@click.command(
    epilog=examples(
        "store cache path pypi:six==1.17.0",
        "store cache path sha256:4721f391ed90 || echo 'not here'",
    )
)
@click.argument("what", metavar="LOCATOR|DIGEST")
@with_json()
@common
@click.pass_context
def path(context: click.Context, what: str) -> None:
    """Print where a cached file lies; status 3 where it is not cached. No network is used."""
    frame = frame_of(context)
    with opened_cache(frame) as cache:
        found = _cached_path(cache, what, frame)
    if frame.json:
        document({"path": found})
    else:
        line(found)


@click.command("dir", epilog=examples("store cache dir", 'du -sh "$(store cache dir)"'))
@common
@click.pass_context
def directory(context: click.Context) -> None:
    """Print the cache's directory, whether it exists or not."""
    with opened_cache(frame_of(context)) as cache:
        line(cache.content.layout.root)


def _cached_path(cache: Cache, what: str, frame: Frame) -> str:
    """Return the path of a cached file, checked just now.

    Raises:
        ResourceNotFoundError: The cache does not have it.
    """
    from store.errors import OfflineError

    if is_digest(what):
        # The same content may lie there under several names, and one of them be damaged.
        for held in find_held(cache.content, what):
            if _stands(cache, held):
                return held.path
        raise _missing(what)

    from store.fetching.fetcher import Fetcher

    # Nothing is fetched, so nobody need be told to allow what has no digest.
    settings = frame.settings._replace(offline=True, allow_unverified=True)
    try:
        found = Fetcher(settings, cache=cache).cached(what)
    except OfflineError:
        found = None
    if found is None:
        raise _missing(what)
    return str(found)


def _found(cache: Cache, what: str, frame: Frame) -> Held:
    found = find_held(cache.content, what)
    ours = cache.content.layout.record_of(what) is not None
    if not found and not is_digest(what) and not ours:
        found = find_held(cache.content, _cached_path(cache, what, frame))
    if not found:
        raise _missing(what)
    return found[0]


def _stands(cache: Cache, held: Held) -> bool:
    from store.integrity.digest import digests_from

    return cache.content.holds(held.path, digests_from(held.digest, allow_weak=True))


def _missing(what: str) -> Exception:
    from store.addresses import public
    from store.errors import ResourceNotFoundError

    step = "'store cache list' shows what is" if is_digest(what) else "'store fetch' brings it here"
    return ResourceNotFoundError(f"{public(what)} is not in the cache: {step}", query=public(what))


def _summary(cache: Cache, frame: Frame) -> dict[str, Any]:
    from store.cache.audit import bytes_of, held_files
    from store.files.failures import free_bytes

    held = list(held_files(cache.content))
    trees = sum(one.kind == "tree" for one in held)
    root = str(cache.content.layout.root)
    return {
        "directory": root,
        "backend": frame.settings.cache,
        "files": len(held) - trees,
        "trees": trees,
        "bytes": bytes_of(held),
        "free": free_bytes(root),
        "durability": frame.settings.durability,
        "verify": frame.settings.verify,
    }


def _show(data: dict[str, Any], frame: Frame) -> None:
    if frame.json:
        document(data)
        return
    sizes = {"bytes", "size", "free"}
    for key in sizes & data.keys():
        if data[key] is not None and on_terminal():
            data[key] = human_size(data[key])
    for key in {"added", "used"} & data.keys():
        data[key] = day(data[key])
    fields((key, "-" if value is None else value) for key, value in data.items())
