"""chat admin"""

import click


@click.command(
    "admin",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> int:
    """Run a server. Comes with a later version."""
    raise click.ClickException(
        "admin comes with a later version; stop a server with Ctrl-C or SIGTERM"
    )
