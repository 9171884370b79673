"""Every setting, with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from store.config.routes import NO_ROUTES, Routes
from store.frozen import Field, Frozen

if TYPE_CHECKING:
    # Most have no tiers: what one is made of is loaded with the first.
    from store.config.tier import Tier


class Setting(Field):
    """What is declared of a setting.

    Attributes:
        name: The setting's key.
        meaning: One sentence for the reference and ``store config list``.
        env: The variable that sets it, or None.
        kind: How its text is read: see `setting`.
        optional: Whether ``none`` may be said: there is no limit then.
        positive: Whether 0 is refused.
        key: For a mapping of names to tables, what the tables are called in a file; else None.
    """

    def __init__(
        self,
        default: Any,  # noqa: ANN401 - each setting has its own type
        meaning: str,
        env: str | None,
        kind: str,
        *,
        optional: bool,
        positive: bool,
    ) -> None:
        self.meaning = meaning
        self.env = env
        self.kind = kind
        self.optional = optional
        self.positive = positive
        self.key: str | None = None
        if kind == "tables":
            # A driver's table may hold secrets, so it takes no part in the repr.
            self.key = default
            super().__init__(factory=dict, shown=False)
        else:
            super().__init__(default)


def setting(
    default: Any,  # noqa: ANN401 - each setting has its own type
    meaning: str,
    *,
    env: str | None = None,
    kind: str = "text",
    optional: bool = False,
    positive: bool = False,
) -> Any:  # noqa: ANN401 - what a type checker takes for the setting's value
    """Declare a setting; `declared` goes through all of them.

    Args:
        default: What holds where nobody says otherwise.
        meaning: One sentence for the reference and ``store config list``.
        env: The variable that sets it, or None.
        kind: How its text is read: ``text``, ``flag``, ``seconds`` (``90``, ``30s``, ``1h``, ``7d``,
            ``none``), ``bytes`` (``1048576``, ``20G``, ``50GiB``, ``none``), ``count``, ``choice:a|b``,
            ``path``, ``list``, ``header``, ``tiers`` (see `store.config.tiering`); or ``tables`` for a
            mapping of names to tables, never shown, and ``rules`` for what stands under the keys of
            `store.config.routes`.
        optional: Whether ``none`` may be said: there is no limit then.
        positive: Whether 0 is refused.
    """
    return Setting(default, meaning, env, kind, optional=optional, positive=positive)


class Settings(Frozen):
    """What the user decided, from flags, environment, project and user files.

    A key ``cache_dir`` is spelled ``cache_dir`` in a file's top level (``[tool.store]`` in
    pyproject.toml); tables ``[driver.NAME]`` are a driver's configuration and stand in `drivers`,
    ``[archive.NAME]`` in `archives`, ``[connection.NAME]`` in `connections`.
    Durations are in seconds, sizes in bytes, rates in bytes a second.
    """

    cache_dir: Path | None = setting(
        None,
        "The directory that the cache keeps its files in; the user's own cache directory by default.",
        env="STORE_CACHE_DIR",
        kind="path",
    )
    cache: str = setting(
        "file-cache", "The name of the cache backend that remembers the entries.", env="STORE_CACHE"
    )
    registry: str | None = setting(
        None,
        "Where the registry lies: a directory, or postgresql://host/database; below cache_dir by default.",
        env="STORE_REGISTRY",
    )
    registry_files: str | None = setting(
        None,
        "The directory with the files of a registry on PostgreSQL, or a bucket and prefix"
        " (s3://bucket/prefix); below cache_dir by default.",
        env="STORE_REGISTRY_FILES",
        kind="place",
    )
    durability: Literal["full", "relaxed"] = setting(
        "full",
        "Whether a power cut loses nothing that was returned (full) or may lose what is young (relaxed).",
        env="STORE_DURABILITY",
        kind="choice:full|relaxed",
    )
    verify: Literal["stamp", "always", "never"] = setting(
        "stamp",
        "What a hit costs: a look at the file's stamp, a hash of it each time, or no check at all.",
        env="STORE_VERIFY",
        kind="choice:stamp|always|never",
    )
    lock_timeout: float = setting(
        60.0,
        "How long another process's download is waited for before going on without its lock.",
        kind="seconds",
    )
    offline: bool = setting(
        False, "Open no socket: only what the cache has is given.", env="STORE_OFFLINE", kind="flag"
    )
    metadata_max_age: float = setting(
        3600.0,
        "How long it is believed what a range or 'latest' resolved to.",
        env="STORE_METADATA_MAX_AGE",
        kind="seconds",
    )
    connect_timeout: float = setting(
        10.0, "How long a connection may take to come about.", kind="seconds", positive=True
    )
    read_timeout: float = setting(
        30.0, "How long a server may be silent.", kind="seconds", positive=True
    )
    stall_timeout: float = setting(
        60.0,
        "How long no byte may arrive, over all attempts at one file.",
        kind="seconds",
        positive=True,
    )
    minimum_rate: int = setting(
        1024, "The slowest mean rate that is put up with, in bytes a second.", kind="bytes"
    )
    deadline: float | None = setting(
        None,
        "How long one fetch may take, all attempts included; 'none' sets no limit.",
        env="STORE_DEADLINE",
        kind="seconds",
        optional=True,
        positive=True,
    )
    max_size: int = setting(
        50 * 1024**3,
        "The largest file that is fetched.",
        env="STORE_MAX_SIZE",
        kind="bytes",
    )
    unpack_max_size: int = setting(
        50 * 1024**3,
        "The most bytes that an archive may become when it is unpacked.",
        env="STORE_UNPACK_MAX_SIZE",
        kind="bytes",
    )
    unpack_max_ratio: int = setting(
        200,
        "How many times its own size an archive may become; looked at from 64 MiB on.",
        env="STORE_UNPACK_MAX_RATIO",
        kind="count",
        positive=True,
    )
    unpack_max_members: int = setting(
        100_000,
        "The most files, directories and links that an archive may hold.",
        env="STORE_UNPACK_MAX_MEMBERS",
        kind="count",
        positive=True,
    )
    retries: int = setting(
        3, "How often an attempt is repeated that failed in a way that may pass.", kind="count"
    )
    allow_downgrade: bool = setting(
        False, "Follow a redirect from https to http, without credentials.", kind="flag"
    )
    allow_unverified: bool = setting(
        False,
        "Accept an address without a digest; its file is never said to be verified.",
        kind="flag",
    )
    progress: Literal["auto", "always", "never"] = setting(
        "auto",
        "Whether progress bars are shown: on a terminal only (auto), always or never.",
        env="STORE_PROGRESS",
        kind="choice:auto|always|never",
    )
    jobs: int = setting(
        16,
        "How many resources are fetched at once.",
        env="STORE_JOBS",
        kind="count",
        positive=True,
    )
    stats: bool = setting(
        True,
        "Whether the command line counts hits and downloads, for 'store stats'.",
        env="STORE_STATS",
        kind="flag",
    )
    keyring: bool = setting(
        True, "Ask the system keyring for credentials, where its package is installed.", kind="flag"
    )
    user_agent: str = setting(
        "",
        "What is added to our own User-Agent, such as a contact: 'acme-build (ops@acme.example)'.",
        env="STORE_USER_AGENT",
        kind="header",
    )
    per_host: int = setting(
        16,
        "How many connections are held to one host at once.",
        kind="count",
        positive=True,
    )
    limit_rate: int | None = setting(
        None,
        "The bandwidth that all transfers of a process share, in bytes a second; 'none' sets no limit.",
        env="STORE_LIMIT_RATE",
        kind="bytes",
        optional=True,
        positive=True,
    )
    shared: tuple[Tier, ...] = setting(
        (),
        "The shared tiers, asked before the origin: directories, https://… or s3://bucket/prefix.",
        env="STORE_SHARED",
        kind="tiers",
    )
    write_back_timeout: float = setting(
        60.0,
        "How long the end of a run waits for what is still being written to shared tiers.",
        env="STORE_WRITE_BACK_TIMEOUT",
        kind="seconds",
    )
    routes: Routes = setting(
        NO_ROUTES,
        "Rules, with allow and [[block]]: where addresses may be had, too, and which are asked at all.",
        kind="rules",
    )
    connections: Mapping[str, Mapping[str, Any]] = setting(
        "connection",
        "How object stores are reached, by name: tables [connection.NAME].",
        kind="tables",
    )
    drivers: Mapping[str, Mapping[str, Any]] = setting(
        "driver", "What each driver is told, by its name: tables [driver.NAME].", kind="tables"
    )
    archives: Mapping[str, Mapping[str, Any]] = setting(
        "archive", "Archives of releases by names of yours: tables [archive.NAME].", kind="tables"
    )


def declared() -> tuple[Setting, ...]:
    """Return what is declared of every setting, in order."""
    return tuple(one for one in Settings._fields.values() if isinstance(one, Setting))
