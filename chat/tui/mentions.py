"""Whether a text speaks of somebody."""

import re
from collections.abc import Iterable

from chat.core.names import same_name

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,31}://\S*")
"""Schemes are short. Without a bound, each point of a text like a.a.a.a would be followed to its end."""

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff"
"""Scripts that are written without spaces, so that anything may stand beside a word."""

_LETTER = rf"[^\W{_WIDE}]"
_BEFORE = rf"(?<!{_LETTER})(?<!{_LETTER}[-+.'])"
_AFTER = rf"(?!{_LETTER})(?![-+.@]{_LETTER})(?!'(?!(?:s|d|ll|re|ve)(?!{_LETTER})){_LETTER})"
"""Names may have - + . ' in them: ann is in neither ann-marie nor o'ann, but in ann's."""


class Mentions:
    """Looks for words, whole ones, as names are compared: whatever their letters' case."""

    def __init__(self, words: Iterable[str]) -> None:
        wanted = {same_name(word.strip()) for word in words} - {""}
        self._pattern = re.compile("|".join(map(_whole, sorted(wanted)))) if wanted else None

    def found(self, text: str) -> bool:
        """In this text, but for the addresses of pages in it."""
        if self._pattern is None:
            return False
        text = same_name(text)
        if "://" in text:
            text = _URL.sub(" ", text)
        return self._pattern.search(text) is not None


def _whole(word: str) -> str:
    before = "" if re.match(f"[{_WIDE}]", word) else _BEFORE
    after = "" if re.search(f"[{_WIDE}]$", word) else _AFTER
    return before + re.escape(word) + after
