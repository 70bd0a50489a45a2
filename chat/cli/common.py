"""What several commands take."""

import getpass
import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from chat.core.doorkey import BadSecretError, check_secret
from chat.core.link import BadLinkError, Link, parse_link
from chat.core.names import BadNameError, check_name

STDIN = "chat.stdin"
"""In a context's `meta`: what stdin was read for."""

_PASSWORD_BYTES = 4096
"""Of a file that has a password in it; more is something else."""

F = TypeVar("F", bound=Callable[..., Any])


class LinkType(click.ParamType[Link]):
    """A link; `-` reads it from stdin."""

    name = "link"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Link:
        if isinstance(value, Link):
            return value
        text = sys.stdin.readline().strip() if value == "-" else str(value)
        if value == "-" and ctx is not None:
            ctx.meta[STDIN] = "LINK"
        try:
            return parse_link(text)
        except BadLinkError as error:
            self.fail(str(error), param, ctx)


class NameType(click.ParamType[str]):
    """A person's name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_name(str(value))
        except BadNameError as error:
            self.fail(str(error), param, ctx)


class Positive(click.ParamType[float]):
    """A number that one can wait for, or divide by."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self.fail(f"{value} is no finite number above 0", param, ctx)
        return number


LINK = LinkType()
NAME = NameType()
POSITIVE = Positive()


def link_argument(function: F) -> F:
    """LINK, or CHAT_LINK."""
    return click.argument("link", type=LINK, envvar="CHAT_LINK")(function)


def name_option(function: F) -> F:
    return click.option(
        "--name", type=NAME, default=own_name, help="Who you are. [default: your user name]"
    )(function)


def insecure_option(function: F) -> F:
    return click.option(
        "--insecure",
        is_flag=True,
        help="Keys from a published secret, on both sides: for measuring and learning.",
    )(function)


def password_option(function: F) -> F:
    """Where a room's password is read: it never stands where `ps` shows it."""
    return click.option(
        "--password-file",
        type=click.Path(dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="The room's password is in FILE; - is stdin.",
    )(function)


def read_password(file: str | None, taken: str = "") -> str:
    """What is in the file, without the end of its line; empty where there is no file. `taken`: what
    else stdin is read for."""
    if file is None:
        return ""
    taken = click.get_current_context().meta.get(STDIN, taken)
    if file == "-" and taken:
        raise click.UsageError(f"--password-file -: stdin is read for {taken}; name a file")
    try:
        if file == "-" and sys.stdin.isatty():
            text = click.prompt("password", hide_input=True, err=True)
        else:
            with click.open_file(file, "rb") as source:
                text = source.read(_PASSWORD_BYTES).decode()
        password = check_secret(text.removesuffix("\n").removesuffix("\r"))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} has no text in it, but bytes that are none") from error
    except BadSecretError as error:
        raise click.ClickException(f"{file}: {error}") from error
    if not password:
        raise click.ClickException(f"{file} is empty: write the room's password into it")
    return password


def report_options(function: F) -> F:
    """Where what was measured goes."""
    file = click.Path(dir_okay=False, allow_dash=True)
    for name, text in (
        ("hgrm", "Percentiles, for HdrHistogram's plotter."),
        ("html", "One page with charts."),
        ("json", "All figures; chat bots report reads them."),
    ):
        option = click.option(f"--{name}", f"{name}_file", type=file, metavar="FILE", help=text)
        function = option(function)
    return function


def check_insecure(link: Link, insecure: bool, password: str = "") -> None:
    """Raises UsageError for a pin that nothing would prove, and a password that all could read."""
    if insecure and password:
        raise click.UsageError(
            "--insecure would tell everybody the password: leave out one of them"
        )
    if insecure and link.pin:
        raise click.UsageError(
            "--insecure proves nothing, and the link has a pin: leave out the one or the other"
        )


def own_name() -> str:
    """The user's name, made fit; `guest` where there is none."""
    try:
        return check_name(getpass.getuser())
    except (BadNameError, OSError, KeyError, ImportError):  # Of all but the first, one a system.
        return "guest"
