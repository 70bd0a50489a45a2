"""A room's members who report well, badly, or not at all."""

from typing import TypeVar

from chat.core import asks, limits, wire
from chat.core.channel import PUSH_MAX
from chat.core.staging import Verdict
from chat.core.types import Append, Effect, Range, Subscribe, Unsubscribe

from .logs import body
from .peer import Peer
from .scene import Scene
from .stage import EMPTY, SEALED, TAG, Stage
from .stub import Stub, TextStub

T = TypeVar("T")

LEAST, _ = limits.PUSH_AGAIN


class Hall(Stage):
    """Members of a stage who report each second what they got: all, unless `lost` says otherwise."""

    def __init__(self, members: int = 4) -> None:
        self.crowd = [Stub(f"m{n}") for n in range(members)]
        super().__init__(*self.crowd)
        self.reporting = False
        self.silent: set[Stub] = set()
        self.lost: dict[Stub, float] = {}
        self.rtt = 100
        self.seq_of: dict[Stub, int] = {}
        self.said: list[Effect] = []
        self._got = dict.fromkeys(self.crowd, 0.0)
        self._made = self.room.keys.pushes

    @property
    def out(self) -> list[Stub]:
        return [member for member in self.crowd if not self.room._congestion.pushed_to(member)]

    @property
    def rate(self) -> float | None:
        return self.room._congestion.pace.rate

    def seconds(self, count: int, pushes: int, *, report: bool = True) -> None:
        """So many seconds with so many pushes in each, reported of at the end of each."""
        for _ in range(count):
            for _ in range(pushes):
                self.log(body("x" * 200))
                self.said += self.effects()
                self.wait(1 / pushes)
            if not pushes:
                self.wait(1.0)
            if report:
                self.report()

    def report(self) -> None:
        made = self.room.keys.pushes
        for member in self.crowd:
            if member in self.out:
                continue
            self._got[member] += (made - self._made) * (1 - self.lost.get(member, 0.0))
            if member not in self.silent:
                seq = self.seq_of.get(member, self.seq)
                got = int(self._got[member])
                self.room.heard(member, wire.Report(TAG, seq, 0, got, made, self.rtt), self.now)
        self._made = made
        self.said += self.effects()

    def wait(self, seconds: float) -> list[tuple[float, list[wire.Frame]]]:
        until = self.now + seconds
        while (deadline := self.timers.deadline()) is not None and deadline <= until:
            self.now = deadline
            for _, name in self.timers.due(self.now):
                self.room.timeout(name, self.now)
            if hasattr(self, "said"):
                self.said += self.effects()
            else:
                self.effects()
        self.now = until
        return []


def switches(hall: Hall) -> list[Effect]:
    return [it for it in hall.said if isinstance(it, Subscribe | Unsubscribe)]


def states(member: Stub) -> list[wire.Pushing]:
    return [frame for frame in member.frames if isinstance(frame, wire.Pushing)]


def test_where_all_is_well_nothing_happens() -> None:
    hall = Hall()
    hall.seconds(30, 20)
    assert (hall.out, hall.rate, switches(hall)) == ([], None, [])
    assert all(not member.frames for member in hall.crowd)


def test_who_says_nothing_leaves_after_a_while_and_returns() -> None:
    hall = Hall()
    stopped = hall.crowd[0]
    hall.silent.add(stopped)
    hall.seconds(1, 10)
    assert hall.out == []
    hall.seconds(4, 10)
    assert hall.out == [stopped]
    assert switches(hall) == [Unsubscribe(SEALED, stopped.path)]
    (state,) = states(stopped)
    assert (state.on, state.again) == (0, 10 * LEAST)
    hall.silent.clear()
    hall.seconds(11, 10)
    assert hall.out == []
    assert switches(hall)[1:] == [Subscribe(SEALED, stopped.path)]
    on, head, presence = stopped.frames[-3:]
    assert (on, type(head), type(presence)) == (
        wire.Pushing(TAG, state.change + 1, 1, 0),
        wire.Head,
        wire.Presence,
    )
    hall.seconds(20, 10)
    assert hall.out == [], "what was pushed meanwhile is not lost"


def test_a_quiet_room_takes_nobodys_silence_for_loss() -> None:
    hall = Hall()
    hall.silent.update(hall.crowd)
    hall.log(body("hi"))
    hall.wait(9.0)
    assert hall.out == []


def test_who_loses_a_third_leaves_and_the_others_notice_nothing() -> None:
    hall = Hall()
    lossy = hall.crowd[1]
    hall.lost[lossy] = 0.33
    hall.seconds(8, 30)
    assert (hall.out, hall.rate) == ([lossy], None)


def test_not_if_tcp_would_be_sent_as_much() -> None:
    hall = Hall()
    hall.rtt = 1
    hall.lost[hall.crowd[1]] = 0.15
    hall.seconds(20, 30)
    assert hall.out == []


def test_where_many_lose_the_room_is_slower_and_nobody_leaves() -> None:
    hall = Hall(20)
    hall.lost = dict.fromkeys(hall.crowd, 0.5)
    hall.seconds(3, 100)
    assert hall.rate is not None
    assert hall.rate < 100 * 250 * 0.5
    hall.lost = dict.fromkeys(hall.crowd, 0.04)
    hall.seconds(4, 30)
    assert hall.out == [], "what was lost before does not count"
    hall.lost = {}
    hall.seconds(90, 1)
    assert hall.rate is None, "it opens again"


def test_one_of_three_cannot_make_a_room_slow() -> None:
    hall = Hall(3)
    hall.lost[hall.crowd[0]] = 0.9
    hall.seconds(20, 100)
    assert hall.rate is None


def test_a_room_does_not_run_away_from_those_who_repair() -> None:
    hall = Hall(20)
    hall.rtt = 5
    hall.seconds(4, 50)
    hall.seq_of = dict.fromkeys(hall.crowd, 10)
    hall.seconds(6, 50)
    assert hall.rate is None, "who has lost nothing has only come late"
    hall.lost = dict.fromkeys(hall.crowd, 0.01)
    hall.seconds(6, 50)
    assert hall.rate is not None


def test_pushes_that_queue_on_their_way_make_it_slower_without_any_loss() -> None:
    hall = Hall(20)
    hall.seconds(3, 50)
    reports = []
    for _ in range(4):
        made = hall.room.keys.pushes
        hall.seconds(1, 50, report=False)
        reports.append(made)
        for member in hall.crowd:
            received = int(hall._got[member]) + made - hall._made
            hall.room.heard(member, wire.Report(TAG, 1, 0, received, made, 20), hall.now)
        hall.effects()
    hall.seconds(1, 0, report=False)
    assert hall.rate is not None


def test_two_reports_at_the_same_moment_are_taken() -> None:
    """The network kept one of them; or somebody sends both in one datagram."""
    hall = Hall(members=1)
    hall.seconds(4, 10)
    hall.seconds(1, 10, report=False)
    first = hall.room.keys.pushes
    hall.seconds(1, 10, report=False)
    for made in (first, hall.room.keys.pushes - limits.PUSH_BEHIND):
        report = wire.Report(TAG, hall.seq, 0, made, made, hall.rtt)
        hall.room.heard(hall.crowd[0], report, hall.now + 1.0)
    hall.wait(1.0)
    assert hall.out == []


def test_what_waits_goes_to_the_log_at_the_rooms_pace_and_authors_are_told() -> None:
    hall = Hall(20)
    hall.lost = dict.fromkeys(hall.crowd, 0.9)
    hall.seconds(4, 100)
    assert hall.rate is not None
    ann = hall.crowd[0]
    hall.said.clear()
    verdicts = [hall.say(ann, n, "x" * 500) for n in range(1, 41)]
    assert set(verdicts) == {Verdict.TAKEN}
    (window,) = [frame for frame in ann.frames if isinstance(frame, wire.Window)]
    assert window.size < limits.WINDOW
    start, rate = hall.now, hall.rate
    hall.said += hall.effects()
    while hall.room._staging.waiting:
        hall.wait(0.1)
    appended = [it for it in hall.said if isinstance(it, Append)]
    assert [draft.n for append in appended for draft in append.drafts] == list(range(1, 41))
    size = sum(len(draft.body) for append in appended for draft in append.drafts)
    assert size / (1.2 * rate) - 1 < hall.now - start < 1.5 * size / rate + 1
    assert max(sum(len(d.body) for d in append.drafts) for append in appended) <= PUSH_MAX
    assert len(appended) < 40, "each push is full"


def test_a_window_that_is_full_again_is_told_some_times_and_then_no_more() -> None:
    hall = Hall(4)
    ann, pace = hall.crowd[0], hall.room._congestion.pace
    pace.window = 5
    n = 0
    for tick in range(20):
        pace.ticks += 1
        if tick == 5:
            pace.window = limits.WINDOW
        for _ in range(3):
            n += 1
            hall.say(ann, n)
    sizes = [frame.size for frame in ann.frames if isinstance(frame, wire.Window)]
    assert sizes == [5] * 5 + [limits.WINDOW] * limits.WINDOW_TOLD


def test_plain_text_is_not_concerned() -> None:
    ann, bob = TextStub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.reporting = False
    for _ in range(60):
        stage.log(body("hi"))
        stage.wait(0.2)
    assert stage.room._congestion.pushed_to(ann)
    assert not stage.room._congestion.pushed_to(bob)
    stage.room.exit(ann, stage.now)
    stage.room.exit(bob, stage.now)
    effects = [it for it in stage.effects() if isinstance(it, Unsubscribe)]
    assert [it.path for it in effects] == [ann.path]


def test_who_has_left_and_moves_is_subscribed_nowhere() -> None:
    hall = Hall()
    stopped = hall.crowd[0]
    hall.silent.add(stopped)
    hall.seconds(7, 10)
    assert hall.out == [stopped]
    hall.said.clear()
    hall.room.moved(stopped, stopped.path, hall.now)
    hall.room.exit(stopped, hall.now)
    hall.said += hall.effects()
    assert switches(hall) == []
    hall.room.enter(stopped, EMPTY, hall.now, 0)
    assert [it for it in hall.effects() if isinstance(it, Subscribe)] != []


def test_an_idle_room_has_no_timer_but_its_beat() -> None:
    hall = Hall()
    hall.seconds(3, 5)
    hall.seconds(60, 0)
    assert not hall.timers.armed((hall.room, "tick"))
    assert not hall.timers.armed((hall.room, "pace"))


# In a hub


def silenced() -> tuple[Scene, Peer, Peer]:
    """A scene in which the second one has left the push set: it reports nothing."""
    scene = Scene(secure=True)
    ann, bob = Peer(scene, "ann"), Peer(scene, "bobby")
    for n in range(1, 40):
        ann.say("hi", first=n)
        made = scene.hub._house.rooms["lobby"].keys.pushes
        ann.send(wire.Report(ann.tag, n, 0, made, made, 10))
        scene.wait(0.2)
    bob.read()
    return scene, ann, bob


def of(kind: type[T], frames: list[wire.Frame]) -> list[T]:
    return [frame for frame in frames if isinstance(frame, kind)]


def test_who_is_out_gets_no_push_and_all_the_rest_with_the_answers_to_its_fetches() -> None:
    _, ann, bob = silenced()
    ann.say("are you there?", first=40)
    assert of(wire.Entries, bob.read()) == []
    beyond = wire.Fetch(1, bob.tag, 10_000, (Range(40, 4000),))
    frames = bob.send(beyond)
    (page,) = of(wire.Page, frames)
    assert (page.first, len(page.bodies), page.head) == (40, 1, 40)
    (state,) = of(wire.Pushing, frames)
    assert (state.on, state.again > 0) == (0, True)
    assert len(of(wire.Head, frames)) == len(of(wire.Presence, frames)) == 1
    assert len(of(wire.Receipts, frames)) == 1
    assert of(wire.Receipts, bob.send(beyond)) == [], "it has them"
    assert len(of(wire.Pushing, bob.send(wire.Ping(1)))) == 1


def test_who_asks_past_the_end_though_it_is_pushed_to_is_told_that_it_is() -> None:
    _, ann, _ = silenced()
    frames = ann.send(wire.Fetch(1, ann.tag, 10_000, (Range(40, 4000),)))
    assert [state.on for state in of(wire.Pushing, frames)] == [1]
    frames = ann.send(wire.Fetch(1, ann.tag, 10_000, (Range(1, 39),)))
    assert of(wire.Pushing, frames) == []


def test_who_joins_again_is_told_again() -> None:
    _, _, bob = silenced()
    joined = bob.send(wire.Ask(asks.encode(asks.Join(bob.number(), "lobby", ()))))
    assert [type(frame) for frame in joined[:4]] == [
        wire.Reply,
        wire.Head,
        wire.Presence,
        wire.Pushing,
    ]
    again = bob.again()
    assert [state.on for state in of(wire.Pushing, again.send(wire.Ping(2)))] == [0]


def test_out_means_out_until_the_time_is_over() -> None:
    scene, _, bob = silenced()
    scene.wait(LEAST + 2.0)
    frames = bob.read()
    assert [state.on for state in of(wire.Pushing, frames)][-1:] == [1]
    assert scene.hub._house.rooms["lobby"]._congestion.pushing
