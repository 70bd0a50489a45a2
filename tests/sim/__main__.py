"""The simulator by hand.

python -m tests.sim --seeds 10000        random runs, on all cores
python -m tests.sim --seed 17            one of them again, with its traceback
python -m tests.sim --seed 17 --trace    and what went over the network

Seeds that are odd have moderators in them.
"""

import argparse
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from chat.core.types import Path as Endpoint

from .chaos import KINDS
from .network import Network
from .rule import LAWS
from .runs import Outcome, chaos
from .server import Violation


def run_seeds(
    seeds: Iterable[int], folder: Path | None = None, kinds: tuple[str, ...] = KINDS
) -> list[str]:
    """What went wrong, a line each; it is also wrong if a kind of fault was never injected."""
    injected: Counter[str] = Counter()
    problems = []
    for seed in seeds:
        outcome, problem = _run(seed, folder)
        if outcome is not None:
            injected.update(outcome.injected)
        if problem:
            problems.append(problem)
    problems += [f"never injected: {kind}" for kind in kinds if not injected[kind]]
    return problems


def _run(seed: int, folder: Path | None = None) -> tuple[Outcome | None, str]:
    try:
        return chaos(seed, folder / str(seed) if folder else None), ""
    except Violation as violation:
        what = str(violation)
    except Exception as error:  # noqa: BLE001 - whatever a seed finds is a finding
        what = traceback.format_exception_only(error)[-1].strip()
    return None, f"seed {seed}: {what}; again by: python -m tests.sim --seed {seed}"


def _chunk(seeds: range) -> tuple[list[str], Counter[str], int, float]:
    problems, injected, steps, slowest = [], Counter[str](), 0, 0.0
    for seed in seeds:
        outcome, problem = _run(seed)
        if outcome is None:
            problems.append(problem)
        else:
            injected.update(outcome.injected)
            steps += outcome.steps
            slowest = max(slowest, outcome.seconds)
    return problems, injected, steps, slowest


def _many(first: int, count: int) -> int:
    injected: Counter[str] = Counter()
    problems: list[str] = []
    steps, slowest, done = 0, 0.0, 0
    chunks = [range(at, min(at + 20, first + count)) for at in range(first, first + count, 20)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for chunk, (wrong, some, more, slow) in zip(chunks, pool.map(_chunk, chunks), strict=True):
            done += len(chunk)
            injected += some
            problems += wrong
            steps += more
            slowest = max(slowest, slow)
            print("\n".join(wrong), end="\n" if wrong else "", flush=True)
            print(f"\r{done} of {count} seeds", end="", file=sys.stderr, flush=True)
    problems += [f"never injected: {kind}" for kind in KINDS + LAWS if not injected[kind]]
    print(f"\n{count} seeds, {steps} server steps, {len(problems)} violations")
    print(f"slowest to converge after the last fault: {slowest:.1f} virtual seconds")
    print("injected: " + ", ".join(f"{kind} {number}" for kind, number in injected.most_common()))
    return 1 if problems else 0


def _trace() -> None:
    carry = Network.carry

    def traced(self: Network, datagram: bytes, source: Endpoint, target: Endpoint) -> None:
        now = self._clock.now
        print(f"{now:9.4f} {source} -> {target} 0x{datagram[:1].hex()} {len(datagram)} bytes")
        carry(self, datagram, source, target)

    patch.object(Network, "carry", traced).start()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("--seeds", type=int, help="how many random runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed of --seeds")
    parser.add_argument("--seed", type=int, help="one run, again")
    parser.add_argument("--disk", action="store_true", help="with --seed: on SQLite")
    parser.add_argument("--trace", action="store_true", help="with --seed: print each datagram")
    options = parser.parse_args()
    if options.seed is None:
        return _many(options.first, options.seeds or 200)
    if options.trace:
        _trace()
    with TemporaryDirectory() as folder:
        print(chaos(options.seed, Path(folder) if options.disk else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
