"""The documents say what is true now."""

from .docs import PROTOCOL, render


def test_the_protocols_tables_are_the_codes() -> None:
    text = PROTOCOL.read_text()
    assert render(text) == text, "run: python -m tests.docs"
