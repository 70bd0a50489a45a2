"""Passwords of rooms: asked for where nobody sees them, to enter a room or to give it another one."""

from collections.abc import Callable
from functools import partial

from chat.core.asks import Join, Why

from .desk import Desk
from .prompts import EntryPrompt, NewPasswordPrompt, SecretPrompt
from .roombuffer import RoomBuffer

UNSEEN = "nobody sees it; Escape, or Enter with nothing typed, gives up"
WRONG = "wrong password (or no such room); try again, Escape gives up"
GIVEN_UP = "the password stays as it was"
FILE = "--password-file FILE gives it"
"""Where nobody sits who could be asked."""

TERMINAL = "a password is typed at a terminal, where it can be hidden"


class Passwords:
    """`ask` gives the input line to a prompt, `at once` or only if that interrupts nobody, and
    says whether it did."""

    def __init__(self, desk: Desk, ask: Callable[[SecretPrompt, bool], bool]) -> None:
        self._desk = desk
        self._ask = ask

    def refused(self, buffer: RoomBuffer, request: Join, reason: str, why: int) -> None:
        """A room does not let us in. `reason` is clean."""
        desk = self._desk
        if why not in (Why.PASSWORD, Why.ENTRY):
            out = reason if why == Why.CLOSED else f"you are not in {buffer.title}: {reason}"
            desk.alert(out, buffer)
            return
        if not desk.interactive:
            desk.alert(f"{reason}; {FILE}", buffer)
            return
        hint = UNSEEN
        if why == Why.ENTRY:
            given = request.secret and request.secret != desk.uplink.link.invite
            hint = WRONG if given else reason
        again = f"{reason}; /join {buffer.room} asks for the password"
        prompt = EntryPrompt(
            buffer.title,
            hint,
            partial(self._enter, buffer.room),
            lambda: desk.alert(again, buffer),
        )
        if buffer is not desk.current or not self._ask(prompt, False):
            desk.alert(again, buffer)

    def change(self, buffer: RoomBuffer, act: Callable[[str], None], hint: str = UNSEEN) -> bool:
        """Another one for this room; `act` has the server take it. Whether it could be asked for."""
        desk = self._desk
        if not desk.interactive:
            desk.refuse(TERMINAL)
            return False
        prompt = NewPasswordPrompt(buffer.title, hint, act, lambda: desk.tell(GIVEN_UP))
        return self._ask(prompt, True)

    def _enter(self, room: str, secret: str) -> None:
        desk = self._desk
        desk.uplink.guest.join(room, desk.now(), secret=secret)
        desk.uplink.wake()
