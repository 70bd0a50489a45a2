"""What a reader wants to see, decided as lines come, and again when the reader changes."""

from chat.core.types import Kind
from chat.tui.lines import Look
from chat.tui.presence import Change
from chat.tui.reader import Joins, Reader
from chat.tui.timeline import Timeline

from .entries import NOON, OWN, entry

MINUTE = 60_000


def shown(timeline: Timeline) -> list[str]:
    return [line.text for line in timeline.shown][1:]


def came(timeline: Timeline, *names: str, time: int = NOON, **spoke: int) -> None:
    change = Change(names, "joined")
    timeline.note(Look.QUIET, change.text(), time, about=change, spoke=spoke)


def read(timeline: Timeline, joins: Joins, minutes: float = 10) -> list[str]:
    timeline.read_as(Reader(joins=joins, smart_minutes=minutes))
    return shown(timeline)


def test_joins_of_those_who_spoke_lately() -> None:
    timeline = Timeline()
    came(timeline, "Ann", time=NOON, ann=NOON - 5 * MINUTE)
    came(timeline, "bob", time=NOON, bob=NOON - 50 * MINUTE)
    came(timeline, "carol", time=NOON)
    assert read(timeline, "all") == ["Ann joined", "bob joined", "carol joined"]
    assert read(timeline, "off") == []
    assert read(timeline, "smart") == ["Ann joined"]
    assert read(timeline, "smart", 60) == ["Ann joined", "bob joined"]
    assert read(timeline, "smart", 4) == []


def test_of_many_only_those_are_named() -> None:
    timeline = Timeline()
    timeline.read_as(Reader(joins="smart"))
    came(timeline, "ann", "bob", "carol", ann=NOON, carol=NOON)
    assert shown(timeline) == ["ann and carol joined"]
    assert read(timeline, "all") == ["ann, bob and carol joined"]


def test_what_older_messages_tell_of_who_came() -> None:
    timeline = Timeline()
    timeline.read_as(Reader(joins="smart"))
    timeline.add(entry(10, name="bob"))
    came(timeline, "ann")
    assert shown(timeline) == ["message 10"]
    timeline.add_older([entry(9, name="Ann", time=NOON - MINUTE)], True)
    assert shown(timeline) == ["message 9", "message 10", "ann joined"]


def test_who_is_ignored() -> None:
    timeline = Timeline()
    timeline.add(entry(1, name="Bob"))
    timeline.add(entry(2, name="ann"))
    timeline.add(entry(3, name="bob", kind=Kind.ACTION))
    timeline.add(entry(4, "a topic", name="bob", kind=Kind.TOPIC))
    came(timeline, "ann", "bob")
    reader = Reader(ignored=("BOB",))
    timeline.read_as(reader)
    assert shown(timeline) == ["message 2", "a topic", "ann joined"]
    timeline.add(entry(5, name="bob"))
    timeline.add_older([entry(-1, name="bob"), entry(0, name="ann")], True)
    assert shown(timeline) == ["message 0", "message 2", "a topic", "ann joined"]
    timeline.read_as(Reader())
    assert len(shown(timeline)) == 8


def test_reactions_of_who_is_ignored() -> None:
    timeline = Timeline()
    line = timeline.add(entry(1))
    timeline.amend(entry(2, "+1", kind=Kind.REACTION, refers=1, name="bob"))
    timeline.amend(entry(3, "+1", kind=Kind.REACTION, refers=1, name="ann", instance=OWN))
    assert [each.authors for each in line.reactions] == [2]
    timeline.read_as(Reader(ignored=("bob",), ids=frozenset({OWN})))
    assert line.reactions == (("+1", 1, True),)


def test_we_are_never_ignored() -> None:
    timeline = Timeline()
    timeline.read_as(Reader(ignored=("ann",), ids=frozenset({OWN})))
    timeline.add(entry(1, name="ann", instance=OWN))
    assert shown(timeline) == ["message 1"]


def test_ours_by_instance_or_key() -> None:
    reader = Reader(ids=frozenset({OWN, b"a key id"}))
    assert reader.owns(entry(1, instance=OWN))
    assert reader.owns(entry(1, key=b"a key id"))
    assert not reader.owns(entry(1))


def test_mentions_are_of_others() -> None:
    timeline = Timeline()
    timeline.read_as(Reader(name="ann", words=("release",)))
    assert timeline.add(entry(1, "hi Ann")).mention
    assert timeline.add(entry(2, "a release")).mention
    assert timeline.add(entry(3, "waves at ann", kind=Kind.ACTION)).mention
    assert not timeline.add(entry(4, "hi anna")).mention
    assert not timeline.add(entry(5, "I am ann", name="Ann")).mention
    assert not timeline.add(entry(7, "about ann", kind=Kind.TOPIC)).mention
    assert not timeline.add(entry(8, "ann, I mean"), own=True).mention


def test_a_mention_stays_one_under_another_name() -> None:
    timeline = Timeline()
    timeline.read_as(Reader(name="ann"))
    line = timeline.add(entry(1, "hi ann"))
    timeline.read_as(Reader(name="anna"))
    assert line.mention
    assert not timeline.add(entry(2, "hi ann")).mention
