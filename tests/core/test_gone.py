from chat.core import limits
from chat.core.gone import Gone

from .stub import Stub


def test_so_many_who_left_are_known_and_no_more() -> None:
    gone = Gone()
    for number in range(limits.GONE + 1):
        gone.left(Stub(f"guest{number}"), "den", 5.0)
    assert gone.find("guest0", "den", 5.0) is None
    assert gone.find("guest1", "den", 5.0) is not None
    assert gone.find("guest1", "lobby", 5.0) is None
