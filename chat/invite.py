"""`chat invite`: links that let somebody into a room, made, listed and revoked."""

import asyncio

from msgspec.structs import replace

from chat.client import explained
from chat.core.link import Link
from chat.core.memberships import NotSaidError
from chat.core.orders import Order
from chat.core.roles import Act
from chat.net.address import ResolveError
from chat.room import ConnectError, RefusedError, RemovedError, connect
from chat.secure.namekeys import NameKeys


class InviteError(Exception):
    """One line that says what went wrong."""


async def invite(link: Link, name: str, order: Order, timeout: float, password: str = "") -> str:
    """Does what `order` says in the link's room, as who has `name` and its key. Returns a new
    invite as a link, or what there is to say. Raises InviteError, after `timeout` seconds too."""
    try:
        keys = NameKeys()
        async with connect(
            link, name=name, timeout=timeout, keys=keys, password=password, make=False
        ) as room:
            async with asyncio.timeout(timeout):
                said = await room.act(
                    order.act, order.whom, seconds=order.seconds, number=order.number
                )
            pin = room.client.pin
    except TimeoutError:
        where = f"{link.host}, UDP port {link.port}"
        raise InviteError(f"no answer from {where}, within {timeout:g} s") from None
    except ConnectError as error:
        raise InviteError(explained(str(error), error.why)) from error
    except (RefusedError, RemovedError, NotSaidError, ResolveError) as error:
        raise InviteError(str(error)) from error
    return str(replace(link, pin=pin, invite=said)) if order.act is Act.INVITE else said
