"""What is searched for in a room: a text, or between slashes, a regular expression.

Lower case finds both cases, upper case only itself.
"""

import re
from collections.abc import Iterator
from itertools import islice

from .lines import Line

SPANS = 64
"""Places that are shown in one text."""

PATIENCE = 0.05
"""Seconds that one text may take. Some patterns go back and try again for longer than anybody
lives, and one person types the pattern, others the texts."""


class QueryError(ValueError):
    """One line that says why this cannot be searched for."""


class Query:
    def __init__(self, typed: str) -> None:
        """Raises QueryError."""
        # Who never searches by a pattern does not wait for it at the start.
        import regex

        self.typed = typed
        self.overlong = False
        """It took too long: no more is found by it."""
        if not typed:
            raise QueryError("type what to search for; /…/ is a regular expression")
        wanted = regex.escape(typed)
        if len(typed) > 2 and typed.startswith("/") and typed.endswith("/"):
            wanted = typed[1:-1]
        try:
            flags = regex.IGNORECASE if _any_case(typed) else 0
            self._pattern = regex.compile(wanted, flags | regex.VERSION1)
        except regex.error as error:
            raise QueryError(f"{typed} is no regular expression: {error}") from error

    def asks(self, line: Line) -> bool:
        """Whether it is about lines like this one."""
        return line.selectable and not line.deleted

    def matches(self, line: Line) -> bool:
        return self.asks(line) and (self.found(line.text) or self.found(line.name))

    def found(self, text: str) -> bool:
        return next(self._places(text), None) is not None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it is in this text: the first places, in order."""
        return list(islice(self._places(text), SPANS))

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Those that take no room are none."""
        if self.overlong:
            return
        try:
            for match in self._pattern.finditer(text, timeout=PATIENCE):
                if match.end() > match.start():
                    yield match.span()
        except TimeoutError:
            self.overlong = True


def _any_case(typed: str) -> bool:
    return not any(char.isupper() for char in re.sub(r"\\.", "", typed))
