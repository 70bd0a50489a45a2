"""The plain-text protocol on the server: `nc -u HOST PORT` is a client.

An endpoint is `guest-PORT` in the lobby, and its first line is a message already. From elsewhere
than this machine that line waits until the endpoint has echoed a short code, which proves that it
hears us: until then it gets less than three bytes for each of its own.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum
from itertools import islice

from . import commands, limits, protect, wire
from .asks import Why
from .endpoint import TextEndpoint
from .house import House
from .names import LOBBY, BadNameError, check_room
from .path import allowance
from .refusal import RefusedError
from .room import RoomTimers
from .staging import Verdict
from .stateless import Stateless
from .text import VERIFIED, clean, excess, pieces
from .turn import Turn
from .types import Close, Kind, Path, Send


class Policy(Enum):
    """Whose plain text is taken."""

    LOOPBACK = "loopback"
    ANY = "any"
    OFF = "off"


class _Waiting:
    """A first line from an endpoint that has yet to echo its code."""

    __slots__ = ("line", "tries", "until")

    def __init__(self, line: str, until: float) -> None:
        self.line = line
        self.tries = limits.TEXT_TRIES
        self.until = until


class Plain:
    """Owns the plain-text endpoints and those that wait to become one."""

    def __init__(
        self,
        house: House,
        turn: Turn,
        timers: RoomTimers,
        *,
        policy: Policy,
        random: Callable[[int], bytes],
        stateless: Stateless,
        dropped: Counter[str],
    ) -> None:
        self.endpoints: dict[Path, TextEndpoint] = {}
        self._house = house
        self._turn = turn
        self._timers = timers
        self._policy = policy
        self._random = random
        self._stateless = stateless
        self._dropped = dropped
        self._code_key = random(32)
        self._waiting: dict[Path, _Waiting] = {}
        self._busy: dict[TextEndpoint, None] = {}
        """Those that have something to say as soon as the log allows it."""

    def receive(self, datagram: bytes, path: Path, now: float, wall: int) -> None:
        endpoint = self.endpoints.get(path)
        if endpoint is None:
            first = self._stranger(datagram, path, now)
            if first is None:
                self.unheard(path)
                return
            try:
                endpoint, datagram = self._enter(path, now, wall), first
            except RefusedError as error:
                self._refuse(path, str(error))
                return
        endpoint.seen = now
        endpoint.warned = False
        self._take(endpoint, _lines(datagram), now)
        self.confirmed(now, wall)

    def unheard(self, path: Path) -> None:
        """What came from there was not taken: who is nobody's guest keeps no connection either."""
        if path.secured and path not in self.endpoints:
            self._turn.emit(Close(path))

    def confirmed(self, now: float, wall: int) -> None:
        """The log said something, or may have: who waited for that goes on."""
        for endpoint in list(self._busy):
            self._go_on(endpoint, now, wall)
            if not endpoint.waits:
                self._busy.pop(endpoint, None)

    def shutdown(self) -> None:
        for endpoint in self.endpoints.values():
            endpoint.notice("the server is going down")

    def idle(self, endpoint: TextEndpoint, now: float) -> None:
        """Plain text cannot say goodbye: who is silent is warned once, then gone."""
        until = endpoint.seen + limits.TEXT_IDLE
        if endpoint.expelled:
            self.end(endpoint, now)
        elif now < until:
            self._timers.set((endpoint, "idle"), until)
        elif not endpoint.warned:
            endpoint.warned = True
            minutes = round(limits.TEXT_IDLE / 60)
            endpoint.notice(f"silent for {minutes} minutes: say something, or you will be dropped")
            self._timers.set((endpoint, "idle"), now + limits.TEXT_GRACE)
        else:
            self.end(endpoint, now)

    def refuses(self, path: Path, now: float) -> None:
        """The endpoint's own machine says that nobody listens there. Such a message can be forged
        by who is elsewhere, so it counts on this machine only."""
        endpoint = self.endpoints.get(path)
        if endpoint is not None and path.loopback:
            self.end(endpoint, now)

    def closed(self, path: Path, now: float) -> None:
        """The connection that the text came through is gone."""
        endpoint = self.endpoints.get(path)
        if endpoint is not None:
            self.end(endpoint, now)

    def end(self, endpoint: TextEndpoint, now: float) -> None:
        if self.endpoints.pop(endpoint.path, None) is not None:
            endpoint.flush()
            if endpoint.path.secured:
                self._turn.emit(Close(endpoint.path))
            self._busy.pop(endpoint, None)
            endpoint.forget()
            self._timers.cancel((endpoint, "idle"))
            self._house.exit(endpoint, now)

    # Strangers

    def _stranger(self, datagram: bytes, path: Path, now: float) -> bytes | None:
        """What somebody new has said, if it may come in."""
        proven = path.loopback or path.secured
        if self._policy is Policy.OFF or (self._policy is Policy.LOOPBACK and not proven):
            self._dropped["plain text not taken"] += 1
            return None
        if len(self.endpoints) >= limits.TEXT_ENDPOINTS or not self._house.registry.ready:
            self._dropped["plain text: full"] += 1
            return None
        if proven:
            return datagram
        waiting = self._prove(datagram, path, now) if self._stateless.may(path, now) else None
        return waiting.line.encode() if waiting is not None else None

    def _refuse(self, path: Path, reason: str) -> None:
        """To somebody who has proven to hear us."""
        self._dropped["plain text: refused"] += 1
        self._turn.emit(Send(path, f"-- {reason}\n".encode()))
        if path.secured:
            self._turn.emit(Close(path))

    def _enter(self, path: Path, now: float, wall: int) -> TextEndpoint:
        label = self._house.labels.pack(path)
        endpoint = TextEndpoint(self._random(8), path, label, self._turn, now)
        self._house.enter(endpoint, f"guest-{path.port}", b"", now, wall)
        self.endpoints[path] = endpoint
        self._timers.set((endpoint, "idle"), now + limits.TEXT_IDLE)
        try:
            endpoint.entering = self._house.join(endpoint, 0, LOBBY, (), now, wall)
        except RefusedError as error:
            endpoint.notice(_refusal(error))
        return endpoint

    def _prove(self, datagram: bytes, path: Path, now: float) -> _Waiting | None:
        """The waiting line of an endpoint that has just echoed its code."""
        bucket = int(now // 60)
        for known in [each for each, it in self._waiting.items() if it.until <= now]:
            del self._waiting[known]
        waiting = self._waiting.get(path)
        if waiting is None:
            if len(self._waiting) >= limits.TEXT_WAITING:
                self._dropped["plain text: full"] += 1
                return None
            line = datagram[: limits.PASTE_BYTES].decode(errors="ignore")
            self._waiting[path] = _Waiting(line, now + limits.TEXT_WAIT)
        else:
            said = datagram.decode(errors="ignore").strip().lower()
            codes = (protect.text_code(self._code_key, each, path) for each in (bucket, bucket - 1))
            if any(protect.same(said, code) for code in codes):
                return self._waiting.pop(path)
            waiting.tries -= 1
            if not waiting.tries:
                del self._waiting[path]
        code = protect.text_code(self._code_key, bucket, path)
        answer = f"-- to be heard, type this code: {code}\n".encode()
        if len(answer) <= allowance(path, len(datagram)):
            self._turn.emit(Send(path, answer))
        return None

    # Lines

    def _take(self, endpoint: TextEndpoint, lines: list[str], now: float) -> None:
        """What is not taken is not looked at either: many lines fit in a datagram of 64 KiB."""
        refused = 0
        for index, raw in enumerate(lines):
            if not endpoint.bucket.has(now):
                refused += len(lines) - index
                break
            reason = excess(raw)
            line = clean(raw) if reason is None else ""
            cost = limits.TEXT_COMMAND if line.startswith("/") else 1.0
            if len(endpoint.lines) >= limits.HELD_LINES or not endpoint.bucket.take(now, cost):
                refused += 1
            elif reason is None:
                endpoint.lines.append(line)
            else:
                endpoint.notice(f"not said: {reason}")
        if refused:
            endpoint.drops += refused
            self._dropped["plain text too fast"] += refused
            endpoint.notice(f"too fast: {refused} of these lines were not taken")
        self._busy[endpoint] = None

    def _go_on(self, endpoint: TextEndpoint, now: float, wall: int) -> None:
        """Line by line: each after what the one before it said is on its way, and after the room
        that it asked for is entered."""
        if endpoint.former is not None:
            former, endpoint.former = endpoint.former, None
            self._house.leave(endpoint, former.name, now)
        while not endpoint.entering:
            self._say_held(endpoint, wall)
            if endpoint.held or not endpoint.lines:
                return
            self._line(endpoint, endpoint.lines.popleft(), now, wall)

    def _line(self, endpoint: TextEndpoint, line: str, now: float, wall: int) -> None:
        match commands.parse(line, plain=True):
            case commands.Speech(text):
                self._say(endpoint, Kind.MESSAGE, text)
            case commands.Mistake(reason):
                endpoint.notice(reason)
            case commands.Call(name, args):
                try:
                    self._call(endpoint, name, args, now, wall)
                except RefusedError as error:
                    endpoint.notice(_refusal(error))
                except BadNameError as error:
                    endpoint.notice(str(error))

    def _call(
        self, endpoint: TextEndpoint, name: str, args: tuple[str, ...], now: float, wall: int
    ) -> None:
        house = self._house
        match name, args:
            case "help", _:
                for line in commands.help_lines(*args, plain=True):
                    endpoint.notice(line)
            case "nick", (wanted,):
                house.rename(endpoint, wanted, b"", now, wall)
                endpoint.notice(f"you are {endpoint.name} now")
            case "join", (room,):
                self._join(endpoint, check_room(room), wall)
            case "leave", _:
                self._leave(endpoint, check_room(args[0]) if args else "", now)
            case "rooms", _:
                self._list_rooms(endpoint)
            case "who", _:
                self._who(endpoint, args[0] if args else "")
            case "msg", (peer, text):
                self._direct(endpoint, peer, text, wall)
            case "me", (text,):
                self._say(endpoint, Kind.ACTION, text)
            case "topic", (text,):
                self._say(endpoint, Kind.TOPIC, text)
            case "topic", _:
                room = endpoint.room.name if endpoint.room else ""
                topic = clean(house.registry.topic(room))
                endpoint.notice(f"topic of {room}: {topic}" if topic else "there is no topic")
            case _:
                endpoint.notice("goodbye")
                self.end(endpoint, now)

    def _join(self, endpoint: TextEndpoint, room: str, wall: int) -> None:
        """It leaves the room that it is in when it is in the other one."""
        if endpoint.room is not None and endpoint.room.name == room:
            raise RefusedError(f"you are in {room}")
        endpoint.entering = self._house.join(endpoint, 0, room, (), endpoint.seen, wall)

    def _leave(self, endpoint: TextEndpoint, room: str, now: float) -> None:
        here = endpoint.room
        if here is None or room not in ("", here.name):
            raise RefusedError(f"you are not in {room}" if room else "you are in no room")
        endpoint.room = None
        self._house.leave(endpoint, here.name, now)
        endpoint.notice(f"you left {here.name}; /join another room, or /quit")

    def _list_rooms(self, endpoint: TextEndpoint) -> None:
        """A page; the next one when it asks again."""
        rows = list(islice(self._house.list_rooms(endpoint.listed), limits.TEXT_ROWS + 1))
        for row in rows[: limits.TEXT_ROWS]:
            endpoint.notice(f"{row.name}  {row.members} here  {clean(row.topic)}".rstrip())
        more = len(rows) > limits.TEXT_ROWS
        endpoint.listed = rows[limits.TEXT_ROWS - 1].name if more else ""
        if more:
            endpoint.notice("there are more: /rooms goes on")

    def _who(self, endpoint: TextEndpoint, name: str) -> None:
        room = self._house.rooms.get(check_room(name)) if name else endpoint.room
        if room is None or room.parties is not None:
            raise RefusedError(f"nobody is in {name}" if name else "you are in no room")
        if endpoint not in room:
            self._house.government.entrance.check_looks(endpoint, room.name, endpoint.seen)
        endpoint.notice(f"{len(room)} in {room.name}")
        for member in islice(room.members, limits.TEXT_ROWS):
            mark = VERIFIED if member.verified else ""
            endpoint.notice(f"{member.name}{mark}  {member.shown_endpoint}")
        if len(room) > limits.TEXT_ROWS:
            endpoint.notice(f"and {len(room) - limits.TEXT_ROWS} more")

    def _direct(self, endpoint: TextEndpoint, peer: str, text: str, wall: int) -> None:
        if (reason := excess(text)) is not None:
            raise RefusedError(f"not said: {reason}")
        name, _ = self._house.directs.find(endpoint, peer)
        room = self._house.rooms.get(name)
        if room is not None and endpoint in room:
            endpoint.held.append((room, Kind.MESSAGE, text))
            return
        self._join_direct(endpoint, name, wall)
        if len(endpoint.joining[name]) >= limits.HELD_LINES:
            raise RefusedError("not said: the server is busy; say it again")
        endpoint.joining[name].append(text)
        other = self._house.people.named(peer)
        if isinstance(other, TextEndpoint):
            self._join_direct(other, name, wall)

    def _join_direct(self, endpoint: TextEndpoint, name: str, wall: int) -> None:
        """In plain text nobody is asked; the oldest such room makes place for a new one."""
        direct = [room.name for room in endpoint.rooms.values() if room.parties]
        if len(direct) + len(endpoint.joining) >= limits.ROOMS_PER_MEMBER and direct:
            self._house.leave(endpoint, direct[0], endpoint.seen)
        self._house.join(endpoint, 0, name, (), endpoint.seen, wall)
        endpoint.joining.setdefault(name, [])
        self._busy[endpoint] = None

    def _say(self, endpoint: TextEndpoint, kind: Kind, text: str) -> None:
        if (reason := excess(text, kind)) is not None:
            endpoint.notice(f"not said: {reason}")
        elif endpoint.room is None:
            endpoint.notice("you are in no room; /join one first")
        elif reason := self._house.government.speech.objection(
            endpoint, endpoint.room, endpoint.seen
        ):
            endpoint.notice(f"not said: {reason}")
        else:
            endpoint.held.append((endpoint.room, kind, text))

    def _say_held(self, endpoint: TextEndpoint, wall: int) -> None:
        """As much of what it said as fits its window."""
        while endpoint.held:
            room, kind, text = endpoint.held[0]
            if endpoint not in room:
                endpoint.held.popleft()
                continue
            parts = pieces(text)
            if room.waiting(endpoint) + len(parts) > limits.WINDOW:
                return
            endpoint.held.popleft()
            for index, part in enumerate(parts):
                draft = wire.Draft(
                    room.tag, room.next_n(endpoint), kind, index < len(parts) - 1, 0, part.encode()
                )
                if self._house.say(endpoint, room, draft, endpoint.seen, wall) is not Verdict.TAKEN:
                    endpoint.notice("not said: the server is busy; say it again")
                    return


def _refusal(error: RefusedError) -> str:
    if error.why is Why.PASSWORD:
        return f"{error}, and plain text can give none: come with chat join"
    return str(error)


def _lines(datagram: bytes) -> list[str]:
    """The lines of a datagram, as they came."""
    text = datagram.decode(errors="replace").replace("\r\n", "\n")
    return [line for line in text.split("\n") if line.strip()]
