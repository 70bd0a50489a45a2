"""What a setting may be: read from what is typed, taken from a file, shown."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from chat.core.text import clean

from .cells import cut, width

T = TypeVar("T")

CLOCK_CELLS = 12
"""The widest time stamp."""

WORDS_MAX = 200
WORD_MAX = 64
"""Words of a list, and characters of one."""

_FORMAT_MAX = 32
_PATH_MAX = 1024
_DIGITS_MAX = 12


class SettingError(ValueError):
    """One line that says what would be right."""


class Value(ABC, Generic[T]):
    """One kind of value. `read` and `take` raise SettingError; its text goes on where a setting's
    name ended: "is on or off, not 'maybe'"."""

    choices: tuple[str, ...] = ()
    """All that may be typed, where that is a short list."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What it may be: "on or off"."""

    @property
    def in_file(self) -> str:
        """What it may be in a file."""
        return self.expected

    @abstractmethod
    def read(self, text: str, now: T) -> T:
        """What was typed. `now`: what it is until then."""

    def take(self, value: object, default: T) -> T:
        """What a file says: a text is read as if it were typed."""
        if isinstance(value, str):
            return self.read(value, default)
        raise self._not(value)

    def shown(self, value: T) -> str:
        return str(value)

    def _not(self, value: object) -> SettingError:
        return SettingError(f"is {self.expected}, not {quoted(value)}")


class OneOf(Value[T]):
    """One of a few words."""

    def __init__(self, choices: Sequence[T]) -> None:
        self._values = {str(choice): choice for choice in choices}
        self.choices = tuple(self._values)

    @property
    def expected(self) -> str:
        return listed(self.choices)

    def read(self, text: str, now: T) -> T:
        try:
            return self._values[text.lower()]
        except KeyError:
            raise self._not(text) from None


class Switch(Value[bool]):
    choices = ("on", "off")
    expected = "on or off"
    in_file = "true or false"

    def read(self, text: str, now: bool) -> bool:
        if text.lower() not in self.choices:
            raise self._not(text)
        return text.lower() == "on"

    def take(self, value: object, default: bool) -> bool:
        return value if isinstance(value, bool) else super().take(value, default)

    def shown(self, value: bool) -> str:
        return "on" if value else "off"


class Number(Value[int]):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int) -> None:
        self._range = range(least, most + 1)

    @property
    def expected(self) -> str:
        return f"a number from {self._range[0]:,} to {self._range[-1]:,}"

    def read(self, text: str, now: int) -> int:
        digits = text.replace(",", "").replace("_", "")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
            raise self._not(text)
        return self.take(int(digits), now)

    def take(self, value: object, default: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            return super().take(value, default)
        if value not in self._range:
            raise self._not(value)
        return value

    def shown(self, value: int) -> str:
        return f"{value:,}"


class Clock(Value[str]):
    """A format of strftime whose results are short, and can be seen."""

    choices = ("%H:%M", "%H:%M:%S", "%d.%m. %H:%M")
    expected = f"a strftime format, like %H:%M:%S, of at most {CLOCK_CELLS} columns"

    def read(self, text: str, now: str) -> str:
        if not text or len(text) > _FORMAT_MAX or not all(map(_stamp, _samples(text))):
            raise self._not(text)
        return text


class Folder(Value[str]):
    """An absolute path, or one in the home folder; empty: a folder of ours."""

    expected = "a path that begins with / or ~"

    def read(self, text: str, now: str) -> str:
        absolute = text.startswith(("/", "~")) or text[1:3] in (":\\", ":/")
        if text and (not absolute or not _inert(text) or len(text) > _PATH_MAX):
            raise self._not(text)
        return text

    def shown(self, value: str) -> str:
        return value or "-"


class Words(Value[tuple[str, ...]]):
    """A list. `check` makes a word what it is to be, or raises ValueError; `same` gives what two
    words have in common that are one."""

    expected = "words with commas between them; +WORD adds one, -WORD takes one out"
    in_file = 'a list: ["one", "two"]'

    def __init__(self, check: Callable[[str], str], same: Callable[[str], str]) -> None:
        self._check = check
        self._same = same

    def read(self, text: str, now: tuple[str, ...]) -> tuple[str, ...]:
        words = [word.strip() for word in text.split(",") if word.strip()]
        signed = [word for word in words if word[0] in "+-"]
        if not words:
            raise SettingError(f"is {self.expected}")
        if not signed:
            return self._whole(words)
        if len(signed) < len(words):
            raise SettingError("is either a whole list, or + or - before each word")
        for word in words:
            now = self._changed(now, word[0], word[1:].strip())
        return self._whole(now)

    def take(self, value: object, default: tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return self._whole(value)
        return super().take(value, default)

    def shown(self, value: tuple[str, ...]) -> str:
        return ", ".join(value) or "-"

    def _changed(self, now: tuple[str, ...], sign: str, word: str) -> tuple[str, ...]:
        if sign == "+":
            return (*now, word)
        left = tuple(each for each in now if self._same(each) != self._same(word))
        if len(left) == len(now):
            known = listed(now, "and") if now else "nothing"
            raise SettingError(f"has {known} in it, not {quoted(word)}")
        return left

    def _whole(self, words: Sequence[str]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for word in words:
            checked = self._checked(word.strip())
            found.setdefault(self._same(checked), checked)
        if len(found) > WORDS_MAX:
            raise SettingError(f"has at most {WORDS_MAX} words in it")
        return tuple(found.values())

    def _checked(self, word: str) -> str:
        if not word or len(word) > WORD_MAX or not _inert(word) or "," in word:
            raise SettingError(
                f"has words of at most {WORD_MAX} characters in it, not {quoted(word)}"
            )
        try:
            return self._check(word)
        except ValueError as error:
            raise SettingError(f"cannot have {quoted(word)} in it: {error}") from error


def listed(words: Sequence[str], joint: str = "or") -> str:
    """on, off or mention"""
    *most, last = words
    return f"{', '.join(most)} {joint} {last}" if most else last


def quoted(value: object) -> str:
    """Whatever it is, short and harmless."""
    match value:
        case str():
            return f"'{cut(clean(value), 40)}'"
        case bool():
            return str(value).lower()
        case int() | float():
            return cut(repr(value) if abs(value) < 1e15 else "that many", 40)
        case list() | dict():
            return "a list" if isinstance(value, list) else "a table"
    return cut(clean(str(value)), 40)


def _inert(text: str) -> bool:
    return text.isprintable() and clean(text) == text


def _stamp(text: str) -> bool:
    return text != "" and _inert(text) and width(text) <= CLOCK_CELLS


def _samples(form: str) -> list[str]:
    """What it makes of each month and day of the week, by day and by night; one that nobody can
    use where it cannot be used."""
    days = [
        (2026, month, 28, hour, 59, 59, weekday, 300, 0)
        for month in range(1, 13)
        for weekday in range(7)
        for hour in (0, 23)
    ]
    try:
        return [time.strftime(form, day) for day in days]
    except (ValueError, UnicodeError):
        return [""]
