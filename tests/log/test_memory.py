"""What only the store in memory has to be told."""

from chat.core.types import Draft
from chat.log.api import COUNTER_LIFE
from chat.log.memory import MemoryLog


def test_who_has_not_been_here_for_long_is_forgotten() -> None:
    now = 0
    log = MemoryLog(random=bytes, wall=lambda: now)
    for number in range(300):
        log.append([("lobby", [Draft(b"%08d" % number, 1, b"hi")])])
    now = COUNTER_LIFE
    assert log.open("lobby", b"%08d" % 7, ()).last_n == 1
    now += 1
    log.append([("lobby", [Draft(b"somebody", 1, b"hi")])])
    assert log.open("lobby", b"%08d" % 7, ()).last_n == 1, "looked in meanwhile"
    assert log.open("lobby", b"%08d" % 8, ()).last_n == 0
    assert len(log._rooms["lobby"].counters) == 2
