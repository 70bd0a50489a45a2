from hypothesis import given
from hypothesis import strategies as st

from chat.core.assembly import Assembler
from chat.core.limits import PARTS
from chat.core.types import Entry, Kind

ANN, BOB = b"instance", b"another."


def part(seq: int, n: int, text: str, more: bool, instance: bytes = ANN) -> Entry:
    return Entry("lobby", seq, Kind.MESSAGE, "ann", b"", "", instance, n, seq * 1000, 0, text, more)


def test_a_text_in_one_entry_is_whole_at_once() -> None:
    entry = part(1, 1, "hi", False)
    assert Assembler().add(entry) == entry


def test_parts_are_one_text_with_the_seq_and_time_of_the_last() -> None:
    assembler = Assembler()
    assert assembler.add(part(1, 1, "one ", True)) is None
    assert assembler.add(part(2, 2, "two ", True)) is None
    assert assembler.add(part(3, 3, "three", False)) == part(3, 3, "one two three", False)


def test_others_may_speak_in_between() -> None:
    assembler = Assembler()
    assembler.add(part(1, 1, "one ", True))
    assert assembler.add(part(2, 1, "hi", False, BOB)) == part(2, 1, "hi", False, BOB)
    assert assembler.add(part(3, 2, "two", False)) == part(3, 2, "one two", False)


def test_a_text_whose_beginning_is_not_there_is_shown_as_far_as_it_is() -> None:
    """Reading may begin, or retention end, in the middle of it."""
    assembler = Assembler()
    assert assembler.add(part(9, 5, "end", False)) == part(9, 5, "end", False)
    assembler.add(part(10, 6, "lost ", True))
    assert assembler.add(part(20, 9, "end", False)) == part(20, 9, "end", False)


def test_a_text_whose_end_never_came_can_be_had_too() -> None:
    assembler = Assembler()
    assembler.add(part(1, 1, "one ", True))
    assembler.add(part(2, 2, "two ", True))
    assembler.add(part(3, 1, "bob", True, BOB))
    assert [entry.text for entry in assembler.rest()] == ["one two ", "bob"]
    assert list(assembler.rest()) == []


def test_a_text_does_not_go_on_for_ever() -> None:
    assembler = Assembler()
    said = [assembler.add(part(n, n, "x", True)) for n in range(1, 2 * PARTS + 1)]
    assert [entry.text for entry in said if entry is not None] == ["x" * PARTS] * 2
    assert list(assembler.rest()) == []


@given(st.lists(st.tuples(st.sampled_from([ANN, BOB]), st.text(max_size=5), st.booleans())))
def test_every_authors_text_comes_out_whole_in_its_order(
    said: list[tuple[bytes, str, bool]],
) -> None:
    assembler, numbers = Assembler(), {ANN: 0, BOB: 0}
    whole: dict[bytes, str] = {ANN: "", BOB: ""}
    for seq, (author, text, more) in enumerate(said, 1):
        numbers[author] += 1
        entry = assembler.add(part(seq, numbers[author], text, more, author))
        if entry is not None:
            whole[author] += entry.text
    for entry in assembler.rest():
        whole[entry.instance] += entry.text
    for author in (ANN, BOB):
        assert whole[author] == "".join(text for who, text, _ in said if who == author)
