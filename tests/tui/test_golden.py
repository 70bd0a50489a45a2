"""Each screen is the one that is kept."""

from difflib import unified_diff

import pytest

from chat.tui.members import LEAST
from chat.tui.members import SCREEN as MEMBERS_FROM
from tests.needs import needs

from .golden import FOLDER, SCREENS, WRITE, Screen, shown, text
from .stage import ME

pytestmark = needs("tmux")

BORDER = "│"


def test_there_is_a_file_for_each_screen_and_no_other() -> None:
    assert {screen.file for screen in SCREENS} == set(FOLDER.iterdir()), f"run: {WRITE}"


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_the_screen_is_as_it_is_kept(screen: Screen) -> None:
    with shown(screen) as terminal:
        now = text(terminal)
        kept = screen.file.read_text()
        diff = "\n".join(
            unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="")
        )
        assert not diff, f"{diff}\n\nIf that is what it is to be, run: {WRITE}"

        terminal.type("x")
        terminal.still()
        terminal.press("BSpace")
        changed = terminal.still()
        terminal.wipe()
        terminal.press("C-l")
        terminal.until(lambda: any(terminal.screen()), "it to be drawn anew")
        assert terminal.still() == changed, "a full repaint changes something"


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_no_border_moves(screen: Screen) -> None:
    """The line beside the members is in one column, from the first message to the last."""
    rows = screen.file.read_text().splitlines()
    bar = next(at for at, row in enumerate(rows) if row.startswith(f" {ME} {BORDER}"))
    columns = {row.find(BORDER) for row in rows[1:bar]}
    assert columns == {LEAST + 1 if screen.columns >= MEMBERS_FROM else -1}
