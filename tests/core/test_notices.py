"""The server's lines: each told once while it is repeated."""

from chat.core.limits import NOTICE_AGAIN
from chat.core.notices import Notices


def test_what_is_repeated_is_told_once() -> None:
    notices = Notices()
    assert notices.new("the disk is full", 5.0)
    assert not any(notices.new("the disk is full", 5.0 + second) for second in range(90))


def test_another_line_and_one_after_a_while_are_told() -> None:
    notices = Notices()
    assert notices.new("full", 5.0)
    assert notices.new("empty", 5.0)
    assert notices.new("full", 5.0)
    assert not notices.new("full", 5.0 + NOTICE_AGAIN)
    assert notices.new("full", 5.1 + 2 * NOTICE_AGAIN)
