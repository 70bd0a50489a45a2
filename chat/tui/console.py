"""The user's side of the desk: what the keys do to it, and what of it is on the screen."""

from collections.abc import Callable

from chat.core.text import clean

from .actions import Actions
from .buffers import Buffers
from .cells import cut, width
from .completion import Known, asks_for_room
from .desk import Desk
from .editor import TYPED_MAX, Editor
from .health import Phase
from .roombuffer import RoomBuffer
from .rows import Frame, Row
from .screen import Parts, compose
from .status import Facts, Tab, status_row

TWICE = 2.0
"""Seconds within which a second Ctrl-C quits."""

_CHOICES = 12
"""Words that a completion shows."""


class Console:
    """Does what `keys.Controls` asks for. `leave`, `pause` and `repaint` are the program's."""

    def __init__(
        self,
        desk: Desk,
        actions: Actions,
        *,
        leave: Callable[[], None],
        pause: Callable[[], None],
        repaint: Callable[[], None],
    ) -> None:
        self.banner = ""
        self.page = 1
        self._desk = desk
        self._actions = actions
        self._leave = leave
        self._pause = pause
        self._repaint = repaint
        self._editors: dict[RoomBuffer, Editor] = {}
        self._interrupted_at = -TWICE

    @property
    def buffers(self) -> Buffers:
        return self._desk.buffers

    @property
    def editor(self) -> Editor:
        """Of the room on the screen."""
        current = self._desk.current
        if current not in self._editors:
            open_ones = set(self._desk.buffers)
            self._editors = {room: e for room, e in self._editors.items() if room in open_ones}
            self._editors[current] = Editor(current)
        return self._editors[current]

    # Keys

    def before_key(self) -> None:
        self._desk.hint = ("", "")

    def after_key(self) -> None:
        self.editor.settle()

    def send(self) -> None:
        """What was typed, unless it is refused: then it stays."""
        editor = self.editor
        if self._actions.line(editor.text):
            editor.sent()
            self._desk.current.viewport.to_end()

    def complete(self, step: int) -> None:
        desk, editor = self._desk, self.editor
        if asks_for_room(editor.buffer.document.text_before_cursor):
            self._actions.want_rooms()
        words = editor.complete(Known(desk.known_names(), desk.known_rooms), step)
        if len(words) > 1:
            shown = "  ".join(word.strip() for word in words[:_CHOICES])
            more = f"  and {len(words) - _CHOICES:,} more" if len(words) > _CHOICES else ""
            desk.tell(shown + more)

    def paste(self, text: str) -> None:
        """It can be edited; nothing in it is done."""
        lines = len(text.strip("\r\n").splitlines())
        if not self.editor.insert(text):
            self._desk.refuse(
                f"{len(text):,} characters were not inserted: {TYPED_MAX:,} are the most"
            )
        elif lines > 1:
            self._desk.tell(f"{lines:,} lines were inserted; Enter sends all as one message")

    def interrupt(self) -> None:
        """Once: the line is put aside. Twice: the end."""
        now = self._desk.now()
        if now - self._interrupted_at < TWICE:
            self._leave()
            return
        self._interrupted_at = now
        kept = ""
        if self.editor.text:
            self.editor.put_aside()
            kept = "; Up brings back what was typed"
        self._desk.tell(f"Ctrl-C once more quits{kept}")

    def quit(self) -> None:
        self._leave()

    def suspend(self) -> None:
        self._pause()

    def redraw(self) -> None:
        self._repaint()

    # The screen

    def frame(self, columns: int, rows: int) -> Frame:
        desk = self._desk
        buffer, editor = desk.current, self.editor
        membership = desk.client.guest.rooms.get(buffer.room)
        members = membership.roster.members if membership is not None else {}
        count = membership.roster.count if membership is not None and membership.joined else None

        def messages(size: int, height: int) -> tuple[Row, ...]:
            self.page = height
            return buffer.view(size, height, membership)

        trouble = self._trouble()
        parts = Parts(
            banner=self.banner,
            header=self._header(buffer, columns),
            members_columns=buffer.members.columns(members, columns),
            members=lambda size, height: buffer.members.rows(members, count, size, height),
            messages=messages,
            status=lambda size: status_row(self._facts(buffer, trouble), size),
            hint=desk.hint if desk.hint[1] else ("class:trouble", trouble),
            text=editor.text,
            cursor=editor.cursor,
        )
        return compose(parts, columns, rows)

    def _header(self, buffer: RoomBuffer, columns: int) -> Row:
        membership = self._desk.client.guest.rooms.get(buffer.room)
        topic = clean(membership.topic) if membership is not None else ""
        if buffer.direct:
            topic = f"only {buffer.peer} and you read this, and the server"
        label = cut(buffer.label, columns)
        return (("class:topic", label), ("", cut(f"  {topic}", columns - width(label))))

    def _trouble(self) -> str:
        desk = self._desk
        guest, now = desk.client.guest, desk.now()
        silence = now - guest.heard_at if guest.heard_at is not None else None
        overdue = any(room.outbox.in_flight for room in guest.rooms.values())
        return desk.health.trouble(silence, overdue, now)

    def _facts(self, buffer: RoomBuffer, trouble: str) -> Facts:
        desk = self._desk
        guest, phase = desk.client.guest, desk.health.phase
        connected = phase is Phase.CONNECTED
        state = ("silent" if trouble else "") if connected else phase.value
        return Facts(
            name=guest.name,
            tabs=[
                Tab(each.label, each.unread, each is buffer, each.direct) for each in desk.buffers
            ],
            state=state,
            round_trip=guest.rtt.smoothed if guest.rtt.measured and connected else None,
            loss=desk.loss.loss if connected else None,
            impaired=desk.impaired,
            pending=desk.pending,
            below=None if buffer.viewport.follows else buffer.below,
            size=len(self.editor.text.encode(errors="replace")),
        )
