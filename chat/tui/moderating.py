"""What moderators do: asked of the server, and what comes of it."""

from collections.abc import Callable

from chat.core import asks, events
from chat.core.commands import Call, Mistake
from chat.core.link import Link
from chat.core.memberships import NotSaidError
from chat.core.orders import Order, order
from chat.core.roles import Act, objection
from chat.core.text import clean

from .desk import Desk
from .lines import Line, Look
from .passwords import UNSEEN, Passwords
from .roombuffer import RoomBuffer

_WHOLE = "Alt-L shows messages only, so that a link can be copied whole"


class Moderating:
    """In the room on the screen. Each returns whether the line is done with."""

    def __init__(self, desk: Desk, passwords: Passwords, asked: Callable[[], None]) -> None:
        """`asked` is told that the server is to answer."""
        self._desk = desk
        self._passwords = passwords
        self._asked = asked

    def call(self, call: Call) -> bool:
        """A command that the table of orders knows."""
        desk = self._desk
        if call.name == "password" and [word.lower() for word in call.args] != ["off"]:
            # Whoever typed one was seen: it is not taken, and not left there.
            seen = "what was typed there could be seen: type it here" if call.args else UNSEEN
            return self._ask_password(seen)
        match order(call):
            case Order() as found:
                return self.act(found, desk.current)
            case Mistake(reason):
                desk.refuse(clean(reason))
        return False

    def delete(self, line: Line, reason: str) -> bool:
        """What somebody else said."""
        assert line.entry is not None
        buffer = self._desk.current
        if not self.act(Order(Act.DELETE, number=line.entry.seq, text=reason), buffer):
            return False
        buffer.deselect()
        return True

    def act(self, order: Order, buffer: RoomBuffer) -> bool:
        """In the room that the buffer is of."""
        desk = self._desk
        try:
            desk.uplink.guest.act(
                buffer.room,
                order.act,
                whom=order.whom,
                seconds=order.seconds,
                number=order.number,
                text=order.text,
                now=desk.now(),
            )
        except NotSaidError as error:
            desk.refuse(clean(str(error)))
            return False
        desk.acting += 1
        self._asked()
        return True

    def done(self, event: events.Done) -> None:
        """The server did it; what there is to say of that."""
        desk = self._desk
        desk.acting -= 1
        buffer = desk.buffers.get(event.room) or desk.current
        text = clean(event.text, lines=True)
        match event.act:
            case Act.BANS | Act.INVITES:
                buffer.output(text.split("\n"), desk.wall())
            case Act.INVITE:
                buffer.note(Look.QUIET, f"invite: {self._link(event.room, text)}", desk.wall())
                desk.tell(_WHOLE)
            case _ if text:
                buffer.note(Look.QUIET, text, desk.wall())

    def refused(self, reason: str, request: asks.Act) -> None:
        """It did not. `reason` is clean."""
        desk = self._desk
        desk.acting -= 1
        desk.alert(reason, desk.buffers.get(request.room))

    def _ask_password(self, hint: str) -> bool:
        buffer = self._desk.current

        def change(password: str) -> None:
            self.act(Order(Act.PASSWORD, text=password), buffer)

        return self._may(buffer) and self._passwords.change(buffer, change, hint)

    def _may(self, buffer: RoomBuffer) -> bool:
        """Before a password is asked for, typed twice, and refused."""
        desk = self._desk
        standing = desk.uplink.guest.standing(buffer.room)
        reason = objection(Act.PASSWORD, standing.role) if standing is not None else None
        if buffer.direct:
            reason = "a direct room has no moderators, and no password"
        elif buffer.room not in desk.uplink.guest.rooms:
            reason = f"you are not in {buffer.room}; /join it first"
        if reason is not None:
            desk.refuse(reason)
        return reason is None

    def _link(self, room: str, invite: str) -> Link:
        """To there, by the way that we came."""
        uplink = self._desk.uplink
        return Link(uplink.link.host, uplink.link.port, room, uplink.pin, invite)
