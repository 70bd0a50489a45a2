"""Writes the tables of the documents from the code: `python -m tests.docs`."""

import ast
import inspect
import re
from pathlib import Path
from typing import get_args

from chat.bots.measure import Latency
from chat.bots.report import JUDGED, Report, Second, Span, Step, Threshold
from chat.bots.scenario import FOLDER, PRESETS, Kind, Phase, Scenario
from chat.bots.stamp import STAMP
from chat.core import asks, entry, wire
from chat.core.commands import COMMANDS
from chat.core.layout import Layout
from chat.core.roles import RULES, Act, Role, objection
from chat.tui.keys import KEYS
from chat.tui.settings import ROWS

DOCS = Path(__file__).parent.parent / "docs"
DOCUMENTS = tuple(
    DOCS / f"{name}.md" for name in ("load-tests", "moderation", "protocol", "terminal")
)


def tables() -> dict[str, str]:
    """By the name of their marker."""
    return {
        "headers": "\n".join(_layout(layout) for layout in wire.HEADERS.values()),
        "frames": "\n".join(_layout(layout) for layout in wire.FRAMES.values()),
        "asks": "\n".join((_asks("request", asks.Request), _asks("reply", asks.Response))),
        "entry": _entry(),
        "keys": _keys(),
        "commands": _commands(),
        "roles": _roles(),
        "settings": _settings(),
        "figures": _figures(),
        "scenario": "\n".join(map(_keys_of, (Scenario, Phase, Kind))),
        "presets": _presets(),
        "report": "\n".join(map(_keys_of, (Report, Latency, Second, Span, Step, Threshold))),
    }


def render(text: str) -> str:
    """The document with its tables as the code says."""
    for name, table in tables().items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        if begin:
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


def _keys() -> str:
    lines = []
    for section in KEYS:
        lines += [f"**{section.title}**", "", "| key | what it does |", "|---|---|"]
        shown = (binding for binding in section.bindings if binding.shown)
        lines += [f"| {binding.shown} | {binding.help} |" for binding in shown]
        lines.append("")
    return "\n".join(lines)


def _commands() -> str:
    calls = (f"/{row.name} {row.usage}".rstrip().replace("|", "\\|") for row in COMMANDS)
    rows = (f"| `{call}` | {row.help} |" for call, row in zip(calls, COMMANDS, strict=True))
    return "\n".join(["| command | what it does |", "|---|---|", *rows, ""])


def _settings() -> str:
    lines = ["| setting | default | what it is | values |", "|---|---|---|---|"]
    for row in ROWS.values():
        lines.append(
            f"| `{row.name}` | {row.kind.shown(row.default)} | {row.help} | {row.kind.expected} |"
        )
    return "\n".join([*lines, ""])


def _roles() -> str:
    """Acts that the same may do are one row."""
    columns = [role for role in Role if role > Role.MEMBER]
    rows: dict[tuple[str, ...], list[str]] = {}
    for act in Act:
        rows.setdefault(tuple(_extent(act, who) for who in columns), []).append(f"`{act}`")
    lines = [
        f"| what | {' | '.join(who.name.lower() for who in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    lines += [f"| {', '.join(acts)} | {' | '.join(cells)} |" for cells, acts in rows.items()]
    return "\n".join([*lines, ""])


def _extent(act: Act, who: Role) -> str:
    """How far up this role may do it."""
    if not RULES[act].whom:
        return "no" if objection(act, who) else "yes"
    upto = [whom for whom in Role if objection(act, who, whom) is None]
    if not upto:
        return "no" if objection(act, who, who, oneself=True) else "oneself"
    return "everybody" if max(upto) is max(Role) else f"up to {max(upto).name.lower()}s"


def _figures() -> str:
    names = ", ".join(f"`{name}`" for name in JUDGED)
    return f"The figures are {names}.\n"


def _presets() -> str:
    lines = ["| preset | what |", "|---|---|"]
    for name in PRESETS:
        first = (FOLDER / f"{name}.toml").read_text().splitlines()[0]
        lines.append(f"| `{name}` | {first.removeprefix('# ')} |")
    return "\n".join([*lines, ""])


def _keys_of(cls: type) -> str:
    """The fields of a struct, with what stands below each in the source."""
    (body,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(body, ast.ClassDef)
    lines = [
        f"**{cls.__name__}**: {_said(cls)}",
        "",
        "| key | type and default | |",
        "|---|---|---|",
    ]
    for at, node in enumerate(body.body):
        if isinstance(node, ast.AnnAssign):
            kind = _type(ast.unparse(node.annotation))
            default = f" = {ast.unparse(node.value)}" if node.value is not None else ""
            below = body.body[at + 1] if at + 1 < len(body.body) else None
            text = ""
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                text = " ".join(str(below.value.value).split())
            lines.append(f"| `{ast.unparse(node.target)}` | `{kind}{default}` | {text} |")
    return "\n".join([*lines, ""])


def _type(annotation: str) -> str:
    """As somebody who writes TOML or reads JSON calls it."""
    bare = re.sub(r"Annotated\[(.*), Meta\(.*\)\]", r"\1", annotation)
    for python, name in _TYPES.items():
        bare = re.sub(rf"\b{python}\b", name, bare)
    return (
        re.sub(r"tuple\[(.*), \.\.\.\]", r"list of \1", bare)
        .replace("tuple[", "[")
        .replace("|", "or")
    )


_TYPES = {
    "Share": "number from 0",
    "Count": "integer from 1",
    "Size": f"{STAMP} to {entry.TEXT_MAX}",
    "float": "number",
    "int": "integer",
    "str": "text",
    "bool": "boolean",
    "None": "null",
    "dict": "object",
}


def _said(cls: object) -> str:
    return " ".join((inspect.getdoc(cls) or "").split())


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(render(document.read_text()))
