"""`chat bots` as a process: a scenario from the options, its report to screen and file."""

import secrets
import signal
import sys

from msgspec import Struct

from chat.core.link import Link
from chat.loop import run_loop
from chat.net.impair import Impairment

from .engine import Engine
from .interrupts import Interrupts
from .messages import Task
from .report import Report, check_thresholds
from .saved import Outputs
from .scenario import Scenario, ScenarioError
from .summary import summary
from .watch import Watch, is_live
from .workers import hire


class Options(Struct, frozen=True):
    """Of the command line."""

    link: Link
    scenario: Scenario
    thresholds: tuple[str, ...] = ()
    outputs: Outputs = Outputs()
    impair: str = ""
    impair_seed: str = "0"
    insecure: bool = False
    password: str = ""
    """The room's."""
    repair: bool = True
    workers: int = 1


def run(options: Options) -> int:
    """Returns the exit code. Raises ScenarioError, ThresholdError, ImpairmentError, CrowdError,
    ResolveError and OSError (a file), each one line."""
    scenario = options.scenario
    scenario.check()
    if scenario.rooms > 1 and (options.password or options.link.invite):
        raise ScenarioError("a password or an invite opens one room: leave out the other rooms")
    thresholds = scenario.threshold + options.thresholds
    check_thresholds(thresholds)
    impairment = Impairment.parse(options.impair)
    options.outputs.check()
    interrupts = Interrupts()  # From now on there is a report, however early it ends.
    say(describe(scenario, impairment, options.workers))
    tasks = _tasks(options)
    workers = hire(tasks)
    watch = Watch(sys.stderr, live=is_live(sys.stderr))
    if sys.platform != "win32":  # No event loop's handler: it would come after what is drawn then.
        signal.signal(signal.SIGCONT, lambda number, frame: watch.resumed())
    engine = Engine(
        tasks[0],
        workers,
        thresholds,
        on_second=watch.on_second,
        say=lambda line: watch.say(f"chat bots: {line}"),
    )
    try:
        report = run_loop(_run(engine, interrupts))
    finally:
        watch.close()
    report = report.judged(thresholds)
    table = sys.stderr if options.outputs.on_stdout else sys.stdout
    print("\n".join(summary(report)), file=table)
    options.outputs.write(report)
    interrupts.ignore()
    return report.exit_code


def describe(scenario: Scenario, impairment: Impairment, workers: int) -> str:
    """What is going to be done."""
    rooms = "one room" if scenario.rooms == 1 else f"{scenario.rooms} rooms"
    name = f"{scenario.name}: " if scenario.name else ""
    rate = f"up to {scenario.rate:g}" if len(scenario.phase) > 1 else f"{scenario.rate:g}"
    network = f", on a network with {impairment}" if str(impairment) != "off" else ""
    split = f", by {workers} processes" if workers > 1 else ""
    return (
        f"{name}{scenario.bots} bots in {rooms}, {rate} messages a second for "
        f"{scenario.seconds:g} s{split}{network}; Ctrl-C ends it with a report"
    )


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tasks(options: Options) -> list[Task]:
    workers = min(options.workers, options.scenario.bots)
    run = secrets.token_hex(3)
    return [
        Task(
            link=options.link,
            scenario=options.scenario,
            run=run,
            impair=options.impair,
            impair_seed=options.impair_seed,
            insecure=options.insecure,
            password=options.password,
            repair=options.repair,
            worker=worker,
            workers=workers,
        )
        for worker in range(workers)
    ]


async def _run(engine: Engine, interrupts: Interrupts) -> Report:
    interrupts.tell(engine.cut_short)
    return await engine.run()
