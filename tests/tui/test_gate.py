import asyncio
from itertools import pairwise

from chat.tui.gate import PACE, Gate


async def test_traffic_is_drawn_at_a_pace_and_not_lost() -> None:
    loop = asyncio.get_running_loop()
    drawn: list[float] = []

    def draw() -> None:
        drawn.append(loop.time())
        gate.drawn()

    gate = Gate(loop, draw)
    gate.traffic()
    began = loop.time()
    while loop.time() < began + 0.5:
        gate.traffic()
        await asyncio.sleep(0.001)
    gaps = [after - before for before, after in pairwise(drawn)]
    assert 3 <= len(drawn) <= 0.5 / PACE + 2
    assert min(gaps) > PACE * 0.9
    gate.traffic()
    await asyncio.sleep(PACE * 2)
    assert drawn[-1] > began + 0.5


async def test_what_a_key_drew_needs_no_drawing() -> None:
    drawn: list[int] = []
    gate = Gate(asyncio.get_running_loop(), lambda: drawn.append(1))
    gate.drawn()
    gate.traffic()
    gate.drawn()
    await asyncio.sleep(PACE * 1.5)
    assert drawn == []
