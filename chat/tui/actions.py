"""What the user's lines do."""

from collections.abc import Callable, Iterable
from functools import partial
from math import ceil

from chat.core.commands import Call, Mistake, Speech, parse
from chat.core.membership import objection
from chat.core.memberships import NotSaidError
from chat.core.names import BadNameError, check_name, check_room, same_name
from chat.core.text import clean, pieces
from chat.core.types import Kind
from chat.net.impair import CLEAR, Impairment, ImpairmentError

from . import standing
from .amending import Amending
from .answers import help_answer, net_answer, who_answer
from .desk import Desk
from .health import Phase
from .keys import Binding
from .lines import Line
from .moderating import Moderating
from .passwords import Passwords
from .preferences import Preferences
from .prompts import SecretPrompt
from .roombuffer import RoomBuffer

OLDER = 200
"""Entries that are asked for at once, for who scrolls up."""

PATIENCE = 10.0
"""Seconds after which what is known of a large room's members is shown, complete or not."""

HURRY = 2.0
"""Seconds between two looks for a server that is away, on behalf of who says something."""


class Actions:
    """Each returns whether the line is done with; if it is not, it stays where it was typed."""

    def __init__(
        self,
        desk: Desk,
        *,
        quit: Callable[[], None],
        keys: Callable[[], Iterable[Binding]],
        correct: Callable[[Line], None],
        search: Callable[[str], None],
        ask: Callable[[SecretPrompt, bool], bool],
    ) -> None:
        """`keys()`: those that were bound besides; `correct`, `search` and `ask` take
        the input line for a while; see `Passwords` for what `ask` is given."""
        self._desk = desk
        self._quit = quit
        self._keys = keys
        self.passwords = Passwords(desk, ask)
        self.moderating = Moderating(desk, self.passwords, self._asked)
        self.amending = Amending(desk, self.say, correct, self.moderating.delete)
        self._preferences = Preferences(desk)
        self._search = search
        self._impairment = desk.uplink.network.spec
        self._hurried_at = desk.now()

    def line(self, text: str) -> bool:
        """A line, or several, that the user sends."""
        desk = self._desk
        text = text.strip("\n")
        if not text.strip():
            return True
        if text.startswith("/") and not text.startswith("//") and "\n" in text:
            desk.refuse("several lines are no command; to say them as they are, begin with //")
            return False
        match parse(text):
            case Speech(text=speech):
                return self.say(desk.current, speech)
            case Mistake(reason):
                desk.refuse(clean(reason))
                return False
            case Call() as call:
                return self._call(call, *call.args)

    def set(self, name: str, value: str) -> bool:
        """A setting."""
        return self._preferences.set(name, value)

    def say(
        self, buffer: RoomBuffer, text: str, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> bool:
        """Shows it at once, and has it sent when it can be. `refers`: the seq of what it amends."""
        desk = self._desk
        guest = desk.uplink.guest
        if desk.health.phase is Phase.REFUSED:
            return self._refuse(f"not sent, nothing more is tried: {desk.health.reason}")
        if kind != Kind.DELETE and not self._due(buffer):
            return False
        try:
            tickets = guest.say(buffer.room, text, desk.now(), kind=kind, refers=refers)
        except NotSaidError as error:
            self._unsaid(buffer, str(error))
            return False
        desk.unacknowledged.update(dict.fromkeys(tickets, (tickets[0], text)))
        self._hurry()
        verified = guest.rooms[buffer.room].verified
        buffer.said(
            tickets,
            pieces(text),
            kind,
            guest.name,
            desk.wall(),
            verified=verified,
            refers=refers,
        )
        desk.uplink.wake()
        return True

    def _due(self, buffer: RoomBuffer) -> bool:
        """Whether a message may be said now, or waits by itself until it may."""
        desk = self._desk
        until = standing.ready(desk.uplink.guest.standing(buffer.room), desk.now())
        if until is None:
            return True
        if desk.holds_back:
            desk.wait(partial(self._held, buffer.room))
        else:
            desk.tell(f"slow mode: this is said in {ceil(until - desk.now()):,} s")
        return not desk.holds_back

    def _unsaid(self, buffer: RoomBuffer, reason: str) -> None:
        """It stays where it was typed; who is muted sees for how long."""
        desk = self._desk
        found = desk.uplink.guest.standing(buffer.room)
        if desk.holds_back and standing.muted(found, desk.now()):
            desk.wait(partial(self._held, buffer.room))
        else:
            desk.refuse(reason)

    def _held(self, room: str) -> str:
        """Why nothing may be said there at this moment, if so."""
        return standing.held(self._desk.uplink.guest.standing(room), self._desk.now())

    def deliver(self, room: str, peer: str) -> None:
        """The room of two that was asked for is there: what waited for it is said."""
        desk = self._desk
        texts = desk.letters.pop(same_name(peer), [])
        buffer = desk.buffers.open(room, peer)
        for text in texts:
            if not self.say(buffer, text):
                desk.alert(f"not said to {buffer.peer}: {clean(text)}")
        if texts:
            desk.buffers.show(buffer)

    def want_older(self) -> None:
        """Asks for what is before the oldest line, if that is near the view."""
        desk = self._desk
        buffer = desk.current
        membership = desk.uplink.guest.rooms.get(buffer.room)
        if not buffer.wants_older or membership is None or not membership.joined:
            return
        if not membership.history.asking:
            desk.uplink.guest.older(buffer.room, OLDER, desk.now())
            desk.uplink.wake()

    def want_rooms(self) -> None:
        """The rooms' names are good to know, once."""
        if not self._desk.listed:
            self._desk.listed = True
            self._desk.uplink.guest.list_rooms(self._desk.now())
            self._desk.uplink.wake()

    def list_members(self) -> None:
        """For /who, as soon as all of a room's members are known."""
        desk = self._desk
        for shown, (buffer, until) in list(desk.members_for.items()):
            membership = desk.uplink.guest.rooms.get(buffer.room)
            if membership is None:
                del desk.members_for[shown]
            elif membership.roster.complete or desk.now() >= until:
                del desk.members_for[shown]
                roster = membership.roster
                wall = desk.wall()
                role = standing.role(desk.uplink.guest.standing(buffer.room))
                lines = who_answer(buffer.label, roster.members.values(), roster.count, wall, role)
                shown.output(lines, wall)

    def _call(self, call: Call, first: str = "", second: str = "") -> bool:
        desk = self._desk
        match call.name:
            case "help":
                desk.current.output(help_answer(first, self._keys()), desk.wall())
            case "nick":
                return self._nick(first)
            case "join":
                return self._join(first)
            case "leave":
                return self._leave(first)
            case "rooms":
                desk.rooms_for, desk.listed = desk.current, True
                desk.uplink.guest.list_rooms(desk.now())
                self._asked()
            case "who":
                return self._who(first)
            case "msg":
                return self._message(first, second)
            case "me":
                return self.say(desk.current, first, Kind.ACTION)
            case "topic":
                return self._topic(first)
            case "net":
                return self._net(first)
            case "edit":
                return self.amending.edit(first)
            case "delete":
                return self.amending.delete(first)
            case "react":
                return self.amending.react(first)
            case "resend":
                return self.amending.resend()
            case "copy":
                return self.amending.copy(first)
            case "search":
                self._search(first)
            case "set":
                return self.set(first, second)
            case "ignore":
                return self._preferences.ignore(first)
            case "quit":
                self._quit()
            case _:
                return self.moderating.call(call)
        return True

    def _nick(self, wanted: str) -> bool:
        try:
            name = check_name(wanted)
        except BadNameError as error:
            return self._refuse(str(error))
        self._desk.uplink.guest.nick(name, self._desk.now())
        self._asked()
        return True

    def _join(self, wanted: str) -> bool:
        desk = self._desk
        try:
            room = check_room(wanted)
        except BadNameError as error:
            return self._refuse(str(error))
        known = desk.buffers.get(room) is not None and room in desk.uplink.guest.rooms
        desk.uplink.guest.join(room, desk.now())
        buffer = desk.buffers.open(room)
        desk.buffers.show(buffer)
        if not known:
            self._asked()
        return True

    def _leave(self, wanted: str) -> bool:
        desk = self._desk
        buffer = self._find(wanted) if wanted else desk.current
        if buffer is None:
            return self._refuse(f"you are not in {wanted}")
        if len(desk.buffers) == 1:
            return self._refuse("this is your only room: /join another one first, or /quit")
        desk.uplink.guest.leave(buffer.room, desk.now())
        desk.uplink.wake()
        desk.buffers.close(buffer.room)
        return True

    def _who(self, wanted: str) -> bool:
        desk = self._desk
        buffer = self._find(wanted) if wanted else desk.current
        membership = desk.uplink.guest.rooms.get(buffer.room) if buffer is not None else None
        if buffer is None or membership is None:
            return self._refuse(f"you are not in {wanted or desk.current.label}; /join it first")
        desk.uplink.guest.who(buffer.room, desk.now())
        desk.members_for[desk.current] = (buffer, desk.now() + PATIENCE)
        desk.uplink.wake()
        self.list_members()
        return True

    def _message(self, wanted: str, text: str) -> bool:
        desk = self._desk
        try:
            name = check_name(wanted.removeprefix("@"))
        except BadNameError as error:
            return self._refuse(str(error))
        if same_name(name) == same_name(desk.uplink.guest.name):
            return self._refuse("that is you")
        if (reason := objection(text)) is not None:
            return self._refuse(reason)
        desk.letters.setdefault(same_name(name), []).append(text)
        desk.uplink.guest.direct(name, desk.now())
        self._asked()
        return True

    def _topic(self, text: str) -> bool:
        desk = self._desk
        membership = desk.uplink.guest.rooms.get(desk.current.room)
        if text:
            return self.say(desk.current, text, Kind.TOPIC)
        topic = clean(membership.topic) if membership is not None else ""
        how = "" if desk.current.direct else "; /topic TEXT sets one"
        known = f"the topic: {topic}" if topic else f"there is no topic{how}"
        desk.current.output([known], desk.wall())
        return True

    def _net(self, wanted: str) -> bool:
        desk = self._desk
        network = desk.uplink.network
        if wanted:
            try:
                spec = self._impairment if wanted == "on" else Impairment.parse(wanted)
            except ImpairmentError as error:
                return self._refuse(str(error))
            if wanted == "on" and spec == CLEAR:
                return self._refuse("nothing to go back to; try /net loss=20% delay=80ms±40")
            if spec != CLEAR:
                self._impairment = spec
            network.change(spec)
            desk.impaired_at = desk.now()
            lines = [f"impairment of both directions from now on: {spec}"]
        else:
            lines = net_answer(desk.uplink, desk.health, desk.loss, desk.now(), desk.wall())
        desk.current.output(lines, desk.wall())
        return True

    def _find(self, wanted: str) -> RoomBuffer | None:
        buffers = self._desk.buffers
        return buffers.named(wanted) or buffers.named(wanted.removeprefix("#").casefold())

    def _asked(self) -> None:
        """The server is to answer; it is asked until it does."""
        self._hurry()
        self._desk.uplink.wake()
        if not self._desk.uplink.guest.connected:
            self._desk.tell("that will be done when there is a connection")

    def _hurry(self) -> None:
        """Somebody waits for the server: it may be back since it was last looked for."""
        desk = self._desk
        if not desk.uplink.guest.connected and desk.now() - self._hurried_at > HURRY:
            self._hurried_at = desk.now()
            desk.uplink.guest.connect(desk.now())

    def _refuse(self, reason: str) -> bool:
        self._desk.refuse(reason)
        return False
