"""How the cost of a server grows, measured.

python -m benchmarks.growth [--members N…] [--rooms ROOMSxMEMBERS…] [--sessions N…]

See benchmarks/README.md for what is measured, and how. A list may be empty: `--rooms` alone.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..fanout.cases import Case
from ..fanout.machine import Unfit, commit, facts, isolate, program
from ..fanout.report import About
from ..fanout.rounds import progress, run
from ..fanout.server import Tools
from . import report, sessions
from .pushes import many_rooms, one_room
from .report import Line


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--members", nargs="*", type=_count, default=[10, 100, 1000, 5000])
    parser.add_argument(
        "--rooms",
        nargs="*",
        type=_rooms,
        default=[(1, 10), (10, 10), (100, 10), (1, 100), (10, 100), (100, 100)],
        metavar="ROOMSxMEMBERS",
    )
    parser.add_argument(
        "--sessions", nargs="*", type=_count, default=[1000, 10_000, 50_000, 100_000]
    )
    parser.add_argument("--rounds", type=int, default=5, help="where something is said")
    parser.add_argument("--seconds", type=float, default=4.0, help="of such a round")
    parser.add_argument("--silence", type=float, default=60.0, help="seconds, of idle sessions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round, too, size by size")
    parser.add_argument("--write", action="store_true", help="to benchmarks/README.md, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lines: list[Line] = []
    try:
        where = isolate()
        date = time.strftime("%Y-%m-%d")
        about = About(facts(), where, date, commit(), options.rounds, options.seconds)
        for line in measure(options):
            lines.append(line)
            if options.json:
                options.json.write_bytes(report.as_json(lines, about))
    except Unfit as error:
        raise SystemExit(f"growth: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        progress("")
    print(report.text(lines, about))
    if options.write:
        report.write(lines, about)


def measure(options: argparse.Namespace) -> Iterator[Line]:
    """Each size in its turn. Raises Unfit where nothing can be measured here."""
    cases = [*map(one_room, options.members), *(many_rooms(*each) for each in options.rooms)]
    if cases:
        yield from _pushes(cases, options.rounds, options.seconds)
    for count in options.sessions:
        what = f"{count:,} idle sessions"
        try:
            yield Line(what, idle=sessions.measure(count, options.silence, progress))
        except (Unfit, OSError) as error:
            yield Line(what, trouble=str(error))


def _pushes(cases: list[Case], rounds: int, seconds: float) -> Iterator[Line]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        directory = Path(name)
        tools = Tools(directory, program("crowd", directory), program("floor", directory))
        for case in cases:
            results = run(case, [], tools, rounds=rounds, seconds=seconds, insecure=False)
            yield Line(case.what, results, case=case)


def _count(word: str) -> int:
    number = int(word.replace(",", ""))
    if number < 1:
        raise ValueError
    return number


def _rooms(word: str) -> tuple[int, int]:
    rooms, _, members = word.partition("x")
    return _count(rooms), _count(members)


if __name__ == "__main__":
    main()
