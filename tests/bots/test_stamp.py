"""What is said says which message it is."""

import pytest

from chat.bots.stamp import STAMP, Stamp, read_stamp, stamped


@pytest.mark.parametrize("size", [STAMP, 80, 900])
def test_it_is_read_back(size: int) -> None:
    stamp = Stamp("a0b1c2", 0xFFFFFF, 3599.999999)
    text = stamped(stamp, size)
    assert len(text.encode()) == size
    assert read_stamp(text, "a0b1c2") == stamp


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "a0b1c3:1:1:x",
        "a0b1c2:1:1",
        "a0b1c2:x:1:",
        "a0b1c2:::",
        "a0b1c2:1::x",
        f"a0b1c2:1:{600 * 'f'}:x",
    ],
)
def test_what_others_say_is_not_ours(text: str) -> None:
    assert read_stamp(text, "a0b1c2") is None
