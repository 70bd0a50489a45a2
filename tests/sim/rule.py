"""Random runs in which people moderate a room, from inside and by the operator's hand, and come
back to it by every door."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from chat.core import asks, events, limits
from chat.core.memberships import NotSaidError
from chat.core.names import LOBBY
from chat.core.roles import Act

from . import checks
from .chaos import Chaos
from .client import Client
from .justice import LONGEST, Justice
from .rulings import Key
from .server import Violation
from .world import SETTLE, World

DEN = "den"
"""The room that client 1, who has a key, makes and owns."""

PATIENCE = SETTLE + 20
"""Seconds after the last fault within which everybody must have everything, also who was told then
that it may not come, or speak, for some seconds more: it waits before it tries again."""

PASSWORDS = ("swordfish", "sesame")
YEAR = 365 * 86_400_000

_ACTS = {
    Act.KICK: 4,
    Act.BAN: 6,
    Act.UNBAN: 5,
    Act.MUTE: 4,
    Act.UNMUTE: 6,
    Act.SLOW: 2,
    Act.LOCK: 4,
    Act.UNLOCK: 1,
    Act.LIMIT: 2,
    Act.INVITE: 8,
    Act.UNINVITE: 3,
    Act.PASSWORD: 3,
    Act.OP: 4,
    Act.DEOP: 4,
    Act.HIDE: 3,
    Act.UNHIDE: 0,
    Act.DELETE: 3,
    Act.BANS: 1,
    Act.INVITES: 1,
}
"""How often each, as compared with the others."""

LAWS = (
    *(act.value for act in _ACTS if act not in (Act.BANS, Act.INVITES)),
    "ban for a while",
    "ban of an address",
    "ban everywhere",
    "unban by itself",
    "unmute by itself",
    "password taken away",
    "password right",
    "invite used",
    "invite used by several",
    "put out",
    "told that it is out",
    "came back",
    "withheld",
    "refused password",
    "refused entry",
    "refused closed",
    "refused act",
    "roam",
    "a year",
    "a year over a restart",
)
"""What these runs must have had in them, each at least once, besides the faults of all."""


class Rule(Chaos):
    """Chaos, and the law."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.justice = Justice(world.server, world.injected)
        self._invites: list[str] = []
        world.on_step = self.justice.check
        world.on_event = self._told

    def watched(self) -> AbstractContextManager[object]:
        return self.justice.installed()

    def begin(self) -> None:
        super().begin()
        founder = self.world.clients[1]
        founder.guest.join(DEN, self.world.clock.now)
        founder.drain()
        for client in self.world.clients:
            self._again(4.0, partial(self._knock, client, self._secret))
            self._again(40.0, partial(self._roam, client))
        self._again(0.5, self._moderate)

    def finish(self) -> float:
        """Everybody has everything while the law holds, and when it is lifted. Raises Violation."""
        world, clock = self.world, self.world.clock
        converged = partial(checks.converged, silent=self.justice.silent)
        seconds = world.settle(converged, patience=PATIENCE)
        longest = LONGEST + limits.LAPSE_AGAIN
        world.run(clock.now + longest, stop=lambda: not self.justice.unfinished())
        self.justice.at_the_end()
        self._lift()
        world.settle(patience=PATIENCE)
        for client in world.clients:
            for room in (LOBBY, DEN):
                client.guest.join(room, clock.now)
            client.drain()
        seconds = max(seconds, world.settle(patience=PATIENCE))
        checks.at_the_end(world.server, world.clients, went_back=world.went_back)
        return seconds

    # What people do

    def _moderate(self) -> None:
        """Somebody in the room, or the operator, does something, or tries to."""
        world = self.world
        act = self.random.choices(list(_ACTS), list(_ACTS.values()))[0]
        act = self._turned(act)
        inside = [client for client in world.clients if DEN in client.guest.rooms]
        if not inside or self.random.random() < 0.5:
            room = self.random.choice([DEN, DEN, DEN, LOBBY, ""])
            ask = self._ask(room, act, everywhere=room == "")
            if act is Act.BAN:
                for client in world.clients:
                    self._knock(client, self._secret)
            # While those knocks arrive.
            delay = world.network.faults.delay * (0.5 + self.random.random())
            world.clock.after(delay, partial(world.server.operate, ask))
            return
        client, ask = self.random.choice(inside), self._ask(DEN, act)
        try:
            client.guest.act(
                DEN,
                act,
                whom=ask.whom,
                seconds=ask.seconds,
                number=ask.number,
                text=ask.text,
                now=world.clock.now,
            )
        except NotSaidError:
            world.injected["act refused by the client"] += 1
        client.drain()

    def _turned(self, act: Act) -> Act:
        """What is locked or hidden is not to stay so, and what is open needs no invites."""
        rulings = self.justice.rulings
        if act is Act.INVITE and all(rulings.value(DEN, it) is None for it in ("lock", "password")):
            return self.random.choice([Act.INVITE, Act.LOCK])
        for on, off in ((Act.LOCK, Act.UNLOCK), (Act.HIDE, Act.UNHIDE)):
            if act is on and rulings.value(DEN, on) is not None:
                return off
        return act

    def _ask(self, room: str, act: Act, everywhere: bool = False) -> asks.Act:
        random, ask = self.random, partial(asks.Act, 0, room, act)
        match act:
            case Act.UNBAN | Act.UNMUTE | Act.UNINVITE:
                return ask(whom=self._held(room, act.value.removeprefix("un")))
            case Act.BAN | Act.MUTE:
                whom = self._somebody(addresses=True)
                lasts = random.choice([1, 3] if everywhere else [0, 1, 3, LONGEST])
                return ask(whom=whom, seconds=lasts, text=random.choice(["", "spam"]))
            case Act.KICK | Act.DEOP:
                return ask(whom=self._somebody())
            case Act.OP:
                return ask(whom=self._somebody(), text=random.choice(["", "", "owner"]))
            case Act.SLOW:
                return ask(seconds=random.choice([0, 1, 3]))
            case Act.LIMIT:
                return ask(number=random.choice([0, 0, 2, 3]))
            case Act.INVITE:
                return ask(number=random.randint(1, 4), seconds=random.choice([0, 10]))
            case Act.PASSWORD:
                return ask(text=random.choice(["", "", *PASSWORDS]))
            case Act.DELETE:
                return ask(number=random.randint(1, 40))
            case _:
                return ask()

    def _somebody(self, *, addresses: bool = False) -> str:
        client = self.random.choice(self.world.clients)
        if addresses and self.random.random() < 0.3:
            return client.path.host + self.random.choice(["", "", "/30"])
        names = [each.guest.name for each in self.world.clients]
        return self.random.choice([*names, "guest-5000"])

    def _held(self, room: str, act: str) -> str:
        """Whom one of the rulings of this sort is about."""
        held = self.justice.rulings.of(room, act, 0).values()
        return self.random.choice([each.whom for each in held] or ["nobody"])

    def _secret(self) -> str:
        sort = self.random.randrange(4)
        if sort == 0 and self._invites:
            return self.random.choice(self._invites[-3:])
        return ["", "", self.random.choice(PASSWORDS), "a guess"][sort]

    def _knock(self, client: Client, secret: Callable[[], str]) -> None:
        """Comes back to where it was put out of, or comes in for the first time."""
        for room in (LOBBY, DEN):
            if room not in client.guest.rooms:
                client.guest.join(room, self.world.clock.now, secret=secret())
        client.drain()

    def _told(self, client: Client, event: object) -> None:
        self.justice.heard(client, event)
        match event:
            case events.Done(act=Act.INVITE, text=secret):
                self._invites.append(secret)
                for other in self.world.clients:
                    if DEN not in other.guest.rooms:
                        self.world.clock.after(0, partial(self._knock, other, lambda: secret))

    def _roam(self, client: Client) -> None:
        """To another network, which may be one that is banned, or back."""
        self.world.injected["roam"] += 1
        host = f"10.0.{self.random.choice([1, 2])}.{client.number}"
        client.move(known=self.random.random() < 0.5, host=host)

    def _wall_clock(self) -> None:
        server = self.world.server
        server.wall_offset = self.random.choice([-YEAR, 0, YEAR])
        kind = "a year"
        if self.random.random() < 0.5:
            kind = "a year over a restart"
            server.crash()
        self.world.injected[kind] += server.wall_offset != 0

    # The end of it

    def _lift(self) -> None:
        """The operator takes back all that keeps anybody out or silent."""
        server, clock = self.world.server, self.world.clock
        until = clock.now + SETTLE
        while found := self._standing():
            if clock.now > until:
                raise Violation(f"cannot be lifted: {found}")
            for room, act, whom in found:
                undo = {"ban": "unban", "mute": "unmute", "lock": "unlock", "hide": "unhide"}
                server.operate(asks.Act(0, room, undo.get(act, act), whom))
            self.world.run(clock.now + 1.0)

    def _standing(self) -> list[Key]:
        """What has run out need not have been said to be over: a server that was down meanwhile, and
        keeps nothing of it any more, has nothing to say."""
        rulings, time = self.justice.rulings, self.justice.time()
        found: list[Key] = []
        for room in ("", LOBBY, DEN):
            for act in ("ban", "mute"):
                found += [(room, act, held.whom) for held in rulings.of(room, act, time).values()]
            for act in ("lock", "slow", "limit", "password"):
                found += [(room, act, "")] if rulings.value(room, act) is not None else []
        return found
