"""Reports of runs that never were, for tests of what is made of reports."""

import math
from random import Random

from chat.bots.distribution import quantile
from chat.bots.measure import Latency
from chat.bots.report import Report, Second, Span

SETTINGS: dict[str, str | int | float] = {
    "link": "chat://127.0.0.1:9999/lobby",
    "bots": 50,
    "rate": 100.0,
    "duration": 60,
    "size": 80,
    "seed": 7,
}


def made(
    seed: int = 1, *, seconds: int = 60, slow: float = 1.0, stall: int | None = None
) -> Report:
    """A run of 50 bots in one room. Its latencies are `slow` times those of others; in the second
    `stall` the server stops for 2 s."""
    random = Random(seed)
    counts: dict[float, int] = {}
    series = []
    for at in range(seconds):
        heard = []
        for _ in range(200):
            late = 2000 * random.random() if stall is not None and stall <= at < stall + 2 else 0.0
            heard.append(slow * (0.4 + random.lognormvariate(0.2, 0.5)) + late)
        heard.sort()
        for each in heard:
            bound = round(1.005 ** math.ceil(math.log(each, 1.005)), 6)
            counts[bound] = counts.get(bound, 0) + 25
        repaired = random.choice((0, 0, 0, 2, 5))
        series.append(
            Second(
                at_s=at + 1.0,
                offered=100,
                sent=100 - random.choice((0, 1)),
                acked=99 if at else 90,
                delivered=4950,
                lost=0,
                repaired=repaired,
                members=min(50, (at + 1) * 10),
                p50_ms=heard[100],
                p99_ms=heard[197],
                max_ms=heard[-1],
            )
        )
    histogram = tuple(sorted(counts.items()))
    latency = Latency(
        *(round(quantile(histogram, share), 3) for share in (0.5, 0.9, 0.99, 0.999, 1.0))
    )
    return Report(
        bots=50,
        rooms=1,
        duration_s=float(seconds),
        offered_rate=100.0,
        achieved_rate=99.5,
        sent=sum(each.sent for each in series),
        acked=sum(each.sent for each in series),
        delivered=sum(count for _, count in histogram),
        expected=sum(count for _, count in histogram),
        lost=0,
        duplicates=0,
        reordered=0,
        repaired=sum(each.repaired for each in series),
        late_sends=3,
        refused_sends=0,
        latency_ms=latency,
        server_cpu_us_per_delivery=1.42,
        server_cpu=0.0071,
        generator_cpu=0.31,
        network_datagrams=0,
        network_dropped=0,
        join_ms=Latency(3.2, 5.1, 9.7, 11.0, 11.2),
        kernel_drops=0,
        scenario="storm",
        settings={**SETTINGS, "seed": seed, "duration": seconds},
        started=1_790_000_000.0 + seed,
        phases=(
            Span("arrive", 0, 5),
            Span("hold", 5, seconds - 10),
            Span("end", seconds - 10, seconds),
        ),
        series=tuple(series),
        histogram=histogram,
    ).judged(())
