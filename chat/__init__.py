"""A chat room on one UDP port.

async with chat.connect("chat://127.0.0.1/lobby", name="ann") as room:
    await room.say("hello")
    async for entry in room:
        print(entry.name, entry.text)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat.core.types import Entry as Entry
    from chat.room import ConnectError as ConnectError
    from chat.room import FailedError as FailedError
    from chat.room import Room as Room
    from chat.room import Said as Said
    from chat.room import State as State
    from chat.room import connect as connect
    from chat.server.serve import serve as serve

_WHERE = {
    "ConnectError": "chat.room",
    "Entry": "chat.core.types",
    "FailedError": "chat.room",
    "Room": "chat.room",
    "Said": "chat.room",
    "State": "chat.room",
    "connect": "chat.room",
    "serve": "chat.server.serve",
}

__version__ = "0.1.0"
__all__ = ["ConnectError", "Entry", "FailedError", "Room", "Said", "State", "connect", "serve"]


def __getattr__(name: str) -> object:
    """Imports what is asked for, so that `import chat` costs nothing that is not used."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
