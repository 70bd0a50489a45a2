"""The one line of a room that a command may be about."""

from .lines import Key, Line
from .timeline import Merged, Timeline
from .viewport import Viewport


class Selection:
    """While there is one, what comes does not move the view."""

    def __init__(self, timeline: Timeline, viewport: Viewport) -> None:
        self._timeline = timeline
        self._lines = timeline.shown
        self._viewport = viewport

    @property
    def line(self) -> Line | None:
        """None as soon as it is gone: let go, hidden, not in the log any more."""
        line = self._viewport.selected
        if line is not None and line not in self._lines:
            self.clear()
            return None
        return line

    def take(self, line: Line) -> None:
        """Nothing happens if it is not shown, or was said by nobody."""
        if line.selectable and line in self._lines:
            self._viewport.selected = line
            self._viewport.pin()
            self._viewport.reveal(line)

    def clear(self) -> None:
        if self._viewport.selected is not None:
            self._viewport.selected = None
            self._viewport.unpin()

    def step(self, by: int) -> bool:
        """To the next line that somebody said, up (-1) or down (1); at first to the last one in
        view. False: there is none."""
        line = self.line
        if line is not None:
            at = self._lines.index(line.key) + by
        elif by < 0:
            at = self._viewport.last
        else:
            return False
        while 0 <= at < len(self._lines):
            if self._lines[at].selectable:
                self.take(self._lines[at])
                return True
            at += by
        return False

    def became(self, line: Line, now: Line) -> None:
        """What was selected is shown by another line from now on."""
        if self._viewport.selected is line:
            self._viewport.selected = now

    def came_before(self, merged: list[Merged]) -> None:
        """Older lines are there now, and one may have taken the selected one up."""
        selected = self._viewport.selected
        for each in merged:
            if selected is not None and selected.key == each.gone and selected not in self._lines:
                into = self._lines.find(each.into)
                self._viewport.selected = into

    @property
    def key(self) -> Key:
        """Where it is; where nothing is, right after what is in view."""
        line = self.line
        if line is not None:
            return line.key
        last = self._lines[self._viewport.last].key
        return last[0], last[1] + 1
