"""Colours. All of them say something that is also said without: by a mark, a word, a place."""

from prompt_toolkit.styles import BaseStyle, Style

from .layout import COLOURS

_NAMES = (
    "#5f87ff",
    "#d78700",
    "#00afaf",
    "#d75f87",
    "#5faf00",
    "#af87ff",
    "#d75f00",
    "#0087d7",
    "#af8700",
    "#d75fd7",
    "#00af5f",
    "#d75f5f",
)
"""Of names: to be told apart, and to be read, on black and on white."""


def load_style() -> BaseStyle:
    rules = {
        "time": "dim",
        "quiet": "dim",
        "day": "dim",
        "line": "dim",
        "pending": "dim",
        "notice": "#00af87",
        "alert": "bold #d75f5f",
        "hint": "italic",
        "trouble": "#d78700",
        "output": "",
        "prompt": "bold",
        "banner": "reverse bold",
        "topic": "bold",
        "members": "bold",
        "mark.pending": "dim",
        "mark.logged": "dim",
        "mark.delivered": "#5faf00",
        "mark.failed": "bold #d75f5f",
        "mark.none": "",
        "status": "reverse",
        "status.here": "bold",
        "status.name": "",
        "status.line": "",
        "status.loud": "bold",
        "status.unread": "bold",
        "status.urgent": "bold underline",
    }
    assert len(_NAMES) == COLOURS
    rules |= {f"name{number}": colour for number, colour in enumerate(_NAMES)}
    return Style.from_dict(rules)
