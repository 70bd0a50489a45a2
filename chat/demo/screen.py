"""The demo in the terminal client: what happens when, and the keys that do it yourself."""

import asyncio
from collections.abc import Callable, Coroutine

from chat.tui.app import Application

from .party import BLACKOUT, NAMES, Demo, demonstration
from .verdict import Verdict

CUT_AFTER = 6.0
BLACKOUT_AFTER = 12.0
MEND_AFTER = 12.0

END_AFTER = 5.0

_KEYS = "/quit counts · F7 cuts, mends · F8 blacks out"
"""First: what is too long for a line ends early."""


async def screen(print_line: Callable[[str], None]) -> Verdict:
    """Until the user quits; then lets things settle, and counts."""
    apps: list[Application] = []

    def tell(line: str) -> None:
        for app in apps:
            app.notice(line)
            app.banner = f"{_KEYS} · {line}"

    async with demonstration(tell) as demo:
        app = Application(lambda on_event: demo.member("you", on_event))
        apps.append(app)
        acting = asyncio.ensure_future(script(demo, tell))

        def by_hand(act: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
            """The user's hand ends the script, and what it did before."""

            def acted() -> None:
                nonlocal acting
                acting.cancel()
                acting = asyncio.ensure_future(act())

            return acted

        app.bind("F7", ("f7",), by_hand(demo.toggle), "cut 30 % of all datagrams, or mend it")
        app.bind("F8", ("f8",), by_hand(demo.blackout), f"let nothing pass for {BLACKOUT:g} s")
        app.banner = f"{_KEYS} · a server, {len(NAMES)} bots, and you"
        app.notice(f"others come by: {demo.hint}")
        try:
            await app.run()
        finally:
            acting.cancel()
        print_line("letting things settle, then counting")
        demo.mend()
        verdict = await demo.verdict()
    print_line(str(verdict))
    return verdict


async def script(demo: Demo, tell: Callable[[str], None]) -> None:
    """What happens unless the user's hand does it."""
    await asyncio.sleep(CUT_AFTER)
    demo.cut()
    await asyncio.sleep(BLACKOUT_AFTER)
    await demo.blackout()
    await asyncio.sleep(MEND_AFTER)
    demo.mend()
    await asyncio.sleep(END_AFTER)
    tell("that was it; /quit counts")
