from chat.tui.rows import Frame

from .entries import entry
from .guests import Scene


def find(frame: Frame, text: str) -> tuple[int, int]:
    """Column and row of the first cell of this, in ASCII rows."""
    for number, row in enumerate(frame.rows):
        shown = ""
        for column, spans in row:
            shown = shown.ljust(column) + "".join(span for _, span in spans)
        if text in shown:
            return shown.index(text), number
    raise AssertionError(text)


def test_a_tab() -> None:
    scene = Scene()
    model = scene.model
    model.buffers.open("dev")
    dev2 = model.buffers.open("dev2")
    for number in range(1, 8):
        dev2.entry(entry(number), own=False, seen=False)
    frame = model.view(100, 24)
    for label, room in (("3:dev2(7)", "dev2"), ("2:dev", "dev")):
        model.click(*find(frame, label))
        assert model.buffers.current.room == room
        column, row = find(frame, label)
        model.buffers.number(1)
        model.click(column + len(label) - 1, row)
        assert model.buffers.current.room == room
        model.buffers.number(1)
    model.click(*find(frame, " ann "))
    model.click(99, frame.status or 0)
    assert model.buffers.current.room == "lobby"


def test_no_name_is_a_tab() -> None:
    scene = Scene(name="2")
    scene.model.buffers.open("dev")
    frame = scene.model.view(80, 24)
    scene.model.click(1, frame.status or 0)
    assert scene.model.buffers.current.room == "lobby"


def test_in_what_is_typed() -> None:
    model = Scene().model
    model.paste("a日b\nsecond")
    model.view(40, 12)
    for column, row, at in (
        (0, 10, 0),
        (2, 10, 0),
        (3, 10, 1),
        (4, 10, 1),
        (5, 10, 2),
        (30, 10, 3),
        (3, 11, 5),
        (39, 11, 10),
    ):
        model.click(column, row)
        assert model.line.cursor == at, (column, row)


def test_in_what_is_typed_when_there_is_more_than_is_shown() -> None:
    model = Scene().model
    model.paste("\n".join(f"{number:02}" for number in range(30)))
    model.view(40, 12)
    model.click(3, 8)
    assert model.line.buffer.document.current_line == "26"
    assert model.line.buffer.document.cursor_position_col == 1


def test_a_message() -> None:
    scene = Scene()
    buffer = scene.desk.current
    for number in range(1, 40):
        buffer.entry(entry(number, f"number {number} " + "x" * 60), own=False, seen=True)
    frame = scene.model.view(60, 20)
    _, row = find(frame, "number 38")
    buffer.entry(entry(40, "newer than the frame"), own=False, seen=True)
    for below in (0, 1):
        scene.model.click(30, row + below)
        assert buffer.selected is not None
        assert buffer.selected.key == (38, 0), "what was shown is meant"
        scene.model.click(30, row)
        assert buffer.selected is None, "once more: not any more"
    for column, elsewhere in ((30, 0), (500, 500), (-1, -1)):
        scene.model.click(column, elsewhere)
        assert buffer.selected is None


def test_what_is_no_message_is_not_selected() -> None:
    scene = Scene()
    buffer = scene.desk.current
    buffer.entry(entry(1, "hello"), own=False, seen=True)
    scene.desk.notice("a notice")
    frame = scene.model.view(60, 20)
    scene.model.click(*find(frame, "hello"))
    assert buffer.selected is not None
    scene.model.click(*find(scene.model.view(60, 20), "a notice"))
    assert buffer.selected is None


def test_before_anything_is_shown() -> None:
    scene = Scene()
    scene.model.click(0, 0)
    assert scene.desk.current.selected is None


def test_the_wheel() -> None:
    scene = Scene()
    buffer = scene.desk.current
    for number in range(1, 40):
        buffer.entry(entry(number, f"number {number}"), own=False, seen=True)
    scene.model.view(60, 20)
    scene.model.wheel(up=True)
    scene.model.view(60, 20)
    assert buffer.below == 3
    scene.model.wheel(up=False)
    assert buffer.viewport.follows


def test_who_does_not_look_has_read_what_there_is() -> None:
    scene = Scene()
    buffer = scene.desk.current
    buffer.entry(entry(1, "read"), own=False, seen=True)
    scene.model.focused(False)
    buffer.entry(entry(2, "not yet"), own=False, seen=True)
    scene.model.focused(True)
    rows = scene.model.view(60, 20).rows
    texts = ["".join(text for _, spans in row for _, text in spans) for row in rows]
    line = next(number for number, text in enumerate(texts) if "1 new" in text)
    assert "not yet" in texts[line + 1]
