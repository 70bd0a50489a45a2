"""chat join"""

import sys

import click

from chat.core.link import Link
from chat.net.impair import Impairment, ImpairmentError

from .common import (
    LINK,
    check_insecure,
    insecure_option,
    name_option,
    password_option,
    read_password,
)


class ImpairmentType(click.ParamType[Impairment]):
    """A bad network, as `chat.net.impair` reads it."""

    name = "spec"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Impairment:
        try:
            return value if isinstance(value, Impairment) else Impairment.parse(str(value))
        except ImpairmentError as error:
            self.fail(str(error), param, ctx)


@click.command("join")
@click.argument("link", type=LINK, envvar="CHAT_LINK", required=False)
@name_option
@click.option(
    "--impair",
    type=ImpairmentType(),
    default="off",
    metavar="SPEC",
    help="Spoil the network, each way, as in 'loss=20% delay=80ms±40'; /net changes it.",
)
@click.option(
    "--impair-seed", default="0", metavar="N", help="The same seed, the same losses. [default: 0]"
)
@click.option(
    "--plain-output",
    is_flag=True,
    help="Lines instead of a screen: for screen readers, simple terminals and pipes.",
)
@password_option
@insecure_option
def command(
    link: Link | None,
    name: str,
    impair: Impairment,
    impair_seed: str,
    plain_output: bool,
    password_file: str | None,
    insecure: bool,
) -> int:
    """Enter a room, in the terminal.

    Without LINK it is the last one, or a server on this machine. /help lists what can be done there,
    /quit leaves.
    """
    from chat.tui.terminal import unfit

    password = read_password(password_file, taken="what you say")
    why = "" if plain_output else unfit()
    if why:
        raise click.ClickException(why)

    from chat.tui.join import Options, find_link, run

    link = link or find_link()
    if link is None:
        if plain_output and not sys.stdin.isatty():
            raise click.UsageError("there is no LINK, none used before, and nobody to ask for one")
        click.echo(
            "no LINK, none used before, and no server on this machine: start one with "
            "`chat serve`, or enter the link that somebody gave you",
            err=True,
        )
        link = click.prompt("link", type=LINK, err=True)
    check_insecure(link, insecure, password)
    return run(
        Options(
            link,
            name,
            impair,
            impair_seed,
            insecure=insecure,
            plain_output=plain_output,
            secret=password,
        )
    )
