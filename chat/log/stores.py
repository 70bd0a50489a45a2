"""Which store a word on the command line means."""

import secrets
import time
from pathlib import Path

from .api import RETENTION, Durability, Log, LogError, Retention
from .memory import MemoryLog

MEMORY = "memory:"


def folder_of(store: str) -> Path | None:
    """The folder in which a store keeps its files; None for one that has none. Raises LogError."""
    if store == MEMORY:
        return None
    scheme, separator, _ = store.partition("://")
    if separator:
        raise LogError(f"{scheme}:// is no store of this version: use --store DIR or {MEMORY}")
    return expanded(store)


def expanded(path: str) -> Path:
    """With the home of who is meant by ~ or ~USER in front. Raises LogError."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise LogError(f"{path}: that user has no home here: write the whole path") from error


def default_store() -> str:
    """A folder of this user's data. Raises LogError."""
    from platformdirs import user_data_path

    try:
        return str(user_data_path("chat", appauthor=False) / "server")
    except RuntimeError as error:
        raise LogError("this user has no home: choose a folder by --store DIR") from error


def open_log(
    store: str,
    *,
    durability: Durability = Durability.PROCESS,
    retention: Retention = RETENTION,
) -> Log:
    """`memory:` or a folder. Raises LogError."""
    folder = folder_of(store)
    if folder is None:
        if durability is Durability.POWER:
            raise LogError("memory: survives nothing: --durability power needs --store DIR")
        return MemoryLog(random=secrets.token_bytes, wall=_wall, retention=retention)
    from .sqlite import SqliteLog

    return SqliteLog(
        folder,
        random=secrets.token_bytes,
        wall=_wall,
        retention=retention,
        durability=durability,
    )


def _wall() -> int:
    return time.time_ns() // 1_000_000
