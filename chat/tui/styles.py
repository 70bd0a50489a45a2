"""Themes. All that colours say is also said without: by a mark, a word, a place."""

from prompt_toolkit.styles import BaseStyle, Style

from .layout import COLOURS
from .settings import THEMES, Theme

# Class: how it looks in dark, light, contrast, none (the order of THEMES).
_RULES: dict[str, tuple[str, str, str, str]] = {
    # Messages
    "time": ("dim", "dim", "", ""),
    "quiet": ("dim", "dim", "", ""),
    "day": ("dim", "dim", "bold", "bold"),
    "line": ("dim", "dim", "", ""),
    "pending": ("dim", "dim", "italic", ""),
    "notice": ("#00af87", "#005f5f", "#5fffd7", ""),
    "alert": ("bold #ff5f5f", "bold #af0000", "bold #ff8787", "bold"),
    "output": ("", "", "", ""),
    "unread": ("bold #ffaf00", "bold #875f00", "bold #ffff00", "bold"),
    "selected": ("reverse", "reverse", "reverse", "reverse"),
    "match": ("underline #ffd700", "underline #875f00", "underline #ffff00", "underline"),
    "mention": ("bold #ffaf00", "bold #875f00", "bold #ffff00", "bold"),
    "reaction": ("#afafd7", "#5f5f87", "#d7d7ff", ""),
    "edited": ("dim", "dim", "", ""),
    "deleted": ("dim italic", "dim italic", "italic", ""),
    "mark.none": ("", "", "", ""),
    "mark.pending": ("dim", "dim", "", ""),
    "mark.logged": ("dim", "dim", "", ""),
    "mark.delivered": ("#5faf00", "#005f00", "#87ff00", ""),
    "mark.failed": ("bold #ff5f5f", "bold #af0000", "bold #ff8787", "bold"),
    # Around them
    "banner": ("reverse bold", "reverse bold", "reverse bold", "reverse bold"),
    "topic": ("bold", "bold", "bold", "bold"),
    "members": ("bold", "bold", "bold", "bold"),
    "hint": ("italic", "italic", "", ""),
    "trouble": ("#d78700", "#875f00", "bold #ffaf00", "bold"),
    "typing": ("dim italic", "dim italic", "italic", ""),
    "progress": ("#00af87", "#005f5f", "#5fffd7", ""),
    "search": ("bold", "bold", "bold", "bold"),
    "prompt": ("bold", "bold", "bold", "bold"),
    "status": ("reverse", "reverse", "reverse", "reverse"),
    "status.here": ("bold", "bold", "bold", "bold"),
    "status.name": ("", "", "", ""),
    "status.line": ("", "", "", ""),
    "status.loud": ("bold", "bold", "bold", "bold"),
    "status.unread": ("bold", "bold", "bold", "bold"),
    "status.urgent": ("bold underline", "bold underline", "bold underline", "bold underline"),
    "status.mention": ("bold underline", "bold underline", "bold underline", "bold underline"),
    "spark": ("", "", "", ""),
}

NAME_COLOURS: dict[Theme, tuple[str, ...]] = {
    "dark": (
        "#5f87d7",
        "#00d700",
        "#ff5f00",
        "#ff00ff",
        "#87d7af",
        "#ffd700",
        "#ffafaf",
        "#ff5faf",
        "#00d7ff",
        "#87af00",
        "#d7af5f",
        "#d787ff",
    ),
    "light": (
        "#0000ff",
        "#005f00",
        "#d7005f",
        "#005faf",
        "#af00af",
        "#875f00",
        "#005f5f",
        "#d70000",
        "#005fff",
        "#5f0000",
        "#5f005f",
        "#0000af",
    ),
    "contrast": (
        "#00af5f",
        "#ff5fff",
        "#ff8700",
        "#00afff",
        "#ffafaf",
        "#d7d700",
        "#00d700",
        "#5fd7d7",
        "#afaf5f",
        "#af87d7",
        "#ff5f5f",
        "#ff5faf",
    ),
    "none": ("bold",) * COLOURS,
}
"""Of names: to be read on the theme's backgrounds, and told from each other; of the 256 that most
terminals have, chosen for the greatest least distance (CIE 1976)."""


def rules(theme: Theme) -> dict[str, str]:
    """How each class looks."""
    column = THEMES.index(theme)
    names = {f"name{number}": colour for number, colour in enumerate(NAME_COLOURS[theme])}
    return {name: looks[column] for name, looks in _RULES.items()} | names


def load_style(theme: Theme = "dark") -> BaseStyle:
    return Style.from_dict(rules(theme))
