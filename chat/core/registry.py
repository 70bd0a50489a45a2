"""What must outlive the rooms: a fold over the log of the reserved room `!registry`.

Rooms, names, and what holds in the rooms (`policy`). How the log is written and kept is in
`ledger`; an entry that is not understood is skipped, and counted.

A room is as it was written last. A name belongs to the key for which it was written first, and no
other key may have one that looks like it; who was first is judged when everything has been read.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from itertools import islice

from .confusables import skeleton
from .ledger import Fact, Ledger, origin
from .limits import ASKED_KEPT, NAMES
from .logtime import LogTime
from .names import Deed, direct_parties, is_public, same_name
from .policy import DROP, ENTER, NOTHING, Policy, Ruling, decode, encode, ends, fact_of
from .types import Append, Entry, Kind, Point, Trim

_KEY_SIZE = 32


class Registry:
    """The fold."""

    def __init__(self, instance: bytes) -> None:
        """`instance`: random, new for each process."""
        self.rooms: dict[str, Entry] = {}
        """By name, the entry that counts."""
        self.trouble = ""
        """Why it could not be opened; nothing will come of this process then."""
        self.skips = 0
        """Entries that could not be understood: damaged ones, or a newer version's."""
        self.time = LogTime()
        self._ledger = Ledger(instance)
        self._ready_at: int | None = None
        self._last = 0
        """The newest time of a ruling."""
        self._asked: dict[str, None] = {}
        """The newest requests of clients that have led to rulings."""
        self._policies: dict[str, Policy] = {}
        """By room, of those of which something was said."""
        self._deeds: dict[str, Deed] = {}
        """By common form."""
        self._looks: dict[str, dict[str, Deed]] = {}
        """By skeleton, then by common form: all one key's."""
        self._unjudged: list[tuple[Entry, Deed]] = []
        """Names that were read before everything was."""
        self._direct: dict[bytes, dict[str, None]] = {}
        self._public: list[str] = []
        """In order."""

    @property
    def ready(self) -> bool:
        """Read up to where the log ended when it was opened: joins may be answered."""
        return self._ready_at is not None and self._ledger.seq >= self._ready_at

    def public(self, after: str = "") -> Iterator[str]:
        """The rooms that may be listed, by name, after that one."""
        found = islice(self._public, bisect_right(self._public, after), None)
        return (room for room in found if not self.policy(room).hidden)

    def policy(self, room: str) -> Policy:
        """What holds in it; empty: in the whole server. Not to be changed."""
        return self._policies.get(room, NOTHING)

    @property
    def rulings(self) -> int:
        """Facts that rulings hold, in all rooms."""
        return sum(len(policy.held) for policy in self._policies.values())

    def policies(self) -> Iterator[tuple[str, Policy]]:
        """By room."""
        yield from self._policies.items()

    def topic(self, room: str) -> str:
        entry = self.rooms.get(room)
        return entry.text.partition(" ")[2] if entry is not None else ""

    def direct_rooms(self, instance: bytes) -> list[str]:
        """Rooms of two with this instance in it, the newest last."""
        return list(self._direct.get(instance, ()))

    def deed(self, name: str) -> Deed | None:
        """Of this name, however its letters' case."""
        return self._deeds.get(same_name(name))

    def key_of(self, name: str) -> bytes:
        """The key (32 bytes) that a name belongs to, or nothing."""
        deed = self.deed(name)
        return deed.key if deed is not None else b""

    def look_alike(self, name: str) -> Deed | None:
        """Of another name that looks like this one; all of those belong to one key."""
        same = same_name(name)
        looks = self._looks.get(skeleton(name), {})
        return next((deed for other, deed in looks.items() if other != same), None)

    def make_room(self, room: str, author: str, wall: int) -> bool:
        """Once, however often it is asked for. Whether it was made by this."""
        if room in self.rooms:
            return False
        return self._ledger.ask(Fact(Kind.ROOM, room), author, room, wall)

    def set_topic(self, room: str, topic: str, author: str, wall: int) -> None:
        self._ledger.write(Kind.TOPIC, author, f"{room} {topic}", wall)

    def rule(self, ruling: Ruling, now: float) -> int:
        """It holds when it comes back from the log, as our entry of this n; 0: the log refuses at
        the moment."""
        return self._ledger.write(Kind.ACT, ruling.by, encode(ruling), self.time.read(now))

    def has_done(self, asked: str) -> bool:
        """Whether this request, of late, has led to a ruling that is in the log."""
        return asked in self._asked

    def register_name(self, name: str, key: bytes, author: str, wall: int) -> None:
        """For good, if it is nobody's yet, looks like nobody else's, and there is room for it;
        `key` is the full one. Whether it was to be, `key_of` says when the log has."""
        if len(key) != _KEY_SIZE:
            raise ValueError(f"a key has {_KEY_SIZE} bytes, not {len(key)}")
        if not self._rivals(Deed(name, key)) and len(self._deeds) < NAMES:
            fact = Fact(Kind.NAME, same_name(name))
            self._ledger.ask(fact, author, f"{key.hex()} {name}", wall)

    def opened(self, floor: int, head: Point, now: float, wall: int) -> None:
        """The log was opened: everything up to its end has yet to be read."""
        self._ledger.opened(floor)
        self._ready_at = head.seq
        self._read(now, wall)

    def logged(self, entry: Entry, now: float, wall: int) -> Ruling | None:
        """The fold. Returns what was ruled, if that is news."""
        self._ledger.logged(entry)
        ruling: Ruling | None = None
        if entry.kind in (Kind.ROOM, Kind.TOPIC):
            self._fold_room(entry)
        elif entry.kind == Kind.NAME and (deed := _deed(entry.text)) is not None:
            self._ledger.returned(Fact(Kind.NAME, same_name(deed.name)), entry)
            self._unjudged.append((entry, deed))
        elif entry.kind == Kind.ACT and (ruling := decode(entry.text)) is not None:
            ruling = self._fold_ruling(entry, ruling)
        else:
            self.skips += 1
        self._read(now, wall)
        if self.ready and not entry.refers:
            self._ledger.copy_oldest(self._is_over(now))
        return ruling

    def skipped(self, seq: int, now: float, wall: int) -> None:
        """An entry that cannot be decoded."""
        self.skips += 1
        self._ledger.seq = seq
        self._read(now, wall)

    def is_ours(self, entry: Entry) -> bool:
        """This process wrote it."""
        return self._ledger.is_ours(entry)

    def appended(self, result: dict[bytes, int] | str) -> int | None:
        """If something of ours was refused, the last n before it: nothing after that will come."""
        return self._ledger.appended(result)

    def flush(self) -> list[Append | Trim]:
        return self._ledger.flush(trims=self.ready)

    def _read(self, now: float, wall: int) -> None:
        """When everything has been read, the names can be judged and the time is known."""
        if not self.ready:
            return
        if not self.time.known:
            self.time.begin(self._last, now, wall)
        self._judge()

    def _fold_room(self, entry: Entry) -> None:
        room = entry.text.partition(" ")[0]
        fact = Fact(Kind.ROOM, room)
        self._ledger.returned(fact, entry)
        if not self._ledger.counts(fact, entry):
            return  # What it is a copy of does not count any more.
        if room not in self.rooms:
            for party in direct_parties(room) or ():
                self._direct.setdefault(party, {})[room] = None
            if is_public(room):
                insort(self._public, room)
        self.rooms[room] = entry
        self._ledger.believe(fact, entry)

    def _fold_ruling(self, entry: Entry, ruling: Ruling) -> Ruling | None:
        self._last = max(self._last, entry.time)
        self._remember(ruling.asked)
        if ruling.act == DROP:
            self._drop(ruling.room, entry)
            return ruling
        name = fact_of(ruling)
        if name is None:
            return None if entry.refers else ruling
        fact = Fact(Kind.ACT, name)
        self._ledger.returned(fact, entry)
        if not self._ledger.counts(fact, entry) or self._is_void(ruling, fact, entry):
            return None
        if ends(ruling):
            self._ledger.end(fact, entry)
        else:
            self._ledger.believe(fact, entry)
        self._policies.setdefault(ruling.room, Policy()).apply(ruling)
        return None if entry.refers else ruling

    def _remember(self, asked: str) -> None:
        if asked:
            self._asked[asked] = None
            if len(self._asked) > ASKED_KEPT:
                del self._asked[next(iter(self._asked))]

    def _is_void(self, ruling: Ruling, fact: Fact, entry: Entry) -> bool:
        """Whether something else has become of its fact while it was on its way."""
        if ruling.act == ENTER:
            return not entry.refers and not self._ledger.goes_on(fact, entry)
        if not ends(ruling) or not ruling.until:
            return False
        return self.policy(ruling.room).held.get(fact.name) != ruling.until

    def _drop(self, room: str, entry: Entry) -> None:
        for name in self._policies.pop(room, NOTHING).held:
            self._ledger.end(Fact(Kind.ACT, name), entry)
        if room in self.rooms:
            del self.rooms[room]
            del self._public[bisect_left(self._public, room)]
            self._ledger.end(Fact(Kind.ROOM, room), entry)

    def _is_over(self, now: float) -> Callable[[Fact], bool]:
        time = self.time.read(now)

        def over(fact: Fact) -> bool:
            until = self.policy(fact.name.partition(" ")[0]).held.get(fact.name, 0)
            return fact.kind == Kind.ACT and 0 < until <= time

        return over

    def _judge(self) -> None:
        """Whose the names are that were read, when it is known which was first."""
        if not self._unjudged:
            return
        for entry, deed in sorted(self._unjudged, key=lambda it: origin(it[0])):
            self._fold_name(entry, deed)
        if self._unjudged[0][0].seq < self._ledger.seq:  # Others were read since.
            self._ledger.sort()
        self._unjudged.clear()

    def _fold_name(self, entry: Entry, deed: Deed) -> None:
        same = same_name(deed.name)
        known = self._ledger.facts.get(Fact(Kind.NAME, same))
        if known is None or origin(known) != origin(entry):
            rivals = self._rivals(deed)
            if any(origin(self._ledger.facts[rival]) < origin(entry) for rival in rivals):
                return
            for rival in rivals:  # Only if another node trimmed what was still being read.
                self._revoke(rival)
            if len(self._deeds) >= NAMES:
                return
            self._deeds[same] = deed
            self._looks.setdefault(skeleton(deed.name), {})[same] = deed
        self._ledger.believe(Fact(Kind.NAME, same), entry)

    def _rivals(self, deed: Deed) -> list[Fact]:
        """Names that there may not be together with this one: itself, and other keys' that look
        like it."""
        same = same_name(deed.name)
        looks = self._looks.get(skeleton(deed.name), {})
        found = [other for other, its in looks.items() if other != same and its.key != deed.key]
        found += [same] if same in self._deeds else []
        return [Fact(Kind.NAME, other) for other in found]

    def _revoke(self, fact: Fact) -> None:
        deed = self._deeds.pop(fact.name)
        look = skeleton(deed.name)
        del self._looks[look][fact.name]
        if not self._looks[look]:
            del self._looks[look]
        self._ledger.forget(fact)


def _deed(text: str) -> Deed | None:
    """What a NAME entry says, if it can be understood."""
    key, _, name = text.partition(" ")
    try:
        deed = Deed(name, bytes.fromhex(key))
    except ValueError:
        return None
    return deed if name and len(deed.key) == _KEY_SIZE else None
