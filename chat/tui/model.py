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

from . import standing
from .actions import Actions
from .amending import Amending
from .buffers import Buffers
from .clicks import click
from .completion import Known, asks_for_room
from .desk import Desk, Uplink
from .editor import Editor
from .effects import Effect, Quit, Repaint, Suspend
from .inputline import TYPED_MAX, InputLine
from .keys import Binding, find
from .lines import SPOKEN, Line
from .news import News
from .prompts import CorrectionPrompt, HistoryPrompt, Prompt, SearchPrompt, SecretPrompt
from .roombuffer import RoomBuffer
from .rows import Frame
from .settings import Settings
from .view import compose_view, window_title

DEFAULTS = Settings()

TWICE = 2.0
"""Seconds within which a second Ctrl-C quits."""

PAUSE = 2.0
"""Seconds without a key after which nobody is typing, and may be asked for something."""

NOTCH = 3
"""Rows that the wheel moves at once."""

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
        self.bare = False
        """Only messages and what is being typed are shown, for the terminal's own selection."""
        self.desk: Desk = Desk(uplink, uplink.link.room, now, wall, settings)
        self.actions = Actions(
            self.desk,
            quit=self.quit,
            keys=lambda: self.bindings,
            correct=self._correct,
            search=self.search,
            ask=self._ask,
        )
        self.news = News(self.desk, self.actions)
        self._editors: dict[RoomBuffer, Editor] = {}
        self._prompt: Prompt | None = None
        self._frame: Frame | None = None
        """The one on the screen."""
        self._key_at = -PAUSE
        self._interrupted_at = -TWICE
        self._told = ""
        """What was being typed when others were told so."""
        self._confirming = ""
        """What Enter was pressed on once, and has to be again."""

    @property
    def buffers(self) -> Buffers:
        return self.desk.buffers

    @property
    def editor(self) -> Editor:
        """Of the room on the screen."""
        return self.editor_of(self.desk.current)

    def editor_of(self, buffer: RoomBuffer) -> Editor:
        if buffer not in self._editors:
            open_ones = set(self.desk.buffers)
            self._editors = {room: e for room, e in self._editors.items() if room in open_ones}
            self._editors[buffer] = Editor(buffer)
        return self._editors[buffer]

    @property
    def line(self) -> InputLine:
        """What the keys edit."""
        return self._prompt or self.editor

    @property
    def secret(self) -> SecretPrompt | None:
        """What is asked for, if nobody is to see it."""
        return self._prompt if isinstance(self._prompt, SecretPrompt) else None

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
        self._key_at = self.desk.now()
        self.desk.hush()

    def after_key(self) -> None:
        self.line.settle()
        if self._prompt is not None:
            self._prompt.changed()
        self._tell_typing()

    def answer(self, text: str) -> None:
        """All at once, to what is asked for."""
        self.before_key()
        self.line.set(text)
        self.send()

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

    @property
    def busy(self) -> bool:
        """A search goes on: `work` is to be called until it does not."""
        return self.desk.current.searching

    def work(self) -> None:
        """Some milliseconds of it."""
        self.desk.current.search_on()

    def click(self, column: int, row: int) -> None:
        """On a cell of the frame on the screen."""
        if self._frame is not None:
            click(self.desk, self.line, self._frame, column, row)

    def wheel(self, up: bool) -> None:
        """One notch."""
        self.scroll(rows=-NOTCH if up else NOTCH)

    def focused(self, here: bool) -> None:
        """The terminal's window is the one that keys go to, or not any more."""
        self.desk.focused = here
        if here:
            self.desk.current.enter()
        else:
            self.desk.current.leave()

    def tick(self) -> None:
        """About once a second."""
        self.news.tick()

    # What goes out

    @property
    def title(self) -> str:
        """The window's; empty: it stays what it is."""
        return window_title(self.desk) if self.desk.settings.title else ""

    def view(self, columns: int, rows: int) -> Frame:
        """The frame that is shown next: clicks are meant for it."""
        frame = compose_view(self.desk, self.line, self.banner, columns, rows, bare=self.bare)
        frame = frame._replace(title=self.title, mouse=self.desk.settings.mouse and not self.bare)
        self._frame = frame
        return frame

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
            self._leave_prompt()
        else:
            self.desk.current.deselect()

    def search(self, text: str = "") -> None:
        """Backwards through what was said here; once more, further back."""
        if isinstance(self._prompt, SearchPrompt) and not text:
            self._prompt.up()
            return
        self._leave_prompt()
        self._prompt = SearchPrompt(self.desk.current)
        self._prompt.set(text)
        self._prompt.changed()

    def select(self, by: int) -> None:
        """The message before or after the selected one."""
        buffer = self.desk.current
        if not (buffer.select_before() if by < 0 else buffer.select_after()):
            self.desk.tell("there is no further message here")
        elif (line := buffer.selected) is not None:
            self.desk.tell(f"{self._for(line)}Alt-C copies, Escape lets it go")

    def _for(self, line: Line) -> str:
        """What may be done with it, besides."""
        if line.look not in SPOKEN:
            return ""
        here = self.desk.uplink.guest.standing(self.desk.current.room)
        removes = "/delete REASON deletes it, " if standing.moderates(here) else ""
        own = "Alt-E corrects it, /delete takes it back, " if line.own else removes
        return f"{own}/react 👍 reacts, "

    def amend(self, act: Callable[[Amending], bool]) -> None:
        """Something with the selected message, or the last one."""
        act(self.actions.amending)

    def jump(self, there: Callable[[RoomBuffer], bool], what: str) -> None:
        """To a place of the room on the screen."""
        if not there(self.desk.current):
            self.desk.tell(f"there is {what} here")

    def search_history(self) -> None:
        """Backwards through what was sent; once more, further back."""
        if isinstance(self._prompt, HistoryPrompt):
            self._prompt.up()
        else:
            self._leave_prompt()
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
        if isinstance(self._prompt, SecretPrompt) and not self._prompt.text:
            self.escape()
        elif self.line.text or self._prompt is not None:
            self.line.delete()
        else:
            self.quit()

    def quit(self) -> None:
        self.desk.effects.append(Quit())

    def toggle_bare(self) -> None:
        """Nothing on the screen but messages, or all of it."""
        self.bare = not self.bare
        if self.bare:
            self.desk.tell("only messages are shown; Alt-L shows all again")

    def toggle_mouse(self) -> None:
        self.actions.set("mouse", "off" if self.desk.settings.mouse else "on")

    def suspend(self) -> None:
        self.desk.effects.append(Suspend())

    def redraw(self) -> None:
        self.desk.effects.append(Repaint())

    def _correct(self, line: Line) -> None:
        self._prompt = CorrectionPrompt(line, self.actions.amending.replace)

    def _ask(self, prompt: SecretPrompt, at_once: bool) -> bool:
        """What is being typed does not end up as a password, nor the other way round."""
        typing = self.editor.text and self.desk.now() - self._key_at < PAUSE
        if not at_once and (typing or self._prompt is not None):
            return False
        self._leave_prompt()
        self.desk.hush()
        self._prompt = prompt
        return True

    def _leave_prompt(self) -> None:
        if self._prompt is not None:
            self._prompt.leave()
            self._prompt = None

    def _tell_typing(self) -> None:
        """Others see that something is being said, unless that is a command."""
        text = self.editor.text if self._prompt is None else ""
        if text == self._told:
            return
        self._told = text
        speech = not text.startswith("/") or text.startswith("//")
        if speech and text.strip() and self.desk.settings.typing_send:
            self.desk.uplink.guest.typing(self.desk.current.room, self.desk.now())
            self.desk.uplink.wake()
