"""What went wrong in somebody's script, in one line."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from chat.core.text import clean


def folder_of(cls: type) -> Path | None:
    """Where a class was written; None where that is in no file."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(file).parent if file else None


def describe(error: BaseException, folder: Path | None) -> str:
    """`FILE, line N: what`: the last line of a file in this folder that had a part in it."""
    if isinstance(error, SyntaxError) and error.filename:
        return clean(f"{Path(error.filename).name}, line {error.lineno}: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == folder] or frames
    where = f"{Path(own[-1].filename).name}, line {own[-1].lineno}: " if own else ""
    what = " ".join(str(error).split())
    return clean(f"{where}{type(error).__name__}{': ' if what else ''}{what}")


class Told:
    """A block of which an error is told, in one line, and goes no further."""

    def __init__(self, tell: Callable[[str], None], what: str, folder: Path | None) -> None:
        self._tell = tell
        self._what = what
        self._folder = folder

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._tell(f"{self._what}: {describe(error, self._folder)}")
        return True
