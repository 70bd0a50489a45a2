"""Small files with secrets in them: whole or not there, and readable by us alone (mode 0600)."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def create(path: Path, data: bytes) -> None:
    """Writes the file, and its folder, if there is none; what is there already stays. Of several
    who do so at the same time one wins, and all read the same afterwards. Raises OSError."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(path, data) as draft, suppress(FileExistsError):
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems have no hard links (exFAT, some of Windows' and Android's). Here a
            # second process may meet the file half written; it still cannot replace it.
            _write(path, data)
    _sync(path.parent)


def replace(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Writes the file, and its folder, over what is there. Where the path is a symbolic link, it
    stays one, and what it leads to is written. Without `sync` it outlives this process, but maybe
    not a power cut. Raises OSError."""
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(path, data, sync=sync) as draft:
        draft.replace(path)
    if sync:
        _sync(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time of all who lock this path, threads and processes. Where there is no such lock
    (Windows, some network drives) it does nothing: of two that replace the file at once one loses
    what it added, but the file is whole. Raises OSError if the folder cannot be written."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file of its own, which stays: a lock on a file that gets replaced locks nobody out.
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _draft(path: Path, data: bytes, *, sync: bool = True) -> Iterator[Path]:
    """The data on disk beside the path, under a name that nobody else has; gone afterwards."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write(draft, data, sync=sync)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, data: bytes, *, sync: bool = True) -> None:
    """A file that was not there before; on an error there is none afterwards."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """So that the name, too, survives a power cut; Windows opens no folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
