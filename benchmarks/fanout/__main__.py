"""What one delivery costs a server's CPU, measured.

python -m benchmarks.fanout [--case NAME…] [--peers NAME…] [--rounds N] [--seconds S]

See benchmarks/README.md for what is measured, and how.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from . import report
from .cases import CASES
from .machine import Unfit, commit, facts, isolate, program
from .peers import PEERS
from .rounds import Result, run
from .server import Tools

SHORT = ("n200flat", "hot1000")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout")
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES), metavar="NAME")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round, case by case")
    parser.add_argument("--write", action="store_true", help="to benchmarks/README.md, too")
    parser.add_argument("--install", action="store_true", help="the peers that are missing")
    parser.add_argument(
        "--short", action="store_true", help="a minute; fails where a ratio is far from its bound"
    )
    options = parser.parse_args()
    if options.short:
        options.case, options.peers = list(SHORT), ["redis"]
        options.rounds, options.seconds = 3, 2.0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results: list[Result] = []
    try:
        about = measure(options, results)
    except Unfit as error:
        raise SystemExit(f"fanout: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    print(report.text(results, about))
    if options.write:
        report.write(results, about)
    if options.short and (failed := report.failures(results)):
        raise SystemExit("fanout: " + "; ".join(failed))


def measure(options: argparse.Namespace, results: list[Result]) -> report.About:
    """Adds to `results`, case by case. Raises Unfit."""
    for peer in options.peers:
        if PEERS[peer].missing() and options.install:
            PEERS[peer].install()
    peers = [peer for peer in options.peers if not PEERS[peer].missing()]
    missing = [str(PEERS[peer].missing()) for peer in options.peers if peer not in peers]
    if missing:
        print(
            f"left out, since not installed: {' '.join(missing)} (see --install)", file=sys.stderr
        )
    where = isolate()
    date = time.strftime("%Y-%m-%d")
    about = report.About(facts(), where, date, commit(), options.rounds, options.seconds)
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        directory = Path(name)
        tools = Tools(directory, program("crowd", directory), program("floor", directory))
        for case in options.case:
            results += run(
                CASES[case],
                peers,
                tools,
                rounds=options.rounds,
                seconds=options.seconds,
                insecure=not options.short,
            )
            if options.json:
                options.json.write_bytes(report.as_json(results, about))
    return about


if __name__ == "__main__":
    main()
