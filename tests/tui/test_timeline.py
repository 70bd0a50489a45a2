from hypothesis import given
from hypothesis import strategies as st

from chat.core.limits import PARTS
from chat.core.types import Entry, Kind
from chat.tui.lines import Look, Mark
from chat.tui.timeline import Timeline

from .entries import NOON, OTHER, OWN, entry


def texts(timeline: Timeline) -> list[str]:
    return [timeline[index].text for index in range(1, len(timeline))]


def in_order(timeline: Timeline) -> bool:
    keys = [timeline[index].key for index in range(len(timeline))]
    return keys == sorted(set(keys)) and all(
        timeline.index(key) == index for index, key in enumerate(keys)
    )


def filled(first: int, last: int) -> Timeline:
    timeline = Timeline()
    for seq in range(first, last + 1):
        timeline.add(entry(seq))
    return timeline


def test_entries_stand_in_order_with_lines_between() -> None:
    timeline = filled(1, 2)
    timeline.note(Look.QUIET, "bob joined", NOON, after=2)
    timeline.add(entry(3))
    assert texts(timeline) == ["message 1", "message 2", "bob joined", "message 3"]
    assert in_order(timeline)


def test_what_was_noticed_first_stays_behind_what_is_older() -> None:
    timeline = Timeline()
    timeline.note(Look.NOTICE, "you are ann", NOON)
    timeline.add(entry(402))
    timeline.add_older([entry(400), entry(401)], beginning=False)
    assert texts(timeline) == ["message 400", "message 401", "you are ann", "message 402"]
    assert in_order(timeline)


def test_kinds_have_their_looks() -> None:
    timeline = Timeline()
    looks = [
        timeline.add(entry(seq, kind=kind)).look
        for seq, kind in enumerate((Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, 9), 1)
    ]
    assert looks == [Look.TALK, Look.ACTION, Look.TOPIC, Look.TALK]


def test_a_long_text_is_one_line_at_its_first_part() -> None:
    timeline = Timeline()
    timeline.add(entry(1, "one ", n=1, more=True))
    timeline.add(entry(2, "between", instance=OWN, n=1))
    timeline.add(entry(3, "two ", n=2, more=True))
    assert texts(timeline) == ["one two ", "between"]
    line = timeline.add(entry(4, "three", n=3))
    assert texts(timeline) == ["one two three", "between"]
    assert (line.key, line.last_seq, line.more) == ((1, 0), 4, False)
    assert timeline.add(entry(5, "new", n=4)) is not line


def test_a_text_does_not_go_on_for_ever() -> None:
    timeline = Timeline()
    for seq in range(1, 2 * PARTS + 2):
        line = timeline.add(entry(seq, "x", n=seq, more=True))
        assert line.more is bool(seq % PARTS)
    assert texts(timeline) == ["x" * PARTS, "x" * PARTS, "x"]
    timeline = Timeline()
    for seq in range(5, 5 + PARTS):
        timeline.add(entry(seq, "x", n=seq, more=True))
    older = [entry(seq, "x", n=seq, more=True) for seq in range(1, 5)]
    assert timeline.add_older(older, True) == []
    assert texts(timeline) == ["xxxx", "x" * PARTS]


def test_a_part_that_does_not_follow_begins_anew() -> None:
    timeline = Timeline()
    timeline.add(entry(1, "one ", n=1, more=True))
    timeline.add(entry(2, "other", n=3))
    assert texts(timeline) == ["one ", "other"]


def test_older_parts_join_what_is_here() -> None:
    timeline = Timeline()
    timeline.add(entry(10, "two ", n=2, more=True))
    timeline.add(entry(11, "three", n=3))
    merged = timeline.add_older(
        [entry(8, "zero", n=9, instance=OWN), entry(9, "one ", n=1, more=True)], False
    )
    assert texts(timeline) == ["zero", "one two three"]
    assert [(each.gone, each.into, each.offset) for each in merged] == [((10, 0), (9, 0), 4)]
    assert [part[2] for part in timeline[2].parts] == [0, 4, 8]


def test_the_log_went_back() -> None:
    timeline = filled(1, 5)
    timeline.note(Look.QUIET, "carol joined", NOON, after=5)
    gone = timeline.take_back(4)
    assert [line.text for line in gone] == ["message 4", "message 5"]
    timeline.add(entry(4, "another"))
    assert texts(timeline) == ["message 1", "message 2", "message 3", "carol joined", "another"]
    assert in_order(timeline)


def test_the_log_went_back_within_a_long_text() -> None:
    timeline = Timeline()
    for seq, text in enumerate(("one ", "two ", "three"), 1):
        timeline.add(entry(seq, text, n=seq, more=seq < 3))
    timeline.take_back(2)
    assert texts(timeline) == ["one "]
    timeline.add(entry(2, "2", n=2))
    assert texts(timeline) == ["one 2"]


def test_what_waits_is_last_until_it_is_done() -> None:
    timeline = filled(1, 1)
    mine = timeline.wait(7, Look.TALK, "ann", "mine", NOON)
    timeline.add(entry(2))
    timeline.note(Look.QUIET, "quiet", NOON)
    assert texts(timeline) == ["message 1", "message 2", "quiet", "mine"]
    assert mine.mark is Mark.PENDING
    timeline.done(mine)
    assert texts(timeline) == ["message 1", "message 2", "quiet"]


def test_what_never_will_be_there_stays_where_it_failed() -> None:
    timeline = filled(1, 1)
    mine = timeline.wait(7, Look.TALK, "ann", "mine", NOON)
    timeline.settle(mine)
    timeline.add(entry(2))
    assert texts(timeline) == ["message 1", "mine", "message 2"]
    assert in_order(timeline)


def test_eviction_keeps_the_newest_and_what_is_read() -> None:
    timeline = filled(1, 100)
    timeline.evict(50, before=(20, 0))
    assert texts(timeline)[0] == "message 20"
    timeline.evict(10)
    assert len(timeline) == 11 - 0
    assert texts(timeline)[-1] == "message 100"
    assert timeline.forgotten


def test_a_long_text_whose_beginning_was_let_go() -> None:
    timeline = Timeline()
    timeline.add(entry(1, "one ", n=1, more=True))
    for seq in range(2, 20):
        timeline.add(entry(seq, instance=OWN))
    timeline.evict(5)
    timeline.add(entry(20, "two", n=2))
    assert texts(timeline)[-1] == "two"


def test_names_and_texts_are_harmless() -> None:
    timeline = Timeline()
    line = timeline.add(entry(1, "\x1b[2Jx\x07", name="\x1b]0;b\x07ob\u202e"))
    assert (line.name, line.text) == ("]0;bob", "[2Jx")
    assert timeline.add(entry(2, name="\x1b")).name == "?"


def test_times_that_no_calendar_knows() -> None:
    assert Timeline().add(entry(1, time=(1 << 48) - 1)).day > 0


STEPS = ("add", "add", "add", "older", "back", "note", "wait", "settle", "expire", "evict")


@given(st.data())
def test_any_history_stays_in_order(data: st.DataObject) -> None:
    """Entries, older ones, breaks, expiry, notes and our own, in any sequence: the keys are sorted,
    unique and found again, and the entries shown are exactly those that a naive list has."""
    timeline = Timeline()
    start = data.draw(st.integers(1, 30))
    shown: list[int] = []
    oldest, ticket, waiting = start, 0, []
    newest = start - 1
    for _ in range(data.draw(st.integers(0, 40))):
        match data.draw(st.sampled_from(STEPS)):
            case "add":
                newest += 1
                timeline.add(entry(newest, instance=OTHER, n=newest))
                shown.append(newest)
            case "older" if shown and oldest > 1 and not timeline.forgotten:
                count = min(oldest - 1, data.draw(st.integers(1, 5)))
                older: list[Entry] = [entry(seq) for seq in range(oldest - count, oldest)]
                timeline.add_older(older, oldest - count == 1)
                oldest -= count
                shown[:0] = [each.seq for each in older]
            case "back" if shown:
                seq = data.draw(st.integers(max(1, newest - 3), newest))
                timeline.take_back(seq)
                shown = [each for each in shown if each < seq]
                newest = seq - 1
                oldest = min(oldest, seq)
            case "note":
                timeline.note(Look.QUIET, "note", NOON, after=newest)
            case "expire":
                newest += data.draw(st.integers(1, 3))
                timeline.note(Look.NOTICE, "expired", NOON, after=newest)
            case "wait":
                ticket += 1
                waiting.append(timeline.wait(ticket, Look.TALK, "ann", "mine", NOON))
            case "settle" if waiting:
                timeline.settle(waiting.pop(0))
            case "evict":
                keep = data.draw(st.integers(1, 30))
                timeline.evict(keep)
                left = [timeline[index] for index in range(1, len(timeline))]
                shown = [line.key[0] for line in left if line.is_entry]
        assert in_order(timeline)
        lines = [timeline[index] for index in range(1, len(timeline))]
        assert [line.key[0] for line in lines if line.is_entry] == shown
