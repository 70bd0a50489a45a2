from collections.abc import Iterator

import pytest

from chat.core import limits, wire
from chat.core.channel import PushSealer
from chat.core.keyring import Keyring
from chat.core.recovery import RoundTrip
from chat.core.reporter import Reporter

KEY = bytes(16)


class Ear:
    """A reporter in a room of an interval, and the pushes that come to it."""

    def __init__(self, interval: int = 10, ordinal: int = 1) -> None:
        self.reporter = Reporter(RoundTrip())
        self.reporter.begin(interval, ordinal, 100.0)
        self.keys = Keyring(0, KEY, 0, b"")
        self.seq = 0
        self._sealer = PushSealer(7, 0, KEY)

    def push(self, *, lost: int = 0, entries: int = 1) -> None:
        """One comes, with something new, after so many that did not."""
        self.seq += entries
        for _ in range(lost + 1):
            datagram = self._sealer.seal(0, 0, b"")
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Push)
        self.keys.open(header, datagram, 0.0)

    def due(self) -> float | None:
        return self.reporter.deadline(self.seq, self.keys)

    def report(self, now: float) -> wire.Report | None:
        return self.reporter.report(7, self.seq, self.keys, now)


def intervals() -> Iterator[tuple[int, float]]:
    """Tenths of a second that are announced, and seconds after which a loss is reported."""
    yield 10, limits.REPORT_INTERVAL
    yield 20, limits.REPORT_INTERVAL
    yield 160, 16 * limits.REPORTS_CALM / limits.REPORTS_LOSSY


def test_there_is_a_report_only_where_there_is_something_to_report() -> None:
    ear = Ear()
    assert ear.report(101.0) == wire.Report(7, 0, 0, 0, 0, 333)
    assert ear.due() is None
    ear.push()
    assert ear.due() == 102.0
    assert ear.report(101.9) is None
    assert ear.report(102.0) == wire.Report(7, 1, 0, 1, 1, 333)
    ear.push(entries=0)
    assert ear.due() is None, "a head is no news"
    ear.push()
    assert ear.due() == 103.0
    assert ear.report(103.0) == wire.Report(7, 2, 0, 3, 3, 333)


@pytest.mark.parametrize(("interval", "sooner"), list(intervals()))
def test_who_loses_reports_earlier(interval: int, sooner: float) -> None:
    ear = Ear(interval)
    now = 100.0 + interval / 10
    ear.report(now)
    ear.push()
    assert ear.due() == now + interval / 10 * (1 if interval == 10 else 1 + limits.REPORT_PATIENCE)
    ear.push(lost=2)
    assert ear.due() == pytest.approx(now + sooner)
    report = ear.report(now + sooner)
    assert report is not None
    assert (report.received, report.highest) == (2, 4)
    ear.push()
    patience = 0 if interval == 10 else interval / 10 * limits.REPORT_PATIENCE
    assert ear.due() == pytest.approx(now + sooner + interval / 10 + patience), "no more than said"


def test_in_a_large_room_a_report_waits_for_a_push_to_go_with() -> None:
    ear = Ear(160)
    ear.report(116.0)
    ear.push()
    assert ear.due() == pytest.approx(132.0 + 16 * limits.REPORT_PATIENCE)
    assert ear.report(131.9) is None
    ear.reporter.pushed(132.1)
    assert ear.report(132.1) is not None, "asked for, because a push came"


def test_after_a_silence_the_members_of_a_large_room_do_not_report_all_at_once() -> None:
    due = []
    for ordinal in range(100):
        ear = Ear(160, ordinal)
        ear.report(200.0)
        ear.push()
        ear.reporter.pushed(1000.0)
        due.append(ear.due() or 0.0)
    patience = 16 * limits.REPORT_PATIENCE
    assert all(1000.0 <= each - patience <= 1016.0 for each in due)
    busiest = max(sum(start <= each < start + 1 for each in due) for start in range(1000, 1016))
    assert busiest <= 10


@pytest.mark.parametrize("silence", [16.0, 100.0])
def test_a_beat_is_answered_by_reports_that_share_a_moment(silence: float) -> None:
    """Also where the next report would be due a little later."""
    due = []
    for ordinal in range(100):
        ear = Ear(160, ordinal)
        ear.report(116.1)
        ear.push(entries=0)
        ear.reporter.pushed(116.0 + silence, beat=True)
        due.append(ear.due() or 0.0)
    moment = limits.answering(16 * limits.REPORTS_CALM)
    assert all(116.0 + silence <= each <= 116.0 + silence + moment for each in due)
    assert max(due) - min(due) > 0.9 * moment
    assert ear.report(due[-1]) is not None
    ear.push(entries=0)
    ear.reporter.pushed(due[-1] + 1, beat=True)
    assert ear.due() == due[-1] + 16 + 16 * limits.REPORT_PATIENCE, "not each time"


def test_of_a_shorter_interval_less_is_left_to_the_report_that_is_due_and_of_a_longer_one_no_more() -> (
    None
):
    ear = Ear(160)
    ear.report(116.0)
    ear.push()
    ear.reporter.announced(20, 124.0)
    assert ear.due() == pytest.approx(125.0 + 2 * limits.REPORT_PATIENCE)
    ear.reporter.announced(160, 124.5)
    assert ear.due() == pytest.approx(125.0 + 2 * limits.REPORT_PATIENCE)
    ear.reporter.announced(10, 130.0)
    assert ear.due() == 130.0, "it is late already"


def test_in_a_small_one_they_do_for_receipts_are_made_of_it() -> None:
    ear = Ear(10, ordinal=5)
    ear.report(101.0)
    ear.push()
    ear.reporter.pushed(1000.0)
    assert ear.due() == 102.0
    ear.report(1000.0)
    ear.push(entries=0)
    ear.reporter.pushed(1016.0, beat=True)
    assert ear.due() == 1001.0


def test_what_a_head_finds_missing_is_reported() -> None:
    ear = Ear()
    ear.report(101.0)
    ear.push(lost=1, entries=0)
    assert ear.due() == 102.0


def test_who_is_known_to_have_less_than_it_said_says_it_again() -> None:
    ear = Ear()
    ear.push()
    ear.report(101.0)
    ear.push(entries=0)
    ear.reporter.told(0, 101.9)
    assert ear.due() is None, "the server may have told this before it heard us"
    ear.reporter.told(1, 102.0)
    assert ear.due() is None
    ear.reporter.told(0, 102.0)
    assert ear.due() == 102.0
    assert ear.report(102.0) == wire.Report(7, 1, 0, 2, 2, 333)
    assert ear.due() is None
