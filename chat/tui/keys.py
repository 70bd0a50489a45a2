"""What the keys do: one table, for the program, /help and the manual. All that edits text and is not
here is prompt_toolkit's, as in a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from .amending import Amending
from .roombuffer import RoomBuffer

if TYPE_CHECKING:
    from .model import Model

Sequence = tuple[str, ...]


class Binding(NamedTuple):
    """One row."""

    shown: str
    """As people call the keys."""
    keys: tuple[Sequence, ...]
    """As prompt_toolkit does."""
    act: Callable[[Model], None]
    help: str


class Section(NamedTuple):
    title: str
    bindings: tuple[Binding, ...]


def _number(number: int) -> Callable[[Model], None]:
    return lambda model: model.buffers.number(number)


KEYS = (
    Section(
        "Writing",
        (
            Binding("Enter", (("enter",),), lambda m: m.send(), "send the line"),
            Binding(
                "Alt-Enter, Ctrl-J",
                (("escape", "enter"), ("c-j",)),
                lambda m: m.new_line(),
                "begin a new line; Shift-Enter, too, where the terminal tells it apart",
            ),
            Binding("Tab", (("tab",),), lambda m: m.complete(1), "complete; again, the next one"),
            Binding("Shift-Tab", (("s-tab",),), lambda m: m.complete(-1), "the one before"),
            Binding(
                "Up, Down",
                (("up",),),
                lambda m: m.line.up(),
                "what was sent before; what is being typed is kept",
            ),
            Binding("", (("down",),), lambda m: m.line.down(), ""),
            Binding("Ctrl-R", (("c-r",),), lambda m: m.search_history(), "search in what was sent"),
            Binding("", (("left",), ("c-b",)), lambda m: m.line.left(), ""),
            Binding("", (("right",), ("c-f",)), lambda m: m.line.right(), ""),
            Binding("", (("delete",),), lambda m: m.line.delete(), ""),
            Binding(
                "Escape", (("escape",),), lambda m: m.escape(), "out of whatever was begun"
            ),
        ),
    ),
    Section(
        "Reading",
        (
            Binding("Page Up", (("pageup",),), lambda m: m.scroll(pages=-1), "a page back"),
            Binding("Page Down", (("pagedown",),), lambda m: m.scroll(pages=1), "a page on"),
            Binding(
                "Ctrl-Up, Shift-Up", (("c-up",), ("s-up",)), lambda m: m.scroll(rows=-1), "a row back"
            ),
            Binding(
                "Ctrl-Down, Shift-Down",
                (("c-down",), ("s-down",)),
                lambda m: m.scroll(rows=1),
                "a row on",
            ),
            Binding(
                "Ctrl-S, Alt-/",
                (("c-s",), ("escape", "/")),
                lambda m: m.search(),
                "search what was said; again, further back",
            ),
            Binding(
                "Alt-U",
                (("escape", "u"),),
                lambda m: m.jump(RoomBuffer.jump_to_unread, "nothing new"),
                "the first new message",
            ),
            Binding(
                "Alt-P, Alt-N",
                (("escape", "p"),),
                lambda m: m.jump(RoomBuffer.previous_mention, "no mention before this"),
                "what names you, before and after",
            ),
            Binding(
                "",
                (("escape", "n"),),
                lambda m: m.jump(RoomBuffer.next_mention, "no mention after this"),
                "",
            ),
            Binding(
                "Ctrl-Home, Alt-<",
                (("c-home",), ("escape", "home"), ("escape", "<")),
                lambda m: m.desk.current.viewport.to_top(),
                "the oldest message there is here",
            ),
            Binding(
                "Ctrl-End, Alt->",
                (("c-end",), ("escape", "end"), ("escape", ">")),
                lambda m: m.desk.current.viewport.to_end(),
                "the newest",
            ),
        ),
    ),
    Section(
        "One message",
        (
            Binding("Alt-Up", (("escape", "up"),), lambda m: m.select(-1), "select the one before"),
            Binding("Alt-Down", (("escape", "down"),), lambda m: m.select(1), "the one after"),
            Binding(
                "Alt-E",
                (("escape", "e"),),
                lambda m: m.amend(Amending.edit),
                "correct it, or what you said last",
            ),
            Binding(
                "Alt-R",
                (("escape", "r"),),
                lambda m: m.amend(Amending.resend),
                "say what failed once more",
            ),
            Binding(
                "Alt-C",
                (("escape", "c"),),
                lambda m: m.amend(lambda amending: amending.copy("")),
                "copy it to the clipboard",
            ),
        ),
    ),
    Section(
        "Rooms",
        (
            Binding(
                "Alt-1 … Alt-9", (("escape", "1"),), _number(1), "the room with that number"
            ),
            *(Binding("", (("escape", str(number)),), _number(number), "") for number in range(2, 10)),
            Binding(
                "Alt-Left, Ctrl-P, Ctrl-Page Up",
                (("escape", "left"), ("c-p",), ("c-pageup",)),
                lambda m: m.buffers.step(-1),
                "the room before",
            ),
            Binding(
                "Alt-Right, Ctrl-N, Ctrl-Page Down",
                (("escape", "right"), ("c-n",), ("c-pagedown",)),
                lambda m: m.buffers.step(1),
                "the next room",
            ),
            Binding(
                "Alt-A",
                (("escape", "a"),),
                lambda m: m.buffers.next_unread(),
                "the next room with something unread; those that want you first",
            ),
        ),
    ),
    Section(
        "The program",
        (
            Binding(
                "Ctrl-C",
                (("c-c",), ("<sigint>",)),
                lambda m: m.interrupt(),
                "put the line aside; twice, quit",
            ),
            Binding("Ctrl-D", (("c-d",),), lambda m: m.delete_or_quit(), "quit, on an empty line"),
            Binding("Ctrl-Z", (("c-z",),), lambda m: m.suspend(), "to the shell; fg comes back"),
            Binding(
                "Alt-L",
                (("escape", "l"),),
                lambda m: m.toggle_bare(),
                "messages only, to select with the terminal's mouse; again, all of it",
            ),
            Binding(
                "Alt-M",
                (("escape", "m"),),
                lambda m: m.toggle_mouse(),
                "the mouse for us, or for the terminal",
            ),
            Binding("Ctrl-L", (("c-l",),), lambda m: m.redraw(), "draw the screen anew"),
        ),
    ),
)  # fmt: skip

_NOT_OURS: tuple[Sequence, ...] = (
    ("c-@",),
    ("c-o",),
    ("c-q",),
    ("c-v",),
    ("c-x", "("),
    ("c-x", ")"),
    ("c-x", "e"),
    ("escape", "#"),
    ("escape", "-"),
    ("escape", "0"),
    ("escape", "."),
    ("escape", "_"),
    ("escape", "c-y"),
    ("s-left",),
    ("s-right",),
    ("s-home",),
    ("s-end",),
    ("c-s-left",),
    ("c-s-right",),
    ("c-s-home",),
    ("c-s-end",),
)
"""Bound by prompt_toolkit to what would send, lose or garble a message: quoted insert, arguments,
macros, its own history, a selection that is not shown."""


def find(keys: Sequence, further: Iterable[Binding] = ()) -> Binding:
    """Raises KeyError where nothing is bound to these."""
    for binding in (*further, *(each for section in KEYS for each in section.bindings)):
        if keys in binding.keys:
            return binding
    raise KeyError(keys)


def load_keys(model: Model) -> KeyBindings:
    """The table, for prompt_toolkit."""
    keys = KeyBindings()
    for sequence in _NOT_OURS:
        keys.add(*sequence)(_nothing)
    keys.add("escape", Keys.Any)(_nothing)
    _load_text(keys, model)
    for section in KEYS:
        for binding in section.bindings:
            add_key(keys, binding, model)
    return keys


def add_key(keys: KeyBindings, binding: Binding, model: Model) -> None:
    """One more row."""
    for sequence in binding.keys:
        keys.add(*sequence)(lambda event: binding.act(model))


def _load_text(keys: KeyBindings, model: Model) -> None:
    @keys.add(Keys.Any, save_before=lambda event: not event.is_repeat)
    def _type(event: KeyPressEvent) -> None:
        key = event.key_sequence[-1]
        if not isinstance(key.key, Keys):
            model.line.buffer.insert_text(key.data)

    @keys.add("backspace", save_before=lambda event: not event.is_repeat)
    def _backspace(event: KeyPressEvent) -> None:
        model.line.backspace()

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        model.paste(event.data)


def _nothing(event: KeyPressEvent) -> None:
    """Not even what it would do otherwise."""
