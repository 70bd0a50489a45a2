"""Passwords that were right, so that a thousand who come back need not be checked a thousand times.

It remembers no password, only a MAC under a key that lives as long as the process. An answer out of
here is as good as one that took 50 ms, and so it must cost a guess like one: see `guesses`.
"""

from typing import TypeVar

from . import protect
from .limits import MEMBERS_KNOWN, ROOMS

K = TypeVar("K")


class Known:
    """Of one server: of each room the password that was right last, and who came in with it."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 random bytes."""
        self._key = key
        self._rooms: dict[str, bytes] = {}
        self._parties: dict[tuple[str, bytes], bytes] = {}
        """By room and party; who came last is the last."""

    def remember(self, room: str, verifier: str, password: str, party: bytes) -> None:
        """It was right."""
        mac = self._mac(room, verifier, password)
        _keep(self._rooms, room, mac, ROOMS)
        _keep(self._parties, (room, party), mac, MEMBERS_KNOWN)

    def has(self, room: str, verifier: str, password: str) -> bool:
        """Whether it was right before. Only for a try that counts as a guess."""
        return _same(self._rooms.get(room), self._mac(room, verifier, password))

    def vouches(self, room: str, verifier: str, password: str, party: bytes) -> bool:
        """Whether this party came in with it before. It learns nothing by that, so it need not
        count as a guess: who guesses does not keep out who has been there."""
        return _same(self._parties.get((room, party)), self._mac(room, verifier, password))

    def _mac(self, room: str, verifier: str, password: str) -> bytes:
        return protect.password_mac(self._key, room, verifier, password)


def _same(known: bytes | None, mac: bytes) -> bool:
    return known is not None and protect.same(known, mac)


def _keep(macs: dict[K, bytes], key: K, mac: bytes, most: int) -> None:
    macs.pop(key, None)
    macs[key] = mac
    if len(macs) > most:
        del macs[next(iter(macs))]
