"""The demo without a terminal: the whole of it in ten seconds, as text."""

import asyncio
from collections.abc import Callable

from chat.core.text import render
from chat.core.types import Entry

from .party import NAMES, demonstration
from .verdict import Verdict


async def transcript(print_line: Callable[[str], None]) -> Verdict:
    def tell(line: str) -> None:
        print_line(f"-- {line}")

    def show(event: object) -> None:
        if isinstance(event, Entry):
            print_line(render(event))

    async with demonstration(tell) as demo:
        you = demo.member("you", show)
        await you.open()
        tell(f"a server on this machine, {len(NAMES)} bots, and you; others come by: {demo.hint}")
        await asyncio.sleep(2.0)
        demo.cut()
        await asyncio.sleep(3.0)
        await demo.blackout(mend=True)
        await asyncio.sleep(2.0)
        verdict = await demo.verdict()
    print_line(str(verdict))
    return verdict
