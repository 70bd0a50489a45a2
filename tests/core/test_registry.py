from collections.abc import Iterator
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.core import ledger, limits
from chat.core import registry as registry_module
from chat.core.confusables import skeleton
from chat.core.entry import decode_entry, encode_entry
from chat.core.names import Deed, direct_room
from chat.core.registry import Registry
from chat.core.types import REGISTRY, Append, Draft, Entry, Kind, Point, Trim

NOW, WALL = 0.0, 1_700_000_000_000
US = b"us, now."
THEM = b"them two"
ONE, TWO = bytes(range(32)), bytes(32)


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
        registry.logged(decode_entry(REGISTRY, seq, draft.body), NOW, WALL)

    def replay(self, registry: Registry) -> None:
        for draft in self.drafts[self.floor - 1 :]:
            self.say(registry, draft)


def opened() -> Registry:
    registry = Registry(US)
    registry.opened(1, Point(0, bytes(8)), NOW, WALL)
    return registry


def test_it_is_ready_when_it_has_been_read_up_to_where_it_ended() -> None:
    registry, log = Registry(US), Log()
    assert not registry.ready
    other = opened()
    for room in ("attic", "cellar"):
        other.make_room(room, "ann", 0)
    log.commit(other)
    registry.opened(1, Point(2, bytes(8)), NOW, WALL)
    for seq, draft in enumerate(log.drafts, 1):
        assert not registry.ready
        log.say(registry, draft)
        assert registry.ready is (seq == 2)


def test_an_entry_that_nobody_can_read_counts_as_read() -> None:
    registry = Registry(US)
    registry.opened(1, Point(1, bytes(8)), NOW, WALL)
    registry.skipped(1, NOW, WALL)
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
    registry.logged(unknown, NOW, WALL)
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
    again.opened(log.floor, Point(len(log.drafts), bytes(8)), NOW, WALL)
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
    registry._ledger.write(entry.kind, entry.name, entry.text, entry.time, entry.seq)
    log.commit(registry)
    assert registry.topic("den") == "new"


# Names


def name_body(name: str, key: bytes, refers: int = 0) -> bytes:
    text = f"{key.hex()} {name}"
    return encode_entry(
        kind=Kind.NAME, instance=THEM, n=1, time=0, name="ann", text=text, refers=refers
    )


def named(registry: Registry, name: str, key: bytes, seq: int, refers: int = 0) -> None:
    """Some node's entry comes out of the log."""
    registry.logged(decode_entry(REGISTRY, seq, name_body(name, key, refers)), NOW, WALL)


def test_a_name_belongs_to_the_key_for_which_it_was_registered() -> None:
    registry, log = opened(), Log()
    registry.register_name("Alice", ONE, "Alice", 7)
    assert registry.key_of("alice") == b"", "the log has not said so"
    assert log.commit(registry) == 1
    entry = decode_entry(REGISTRY, 1, log.drafts[0].body)
    assert (entry.kind, entry.name, entry.time) == (Kind.NAME, "Alice", 7)
    assert entry.text == f"{ONE.hex()} Alice"
    assert registry.key_of("ALICE") == ONE
    assert registry.deed("alice") == Deed("Alice", ONE)
    assert registry.key_of("alice2") == b""
    assert registry.deed("alice2") is None
    assert registry.rooms == {}


def test_a_name_is_registered_once_however_often_it_is_asked_for() -> None:
    registry, log = opened(), Log()
    for name in ("alice", "ALICE"):
        registry.register_name(name, ONE, name, 0)
    assert log.commit(registry) == 1
    for key in (ONE, TWO):
        registry.register_name("Alice", key, "Alice", 0)
    assert log.commit(registry) == 0
    assert registry.deed("Alice") == Deed("alice", ONE)


def test_nor_is_one_that_looks_like_anothers() -> None:
    registry, log = opened(), Log()
    registry.register_name("alice", ONE, "alice", 0)
    log.commit(registry)
    assert registry.look_alike("a1ice") == Deed("alice", ONE)
    assert registry.look_alike("alice") is None
    assert registry.look_alike("bob") is None
    registry.register_name("a1ice", TWO, "a1ice", 0)
    assert log.commit(registry) == 0
    registry.register_name("a1ice", ONE, "a1ice", 0)
    assert log.commit(registry) == 1
    assert registry.look_alike("ALICE") == Deed("a1ice", ONE)


def test_the_first_of_two_nodes_that_register_one_name_has_it() -> None:
    registry = opened()
    registry.register_name("Alice", TWO, "Alice", 0)
    for seq, (name, key) in enumerate((("alice", ONE), ("Alice", TWO), ("a1ice", TWO)), 1):
        named(registry, name, key, seq)
    assert not registry._ledger._asked
    assert registry.deed("alice") == Deed("alice", ONE)
    assert registry.deed("a1ice") is None


def test_a_name_whose_registration_was_refused_may_be_asked_for_again() -> None:
    registry, log = opened(), Log()
    registry.register_name("alice", ONE, "alice", 0)
    assert registry.flush()
    registry.appended("the disk is full")
    registry.register_name("alice", TWO, "alice", 0)
    assert log.commit(registry) == 1
    assert registry.key_of("alice") == TWO


def test_only_a_whole_key_can_have_a_name() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 8"):
        opened().register_name("alice", bytes(8), "alice", 0)


@pytest.mark.parametrize("key", [b"", bytes(8), bytes(33)])
def test_an_entry_with_another_key_is_skipped(key: bytes) -> None:
    registry = opened()
    named(registry, "alice", key, 1)
    assert registry.deed("alice") is None


@pytest.mark.parametrize("text", ["", "alice", "zz alice", ONE.hex(), f"{ONE.hex()} "])
def test_an_entry_that_says_no_name_is_skipped(text: str) -> None:
    registry = opened()
    body = encode_entry(kind=Kind.NAME, instance=THEM, n=1, time=0, name="ann", text=text)
    registry.logged(decode_entry(REGISTRY, 1, body), NOW, WALL)
    assert not registry._ledger.facts
    assert registry.deed("alice") is None


def test_names_are_bounded() -> None:
    registry, log = opened(), Log()
    with patch.object(registry_module, "NAMES", 2):
        for name in ("ann", "bob", "zoe"):
            registry.register_name(name, ONE, name, 0)
        assert log.commit(registry) == 3, "nobody knew yet"
        assert [registry.key_of(name) for name in ("ann", "bob", "zoe")] == [ONE, ONE, b""]
        registry.register_name("eve", ONE, "eve", 0)
        assert log.commit(registry) == 0
        registry.make_room("attic", "ann", 0)
        assert log.commit(registry) == 1


def test_who_came_too_late_does_not_gain_by_being_kept_longer() -> None:
    """The log was trimmed up to 40; the copy of entry 5 is what is left of who was first."""
    registry = Registry(US)
    registry.opened(40, Point(100, bytes(8)), NOW, WALL)
    named(registry, "alice", TWO, 50)
    named(registry, "a1ice", ONE, 55)
    registry.set_topic("den", "", "ann", 0)
    assert not registry.ready
    named(registry, "alice", ONE, 100, refers=5)
    assert registry.deed("alice") == Deed("alice", ONE)
    assert registry.deed("a1ice") == Deed("a1ice", ONE)
    assert [entry.seq for entry in registry._ledger.facts.values()] == [55, 100]


def test_what_was_trimmed_while_it_was_read_is_made_up_for() -> None:
    registry = Registry(US)
    registry.opened(5, Point(50, bytes(8)), NOW, WALL)
    named(registry, "alice", TWO, 50)
    assert registry.key_of("alice") == TWO
    named(registry, "alice", ONE, 51, refers=5)
    assert registry.key_of("alice") == ONE
    assert registry.look_alike("a1ice") == Deed("alice", ONE)
    named(registry, "AL1CE", TWO, 52, refers=4)
    assert registry.deed("alice") is None
    assert registry.deed("al1ce") == Deed("AL1CE", TWO)
    assert [entry.seq for entry in registry._ledger.facts.values()] == [52]


def test_names_are_known_when_the_last_entry_cannot_be_read() -> None:
    registry = Registry(US)
    registry.opened(1, Point(2, bytes(8)), NOW, WALL)
    named(registry, "alice", ONE, 1)
    assert registry.key_of("alice") == b""
    registry.skipped(2, NOW, WALL)
    assert registry.key_of("alice") == ONE


def test_names_last_as_long_as_rooms_do() -> None:
    registry, log = opened(), Log()
    names = [f"ann{number}" for number in range(2, 50)]
    for name in names:
        registry.register_name(name, ONE, name, 0)
    log.commit(registry)
    for number in range(5000):
        registry.set_topic("room7", f"topic {number}", "bob", number)
        while log.commit(registry):
            pass
    kept = len(log.drafts) - log.floor + 1
    assert kept < 2 * len(names) + limits.REGISTRY_SPARE + 2 * limits.REGISTRY_TRIM
    again = Registry(US)
    again.opened(log.floor, Point(len(log.drafts), bytes(8)), NOW, WALL)
    log.replay(again)
    assert all(again.key_of(name) == ONE for name in names)
    assert again.topic("room7") == "topic 4999"
    assert not registry._ledger._copied


class Cluster:
    """Two nodes with one log, each of which may begin anew."""

    def __init__(self) -> None:
        self.log: list[Draft] = []
        self.floor = 1
        self.started = 0
        self.nodes = [self.start(), self.start()]

    def start(self) -> Registry:
        self.started += 1
        node = Registry(bytes((self.started,)) * 8)
        node.opened(self.floor, Point(len(self.log), bytes(8)), NOW, WALL)
        for seq in range(self.floor, len(self.log) + 1):
            assert not node.ready
            node.logged(self.entry(seq), NOW, WALL)
        assert node.ready
        return node

    def entry(self, seq: int) -> Entry:
        return decode_entry(REGISTRY, seq, self.log[seq - 1].body)

    def entries(self) -> Iterator[Entry]:
        """All there ever were."""
        return map(self.entry, range(1, len(self.log) + 1))

    def commit(self, writer: Registry) -> None:
        """Until nothing is left to be copied."""
        while effects := writer.flush():
            for effect in effects:
                match effect:
                    case Trim(before=before):
                        self.floor = max(self.floor, before)
                    case Append(drafts=drafts):
                        writer.appended({drafts[-1].instance: drafts[-1].n})
                        self.append(drafts)

    def append(self, drafts: tuple[Draft, ...]) -> None:
        self.log += drafts
        for seq in range(len(self.log) - len(drafts) + 1, len(self.log) + 1):
            for node in self.nodes:
                node.logged(self.entry(seq), NOW, WALL)

    def intrude(self, name: str, key: bytes) -> None:
        """A third node, that has not read what it should, registers a name."""
        self.append((Draft(THEM, len(self.log), name_body(name, key)),))


def known(node: Registry) -> tuple[object, ...]:
    """What a node believes, and which entries it would not trim."""
    topics = {room: node.topic(room) for room in node.public()}
    return node._deeds, node._looks, topics, [entry.seq for entry in node._ledger.facts.values()]


FORMS = ("al", "a1", "AL", "AI", "vik", "\u03bd\u0399\u03ba", "\u039d\u0399\u039a", "nik")
ALIKE = [f"{form}{number}" for form in FORMS for number in range(2, 6)]
KEYS = (ONE, TWO, ONE[::-1])


def live(seed: int, bound: int) -> Cluster:
    """Some time of a cluster's life; it is checked whenever something has been written."""
    dice = Random(seed)
    tidy = patch.multiple(ledger, REGISTRY_SPARE=0, REGISTRY_TRIM=1)
    with tidy, patch.object(registry_module, "NAMES", bound):
        cluster = Cluster()
        for _ in range(200):
            node = dice.randrange(2)
            name, key = dice.choice(ALIKE), dice.choice(KEYS)
            match dice.choices(("name", "intrude", "topic", "commit", "restart"), (8, 1, 8, 2, 1)):
                case ["intrude"]:
                    cluster.intrude(name, key)
                case ["name"]:
                    cluster.nodes[node].register_name(name, key, name, 0)
                case ["topic"]:
                    room, topic = dice.choice(("attic", "den")), str(dice.random())
                    cluster.nodes[node].set_topic(room, topic, "ann", 0)
                case ["commit"]:
                    cluster.commit(cluster.nodes[node])
                    check(cluster, bound)
                case ["restart"]:
                    cluster.nodes[node] = cluster.start()
    return cluster


def check(cluster: Cluster, bound: int) -> None:
    one, other, fresh = *cluster.nodes, cluster.start()
    assert known(one) == known(other) == known(fresh)
    assert len(fresh._deeds) <= bound
    keys: dict[str, bytes] = {}
    for deed in fresh._deeds.values():
        assert keys.setdefault(skeleton(deed.name), deed.key) == deed.key
    seqs = [entry.seq for entry in fresh._ledger.facts.values()]
    assert seqs == sorted(seqs)


@pytest.mark.parametrize("bound", [3, 6, 100])
@given(seed=st.integers(0))
@settings(max_examples=20)
def test_all_nodes_agree_whenever_they_began(bound: int, seed: int) -> None:
    live(seed, bound)


def test_what_they_agree_on_is_not_nothing() -> None:
    late = 0
    for seed in range(5):
        cluster = live(seed, 100)
        assert cluster.floor > 10
        written = sum(it.kind == Kind.NAME and not it.refers for it in cluster.entries())
        late += written - len(cluster.nodes[0]._deeds)
    assert late > 10, "hardly anybody came too late"


def test_what_does_not_count_any_more_does_not_come_back() -> None:
    """An old topic's copy was written before the new topic was read, and outlives it."""
    registry = Registry(US)
    registry.opened(48, Point(55, bytes(8)), NOW, WALL)
    for seq, topic, refers in ((49, "old", 27), (55, "new", 39)):
        body = encode_entry(
            kind=Kind.TOPIC,
            instance=THEM,
            n=seq,
            time=0,
            name="",
            text=f"den {topic}",
            refers=refers,
        )
        registry.logged(decode_entry(REGISTRY, seq, body), NOW, WALL)
    assert registry.topic("den") == "new"
