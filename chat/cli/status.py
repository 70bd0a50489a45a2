"""chat status"""

import click

from chat.core.link import Link

from .common import POSITIVE, link_argument


@click.command("status")
@link_argument
@click.option(
    "--timeout",
    type=POSITIVE,
    default=2.0,
    show_default=True,
    metavar="S",
    help="Give up after S seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(link: Link, timeout: float, as_json: bool) -> int:
    """Ask a server whether it is there: one datagram there, one back.

    Ends with 0 if it is. From its own machine it also says how many rooms and members it has.
    """
    import asyncio

    from chat.status import StatusError, ask, show

    try:
        answer = asyncio.run(ask(link, timeout))
    except StatusError as error:
        raise click.ClickException(str(error)) from error
    click.echo(show(answer, as_json=as_json))
    return 0
