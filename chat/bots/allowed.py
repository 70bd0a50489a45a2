"""Which programs may be run, and by whom: a TOML file.

[names]
ann = "9f86d081884c7d65"   # her key, as `chat tail --json` shows it
bob = "*"                  # whoever has the name bob on this server, by a key

[run]
date = ["/usr/bin/date"]
load = ["/usr/bin/uptime"]
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from chat.core.types import Entry

from .bot import BotError

ANY_KEY = "*"


class Allowed(Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    names: dict[str, str]
    """Who may: the name, and its key's id in hexadecimal, or `*` for any key."""
    run: dict[str, tuple[str, ...]]
    """By what it is called: an absolute path, and arguments that always come first."""

    def permits(self, entry: Entry) -> bool:
        """Whether its author may. Nobody may without a key: any guest can have a free name."""
        if not entry.key:
            return False
        return self.names.get(entry.name) in (ANY_KEY, entry.key.hex())

    def argv(self, name: str, words: Sequence[str]) -> list[str] | None:
        """None: it is not allowed. After `--` no word is taken for an option (POSIX.1-2017 §12.2,
        guideline 10)."""
        program = self.run.get(name)
        return None if program is None else [*program, *(["--", *words] if words else [])]


def read_allowed(file: str | None) -> Allowed:
    """Raises BotError; also where there is no file, because nothing is allowed by itself."""
    if file is None:
        raise BotError("it is off: allow names and programs with --option config=FILE.toml")
    try:
        allowed = msgspec.toml.decode(Path(file).read_bytes(), type=Allowed)
    except OSError as error:
        raise BotError(f"{file} cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BotError(f"{file}: {error}") from error
    for name, argv in allowed.run.items():
        if not argv or not Path(argv[0]).is_absolute():
            raise BotError(f'{file}: {name} needs an absolute path: {name} = ["/usr/bin/…"]')
    return allowed
