"""The file below the embedded log: opening it or saying in one line why not, one transaction, and
what its errors mean.

One connection writes, reads and checkpoints, and never gets company: in SQLite 3.7.0 to 3.51.2
one connection that writes while another one checkpoints can damage the file (the "WAL-reset bug",
sqlite.org/wal.html). A lock on a file beside it keeps other servers out; what only reads, such as
`sqlite_backup` or `sqlite3 log.sqlite3 ".backup copy"`, may look in at any time.

A file that is not what it should be is never touched: it is looked at before anything is set, and
closed without a checkpoint.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from .api import DamagedLogError, Durability, LogError
from .sqlite_tables import TABLES, BrokenChainError, agree

NAME = "log.sqlite3"
LOCK = "log.lock"

APPLICATION = int.from_bytes(b"chat", "big")
VERSION = 1
"""Of what the tables mean: a newer one is refused."""

PAGE = 1024
"""Bytes of a page: a commit writes whole ones, and most have one short text in them."""

_FORGOTTEN = 128 << 20
"""Bytes of the write-ahead log, at which SQLite writes it back by itself."""

_PATIENCE = 1000.0
"""Milliseconds that another program's lock is waited for."""


class SqliteFile:
    """Open from the start until `close` or `kill`. Every call raises LogError. Which thread calls is
    not checked, as it need not always be the same: that it is one at a time is up to the caller."""

    def __init__(
        self, folder: Path, durability: Durability, doubted: Callable[[], None] = lambda: None
    ) -> None:
        self._doubted = doubted
        self.path = folder / NAME
        self._lock = _lock(folder)
        try:
            self._db = self._connect()
        except BaseException:
            self._unlock()
            raise
        try:
            self._opened = self.path.stat()
            with self.reading() as db:
                if sys.platform == "win32":
                    db.execute("PRAGMA locking_mode = EXCLUSIVE")
                db.execute("PRAGMA cell_size_check = ON")
                self._check(db)
                self._set(db, durability)
        except BaseException:
            self.kill()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Errors come out as LogError."""
        try:
            if self._db.in_transaction:
                # It failed, and then it could not even be rolled back.
                self._db.execute("ROLLBACK")
            yield self._db
        except BrokenChainError as error:
            raise self.damaged("is damaged") from error
        except sqlite3.Error as error:
            raise self._explained(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing. If it fails, `doubted` is called: a commit may
        have been one all the same, if its last step is what failed."""
        db = self._db
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._check_place()
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException:
            self._doubted()
            with self.reading():
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @property
    def journal(self) -> int:
        """Bytes of the write-ahead log."""
        try:
            return self.path.with_name(f"{NAME}-wal").stat().st_size
        except OSError:
            return 0

    def checkpoint(self) -> None:
        """Writes the write-ahead log back, and begins a new one. What fails is left as it is: who
        reads meanwhile, such as a backup, is not waited for."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._db.execute(f"PRAGMA busy_timeout = {_PATIENCE:.0f}")

    def close(self) -> None:
        """Writes everything into the one file."""
        if self._lock >= 0:
            self._db.close()
            self._unlock()

    def kill(self) -> None:
        """Leaves the files as a process leaves them that dies."""
        if self._lock >= 0:
            # The last connection to a file makes a checkpoint when it closes; an interrupt holds
            # until the next statement, and a checkpoint heeds it.
            self._db.interrupt()
            self._db.close()
            self._unlock()

    def damaged(self, what: str) -> DamagedLogError:
        return DamagedLogError(
            f"{self.path} {what}; it was left as it is: move {self.path.parent} away, then restore"
            " a backup or start with an empty log"
        )

    def _check_place(self) -> None:
        """A file that was moved or deleted can be written to all the same, and whoever starts next
        does not find it."""
        try:
            if os.path.samestat(os.stat(self.path), self._opened):
                return
        except OSError:
            pass
        raise LogError(
            f"{self.path} was moved or deleted while it was in use: put it back, or stop this server"
        )

    def _unlock(self) -> None:
        os.close(self._lock)
        self._lock = -1

    def _explained(self, error: sqlite3.Error) -> LogError:
        match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
            case sqlite3.SQLITE_CORRUPT:
                return self.damaged("is damaged")
            case sqlite3.SQLITE_NOTADB:
                return self.damaged("is not a chat log")
            case sqlite3.SQLITE_FULL:
                return LogError(f"the disk is full: make room for {self.path}")
            case sqlite3.SQLITE_READONLY:
                return LogError(f"{self.path} is read-only: make it and its folder writable")
            case sqlite3.SQLITE_IOERR:
                return LogError(
                    f"{self.path} cannot be read or written ({error.sqlite_errorname}): check the"
                    " disk and its quota"
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return LogError(f"{self.path} is in use by another program: stop that one")
            case sqlite3.SQLITE_CANTOPEN:
                return LogError(f"{self.path} cannot be opened: check its permissions")
            case _:
                return LogError(f"{self.path}: {error}")

    def _connect(self) -> sqlite3.Connection:
        try:
            if not self.path.exists():
                self._make()
            if self.path.stat().st_size == 0:
                raise self.damaged("is empty")
            return sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=_PATIENCE / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
        except OSError as error:
            raise LogError(
                f"{self.path} cannot be opened ({error.strerror}): check its permissions"
            ) from error
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _make(self) -> None:
        """Under another name until it is complete, so that an empty file is always a damaged one.
        A journal in memory leaves no file that a later attempt could take for its own."""
        wal = self.path.with_name(f"{NAME}-wal")
        if wal.exists() and wal.stat().st_size:
            raise self.damaged(f"is missing beside its {wal.name}")
        draft = self.path.with_name(f"{NAME}.new")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.execute(f"PRAGMA page_size = {PAGE}")
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("BEGIN")
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            for table in TABLES:
                db.execute(table)
            db.execute("COMMIT")
        os.replace(draft, self.path)
        if sys.platform != "win32":
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def _check(self, db: sqlite3.Connection) -> None:
        """What is believed without proof is looked at now: whose file it is, the tables of rooms
        and counters, each room's end. Entries carry their proof, the chain, and are checked as
        they are read: to read them all now would take minutes where the log is large."""
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise self.damaged("is not a chat log")
        if version > VERSION:
            raise LogError(f"{self.path} was written by a newer chat: update this one")
        tables = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        if version != VERSION or {sql for (sql,) in tables} != set(TABLES):
            raise self.damaged("is damaged")
        for table in ("room", "counter"):
            if db.execute(f"PRAGMA quick_check({table})").fetchall() != [("ok",)]:
                raise self.damaged("is damaged")
        if not agree(db):
            raise self.damaged("is damaged")

    def _set(self, db: sqlite3.Connection, durability: Durability) -> None:
        if db.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise LogError(f"{self.path} lies where SQLite cannot share memory: use a local folder")
        # In WAL mode NORMAL writes each transaction to the file, FULL also through to the disk.
        power = durability is Durability.POWER
        # A checkpoint waits for the disk: it is made when that holds nobody up, see `checkpoint`.
        (page,) = db.execute("PRAGMA page_size").fetchone()
        db.execute(f"PRAGMA wal_autocheckpoint = {_FORGOTTEN // page}")
        db.execute(f"PRAGMA synchronous = {'FULL' if power else 'NORMAL'}")
        db.execute(f"PRAGMA fullfsync = {power}")
        # What retention took is to be gone, not only out of sight.
        db.execute("PRAGMA secure_delete = ON")
        # Who cannot write is to know it now, not at the first message.
        db.execute("BEGIN IMMEDIATE")
        db.execute("ROLLBACK")


def _lock(folder: Path) -> int:
    """Takes the folder, which is made if need be, for this object alone. The lock ends with the
    descriptor that is returned, so a process that dies leaves none behind."""
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise LogError(
            f"{folder} cannot hold the log ({error.strerror}): choose a folder that can be written"
        ) from error
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                raise LogError(
                    f"{folder} is in use by another server: stop it, or choose another folder"
                ) from error
            raise LogError(
                f"{folder} cannot be locked ({error.strerror}): choose a local folder"
            ) from error
    return descriptor
