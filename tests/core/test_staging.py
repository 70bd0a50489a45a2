"""By itself, and with an outbox at the other end of a channel that loses, doubles and reorders."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat.core import outbox
from chat.core.limits import WINDOW
from chat.core.outbox import Outbox
from chat.core.staging import Landing, Staging, Verdict
from chat.core.types import Draft

ANN, BOB = b"instance", b"another."


def staging(last: int = 0) -> Staging:
    stage = Staging()
    stage.enter(ANN, last)
    return stage


def take(stage: Staging, *numbers: int, author: bytes = ANN) -> list[Verdict]:
    return [stage.take(author, n, b"%d" % n) for n in numbers]


def flushed(stage: Staging) -> list[int]:
    return [draft.n for draft in stage.flush()]


def test_drafts_go_to_the_log_in_order_and_once() -> None:
    stage = staging()
    assert take(stage, 1, 2, 2, 1, 3) == [
        Verdict.TAKEN,
        Verdict.TAKEN,
        Verdict.STAGED,
        Verdict.STAGED,
        Verdict.TAKEN,
    ]
    assert flushed(stage) == [1, 2, 3]
    assert flushed(stage) == []


def test_what_is_beyond_a_gap_is_not_taken() -> None:
    stage = staging(last=5)
    assert take(stage, 7, 6, 7) == [Verdict.AHEAD, Verdict.TAKEN, Verdict.TAKEN]


def test_what_is_beyond_the_window_is_not_taken() -> None:
    stage = staging()
    verdicts = take(stage, *range(1, WINDOW + 2))
    assert verdicts[:WINDOW] == [Verdict.TAKEN] * WINDOW
    assert verdicts[WINDOW] is Verdict.AHEAD
    stage.logged(ANN, 1)
    assert take(stage, WINDOW + 1) == [Verdict.TAKEN]


def test_what_the_log_has_is_worth_an_acknowledgement_and_what_is_on_its_way_is_not() -> None:
    stage = staging()
    take(stage, 1, 2)
    stage.flush()
    stage.appended({ANN: 2})
    assert take(stage, 1) == [Verdict.STAGED], "committed, but not yet told by the log"
    stage.logged(ANN, 1)
    assert take(stage, 1, 2) == [Verdict.LOGGED, Verdict.STAGED]


def test_after_a_refusal_authors_go_on_from_what_the_log_has() -> None:
    stage = staging()
    take(stage, 1, 2)
    stage.flush()
    assert stage.appended("the disk is full").refused == [ANN]
    assert take(stage, 3, 1) == [Verdict.AHEAD, Verdict.TAKEN]
    assert flushed(stage) == [1]


def test_after_a_refusal_nothing_is_taken_until_all_flights_have_landed() -> None:
    stage = staging()
    take(stage, 1)
    stage.flush()
    take(stage, 2)
    stage.flush()
    assert stage.appended("the disk is full").refused == []
    assert take(stage, 1, 3) == [Verdict.STAGED, Verdict.AHEAD]
    assert stage.appended({ANN: 0}).refused == [ANN]
    assert take(stage, 1) == [Verdict.TAKEN]


def test_what_waited_behind_a_refused_flight_is_refused_with_it() -> None:
    stage = staging()
    take(stage, 1)
    stage.flush()
    take(stage, 2)
    stage.appended("the disk is full")
    assert flushed(stage) == []
    assert take(stage, 1, 2) == [Verdict.TAKEN, Verdict.TAKEN]


def test_an_author_of_whom_the_log_has_less_than_it_said_is_forgotten() -> None:
    stage = staging(3)
    stage.enter(BOB, 0)
    take(stage, 4)
    take(stage, 1, author=BOB)
    stage.flush()
    assert stage.appended({ANN: 0, BOB: 1}) == Landing([ANN], [ANN])


def test_who_has_nothing_in_a_refused_flight_is_not_asked_to_send_again() -> None:
    stage = staging()
    stage.enter(BOB, 0)
    take(stage, 1)
    stage.flush()
    assert stage.appended("the disk is full").refused == [ANN]
    assert take(stage, 1, author=BOB) == [Verdict.TAKEN]


def test_an_author_who_comes_back_goes_on_from_what_is_on_its_way() -> None:
    stage = staging()
    take(stage, 1)
    stage.flush()
    stage.leave(ANN)
    stage.enter(ANN, 0)
    assert take(stage, 1, 2) == [Verdict.STAGED, Verdict.TAKEN]


def test_an_author_who_left_is_forgotten_when_nothing_of_its_own_is_on_its_way() -> None:
    stage = staging()
    stage.enter(BOB, 3)
    stage.leave(BOB)
    assert len(stage) == 1
    take(stage, 1)
    stage.flush()
    stage.leave(ANN)
    assert len(stage) == 1
    stage.appended({ANN: 1})
    stage.logged(ANN, 1)
    assert len(stage) == 0


def test_so_many_bytes_go_at_once_and_the_rest_waits() -> None:
    stage = staging()
    for n in range(1, 6):
        stage.take(ANN, n, bytes(100))
    assert stage.flush(0) == ()
    assert [draft.n for draft in stage.flush(250)] == [1, 2]
    assert stage.waiting == 3
    assert [draft.n for draft in stage.flush(100)] == [3]
    assert stage.appended({ANN: 2}).refused == []
    assert stage.appended({ANN: 3}).refused == [], "its others wait"
    assert not stage.idle
    assert flushed(stage) == [4, 5]


@pytest.mark.parametrize("result", [{ANN: 1}, "refused"])
def test_it_is_idle_when_nothing_waits_and_nothing_is_under_way(
    result: dict[bytes, int] | str,
) -> None:
    stage = staging()
    assert stage.idle
    take(stage, 1)
    assert not stage.idle
    stage.flush()
    assert not stage.idle
    stage.appended(result)
    assert stage.idle


class OverALossyChannel(RuleBasedStateMachine):
    """One author, its room, and a log that may refuse, be slow, or die with the server."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox()
        self.outbox.begin(0)
        self.staging = staging()
        self.said: list[bytes] = []
        self.acknowledged: list[bytes] = []
        self.network: list[tuple[int, bytes]] = []
        self.flights: list[tuple[Draft, ...]] = []
        self.results: list[dict[bytes, int] | str] = []
        self.log: list[bytes] = []
        self.told = 0
        """How much of the log the server was told."""

    @rule(count=st.integers(1, 12))
    def say(self, count: int) -> None:
        for _ in range(count):
            text = f"{len(self.said)}"
            self.said.append(text.encode())
            self.outbox.add(outbox.Draft(len(self.said), 1, text, 0, False))

    @rule()
    def send(self) -> None:
        self.network += [(n, draft.text.encode()) for n, draft in self.outbox.to_send()]

    @precondition(lambda self: self.network)
    @rule(at=st.integers(0, 200), kept=st.booleans())
    def deliver(self, at: int, kept: bool) -> None:
        n, text = self.network[at % len(self.network)]
        if not kept:
            self.network.remove((n, text))
        if self.staging.take(ANN, n, text) is Verdict.LOGGED:
            self.acknowledge(self.staging.last(ANN))

    @rule()
    def deliver_all(self) -> None:
        for n, text in self.network:
            self.staging.take(ANN, n, text)
        self.network.clear()

    @rule(lost=st.integers(0, 200))
    def lose(self, lost: int) -> None:
        del self.network[:lost]

    @rule(most=st.none() | st.integers(0, 9))
    def flush(self, most: int | None) -> None:
        drafts = self.staging.flush(most)
        if drafts:
            self.flights.append(drafts)

    @precondition(lambda self: self.flights)
    @rule(refused=st.booleans())
    def commit(self, refused: bool) -> None:
        """The log takes n only after n - 1."""
        drafts = self.flights.pop(0)
        if not refused:
            for draft in drafts:
                if draft.n == len(self.log) + 1:
                    self.log.append(draft.body)
        self.results.append("refused" if refused else {ANN: len(self.log)})

    @precondition(lambda self: self.results)
    @rule()
    def land(self) -> None:
        self.staging.appended(self.results.pop(0))

    @precondition(lambda self: self.told < len(self.log))
    @rule(lost=st.booleans())
    def tell(self, lost: bool) -> None:
        self.told += 1
        self.staging.logged(ANN, self.told)
        if not lost:
            self.acknowledge(self.told)

    @rule()
    def time_out(self) -> None:
        self.outbox.timed_out(self.outbox.tries + 1)

    @rule()
    def reconnect(self) -> None:
        """The same instance joins again: to the author the log's answer is news, too."""
        self.staging.leave(ANN)
        self.join()

    @rule()
    def crash(self) -> None:
        """What was under way is gone, and so is what the server knew."""
        self.staging = Staging()
        self.flights.clear()
        self.results.clear()
        self.told = len(self.log)
        self.join()

    def join(self) -> None:
        self.staging.enter(ANN, len(self.log))
        self.told = len(self.log)
        self.acknowledged += [draft.text.encode() for _, draft in self.outbox.begin(len(self.log))]

    def acknowledge(self, n: int) -> None:
        self.acknowledged += [draft.text.encode() for _, draft in self.outbox.ack(n)]

    @invariant()
    def the_log_is_what_was_said_in_its_order(self) -> None:
        assert self.log == self.said[: len(self.log)]

    @invariant()
    def what_is_acknowledged_is_in_the_log(self) -> None:
        assert self.acknowledged == self.log[: len(self.acknowledged)]

    @invariant()
    def the_server_keeps_no_more_than_a_window(self) -> None:
        last, staged = self.staging.last(ANN), self.staging.staged(ANN)
        assert last <= staged <= last + WINDOW
        assert last == self.told

    def teardown(self) -> None:
        """Nothing is lost any more: all that was said gets into the log, and is known to be."""
        for _ in range(10 + 2 * len(self.said)):
            self.outbox.timed_out(self.outbox.tries + 1)
            self.send()
            self.deliver_all()
            self.flush(None)
            while self.flights:
                self.commit(refused=False)
            while self.results:
                self.land()
            while self.told < len(self.log):
                self.tell(lost=False)
            self.acknowledge(self.told)
        assert self.log == self.acknowledged == self.said


TestOutboxAndStaging = OverALossyChannel.TestCase
TestOutboxAndStaging.settings = settings(max_examples=60, stateful_step_count=60)
