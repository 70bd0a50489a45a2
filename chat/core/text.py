"""Text from and for people: made harmless, split, rendered for the plain-text protocol."""

import unicodedata
from collections.abc import Iterable, Iterator

from .entry import TEXT_MAX
from .limits import PASTE_BYTES, TOPIC_BYTES
from .types import Entry, Kind

PLAIN_MAX = 1100
"""Bytes of one plain-text datagram, which may have to fit a DTLS record in a datagram of 1200."""

_MARKS_MAX = 8
"""Combining marks on one character: enough for every script, too few to climb over a screen."""

_INDENT = " " * 4
"""Before what continues a line."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\u0085\u2028\u2029")


def excess(text: str, kind: int = Kind.MESSAGE) -> str | None:
    """Why it is too long to be said, if it is. A message is split, a topic is one entry."""
    size = len(text.encode())
    if kind == Kind.TOPIC and size > TOPIC_BYTES:
        return f"{size} bytes are too long for a topic: at most {TOPIC_BYTES}"
    if size > PASTE_BYTES:
        return f"{size} bytes are too long for a message: at most {PASTE_BYTES}; send it in parts"
    return None


_ACTING = ("Cc", "Cf", "Zl", "Zp")
"""Categories of what does something instead of being seen."""


def clean(text: str, *, lines: bool = False) -> str:
    """Without what could act on a terminal: controls, escape sequences' first bytes, direction
    overrides, surrogates, heaps of combining marks. Line breaks stay only where `lines` says so;
    a tab becomes four spaces."""
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for char in text.replace("\r\n", "\n").replace("\r", "\n"):
        if char == "\n" or char in _BREAKS:
            kept.append("\n" if lines else " ")
            marks = 0
        elif char == "\t":
            kept.append("    ")
        elif unicodedata.category(char) in ("Cc", "Cs") or char in _BIDI:
            continue
        elif unicodedata.category(char) in ("Mn", "Me") or unicodedata.combining(char):
            marks += 1
            if marks <= _MARKS_MAX:
                kept.append(char)
        else:
            kept.append(char)
            marks = 0
    return "".join(kept)


def escaped(json: str) -> str:
    """JSON whose strings have nothing in them that could act on a terminal: in its own notation."""
    if json.isascii() and "\x7f" not in json:
        return json
    return "".join(
        _escape(char) if unicodedata.category(char) in _ACTING else char for char in json
    )


def _escape(char: str) -> str:
    """As UTF-16 (RFC 8259 §7)."""
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def pieces(text: str, size: int = TEXT_MAX) -> list[str]:
    """The text in pieces of at most `size` bytes of UTF-8, which joined are the text again. Cut
    after white space where there is some, never inside a character with its marks."""
    found: list[str] = []
    while len(text.encode()) > size:
        cut = len(text.encode()[:size].decode(errors="ignore"))
        space = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut))
        if space > cut // 2:
            cut = space + 1
        else:
            start = cut
            while cut > 1 and (unicodedata.combining(text[cut]) or text[cut - 1] == "\u200d"):
                cut -= 1
            cut = cut if cut > 1 else start
        found.append(text[:cut])
        text = text[cut:]
    found.append(text)
    return found


UNDO = "-"
"""In front of a reaction that is taken back."""

VERIFIED = "*"
"""After a name that is known to be its key's; no name has one in it."""


def render(entry: Entry, label: str = "", *, numbered: bool = False, where: bool = True) -> str:
    """An entry as one plain-text line: `[ip:port] name: text`, or `name*` where the name is known
    to be its key's. Further lines of a text are indented, so that no text can look like somebody
    else's line. `numbered`: sequence numbers mean something where it is read. `where`: its endpoint
    does."""
    text = clean(entry.text, lines=True).replace("\n", f"\n{_INDENT}")
    who = f"[{entry.endpoint}] " if entry.endpoint and where else ""
    name = clean(entry.name) + (VERIFIED if entry.key else "") + label
    about = f"#{entry.refers}" if numbered else ""
    match entry.kind:
        case Kind.ACTION | Kind.MODERATION:
            body = f"* {name} {text}"
        case Kind.TOPIC:
            body = f"* {name} changed the topic to: {text}"
        case Kind.EDIT:
            body = f"* {name} corrects {about or 'a message'}: {text}"
        case Kind.DELETE if not entry.endpoint:
            body = f"* {name} deletes {about or 'a message'}{text and f': {text}'}"
        case Kind.DELETE:
            body = f"* {name} takes back {about or 'a message'}"
        case Kind.REACTION if text.startswith(UNDO):
            body = f"* {name} takes back a reaction{about and f' to {about}'}: {text[len(UNDO) :]}"
        case Kind.REACTION:
            body = f"* {name} reacts{about and f' to {about}'}: {text}"
        case _:
            body = f"{name}: {text}"
    return who + body


def datagrams(lines: Iterable[str]) -> Iterator[bytes]:
    """Whole lines packed into datagrams of at most PLAIN_MAX bytes. A longer line is split, and goes on
    indented: what a datagram begins with may be all that comes."""
    held = b""
    for row in (row for line in lines for row in line.split("\n")):
        for index, piece in enumerate(pieces(row, PLAIN_MAX - len(_INDENT) - 1)):
            data = f"{_INDENT if index else ''}{piece}\n".encode()
            if len(held) + len(data) > PLAIN_MAX:
                yield held
                held = b""
            held += data
    if held:
        yield held


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_text(datagram: bytes) -> bool:
    """Whether a datagram is the plain-text protocol's: UTF-8 that starts printable."""
    return is_utf8(datagram) and (datagram.decode()[:1].isprintable() or datagram[:1] in b"\n\t")
