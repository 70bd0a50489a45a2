"""What must hold after each step, and what must hold at the end."""

import re
from collections.abc import Callable

from chat.core.entry import decode_entry
from chat.core.hub import Hub
from chat.core.names import is_public
from chat.core.types import Group, Kind, Record

from .client import Client
from .server import Server, Violation

_TAG = re.compile(rb"<\d+-\d+>")
"""What every text begins with, its author's number and its own."""


def after_each_step(server: Server) -> None:
    hub = server.hub
    if hub is None:
        return
    _fan_outs_are_the_members(server, hub)
    _sessions_are_one_to_one(hub)
    _nobody_is_a_ghost(hub)
    _nothing_is_left(hub)


def _fan_outs_are_the_members(server: Server, hub: Hub) -> None:
    """But for those who have left the push set."""
    groups: dict[Group, set[object]] = {}
    for room in hub._house.rooms.values():
        for member in room.members if room.parties is None else ():
            if member in room._congestion._set._out:
                continue
            groups.setdefault(Group(room.name, member.form), set()).add(member.path)
    if groups != server.groups:
        raise Violation(f"fan-outs {server.groups}, members {groups}")


def _sessions_are_one_to_one(hub: Hub) -> None:
    sealed = hub._sealed
    if len(sealed.sessions) != len(sealed.by_path):
        raise Violation(f"{len(sealed.sessions)} sessions at {len(sealed.by_path)} paths")
    for sid, session in sealed.sessions.items():
        if session.channel.sid != sid or sealed.by_path.get(session.path) is not session:
            raise Violation(f"{session.name} is not where it is found")


def _nobody_is_a_ghost(hub: Hub) -> None:
    house = hub._house
    living = {*hub._sealed.sessions.values(), *hub._plain.endpoints.values()}
    if set(house.members.values()) != living:
        raise Violation("members without a session, or the other way round")
    for room in house.rooms.values():
        if room.empty:
            raise Violation(f"{room.name} is empty and kept")
        for member in room.members:
            if member not in living or member.rooms.get(room.tag) is not room:
                raise Violation(f"{member.name} haunts {room.name}")
        for instance, author in room._staging._authors.items():
            if not author.last <= author.staged <= author.last + 64:
                raise Violation(f"{instance.hex()}: {author.staged} staged, {author.last} logged")
    for member in living:
        if house.people._names.owner(member.name) is not member:
            raise Violation(f"{member.name} is not the owner of its name")


def _nothing_is_left(hub: Hub) -> None:
    turn = hub._turn
    if turn._effects or turn._rooms or turn._members:
        raise Violation("effects were left undrained")


def converged(
    server: Server,
    clients: list[Client],
    *,
    silent: Callable[[Client, str], bool] = lambda client, room: False,
) -> str:
    """Nothing: everybody has everything. Otherwise what is missing. `silent`: what somebody says
    there may be kept back."""
    if server.hub is None or not server.hub.ready:
        return "the server is down"
    for client in clients:
        guest = client.guest
        if not guest.connected:
            return f"{guest.name} is not connected"
        for name, room in guest.rooms.items():
            head = server.log.open(name, b"", ()).head
            if not room.joined:
                return f"{guest.name} is not in {name}"
            if room.inbox.seq != head.seq or room.inbox.shown != head.seq:
                return f"{guest.name} has {room.inbox.seq} of {head.seq} in {name}"
            if len(room.outbox) and not silent(client, name):
                return f"{guest.name} has {len(room.outbox)} pending in {name}"
        member = server.hub._house.members.get(guest.instance)
        if member is None:
            return f"{guest.name} is connected to nobody"
        staying = {room for room in guest._rooms._leaving if silent(client, room)}
        inside = {room.name for room in member.rooms.values()} - staying
        if inside != (wanted := set(guest.rooms)):
            return f"{guest.name} is in {sorted(inside)}, and wants to be in {sorted(wanted)}"
    return ""


def at_the_end(server: Server, clients: list[Client], *, went_back: bool) -> None:
    for name in sorted({name for client in clients for name in client.guest.rooms}):
        log = [record for _, record in sorted(server.archive.get(name, {}).items())]
        _each_once(name, log)
        for client in clients:
            if name in client.guest.rooms:
                _screen_is_the_log(client, name, log)
                _said_is_logged(client, name, log, went_back)
                _topic_is_the_last(server, client, name, log)


def _topic_is_the_last(server: Server, client: Client, room: str, log: list[Record]) -> None:
    assert server.hub is not None
    kept = server.hub._house.registry.topic(room)
    entries = [decode_entry(room, record.seq, record.body) for record in log]
    last = next((entry.text for entry in reversed(entries) if entry.kind == Kind.TOPIC), "")
    if is_public(room) and not kept == last == client.guest.rooms[room].topic:
        shown = client.guest.rooms[room].topic
        raise Violation(f"{room}: {shown!r} is shown, {kept!r} kept, the last topic is {last!r}")


def _each_once(room: str, log: list[Record]) -> None:
    newest: dict[bytes, int] = {}
    for index, record in enumerate(log, 1):
        if record.seq != index or record.n != newest.get(record.instance, 0) + 1:
            raise Violation(f"{room}: {record.seq} is {record.n} after {newest}")
        newest[record.instance] = record.n


def _screen_is_the_log(client: Client, room: str, log: list[Record]) -> None:
    screen = client.screens.get(room, [])
    for entry in screen:
        record = log[entry.seq - 1]
        if (entry.instance, entry.n) != (record.instance, record.n):
            raise Violation(f"{client.guest.name} shows another {entry.seq} of {room}")
    if log and (not screen or screen[-1].seq != log[-1].seq):
        raise Violation(f"{client.guest.name} does not show the end of {room}")


def _said_is_logged(client: Client, room: str, log: list[Record], went_back: bool) -> None:
    order: list[int] = []
    where: dict[bytes, list[int]] = {}
    for record in log:
        for tag in _TAG.findall(record.body):
            where.setdefault(tag, []).append(record.seq)
    for said in client.said.get(room, ()):
        found = where.get(said.text.split(">")[0].encode() + b">", [])
        if len(found) > 1:
            raise Violation(f"{said.text[:20]} is in the log {len(found)} times")
        if not found and not said.failed and not went_back:
            raise Violation(f"{said.text[:20]} is not in the log")
        order += found
    if order != sorted(order):
        raise Violation(f"what {client.guest.name} said is not in its order")
