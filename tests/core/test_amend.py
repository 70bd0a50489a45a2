from collections.abc import Sequence
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits
from chat.core.amend import (
    Amended,
    Amendments,
    Author,
    amends,
    applies,
    author_of,
    flaw,
    fold,
    is_reaction,
)
from chat.core.types import SEQ_MAX, Entry, Kind

ANN, BOB = b"instance", b"another."
KEY, OTHER_KEY = b"ann's k.", b"bob's k."


def entry(
    seq: int,
    text: str = "",
    kind: int = Kind.MESSAGE,
    refers: int = 0,
    *,
    instance: bytes = ANN,
    key: bytes = b"",
    n: int = 0,
    more: bool = False,
    endpoint: str = "192.0.2.1:5000",
) -> Entry:
    n = n or seq
    return Entry("lobby", seq, kind, "ann", key, endpoint, instance, n, 0, refers, text, more)


MESSAGE = entry(1, "helo")


def shown(*amendments: Entry, target: Entry = MESSAGE) -> Amended:
    return fold(target, amendments)


def reactions(*amendments: Entry) -> dict[str, list[int]]:
    """By the sequence numbers of who says them."""
    told = shown(*amendments).reactions
    return {reaction: [one.seq for one in by] for reaction, by in told.items()}


# One message


def test_what_nobody_amends_is_as_it_was_said() -> None:
    assert shown() == Amended("helo", False, {})


def test_the_last_edit_counts() -> None:
    first, last = entry(5, "hello", Kind.EDIT, 1), entry(7, "hello!", Kind.EDIT, 1)
    assert shown(last, first) == Amended("hello!", True, {})


def test_a_long_edit_is_whole_or_not_there() -> None:
    begun = entry(5, "one ", Kind.EDIT, 1, more=True)
    ended = entry(6, "two", Kind.EDIT, 1)
    assert shown(begun) == Amended("helo", False, {})
    assert shown(begun, ended) == Amended("one two", True, {})


def test_a_deletion_is_final() -> None:
    gone = entry(5, "", Kind.DELETE, 1)
    late = entry(6, "still here", Kind.EDIT, 1)
    assert shown(gone) == shown(gone, late) == shown(late, gone) == Amended(None, False, {})


@pytest.mark.parametrize("target", [MESSAGE, entry(1, "helo", key=KEY), entry(1, "helo", n=9)])
def test_a_moderator_deletes_anybodys_message_and_it_is_known_who_and_why(target: Entry) -> None:
    removal = entry(5, "spam", Kind.DELETE, 1, instance=BOB, key=OTHER_KEY, endpoint="")
    assert shown(removal, entry(6, "again", Kind.EDIT, 1), target=target) == Amended(
        None, False, {}, removal
    )


def test_who_took_back_what_it_said_was_no_moderator_whatever_came_after() -> None:
    own = entry(5, "", Kind.DELETE, 1)
    assert shown(own, entry(6, "spam", Kind.DELETE, 1, instance=BOB, endpoint="")).removal is None


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.MODERATION])
def test_the_server_itself_changes_no_words(kind: int) -> None:
    assert not applies(entry(5, "hello", kind, 1, instance=BOB, endpoint=""), MESSAGE)


def test_no_moderator_deletes_what_moderators_did() -> None:
    target = entry(1, "kicked bob", Kind.MODERATION, endpoint="")
    assert not applies(entry(5, "", Kind.DELETE, 1, instance=BOB, endpoint=""), target)


def test_what_was_taken_back_has_no_reactions() -> None:
    assert shown(entry(4, "+1", Kind.REACTION, 1), entry(5, "", Kind.DELETE, 1)).reactions == {}


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE])
def test_nobody_amends_what_another_one_said(kind: Kind) -> None:
    assert shown(entry(5, "", kind, 1, instance=BOB)) == Amended("helo", False, {})


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE])
def test_a_message_under_a_key_is_its_keys(kind: Kind) -> None:
    """At each of its endpoints; and not its instance's, which might have no key by now."""
    target = entry(1, "helo", key=KEY)
    assert applies(entry(5, "", kind, 1, instance=BOB, key=KEY), target)
    assert not applies(entry(5, "", kind, 1, instance=ANN), target)
    assert not applies(entry(5, "", kind, 1, instance=ANN, key=OTHER_KEY), target)


def test_a_message_without_a_key_stays_its_instances() -> None:
    assert applies(entry(5, "", Kind.DELETE, 1, key=KEY), MESSAGE)
    assert not applies(entry(5, "", Kind.DELETE, 1, instance=KEY), entry(1, "helo", key=KEY))


def test_only_what_was_said_is_amended() -> None:
    said = {Kind.MESSAGE, Kind.ACTION}
    for kind in (*Kind, 15):
        target = entry(1, "+1", kind)
        for amending in (Kind.EDIT, Kind.DELETE, Kind.REACTION):
            assert applies(entry(5, "+1", amending, 1), target) is (kind in said)


def test_nothing_amends_what_comes_after_it() -> None:
    later = entry(9, "not yet")
    for refers in (9, 5, SEQ_MAX):
        assert not applies(entry(5, "now", Kind.EDIT, refers), later)


def test_a_reaction_counts_once_an_author() -> None:
    again = [
        entry(seq, "+1", Kind.REACTION, 1, instance=who)
        for seq, who in enumerate((ANN, BOB, ANN), 2)
    ]
    assert reactions(*again) == {"+1": [2, 3]}


def test_one_author_has_a_key_or_an_instance() -> None:
    assert author_of(entry(1, key=KEY)) == author_of(entry(2, key=KEY, instance=BOB))
    assert author_of(entry(1, key=KEY)) != author_of(entry(2, instance=KEY))
    assert author_of(entry(1)) == Author(b"", ANN)


def test_a_reaction_is_taken_back_by_whoever_said_it_only() -> None:
    said = entry(2, "+1", Kind.REACTION, 1)
    assert reactions(said, entry(3, "-+1", Kind.REACTION, 1, instance=BOB)) == {"+1": [2]}
    undone = entry(3, "-+1", Kind.REACTION, 1)
    assert (
        reactions(said, undone) == reactions(said, undone, entry(4, "-+1", Kind.REACTION, 1)) == {}
    )
    assert reactions(undone, entry(4, "+1", Kind.REACTION, 1)) == {"+1": [4]}


@pytest.mark.parametrize(
    "text",
    [
        "+1",
        "👍",
        "👍🏽",
        "👨\u200d👩\u200d👧\u200d👦",
        "1\ufe0f\u20e3",
        "ok",
        "a-b",
        "x" * 32,
        "-" + "x" * 32,
        "\U0001fae8",  # Of Unicode 15, which Python 3.11 does not know.
        "\U0001faff",
    ],
)
def test_reactions(text: str) -> None:
    assert is_reaction(text)
    assert flaw(Kind.REACTION, 1, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--",
        "--1",
        "x" * 33,
        "-" + "x" * 33,
        "a b",
        " a",
        "a\n",
        "\u00a0",
        "\u3000",
        "\x1b[31m",
    ]
    + ["a\x00", "\u202ea", "\ud800", "\u2028", "e" + "\u0301" * 9]
    + ["\u2065", "\ufdd0", "\ufff0", "\uffff", "\U0001ffff", "\U000e0080"],
)
def test_what_is_no_reaction_counts_for_nothing(text: str) -> None:
    assert not is_reaction(text)
    assert reactions(entry(2, text, Kind.REACTION, 1)) == {}
    reason = flaw(Kind.REACTION, 1, text)
    assert reason is not None
    assert str(limits.REACTION_BYTES) in reason


def test_what_cannot_amend_anything_has_a_flaw() -> None:
    for refers in (0, -1, SEQ_MAX + 1):
        assert flaw(Kind.EDIT, refers, "hi") is not None
    assert flaw(Kind.DELETE, 1, "hi") is not None
    assert flaw(Kind.DELETE, 1, "") is None
    assert flaw(Kind.EDIT, 1, "hi") is None
    assert flaw(Kind.MESSAGE, 0, "hi") is flaw(Kind.TOPIC, SEQ_MAX + 1, "") is None


# All of a room


AUTHORS = [(ANN, b""), (ANN, b""), (BOB, b""), (ANN, KEY), (BOB, KEY), (BOB, OTHER_KEY)]
SAID = [Kind.MESSAGE, Kind.ACTION, Kind.TOPIC]
AMENDING = [Kind.EDIT, Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.REACTION]

ROWS = st.tuples(
    st.sampled_from(AMENDING * 3 + SAID),
    st.integers(0, 5),
    st.sampled_from(AUTHORS),
    st.sampled_from(["+1", "-+1", "👍", "a b"]),
    st.booleans(),
    st.sampled_from(["192.0.2.1:5000", "192.0.2.1:5000", ""]),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Authors' numbers are the log's, so that only an author's consecutive entries are one text."""
    log: list[Entry] = []
    for kind, author in draw(
        st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from(AUTHORS)), min_size=2, max_size=4)
    ):
        seq = len(log) + 1
        log.append(entry(seq, str(seq), kind, instance=author[0], key=author[1]))
    for kind, refers, (instance, key), reaction, more, endpoint in draw(
        st.lists(ROWS, max_size=25)
    ):
        seq = len(log) + 1
        text = reaction if kind == Kind.REACTION else str(seq)
        more = more and kind == Kind.EDIT
        by = {"instance": instance, "key": key}
        log.append(entry(seq, text, kind, refers, more=more, endpoint=endpoint, **by))
        if more:
            log.append(entry(seq + 1, "end", kind, refers, **by))
    return log


LOG = logs()


def naive(log: Sequence[Entry]) -> dict[int, tuple[str | None, bool, dict[str, set[Author]]]]:
    """The rule, read off the log from its start."""
    found: dict[int, tuple[str | None, bool, dict[str, set[Author]]]] = {}
    whose: dict[int, Entry] = {}
    begun: list[Entry] = []
    for each in log:
        goes_on = begun and (begun[-1].instance, begun[-1].refers) == (each.instance, each.refers)
        begun = [*begun, each] if goes_on and each.kind == Kind.EDIT else [each]
        if each.kind in (Kind.MESSAGE, Kind.ACTION):
            found[each.seq], whose[each.seq] = (each.text, False, {}), each
            begun = []
            continue
        if each.refers not in found or found[each.refers][0] is None:
            continue
        by, target = found[each.refers][2], whose[each.refers]

        def own(one: Entry, target: Entry = target) -> bool:
            return one.key == target.key if target.key else one.instance == target.instance

        if each.kind == Kind.DELETE and (own(each) or not each.endpoint):
            found[each.refers] = None, False, {}
        elif each.kind == Kind.EDIT and own(each) and not each.more:
            found[each.refers] = "".join(part.text for part in begun if own(part)), True, by
        elif each.kind == Kind.REACTION and each.text != "a b":
            reaction = each.text.removeprefix("-")
            change = set.discard if each.text.startswith("-") else set.add
            change(by.setdefault(reaction, set()), author_of(each))
        if not each.more:
            begun = []
    return found


@given(LOG, st.randoms(use_true_random=False))
def test_whatever_comes_first_what_is_shown_is_what_the_whole_log_says(
    log: list[Entry], random: Random
) -> None:
    """Newest pages first, or in any other order, some of it twice."""
    amendments = Amendments()
    for each in random.sample(log + log, 2 * len(log)):
        amendments.add(each)
    for seq, (text, edited, by) in naive(log).items():
        told = amendments.of(log[seq - 1])
        assert (told.text, told.edited) == (text, edited)
        authors = {each: set(map(author_of, said)) for each, said in told.reactions.items()}
        assert authors == {each: who for each, who in by.items() if who}


@given(LOG, st.integers(0))
def test_a_log_that_went_back_leaves_nothing(log: list[Entry], seq: int) -> None:
    seq = seq % len(log) + 1
    kept, shorter = Amendments(), Amendments()
    for each in log:
        kept.add(each)
    for each in log[: seq - 1]:
        shorter.add(each)
    before = {each.seq: kept.of(each) for each in log[: seq - 1]}
    changed = kept.take_back(seq)
    assert len(kept) == len(shorter)
    for each in log[: seq - 1]:
        assert kept.of(each) == shorter.of(each)
        assert each.seq in changed or kept.of(each) == before[each.seq]


def test_what_refers_to_any_entry_of_a_text_means_all_of_it() -> None:
    amendments = Amendments()
    assert amendments.add(entry(5, "other", Kind.EDIT, 2))
    assert amendments.of(entry(1, "one two"), 2) == Amended("other", True, {})
    assert amendments.of(entry(1, "one two")) == Amended("one two", False, {})


def test_what_amends_nothing_is_not_kept() -> None:
    amendments = Amendments()
    for each in (
        MESSAGE,
        entry(5, "x", Kind.EDIT, 5),
        entry(5, "x", Kind.EDIT, 6),
        entry(5, "x", Kind.EDIT),
    ):
        assert not amendments.add(each)
    assert len(amendments) == 0
    assert [kind for kind in Kind if amends(kind)] == [Kind.EDIT, Kind.DELETE, Kind.REACTION]


def test_a_flood_makes_nobody_elses_words_come_back() -> None:
    amendments, seqs = Amendments(most=50), count(10)
    amendments.add(entry(next(seqs), "", Kind.DELETE, 1))
    for seq in seqs:
        amendments.add(entry(seq, "+1", Kind.REACTION, 1 + seq % 9, instance=BOB))
        assert len(amendments) <= 50
        if seq == 500:
            break
    assert amendments.of(MESSAGE).text is None
    assert amendments.of(entry(499 % 9 + 1, "hi")).reactions


@pytest.mark.parametrize("first", [1, -1])
def test_of_one_author_about_one_message_the_newest_and_a_deletion_are_kept(first: int) -> None:
    amendments, most = Amendments(), limits.AMENDMENTS_EACH
    log = [entry(seq, str(seq), Kind.EDIT, 1) for seq in range(2, 5 * most)]
    for each in log[::first]:
        amendments.add(each)
    amendments.add(entry(2, "+1", Kind.REACTION, 1, instance=BOB))
    assert len(amendments) == amendments.about(1) == most + 1
    assert amendments.of(MESSAGE).text == log[-1].text
    assert amendments.of(MESSAGE).reactions
    amendments.add(entry(3, "", Kind.DELETE, 1))
    for seq in range(10_000, 10_000 + most):
        amendments.add(entry(seq, "back again", Kind.EDIT, 1))
    assert len(amendments) == most + 1
    assert amendments.of(MESSAGE).text is None


def test_the_longest_edit_is_kept_while_the_next_one_comes() -> None:
    amendments, seqs = Amendments(), count(2)
    for number in range(3):
        for n in range(limits.PARTS - (number == 2)):
            more = n < limits.PARTS - 1
            amendments.add(entry(next(seqs), str(number), Kind.EDIT, 1, more=more))
    assert amendments.of(MESSAGE).text == "1" * limits.PARTS


@pytest.mark.parametrize("text", ["\u200b", "\u3164", "\u2800", "\u0301", "[99", "9]"])
def test_a_reaction_is_seen_and_looks_like_nothing_else(text: str) -> None:
    assert not is_reaction(text)
    assert not is_reaction(f"-{text}")


@pytest.mark.parametrize("text", ["👍", "<3", ":)", "+1", "e\u0301", "❤️", "👩‍👩‍👧", "ja"])
def test_what_people_react_with(text: str) -> None:
    assert is_reaction(text)
    assert is_reaction(f"-{text}")
