"""How often somebody may be wrong about what opens a room: its password, or an invite.

Only what was wrong counts. Each try takes one of a neighbour's chances when it begins and gives it
back if it was right, so a class with the right password gets in together, and who guesses has ten
chances a room at once, and then one each ten seconds. This machine is a neighbour like any other
here: a password is not to be had by being on it.
"""

from .buckets import Bucket
from .limits import GUESSES, GUESSES_ALL, NEIGHBOURS
from .types import Path


class _Chances(Bucket):
    """Of one neighbour, in one room or in all."""

    __slots__ = ("trying",)

    def __init__(self, rate: float, burst: float) -> None:
        super().__init__(rate, burst)
        self.trying = 0
        """Tries that have not ended."""


class Guesses:
    """Of one server. What it remembers is bounded: the neighbours heard last."""

    def __init__(self) -> None:
        self._chances: dict[tuple[bytes, str], _Chances] = {}
        """By neighbour and room, and by neighbour and "" of all rooms; the one used last is the
        last."""

    def begin(self, path: Path, room: str, now: float) -> bool | None:
        """Whether it may be tried; then `end` is to follow. False: there were too many wrong ones.
        None: so many are being tried that it is not known yet; whoever asks will ask again."""
        both = self._of(path, room)
        spent = [chances for chances in both if not chances.has(now)]
        if spent:
            return None if all(chances.trying for chances in spent) else False
        for chances in both:
            chances.take(now)
            chances.trying += 1
        return True

    def end(self, path: Path, room: str, ok: bool | None, now: float) -> None:
        """What came of a try from there, where it began; None: nobody looked."""
        for chances in self._of(path, room):
            chances.trying = max(0, chances.trying - 1)
            if ok is not False:
                chances.give(now)

    def _of(self, path: Path, room: str) -> tuple[_Chances, _Chances]:
        neighbour = b"" if path.loopback else path.prefix
        return self._kept((neighbour, room), GUESSES), self._kept((neighbour, ""), GUESSES_ALL)

    def _kept(self, key: tuple[bytes, str], rate: tuple[float, float]) -> _Chances:
        chances = self._chances.pop(key, None) or _Chances(*rate)
        self._chances[key] = chances
        if len(self._chances) > NEIGHBOURS:
            del self._chances[next(iter(self._chances))]
        return chances
