"""What is searched for in a room: a text, or between slashes, a regular expression.

Lower case finds both cases, upper case only itself.
"""

import re

from .automaton import Automaton, PatternError
from .lines import Line

SPANS = 64
"""Places that are shown in one text."""


class QueryError(ValueError):
    """One line that says why this cannot be searched for."""


class Query:
    """Takes a time that only grows as the text does, whatever is searched for and in whatever:
    Python's own regular expressions are used for plain texts alone."""

    def __init__(self, typed: str) -> None:
        """Raises QueryError."""
        self.typed = typed
        self._plain: re.Pattern[str] | None = None
        self._automaton: Automaton | None = None
        if len(typed) > 2 and typed.startswith("/") and typed.endswith("/"):
            try:
                self._automaton = Automaton(typed[1:-1], any_case=_any_case(typed))
            except PatternError as error:
                raise QueryError(f"{typed} is no regular expression: {error}") from error
        elif typed:
            flags = re.IGNORECASE if _any_case(typed) else 0
            self._plain = re.compile(re.escape(typed), flags)
        else:
            raise QueryError("type what to search for; /…/ is a regular expression")

    def asks(self, line: Line) -> bool:
        """Whether it is about lines like this one."""
        return line.selectable and not line.deleted

    def matches(self, line: Line) -> bool:
        return self.asks(line) and (self.found(line.text) or self.found(line.name))

    def found(self, text: str) -> bool:
        if self._plain is not None:
            return self._plain.search(text) is not None
        return self._automaton is not None and self._automaton.found(text)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it is in this text: the first places, in order."""
        if self._automaton is not None:
            return self._automaton.spans(text, SPANS)
        spans: list[tuple[int, int]] = []
        for match in self._plain.finditer(text) if self._plain is not None else ():
            spans.append(match.span())
            if len(spans) == SPANS:
                break
        return spans


def _any_case(typed: str) -> bool:
    return not any(char.isupper() for char in re.sub(r"\\.", "", typed))
