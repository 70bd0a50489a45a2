"""What a delivery costs as rooms get larger, and as there are more of them."""

from ..fanout.cases import Case
from ..fanout.peers import Floor
from ..fanout.rounds import Result

CALM = 10.0
"""Messages a second where a room grows: far from what keeps a server busy."""

DELIVERIES = 10_000.0
"""A second, of all rooms together, where there are more and more of them."""


def one_room(members: int) -> Case:
    name = f"members{members}"
    return Case(
        name, f"a room of {members:,}, {CALM:g}/s", members, rate=CALM, peers=False, floor=True
    )


def many_rooms(rooms: int, members: int) -> Case:
    """`members` of each."""
    rate = DELIVERIES / members
    count = f"{rooms:,} rooms" if rooms > 1 else "a room"
    what = f"{count} of {members:,}, {rate:g}/s in all"
    name = f"rooms{rooms}x{members}"
    return Case(name, what, rooms * members, rate=rate, rooms=rooms, peers=False)


def why(case: Case, ours: Result, floor: Result | None) -> str:
    """What the cost is made of, as far as the figures say."""
    cpu = ours.spread(lambda sample: sample.cpu_us)
    kernel = floor.spread(lambda sample: sample.cpu_us) if floor is not None else None
    asides = ours.spread(lambda sample: sample.asides)
    packets = ours.spread(lambda sample: sample.packets)
    if cpu is None or asides is None or packets is None:
        return ""
    parts = [f"{cpu.median * case.reach:,.0f} us a message"]
    if kernel is not None:
        parts.append(f"{kernel.median * case.reach:,.0f} of them at the {Floor.name}")
    parts.append(f"{asides.median:,.0f} reports and the like a second")
    parts.append(f"{1 / packets.median:.2f} messages a push")
    return "; ".join(parts)
