"""Texts whose widths no two programs agree about, with everything on the screen that there is: by
tmux's own count of cells no border moves, and the cursor is where the next character goes."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

import chat
from tests.needs import needs

from .corpus import WIDTHS
from .terminal import PATIENCE, Server, Terminal
from .test_e2e import joined, messages

pytestmark = needs("tmux")

NAMES = ("日本", "zoë", "a.b+c_d-e")
"""Of who is here besides."""

TYPED = [text for text in WIDTHS if len(text) < 60 and "\t" not in text and "\n" not in text]
"""What a keyboard can send in one line."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@contextmanager
def looked_over(terminal: Terminal) -> Iterator[None]:
    """With a cursor of tmux's own, which can be asked for its cell, at the top left."""
    # Where what is found begins, not where it ends.
    terminal.tmux("set", "-g", "mode-keys", "vi")
    terminal.tmux("copy-mode")
    try:
        for where in ("history-top", "top-line", "start-of-line"):
            terminal.tmux("send-keys", "-X", where)
        yield
    finally:
        terminal.tmux("send-keys", "-X", "cancel")


def find(terminal: Terminal, text: str) -> tuple[int, int]:
    """Column and row of the next one, counted in cells."""
    where = "#{copy_cursor_x} #{copy_cursor_y}"
    found = terminal.tmux(
        "send-keys", "-X", "search-forward-text", text, ";", "display-message", "-p", where
    )
    column, row = found.split()
    return int(column), int(row)


def borders(terminal: Terminal) -> list[tuple[int, int]]:
    """Of the list of who is here, down to the status bar."""
    rows = next(at for at, row in enumerate(terminal.screen()) if row.startswith(" ann │"))
    with looked_over(terminal):
        return [find(terminal, "│") for _ in range(1, rows)]


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 60)], ids=str)
async def test_nothing_moves(server: Server, tmp_path: Path, size: tuple[int, int]) -> None:
    """After each change, all of it is as if it were drawn from nothing."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        rooms = [
            await stack.enter_async_context(chat.connect(server.link, name=name)) for name in NAMES
        ]

        async def say(texts: Sequence[str]) -> None:
            for number, text in enumerate(texts):
                await rooms[number % len(rooms)].say(text)

        def others_say(*texts: str) -> None:
            asyncio.run_coroutine_threadsafe(say(texts), loop).result(PATIENCE)

        await asyncio.to_thread(look_at_all, server.link, tmp_path, size, others_say)


def look_at_all(
    link: str, state: Path, size: tuple[int, int], others_say: Callable[..., None]
) -> None:
    with joined(link, "ann", state, columns=size[0], rows=size[1]) as ann:

        def fresh(what: str) -> None:
            changed = ann.still()
            if size[0] >= 60:
                found = borders(ann)
                assert {column for column, _ in found} == {found[0][0]}, (what, ann.text())
                assert [row for _, row in found] == list(range(1, len(found) + 1)), what
            ann.wipe()
            ann.press("C-l")
            ann.until(lambda: any(row.startswith((">", "search:")) for row in ann.screen()), what)
            assert messages(ann.still()) == messages(changed), what

        others_say(*WIDTHS, "the first end")
        ann.wait("the first end", *(["4 here"] if size[0] >= 60 else []))
        fresh("what others say")
        for reaction in ("👍🏽", "❤️", "👨‍👩‍👧"):
            ann.press("M-Up", "M-Up")
            ann.say(f"/react {reaction}")
            ann.wait(f"{reaction} 1]")
        fresh("reactions, with a selected message")
        ann.press("C-s")
        ann.type("漢")
        fresh("searching")
        ann.press("BSpace")
        ann.type("end")
        ann.press("Enter")
        fresh("what was found")
        ann.press("M-Up", "M-Up", "PPage", "S-Down")
        fresh("scrolling")
        ann.press("Escape", "C-End")
        ann.say("/topic " + WIDTHS[12])
        ann.wait("✓")
        others_say(*WIDTHS[:5], "the last end")
        ann.wait("the last end")
        fresh("a topic, and more messages")


@pytest.mark.parametrize("size, left", [((80, 24), 0), ((40, 10), 2)], ids=str)
def test_the_cursor_is_where_the_next_character_goes(
    server: Server, tmp_path: Path, size: tuple[int, int], left: int
) -> None:
    with joined(server.link, "ann", tmp_path, columns=size[0], rows=size[1]) as ann:
        for text in TYPED:
            ann.type(text)
            ann.until(typed(ann), text)
            ann.press(*["Left"] * left, "C-l")
            ann.still()
            before = ann.cursor
            ann.type("Y")
            ann.until(lambda: "Y" in ann.text(), text)
            with looked_over(ann):
                assert find(ann, "Y") == before, (text, ann.text())
            ann.press("C-e", "C-u")
            ann.until(lambda: not typed(ann)(), "an empty line")


def typed(terminal: Terminal) -> Callable[[], bool]:
    """Whether something is on the line."""
    return lambda: any(row.startswith("> ") for row in terminal.screen())
