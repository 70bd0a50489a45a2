"""chat serve"""

import click

from .common import insecure_option


@click.command("serve")
@click.option(
    "--bind",
    multiple=True,
    metavar="HOST:PORT",
    help="Listen here; repeatable; port 0 picks one. [default: 0.0.0.0:9999 and [::]:9999]",
)
@click.option(
    "--advertise",
    default="",
    metavar="HOST[:PORT]",
    help="The name that others know this machine by, for the link. [default: the LAN address]",
)
@click.option(
    "--store",
    default="",
    metavar="DIR|memory:",
    help="Where the rooms are kept. [default: a folder of your user's data]",
)
@click.option(
    "--durability",
    type=click.Choice(["process", "power"]),
    default="process",
    show_default=True,
    help="What an acknowledged message survives: a crash of the process, or a power cut.",
)
@click.option(
    "--plain",
    type=click.Choice(["loopback", "any", "off"]),
    default="loopback",
    show_default=True,
    help="From where `nc -u` may come. Elsewhere it has to echo a code first.",
)
@click.option(
    "--show-endpoints",
    type=click.Choice(["all", "masked"]),
    default="all",
    show_default=True,
    help="Whether members see each other's ip:port.",
)
@click.option(
    "--admin",
    "admin",
    multiple=True,
    metavar="KEY",
    help="Whoever has this key is an admin in every room: `chat key` prints it; repeatable.",
)
@click.option(
    "--admins",
    default="",
    metavar="FILE",
    help="The same, one key a line; read again on SIGHUP, and by `chat admin reload`.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of what is said on stderr.",
)
@click.option(
    "--admin-socket",
    default="",
    metavar="PATH|off",
    help="Where chat admin reaches this server. [default: admin.sock in the store's folder]",
)
@insecure_option
def command(
    bind: tuple[str, ...],
    advertise: str,
    store: str,
    durability: str,
    plain: str,
    show_endpoints: str,
    admin: tuple[str, ...],
    admins: str,
    log_format: str,
    admin_socket: str,
    insecure: bool,
) -> int:
    """Open a room on this machine, until Ctrl-C.

    Prints `listening on HOST:PORT` for each socket and then `link LINK` for each way in.
    """
    from functools import partial

    from chat.ops.operator import attended
    from chat.server.run import OptionError, Options, run

    options = Options(
        bind=bind,
        advertise=advertise,
        store=store,
        durability=durability,
        plain=plain,
        masked=show_endpoints == "masked",
        insecure=insecure,
        admin=admin,
        admins=admins,
        log_format=log_format,
    )
    try:
        return run(options, partial(attended, admin_socket, store))
    except OptionError as error:
        raise click.UsageError(str(error)) from error
