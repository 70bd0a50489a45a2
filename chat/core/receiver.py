"""What the reports of one member say: how far it has come, and what it loses."""

from math import inf
from typing import NamedTuple

from . import limits, wire

_SAMPLES = 3
"""Reports that loss is measured over."""


class Sample(NamedTuple):
    """What one report says of the pushes from number `first` on, up to `end`."""

    first: int
    end: int
    got: int
    seconds: float
    """Since the report before it."""

    @property
    def sent(self) -> int:
        return self.end - self.first


class Receiver:
    """Of one room. Pushes are numbered as in `Marks`."""

    __slots__ = (
        "_at",
        "_epoch",
        "_received",
        "covered",
        "heard",
        "nearest",
        "ordinal",
        "repairs",
        "rtt",
        "samples",
        "told",
    )

    def __init__(self, ordinal: int, heard: int) -> None:
        self.ordinal = ordinal
        self.heard = heard
        """The highest contiguous seq it reported, or what it joined at."""
        self.covered = 0
        """Pushes that its reports speak of: all before this number."""
        self.repairs = False
        """It lost something, and has not caught up since."""
        self.rtt = 0.0
        self.nearest = inf
        """Seconds that pushes take to it and reports back, where nothing queues."""
        self.samples: tuple[Sample, ...] = ()
        """The newest ones, from the first on that had a loss; consecutive, unless it is empty."""
        self.told: object = None
        """The newest receipts that it was handed apart from the others."""
        self._epoch = -1
        self._received = 0
        self._at = 0.0

    def begin(self, pushes: int) -> None:
        """It is sent what comes after so many pushes. Its next report says from where it counts."""
        self.covered = pushes
        self.samples = ()
        self._epoch = -1

    def take(self, report: wire.Report, number: int | None, now: float) -> Sample | None:
        """A report, and the number of pushes up to the highest one it names, if that is known.
        Returns what it says of pushes that no report before spoke of, if it does."""
        self.rtt = report.rtt / 1000
        counted, before = report.epoch == self._epoch, self._received
        if number is None or (counted and report.received == before):
            return None
        if counted and report.received < before and number <= self.covered:
            return None  # It was overtaken.
        sample = None
        if number > self.covered:
            if counted and report.received > before:
                got = min(report.received - before, number - self.covered)
                sample = Sample(self.covered, number, got, now - self._at)
                self._remember(sample)
            else:
                self.samples = ()
            self.covered = number
            self._at = now
        self._epoch, self._received = report.epoch, report.received
        return sample

    def queues(self, late: float) -> bool:
        """Whether pushes that were made `late` seconds ago and are not there wait in a queue, by
        what the path takes otherwise (0: nothing to be told). A path may also have become longer:
        that is learned slowly."""
        if self.nearest == inf:
            self.nearest = self.rtt
        self.nearest = min(self.nearest, late or inf)
        waited = late - self.nearest
        if waited <= limits.PACE_LAG:
            return False
        self.nearest += waited / 8
        return True

    def forgive(self, before: int) -> None:
        """What was lost of the pushes before that number is not to count."""
        if self.samples and self.samples[0].first < before:
            self.samples = ()

    @property
    def loss(self) -> float:
        """From 0 to 1, over three reports; 0 as long as there are fewer since it first lost."""
        if len(self.samples) < _SAMPLES:
            return 0.0
        sent = sum(sample.sent for sample in self.samples)
        return 1 - sum(sample.got for sample in self.samples) / sent

    def _remember(self, sample: Sample) -> None:
        if self.samples or sample.got < sample.sent:
            self.samples = (*self.samples, sample)[-_SAMPLES:]
        if all(sample.got == sample.sent for sample in self.samples):
            self.samples = ()
