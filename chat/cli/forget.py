"""chat forget"""

import click

from chat.core.link import BadLinkError, Link, parse_link


class ServerType(click.ParamType[Link]):
    """HOST, HOST:PORT or a link, of which only these count."""

    name = "server"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Link:
        if isinstance(value, Link):
            return value
        try:
            return parse_link(str(value))
        except BadLinkError as error:
            self.fail(str(error), param, ctx)


@click.command("forget")
@click.argument("server", metavar="HOST[:PORT]", type=ServerType())
def command(server: Link) -> int:
    """Forget the key of a server, so that the next visit is the first again.

    For when it was set up anew, and whoever runs it says so: its new key is shown and remembered at
    the next visit. A link of the server does as well as HOST:PORT. Ends with 1 if nothing is known.
    """
    from chat.secure.trust import Trust, TrustError, endpoint

    trust, where = Trust(), endpoint(server.host, server.port)
    try:
        pin = trust.known(server.host, server.port)
        if not trust.forget(server.host, server.port):
            raise click.ClickException(f"{where} is not known; nothing to forget")
    except TrustError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"forgot {where} (its key was {pin})")
    return 0
