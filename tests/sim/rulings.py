"""What holds in the rooms by all that the registry's log ever said, folded as plainly as can be: no
copies, no trimming, and nothing of how the server does it."""

import json
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from chat.core.entry import decode_entry
from chat.core.hub import Hub
from chat.core.member import Member
from chat.core.roles import Role
from chat.core.types import REGISTRY, Kind, Record

_ENDS = {
    "unban": "ban",
    "unmute": "mute",
    "unlock": "lock",
    "unhide": "hide",
    "deop": "op",
    "uninvite": "invite",
    "enter": "invite",
}
_ABOUT_SOMEBODY = ("ban", "mute", "op", "invite")
_SETTINGS = ("lock", "hide", "slow", "limit", "password")


@dataclass(frozen=True)
class Held:
    """One fact."""

    whom: str
    subjects: tuple[str, ...]
    until: int
    value: str


Key = tuple[str, str, str]
"""Room, act, and whom it is about."""


class Rulings:
    def __init__(self) -> None:
        self.seq = 0
        self.done: Counter[str] = Counter()
        """How often each was ruled."""
        self.uses: dict[str, int] = {}
        """Of each invite, by its digest: how many it was to let in."""
        self._held: dict[tuple[str, str], dict[str, Held]] = {}
        """By room and act, then by whom it is about."""
        self._used_by: dict[str, set[str]] = {}

    def read(self, record: Record) -> None:
        """The next entry of the log."""
        self.seq = record.seq
        entry = decode_entry(REGISTRY, record.seq, record.body)
        if entry.kind != Kind.ACT or entry.refers:
            return
        said = json.loads(entry.text)
        act, room = said["act"], said["room"]
        self._count(said)
        sort = _ENDS.get(act, act)
        if act == "drop":
            self._held = {key: held for key, held in self._held.items() if key[0] != room}
            return
        if sort not in (*_ABOUT_SOMEBODY, *_SETTINGS):
            return
        subjects = tuple(said.get("subjects", ()))
        about = subjects[0] if sort in _ABOUT_SOMEBODY else ""
        facts = self._held.setdefault((room, sort), {})
        held = Held(said.get("whom", ""), subjects, said.get("until", 0), said.get("value", ""))
        before = facts.get(about)
        if act == "enter":
            if before is not None:
                self._used(about, said["by"])
                facts[about] = held
                if held.value == "0":
                    del facts[about]
        elif act in _ENDS:
            if before is not None and held.until in (0, before.until):
                del facts[about]
        elif sort in ("slow", "limit", "password") and held.value in ("", "0"):
            facts.pop(about, None)
        else:
            facts[about] = held
            if act == "invite":
                self.uses[about] = int(held.value)

    def of(self, room: str, act: str, time: int) -> dict[str, Held]:
        """What holds of one sort at this time of the log, by whom it is about."""
        facts = self._held.get((room, act), {})
        return {about: held for about, held in facts.items() if not 0 < held.until <= time}

    def value(self, room: str, act: str) -> str | None:
        """Of a setting; None: it is not set."""
        held = self._held.get((room, act), {}).get("")
        return held.value if held is not None else None

    def role(self, member: Member, room: str) -> str | None:
        held = self._held.get((room, "op"), {}).get(f"key:{member.public.hex()}")
        return (held.value or "moderator") if held is not None else None

    def against(self, member: Member, room: str, act: str, time: int) -> Held | None:
        """The ban or mute that is about this one, if there is one. Addresses are not meant where
        it has a role."""
        if not (found := self.of(room, act, time)):
            return None
        addresses = self.role(member, room) is None
        for held in found.values():
            for subject in held.subjects:
                sort, _, which = subject.partition(":")
                if sort == "net":
                    meant = addresses and ip_address(member.path.host) in ip_network(which)
                elif sort == "key":
                    meant = member.public.hex() == which
                else:
                    meant = member.instance.hex() == which
                if meant:
                    return held
        return None

    def ban(self, member: Member, room: str, time: int) -> Held | None:
        found = self.against(member, "", "ban", time)
        return found or self.against(member, room, "ban", time)

    def silences(self, member: Member, room: str, time: int) -> bool:
        return self.against(member, room, "mute", time) is not None

    def temporary(self) -> list[tuple[Key, Held]]:
        """Bans and mutes that end by themselves, and have not been said to have ended."""
        return [
            ((room, act, about), held)
            for (room, act), facts in self._held.items()
            if act in ("ban", "mute")
            for about, held in facts.items()
            if held.until
        ]

    def differs(self, hub: Hub, time: int) -> str:
        """Nothing: what the hub goes by is the same. Otherwise what is not."""
        registry = hub._house.registry
        for room in {*(room for room, _ in registry.policies()), *(key[0] for key in self._held)}:
            policy = registry.policy(room)
            theirs = (
                {about: r.until for about, r in policy.bans.items() if not 0 < r.until <= time},
                {about: r.until for about, r in policy.mutes.items() if not 0 < r.until <= time},
                {about: r.value for about, r in policy.invites.items() if r.until > time},
                {f"key:{key.hex()}": role for key, role in policy.roles.items()},
                (policy.verifier or None, policy.locked, policy.hidden),
                (policy.slow, policy.limit),
            )
            ours = (
                {about: held.until for about, held in self.of(room, "ban", time).items()},
                {about: held.until for about, held in self.of(room, "mute", time).items()},
                {about: held.value for about, held in self.of(room, "invite", time).items()},
                {about: _role(held) for about, held in self.of(room, "op", time).items()},
                (
                    self.value(room, "password"),
                    self.value(room, "lock") is not None,
                    self.value(room, "hide") is not None,
                ),
                (int(self.value(room, "slow") or 0), int(self.value(room, "limit") or 0)),
            )
            for its, own in zip(theirs, ours, strict=True):
                if its != own:
                    return f"{room or 'everywhere'}: the hub goes by {its}, the log says {own}"
        return ""

    def _used(self, invite: str, by: str) -> None:
        used_by = self._used_by.setdefault(invite, set())
        used_by.add(by)
        self.done["invite used"] += 1
        self.done["invite used by several"] += len(used_by) > 1

    def _count(self, said: dict[str, str]) -> None:
        act, by_itself = said["act"], not said["by"]
        subjects = said.get("subjects", ())
        self.done[act if not by_itself else f"{act} by itself"] += 1
        if act == "ban":
            self.done["ban for a while"] += "until" in said
            self.done["ban of an address"] += all(it.startswith("net:") for it in subjects)
            self.done["ban everywhere"] += said["room"] == ""
        if act == "password":
            self.done["password taken away"] += not said.get("value")


def _role(held: Held) -> Role:
    return {"member": Role.MEMBER, "owner": Role.OWNER}.get(held.value, Role.MODERATOR)
