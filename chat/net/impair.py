"""A bad network, decided: what becomes of each datagram. Pure, seeded, and without a clock.
`impaired.Impaired` does to sockets what is decided here.
"""

import math
import re
from dataclasses import astuple, dataclass
from decimal import Decimal
from random import Random
from typing import NamedTuple

from msgspec import Struct

HELD = 0.02
"""Seconds that a reordered datagram is held back, or its whole delay again if that is more."""

DELAY_MAX = 60.0

EXAMPLE = "loss=20% burst=3 dup=5% delay=80ms±40 reorder=10% corrupt=1% blackout=10s..15s"
"""All the words there are."""

_EXAMPLES = {word.partition("=")[0]: word for word in EXAMPLE.split()}

_NUMBER = "([0-9]+(?:[.][0-9]+)?)"
_PERCENT = re.compile(f"{_NUMBER}%")
_COUNT = re.compile(_NUMBER)
_DELAY = re.compile(f"{_NUMBER}(ms|s)(?:(?:±|[+]-){_NUMBER}(ms|s)?)?")
_WINDOW = re.compile(f"{_NUMBER}(ms|s)[.][.]{_NUMBER}(ms|s)")


class ImpairmentError(ValueError):
    """One line that names the bad word and shows a good one."""


class Blackout(NamedTuple):
    """Seconds since the start: nothing passes from `start` until just before `end`."""

    start: float
    end: float


class Impairment(Struct, frozen=True):
    """What is wrong with a network, in one direction. Raises ImpairmentError for what cannot be.

    `str()` gives it as `parse` takes it, in one canonical form; "off" where nothing is wrong.
    """

    loss: float = 0.0
    """Fraction of the datagrams that is lost in the long run."""
    burst: float = 0.0
    """Mean number of datagrams lost in a row; 0: each is lost or not by itself."""
    dup: float = 0.0
    """Fraction that comes twice."""
    delay: float = 0.0
    """Seconds."""
    jitter: float = 0.0
    """Seconds that the delay may be longer or shorter, uniformly; so datagrams may overtake."""
    reorder: float = 0.0
    """Fraction that is held back, the delay again but at least `HELD`, so that others overtake."""
    corrupt: float = 0.0
    """Fraction that has one to three bits flipped."""
    blackouts: tuple[Blackout, ...] = ()

    def __post_init__(self) -> None:
        for word in ("loss", "dup", "reorder", "corrupt"):
            fraction = getattr(self, word)
            if not 0 <= fraction <= 1:
                raise _unlike(
                    f"{word}={_percent(fraction)}", "is not from 0% to 100%", _EXAMPLES[word]
                )
        if not 0 <= self.delay <= DELAY_MAX:
            raise _unlike(_delay(self), f"is not from 0s to {DELAY_MAX:.0f}s", _EXAMPLES["delay"])
        if not 0 <= self.jitter <= self.delay:
            raise _unlike(_delay(self), "varies by more than there is", _EXAMPLES["delay"])
        for window in self.blackouts:
            if not 0 <= window.start < window.end < float("inf"):
                raise _unlike(
                    _blackout(window), "does not end after it begins", _EXAMPLES["blackout"]
                )
        if self.burst:
            burst = f"burst={_number(self.burst)}"
            if not (self.loss and 1 <= self.burst < float("inf")):
                raise _unlike(burst, "is less than 1, or has no loss", "loss=20% burst=3")
            least = self.loss / (1 - self.loss) if self.loss < 1 else 1
            if self.burst < least - 1e-9:
                example = f"burst={math.ceil(least * 100 - 1e-6) / 100:g}"
                raise _unlike(burst, f"is too short for loss={_percent(self.loss)}", example)

    @classmethod
    def parse(cls, text: str) -> "Impairment":
        """The words above in any order, only `blackout` more than once; `+-` is as good as `±`.
        Nothing, or "off": a perfect network. Raises ImpairmentError."""
        found: dict[str, float] = {}
        varied = 0.0
        blackouts: list[Blackout] = []
        for token in text.split() if text.strip() != "off" else ():
            word, _, value = token.partition("=")
            if word in found:
                raise _unlike(token, "comes twice", _EXAMPLES[word])
            match word:
                case "loss" | "dup" | "reorder" | "corrupt":
                    (percent,) = _matched(_PERCENT, value, token, word)
                    found[word] = float(Decimal(percent) / 100)
                case "burst":
                    found[word] = float(_matched(_COUNT, value, token, word)[0])
                case "delay":
                    delay, unit, jitter, other = _matched(_DELAY, value, token, word)
                    found[word] = _seconds(delay, unit)
                    varied = _seconds(jitter or "0", other or unit)
                case "blackout":
                    start, unit, end, other = _matched(_WINDOW, value, token, word)
                    blackouts.append(Blackout(_seconds(start, unit), _seconds(end, other)))
                case _:
                    raise _unlike(token, "is not understood", _EXAMPLES.get(word, EXAMPLE))
        return cls(**found, jitter=varied, blackouts=tuple(sorted(blackouts)))

    def __str__(self) -> str:
        words = [
            self.loss and f"loss={_percent(self.loss)}",
            self.burst and f"burst={_number(self.burst)}",
            self.dup and f"dup={_percent(self.dup)}",
            self.delay and _delay(self),
            self.reorder and f"reorder={_percent(self.reorder)}",
            self.corrupt and f"corrupt={_percent(self.corrupt)}",
            *map(_blackout, self.blackouts),
        ]
        return " ".join(word for word in words if word) or "off"


CLEAR = Impairment()
"""Nothing is wrong."""


@dataclass(slots=True)
class Tally:
    """What became of the datagrams, each counted under all that happened to it."""

    seen: int = 0
    lost: int = 0
    blacked_out: int = 0
    duplicated: int = 0
    delayed: int = 0
    """Copies that did not arrive at once."""
    reordered: int = 0
    """Those of them that were held back."""
    corrupted: int = 0
    """Copies."""

    @property
    def dropped(self) -> int:
        return self.lost + self.blacked_out

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(sum, zip(astuple(self), astuple(other), strict=True)))


class Impairer:
    """One direction of a bad network. The same seed, times and lengths have the same outcome.

    Losses follow Gilbert's model: in a burst all is lost, outside nothing, and with probabilities
    chosen so that a burst loses `burst` datagrams on average, and all together the fraction `loss`.
    """

    def __init__(self, spec: Impairment, seed: int | str, start: float) -> None:
        """`start`: the time, in seconds, from which blackouts count."""
        self.tally = Tally()
        self._random = Random(seed)
        self._dark = Blackout(start, start)
        self.change(spec, start)

    @property
    def spec(self) -> Impairment:
        return self._spec

    def change(self, spec: Impairment, now: float) -> None:
        """From now on; the counters go on."""
        self._spec = spec
        self._clear = spec == CLEAR
        self._start = now
        self._losing = bool(spec.burst) and self._random.random() < spec.loss

    def blackout(self, seconds: float, now: float) -> None:
        """One more, that begins now."""
        self._dark = Blackout(now, now + seconds)

    def judge(self, datagram: bytes, now: float) -> list[tuple[float, bytes]]:
        """What arrives, and in how many seconds each: nothing, one or two copies."""
        spec, tally = self._spec, self.tally
        tally.seen += 1
        if self._is_dark(now):
            tally.blacked_out += 1
            return []
        if self._clear:
            return [(0.0, datagram)]
        if self._loses():
            tally.lost += 1
            return []
        if self._happens(spec.dup):
            tally.duplicated += 1
            return [self._copy(datagram), self._copy(datagram)]
        return [self._copy(datagram)]

    def discard(self) -> None:
        """There was no room to keep a copy until its time."""
        self.tally.lost += 1

    def _is_dark(self, now: float) -> bool:
        since = now - self._start
        return self._dark.start <= now < self._dark.end or any(
            start <= since < end for start, end in self._spec.blackouts
        )

    def _loses(self) -> bool:
        loss, burst = self._spec.loss, self._spec.burst
        if not burst or loss == 1:
            return self._happens(loss)
        if self._happens(1 / burst if self._losing else loss / (1 - loss) / burst):
            self._losing = not self._losing
        return self._losing

    def _copy(self, datagram: bytes) -> tuple[float, bytes]:
        spec, tally = self._spec, self.tally
        delay = spec.delay
        if spec.jitter:
            delay = max(0.0, delay + self._random.uniform(-spec.jitter, spec.jitter))
        if self._happens(spec.reorder):
            tally.reordered += 1
            delay += max(spec.delay, HELD)
        if delay:
            tally.delayed += 1
        if datagram and self._happens(spec.corrupt):
            tally.corrupted += 1
            datagram = self._flipped(datagram)
        return delay, datagram

    def _flipped(self, datagram: bytes) -> bytes:
        copy = bytearray(datagram)
        for bit in self._random.sample(range(len(copy) * 8), self._random.randint(1, 3)):
            copy[bit // 8] ^= 1 << bit % 8
        return bytes(copy)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance


def _unlike(token: str, wrong: str, example: str) -> ImpairmentError:
    return ImpairmentError(f"{token!r} {wrong}; write it like {example}")


def _matched(pattern: re.Pattern[str], value: str, token: str, word: str) -> tuple[str, ...]:
    found = pattern.fullmatch(value)
    if found is None:
        raise _unlike(token, "is not understood", _EXAMPLES.get(word, EXAMPLE))
    return found.groups()


def _seconds(number: str, unit: str) -> float:
    return float(Decimal(number) * (Decimal("0.001") if unit == "ms" else 1))


def _number(value: float, scale: int = 1) -> str:
    """All digits of it, so that nothing is lost on the way back, and no more."""
    return f"{(Decimal(repr(float(value))) * scale).normalize():f}"


def _percent(fraction: float) -> str:
    return f"{_number(fraction, 100)}%"


def _delay(spec: Impairment) -> str:
    jitter = f"±{_number(spec.jitter, 1000)}" if spec.jitter else ""
    return f"delay={_number(spec.delay, 1000)}ms{jitter}"


def _blackout(window: Blackout) -> str:
    return f"blackout={_number(window.start)}s..{_number(window.end)}s"
