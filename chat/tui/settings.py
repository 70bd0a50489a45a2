"""The settings of the terminal client: one table, from which everything else about them comes."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from chat.core.names import check_name, same_name
from chat.core.text import VERIFIED, clean

from .cells import width
from .values import (
    Clock,
    Folder,
    Number,
    OneOf,
    SettingError,
    Switch,
    Value,
    Words,
    quoted,
)

__all__ = [
    "NAMES",
    "ROWS",
    "THEMES",
    "Bell",
    "Joins",
    "Row",
    "SettingError",
    "Settings",
    "Theme",
    "choices",
    "setting",
    "show",
]

T = TypeVar("T")

Theme = Literal["dark", "light", "contrast", "none"]
Joins = Literal["all", "smart", "off"]
Bell = Literal["off", "mention", "all"]

THEMES: tuple[Theme, ...] = get_args(Theme)
_JOINS: tuple[Joins, ...] = get_args(Joins)
_BELLS: tuple[Bell, ...] = get_args(Bell)

_VALUE_CELLS = 6
"""Of the column of values; a longer one pushes its own help to the right."""

DEFAULT = "default"
"""Typed as a value: what the table says."""


class About(NamedTuple, Generic[T]):
    """What the table says of a setting besides its name, type and default."""

    kind: Value[T]
    help: str


class Row(NamedTuple):
    """One setting."""

    name: str
    kind: Value[Any]
    default: Any
    help: str


_SWITCH = Switch()


def _name(text: str) -> str:
    return check_name(text.removeprefix("@").removesuffix(VERIFIED))


class Settings(Struct, frozen=True):
    """Values of all settings, which is the table itself."""

    theme: Annotated[
        Theme,
        About(OneOf(THEMES), "colours for this background; none: bold, underlined, reversed"),
    ] = "dark"
    time: Annotated[str, About(Clock(), "how a message's time is written")] = "%H:%M"
    members: Annotated[bool, About(_SWITCH, "list who is here beside the messages")] = True
    sparkline: Annotated[
        bool, About(_SWITCH, "draw the last minute's round trips in the status bar")
    ] = True
    title: Annotated[bool, About(_SWITCH, "count what is unread in the terminal's title")] = True
    mouse: Annotated[bool, About(_SWITCH, "the wheel scrolls; selecting text then needs Shift")] = (
        False
    )
    joins: Annotated[
        Joins, About(OneOf(_JOINS), "who comes and goes; smart: only who spoke not long ago")
    ] = "smart"
    smart_minutes: Annotated[int, About(Number(1, 1440), "how many minutes ago that is")] = 10
    bell: Annotated[
        Bell, About(OneOf(_BELLS), "ring for what is said to you, or for all that is said")
    ] = "off"
    highlight: Annotated[
        tuple[str, ...],
        About(Words(str, str.casefold), "words that are to you like your own name"),
    ] = ()
    ignore: Annotated[
        tuple[str, ...], About(Words(_name, same_name), "whose messages are not shown")
    ] = ()
    typing_send: Annotated[bool, About(_SWITCH, "let others see that you are typing")] = True
    typing_show: Annotated[bool, About(_SWITCH, "show who is typing")] = True
    paste_confirm: Annotated[
        int, About(Number(0, 1000), "lines from which on a paste is confirmed; 0: none is")
    ] = 2
    scrollback: Annotated[int, About(Number(1_000, 1_000_000), "lines of a room that are kept")] = (
        10_000
    )
    history: Annotated[
        bool, About(_SWITCH, "keep on disk what you sent, to recall it, and drafts")
    ] = True
    log: Annotated[
        bool, About(_SWITCH, "write what is said into text files, one for each room")
    ] = False
    log_folder: Annotated[str, About(Folder(), "a folder of your own for these files")] = ""

    def with_value(self, name: str, text: str) -> "Settings":
        """As `/set NAME TEXT` makes them. Raises SettingError."""
        row = setting(name)
        text = text.strip()
        if text == DEFAULT:
            value = row.default
        else:
            try:
                value = row.kind.read(text, getattr(self, row.name))
            except SettingError as error:
                raise SettingError(f"{row.name} {error}") from error
        return replace(self, **{row.name: value})


def _rows() -> Iterator[Row]:
    defaults = Settings()
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        (about,) = hint.__metadata__
        yield Row(name, about.kind, getattr(defaults, name), about.help)


ROWS = {row.name: row for row in _rows()}
"""The table, by name."""

NAMES = tuple(ROWS)


def setting(name: str) -> Row:
    """Raises SettingError, which says what else was meant."""
    wanted = name.lower().replace("-", "_")
    if wanted not in ROWS:
        near = get_close_matches(wanted, NAMES, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else "/set lists them"
        raise SettingError(f"there is no setting {quoted(name)}; {hint}")
    return ROWS[wanted]


def choices(name: str) -> tuple[str, ...]:
    """For completion: what may be typed after its name, as far as that can be listed."""
    return (*ROWS[name].kind.choices, DEFAULT) if name in ROWS else ()


def show(settings: Settings, name: str = "") -> list[str]:
    """What `/set` prints, and `/set NAME`. Raises SettingError."""
    if name:
        row = setting(name)
        value = getattr(settings, row.name)
        default = "the default" if value == row.default else f"default {_shown(row, row.default)}"
        return [f"{row.name} is {_shown(row, value)} ({default})", row.help, expected(row)]
    lines = []
    size = max(map(len, NAMES))
    for row in ROWS.values():
        value = getattr(settings, row.name)
        changed = "" if value == row.default else f" (default {_shown(row, row.default)})"
        shown = _shown(row, value) + changed
        blank = " " * (_VALUE_CELLS - width(shown))
        lines.append(f"{row.name:<{size}}  {shown}{blank}  {row.help}")
    return [*lines, "/set NAME VALUE changes one, and /set NAME default changes it back."]


def expected(row: Row) -> str:
    """What one may be, as a sentence of its own."""
    return f"It is {row.kind.expected}."


def _shown(row: Row, value: object) -> str:
    return clean(row.kind.shown(value))
