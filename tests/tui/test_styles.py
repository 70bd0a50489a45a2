import re
from itertools import combinations
from math import cbrt, dist, pow
from pathlib import Path

import pytest
from prompt_toolkit.output.vt100 import _256_colors as depth_256

from chat.tui import styles
from chat.tui.layout import COLOURS
from chat.tui.settings import THEMES, Theme
from chat.tui.styles import NAME_COLOURS, load_style, rules

RGB = tuple[int, int, int]

BACKGROUNDS = {
    "dark": ["#000000", "#1e1e1e"],
    "light": ["#ffffff", "#fdf6e3"],
    "contrast": ["#000000"],
}
CONTRAST = {"dark": 4.5, "light": 4.5, "contrast": 7.0}
"""WCAG 2.2, 1.4.3 (AA) and 1.4.6 (AAA)."""

APART = 20
"""CIE 1976 distance between two names' colours: ten times what can just be seen side by side."""

COLOUR = re.compile(r"#[0-9a-f]{6}")


def rgb(colour: str) -> RGB:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else pow((part + 0.055) / 1.055, 2.4)


def luminance(colour: RGB) -> float:
    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: RGB) -> tuple[float, float, float]:
    red, green, blue = map(linear, colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = luminance(colour)
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: RGB, other: RGB) -> float:
    return dist(lab(one), lab(other))


def rounded(colour: str) -> RGB:
    """As prompt_toolkit shows it where there are 256 colours."""
    red, green, blue = depth_256.colors[depth_256[rgb(colour)]]
    return red, green, blue


def used() -> set[str]:
    """Classes that the client's source names."""
    found: set[str] = set()
    for path in Path(styles.__file__).parent.glob("*.py"):
        for name in re.findall(r"class:([a-z.]*[a-z](?![a-z]*[.{]))", path.read_text()):
            found.add(name)
    return found


def test_black_on_white_is_21() -> None:
    assert round(contrast((0, 0, 0), (255, 255, 255)), 2) == 21


@pytest.mark.parametrize("theme", THEMES)
def test_each_class_is_in_each_theme(theme: Theme) -> None:
    assert {"time", "status.urgent", "alert", "notice"} <= used()
    assert used() <= rules(theme).keys()
    assert {f"name{number}" for number in range(COLOURS)} <= rules(theme).keys()
    load_style(theme)


def test_no_colours_is_none() -> None:
    words = {word for look in rules("none").values() for word in look.split()}
    assert words == {"bold", "reverse", "underline"}
    attrs = load_style("none").get_attrs_for_style_str("class:alert class:name3 class:mention")
    assert not attrs.color and not attrs.bgcolor


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_colours_can_be_read(theme: Theme) -> None:
    for name, look in rules(theme).items():
        for colour in COLOUR.findall(look):
            for background in BACKGROUNDS[theme]:
                for shown in (rgb(colour), rounded(colour)):
                    assert contrast(shown, rgb(background)) >= CONTRAST[theme], name


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_names_can_be_told_apart(theme: Theme) -> None:
    colours = NAME_COLOURS[theme]
    assert len(colours) == COLOURS
    for one, other in combinations(colours, 2):
        assert distance(rgb(one), rgb(other)) >= APART, (one, other)
        assert distance(rounded(one), rounded(other)) >= APART, (one, other)


@pytest.mark.parametrize("name", ["selected", "match", "unread", "alert", "status.mention"])
@pytest.mark.parametrize("theme", THEMES)
def test_what_matters_is_not_said_by_colour_alone(theme: Theme, name: str) -> None:
    assert {"bold", "reverse", "underline"} & set(rules(theme)[name].split())


def test_contrast_has_nothing_dim() -> None:
    assert not any("dim" in look for look in rules("contrast").values())
