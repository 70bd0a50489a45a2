"""What is measured: who is there, how often something is said, and how it is compared."""

from typing import NamedTuple

TEXT_SIZE = 80
"""Bytes of what is said."""

MARK = b"\x1e"
"""Before the eight digits of a message's number, with which its text begins; as in crowd.c."""


class Case(NamedTuple):
    """One row of the table."""

    name: str
    what: str
    members: int
    rate: float = 0.0
    """Messages a second; 0: as fast as it goes."""
    window: int = 1024
    """Messages on their way at once where it goes as fast as it goes."""
    rooms: int = 1
    deaf: int = 0
    """Members that stop reading; the case is then measured without and with them."""
    talkers: int = 0
    """Members who speak, where there is no rate and the window is not 1."""
    peers: bool = True
    """Peers take part."""
    floor: bool = False

    @property
    def flat(self) -> bool:
        return not self.rate and self.window > 1

    @property
    def reach(self) -> int:
        """Members who hear each message."""
        return self.members // self.rooms


CASES = {
    case.name: case
    for case in (
        Case("hot1000", "N=1000, one in flight", 1000, window=1, peers=False, floor=True),
        Case("cold1000", "N=1000, 10/s", 1000, rate=10, floor=True),
        Case("n200x100", "N=200, 100/s", 200, rate=100, floor=True),
        Case("n200x1000", "N=200, 1000/s", 200, rate=1000, floor=True),
        Case("n200flat", "N=200, flat out", 200, talkers=16),
        Case("n10x1000", "N=10, 1000/s", 10, rate=1000, floor=True),
        Case("n50x1000", "N=50, 1000/s", 50, rate=1000),
        Case("n100x1000", "N=100, 1000/s", 100, rate=1000),
        Case("stopped", "N=1000, 10/s, 200 stopped", 1000, rate=10, deaf=200, peers=False),
        Case("inbound", "200 talk, in 50 rooms", 200, rooms=50, talkers=200, peers=False),
    )
}


def text(number: int) -> bytes:
    """What is said, with the message's number in it."""
    return (MARK + b"%08d " % number).ljust(TEXT_SIZE, b"x")
