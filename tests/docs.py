"""Writes the tables of docs/protocol.md from the code: `python -m tests.docs`."""

import inspect
import re
from pathlib import Path
from typing import get_args

from chat.core import asks, entry, wire
from chat.core.layout import Layout

PROTOCOL = Path(__file__).parent.parent / "docs" / "protocol.md"


def tables() -> dict[str, str]:
    """By the name of their marker."""
    return {
        "headers": "\n".join(_layout(layout) for layout in wire.HEADERS.values()),
        "frames": "\n".join(_layout(layout) for layout in wire.FRAMES.values()),
        "asks": "\n".join((_asks("request", asks.Request), _asks("reply", asks.Response))),
        "entry": _entry(),
    }


def render(text: str) -> str:
    """The document with its tables as the code says."""
    for name, table in tables().items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _layout(layout: Layout[object]) -> str:
    name = layout.name.upper()
    lines = [f"`0x{layout.code:02X}` **{name}** - {_said(layout.cls)}", ""]
    if layout.fields:
        lines += ["| field | width | meaning |", "|---|---|---|"]
        lines += [f"| {field.name} | {field.width} | {field.meaning} |" for field in layout.fields]
        lines.append("")
    return "\n".join(lines)


def _asks(what: str, union: object) -> str:
    lines = [f"| {what} | number | fields | |", "|---|---|---|---|"]
    for cls in get_args(union):
        fields = ", ".join(cls.__struct_fields__)
        lines.append(
            f"| {cls.__name__.upper()} | {cls.__struct_config__.tag} | {fields} | {_said(cls)} |"
        )
    return "\n".join([*lines, ""])


def _entry() -> str:
    drawn = inspect.cleandoc(entry.__doc__ or "").split("\n\n", 1)[1]
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in drawn.splitlines()]
    lines = ["| bytes | what |", "|---|---|"]
    return "\n".join([*lines, *(f"| {size} | {what} |" for size, what in rows), ""])


def _said(cls: object) -> str:
    return " ".join((inspect.getdoc(cls) or "").split())


if __name__ == "__main__":
    PROTOCOL.write_text(render(PROTOCOL.read_text()))
