"""chat key"""

import click

from .common import name_option


@click.command("key")
@name_option
def command(name: str) -> int:
    """Print the public key of a name of yours, as `chat serve --admin` takes it.

    It is made if there is none yet, as `chat join` does. The private one stays in its file on this
    machine: who has that can speak as you.
    """
    from chat.secure.namekeys import NameKeyError, NameKeys

    try:
        key = NameKeys().key(name)
    except NameKeyError as error:
        raise click.ClickException(str(error)) from error
    click.echo(key.public.hex())
    return 0
