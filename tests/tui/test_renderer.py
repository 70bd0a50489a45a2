"""What ends up on a terminal, as pyte emulates one (it knows no clusters: see test_widths)."""

import re
from typing import Any, cast

import pyte
import pytest
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.layout import Layout
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from chat.tui.renderer import RowRenderer
from chat.tui.rows import FLOW, Cursor, Frame, Row
from chat.tui.styles import load_style

from .screens import Sink


class Scene:
    def __init__(self, columns: int = 20, rows: int = 4) -> None:
        self.sink = Sink(columns, rows)
        self.frame = self.of("one", "two")
        self.stalled = False
        self.color_depth = ColorDepth.DEPTH_8_BIT
        output = Vt100_Output(
            cast(Any, self.sink), lambda: Size(rows, columns), term="xterm", enable_cpr=False
        )
        self.renderer = RowRenderer(
            load_style(), output, lambda *size: self.frame, behind=lambda: self.stalled
        )

    def of(self, *texts: str, cursor: Cursor | None = None) -> Frame:
        rows = [*texts, *[""] * (4 - len(texts))]
        return Frame(tuple(((0, (("", text),)),) for text in rows), cursor or Cursor(0, 0))

    def draw(self, done: bool = False) -> str:
        """The bytes that it took."""
        before = len(self.sink.written)
        self.renderer.render(cast("Application[Any]", self), cast(Layout, None), is_done=done)
        return self.sink.written[before:]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_only_rows_that_changed_are_written(scene: Scene) -> None:
    scene.draw()
    assert scene.sink.rows == ["one", "two", "", ""]
    scene.frame = scene.of("one", "three")
    written = scene.draw()
    assert "three" in written
    assert "one" not in written
    assert scene.sink.rows == ["one", "three", "", ""]


def test_a_shorter_row_leaves_nothing_behind(scene: Scene) -> None:
    scene.frame = scene.of("a long row")
    scene.draw()
    scene.frame = scene.of("short")
    scene.draw()
    assert scene.sink.rows[0] == "short"


def test_parts_of_a_row_are_at_their_columns(scene: Scene) -> None:
    row: tuple[tuple[int, Row], ...] = ((0, (("", "left"),)), (8, (("", "right"),)))
    scene.frame = Frame((row, (), (), ()), Cursor(0, 0))
    scene.draw()
    assert scene.sink.rows[0] == "left    right"


def test_all_is_written_again_after_a_doubt(scene: Scene) -> None:
    scene.draw()
    scene.sink.screen.reset()
    scene.draw()
    assert scene.sink.rows == ["", "", "", ""]
    scene.renderer.begin_again()
    assert "\x1b[?1049h" in scene.draw()
    assert scene.sink.rows == ["one", "two", "", ""]


def test_the_cursor(scene: Scene) -> None:
    scene.frame = scene.of("one", cursor=Cursor(2, 5))
    scene.draw()
    assert scene.sink.cursor == (5, 2)
    scene.frame = scene.of("日本x", cursor=Cursor(0, 4, (("", "日本"),)))
    scene.draw()
    assert scene.sink.cursor == (4, 0)
    assert scene.sink.rows[0].replace(" ", "") == "日本x"


def test_nothing_is_drawn_while_the_terminal_is_behind(scene: Scene) -> None:
    scene.stalled = True
    assert scene.draw() == ""
    assert scene.renderer.skipped
    scene.stalled = False
    scene.draw()
    assert scene.sink.rows[0] == "one"
    assert not scene.renderer.skipped


def test_the_terminal_is_given_back(scene: Scene) -> None:
    scene.draw()
    written = scene.draw(done=True)
    for mode in ("\x1b[?1049l", "\x1b[?2004l", "\x1b[?7h", "\x1b[?25h", "\x1b[0m"):
        assert mode in written
    assert scene.draw(done=True) == ""


def test_an_escape_never_gets_through(scene: Scene) -> None:
    scene.frame = scene.of("a\x1b[2Jb")
    assert "\x1b[2Jb" not in scene.draw()


def test_without_colours(scene: Scene) -> None:
    frame = Frame(((((0, (("class:name1", "ann"),))),), (), (), ()), Cursor(0, 0))
    scene.frame = frame
    assert "38;5;" in scene.draw()
    scene.color_depth = ColorDepth.DEPTH_1_BIT
    scene.renderer.forget()
    assert "38;5;" not in scene.draw()


def test_emulators_agree() -> None:
    """The recording is complete: another emulator fed with it shows the same."""
    scene = Scene()
    scene.draw()
    other = pyte.Screen(20, 4)
    pyte.Stream(other).feed(scene.sink.written)
    assert [row.rstrip() for row in other.display] == scene.sink.rows


def test_the_mouse_is_asked_for_and_given_back(scene: Scene) -> None:
    assert "\x1b[?1000h" not in scene.draw()
    scene.frame = scene.frame._replace(mouse=True)
    assert "\x1b[?1000h\x1b[?1006h" in scene.draw()
    assert "\x1b[?100" not in scene.draw()
    scene.renderer.begin_again()
    assert "\x1b[?1000h" in scene.draw(), "after a stop, too"
    scene.frame = scene.frame._replace(mouse=False)
    assert "\x1b[?1000l" in scene.draw()
    scene.frame = scene.frame._replace(mouse=True)
    scene.draw()
    assert "\x1b[?1006l\x1b[?1000l" in scene.draw(done=True)


def test_words_of_the_window(scene: Scene) -> None:
    assert "\x1b[?1004h" in scene.draw()
    assert "\x1b[?1004l" in scene.draw(done=True)


def test_the_title(scene: Scene) -> None:
    scene.frame = scene.frame._replace(title="chat: \x1b]lobby\x07")
    written = scene.draw()
    assert "\x1b[22;0t\x1b]2;chat: ]lobby\x07" in written
    assert "\x1b]2;" not in scene.draw(), "only where it changed"
    scene.frame = scene.frame._replace(title="chat: dev")
    written = scene.draw()
    assert "\x1b]2;chat: dev\x07" in written
    assert "\x1b[22;0t" not in written, "the old one is kept once"
    scene.renderer.begin_again()
    written = scene.draw()
    assert "\x1b]2;chat: dev\x07" in written
    assert "\x1b[22;0t" not in written
    assert "\x1b[23;0t" in scene.draw(done=True)
    assert "\x1b[22;0t\x1b]2;chat: dev\x07" in scene.draw(), "after coming back"


def test_a_title_is_left_alone(scene: Scene) -> None:
    written = scene.draw() + scene.draw(done=True)
    assert ";0t" not in written
    assert "\x1b]2;" not in written
    scene.frame = scene.frame._replace(title="chat")
    scene.draw()
    scene.frame = scene.frame._replace(title="")
    assert "\x1b[23;0t" in scene.draw(), "switched off, the old one comes back"
    assert ";0t" not in scene.draw(done=True)


def test_other_colours(scene: Scene) -> None:
    scene.frame = Frame(((((0, (("class:name1", "ann"),))),), (), (), ()), Cursor(0, 0))
    scene.draw()
    scene.renderer.restyle(Style.from_dict({"name1": "#ff0000"}))
    assert "38;5;196m" in scene.draw()


def test_what_is_in_no_frame(scene: Scene) -> None:
    scene.renderer.send("\a")
    assert scene.sink.written == "", "somebody else has the screen"
    scene.draw()
    scene.renderer.send("\a")
    assert scene.sink.written.endswith("\a")
    scene.stalled = True
    scene.renderer.send("more")
    assert scene.sink.written.endswith("\a")


def flowing(*rows: tuple[str, bool]) -> Frame:
    """Rows, and whether each is the rest of the one above."""
    return Frame(
        tuple(((0, (FLOW, ("", text)) if flows else (("", text),)),) for text, flows in rows),
        Cursor(3, 0),
    )


def test_rows_that_flow_are_written_as_one(scene: Scene) -> None:
    long = "x" * 20
    scene.frame = flowing((long, False), ("rest", True), ("other", False), ("> ", False))
    written = scene.draw()
    assert f"\x1b[?7h\x1b[1;1H{long}rest\x1b[?7l" in plain_text(written)
    assert scene.sink.rows == [long, "rest", "other", ">"]
    scene.frame = flowing((long, False), ("more", True), ("other", False), ("> ", False))
    written = plain_text(scene.draw())
    assert f"{long}more" in written
    assert "other" not in written
    assert scene.sink.rows == [long, "more", "other", ">"]


def test_a_row_that_flows_no_more_is_written_anew(scene: Scene) -> None:
    """The terminal would go on taking the two for one line."""
    long = "x" * 20
    scene.frame = flowing((long, False), ("rest", True), ("", False), ("> ", False))
    scene.draw()
    scene.frame = flowing((long, False), ("rest", False), ("", False), ("> ", False))
    written = plain_text(scene.draw())
    assert "\x1b[1;1H\x1b[2K" in written
    assert "\x1b[?7h" not in written
    assert scene.sink.rows == [long, "rest", "", ">"]


def test_the_first_row_flows_out_of_nothing(scene: Scene) -> None:
    scene.frame = flowing(("rest", True), ("other", False), ("", False), ("> ", False))
    scene.draw()
    assert scene.sink.rows == ["rest", "other", "", ">"]


def plain_text(written: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", written)
