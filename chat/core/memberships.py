"""The rooms a guest is in, wants to be in, or is leaving, and what it asks of the server for that."""

from collections.abc import Iterator

from . import asks, events, wire
from .amend import amends
from .asking import Asking
from .doorkey import BadSecretError, check_secret
from .limits import ROOMS_PER_MEMBER
from .membership import Membership, objection
from .names import is_public
from .outbox import Draft
from .recovery import RoundTrip
from .roles import Act
from .text import pieces
from .types import Kind


class NotSaidError(ValueError):
    """A text that cannot be sent, and what to do instead."""


class Memberships:
    """Owns the rooms. The guest's wish counts; the server is asked until it agrees."""

    def __init__(self, asking: Asking, rtt: RoundTrip) -> None:
        self.active: dict[str, Membership] = {}
        """By name; joined again after each reconnect until left."""
        self.by_tag: dict[int, Membership] = {}
        """Those that the server has us in, as the session's frames name them."""
        self._leaving: dict[str, Membership] = {}
        """Left by the user, and kept until what was said there is in the log."""
        self._out: dict[str, Membership] = {}
        """Those that the server would not have us in any more: who comes again reads on."""
        self._over: dict[str, asks.Stay] = {}
        """Of where we were put out, until the server has us there again."""
        self._secrets: dict[str, str] = {}
        """What opened a room's door, or is to."""
        self._unmade: set[str] = set()
        """Those that are to be joined only if they are there."""
        self._asking = asking
        self._rtt = rtt
        self._tickets = 0
        self._renewing = False

    def all(self) -> list[Membership]:
        return [*self.active.values(), *self._leaving.values()]

    def get(self, name: str) -> Membership | None:
        return self.active.get(name) or self._leaving.get(name)

    def shown(self, room: Membership) -> bool:
        """The user has not left it."""
        return self.active.get(room.name) is room

    def join(
        self,
        name: str,
        *,
        backlog: int,
        first: int,
        live: bool,
        secret: str = "",
        make: bool = True,
    ) -> Membership:
        """`live`: there is a session in which it can be asked for at once. `secret`: what opens the
        room's door, which is remembered. `make`: the room, if it is not there."""
        other = secret not in ("", self._secrets.get(name))
        if other:
            self._secrets[name] = secret
        if name not in self.active:
            leaving, out = self._leaving.pop(name, None), self._out.pop(name, None)
            room = out or Membership(name, self._rtt, backlog=backlog, first=first)
            if leaving is not None:
                # The user sees it anew; what was yet to be said there stays.
                self.by_tag.pop(leaving.tag, None)
                leaving.parted()
                room.speaker = leaving.speaker
            (self._unmade.discard if make else self._unmade.add)(name)
            self.active[name] = room
            if live:
                self.ask_join(room)
        elif other and live and not self.active[name].joined:
            self.ask_join(self.active[name])
        return self.active[name]

    def say(self, name: str, text: str, kind: Kind, refers: int, now: float) -> list[int]:
        """The tickets of the entries that carry the text, in order. Raises NotSaidError."""
        membership = self.active.get(name)
        if membership is None:
            raise NotSaidError(f"you are not in {name}; /join it first")
        if (muted := membership.speaker.voice.muted(now)) is not None:
            raise NotSaidError(muted)
        if (reason := objection(text, kind, refers)) is not None:
            raise NotSaidError(reason)
        if amends(kind) and membership.joined and refers > membership.inbox.head:
            raise NotSaidError(f"there is no message {refers} in {name} to refer to")
        if kind == Kind.TOPIC and name.startswith("@"):
            raise NotSaidError("a direct room has no topic")
        if membership.outbox.full:
            raise NotSaidError("too much is waiting to be sent; try again when some of it is")
        tickets = []
        parts = pieces(text)
        for index, part in enumerate(parts):
            self._tickets += 1
            tickets.append(self._tickets)
            more = index < len(parts) - 1
            membership.outbox.add(Draft(self._tickets, kind, part, refers, more))
        return tickets

    def act(self, name: str, act: str, whom: str, seconds: int, number: int, text: str) -> asks.Act:
        """Has the server asked for it. Raises NotSaidError."""
        if name not in self.active:
            raise NotSaidError(f"you are not in {name}; /join it first")
        if not is_public(name):
            raise NotSaidError("a direct room has no moderators")
        for words in filter(None, (text, whom)):
            if (reason := objection(words)) is not None:
                raise NotSaidError(reason)
        if (size := len(text.encode())) > asks.WORDS_MAX:
            raise NotSaidError(f"{size} bytes are too long for a reason: at most {asks.WORDS_MAX}")
        try:
            text = check_secret(text) if act == Act.PASSWORD else text
        except BadSecretError as error:
            raise NotSaidError(str(error)) from error
        return self._asking.ask(lambda r: asks.Act(r, name, act, whom, seconds, number, text))

    def types(self, name: str, now: float) -> None:
        """The user types there."""
        if name in self.active:
            self.active[name].types(now)

    def leave(self, name: str) -> bool:
        """Whether it was one of ours."""
        self._out.pop(name, None)
        membership = self.active.pop(name, None)
        if membership is not None:
            self._leaving[name] = membership
        return membership is not None

    def let_go(self, now: float) -> list[events.Failed]:
        """Those that were left and have nothing more to say, or may not: the server is asked to
        forget us. Returns what will not be said."""
        failed = []
        for room in list(self._leaving.values()):
            unsaid = room.speaker.voice.unsaid(now)
            if unsaid is not None or not len(room.outbox):
                failed += self.drop(room.name, unsaid or "")
                self.ask_leave(room.name)
        return failed

    def drop(self, name: str, reason: str) -> list[events.Failed]:
        """Not in this room any more: what was said there and not acknowledged has failed."""
        left = name in self._leaving
        room = self.active.pop(name, None) or self._leaving.pop(name, None)
        if room is None:
            return []
        self.by_tag.pop(room.tag, None)
        pending = room.outbox.pending
        if not left and room.inbox.origin:
            room.put_out()
            self._out[name] = room
        return [events.Failed(name, draft.ticket, reason) for draft in pending]

    def refused(self, name: str, reason: str, why: int) -> list[events.Failed]:
        """The server will not have us there."""
        if why == asks.Why.ENTRY:
            self._secrets.pop(name, None)
        return self.drop(name, reason)

    def removed(self, name: str, stay: asks.Stay, reason: str) -> list[events.Failed] | None:
        """We are put out. None: that is old; we have come again since, or know it and are about
        to."""
        room = self.get(name)
        if room is not None:
            later = room.joined and stay < (room.tag, room.ordinal)
            if later or (not room.joined and stay == self._over.get(name)):
                return None
            self._over[name] = stay
        failed = self.drop(name, reason)
        leaves = {ask.room for ask in self._asking.asked(asks.Leave)}
        if name not in leaves and len(leaves) < ROOMS_PER_MEMBER:
            self.ask_leave(name)  # Otherwise with the next reminder.
        return failed

    def entered(self, room: Membership, tag: int) -> None:
        """The server has us in it, under this tag."""
        self._over.pop(room.name, None)
        self.by_tag.pop(room.tag, None)
        self.by_tag[tag] = room

    def began(self) -> None:
        """A session stands: we want to be in all of them in it."""
        for room in self.all():
            if not self.asks_join(room):
                self.ask_join(room)

    def ended(self) -> list[events.Typing]:
        """The session is gone; returns what of that is to be told."""
        self.by_tag.clear()
        news = [(room, room.parted()) for room in self.all()]
        return [event for room, told in news if self.shown(room) for event in told]

    @property
    def renewing(self) -> bool:
        """We are to be somebody new, and nothing is said until then."""
        return self._renewing

    def renew(self) -> bool:
        """Whether we are to be somebody new: a log has lost entries of ours that it had
        acknowledged, so its count of them is not ours any more, and what is pending is said under
        a new instance. By then each room has told which of the old one's it has."""
        self._renewing |= any(room.disowned for room in self.all())
        if self._renewing and all(room.joined for room in self.all()):
            self._renewing = False
            for room in self.all():
                room.renew()
            return True
        return False

    def drafts(self, now: float) -> Iterator[wire.Draft]:
        """What may be said now, or has to be said again."""
        if not self._renewing:
            for room in self.by_tag.values():
                yield from room.say(now)

    def reports(self, now: float) -> Iterator[wire.Report | wire.Typing]:
        """What is to be reported of what came, and of our user."""
        for room in self.by_tag.values():
            if (report := room.report(now)) is not None:
                yield report
            if (typing := room.typing()) is not None:
                yield typing

    def ask_join(self, room: Membership) -> asks.Join:
        self._supersede(room.name)
        points = room.offer()
        secret, out = self._secrets.get(room.name, ""), self._over.get(room.name, (0, 0))
        make = room.name not in self._unmade
        return self._asking.ask(lambda r: asks.Join(r, room.name, points, secret, out, make))

    def asks_join(self, room: Membership) -> bool:
        return any(ask.room == room.name for ask in self._asking.asked(asks.Join))

    def ask_who(self) -> None:
        """Where it is not known who is there."""
        asked = {ask.room for ask in self._asking.asked(asks.Who)}
        for tag, room in self.by_tag.items():
            question = room.roster.question()
            if question is not None and tag not in asked:
                self._ask_who(tag, *question)

    def _ask_who(self, tag: int, version: int, after: int) -> None:
        self._asking.ask(lambda r: asks.Who(r, tag, version, after))

    def ask_leave(self, name: str) -> None:
        self._supersede(name)
        self._asking.ask(lambda r: asks.Leave(r, name))

    def _supersede(self, name: str) -> None:
        """Only the newest wish about a room is worth asking for."""
        self._asking.forget(asks.Join, lambda ask: ask.room == name)
        self._asking.forget(asks.Leave, lambda ask: ask.room == name)
