"""chat bots"""

import click

from chat.core.link import Link

from .common import POSITIVE, check_insecure, insecure_option, link_argument


@click.command("bots")
@link_argument
@click.option("--bots", type=click.IntRange(1), default=10, show_default=True, metavar="N")
@click.option(
    "--rooms",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="K",
    help="Spread over K rooms.",
)
@click.option(
    "--rate",
    type=POSITIVE,
    default=10.0,
    show_default=True,
    metavar="R",
    help="Messages a second, of all bots together.",
)
@click.option(
    "--duration",
    type=POSITIVE,
    default=10.0,
    show_default=True,
    metavar="S",
)
@click.option(
    "--ramp", type=click.FloatRange(0), default=0.0, metavar="S", help="Join over S seconds."
)
@click.option(
    "--size", type=int, default=80, show_default=True, metavar="B", help="Bytes of a text."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Who speaks when."
)
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="EXPR",
    help="Such as p99<50ms or lost==0; repeatable; 99 if one is missed.",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE"
)
@click.option(
    "--impair", default="", metavar="SPEC", help="A bad network, as loss=20% delay=80ms±40."
)
@click.option(
    "--impair-seed", default="0", metavar="N", help="The same seed, the same losses. [default: 0]"
)
@insecure_option
def command(
    link: Link,
    bots: int,
    rooms: int,
    rate: float,
    duration: float,
    ramp: float,
    size: int,
    seed: int,
    thresholds: tuple[str, ...],
    json_file: str | None,
    impair: str,
    impair_seed: str,
    insecure: bool,
) -> int:
    """Put a crowd in the room, let it talk, and measure what arrives.

    \b
    chat bots LINK --bots 100 --rate 200 --duration 30
    chat bots LINK --impair 'loss=20% delay=80ms±40' --threshold lost==0
    chat bots LINK --json run.json --threshold 'p99<50ms'

    Ends with 0 if all went well, 98 if the bots themselves were too slow for the result to mean
    anything, 99 if a threshold was missed.
    """
    from chat.bots.command import Options, run
    from chat.bots.crowd import CrowdError
    from chat.bots.plan import Plan, PlanError
    from chat.bots.report import ThresholdError
    from chat.net.address import ResolveError
    from chat.net.impair import ImpairmentError

    check_insecure(link, insecure)
    plan = Plan(link, bots, rooms, rate, duration, ramp, size, seed, insecure)
    try:
        return run(Options(plan, thresholds, json_file, impair, impair_seed))
    except (PlanError, ThresholdError, ImpairmentError) as error:
        raise click.UsageError(str(error)) from error
    except (CrowdError, ResolveError) as error:
        raise click.ClickException(str(error)) from error
