"""How a name may be written, so that people can read it, type it, and tell it from another.

The profile is that of UTS 39 §3 and §5, in as few rules as do it: letters, digits and a few marks
that one can see, none of which has a plainer form, of scripts that are written together.
"""

import unicodedata

NAME_MAX = 32
"""Characters; in UTF-8 at most as many bytes twice over, so that an entry's length byte holds it."""

BYTES_MAX = 64

_MARKS = frozenset("-_.'+")
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    "\U0001107f\U00013441\U00013442\U00016fe4"
)
"""Letters and marks to Unicode, and nothing to the eye: its Default_Ignorable_Code_Point, and the
blanks, fillers and joiners of old scripts."""

_STACK = 4
"""Combining marks on one letter of a name."""

_WHOLE = str.maketrans("", "", "\u0e33\u0eb3")
"""Thai and Lao AM: NFKC takes them apart, and everybody writes them whole."""

_SCRIPTS = {
    "CJK": "Han",
    "IDEOGRAPHIC": "Han",
    "VERTICAL": "Han",
    "HENTAIGANA": "Hiragana",
    "KATAKANA-HIRAGANA": "Katakana",
    "ROMAN": "Latin",
    "TURNED": "Latin",
    **dict.fromkeys(("COMBINING", "MODIFIER", "CARON", "MASU", "VEDIC"), ""),
}
"""Scripts by the first word of their letters' and marks' names, where it is another word; none:
anybody's."""

_TOGETHER = (
    {"Latin", "Han", "Hiragana", "Katakana"},
    {"Latin", "Han", "Bopomofo"},
    {"Latin", "Han", "Hangul"},
)
"""Scripts that one name may mix: "highly restrictive", UTS 39 §5.2."""


class BadNameError(ValueError):
    """One line that says what a name must be like."""


def check_name(text: str, what: str = "name") -> str:
    """The name in its normal form (NFC). Raises BadNameError."""
    name = unicodedata.normalize("NFC", text)
    if not name:
        raise BadNameError(f"a {what} needs at least one letter or digit")
    for char in name:
        if _invisible(char):
            code = f"U+{ord(char):04X}"
            raise BadNameError(f"a {what} must not have an invisible character ({code}) in it")
        if not (char.isalnum() or _is_mark(char) or char in _MARKS):
            raise BadNameError(f"a {what} has letters, digits and - _ . ' + in it, not {char!a}")
    stacked = 0
    for char in name:
        stacked = stacked + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if stacked > _STACK:
            raise BadNameError(f"a {what} has at most {_STACK} marks on one letter")
    if not name[0].isalnum():
        raise BadNameError(f"a {what} begins with a letter or a digit")
    if len(name) > NAME_MAX or len(name.encode()) > BYTES_MAX:
        raise BadNameError(f"a {what} has at most {NAME_MAX} characters and {BYTES_MAX} bytes")
    _check_plain(name, what)
    scripts = _scripts(name)
    if len(scripts) > 1 and not any(together.issuperset(scripts) for together in _TOGETHER):
        raise BadNameError(f"a {what} must not mix {' and '.join(scripts)} letters")
    return name


def same_name(name: str) -> str:
    """What two names have in common that people would take for one (NFKC, casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _is_mark(char: str) -> bool:
    """An accent, or a vowel sign, without which Hindi, Tamil and Thai have no names."""
    return unicodedata.category(char) in ("Mn", "Mc")


def _invisible(char: str) -> bool:
    """Whether nothing is to be seen of it, or only what it does to others: joiners, directions,
    variation selectors, fillers."""
    if char in _BLANK or unicodedata.category(char) in ("Cf", "Zl", "Zp"):
        return True
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e0fff"


def _check_plain(name: str, what: str) -> None:
    """Nobody tells a wide, bold or joined letter from the plain one, or types it."""
    if unicodedata.is_normalized("NFKC", name.translate(_WHOLE)):
        return
    plain = unicodedata.normalize("NFKC", name)
    try:
        advice = f"write it as '{check_name(plain)}'"
    except BadNameError:
        advice = "no special forms of them"
    raise BadNameError(f"a {what} has plain letters and digits in it: {advice}")


def _scripts(name: str) -> list[str]:
    """The scripts of the name's letters and marks, each once, as they come."""
    found: dict[str, None] = {}
    for char in name:
        if unicodedata.category(char)[0] in "LM":
            word = unicodedata.name(char, "unnamed").partition(" ")[0]
            found[_SCRIPTS.get(word, word.capitalize())] = None
    found.pop("", None)
    return list(found)
