"""What random seeds miss: one story each."""

from collections.abc import Callable

import pytest

from chat.core import events, limits, wire
from chat.core.names import LOBBY
from chat.core.types import Kind, Path

from .client import Client
from .network import SERVER, Faults
from .world import World, retaining_store, settle, world_of


class Held:
    """Keeps what a client sends back, as long as it is wanted."""

    def __init__(self, world: World, client: Client, wanted: Callable[[bytes], bool]) -> None:
        self.datagrams: list[bytes] = []
        self._world = world
        self._send = world.network.send

        def hold(datagram: bytes, source: Path, target: Path) -> None:
            if source == client.path and wanted(datagram):
                self.datagrams.append(datagram)
            else:
                self._send(datagram, source, target)

        world.network.send = hold

    def stop(self) -> None:
        self._world.network.send = self._send


def test_a_late_first_does_not_displace_a_newer_session() -> None:
    world = World(5, clients=1, faults=Faults(delay=0.01))
    (client,) = world.clients
    path = client.path
    with world.watch.installed():
        held = Held(world, client, lambda datagram: datagram[0] == 0x82)
        world.run(world.clock.now + 3.0)
        assert not client.guest.connected
        held.stop()
        settle(world)
        sid = session_id(client)
        assert len(set(held.datagrams)) >= 1
        for datagram in held.datagrams:
            world.network.inject(datagram, path)
        world.run(world.clock.now + 1.0)
        assert world.server.hub is not None
        assert list(world.server.hub._sealed.sessions) == [sid]
        world.say(client)
        world.finish()


def session_id(client: Client) -> bytes:
    channel = client.guest._connection._channel
    assert channel is not None
    return channel.sid


def test_a_spent_first_begins_nothing() -> None:
    world = World(5, clients=1, faults=Faults(delay=0.01))
    (client,) = world.clients
    firsts: list[bytes] = []
    send = world.network.send

    def keep(datagram: bytes, source: Path, target: Path) -> None:
        if datagram[0] == 0x82:
            firsts.append(datagram)
        send(datagram, source, target)

    world.network.send = keep
    settle(world)
    world.server.down_for = 0.1
    world.server.crash()
    world.run(world.clock.now + limits.BEAT + 3.0)
    path = client.path
    client.guest.close(world.clock.now)
    client.drain()
    world.run(world.clock.now + 0.5)
    hub = world.server.hub
    assert hub is not None
    assert hub.census().sessions == 0
    assert len({first[1:17] for first in firsts}) == 2, "after a handshake, and with a ticket"
    world.network.inject(firsts[-1], path)
    world.run(world.clock.now + 1.0)
    assert hub.census().sessions == 0


def test_a_repeated_first_gets_its_welcome_again_and_no_second_session() -> None:
    world = World(5, clients=1, faults=Faults(delay=0.01))
    (client,) = world.clients
    send = world.network.send

    def twice(datagram: bytes, source: Path, target: Path) -> None:
        send(datagram, source, target)
        if datagram[0] == 0x82:
            send(datagram, source, target)

    world.network.send = twice
    with world.watch.installed():
        settle(world)
    assert world.server.hub is not None
    assert world.server.hub.census().sessions == 1
    assert client.guest.connected


def test_a_retry_that_comes_twice_draws_one_new_random() -> None:
    world = World(5, clients=1, faults=Faults(delay=0.01))
    (client,) = world.clients
    send = world.network.send
    opened: list[bytes] = []

    def spoil(datagram: bytes, source: Path, target: Path) -> None:
        if datagram[0] == 0x82:
            opened.append(datagram[1:17])
        if datagram[0] == 0x82 and len(set(opened)) < 3:
            datagram = datagram[:-1] + bytes((datagram[-1] ^ 1,))
        send(datagram, source, target)
        if datagram[0] == 0x83:
            send(datagram, source, target)

    world.network.send = spoil
    with world.watch.installed():
        settle(world)
    assert len(set(opened)) == 3
    assert client.guest.connected


def test_a_restarted_server_is_noticed_at_once() -> None:
    world = world_of(2)
    world.server.down_for = 0.01
    world.server.crash()
    world.run(world.clock.now + 0.05)
    start = world.clock.now
    world.say(world.clients[0])
    world.run(
        start + 1.0,
        stop=lambda: (
            world.clients[0].guest.connected and world.clients[0].said[LOBBY][-1].logged != set()
        ),
    )
    assert world.clock.now - start < 0.5
    lost = [it for it in world.clients[0].told if isinstance(it, events.Disconnected)]
    assert [it.reason for it in lost] == ["the server was restarted"]
    world.finish()


@pytest.mark.parametrize("silent", [0.0, 40.0])
def test_a_lost_last_push_is_found_by_the_next_head(silent: float) -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.run(world.clock.now + silent)
    lost = _lose_one(world, lambda first, _, target: first == 0x85 and target == bob.path)
    world.say(alice)
    start = world.clock.now
    world.run(start + 5.0, stop=lambda: bool(bob.screens.get(LOBBY)))
    assert lost
    assert world.clock.now - start < limits.HEADS[0] + 0.2


def test_an_author_learns_that_it_was_read_though_the_report_of_it_was_lost() -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.run(world.clock.now + 40.0)
    lost = _lose_one(world, lambda _, source, __: source == bob.path and bool(bob.screens))
    world.say(alice)
    start = world.clock.now
    world.run(start + 10.0, stop=lambda: _everybody_has(alice, 1))
    assert lost
    assert world.clock.now - start < 2.5


def _lose_one(world: World, which: Callable[[int, Path, Path], bool]) -> list[bytes]:
    """The first datagram that this is true of, by its first byte, source and target; it will be in
    the list."""
    send = world.network.send
    lost: list[bytes] = []

    def lose(datagram: bytes, source: Path, target: Path) -> None:
        if not lost and which(datagram[0], source, target):
            lost.append(datagram)
        else:
            send(datagram, source, target)

    world.network.send = lose
    return lost


def _everybody_has(client: Client, seq: int) -> bool:
    tally = client.guest.rooms[LOBBY].tally(seq)
    return tally is not None and tally.complete


def test_an_author_whose_own_entry_is_lost_is_told_when_it_repeats_itself() -> None:
    world = world_of(2)
    alice, bob = world.clients
    send = world.network.send
    world.network.send = lambda datagram, source, target: (
        None if datagram[0] == 0x85 and target == alice.path else send(datagram, source, target)
    )
    world.say(alice)
    world.run(world.clock.now + 2.0)
    assert alice.said[LOBBY][0].logged == {1}
    assert [entry.text for entry in bob.screens[LOBBY]] == ["<0-1>"]


def test_what_retention_took_is_said() -> None:
    world = world_of(2, store=retaining_store(20))
    alice, bob = world.clients
    world.network.cut.add(bob.path)
    for _ in range(60):
        world.say(alice)
    world.run(world.clock.now + 8.0)
    world.network.cut.clear()
    settle(world)
    assert [(it.first, it.last) for it in bob.expired] == [(1, 40)]
    assert [entry.seq for entry in bob.screens[LOBBY]] == list(range(41, 61))


def test_scrolling_back_reaches_the_beginning() -> None:
    world = world_of(1)
    (alice,) = world.clients
    for _ in range(limits.JOIN_BACKLOG + 100):
        world.say(alice)
    settle(world)
    late = Client(world.clock, world.network, world.random, 9, [LOBBY], on_logged=lambda *_: None)
    world.clients.append(late)
    settle(world)
    assert late.screens[LOBBY][0].seq == 101
    for _ in range(3):
        late.guest.older(LOBBY, 60, world.clock.now)
        late.drain()
        world.run(world.clock.now + 1.0)
    assert [entry.seq for entry in late.screens[LOBBY]] == list(range(1, 301))


def test_a_captured_datagram_from_elsewhere_moves_nobody() -> None:
    world = world_of(2)
    alice, bob = world.clients
    captured: list[bytes] = []
    send = world.network.send

    def capture(datagram: bytes, source: Path, target: Path) -> None:
        if source == alice.path:
            captured.append(datagram)
            return
        send(datagram, source, target)

    world.network.send = capture
    world.say(alice)
    world.run(world.clock.now + 0.02)
    thief = Path(0, "10.6.6.6", 666)
    loot: list[bytes] = []
    world.network.attach(thief, lambda datagram, source: loot.append(datagram))
    for datagram in captured:
        world.network.inject(datagram, thief)
        world.network.inject(datagram, thief)
    world.network.send = send
    world.run(world.clock.now + 0.5)
    assert len(loot) == 1, "one challenge for the one fresh datagram"
    assert len(loot[0]) + 28 <= 3 * (len(captured[0]) + 28)
    assert world.server.hub is not None
    assert {path for path in world.server.hub._sealed.by_path} == {alice.path, bob.path}
    world.finish()


def test_a_client_behind_a_nat_that_moves_keeps_its_session() -> None:
    world = world_of(2)
    alice, bob = world.clients
    sid = session_id(alice)
    alice.move(known=False)
    world.say(bob)
    world.run(world.clock.now + 2.0)
    world.say(alice)
    world.finish()
    assert session_id(alice) == sid
    assert world.server.hub is not None
    assert alice.path in world.server.hub._sealed.by_path


def test_a_crowd_joins_at_a_cost_that_does_not_square() -> None:
    def datagrams(crowd: int) -> int:
        world = World(3, clients=crowd, faults=Faults(delay=0.01))
        sent = 0
        send = world.network.send

        def count(datagram: bytes, source: Path, target: Path) -> None:
            nonlocal sent
            sent += source == SERVER
            send(datagram, source, target)

        world.network.send = count
        world.run(world.clock.now + 5.0)
        return sent

    assert datagrams(120) < 3 * datagrams(60)


def test_presence_reaches_everybody() -> None:
    world = world_of(4)
    world.clients[0].guest.nick("zoe", world.clock.now)
    world.clients[0].drain()
    leaver = world.clients.pop()
    leaver.guest.close(world.clock.now)
    leaver.drain()
    world.run(world.clock.now + 3.0)
    for client in world.clients:
        names = {row.name for row in client.guest.rooms[LOBBY].roster.members.values()}
        assert names == {"zoe", "guest1", "guest2"}


def test_a_silent_client_is_forgotten() -> None:
    world = world_of(2)
    gone = world.clients.pop()
    world.network.cut.add(gone.path)
    world.run(world.clock.now + limits.SESSION_IDLE + limits.KEEPALIVE[1] + 1.0)
    assert world.server.hub is not None
    assert world.server.hub.census().sessions == 1


def test_a_quiet_room_costs_a_beat_and_a_keepalive_a_member() -> None:
    world = world_of(2)
    world.run(world.clock.now + 60.0)
    sent = 0
    send = world.network.send

    def count(datagram: bytes, source: Path, target: Path) -> None:
        nonlocal sent
        sent += 1
        send(datagram, source, target)

    world.network.send = count
    world.run(world.clock.now + 300.0)
    assert sent <= 2 * 3 * (300 / limits.BEAT + 1)


def test_a_restarted_server_is_missed_by_who_has_nothing_to_say() -> None:
    world = world_of(2)
    world.run(world.clock.now + 60.0)
    world.server.crash()
    world.server.start()
    world.run(world.clock.now + limits.BEAT + 3.0)
    assert world.server.hub is not None
    assert world.server.hub.census().members == 2


def test_a_key_that_is_used_up_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.core.protect.COUNTER_MAX", 40)
    monkeypatch.setattr("chat.core.roomkeys.COUNTER_MAX", 15)
    world = world_of(2)
    with world.watch.installed():
        for _ in range(60):
            world.say(world.clients[0])
            world.run(world.clock.now + 0.3)
        world.finish()
    assert any(isinstance(it, events.Disconnected) for it in world.clients[0].told)


def test_frames_of_a_newer_version_are_skipped() -> None:
    unknown = bytes((0x3F, 0, 2)) + b"hi"
    frame = wire.encode_frame(wire.Ping(7))
    assert wire.decode_frames(unknown + frame + unknown) == [wire.Ping(7)]


def test_a_forged_reset_ends_nothing() -> None:
    world = world_of(1)
    (alice,) = world.clients
    sid = session_id(alice)
    for token in (bytes(16), b"\xff" * 16):
        alice.guest.receive(b"\x86" + token, SERVER, world.clock.now)
        alice.drain()
    world.run(world.clock.now + 1.0)
    assert session_id(alice) == sid
    assert alice.guest.dropped["stray reset"] == 2


def test_a_topic_outlives_the_server() -> None:
    world = world_of(2)
    alice, bob = world.clients
    alice.guest.say(LOBBY, "news of the day", world.clock.now, kind=Kind.TOPIC)
    alice.drain()
    world.run(world.clock.now + 0.1)
    assert bob.guest.rooms[LOBBY].topic == "news of the day"
    world.server.crash()
    settle(world)
    late = Client(world.clock, world.network, world.random, 9, [], on_logged=lambda *_: None)
    late.guest.join(LOBBY, world.clock.now, backlog=0)
    world.run(world.clock.now + 1.0)
    assert LOBBY not in late.screens
    assert late.guest.rooms[LOBBY].topic == "news of the day"


def test_what_is_said_before_leaving_is_still_said() -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.network.cut.add(alice.path)
    world.say(alice)
    alice.guest.leave(LOBBY, world.clock.now)
    alice.drain()
    world.run(world.clock.now + 1.0)
    world.network.cut.clear()
    world.run(world.clock.now + 5.0)
    assert [entry.text for entry in bob.screens[LOBBY]] == ["<0-1>"]
    assert alice.said[LOBBY][0].logged == {1}
    assert len(bob.guest.rooms[LOBBY].roster.members) == 1


def test_a_room_left_and_joined_again_goes_on_counting() -> None:
    world = world_of(2)
    alice, bob = world.clients
    for _ in range(3):
        world.say(alice)
        world.run(world.clock.now + 0.5)
        alice.guest.leave(LOBBY, world.clock.now)
        alice.drain()
        world.run(world.clock.now + 0.5)
        alice.guest.join(LOBBY, world.clock.now)
    alice.drain()
    assert [entry.n for entry in bob.screens[LOBBY]] == [1, 2, 3]
    world.finish()


def test_a_direct_message_reaches_who_did_not_know_of_the_room() -> None:
    world = world_of(3)
    alice, bob, carol = world.clients
    bob_path = bob.path
    alice.guest.direct(bob.guest.name, world.clock.now)
    alice.drain()
    world.run(world.clock.now + 0.2)
    (direct,) = [name for name in alice.guest.rooms if name.startswith("@")]
    world.network.cut.add(bob_path)
    world.say(alice, direct)
    world.run(world.clock.now + 40.0)
    world.network.cut.clear()
    world.settle()
    world.run(world.clock.now + 26.0)
    assert [entry.text for entry in bob.screens[direct]] == ["<0-1>"]
    assert direct not in carol.screens
    world.finish()
