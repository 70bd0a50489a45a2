"""The sealed protocol on the server: openings, sessions, and what their frames ask for."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from . import asks, limits, protect, wire
from .clientframes import client_frames
from .drafts import Drafts
from .fetches import Fetches
from .guard import Deed
from .house import House
from .layout import MalformedError
from .names import LOBBY, BadNameError, room_name
from .opening import Admission, Again, Doorman
from .pages import room_page
from .path import Validation
from .refusal import RefusedError
from .room import RoomTimers
from .session import Moderator, Session
from .signatures import Signer, name_claim, verified
from .stateless import Stateless
from .tickets import Tickets
from .turn import Turn
from .types import Close, Path, Send

_MALFORMED = "malformed frames"


class Sealed:
    """Owns the sessions: each by its id and by its path, one to one."""

    def __init__(
        self,
        house: House,
        turn: Turn,
        timers: RoomTimers,
        *,
        secret: bytes | None,
        identity: bytes,
        server: bytes,
        signer: Signer | None,
        random: Callable[[int], bytes],
        stateless: Stateless,
        dropped: Counter[str],
    ) -> None:
        self.sessions: dict[bytes, Session] = {}
        self.by_path: dict[Path, Session] = {}
        self._house = house
        self._turn = turn
        self._timers = timers
        self._identity = identity
        self._topic_of = house.registry.topic
        self._server = server
        self._push_key = signer.public if signer is not None else b""
        self._tickets = Tickets(identity, random) if secret is None else None
        self._random = random
        self.fetches = Fetches(house, turn, timers, dropped)
        self._drafts = Drafts(house, dropped)
        self._doorman = Doorman(secret, self._tickets, random)
        self._dropped = dropped
        self._stateless = stateless

    # Datagrams

    def receive(self, datagram: bytes, path: Path, now: float, wall: int) -> None:
        """Raises MalformedError for what no client of ours sends."""
        match wire.decode_header(datagram):
            case wire.Session() as header:
                self._session(header, datagram, path, now, wall)
            case wire.Open() as header:
                opened = partial(self._doorman.answer, header, path, now, wall)
                self._stateless.answer(opened, datagram, path, now)
            case wire.First() as header:
                self._first(header, datagram, path, now, wall)
            case _:
                raise MalformedError("not for servers")

    def admitted(self, path: Path, handshake: bytes, secret: bytes, now: float) -> None:
        self._doorman.shaken(path, handshake, secret, now)

    def _session(
        self, header: wire.Session, datagram: bytes, path: Path, now: float, wall: int
    ) -> None:
        if len(header.sealed) < wire.TAG_SIZE + wire.FRAME_HEADER:
            raise MalformedError("session datagram without a frame")
        session = self.sessions.get(header.sid)
        if session is None:
            self._dropped["unknown session id"] += 1
            reset = partial(self._reset, header.sid)
            self._stateless.answer(reset, datagram, path, now)
            return
        guard, elsewhere = self._house.guard, path != session.path
        if elsewhere and not guard.trusts(path, now):
            self._dropped["strays"] += 1
            return
        plaintext = session.channel.open(header, datagram)
        if plaintext is None:
            self._dropped["not opened"] += 1
            if elsewhere:
                guard.stray(path, now)
            else:
                session.drops += 1
            return
        if not session.may(now, limits.WORK_DATAGRAM):
            self._dropped["too much"] += 1
            return
        session.seen, session.reading = now, header.counter
        session.resumption = b""  # It has its ticket, or will with the next session.
        newest = session.channel.window.top == header.counter
        self._frames(session, self._read(session, plaintext), path, now, wall)
        if path != session.path and newest and self.sessions.get(header.sid) is session:
            session.validation = session.validation or Validation()
            token = session.validation.challenge(path, self._random(8))
            challenge = wire.encode_frame(wire.PathChallenge(token))
            self._turn.emit(Send(path, session.channel.seal(challenge)))
        if session.channel.spent:
            self.end(session, now)

    def _first(
        self, header: wire.First, datagram: bytes, path: Path, now: float, wall: int
    ) -> None:
        if len(header.sealed) < wire.TAG_SIZE + wire.FRAME_HEADER:
            raise MalformedError("FIRST without a frame")
        if not self._house.registry.ready:
            return
        match self._doorman.admit(header, datagram, path, now, wall):
            case Admission() as admission:
                if admission.shaken:
                    self._turn.emit(Close(path))
                if self._admit(admission, path, now, wall):
                    return
            case Again(sid) if (known := self.by_path.get(path)) and known.channel.sid == sid:
                if known.may(now, limits.WORK_ASK):
                    self._welcome(known, known.name, now, wall)
                return
        retry = partial(wire.encode_header, wire.Retry(header.random))
        self._stateless.answer(retry, datagram, path, now)

    def _reset(self, sid: bytes) -> bytes:
        return wire.encode_header(wire.Reset(protect.reset_token(self._identity, sid)))

    def _admit(self, admission: Admission, path: Path, now: float, wall: int) -> bool:
        """Whether this FIRST begins a session, or a session's new channel."""
        frames = admission.frames
        if not frames or not isinstance(frames[0], wire.Ask):
            raise MalformedError("FIRST without HELLO")
        hello = asks.decode_request(frames[0].body)
        if not isinstance(hello, asks.Hello):
            raise MalformedError("FIRST without HELLO")
        instance = protect.instance_of(hello.secret)
        session = self._house.members.get(instance)
        if isinstance(session, Session):
            if hello.attempt <= session.attempt:
                return False
            self._rechannel(session, admission, hello.attempt, path, now)
        else:
            begun = self._begin(instance, hello, admission, path, now, wall)
            if begun is None:
                return True
            session = begun
        session.seen = now
        self._welcome(session, hello.name, now, wall)
        session.work.charge(limits.WORK_FRAME * len(frames))
        self._frames(session, frames[1:], path, now, wall)
        return True

    def _begin(
        self,
        instance: bytes,
        hello: asks.Hello,
        admission: Admission,
        path: Path,
        now: float,
        wall: int,
    ) -> Session | None:
        endpoint = self._house.labels.pack(path)
        session = Session(
            instance,
            path,
            endpoint,
            admission,
            hello.attempt,
            self._turn,
            self._topic_of,
            self._identity,
        )
        try:
            if len(self.sessions) >= limits.SESSIONS:
                raise RefusedError("the server is full; try again later")
            self._house.enter(session, hello.name, self._proven(session, hello), now, wall)
        except RefusedError as error:
            session.refused(0, str(error), error.why)
            return None
        self._take_path(session, path, now)
        self.sessions[session.channel.sid] = session
        self._timers.set((session, "idle"), now + limits.SESSION_IDLE)
        return session

    def _welcome(self, session: Session, asked: str, now: float, wall: int) -> None:
        session.reply(
            asks.Welcome(
                name=session.name,
                asked=asked,
                endpoint=str(session.path),
                reset=session.reset_token,
                verified=session.verified,
                ticket=self._ticket(session, wall),
                push_key=self._push_key,
            )
        )
        self._remind(session, now)

    def _ticket(self, session: Session, wall: int) -> bytes:
        if self._tickets is None or not session.resumption:
            return b""
        return self._tickets.issue(session.resumption, wall)

    def _proven(self, session: Session, claim: asks.Hello | asks.Nick) -> bytes:
        """The key that a name is claimed with. Raises RefusedError if it did not sign this.
        Where sessions' keys are published, so would the proof be: nobody has a key."""
        if not claim.key or self._tickets is None:
            return b""
        message = name_claim(session.binding, self._server, claim.name)
        if not verified(claim.key, claim.proof, message):
            raise RefusedError("the key of this name did not sign it; try another name")
        return claim.key

    # Sessions

    def _rechannel(
        self, session: Session, admission: Admission, attempt: int, path: Path, now: float
    ) -> None:
        del self.sessions[session.channel.sid]
        self.fetches.forget(session)
        session.begin(admission, attempt)
        self.sessions[session.channel.sid] = session
        if path != session.path:
            self._move(session, path, now)

    def _move(self, session: Session, path: Path, now: float) -> None:
        before = session.path
        if self.by_path.get(before) is session:
            del self.by_path[before]
        self._take_path(session, path, now)
        session.path = path
        session.endpoint = self._house.labels.pack(path)
        self._house.moved(session, before, now)

    def _take_path(self, session: Session, path: Path, now: float) -> None:
        """Whoever had this endpoint before is gone: it has proven to be somebody else's."""
        other = self.by_path.get(path)
        if other is not None and other is not session:
            self.end(other, now)
        self.by_path[path] = session

    def end(self, session: Session, now: float) -> None:
        session.flush()
        if self.sessions.pop(session.channel.sid, None) is None:
            return
        if self.by_path.get(session.path) is session:
            del self.by_path[session.path]
        self.fetches.forget(session)
        self._timers.cancel((session, "idle"))
        self._house.exit(session, now)

    def idle(self, session: Session, now: float) -> None:
        """The idle timer fired; it is not re-armed with each datagram."""
        until = session.seen + limits.SESSION_IDLE
        if session.expelled or now >= until:
            self.end(session, now)
        else:
            self._timers.set((session, "idle"), until)

    # Frames

    def _read(self, session: Session, plaintext: bytes) -> list[wire.Frame]:
        """Many frames fit in a datagram: what it takes to read them is known afterwards, and owed."""
        try:
            frames = client_frames(plaintext)
        except MalformedError:
            session.work.charge(limits.WORK_ASK)
            raise
        session.work.charge(limits.WORK_FRAME * (len(frames) - 1))
        return frames

    def _frames(
        self, session: Session, frames: list[wire.Frame], path: Path, now: float, wall: int
    ) -> None:
        drafts: list[wire.Draft] = []
        for frame in frames:
            if session.channel.sid not in self.sessions:
                self._dropped["said after goodbye"] += 1
                return
            draft = frame if isinstance(frame, wire.Draft) else None
            if drafts and (draft is None or draft.room != drafts[0].room):
                self._drafts.hear(session, drafts, now, wall)
                drafts = []
            if draft is not None:
                drafts.append(draft)
            else:
                self._frame(session, frame, path, now, wall)
        if drafts:
            self._drafts.hear(session, drafts, now, wall)

    def _frame(
        self, session: Session, frame: wire.Frame, path: Path, now: float, wall: int
    ) -> None:
        match frame:
            case wire.Report():
                session.reported(frame, now)
            case wire.Typing() if not session.may(now, limits.WORK_TYPING):
                self._dropped["too much"] += 1
            case wire.Typing(room=tag, n=n):
                if tag in session.rooms:
                    session.rooms[tag].types(session, n, now)
            case wire.Fetch(room=tag):
                allowed = self._house.guard.allows(Deed.FETCH, session.path, now)
                if tag in session.rooms and allowed and session.may(now, limits.WORK_FETCH):
                    self.fetches.ask(session, session.rooms[tag], frame)
                    session.queue_apart(session.rooms[tag], frame.ranges)
            case wire.Ping() | wire.Ask() if not session.may(now, limits.WORK_ASK):
                self._dropped["too much"] += 1
            case wire.Ping():
                session.queue(wire.Pong(frame.token))
                for room in session.rooms.values():
                    session.queue_digests(room)
                self._remind(session, now)
            case wire.PathResponse():
                asked = session.validation
                if asked and asked.proven(path, frame.token) and path != session.path:
                    session.validation = None
                    self._move(session, path, now)
            case wire.Bye():
                self.end(session, now)
            case wire.Ask():
                self._ask(session, asks.decode_request(frame.body), now, wall)
            case _:
                self._dropped[_MALFORMED] += 1

    def _ask(self, session: Session, ask: asks.Request, now: float, wall: int) -> None:
        house = self._house
        try:
            match ask:
                case asks.Join(r, wanted, points, secret, out, make):
                    name = room_name(wanted)
                    there = name in house.rooms or name in house.registry.rooms or name == LOBBY
                    if not (make or secret or there):
                        raise RefusedError(f"there is no room {name} here: look at its name")
                    current = not session.is_out(name, out) and session.newest(name, r)
                    if current and not session.was_refused(r):
                        session.comes(name)
                        house.join(session, r, name, points, now, wall, secret)
                case asks.Leave(r, wanted):
                    if session.newest(name := room_name(wanted), r):
                        session.comes(name)
                        house.leave(session, name, now)
                        session.left(r, name)
                case asks.Nick(r, name):
                    if session.newest("", r):
                        house.rename(session, name, self._proven(session, ask), now, wall)
                        session.reply(asks.Named(r, session.name, name, session.verified))
                case asks.Who(room=tag):
                    if tag not in session.rooms:
                        raise RefusedError("you are not in that room")
                    session.reply(session.rooms[tag].presence.answer(ask))
                case asks.Rooms(r, after):
                    session.reply(room_page(r, house.list_rooms(after)))
                case asks.Direct(r, name):
                    session.invited(r, *house.directs.find(session, name))
                case asks.Act():
                    self._act(session, ask, now, wall)
                case asks.Hello():
                    self._dropped[_MALFORMED] += 1
        except RefusedError as error:
            session.refused(getattr(ask, "r", 0), str(error), error.why)
        except BadNameError as error:
            session.refused(getattr(ask, "r", 0), str(error))

    def _act(self, session: Session, ask: asks.Act, now: float, wall: int) -> None:
        """A moderator's request, done once however often it is repeated."""
        if session.knows(ask.r):
            return
        asker = Moderator(session, ask.r)
        try:
            self._house.government.moderation.asked(session, asker, ask, now, wall)
        except RefusedError as error:
            asker.refused(str(error), error.why)

    def _remind(self, session: Session, now: float) -> None:
        for name, peer in self._house.directs.invitations(session):
            session.invited(0, name, peer)
        if session.dealings is not None:
            self._house.remind(session, now)

    def shutdown(self) -> None:
        """Every client is told to look for the server anew."""
        for session in self.sessions.values():
            session.disowned()
