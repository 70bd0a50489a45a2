"""A server's address, asked for until there is one: what cannot be found by name now may be later."""

import asyncio
from collections.abc import Callable

from chat.client import Client
from chat.core import events
from chat.net.address import ResolveError

RETRY = (1.0, 15.0)
"""Seconds between two questions: at first, and at most."""


async def open_client(client: Client, told: Callable[[object], None]) -> None:
    """`told` gets an event for each time that it was in vain."""
    pause, tries = RETRY[0], 0
    while True:
        try:
            await client.open()
            return
        except ResolveError as error:
            tries += 1
            told(events.Unreachable(tries, str(error)))
        await asyncio.sleep(pause)
        pause = min(2 * pause, RETRY[1])
