"""`chat bots` as a process: a plan from the options, its report to screen and file."""

import sys
from pathlib import Path

from msgspec import Struct

from chat.loop import run_loop
from chat.net.impair import Impairment

from .crowd import run_plan
from .plan import Plan
from .report import Report, check_thresholds


class Options(Struct, frozen=True):
    """Of the command line."""

    plan: Plan
    thresholds: tuple[str, ...] = ()
    json_file: str | None = None
    impair: str = ""
    impair_seed: str = "0"


def run(options: Options) -> int:
    """Returns the exit code. Raises PlanError, ThresholdError, ImpairmentError, CrowdError,
    ResolveError and OSError (the file), each one line."""
    options.plan.check()
    check_thresholds(options.thresholds)
    impairment = Impairment.parse(options.impair)
    if options.json_file not in (None, "-"):
        Path(options.json_file).touch()
    _say(options.plan, impairment)
    report = run_loop(run_plan(options.plan, impairment, options.impair_seed))
    report = report.judged(options.thresholds)
    _write(report, options.json_file)
    return report.exit_code


def _say(plan: Plan, impairment: Impairment) -> None:
    rooms = "one room" if plan.rooms == 1 else f"{plan.rooms} rooms"
    network = f", on a network with {impairment}" if str(impairment) != "off" else ""
    print(
        f"{plan.bots} bots in {rooms}, {plan.rate:g} messages a second for {plan.duration:g} s"
        f"{network}",
        file=sys.stderr,
    )


def _write(report: Report, json_file: str | None) -> None:
    table = sys.stderr if json_file == "-" else sys.stdout
    print("\n".join(report.lines()), file=table)
    if json_file == "-":
        sys.stdout.write(report.as_json().decode())
    elif json_file is not None:
        Path(json_file).write_bytes(report.as_json())
