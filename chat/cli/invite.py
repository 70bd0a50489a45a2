"""chat invite"""

import click

from chat.core.durations import seconds
from chat.core.link import Link

from .common import POSITIVE, link_argument, name_option, password_option, read_password


class Duration(click.ParamType[int]):
    """As people write it; in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        total = value if isinstance(value, int) else seconds(str(value))
        if total is None:
            self.fail(f"{value} is no duration: write 30m, 24h or 7d", param, ctx)
        return total


@click.command("invite")
@link_argument
@name_option
@click.option(
    "--uses", type=click.IntRange(1), metavar="N", help="How many it lets in. [default: 1]"
)
@click.option("--expires", type=Duration(), metavar="TIME", help="For how long. [default: 24h]")
@click.option("--list", "lists", is_flag=True, help="List those that can still be used.")
@click.option("--revoke", metavar="ID", help="End one of those that --list lists.")
@click.option(
    "--timeout",
    type=POSITIVE,
    default=10.0,
    show_default=True,
    metavar="S",
    help="Give up after S seconds.",
)
@password_option
def command(
    link: Link,
    name: str,
    uses: int | None,
    expires: int | None,
    lists: bool,
    revoke: str | None,
    timeout: float,
    password_file: str | None,
) -> int:
    """Make a link that lets somebody into the room of LINK, and print it.

    \b
    chat invite LINK --uses 20 --expires 7d
    chat invite LINK --list

    Who makes one has to be a moderator or owner there, by the key of --name on this machine.
    """
    import asyncio

    from chat.core.orders import INVITE, Order
    from chat.core.roles import Act
    from chat.invite import InviteError, invite

    if (lists or revoke is not None) and (uses or expires) or (lists and revoke is not None):
        raise click.UsageError("--list, --revoke and a new invite do not go together")
    if lists:
        order = Order(Act.INVITES)
    elif revoke is not None:
        order = Order(Act.UNINVITE, revoke.lower())
    else:
        order = Order(Act.INVITE, seconds=expires or INVITE, number=uses or 1)
    try:
        said = asyncio.run(invite(link, name, order, timeout, read_password(password_file)))
    except InviteError as error:
        raise click.ClickException(str(error)) from error
    click.echo(said or f"{revoke} is revoked", err=order.act is Act.UNINVITE)
    return 0
