"""chat admin"""

import click


@click.command("admin")
def command() -> int:
    raise click.ClickException("soon")
