"""Writes the table of chat/core/confusables.py from Unicode's confusables.txt (UTS 39):
`python -m tests.confusables FILE`."""

import re
import sys
import textwrap
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from chat.core import confusables

MODULE = Path(confusables.__file__)
COLUMNS = 99

SAME = {"i": "l"}
"""What follows from I and l being alike where letters' case does not count."""

ROUNDS = 20
"""More than any character takes to come to rest."""


def read(text: str) -> tuple[str, dict[int, str]]:
    """The file's version, and its mappings. A row is `source ; target ; MA # comment`."""
    version = re.search(r"^# Version: (\S+)", text, re.MULTILINE)
    if version is None:
        raise SystemExit("that is not Unicode's confusables.txt: it says no version")
    rows = [line.partition("#")[0].split(";") for line in text.lstrip("\ufeff").splitlines()]
    mappings = {int(row[0], 16): _characters(row[1].split()) for row in rows if len(row) > 1}
    return version[1], mappings | {ord(source): target for source, target in SAME.items()}


def at_rest(text: str, mappings: dict[int, str]) -> str:
    """What a text looks like when nothing changes it any more: mapped, case dropped, mapped …"""
    for _ in range(ROUNDS):
        before = text
        text = _apart(_apart(text).translate(mappings).casefold())
        if text == before:
            return text
    raise SystemExit(f"{text!a} goes in circles")


def table(
    mappings: dict[int, str], codes: Iterable[int] = range(sys.maxunicode + 1)
) -> dict[int, str]:
    """What characters of names look like, less what a skeleton finds without being told."""
    rest = {code: at_rest(chr(code), mappings) for code in codes if _may(code)}
    return {
        code: shown
        for code, shown in rest.items()
        if shown != _apart(folded := chr(code).casefold())
        and (folded == chr(code) or shown != at_rest(folded, mappings))
    }


def render(source: str, version: str, looks: dict[int, str]) -> str:
    """The module with this table in it."""
    targets: dict[str, list[str]] = {}
    for code, shown in sorted(looks.items()):
        targets.setdefault(shown, []).append(f"{code:x}")
    rows = (
        "+".join(f"{ord(char):x}" for char in shown) + "=" + ",".join(sources)
        for shown, sources in sorted(targets.items())
    )
    lines = textwrap.wrap(" ".join(rows), COLUMNS, break_long_words=False, break_on_hyphens=False)
    body = "\n".join(("", *lines, ""))
    inside = re.compile(r'(?<=^_TABLE = """\\).*?(?=^""")', re.MULTILINE | re.DOTALL)
    source = inside.sub(lambda _: body, source)
    return re.sub(r'(?<=^UNICODE = ").*?(?=")', version, source, flags=re.MULTILINE)


def _may(code: int) -> bool:
    """Whether it may be left of a name that was taken apart, in this or a later Unicode."""
    char = chr(code)
    named = char.isalnum() or unicodedata.combining(char) or unicodedata.category(char) == "Cn"
    return bool(named) and _apart(char) == char


def _apart(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def _characters(codes: Iterable[str]) -> str:
    return "".join(chr(int(code, 16)) for code in codes)


if __name__ == "__main__":
    unicode, found = read(Path(sys.argv[1]).read_text())
    MODULE.write_text(render(MODULE.read_text(), unicode, table(found)))
