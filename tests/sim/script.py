"""One run in which everything happens once and nothing goes wrong by itself: to be crashed at every
single step."""

from collections.abc import Callable

from chat.core.names import LOBBY
from chat.core.types import Kind

from .network import Faults
from .world import World

LENGTH = 4.0


def scripted(seed: int = 1) -> World:
    world = World(seed, clients=3, faults=Faults(delay=0.01))
    alice, bob, carol = world.clients

    def at(when: float, action: Callable[[], None]) -> None:
        world.clock.after(when, action)

    def topic() -> None:
        alice.guest.say(LOBBY, "news of the day", world.clock.now, kind=Kind.TOPIC)
        alice.drain()

    def den() -> None:
        bob.guest.join("den", world.clock.now)
        bob.guest.nick("robert", world.clock.now)
        bob.drain()

    def aside() -> None:
        carol.guest.direct(alice.guest.name, world.clock.now)
        carol.drain()

    def whisper() -> None:
        for room in carol.guest.rooms:
            if room.startswith("@"):
                world.say(carol, room)

    def correct() -> None:
        newest = alice.guest.rooms[LOBBY].inbox.shown
        world.say(alice, size=1500, kind=Kind.EDIT, refers=max(newest, 1))

    at(0.10, lambda: world.say(alice))
    at(0.12, lambda: world.say(bob))
    for _ in range(3):
        at(0.15, lambda: world.say(carol))
    at(0.30, topic)
    at(0.35, den)
    at(0.45, lambda: world.say(bob, "den"))
    at(0.50, aside)
    at(0.60, lambda: bob.move(known=True))
    at(0.65, lambda: world.say(bob))
    at(0.75, whisper)
    at(0.80, lambda: world.say(alice, size=2500))
    at(0.90, correct)
    at(1.50, whisper)
    at(2.00, lambda: world.say(alice))
    return world
