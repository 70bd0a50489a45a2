"""What the model asks of the program around it, in order. What is merely so (a title, a theme) is
read from the model instead."""

from msgspec import Struct


class Quit(Struct, frozen=True):
    """The user is done."""


class Suspend(Struct, frozen=True):
    """Back to the shell for a while, as Ctrl-Z does."""


class Repaint(Struct, frozen=True):
    """Whatever is on the terminal, all of it is drawn again."""


class Bell(Struct, frozen=True):
    """Something is worth a sound."""


class Copy(Struct, frozen=True):
    """Into the clipboard of whoever sits at the terminal."""

    text: str


class Remember(Struct, frozen=True):
    """A setting was changed: it is to be so the next time, too."""

    name: str
    value: object


Effect = Quit | Suspend | Repaint | Bell | Copy | Remember
