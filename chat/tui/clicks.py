"""What a click means, by the frame that it was made on."""

from collections.abc import Iterable, Iterator

from .cells import cells, clusters, width
from .desk import Desk
from .inputline import InputLine
from .lines import Line
from .roombuffer import RoomBuffer
from .rows import Frame, Row, Span


def click(desk: Desk, line: InputLine, frame: Frame, column: int, row: int) -> None:
    """On a tab: its room is shown. On a message: it is selected, or not any more. In what is being
    typed: the cursor goes there."""
    top, left, height = frame.messages
    if column >= left and top <= row < top + height:
        clicked = desk.current.viewport.line_at(row - top)
        if clicked is not None:
            _select(desk.current, clicked)
    elif row == frame.status:
        number = tab_at(frame.rows[row][0][1], column, (each.label for each in desk.buffers))
        desk.buffers.number(number)
    elif 0 <= (typed := row - len(frame.rows) + len(frame.typed)) < len(frame.typed):
        text = frame.rows[row][0][1]
        line.buffer.cursor_position = frame.typed[typed] + _characters(text, column)


def _select(buffer: RoomBuffer, line: Line) -> None:
    if line is buffer.selected or not line.selectable:
        buffer.deselect()
    else:
        buffer.select(line)


def tab_at(bar: Row, column: int, labels: Iterable[str]) -> int:
    """The number of the room whose tab is there, or 0."""
    text = next((text for end, (_, text) in _ends(bar) if column < end), "")
    for number, label in enumerate(labels, 1):
        if text.startswith(f" {number}:{label}"):
            return number
    return 0


def _ends(row: Row) -> Iterator[tuple[int, Span]]:
    end = 0
    for span in row:
        end += width(span[1])
        yield end, span


def _characters(row: Row, column: int) -> int:
    """Of a row of the input, those that are left of this column."""
    (_, label), (_, text) = row
    left, count = column - width(label), 0
    for cluster in clusters(text):
        left -= cells(cluster)
        if left < 0:
            break
        count += len(cluster)
    return count
