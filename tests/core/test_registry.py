from chat.core import limits
from chat.core.entry import decode_entry
from chat.core.names import direct_room
from chat.core.registry import Registry
from chat.core.types import REGISTRY, Append, Draft, Kind, Point, Trim

US = b"us, now."
THEM = b"them two"


class Log:
    """Of the registry, as all nodes see it."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.floor = 1

    def commit(self, registry: Registry) -> int:
        """What waits is stored and said again; returns how much that was."""
        effects = list(registry.flush())
        appends = [effect for effect in effects if isinstance(effect, Append)]
        self.floor = max([self.floor, *(it.before for it in effects if isinstance(it, Trim))])
        for append in appends:
            assert append.room == REGISTRY
            self.drafts += append.drafts
            registry.appended({US: append.drafts[-1].n})
            for draft in append.drafts:
                self.say(registry, draft)
        return sum(len(append.drafts) for append in appends)

    def say(self, registry: Registry, draft: Draft) -> None:
        seq = self.drafts.index(draft) + 1
        registry.logged(decode_entry(REGISTRY, seq, draft.body))

    def replay(self, registry: Registry) -> None:
        for draft in self.drafts[self.floor - 1 :]:
            self.say(registry, draft)


def opened() -> Registry:
    registry = Registry(US)
    registry.opened(1, Point(0, bytes(8)))
    return registry


def test_it_is_ready_when_it_has_been_read_up_to_where_it_ended() -> None:
    registry, log = Registry(US), Log()
    assert not registry.ready
    other = opened()
    for room in ("attic", "cellar"):
        other.make_room(room, "ann", 0)
    log.commit(other)
    registry.opened(1, Point(2, bytes(8)))
    for seq, draft in enumerate(log.drafts, 1):
        assert not registry.ready
        log.say(registry, draft)
        assert registry.ready is (seq == 2)


def test_an_entry_that_nobody_can_read_counts_as_read() -> None:
    registry = Registry(US)
    registry.opened(1, Point(1, bytes(8)))
    registry.skipped(1)
    assert registry.ready


def test_nothing_is_believed_that_did_not_come_back_from_the_log() -> None:
    registry, log = opened(), Log()
    registry.make_room("attic", "ann", 0)
    registry.set_topic("attic", "old things", "ann", 0)
    assert list(registry.public()) == []
    assert registry.topic("attic") == ""
    log.commit(registry)
    assert list(registry.public()) == ["attic"]
    assert registry.topic("attic") == "old things"


def test_a_room_is_made_once_however_often_it_is_asked_for() -> None:
    registry, log = opened(), Log()
    for _ in range(3):
        registry.make_room("attic", "ann", 0)
    assert log.commit(registry) == 1
    registry.make_room("attic", "bob", 0)
    assert log.commit(registry) == 0


def test_what_another_node_wrote_is_folded_like_our_own() -> None:
    log, first = Log(), opened()
    first.make_room("attic", "ann", 0)
    first.set_topic("attic", "old things", "ann", 0)
    first.set_topic("attic", "a topic with spaces", "ann", 0)
    log.commit(first)
    second = Registry(THEM)
    log.replay(second)
    assert second.rooms == first.rooms
    assert second.topic("attic") == "a topic with spaces"


def test_a_topic_makes_its_room() -> None:
    registry, log = opened(), Log()
    registry.set_topic("attic", "", "ann", 0)
    log.commit(registry)
    assert list(registry.public()) == ["attic"]
    assert registry.topic("attic") == ""
    assert registry.topic("cellar") == ""


def test_a_room_whose_making_was_refused_may_be_asked_for_again() -> None:
    registry, log = opened(), Log()
    registry.make_room("attic", "ann", 0)
    assert registry.flush()
    registry.appended("the disk is full")
    assert log.commit(registry) == 0
    registry.make_room("attic", "ann", 0)
    assert log.commit(registry) == 1
    assert list(registry.public()) == ["attic"]


def test_direct_and_reserved_rooms_are_never_listed() -> None:
    registry, log = opened(), Log()
    direct = direct_room(US, THEM)
    for room in ("attic", direct, REGISTRY):
        registry.make_room(room, "ann", 0)
    log.commit(registry)
    assert list(registry.public()) == ["attic"]


def test_direct_rooms_are_found_by_either_of_the_two_the_newest_last() -> None:
    registry, log = opened(), Log()
    rooms = [direct_room(US, bytes((n,)) * 8) for n in range(3)]
    for room in rooms:
        registry.make_room(room, "ann", 0)
    log.commit(registry)
    assert registry.direct_rooms(US) == rooms
    assert registry.direct_rooms(bytes(8)) == rooms[:1]
    assert registry.direct_rooms(THEM) == []


def test_an_entry_of_a_newer_version_is_skipped() -> None:
    registry, log = opened(), Log()
    registry.make_room("attic", "ann", 0)
    (append,) = registry.flush()
    assert isinstance(append, Append)
    entry = decode_entry(REGISTRY, 1, append.drafts[0].body)
    assert entry.kind == Kind.ROOM
    log.drafts += append.drafts
    unknown = type(entry)(**{**{f: getattr(entry, f) for f in entry.__struct_fields__}, "kind": 15})
    registry.logged(unknown)
    assert registry.rooms == {}


def test_the_log_stays_about_as_long_as_there_are_rooms() -> None:
    registry, log = opened(), Log()
    rooms = [f"room{number}" for number in range(50)]
    for room in rooms:
        registry.make_room(room, "ann", 0)
    log.commit(registry)
    for number in range(5000):
        registry.set_topic("room7", f"topic {number}", "bob", number)
        while log.commit(registry):
            pass
    kept = len(log.drafts) - log.floor + 1
    assert kept < 2 * len(rooms) + limits.REGISTRY_SPARE + 2 * limits.REGISTRY_TRIM
    again = Registry(US)
    again.opened(log.floor, Point(len(log.drafts), bytes(8)))
    log.replay(again)
    assert list(again.public()) == sorted(rooms)
    assert again.topic("room7") == "topic 4999"
    assert again.topic("room8") == ""


def test_a_copy_of_what_was_overwritten_meanwhile_does_not_count() -> None:
    registry, log = opened(), Log()
    registry.set_topic("den", "old", "ann", 0)
    log.commit(registry)
    registry.set_topic("den", "new", "ann", 0)
    entry = registry.rooms["den"]
    registry._write(entry.kind, entry.name, entry.text, entry.time, entry.seq)
    log.commit(registry)
    assert registry.topic("den") == "new"
