"""`chat admin` in this process, which is sooner there than one of its own."""

import asyncio
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from chat.cli import run


class Outcome(NamedTuple):
    code: int
    out: list[str]
    err: list[str]


async def admin(store: Path, *words: str) -> Outcome:
    """One at a time."""
    out, err = StringIO(), StringIO()

    def call() -> int:
        with redirect_stdout(out), redirect_stderr(err):
            return run(["admin", "--store", str(store), *words])

    code = await asyncio.to_thread(call)
    return Outcome(code, out.getvalue().splitlines(), err.getvalue().splitlines())


async def said(store: Path, *words: str) -> list[str]:
    """What is printed when it is done."""
    outcome = await admin(store, *words)
    assert (outcome.code, outcome.err) == (0, [])
    return outcome.out


async def refusal(store: Path, *words: str) -> str:
    """The one line that says why it is not."""
    outcome = await admin(store, *words)
    assert (outcome.code, outcome.out, len(outcome.err)) == (1, [], 1)
    assert outcome.err[0].startswith("chat: ")
    return outcome.err[0].removeprefix("chat: ")
