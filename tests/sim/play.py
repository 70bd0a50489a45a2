"""A room and its people, of whom each does one thing when the one before was answered; so that a
run whose server dies somewhere still ends as one whose server did not."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from chat.core import events, protect, wire
from chat.core.asks import Act as Asked
from chat.core.asks import Join, Why
from chat.core.entry import decode_entry
from chat.core.names import LOBBY
from chat.core.policy import Policy, Ruling, decode
from chat.core.registry import Registry
from chat.core.roles import Act, Role
from chat.core.signatures import SIGNATURE_SIZE
from chat.core.subjects import subject_of_key
from chat.core.types import REGISTRY, Entry, Kind, Path, Range

from .client import Client
from .network import SERVER, Faults
from .server import Violation
from .world import World

DEN = "den"

PATIENCE = 30.0
"""Virtual seconds after which something has not happened."""

_PUSH = 0x85

_INVITE = re.compile("invite [0-9a-f]{8}")


class Play(World):
    """Ann has made the room, and bob and carl are connected; carl has no key."""

    def __init__(self) -> None:
        super().__init__(7, clients=0, faults=Faults(delay=0.01))
        self._answers: list[events.Done | events.Refusal] = []
        """To moderators."""
        self._refusals: defaultdict[int, list[events.Refusal]] = defaultdict(list)
        """To joins, by who asked."""
        self._keys: dict[Client, set[bytes]] = {}
        """All that anybody ever had of rooms' keys."""
        self.network.send = self._send
        self.ann = self._come("ann", 1)
        self.bob = self._come("bob", 3)
        self.carl = self._come("carl", 2)
        self.enters(self.ann)

    def _come(self, name: str, number: int) -> Client:
        """An odd one has a key."""
        client = Client(
            self.clock,
            self.network,
            self.random,
            number,
            [LOBBY],
            on_logged=self._acknowledged,
            on_event=lambda event: self._heard(number, event),
            name=name,
        )
        self.clients.append(client)
        self._keys[client] = set()
        self.until(lambda: client.guest.connected, f"{name} is connected")
        return client

    # What people do

    def enters(self, client: Client, secret: str = "") -> None:
        refusal = self._joins(client, secret)
        if refusal is not None:
            raise Violation(f"{client.guest.name} does not come in: {refusal.reason}")

    def is_refused(self, client: Client, why: Why, secret: str = "") -> None:
        refusal = self._joins(client, secret)
        if refusal is None or refusal.why != why:
            raise Violation(f"{client.guest.name} was not refused for {why!r}: {refusal}")

    def does(self, client: Client, act: str, whom: str = "", **words: Any) -> str:
        """What is answered. It is done once, though the server dies before it says so; only an
        invite is made again, which nobody has seen. If it was not done, it may be that not
        everybody is back yet."""
        self.until(lambda: self.inside == self.believers, "everybody is back")
        crashes, before = self.server.crashes, len(self.rulings)
        answer = self._asks(client, act, whom, **words)
        crashed = self.server.crashes - crashes
        done = [it for it in self.rulings[before:] if it.act == act]
        if crashed and not done and isinstance(answer, events.Refusal):
            return self.does(client, act, whom, **words)
        most = 1 + crashed if act == Act.INVITE else 1
        if not 1 <= len(done) <= most or not isinstance(answer, events.Done):
            raise Violation(f"{act} {whom} is in the log {len(done)} times: {answer}")
        return answer.text

    def may_not(self, client: Client, act: str, whom: str = "", **words: Any) -> None:
        before = len(self.rulings)
        answer = self._asks(client, act, whom, **words)
        done = [it for it in self.rulings[before:] if it.act == act]
        if done or isinstance(answer, events.Done):
            raise Violation(f"{client.guest.name} may {act} {whom}")

    def _joins(self, client: Client, secret: str) -> events.Refusal | None:
        refusals = self._refusals[client.number]
        refusals.clear()
        client.guest.join(DEN, self.clock.now, secret=secret)
        client.drain()
        self.until(
            lambda: bool(refusals) or client.guest.rooms[DEN].joined,
            f"{client.guest.name} is in or refused",
        )
        return refusals[0] if refusals else None

    def _asks(
        self, client: Client, act: str, whom: str, **words: Any
    ) -> events.Done | events.Refusal:
        self._answers.clear()
        client.guest.act(DEN, act, whom=whom, now=self.clock.now, **words)
        client.drain()
        self.until(lambda: bool(self._answers), f"{act} {whom} is answered")
        return self._answers[0]

    def says(self, client: Client) -> None:
        """And does not wait."""
        self.say(client, DEN)

    def logged(self, client: Client) -> bool:
        """All that it said is in the log."""
        return DEN in client.guest.rooms and not len(client.guest.rooms[DEN].outbox)

    def may_speak(self, client: Client) -> bool:
        """As far as it knows."""
        standing = client.guest.standing(DEN)
        return standing is not None and standing.role > Role.MUTED

    def is_out(self, client: Client) -> bool:
        return DEN not in client.guest.rooms

    def until(self, condition: Callable[[], bool], what: str) -> None:
        patience = self.clock.now + PATIENCE
        while not condition():
            self.step()
            if self.clock.now > patience:
                raise Violation(f"it has not happened: {what}")

    # What there is to see

    @property
    def rulings(self) -> list[Ruling]:
        """All that were ever in the log, in its order."""
        archive = self.server.archive.get(REGISTRY, {})
        entries = [decode_entry(REGISTRY, seq, it.body) for seq, it in sorted(archive.items())]
        rulings = [decode(it.text) for it in entries if it.kind == Kind.ACT and not it.refers]
        return [ruling for ruling in rulings if ruling is not None]

    @property
    def entries(self) -> list[Entry]:
        """Of the room."""
        archive = self.server.archive.get(DEN, {})
        return [decode_entry(DEN, seq, it.body) for seq, it in sorted(archive.items())]

    @property
    def policy(self) -> Policy:
        assert self.server.hub is not None
        return self.server.hub._house.registry.policy(DEN)

    def over(self, act: Act) -> bool:
        """None of these holds any more."""
        hub = self.server.hub
        return hub is not None and hub.ready and not self.policy.kept(act)

    @property
    def inside(self) -> set[str]:
        """As the server has it."""
        if self.server.hub is None:
            return set()
        room = self.server.hub._house.rooms.get(DEN)
        return {member.name for member in room.members} if room is not None else set()

    @property
    def believers(self) -> set[str]:
        """Those who think that they are inside."""
        return {it.guest.name for it in self.clients if not self.is_out(it)}

    def _facts(self, policy: Policy) -> dict[str, object]:
        """All that is to be the same, whenever the server died."""
        holders = {it.subjects[0]: it.whom for it in self.rulings if it.subjects}
        said = [entry for entry in self.entries if entry.kind == Kind.MESSAGE]
        told = [entry for entry in self.entries if entry.kind == Kind.MODERATION]
        return {
            "roles": {holders[subject_of_key(key)]: role for key, role in policy.roles.items()},
            "bans": [ruling.whom for ruling in policy.bans.values()],
            "mutes": [ruling.whom for ruling in policy.mutes.values()],
            "password": bool(policy.verifier),
            "locked": policy.locked,
            "hidden": policy.hidden,
            "slow": policy.slow,
            "limit": policy.limit,
            "inside": self.inside,
            "said": sorted(entry.text for entry in said),
            "told": {_INVITE.sub("an invite", f"{it.name} {it.text}") for it in told},
        }

    def end(self) -> dict[str, object]:
        """Everybody has everything, and whoever reads the log makes the same of it."""
        self.until(lambda: self.inside == self.believers, "everybody is back")
        self.finish()
        if (read := self._read()) != (held := self._facts(self.policy)):
            raise Violation(f"{held} is what holds, and {read} what can be read in the log")
        return held

    def _read(self) -> dict[str, object]:
        """As another process would."""
        log, registry = self.server.log, Registry(bytes(8))
        snapshot = log.open(REGISTRY, b"", ())
        registry.opened(snapshot.floor, snapshot.head, self.clock.now, self.server.wall)
        everything = Range(snapshot.floor, snapshot.head.seq)
        for run in log.fetch(REGISTRY, [everything], 1 << 30).runs:
            for record in run.records:
                entry = decode_entry(REGISTRY, record.seq, record.body)
                registry.logged(entry, self.clock.now, self.server.wall)
        return self._facts(registry.policy(DEN))

    # Who is out reads nothing

    def step(self) -> None:
        super().step()
        for client in self.clients:
            room = client.guest.rooms.get(DEN)
            if room is not None and room.opener is not None:
                self._keys[client].update(it.source[0] for it in room.opener._openers.values())

    def _heard(self, number: int, event: object) -> None:
        match event:
            case events.Done() | events.Refusal(request=Asked()):
                self._answers.append(event)
            case events.Refusal(request=Join()):
                self._refusals[number].append(event)

    def _send(self, datagram: bytes, source: Path, target: Path) -> None:
        if source == SERVER and datagram[0] == _PUSH:
            self._check_push(datagram)
        self.network.carry(datagram, source, target)

    def _check_push(self, datagram: bytes) -> None:
        """No key of anybody's who is out opens it."""
        header, said = wire.decode_header(datagram), datagram[:-SIGNATURE_SIZE]
        assert isinstance(header, wire.Push)
        size, inside = wire.SEALED_OFFSET[_PUSH], self.inside
        for client in self.clients:
            for key in self._keys[client] if client.guest.name not in inside else ():
                if protect.unseal(key, header.counter, said[:size], said[size:]) is not None:
                    raise Violation(f"{client.guest.name} is out, and opens a push")
