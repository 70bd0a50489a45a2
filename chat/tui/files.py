"""Where the terminal client's files are, the settings among them, and what goes for all of them.

No file stops the client. What cannot be read counts as not there; what cannot be written is said
once, in one line, and tried again.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from chat.core.link import Link
from chat.core.text import clean
from chat.secure import files
from chat.secure.trust import endpoint

from . import config
from .filenames import file_name
from .settings import SettingError, Settings

Tell = Callable[[str], None]

APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
"""For os.open."""


def state_folder() -> Path:
    return user_state_path("chat", appauthor=False)


def server_name(link: Link) -> str:
    """A server as the user's files know it: by where it is, which is known before it has answered
    and whether or not a link has a pin. Another key in the same place is a hard stop anyway."""
    return file_name(endpoint(link.host, link.port).replace("[", "").replace("]", ""))


def kept_folder(link: Link) -> Path:
    """Of what was sent to a server's rooms, and drafts."""
    return state_folder() / "history" / server_name(link)


def log_folder(settings: Settings) -> Path:
    if not settings.log_folder:
        return state_folder() / "logs"
    path = Path(settings.log_folder)
    with suppress(RuntimeError):  # There is no home.
        path = path.expanduser()
    return path


class SettingsFile:
    """`path`: another one than the user's own."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_config_path("chat", appauthor=False) / "chat.toml"

    def load(self) -> tuple[Settings, list[str]]:
        """The settings, and lines about what is wrong with the file."""
        try:
            settings, complaints = config.parse(self._text())
        except SettingError as error:
            settings, complaints = Settings(), [str(error)]
        return settings, [f"{self._shown}: {line}" for line in complaints]

    def save(self, name: str, value: object) -> None:
        """Changes this one in the file. Raises SettingError; then the file is as it was."""
        try:
            with files.locked(self.path):
                before = self._text()
                after = config.updated(before, name, value)
                if self.path.exists() and not os.access(self.path, os.W_OK):
                    raise SettingError("the file is read-only")
                if after != before:
                    files.replace(self.path, after.encode())
        except OSError as error:
            raise SettingError(f"not kept: {self._shown}: {reason(error)}") from error
        except SettingError as error:
            raise SettingError(f"not kept: {self._shown}: {error}") from error

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise SettingError(f"it cannot be read: {reason(error)}") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise SettingError(
                f"line {line} of the file is no UTF-8; mend it, or remove the file"
            ) from error

    @property
    def _shown(self) -> str:
        return clean(str(self.path))


class Trouble:
    """Says once what is wrong, until it was right again."""

    def __init__(self, what: str, where: Path, tell: Tell) -> None:
        self._what = clean(f"{what}: {where}")
        self._tell = tell
        self._said = ""

    def failed(self, error: OSError) -> None:
        line = f"{self._what}: {reason(error)}"
        if line != self._said:
            self._said = line
            self._tell(line)

    def over(self) -> None:
        self._said = ""


def reason(error: OSError) -> str:
    """In words, without a name: that may be one of a draft, another one each time."""
    return clean(error.strerror or str(error))


def locked(descriptor: int) -> bool:
    """Whether it is ours now, as long as it is open. Where there are no locks, it is everybody's."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def append(descriptor: int, data: bytes) -> None:
    """All of it, or nothing."""
    size = os.fstat(descriptor).st_size
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
