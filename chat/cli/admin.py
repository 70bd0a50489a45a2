"""chat admin"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from chat.core import orders
from chat.core.asks import SECRET_MAX
from chat.core.commands import COMMANDS, Call, Command, Mistake, parse, usage
from chat.core.durations import seconds
from chat.core.names import BadNameError, check_room

F = TypeVar("F", bound=Callable[..., Any])

EVERYWHERE = ("ban", "unban")
"""What the operator can do in the whole server at once."""

MODERATION = (
    *("kick", "ban", "unban", "mute", "unmute", "op", "deop", "delete", "slow"),
    *("lock", "unlock", "password", "limit", "hide", "unhide", "invite"),
)
"""Commands that moderators have, too."""


_SHORT = re.compile(r";|, as in |, or so many ")
"""After which the list of commands says no more."""


class Server(NamedTuple):
    """Which one is asked, and how its answers are shown."""

    socket: str
    store: str
    json: bool

    @property
    def path(self) -> Path:
        """Raises ClickException."""
        from chat.log.api import LogError
        from chat.ops.place import socket_path

        try:
            path = socket_path(self.socket, self.store)
        except LogError as error:
            raise click.UsageError(str(error)) from error
        if path is None:
            raise click.UsageError("there is no admin socket by default: name it with --socket")
        return path


def _noted(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """What stands behind the name of what to do counts more than what stands before it."""
    if ctx.obj is None:
        ctx.obj = Server("", "", False)
    if value:
        ctx.obj = ctx.obj._replace(**{str(param.name): value})


def server_options(function: F, **envvars: list[str]) -> F:
    """What makes the context's Server."""
    for name, metavar, text in (
        ("store", "DIR", "Of the server. [default: as for chat serve]"),
        ("socket", "PATH", "Of the server, as its --admin-socket. [default: in its store]"),
    ):
        function = click.option(
            f"--{name}",
            default="",
            envvar=envvars.get(name),
            metavar=metavar,
            help=text,
            expose_value=False,
            callback=_noted,
        )(function)
    return click.option(
        "--json",
        is_flag=True,
        help="One JSON object a line.",
        expose_value=False,
        callback=_noted,
    )(function)


@click.group("admin", subcommand_metavar="COMMAND [ARGS]...", no_args_is_help=True)
@partial(
    server_options,
    store=["CHAT_ADMIN_STORE", "CHAT_SERVE_STORE"],
    socket=["CHAT_ADMIN_SOCKET", "CHAT_SERVE_ADMIN_SOCKET"],
)
def command() -> None:
    """Run a server of this machine, as the user that it runs as.

    \b
    chat admin sessions
    chat admin ban lobby bob 2h spam
    chat admin backup /backups/$(date +%F).sqlite3
    """


@command.command("sessions")
@server_options
@click.pass_obj
def _sessions(server: Server) -> None:
    """List who is here, in the manner of netstat -nuap.

    RECV-Q are messages taken that are not in the log yet, SEND-Q bytes that wait to be sent, and
    DROPS what was not taken, or not answered.
    """
    from chat.ops.asker import sessions
    from chat.ops.show import session_table

    _list(server, sessions, session_table)


@command.command("rooms")
@server_options
@click.pass_obj
def _rooms(server: Server) -> None:
    """List the rooms, with what holds in them."""
    from chat.ops.asker import rooms
    from chat.ops.show import room_table

    _list(server, rooms, room_table)


@command.command("audit")
@click.argument("room", default="")
@server_options
@click.pass_obj
def _audit(server: Server, room: str) -> None:
    """List what was done, in ROOM or in all.

    Who did it to whom, why, and until when; the newest comes last. What does not hold any more is
    kept for a while only.
    """
    from chat.ops.asker import audit
    from chat.ops.show import audit_table

    where = _checked(room) if room else ""
    _list(server, lambda path: audit(path, where), audit_table)


@command.command("broadcast")
@click.argument("words", metavar="TEXT", nargs=-1, required=True)
@server_options
@click.pass_obj
def _broadcast(server: Server, words: tuple[str, ...]) -> None:
    """Tell everybody something, once."""
    from chat.ops.messages import Broadcast

    _do(server, Broadcast(" ".join(words)))


@command.command("drain")
@click.argument("duration", default="")
@server_options
@click.pass_obj
def _drain(server: Server, duration: str) -> None:
    """Take nobody new, and end as after SIGTERM.

    When everybody has gone, and after DURATION, such as 30s or 5m, at the latest; everybody is told
    so. Without DURATION at once.
    """
    from chat.ops.messages import DRAIN_MOST, Drain

    lasts = seconds(duration) if duration else 0
    if lasts is None or lasts > DRAIN_MOST:
        raise click.UsageError(f"{duration} is no duration up to 24h: write 90s, 10m or 2h")
    _do(server, Drain(lasts))


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@server_options
@click.pass_obj
def _backup(server: Server, file: Path) -> None:
    """Copy the log to a file, while the server runs.

    FILE must not be there. Ends with 0 when the copy is whole, checked, and on the disk. The identity beside the log is not
    in it: copy that once, and keep it secret.
    """
    from chat.ops.messages import Backup

    _do(server, Backup(str(file.absolute())))


@command.command("reload")
@server_options
@click.pass_obj
def _reload(server: Server) -> None:
    """Read the file of --admins again, as after SIGHUP."""
    from chat.ops.messages import Reload

    _do(server, Reload())


@command.command("log-level")
@click.argument("level", type=click.Choice(["debug", "info", "warning", "error"]), metavar="LEVEL")
@server_options
@click.pass_obj
def _log_level(server: Server, level: str) -> None:
    """Say less on the server's standard error, or more."""
    from chat.ops.messages import LogLevel

    _do(server, LogLevel(level))


def _moderation(row: Command) -> click.Command:
    """What moderators do, by the same table and in the same words."""
    takes, text = f"ROOM {row.usage}".rstrip(), row.help.replace(f"/{row.name}", _called(row))
    if row.name == "delete":
        takes, text = f"ROOM SEQ {row.usage}", "delete what somebody said"
    text = text[0].upper() + text[1:].replace("this room", "the room")

    @click.command(row.name, help=f"{text}.", short_help=f"{_SHORT.split(text, 1)[0]}.")
    @click.argument("words", metavar=takes, nargs=-1)
    @server_options
    @click.pass_obj
    def moderate(server: Server, words: tuple[str, ...], everywhere: bool = False) -> None:
        from chat.ops.messages import Moderate

        rest = list(words)
        room = "" if everywhere else _room(row, rest)
        number = _number(row, rest) if row.name == "delete" else 0
        order = _order(row, rest)
        text = _password() if order.hidden else order.text
        _do(
            server,
            Moderate(order.act, room, order.whom, order.seconds, number or order.number, text),
        )

    if row.name in EVERYWHERE:
        option = click.Option(
            ["--everywhere"], is_flag=True, help="In the whole server; there is no ROOM then."
        )
        moderate.params.append(option)
    return moderate


def _room(row: Command, words: list[str]) -> str:
    if not words:
        hint = ", or --everywhere" if row.name in EVERYWHERE else ""
        raise click.UsageError(f"in which room? name it first{hint}")
    return _checked(words.pop(0))


def _checked(room: str) -> str:
    try:
        return check_room(room)
    except BadNameError as error:
        raise click.UsageError(str(error)) from error


def _number(row: Command, words: list[str]) -> int:
    number = words.pop(0) if words else ""
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise click.UsageError("which message? chat tail --json shows their numbers, as seq")
    return int(number)


def _order(row: Command, words: list[str]) -> orders.Order:
    """Raises UsageError, in the words of the command line."""
    order: object = parse(f"/{row.name} {' '.join(words)}")
    if isinstance(order, Call):
        order = orders.order(order)
    if isinstance(order, orders.Order):
        return order
    reason = order.reason if isinstance(order, Mistake) else ""
    reason = reason.replace(usage(row.name), "").replace(f"/{row.name}", _called(row))
    raise click.UsageError(reason.strip(" ;") or f"it takes ROOM {row.usage}")


def _called(row: Command) -> str:
    return f"chat admin {row.name} ROOM"


def _password() -> str:
    """Unseen, or the first line of stdin."""
    if sys.stdin.isatty():
        found = click.prompt("new password", hide_input=True, confirmation_prompt="again", err=True)
    else:
        found = sys.stdin.readline().rstrip("\n")
    if not found:
        raise click.UsageError("a password has something in it; `off` takes it away")
    if len(found) > SECRET_MAX:
        raise click.UsageError(f"a password has at most {SECRET_MAX} characters")
    return str(found)


def _list(
    server: Server,
    read: Callable[[Path], Iterable[Any]],
    table: Callable[[Iterable[Any]], Iterable[str]],
) -> None:
    from chat.ops.asker import AskError
    from chat.ops.show import json_line

    rows = read(server.path)
    lines = map(json_line, rows) if server.json else table(rows)
    try:
        for line in lines:
            click.echo(line)
    except AskError as error:
        raise click.ClickException(str(error)) from error


def _do(server: Server, question: Any) -> None:
    """Asks, and shows what there is to say of what was done."""
    from chat.ops.asker import AskError, ask, done
    from chat.ops.show import outcome

    try:
        text = done(_shown(ask(server.path, question)))
    except AskError as error:
        raise click.ClickException(str(error)) from error
    said = outcome(text, as_json=server.json)
    if said:
        click.echo(said)


def _shown(answers: Iterator[Any]) -> Iterator[Any]:
    """How far it is, where somebody looks at it."""
    from chat.ops.messages import Progress

    for answer in answers:
        if isinstance(answer, Progress) and answer.total and sys.stderr.isatty():
            print(f"\r{answer.done * 100 // answer.total} %", end="\r", file=sys.stderr, flush=True)
        yield answer


for _row in COMMANDS:
    if _row.name in MODERATION:
        command.add_command(_moderation(_row))
