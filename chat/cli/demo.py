"""chat demo"""

import click


@click.command("demo")
def command() -> int:
    raise click.ClickException("soon")
