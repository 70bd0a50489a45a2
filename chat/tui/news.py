"""What the guest tells, brought to where it is shown."""

from chat.core import asks, events
from chat.core.history import Older
from chat.core.inbox import Broken, Expired
from chat.core.names import same_name
from chat.core.text import clean
from chat.core.types import Entry

from .actions import Actions
from .answers import rooms_answer
from .desk import Desk
from .effects import Bell
from .health import LONG, silence
from .lines import Line, Look
from .roombuffer import RoomBuffer

HELP = "/help says what there is"


class News:
    """Takes a guest's events, in order."""

    def __init__(self, desk: Desk, actions: Actions) -> None:
        self._desk = desk
        self._actions = actions
        self._instance = b""
        self._caught_up: set[str] = set()
        """Rooms whose past has been told: what comes is new."""
        self._complained = False
        self._helped = False
        """Where help is to be had was said: once is enough."""
        self._greeting: events.Connected | None = None
        """To be told below what the room begins with, not above it."""

    def take(self, event: object) -> None:
        desk = self._desk
        match event:
            case Entry():
                self._entry(event)
            case Older() | Broken() | Expired() | events.Presence() | events.Receipts():
                self._of_room(event)
            case events.Logged(room, ticket, n):
                desk.unacknowledged.pop(ticket, None)
                if (buffer := desk.buffers.get(room)) is not None:
                    buffer.outgoing.logged(ticket, n)
            case events.Failed(room, ticket, reason):
                desk.unacknowledged.pop(ticket, None)
                if (buffer := desk.buffers.get(room)) is not None:
                    buffer.outgoing.failed(ticket, clean(reason))
            case events.Connected():
                self._connected(event)
            case events.Disconnected(reason):
                desk.health.lost(reason, desk.now())
            case events.Unreachable(reason=reason):
                self._unreachable(reason)
            case events.Rejected(reason, True):
                desk.health.refused(reason, desk.now())
                desk.alert(clean(reason))
                for buffer in desk.buffers:
                    for ticket in desk.unacknowledged:
                        buffer.outgoing.failed(ticket, "nothing more is tried")
            case events.Rejected(reason):
                self._unreachable(f"refused: {reason}")
            case events.Entered(room, _, peer, again):
                buffer = desk.buffers.open(room, peer)
                if again:
                    buffer.attendance.entered_again(desk.now())
            case events.CaughtUp(room):
                self._caught_up.add(room)
                if room == desk.uplink.link.room:
                    self._greet(desk.buffers.get(room))
            case events.Typing(room, names):
                desk.typing[room] = tuple(map(clean, names))
            case events.DirectRoom(room, peer):
                self._actions.deliver(room, peer)
            case events.Exited(room):
                desk.buffers.close(room)
            case events.Renamed(name, asked):
                self._renamed(name, asked)
            case events.Listing(rooms):
                desk.rooms = tuple(clean(row.name) for row in rooms)
                waiting, desk.rooms_for = desk.rooms_for, None
                if waiting is not None:
                    waiting.output(rooms_answer(rooms), desk.wall())
            case events.Refusal(reason, request, why):
                self._refused(clean(reason), request, why)
            case events.Removed(room, reason):
                self._removed(room, clean(reason))
            case events.Done():
                self._actions.moderating.done(event)
            case events.Notice(text):
                desk.notice(clean(text))

    def tick(self) -> None:
        """About once a second."""
        desk = self._desk
        guest = desk.uplink.guest
        desk.loss.look(guest.rooms.values(), desk.now())
        desk.health.sample(guest.rtt, desk.loss.latest, *silence(guest, desk.now()))
        self._actions.list_members()
        desk.count_down()
        for buffer in desk.buffers:
            buffer.tick(desk.now(), desk.wall())
            buffer.outgoing.look(desk.uplink.guest.rooms.get(buffer.room), desk.now())

    def _entry(self, entry: Entry) -> None:
        buffer = self._desk.buffers.get(entry.room)
        if buffer is not None:
            own = entry.instance == self._desk.uplink.guest.instance
            line = buffer.entry(entry, own=own, seen=buffer is self._desk.current)
            if line is not None and entry.room in self._caught_up:
                self._ring(buffer, line)

    def _ring(self, buffer: RoomBuffer, line: Line) -> None:
        """For what is new, unless it is being looked at."""
        desk = self._desk
        seen = buffer is desk.current and desk.focused
        wanted = desk.settings.bell
        quiet = line.own or line.look is Look.MODERATION or desk.buffers.reader.ignores(line.name)
        if quiet or seen or wanted == "off":
            return
        if wanted == "all" or line.mention or buffer.direct:
            desk.effects.append(Bell())

    def _of_room(self, event: Older | Broken | Expired | events.Presence | events.Receipts) -> None:
        desk = self._desk
        buffer = desk.buffers.get(event.room)
        membership = desk.uplink.guest.rooms.get(event.room)
        if buffer is None or membership is None:
            return
        match event:
            case Older():
                buffer.older(event)
            case Broken():
                buffer.broken(event, desk.wall())
            case Expired():
                buffer.expired(event, desk.wall())
            case events.Presence():
                names = buffer.members.names(membership.roster.members)
                buffer.presence(event, names, desk.uplink.guest.name, desk.wall())
                desk.buffers.open(event.room, membership.peer)
            case events.Receipts():
                buffer.outgoing.look(membership, desk.now())

    def _connected(self, event: events.Connected) -> None:
        desk = self._desk
        reason = desk.health.reason
        gap = desk.health.connected(event, desk.now())
        desk.know_ourselves()
        instance = desk.uplink.guest.instance
        if self._instance and self._instance != instance:
            for buffer in desk.buffers:
                buffer.outgoing.disowned()
        self._instance = instance
        if event.again and gap > LONG:
            why = f" ({reason})" if reason else ""
            for buffer in desk.buffers:
                buffer.note(Look.QUIET, f"connected again after {gap:.0f} s{why}", desk.wall())
        if not event.again or self._greeting is not None:
            self._greeting = event
        elif event.name != event.asked:
            self._taken(event.name, event.asked)
        self._complained = False

    def _greet(self, buffer: RoomBuffer | None) -> None:
        event, self._greeting = self._greeting, None
        if event is None:
            return
        if event.name != event.asked:
            self._taken(event.name, event.asked, buffer)
        self._desk.notice(f"connected as {clean(event.name)}, {clean(event.endpoint)}", buffer)
        self._help(buffer)

    def _unreachable(self, reason: str) -> None:
        """The status bar says so all the time; a word stays, if it never worked."""
        desk = self._desk
        desk.health.unreachable(reason, desk.now())
        if not self._instance and not self._complained:
            self._complained = True
            desk.alert(f"{desk.health.reason}; trying again. What you say is kept until then")
            self._help()

    def _help(self, buffer: RoomBuffer | None = None) -> None:
        if not self._helped:
            self._helped = True
            self._desk.notice(HELP, buffer)

    def _renamed(self, name: str, asked: str) -> None:
        self._desk.know_ourselves()
        if name != asked:
            self._taken(name, asked)
        else:
            for buffer in self._desk.buffers:
                self._desk.notice(f"you are {clean(name)} now", buffer)

    def _taken(self, name: str, asked: str, buffer: RoomBuffer | None = None) -> None:
        text = f"{clean(asked)} is taken: you are {clean(name)}; /nick NAME changes it"
        self._desk.alert(text, buffer)

    def _removed(self, room: str, reason: str) -> None:
        """The guest has dropped it; what was said there is to be read as long as we like."""
        desk = self._desk
        buffer = desk.buffers.get(room)
        if buffer is None:
            return
        desk.typing.pop(room, None)
        self._caught_up.discard(room)
        if buffer is desk.current:
            desk.hush()
        buffer.put_out(reason, desk.wall())
        timeline = desk.current.timeline
        # Who is put out of all rooms at once is told the same for each.
        if timeline[len(timeline) - 1].text != reason:
            desk.alert(reason)

    def _refused(self, reason: str, request: asks.Request, why: int) -> None:
        """Of a room, the guest has dropped it; of a person, what was to be said is given back."""
        desk = self._desk
        match request:
            case asks.Join(room=room) if (buffer := desk.buffers.get(room)) is not None:
                self._actions.passwords.refused(buffer, request, reason, why)
            case asks.Act():
                self._actions.moderating.refused(reason, request)
            case asks.Direct(name=name) if texts := desk.letters.pop(same_name(name), []):
                desk.alert(f"{reason}. Not said: {' / '.join(clean(text) for text in texts)}")
            case _:
                desk.alert(reason)
