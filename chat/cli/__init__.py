"""The command line. One file a command; each imports what it needs when it runs."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper

import click

from chat import __version__

COMMANDS = {
    "serve": "open a room on this machine",
    "join": "enter a room, in the terminal",
    "demo": "see the claim proven, in one minute",
    "send": "say something from a script",
    "tail": "read along from a script",
    "bots": "put a crowd in a room, and measure; or your own bots",
    "invite": "make a link that lets somebody into a room",
    "key": "show the key that a name of yours has",
    "status": "ask a server whether it is there",
    "forget": "trust a server that was set up anew",
    "admin": "look after a server of this machine",
}

INTERRUPTED = 130
STDOUT = 1
STDERR = 2


class Commands(click.Group):
    """Loads a command when it is called, so that none pays for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = import_module(f"chat.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"there is no command {args[0]}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    context_settings={
        "auto_envvar_prefix": "CHAT",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 96,
    },
    epilog="Each option can be set by its variable, as CHAT_SERVE_BIND; LINK also by CHAT_LINK.",
)
@click.version_option(__version__, "-V", "--version", prog_name="chat")
def cli() -> None:
    """A chat room on one UDP port that loses nothing on a network that loses everything.

    LINK is what `chat serve` prints, or just HOST or HOST:PORT.
    """


def main() -> None:
    """Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; bots have 98 and 99, too."""
    _fill_standard_streams()
    if isinstance(sys.stdin, TextIOWrapper):
        # Bytes that are no UTF-8 are to arrive as those of an argument do.
        sys.stdin.reconfigure(errors="surrogateescape")
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        # Not every system has a character for all that people say.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def _fill_standard_streams() -> None:
    """Whoever started us may have closed some of them. What is opened next would take their
    numbers: uvloop aborts when it closes one of those, and what is for people would go there."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", closefd=False)


def run(args: list[str]) -> int:
    """One command line. What goes wrong is said in one line, with what to do."""
    try:
        code = cli.main(args, prog_name="chat", standalone_mode=False)
        if sys.stdout is not None:  # Closed by whoever started us.
            sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else " ".join(["chat", *args[:1]])
        message = " ".join(error.format_message().split()).removeprefix("Invalid value: ")
        print(f"{where}: {message.rstrip('.')}; see {where} --help", file=sys.stderr)
        return 2
    except click.ClickException as error:
        print(f"chat: {error.format_message()}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except OSError as error:
        # What is left in the buffer can go nowhere, and would be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
        if not isinstance(error, BrokenPipeError):  # Whoever read us has gone, which is no news.
            where = error.filename or "standard output"
            print(f"chat: cannot write to {where}: {error.strerror or error}", file=sys.stderr)
        return 1
