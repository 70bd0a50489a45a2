"""What the keys do. All that edits text and is not here is prompt_toolkit's, as in a shell."""

from collections.abc import Callable
from typing import Protocol

from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from .buffers import Buffers
from .editor import Editor
from .viewport import Viewport

_NOT_OURS = (
    ("c-@",),
    ("c-o",),
    ("c-q",),
    ("c-v",),
    ("c-x", "("),
    ("c-x", ")"),
    ("c-x", "e"),
    ("escape", "#"),
    ("escape", "-"),
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


class Controls(Protocol):
    """What the keys act on."""

    @property
    def buffers(self) -> Buffers: ...

    @property
    def editor(self) -> Editor: ...

    @property
    def page(self) -> int:
        """Rows of messages on the screen."""
        ...

    def send(self) -> None: ...

    def complete(self, step: int) -> None: ...

    def paste(self, text: str) -> None: ...

    def interrupt(self) -> None: ...

    def quit(self) -> None: ...

    def suspend(self) -> None: ...

    def redraw(self) -> None: ...


def load_keys(controls: Controls) -> KeyBindings:
    keys = KeyBindings()
    for sequence in _NOT_OURS:
        keys.add(*sequence)(_nothing)
    _load_text(keys, controls)
    _load_scrolling(keys, controls)
    _load_rooms(keys, controls)
    _load_program(keys, controls)
    return keys


def bind(keys: KeyBindings, sequence: tuple[str, ...], act: Callable[[], None]) -> None:
    """A key that takes nothing but itself."""
    keys.add(*sequence)(lambda event: act())


def _load_text(keys: KeyBindings, controls: Controls) -> None:
    @keys.add(Keys.Any, save_before=lambda event: not event.is_repeat)
    def _type(event: KeyPressEvent) -> None:
        key = event.key_sequence[-1]
        if not isinstance(key.key, Keys):
            controls.editor.buffer.insert_text(key.data)

    keys.add("escape", Keys.Any)(_nothing)

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        controls.paste(event.data)

    @keys.add("escape", "enter")
    @keys.add("c-j")
    def _new_line(event: KeyPressEvent) -> None:
        controls.editor.insert("\n")

    bind(keys, ("enter",), controls.send)
    bind(keys, ("tab",), lambda: controls.complete(1))
    bind(keys, ("s-tab",), lambda: controls.complete(-1))
    bind(keys, ("up",), lambda: controls.editor.up())
    bind(keys, ("down",), lambda: controls.editor.down())
    for name in ("left", "c-b"):
        bind(keys, (name,), lambda: controls.editor.left())
    for name in ("right", "c-f"):
        bind(keys, (name,), lambda: controls.editor.right())
    bind(keys, ("delete",), lambda: controls.editor.delete())

    @keys.add("backspace", save_before=lambda event: not event.is_repeat)
    def _backspace(event: KeyPressEvent) -> None:
        controls.editor.backspace()


def _load_scrolling(keys: KeyBindings, controls: Controls) -> None:
    def viewport() -> Viewport:
        return controls.buffers.current.viewport

    def page() -> int:
        """Two rows stay, to read on from."""
        return max(1, controls.page - 2)

    bind(keys, ("pageup",), lambda: viewport().scroll(-page()))
    bind(keys, ("pagedown",), lambda: viewport().scroll(page()))
    for up in (("s-up",), ("c-up",), ("escape", "up")):
        bind(keys, up, lambda: viewport().scroll(-1))
    for down in (("s-down",), ("c-down",), ("escape", "down")):
        bind(keys, down, lambda: viewport().scroll(1))
    for top in (("c-home",), ("escape", "home"), ("escape", "<")):
        bind(keys, top, lambda: viewport().to_top())
    for end in (("c-end",), ("escape", "end"), ("escape", ">")):
        bind(keys, end, lambda: viewport().to_end())


def _load_rooms(keys: KeyBindings, controls: Controls) -> None:
    for before in (("escape", "left"), ("c-p",), ("c-pageup",)):
        bind(keys, before, lambda: controls.buffers.step(-1))
    for after in (("escape", "right"), ("c-n",), ("c-pagedown",)):
        bind(keys, after, lambda: controls.buffers.step(1))

    bind(keys, ("escape", "a"), lambda: controls.buffers.next_unread())

    for digit in "123456789":

        @keys.add("escape", digit)
        def _number(event: KeyPressEvent) -> None:
            controls.buffers.number(int(event.key_sequence[-1].key))


def _load_program(keys: KeyBindings, controls: Controls) -> None:
    for interrupt in ("c-c", "<sigint>"):
        bind(keys, (interrupt,), controls.interrupt)
    bind(keys, ("c-z",), controls.suspend)
    bind(keys, ("c-l",), controls.redraw)

    @keys.add("c-d")
    def _end(event: KeyPressEvent) -> None:
        if controls.editor.text:
            controls.editor.delete()
        else:
            controls.quit()


def _nothing(event: KeyPressEvent) -> None:
    """Not even what it would do otherwise."""
