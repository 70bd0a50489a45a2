"""The room that people write first: whoever says something, all hear it.

python websockets_room.py PORT
"""

import asyncio
import importlib
import sys
from typing import Any

from chat.loop import run_loop


async def main(port: int) -> None:
    server: Any = importlib.import_module("websockets.asyncio.server")
    here: set[Any] = set()

    async def member(connection: Any) -> None:
        here.add(connection)
        try:
            async for said in connection:
                server.broadcast(here, said)
        finally:
            here.discard(connection)

    options = {"compression": None, "ping_interval": None, "write_limit": 1 << 26}
    async with server.serve(member, "127.0.0.1", port, **options):
        await asyncio.Event().wait()


if __name__ == "__main__":
    run_loop(main(int(sys.argv[1])))
