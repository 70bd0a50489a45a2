"""A chat room on one UDP port.

async with chat.connect("chat://127.0.0.1/lobby", name="ann") as room:
    await room.say("hello")
    async for entry in room:
        print(entry.name, entry.text)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat.bots.bot import Bot as Bot
    from chat.bots.bot import BotError as BotError
    from chat.core.amend import Amended as Amended
    from chat.core.amend import Amendments as Amendments
    from chat.core.doorkey import BadSecretError as BadSecretError
    from chat.core.link import BadLinkError as BadLinkError
    from chat.core.memberships import NotSaidError as NotSaidError
    from chat.core.names import BadNameError as BadNameError
    from chat.core.plain import Policy as Policy
    from chat.core.roles import Act as Act
    from chat.core.types import Entry as Entry
    from chat.core.types import Kind as Kind
    from chat.log.api import Durability as Durability
    from chat.log.api import LogError as LogError
    from chat.net.address import BindError as BindError
    from chat.net.address import ResolveError as ResolveError
    from chat.net.impair import Impairment as Impairment
    from chat.room import ConnectError as ConnectError
    from chat.room import FailedError as FailedError
    from chat.room import RefusedError as RefusedError
    from chat.room import RemovedError as RemovedError
    from chat.room import Room as Room
    from chat.room import Said as Said
    from chat.room import State as State
    from chat.room import connect as connect
    from chat.secure.namekeys import NameKeys as NameKeys
    from chat.server.identity import IdentityError as IdentityError
    from chat.server.serve import serve as serve

_WHERE = {
    "Act": "chat.core.roles",
    "Amended": "chat.core.amend",
    "Amendments": "chat.core.amend",
    "BadLinkError": "chat.core.link",
    "BadNameError": "chat.core.names",
    "BadSecretError": "chat.core.doorkey",
    "BindError": "chat.net.address",
    "Bot": "chat.bots.bot",
    "BotError": "chat.bots.bot",
    "ConnectError": "chat.room",
    "Durability": "chat.log.api",
    "Entry": "chat.core.types",
    "FailedError": "chat.room",
    "IdentityError": "chat.server.identity",
    "Impairment": "chat.net.impair",
    "Kind": "chat.core.types",
    "LogError": "chat.log.api",
    "NameKeys": "chat.secure.namekeys",
    "NotSaidError": "chat.core.memberships",
    "Policy": "chat.core.plain",
    "RefusedError": "chat.room",
    "RemovedError": "chat.room",
    "ResolveError": "chat.net.address",
    "Room": "chat.room",
    "Said": "chat.room",
    "State": "chat.room",
    "connect": "chat.room",
    "serve": "chat.server.serve",
}

__version__ = "0.1.0"
__all__ = [
    "Act",
    "Amended",
    "Amendments",
    "BadLinkError",
    "BadNameError",
    "BadSecretError",
    "BindError",
    "Bot",
    "BotError",
    "ConnectError",
    "Durability",
    "Entry",
    "FailedError",
    "IdentityError",
    "Impairment",
    "Kind",
    "LogError",
    "NameKeys",
    "NotSaidError",
    "Policy",
    "RefusedError",
    "RemovedError",
    "ResolveError",
    "Room",
    "Said",
    "State",
    "connect",
    "serve",
]


def __getattr__(name: str) -> object:
    """Imports what is asked for, so that `import chat` costs nothing that is not used."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
