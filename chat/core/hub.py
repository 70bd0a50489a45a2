"""The server: datagrams, the log's answers and time go in, effects come out.

    receive  ->  sealed or plain  ->  house  ->  Append  …  logged  ->  room  ->  Push

The hub only finds who is meant. It has no clock, no socket and no randomness of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import Struct

from . import asks, snapshot, wire
from .announcer import Announcer
from .audit import Audited, AuditTicket, audited, look
from .consequences import Consequences
from .endpoint import TextEndpoint
from .entrance import Knock
from .guard import Deed
from .house import House
from .layout import MalformedError
from .member import Labels
from .motions import Motion
from .outlet import Outlet
from .pages import FetchTicket
from .plain import Plain, Policy
from .room import Room, RoomTimers
from .sealed import Sealed
from .session import Session
from .signatures import Signer
from .stateless import Stateless
from .text import is_text
from .timers import Timers
from .turn import Turn
from .types import Effect, Extract, Path, Record, Snapshot, Tell


class Census(Struct, frozen=True):
    """How many there are of what."""

    sessions: int
    text_endpoints: int
    rooms: int
    members: int


class Hub:
    """`guest.Guest` is the other end."""

    def __init__(
        self,
        *,
        secret: bytes | None,
        identity: bytes,
        server: bytes = b"",
        random: Callable[[int], bytes],
        now: float,
        version: str = "",
        plain: Policy = Policy.LOOPBACK,
        masked: bool = False,
    ) -> None:
        """`secret` is a published one that sessions' keys come from; None: they come from
        handshakes, see `admitted`. `identity` survives restarts; `server` is its public side, what
        handshakes prove; `random(n)` gives n bytes."""
        self.dropped: Counter[str] = Counter()
        """Datagrams and frames that were not taken, by reason."""
        self._turn = Turn()
        self._timers: RoomTimers = Timers()
        self._version = version
        self._started = now
        labels = Labels(random(16) if masked else None)
        signer = Signer(random(32)) if secret is None else None
        self._house = House(self._turn, self._timers, labels, random, signer)
        self._announcer = Announcer(
            self._house.people, lambda when: self._timers.set((self._announcer, "told"), when)
        )
        self._stateless = Stateless(self._turn, self.dropped)
        self._sealed = Sealed(
            self._house,
            self._turn,
            self._timers,
            secret=secret,
            identity=identity,
            server=server,
            signer=signer,
            random=random,
            stateless=self._stateless,
            dropped=self.dropped,
        )
        self._plain = Plain(
            self._house,
            self._turn,
            self._timers,
            policy=plain,
            random=random,
            stateless=self._stateless,
            dropped=self.dropped,
        )

    @property
    def ready(self) -> bool:
        """The registry has been read: joins are answered."""
        return self._house.registry.ready

    @property
    def trouble(self) -> str:
        """Why this hub will never be ready, or nothing."""
        return self._house.registry.trouble

    def census(self) -> Census:
        house = self._house
        return Census(
            len(self._sealed.sessions),
            len(self._plain.endpoints),
            len(house.rooms),
            len(house.members),
        )

    # For the operator

    def sessions(
        self, after: float, queued: Mapping[Path, int], now: float
    ) -> Iterator[snapshot.SessionRow]:
        """Everybody who came after that moment; `queued`: bytes that wait for room in a socket. To
        be read before anything else is asked of the hub."""
        return snapshot.sessions(self._house.members.values(), after, queued, now)

    def list_rooms(self, after: str) -> Iterator[snapshot.RoomRow]:
        """All rooms but direct ones, by name, after that one. As `sessions`."""
        return snapshot.rooms(self._house.registry, self._house.rooms, after)

    def announce(self, text: str, now: float) -> int | None:
        """Tells everybody. To how many; None: the announcement before is still being told."""
        if self._announcer.busy:
            return None
        members = self._house.members.values()
        self._announcer.say(text, members, now)
        return len(members)

    def take_nobody(self, reason: str) -> None:
        """From now on nobody new, who is told why; empty: everybody again."""
        self._house.government.entrance.closed = reason

    # In

    def receive(self, datagram: bytes, path: Path, now: float, wall: int) -> None:
        """Never raises for what a peer sent: that is counted in `dropped`."""
        if not datagram:
            self.dropped["empty"] += 1
        elif path.secured and not is_text(datagram):
            self.dropped["no text inside of DTLS"] += 1
            self._plain.unheard(path)
        elif 0x80 <= datagram[0] <= 0xBF:
            try:
                if datagram[0] == 0x87:
                    self._status(datagram, path, now)
                else:
                    self._sealed.receive(datagram, path, now, wall)
                    if datagram[0] == 0x82 and path in self._sealed.by_path:
                        # What was said there in the clear was somebody else's.
                        self._plain.closed(path, now)
            except MalformedError:
                self.dropped["malformed"] += 1
        elif path in self._sealed.by_path:
            self.dropped["not sealed"] += 1
        elif is_text(datagram):
            self._plain.receive(datagram, path, now, wall)
        else:
            self.dropped["unknown first byte"] += 1

    def answer(self, answer: bytes, cause: bytes, path: Path, now: float) -> None:
        """To a stranger, on behalf of the shell: smaller than its cause, and not too often."""
        self._stateless.answer(lambda: answer, cause, path, now)

    def may_begin(self, path: Path, now: float) -> bool:
        """Whether one more handshake may be begun there."""
        return self._house.guard.allows(Deed.HANDSHAKE, path, now)

    def closed(self, path: Path, now: float) -> None:
        """The text that came inside of DTLS has ended there."""
        self._plain.closed(path, now)

    def admitted(self, path: Path, handshake: bytes, secret: bytes, now: float) -> None:
        """A handshake has ended there: its public id, and the secret of its two ends."""
        self._sealed.admitted(path, handshake, secret, now)

    def opened(self, ticket: object, snapshot: Snapshot, now: float, wall: int) -> None:
        """The answer to an Open."""
        self._house.opened(ticket, snapshot, now, wall)
        self._plain.confirmed(now, wall)

    def failed(self, ticket: object, reason: str, now: float, wall: int) -> None:
        """The log could not answer an Open or a Fetch; the client will ask again."""
        if isinstance(ticket, FetchTicket):
            self._sealed.fetches.failed(ticket)
        elif isinstance(ticket, AuditTicket):
            self._turn.emit(Tell(Audited(ticket.ticket, trouble=reason)))
        elif isinstance(ticket, Motion):
            ticket.actor.asker.refused("not done: the server's store has trouble")
        else:
            self._house.failed(ticket, reason, now)
            self._plain.confirmed(now, wall)

    def logged(self, room: str, records: tuple[Record, ...], now: float, wall: int) -> None:
        """Committed entries of a followed room, dense and in order. Pushes and acknowledgements
        come out of here and out of nothing else."""
        self._house.logged(room, records, now, wall)
        self._plain.confirmed(now, wall)

    def appended(self, room: str, result: dict[bytes, int] | str, now: float) -> None:
        """The end of an Append: the last n of each of its authors, or why it was refused."""
        self._house.appended(room, result, now)

    def fetched(self, ticket: object, extract: Extract, now: float, wall: int) -> None:
        """The answer to a Fetch."""
        match ticket:
            case FetchTicket():
                self._sealed.fetches.fetched(ticket, extract)
            case AuditTicket():
                self._turn.emit(Tell(audited(ticket, extract)))
            case Motion():
                self._house.fetched(ticket, extract, now, wall)

    def checked(self, ticket: object, ok: bool | None, now: float, wall: int) -> None:
        """The answer to a Check; None: it could not be done."""
        assert isinstance(ticket, Knock)
        self._house.checked(ticket, ok, now, wall)

    def hardened(self, ticket: object, verifier: str, now: float, wall: int) -> None:
        """The answer to a Harden; empty: it could not be done."""
        assert isinstance(ticket, Motion)
        self._house.government.moderation.hardened(ticket, verifier, now, wall)

    def operate(self, ticket: object, act: asks.Act, now: float, wall: int) -> None:
        """The operator does this; the answer is Tell(Operated(ticket, …))."""
        self._house.government.moderation.operate(ticket, act, now, wall)

    def audit(self, ticket: object, room: str, after: int) -> None:
        """The operator looks at what was done there, or in all rooms, after that seq of the
        registry; the answer is Tell(Audited(ticket, …))."""
        self._turn.emit(look(ticket, room, after))

    def admins(self, keys: frozenset[bytes], now: float) -> None:
        """From now on these keys are admins' (32 bytes each)."""
        self._house.government.consequences.appointed(keys, now)

    def refuses(self, path: Path, now: float) -> None:
        """The endpoint's machine said that nobody listens there (ICMP port unreachable)."""
        self._plain.refuses(path, now)

    def shutdown(self) -> None:
        """The process is about to end."""
        self._sealed.shutdown()
        self._plain.shutdown()

    def timeout(self, now: float) -> None:
        for owner, name in self._timers.due(now):
            match owner:
                case Room():
                    owner.timeout(name, now)
                    self._house.directs.remind(owner)
                case Session():
                    self._sealed.idle(owner, now)
                case Outlet():
                    owner.timeout()
                case TextEndpoint():
                    self._plain.idle(owner, now)
                case Consequences():
                    owner.timeout(name, now)
                case Announcer():
                    owner.timeout(now)

    # Out

    def deadline(self) -> float | None:
        """When `timeout` is to be called, None for never."""
        return self._timers.deadline()

    def drain(self) -> list[Effect]:
        return self._turn.drain()

    def _status(self, datagram: bytes, path: Path, now: float) -> None:
        """One datagram there, one back, never larger; counts are for this machine only."""
        request = wire.decode_header(datagram)
        if not isinstance(request, wire.Status) or len(datagram) != wire.STATUS_SIZE:
            raise MalformedError("STATUS of another size")
        facts: list[object] = [self._version, int(now - self._started)]
        if path.loopback:
            facts += [len(self._house.rooms), len(self._house.members)]
        reply = wire.encode_header(wire.StatusReply(request.token, msgspec.msgpack.encode(facts)))
        self._stateless.answer(lambda: reply, datagram, path, now)
