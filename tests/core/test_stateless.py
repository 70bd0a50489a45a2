"""Answers to strangers, bounded in size and number."""

from collections import Counter

from chat.core.limits import STATELESS
from chat.core.stateless import Stateless
from chat.core.turn import Turn
from chat.core.types import Path, Send

HERE, ELSEWHERE = Path(0, "127.0.0.1", 5000), Path(0, "192.0.2.7", 5000)


class Strangers:
    def __init__(self) -> None:
        self.turn = Turn()
        self.dropped: Counter[str] = Counter()
        self.stateless = Stateless(self.turn, self.dropped)

    def knock(self, path: Path, times: int, *, answer: bytes = b"no", cause: bytes = b"?!?") -> int:
        """How many were answered."""
        for _ in range(times):
            self.stateless.answer(lambda: answer, cause, path, 0.0)
        return len(self.turn.drain())


def test_an_answer_is_smaller_than_its_cause() -> None:
    strangers = Strangers()
    strangers.stateless.answer(lambda: b"no", b"?!?", ELSEWHERE, 0.0)
    assert strangers.turn.drain() == [Send(ELSEWHERE, b"no")]
    assert strangers.knock(ELSEWHERE, 1, answer=b"no!") == 0
    assert strangers.dropped == {"stateless answers withheld": 1}


def test_there_are_not_too_many_and_this_machine_has_its_own() -> None:
    strangers = Strangers()
    most = int(STATELESS)
    assert strangers.knock(ELSEWHERE, most + 5) == most
    assert strangers.dropped.total() == 5
    assert strangers.knock(HERE, 1) == 1


def test_what_is_not_sent_is_not_made() -> None:
    strangers = Strangers()
    strangers.knock(ELSEWHERE, int(STATELESS))

    def make() -> bytes:
        raise AssertionError("made in vain")

    strangers.stateless.answer(make, b"?", ELSEWHERE, 0.0)
    assert strangers.dropped.total() == 1
