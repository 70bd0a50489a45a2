"""Who is in a room: kept by the server, mirrored by the members, compared by a digest.

The digest (version, count, check) is told at most once a second and only on change. Who differs
asks for the changes since its version, or for pages of everybody. Nothing here is logged.

Pages have members' round trips, too. They change all the time: they are in no digest, and no change.
"""

import hashlib
from collections import deque
from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from . import asks, wire
from .asks import Member
from .limits import MEMBERS_SMALL, PRESENCE_CHANGES

ROWS_BYTES = 1000
"""Of one answer, so that it fits a datagram with room to spare."""

_encode = msgspec.msgpack.Encoder().encode


def _mark(member: Member) -> int:
    """Of all but the round trip, which comes last."""
    return int.from_bytes(hashlib.sha256(_encode(astuple(member)[:-1])).digest()[:8], "big")


def _check(total: int) -> bytes:
    return (total & (1 << 64) - 1).to_bytes(8, "big")


class Presence:
    """The server's side. Every change is one version."""

    def __init__(self) -> None:
        self.version = 0
        self._members: dict[int, Member] = {}
        self._rtts: dict[int, int] = {}
        """By ordinal, in ms."""
        self._total = 0
        self._changes: deque[int] = deque(maxlen=PRESENCE_CHANGES)
        """The ordinals that changed, the last one at `version`."""

    def __len__(self) -> int:
        return len(self._members)

    def put(self, member: Member) -> None:
        """Comes, or changes its name or endpoint."""
        before = self._members.get(member.ordinal)
        if before == member:
            return
        self._total += _mark(member) - (_mark(before) if before else 0)
        self._members[member.ordinal] = member
        self._changed(member.ordinal)

    def remove(self, ordinal: int) -> None:
        self._total -= _mark(self._members.pop(ordinal))
        self._rtts.pop(ordinal, None)
        self._changed(ordinal)

    def measured(self, ordinal: int, rtt: int) -> None:
        """A member's round trip, in ms."""
        self._rtts[ordinal] = rtt

    def digest(self, room: int) -> wire.Presence:
        return wire.Presence(room, self.version, len(self._members), _check(self._total))

    def answer(self, who: asks.Who) -> asks.Members:
        """As much of what was asked for as fits one datagram."""
        behind = self.version - who.version
        if who.version and 0 <= behind <= len(self._changes):
            return self._delta(who, behind)
        return self._page(who)

    def _delta(self, who: asks.Who, behind: int) -> asks.Members:
        came: dict[int, Member] = {}
        went: dict[int, None] = {}
        size, version = 0, who.version
        for ordinal in list(self._changes)[len(self._changes) - behind :]:
            member = self._members.get(ordinal)
            if ordinal not in came and ordinal not in went:
                size += len(_encode(member)) if member else 5
                if size > ROWS_BYTES:
                    break
            if member is None:
                went[ordinal] = None
            else:
                came[ordinal] = member
            version += 1
        return asks.Members(
            who.r, who.room, who.version, version, tuple(came.values()), tuple(went), False
        )

    def _page(self, who: asks.Who) -> asks.Members:
        rows: list[Member] = []
        size, more = 0, False
        for ordinal, member in self._members.items():
            if ordinal <= who.after:
                continue
            row = replace(member, rtt=self._rtts.get(ordinal))
            size += len(_encode(row))
            if size > ROWS_BYTES:
                more = True
                break
            rows.append(row)
        return asks.Members(who.r, who.room, 0, self.version, tuple(rows), (), more)

    def _changed(self, ordinal: int) -> None:
        self.version += 1
        self._changes.append(ordinal)


class Change(Struct, frozen=True):
    """What an answer changed in a mirror."""

    came: tuple[Member, ...] = ()
    went: tuple[Member, ...] = ()
    renamed: tuple[tuple[Member, Member], ...] = ()
    """Before, after."""


class Roster:
    """A member's mirror. `wanted` keeps it up to date in a large room, too."""

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.count = 0
        """Members as the server last said, also where the mirror is not kept."""
        self.wanted = False
        self._version = 0
        self._newest = 0
        self._check = _check(0)
        self._pages: dict[int, Member] | None = None
        self._pages_version = 0
        self._after = 0
        self.foreign = False
        """The rows are another session's."""
        self.renewing = False
        """They are to be read anew, whatever their version."""

    def renew(self) -> None:
        """Reads all of them, with their round trips, and keeps them up to date from then on."""
        self.wanted = self.renewing = True

    def saw(self, digest: wire.Presence) -> None:
        """A digest came; one that is older than the newest seen says nothing."""
        if digest.version >= self._newest:
            self._newest, self._check = digest.version, digest.check
            self.count = digest.count

    def reset(self) -> None:
        """A new session: versions start over, and ordinals may; the rows stay until the next
        answer."""
        self._version = self._newest = self._after = 0
        self._pages = None
        self.foreign = True

    @property
    def complete(self) -> bool:
        """Whether the mirror is what the server last said, and read since `renew`."""
        return self._version >= self._newest > 0 and not self.renewing

    def question(self) -> tuple[int, int] | None:
        """(version, after) to ask for next, or None where nothing needs to be asked."""
        if self.complete or not self._newest or not (self.wanted or self.count <= MEMBERS_SMALL):
            return None
        paging = self.renewing or self._pages is not None or not self._version
        return (0, self._after) if paging else (self._version, 0)

    def answered(self, answer: asks.Members) -> Change:
        """Applies an answer to the last question."""
        if answer.since:
            return self._apply_delta(answer) if answer.since == self._version else Change()
        if self._pages is None:
            self._pages, self._pages_version = {}, answer.version
        self._pages.update((member.ordinal, member) for member in answer.came)
        if answer.more and answer.came:
            self._after = answer.came[-1].ordinal
            return Change()
        pages, self._pages, self._after = self._pages, None, 0
        self.renewing = False
        self._version = self._pages_version
        return self._replace(pages)

    def _apply_delta(self, answer: asks.Members) -> Change:
        members = dict(self.members)
        for ordinal in answer.went:
            members.pop(ordinal, None)
        members.update((member.ordinal, member) for member in answer.came)
        self._version = answer.version
        return self._replace(members)

    def _replace(self, members: dict[int, Member]) -> Change:
        before, self.members = self.members, members
        foreign, self.foreign = self.foreign, False
        if (
            self._version == self._newest
            and _check(sum(map(_mark, members.values()))) != self._check
        ):
            self._version = 0
        both = members.keys() & before.keys()
        named_anew = {each for each in both if before[each].name != members[each].name}
        # Of another session's rows, an ordinal under another name may be anybody's.
        stayed = both - named_anew if foreign else both
        return Change(
            came=_rows(members, members.keys() - stayed),
            went=_rows(before, before.keys() - stayed),
            renamed=tuple((before[each], members[each]) for each in sorted(stayed & named_anew)),
        )


def _rows(members: dict[int, Member], ordinals: Iterable[int]) -> tuple[Member, ...]:
    return tuple(members[each] for each in sorted(ordinals))
