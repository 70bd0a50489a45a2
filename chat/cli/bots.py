"""chat bots"""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from chat.core.link import Link

from . import bots_report
from .common import (
    NAME,
    POSITIVE,
    check_insecure,
    insecure_option,
    link_argument,
    password_option,
    read_password,
    report_options,
)

if TYPE_CHECKING:
    from chat.bots.live import Options as Live

CROWD = (
    "rooms",
    "rate",
    "ramp",
    "size",
    "thresholds",
    "json_file",
    "html_file",
    "hgrm_file",
    "scenario",
    "workers",
    "no_repair",
)
"""Parameters that a script has no use for."""

SCRIPT = ("name", "options")
"""And those that are for a script only."""


class Bots(click.Command):
    """Its first word is a link, or `report`, which is a command of its own."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if args[:1] != ["report"]:
            return super().make_context(info_name, args, parent, **extra)
        extra["auto_envvar_prefix"] = "CHAT_BOTS_REPORT"
        return bots_report.command.make_context(f"{info_name} report", args[1:], parent, **extra)


@click.command("bots", cls=Bots)
@link_argument
@click.option(
    "--bots", type=click.IntRange(1), metavar="N", help="How many. [default: 10; of a script 1]"
)
@click.option(
    "--rooms",
    type=click.IntRange(1),
    metavar="K",
    help="Spread over K rooms. [default: 1]",
)
@click.option(
    "--rate",
    type=POSITIVE,
    metavar="R",
    help="Messages a second, of all bots together. [default: 10]",
)
@click.option(
    "--duration",
    type=POSITIVE,
    metavar="S",
    help="Seconds. [default: 10; a script runs until it is ended]",
)
@click.option(
    "--ramp", type=click.FloatRange(0), metavar="S", help="Join over S seconds. [default: 0]"
)
@click.option("--size", type=int, metavar="B", help="Bytes of a text. [default: 80]")
@click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Who speaks when; of a script, what self.random gives. [default: 0]",
)
@click.option(
    "--scenario",
    metavar="FILE",
    help="A TOML file; or idle, lurkers, storm, churn, reconnect, find-max.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that share the bots.",
)
@click.option("--no-repair", is_flag=True, help="Bots that only listen: what is lost stays lost.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="EXPR",
    help="Such as p99<50ms or lost==0; repeatable; 99 if one is missed.",
)
@report_options
@click.option(
    "--impair", default="", metavar="SPEC", help="A bad network, as loss=20% delay=80ms±40."
)
@click.option(
    "--impair-seed", default="0", metavar="N", help="The same seed, the same losses. [default: 0]"
)
@click.option(
    "--script",
    metavar="FILE.py:CLASS",
    help="Bots that do what this chat.Bot says; or echo, dictionary, command.",
)
@click.option("--name", type=NAME, help="Of a script's bot. [default: the class's, in lower case]")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="For the script, as self.options; repeatable.",
)
@password_option
@insecure_option
@click.pass_context
def command(
    ctx: click.Context,
    link: Link,
    bots: int | None,
    rooms: int | None,
    rate: float | None,
    duration: float | None,
    ramp: float | None,
    size: int | None,
    seed: int | None,
    scenario: str | None,
    workers: int,
    no_repair: bool,
    thresholds: tuple[str, ...],
    json_file: str | None,
    html_file: str | None,
    hgrm_file: str | None,
    impair: str,
    impair_seed: str,
    script: str | None,
    name: str | None,
    options: tuple[str, ...],
    password_file: str | None,
    insecure: bool,
) -> int:
    """Put a crowd in the room, let it talk, and measure what arrives; or bots of your own.

    \b
    chat bots LINK --bots 100 --rate 200 --duration 30 --threshold 'p99<50ms'
    chat bots LINK --scenario storm --impair 'loss=20%' --threshold lost==0 --html run.html
    chat bots LINK --script greeter.py:Greeter --option language=en

    Ends with 0 if all went well, 98 if the bots themselves were too slow for the result to mean
    anything, 99 if a threshold was missed. With --scenario, --rate is that of its busiest phase and
    --duration that of all of them: the others change in proportion. A script is not measured: it
    takes --bots, --duration, --seed, --impair, --impair-seed, --name, --option and --password-file.

    chat bots report shows, compares and merges what --json has written: chat bots report --help.
    """
    password = read_password(password_file)
    check_insecure(link, insecure, password)
    _check_use(ctx, script)
    if script is not None:
        from chat.bots.live import Options as Live

        return _run_script(
            Live(
                link=link,
                script=script,
                bots=bots or 1,
                name=name or "",
                duration=duration,
                seed=seed or 0,
                impair=impair,
                impair_seed=impair_seed,
                insecure=insecure,
                password=password,
                options=_pairs(options),
            )
        )
    from chat.bots.command import Options, run
    from chat.bots.report import ThresholdError
    from chat.bots.saved import Outputs
    from chat.bots.scenario import ScenarioError, chosen
    from chat.bots.workers import CrowdError
    from chat.net.address import ResolveError
    from chat.net.impair import ImpairmentError

    try:
        return run(
            Options(
                link,
                chosen(
                    scenario,
                    bots=bots,
                    rooms=rooms,
                    rate=rate,
                    seconds=duration,
                    ramp=ramp,
                    size=size,
                    seed=seed,
                ),
                thresholds,
                Outputs(json_file, html_file, hgrm_file),
                impair,
                impair_seed,
                insecure=insecure,
                password=password,
                repair=not no_repair,
                workers=workers,
            )
        )
    except (ScenarioError, ThresholdError, ImpairmentError) as error:
        raise click.UsageError(str(error)) from error
    except (CrowdError, ResolveError) as error:
        raise click.ClickException(str(error)) from error


def _run_script(options: "Live") -> int:
    from chat.bots.bot import BotError
    from chat.bots.live import run
    from chat.bots.script import ScriptError
    from chat.net.address import ResolveError
    from chat.net.impair import ImpairmentError

    try:
        return run(options)
    except ImpairmentError as error:
        raise click.UsageError(str(error)) from error
    except (ScriptError, BotError, ResolveError) as error:
        raise click.ClickException(str(error)) from error


def _check_use(ctx: click.Context, script: str | None) -> None:
    """Raises UsageError for what would do nothing."""
    unused = SCRIPT if script is None else CROWD
    for param in ctx.command.params:
        given = param.name and ctx.get_parameter_source(param.name) == ParameterSource.COMMANDLINE
        if given and param.name in unused:
            why = "is for a --script only" if script is None else "is for a crowd, not a --script"
            raise click.UsageError(f"{param.opts[0]} {why}: leave it out")


def _pairs(options: tuple[str, ...]) -> dict[str, str]:
    """Raises UsageError."""
    for option in options:
        if not option.partition("=")[0] or "=" not in option:
            raise click.UsageError(f"--option {option!r}: use KEY=VALUE")
    return dict(option.split("=", 1) for option in options)
