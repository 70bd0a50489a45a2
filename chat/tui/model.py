"""The terminal client without a terminal: events and keys in, frames and effects out.

    model = Model(uplink, now, wall)
    model.take(event)               # what the guest tells
    model.press("escape", "a")      # a key, as prompt_toolkit names it; see `keys`
    model.paste("one\ntwo")
    model.tick()                    # about once a second
    frame = model.view(80, 24)
    for effect in model.drain(): ...

Text is edited in `model.line.buffer`, which is prompt_toolkit's, and needs no terminal either.
"""

from collections.abc import Callable

from .actions import Actions
from .buffers import Buffers
from .completion import Known, asks_for_room
from .desk import Desk, Uplink
from .editor import Editor
from .effects import Effect, Quit, Repaint, Suspend
from .inputline import TYPED_MAX, InputLine
from .keys import Binding, find
from .news import News
from .prompts import HistoryPrompt, Prompt
from .roombuffer import RoomBuffer
from .rows import Frame
from .settings import Settings
from .view import compose_view

DEFAULTS = Settings()

TWICE = 2.0
"""Seconds within which a second Ctrl-C quits."""

_CHOICES = 12
"""Words that a completion shows."""


class Model:
    """`now()` gives monotonic seconds, `wall()` milliseconds since 1970."""

    def __init__(
        self,
        uplink: Uplink,
        now: Callable[[], float],
        wall: Callable[[], int],
        settings: Settings = DEFAULTS,
    ) -> None:
        self.banner = ""
        """A line at the top of the screen, or nothing."""
        self.bindings: list[Binding] = []
        """Keys that were bound besides those of `keys`."""
        self.desk: Desk = Desk(uplink, uplink.link.room, now, wall, settings)
        self.actions = Actions(self.desk, self.quit, self._further_keys)
        self.news = News(self.desk, self.actions)
        self._editors: dict[RoomBuffer, Editor] = {}
        self._prompt: Prompt | None = None
        self._interrupted_at = -TWICE
        self._confirming = ""
        """What Enter was pressed on once, and has to be again."""

    @property
    def buffers(self) -> Buffers:
        return self.desk.buffers

    @property
    def editor(self) -> Editor:
        """Of the room on the screen."""
        current = self.desk.current
        if current not in self._editors:
            open_ones = set(self.desk.buffers)
            self._editors = {room: e for room, e in self._editors.items() if room in open_ones}
            self._editors[current] = Editor(current)
        return self._editors[current]

    @property
    def line(self) -> InputLine:
        """What the keys edit."""
        return self._prompt or self.editor

    # What comes in

    def take(self, event: object) -> None:
        """Something that the guest told."""
        self.news.take(event)

    def press(self, *keys: str) -> None:
        """One of the keys of the table. Raises KeyError where there is none."""
        self.before_key()
        find(keys, self.bindings).act(self)
        self.after_key()

    def type(self, text: str) -> None:
        """As from the keyboard."""
        self.before_key()
        self.line.buffer.insert_text(text)
        self.after_key()

    def before_key(self) -> None:
        self.desk.hint = ("", "")

    def after_key(self) -> None:
        self.line.settle()
        if self._prompt is not None:
            self._prompt.changed()

    def paste(self, text: str) -> None:
        """It can be edited; nothing in it is done."""
        lines = len(text.strip("\r\n").splitlines())
        if not self.line.insert(text):
            self.desk.refuse(
                f"{len(text):,} characters were not inserted: {TYPED_MAX:,} are the most"
            )
        elif lines > 1 and self._prompt is None:
            self.editor.pasted = True
            self.desk.tell(f"{lines:,} lines were inserted; they can be edited")

    def tick(self) -> None:
        """About once a second."""
        self.news.tick()

    # What goes out

    def view(self, columns: int, rows: int) -> Frame:
        return compose_view(self.desk, self.line, self.banner, columns, rows)

    def drain(self) -> list[Effect]:
        """What is to be done, once."""
        effects, self.desk.effects = self.desk.effects, []
        return effects

    # Keys

    def send(self) -> None:
        """What was typed, unless it is refused: then it stays."""
        if self._prompt is not None:
            if self._prompt.enter():
                self._prompt = None
            return
        editor = self.editor
        if self._unconfirmed(editor):
            return
        if self.actions.line(editor.text):
            editor.sent()
            self.desk.current.viewport.to_end()

    def _unconfirmed(self, editor: Editor) -> bool:
        """Several pasted lines are sent by a second Enter only, with nothing changed in between."""
        lines = editor.text.strip("\n").count("\n") + 1
        command = editor.text.startswith("/") and not editor.text.startswith("//")
        least = self.desk.settings.paste_confirm
        if not editor.pasted or lines < max(least, 2) or not least or command:
            return False
        if self._confirming == editor.text:
            self._confirming = ""
            return False
        self._confirming = editor.text
        self.desk.tell(
            f"{lines:,} lines as one message? Enter again sends them; they can be edited"
        )
        return True

    def escape(self) -> None:
        """Out of whatever was begun."""
        if self._prompt is not None:
            self._prompt.leave()
            self._prompt = None

    def search_history(self) -> None:
        """Backwards through what was sent; once more, further back."""
        if isinstance(self._prompt, HistoryPrompt):
            self._prompt.up()
        else:
            self._prompt = HistoryPrompt(self.editor)

    def new_line(self) -> None:
        self.line.insert("\n")

    def scroll(self, pages: int = 0, rows: int = 0) -> None:
        viewport = self.desk.current.viewport
        viewport.scroll(rows + pages * viewport.page)

    def complete(self, step: int) -> None:
        if self._prompt is not None:
            return
        desk, editor = self.desk, self.editor
        if asks_for_room(editor.buffer.document.text_before_cursor):
            self.actions.want_rooms()
        words = editor.complete(Known(desk.known_names(), desk.known_rooms), step)
        if len(words) > 1:
            shown = "  ".join(word.strip() for word in words[:_CHOICES])
            more = f"  and {len(words) - _CHOICES:,} more" if len(words) > _CHOICES else ""
            desk.tell(shown + more)

    def interrupt(self) -> None:
        """Once: the line is put aside. Twice: the end."""
        if self._prompt is not None:
            self.escape()
            return
        now = self.desk.now()
        if now - self._interrupted_at < TWICE:
            self.quit()
            return
        self._interrupted_at = now
        kept = ""
        if self.editor.text:
            self.editor.put_aside()
            kept = "; Up brings back what was typed"
        self.desk.tell(f"Ctrl-C once more quits{kept}")

    def delete_or_quit(self) -> None:
        """Ctrl-D: as in a shell."""
        if self.line.text or self._prompt is not None:
            self.line.delete()
        else:
            self.quit()

    def quit(self) -> None:
        self.desk.effects.append(Quit())

    def suspend(self) -> None:
        self.desk.effects.append(Suspend())

    def redraw(self) -> None:
        self.desk.effects.append(Repaint())

    def _further_keys(self) -> list[str]:
        return [f"{binding.shown}  {binding.help}" for binding in self.bindings]
