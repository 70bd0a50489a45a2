"""What waits for a bot in one room."""

import asyncio
from collections.abc import Awaitable, Callable

from chat.bots.inroom import WAITING, InRoom, Moves
from chat.core.types import Entry, Kind

OURS, THEIRS = b"o" * 8, b"t" * 8


def entry(seq: int, text: str, *, instance: bytes = THEIRS, more: bool = False) -> Entry:
    return Entry(
        room="den",
        seq=seq,
        kind=Kind.MESSAGE,
        name="ann",
        key=b"",
        endpoint="127.0.0.1:1",
        instance=instance,
        n=seq,
        time=0,
        refers=0,
        text=text,
        more=more,
    )


def room(told: list[str], *, behind: bool = False) -> InRoom:
    return InRoom("den", lambda each: each.instance == OURS, told.append, behind=behind)


def test_a_long_text_is_heard_in_one_piece() -> None:
    den = room([])
    assert den.read(entry(1, "half a ", more=True)) == ()
    assert [each.text for each in den.read(entry(2, "text"))] == ["half a text"]


def test_of_what_was_said_before_it_hears_what_came_after_its_own_last_word() -> None:
    den = room([], behind=True)
    for seq, instance in enumerate((THEIRS, OURS, THEIRS, THEIRS), 1):
        assert den.read(entry(seq, str(seq), instance=instance)) == ()
    assert [each.text for each in den.caught_up()] == ["3", "4"]
    assert [each.text for each in den.read(entry(5, "5"))] == ["5"]
    assert den.caught_up() == ()


def test_who_has_another_name_has_not_come_or_gone() -> None:
    den = room([])
    assert den.sees({"ann", "bob"}, set()) == Moves()
    assert den.sees({"ann", "carl", "dan"}, {"bob", "carl"}) == Moves(["dan"], [])
    assert den.sees({"dan"}, set()) == Moves([], ["ann", "carl"])


async def test_the_oldest_goes_when_too_much_waits_and_that_is_told_once() -> None:
    done: list[int] = []

    def handler(number: int) -> Callable[[], Awaitable[None]]:
        async def handle() -> None:
            done.append(number)

        return handle

    told: list[str] = []
    den = room(told)
    for number in range(WAITING + 2):
        den.add(handler(number))
    assert told == [f"over {WAITING} things wait for it in den: the oldest are skipped"]
    working = asyncio.ensure_future(den.work())
    while len(done) < WAITING:
        await asyncio.sleep(0)
    assert done == list(range(2, WAITING + 2))
    den.add(handler(-1))
    den.leave()
    async with asyncio.timeout(5):
        await working
    assert done[-1] == WAITING + 1, "who has left does nothing more"
