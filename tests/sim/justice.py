"""What moderation promises, watched over in one run: at each step, each seal, each draft that is
taken, each door that opens, and each word that throws somebody out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from chat.core import asks, events, protect, wire
from chat.core.entrance import Entrance, Knock
from chat.core.government import Government
from chat.core.house import House
from chat.core.hub import Hub
from chat.core.invites import invite_id
from chat.core.member import Member
from chat.core.names import is_public
from chat.core.room import Room
from chat.core.session import Session
from chat.core.signatures import SIGNATURE_SIZE
from chat.core.types import REGISTRY, Form, Group, Kind, Snapshot

from .. import verifiers
from .client import Client
from .rulings import Rulings
from .server import Server, Violation

LONGEST = 20
"""Seconds that a ban or a mute of a run lasts, unless it is for good."""

LEAP = 120
"""Seconds by which the log's time may be something else after a restart than it would be without:
runs are shorter."""

Place = tuple[bytes, str]
"""An instance in a room."""


class Justice:
    def __init__(self, server: Server, injected: Counter[str]) -> None:
        self.rulings = Rulings()
        self._server = server
        self._injected = injected
        self._keys: dict[Place, set[bytes]] = {}
        """Every room key that somebody was ever handed."""
        self._out: dict[Place, set[bytes]] = {}
        """Who was put out, or banned when it was outside, and has not come in again; with the keys
        that it took along."""
        self._seen: dict[Place, Member] = {}
        """Who was ever inside."""
        self._let_in: Counter[str] = Counter()
        """By the digest of an invite."""
        self._redeemed: set[tuple[bytes, str, int]] = set()
        """Knocks that an invite has opened for: instance, room, request."""
        self._spoke: dict[tuple[int, bytes, str, int], tuple[float, bool]] = {}
        """By process, instance, room and its slow mode: when a message was begun, and whether it
        goes on."""
        self._checked_at = -1
        self._time: tuple[Hub, float, int] | None = None
        """The log's time, when it was read last, and whose."""

    @contextmanager
    def installed(self) -> Iterator["Justice"]:
        joined, queue, put_out = Room.joined, Session.queue, Session.put_out
        stage, admit, logged = Room._stage, House._admit, Entrance.logged
        withholds = Government.withholds

        def watched_joined(
            room: Room, member: Member, request: int, snapshot: Snapshot, topic: str
        ) -> asks.Joined:
            answer = joined(room, member, request, snapshot, topic)
            self._entered(member, room, answer.key)
            return answer

        def watched_queue(session: Session, frame: wire.Frame) -> None:
            if isinstance(frame, wire.RoomKey):
                self._handed(session, frame)
            queue(session, frame)

        def watched_put_out(session: Session, room: Room, ordinal: int, reason: str) -> None:
            self._removed((session.instance, room.name))
            put_out(session, room, ordinal, reason)

        def watched_stage(room: Room, member: Member, draft: wire.Draft, wall: int) -> None:
            self._says(member, room, draft)
            stage(room, member, draft, wall)

        def watched_admit(house: House, knock: Knock, now: float, wall: int) -> None:
            self._admits(house, knock)
            admit(house, knock, now, wall)

        def watched_logged(entrance: Entrance, n: int) -> Knock | None:
            knock = logged(entrance, n)
            if knock is not None:
                self._lets_in(knock)
            return knock

        def watched_withholds(
            government: Government, member: Member, room: Room, draft: wire.Draft, now: float
        ) -> bool:
            withheld = withholds(government, member, room, draft, now)
            self._injected["withheld"] += withheld
            return withheld

        self._server.on_push = self._pushes
        with (
            patch.object(Room, "joined", watched_joined),
            patch.object(Session, "queue", watched_queue),
            patch.object(Session, "put_out", watched_put_out),
            patch.object(Room, "_stage", watched_stage),
            patch.object(House, "_admit", watched_admit),
            patch.object(Entrance, "logged", watched_logged),
            patch.object(Government, "withholds", watched_withholds),
        ):
            yield self

    # After each step

    def check(self) -> None:
        hub = self._server.hub
        if hub is None or not hub.ready:
            return
        time = self._read(hub)
        if self._checked_at != self.rulings.seq:
            self._checked_at = self.rulings.seq
            if differs := self.rulings.differs(hub, time):
                raise Violation(differs)
            self._bar(time)
        for room in hub._house.rooms.values():
            for member in room.members:
                if self.rulings.ban(member, room.name, time) is not None:
                    raise Violation(f"{member.name} is banned from {room.name}, and in it")
        for key, held in self.rulings.temporary():
            if held.until > time + LONGEST * 1000:
                raise Violation(f"{key} would last {(held.until - time) / 1000} s")

    def time(self) -> int:
        """The log's; 0: nobody tells it at the moment."""
        hub = self._server.hub
        return self._read(hub) if hub is not None and hub.ready else 0

    def silent(self, client: Client, room: str) -> bool:
        """What this one says there may be kept back."""
        hub = self._server.hub
        if hub is None or not hub.ready:
            return True
        member = hub._house.members.get(client.guest.instance)
        slow = self.rulings.value(room, "slow") is not None
        return member is not None and (slow or self.rulings.silences(member, room, self._read(hub)))

    def _read(self, hub: Hub) -> int:
        """The log's time, after everything has been read that the hub has."""
        registry = hub._house.registry
        archive = self._server.archive.get(REGISTRY, {})
        while self.rulings.seq < registry._ledger.seq:
            self.rulings.read(archive[self.rulings.seq + 1])
        now = self._server.now
        time = registry.time.read(now)
        if self._time is not None:
            before, then, at = self._time
            passed = time - at - (now - then) * 1000
            if abs(passed) > (1 if before is hub else LEAP * 1000):
                raise Violation(f"the log's time went {passed / 1000:.3f} s further than time did")
        if self.rulings.done:  # Before the first one, it is the machine's.
            self._time = hub, now, time
        return time

    # Who can read what

    def _entered(self, member: Member, room: Room, key: bytes) -> None:
        place = (member.instance, room.name)
        self._keys.setdefault(place, set()).add(key)
        self._seen[place] = member
        if self._out.pop(place, None) is not None:
            self._injected["came back"] += 1

    def _bar(self, time: int) -> None:
        """Who is outside already when it is banned took keys along, too."""
        for (instance, name), member in self._seen.items():
            inside = any(room.name == name for room in member.rooms.values())
            if not inside and self.rulings.against(member, name, "ban", time) is not None:
                self._out[instance, name] = self._keys[instance, name]

    def _handed(self, session: Session, frame: wire.RoomKey) -> None:
        hub = self._server.hub
        assert hub is not None
        for room in hub._house.rooms.values():
            if room.tag == frame.room:
                place = (session.instance, room.name)
                self._keys.setdefault(place, set()).add(frame.key)

    def _removed(self, place: Place) -> None:
        self._injected["put out"] += 1
        self._out[place] = self._keys.setdefault(place, set())

    def _pushes(self, group: Group, datagram: bytes) -> None:
        """Tries all keys that those have who are outside."""
        if group.form is not Form.SEALED:
            return
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Push)
        start = wire.SEALED_OFFSET[0x85]
        said = datagram[:-SIGNATURE_SIZE]
        for (instance, room), keys in self._out.items():
            for key in keys if room == group.room else ():
                if protect.unseal(key, header.counter, said[:start], said[start:]) is not None:
                    raise Violation(f"{instance.hex()} was put out of {room} and opens a push")

    # Who may say what

    def _says(self, member: Member, room: Room, draft: wire.Draft) -> None:
        if room.parties is not None:
            return
        hub = self._server.hub
        assert hub is not None
        time, now = self._read(hub), self._server.now
        if self.rulings.silences(member, room.name, time):
            raise Violation(f"{member.name} is muted in {room.name}, and says {draft.text[:20]!r}")
        slow = int(self.rulings.value(room.name, "slow") or 0)
        if not slow or draft.kind == Kind.DELETE:
            return
        place = (self._server.process, member.instance, room.name, slow)
        begun, goes_on = self._spoke.get(place, (-1e9, False))
        if not goes_on:
            moderates = self.rulings.role(member, room.name) in ("moderator", "owner")
            if now < begun + slow and not moderates:
                raise Violation(f"{member.name} spoke {now - begun:.3f} s after it had")
            begun = now
        self._spoke[place] = begun, bool(draft.more)

    # Who may come in

    def _admits(self, house: House, knock: Knock) -> None:
        name, member = knock.room, knock.member
        hub = self._server.hub
        assert hub is not None
        here = name in house.rooms and member in house.rooms[name]
        if here or not is_public(name) or name in house._openings.of(member):
            return
        self._read(hub)
        if self.rulings.role(member, name) is not None:
            return
        if (member.instance, name, knock.request) in self._redeemed:
            return
        if self.rulings.value(name, "lock") is not None:
            raise Violation(f"{member.name} comes into {name}, which is locked")
        verifier = self.rulings.value(name, "password")
        if verifier is not None and verifiers.harden(knock.secret) != verifier:
            raise Violation(f"{member.name} comes into {name} without its password")
        self._injected["password right"] += verifier is not None

    def _lets_in(self, knock: Knock) -> None:
        digest = invite_id(knock.secret)
        self._redeemed.add((knock.member.instance, knock.room, knock.request))
        self._let_in[digest] += 1
        if self._let_in[digest] > self.rulings.uses[digest]:
            raise Violation(
                f"an invite for {self.rulings.uses[digest]} let {self._let_in[digest]} in"
            )

    # What the put out are told

    def heard(self, client: Client, event: object) -> None:
        """What a guest tells its user."""
        match event:
            case events.Removed(room=name):
                self._injected["told that it is out"] += 1
                if self._inside(client, name):
                    raise Violation(f"{client.guest.name} left {name} for a word that was old")
            case events.Refusal(request=asks.Join(), why=why) if why != asks.Why.OTHER:
                self._injected["refused " + asks.Why(why).name.lower()] += 1
            case events.Refusal(request=asks.Act()):
                self._injected["refused act"] += 1

    def _inside(self, client: Client, room: str) -> bool:
        hub = self._server.hub
        member = hub._house.members.get(client.guest.instance) if hub is not None else None
        return member is not None and any(each.name == room for each in member.rooms.values())

    # At the end

    def unfinished(self) -> list[str]:
        """Bans and mutes that are to end, and have not been written off."""
        hub = self._server.hub
        assert hub is not None
        policies = [policy for _, policy in hub._house.registry.policies()]
        held = [each for it in policies for each in (*it.bans.values(), *it.mutes.values())]
        return [f"{each.act} of {each.whom}" for each in held if each.until]

    def at_the_end(self) -> None:
        """Everything that had its time is over, and was said to be."""
        if unfinished := self.unfinished():
            raise Violation(f"nobody has written that this is over: {unfinished}")
        self._injected.update(self.rulings.done)
