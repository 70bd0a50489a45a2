"""chat send"""

import click

from chat.core.link import BadLinkError, Link, parse_endpoint

from .common import (
    LINK,
    POSITIVE,
    check_insecure,
    insecure_option,
    name_option,
    password_option,
    read_password,
)


@click.command("send")
@click.argument("words", metavar="LINK [TEXT]…", nargs=-1)
@name_option
@click.option(
    "--timeout",
    type=POSITIVE,
    metavar="S",
    help="Give up after S seconds in all. [default: after 30 s without an acknowledgement]",
)
@password_option
@insecure_option
@click.pass_context
def command(
    ctx: click.Context,
    words: tuple[str, ...],
    name: str,
    timeout: float | None,
    password_file: str | None,
    insecure: bool,
) -> int:
    """Say TEXT in the room, or without TEXT each line of stdin that is not blank.

    Ends with 0 when every message is acknowledged, which means that it will not be lost; else it
    names the first that is not. A / is never a command. Where CHAT_LINK is set, LINK may be left
    out; a first word that is HOST:PORT or begins with chat:// is a LINK all the same.
    """
    import asyncio
    import sys

    from chat.pipe import PipeError, send

    link, text = _split(ctx, words)
    password = read_password(password_file, "" if text else "the messages")
    check_insecure(link, insecure, password)
    if not text and sys.stdin.isatty():
        print("reading lines, Ctrl-D ends", file=sys.stderr)
    try:
        asyncio.run(
            send(link, name, text, timeout, sys.stdin, insecure=insecure, password=password)
        )
    except PipeError as error:
        raise click.ClickException(str(error)) from error
    return 0


def _split(ctx: click.Context, words: tuple[str, ...]) -> tuple[Link, tuple[str, ...]]:
    import os

    known = os.environ.get("CHAT_LINK")
    if known and not (words and _is_link(words[0])):
        return LINK.convert(known, None, ctx), words
    if not words:
        raise click.UsageError("where to? give a LINK, or set CHAT_LINK", ctx)
    return LINK.convert(words[0], None, ctx), words[1:]


def _is_link(word: str) -> bool:
    """Whether it can hardly be meant as text."""
    if word == "-" or word.startswith("chat://"):
        return True
    try:
        _, port = parse_endpoint(word.partition("/")[0], None)
    except BadLinkError:
        return False
    return port > 0
