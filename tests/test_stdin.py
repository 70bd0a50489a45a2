import asyncio
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from chat.stdin import read_lines


async def test_lines_without_their_ends() -> None:
    assert [line async for line in read_lines(["one\n", "\n", " two \r\n", "three"])] == [
        "one",
        "",
        " two ",
        "three",
    ]


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, int]]:
    """Where to read, and the descriptor to write to."""
    reader, writer = os.pipe()
    with open(reader, encoding="utf-8") as file:
        yield file, writer


async def test_a_line_is_there_as_soon_as_it_is_written(pipe: tuple[TextIO, int]) -> None:
    file, writer = pipe
    lines = read_lines(file)
    os.write(writer, b"now\nlater")
    assert await asyncio.wait_for(anext(lines), 10) == "now"
    os.close(writer)
    assert await asyncio.wait_for(anext(lines), 10) == "later"
    with pytest.raises(StopAsyncIteration):
        await anext(lines)


async def test_no_more_is_read_than_will_be_wanted_soon() -> None:
    given = 0

    def endless() -> Iterator[str]:
        nonlocal given
        while True:
            given += 1
            yield "y\n"

    lines = read_lines(endless())
    for _ in range(100):
        assert await anext(lines) == "y"
    assert given < 300


async def test_what_cannot_be_read_is_no_end() -> None:
    def broken() -> Iterator[str]:
        yield "one\n"
        raise OSError(5, "Input/output error")

    lines = read_lines(broken())
    assert await anext(lines) == "one"
    with pytest.raises(OSError, match="Input/output error"):
        await anext(lines)
