"""The README's picture is of the screen that there is now, and says what is on it."""

import xml.etree.ElementTree as ET

import pytest

from tests.needs import needs

from .golden import ROOT
from .picture import CELL, FILE, ROW, WRITE, draw, picture, rgb

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*rows: str, columns: int = 20) -> ET.Element:
    """The group in whose coordinates a row's first cell is at 0."""
    root = ET.fromstring(draw(rows, columns, (0, len(rows)), "title"))
    group = root.find(f"{SVG}g/{SVG}g")
    assert group is not None
    return group


def texts(group: ET.Element) -> list[tuple[float, str]]:
    """In which column each begins."""
    return [(float(it.attrib["x"]) / CELL, it.text or "") for it in group.iter(f"{SVG}text")]


@needs("tmux")
def test_it_is_of_the_screen_that_there_is_now() -> None:
    assert picture() == FILE.read_text(), f"run: {WRITE}"


def test_the_readme_opens_with_it() -> None:
    heading, _, image, *_ = (ROOT / "README.md").read_text().split("\n")
    assert heading.startswith("# ")
    assert image.startswith("![A busy room")
    assert image.endswith(f"]({FILE.relative_to(ROOT)})")


def test_it_needs_nothing_else() -> None:
    svg = FILE.read_text()
    root = ET.fromstring(svg)
    assert svg.count("http") == 1, "only the namespace"
    assert not list(root.iter(f"{SVG}script")) + list(root.iter(f"{SVG}image"))
    assert float(root.attrib["width"]) <= 880
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert "17 of 18, waiting for bob" in [text for _, text in texts(root)]


def test_each_run_of_text_has_its_place_and_its_length() -> None:
    group = drawn("one two   <three>", "    \x1b[1mfour\x1b[0m five")
    assert texts(group) == [(0, "one two"), (10, "<three>"), (4, "four"), (9, "five")]
    lengths = [float(it.attrib["textLength"]) / CELL for it in group.iter(f"{SVG}text")]
    assert lengths == [7, 7, 4, 4]


def test_what_is_wide_is_by_itself() -> None:
    assert texts(drawn("a 👍 4")) == [(0, "a"), (3, "👍"), (5, "4")]


def test_what_is_in_reverse_is_dark_on_a_bar() -> None:
    group = drawn("a \x1b[7mone \x1b[1mtwo\x1b[0;7;38;5;45m x \x1b[0m b")
    bars = [(float(it.attrib["x"]), it.attrib["fill"]) for it in group.iter(f"{SVG}rect")]
    assert bars[:2] == [(2 * CELL, "#d3d9e3"), (9 * CELL, rgb(45))]
    inks = [it.attrib.get("fill") for it in group.iter(f"{SVG}text")]
    assert inks == [None, "#12161d", "#12161d", "#12161d", None]


def test_an_upright_line_is_one_from_row_to_row() -> None:
    heights = [
        float(it.attrib["height"]) / ROW
        for it in drawn("ab │ x", "   │", "", "   │").iter(f"{SVG}rect")
    ]
    assert heights == [2, 1, 1], "the last one is the cursor"


def test_so_is_a_level_one() -> None:
    widths = [float(it.attrib["width"]) / CELL for it in drawn("── new ──").iter(f"{SVG}rect")]
    assert widths == [2, 2, 1], "the last one is the cursor"


def test_colours() -> None:
    assert [rgb(colour) for colour in (16, 45, 214, 231)] == [
        "#000000",
        "#00d7ff",
        "#ffaf00",
        "#ffffff",
    ]
    assert rgb(232) == "#080808"
    with pytest.raises(ValueError, match="in each terminal"):
        rgb(3)
