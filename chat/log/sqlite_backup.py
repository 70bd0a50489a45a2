"""A copy of an embedded log that is in use.

It is read by a connection of its own, which never writes and never checkpoints (see `sqlite_file`).
One read transaction spans the copy, so that it is what was committed when it began, however much is
said meanwhile; that is in the write-ahead log until the copy is made, and goes nowhere else.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from .sqlite_file import APPLICATION, NAME
from .sqlite_tables import BrokenChainError, agree

STEP = 256
"""Pages, 1 MiB, between two looks at whether to go on."""

_OFTEN = 1_000_000
"""Steps of SQLite's, some hundredths of a second, between two while the copy is checked."""

_STOPPED = "the server is going down: make the backup when it is back"

Progress = Callable[[int, int], bool]
"""(pages copied, pages in all): whether to go on."""


class BackupError(Exception):
    """There is no copy, and nothing of it is left. One line that says why."""


def back_up(folder: Path, file: Path, progress: Progress = lambda done, total: True) -> int:
    """Copies the log in `folder` to `file`, which must not be there: under another name until it is
    whole, checked, and on the disk. Returns its size in bytes. Takes a while: not for the loop.
    Raises BackupError."""
    with _explained(folder / NAME, file):
        if file.exists() or file.is_symlink():
            raise BackupError(f"{file} is there already: choose another name")
        if not file.parent.is_dir():
            raise BackupError(f"{file.parent} is no folder: make it first")
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _copy(folder / NAME, draft, progress)
            _check(draft, progress)
            size = _store(draft)
            _name(draft, file)
        finally:
            draft.unlink(missing_ok=True)
    return size


def _copy(source: Path, draft: Path, progress: Progress) -> None:
    def step(status: int, remaining: int, total: int) -> None:
        if not progress(total - remaining, total):
            raise BackupError(_STOPPED)

    with closing(_connect(source, "mode=ro")) as log, closing(_connect(draft, "mode=rw")) as copy:
        # Until it is whole it is nobody's: what a crash leaves of it is of no use.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        log.execute("BEGIN")
        log.execute("SELECT count(*) FROM room").fetchone()
        log.backup(copy, pages=STEP, progress=step)


def _check(draft: Path, progress: Progress) -> None:
    with closing(_connect(draft, "mode=ro&immutable=1")) as copy:
        copy.set_progress_handler(lambda: not progress(1, 1), _OFTEN)
        (application,) = copy.execute("PRAGMA application_id").fetchone()
        whole = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if application != APPLICATION or not whole or not agree(copy):
            raise BrokenChainError


def _store(draft: Path) -> int:
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _name(draft: Path, file: Path) -> None:
    """Without ever replacing what somebody else put there meanwhile."""
    try:
        os.link(draft, file)
    except FileExistsError:
        raise
    except OSError:  # Some file systems have no hard links.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.replace(draft, file)
    with suppress(OSError):
        descriptor = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, timeout=5.0, isolation_level=None
    )


@contextmanager
def _explained(source: Path, file: Path) -> Iterator[None]:
    try:
        yield
    except BrokenChainError as error:
        raise BackupError(f"{source} is damaged: its copy was not kept") from error
    except FileExistsError as error:
        raise BackupError(f"{file} is there already: choose another name") from error
    except sqlite3.Error as error:
        match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
            case sqlite3.SQLITE_FULL:
                reason = f"the disk is full: make room for {file}, or choose another disk"
            case sqlite3.SQLITE_INTERRUPT:
                reason = _STOPPED
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                reason = f"{source} is damaged: its copy was not kept"
            case _:
                reason = f"{file} cannot be written ({error}): check the disk and its quota"
        raise BackupError(reason) from error
    except OSError as error:
        raise BackupError(
            f"{file} cannot be written ({error.strerror}): choose a place that the server can write"
        ) from error
