"""The documents say what is true now."""

from pathlib import Path

import pytest

from .docs import DOCUMENTS, render


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_tables_are_the_codes(document: Path) -> None:
    text = document.read_text()
    assert "<!-- end -->" in text
    assert render(text) == text, "run: python -m tests.docs"
