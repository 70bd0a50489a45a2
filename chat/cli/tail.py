"""chat tail"""

import click

from chat.core.link import Link

from .common import (
    POSITIVE,
    check_insecure,
    insecure_option,
    link_argument,
    name_option,
    password_option,
    read_password,
)

_DIGITS = 18
"""No log has entries for more."""


class From(click.ParamType[int]):
    """`start`, `now` or a sequence number; as the number to begin at, 0 for now."""

    name = "start|SEQ|now"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        word = str(value)
        if word in ("now", "0"):
            return 0
        if word == "start":
            return 1
        digits = word.lstrip("0")
        if not (word.isascii() and word.isdigit()) or len(digits) > _DIGITS:
            self.fail(f"{word[:40]!r} is none of start, now and a sequence number", param, ctx)
        return int(digits or "0")


@click.command("tail")
@link_argument
@name_option
@click.option("--from", "first", type=From(), default="now", show_default=True, help="Begin there.")
@click.option("--last", type=click.IntRange(0), default=0, metavar="N", help="Begin N entries ago.")
@click.option("--no-follow", is_flag=True, help="End when all that there is was printed.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N entries.")
@click.option(
    "--timeout",
    type=POSITIVE,
    metavar="S",
    help="End after S seconds without an entry; with 1 if --count was not reached.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@password_option
@insecure_option
def command(
    link: Link,
    name: str,
    first: int,
    last: int,
    no_follow: bool,
    count: int | None,
    timeout: float | None,
    as_json: bool,
    password_file: str | None,
    insecure: bool,
) -> int:
    """Print what is said in the room, from now on.

    \b
    chat tail LINK --last 10 --no-follow
    chat tail LINK --from start --json | jq -r .text
    """
    import asyncio
    import sys

    from chat.pipe import Following, PipeError, tail

    if first and last:
        raise click.UsageError("--from and --last do not go together")
    password = read_password(password_file)
    check_insecure(link, insecure, password)
    what = Following(first, last, not no_follow, count or 0, timeout, as_json)
    try:
        asyncio.run(tail(link, name, what, sys.stdout, insecure=insecure, password=password))
    except PipeError as error:
        raise click.ClickException(str(error)) from error
    return 0
