"""The one table of commands: for the terminal client, plain text, and their help."""

from difflib import get_close_matches

from msgspec import Struct


class Command(Struct, frozen=True):
    """One row: how it is called, what it takes, what it does."""

    name: str
    usage: str
    help: str
    least: int
    """Arguments it needs."""
    most: int
    """Arguments it takes; the last one takes the rest of the line, spaces and all."""
    plain: bool = True
    """Known to plain-text clients, too."""


COMMANDS = (
    Command("help", "[COMMAND]", "list the commands, or explain one", 0, 1),
    Command("nick", "NAME", "change your name", 1, 1),
    Command("join", "ROOM", "go to a room; it is made if there is none", 1, 1),
    Command("leave", "[ROOM]", "leave this room, or another one", 0, 1),
    Command("rooms", "", "list the rooms, their members and topics", 0, 0),
    Command("who", "[ROOM]", "list who is here: name and ip:port", 0, 1),
    Command("msg", "NAME TEXT", "say something to one person only", 2, 2),
    Command("me", "TEXT", "say what you do: * alice waves", 1, 1),
    Command("topic", "[TEXT]", "show the topic, or change it", 0, 1),
    Command("edit", "[TEXT]", "change what you said last, or what is selected", 0, 1, plain=False),
    Command(
        "delete",
        "[REASON]",
        "take back what you said last, or what is selected; a moderator, what others said",
        0,
        1,
        plain=False,
    ),
    Command(
        "react",
        "REACTION",
        "react to what was said last, or to what is selected; again takes it back",
        1,
        1,
        plain=False,
    ),
    Command(
        "net",
        "[on|off|IMPAIRMENT]",
        "show the path's figures; impair it, as in /net loss=20% delay=80ms±40",
        0,
        1,
        plain=False,
    ),
    Command("resend", "", "say what failed once more", 0, 0, plain=False),
    Command(
        "search",
        "[TEXT]",
        "search what was said; between slashes, as in /colou?r/, for a pattern",
        0,
        1,
        plain=False,
    ),
    Command(
        "copy",
        "[NUMBER]",
        "copy what is selected, or the last messages, to the clipboard",
        0,
        1,
        plain=False,
    ),
    Command("set", "[NAME [VALUE]]", "show the settings, or one; or change it", 0, 2, plain=False),
    Command(
        "ignore",
        "[NAME]",
        "do not show what somebody says; again, and it is shown",
        0,
        1,
        plain=False,
    ),
    Command("kick", "NAME [REASON]", "put somebody out of this room", 1, 2, plain=False),
    Command(
        "ban",
        "[NAME|ADDRESS [DURATION] [REASON]]",
        "put somebody out and keep it out, as in /ban bob 2h spam; alone, list who is banned",
        0,
        2,
        plain=False,
    ),
    Command("unban", "NAME|ADDRESS", "end a ban", 1, 1, plain=False),
    Command(
        "mute",
        "NAME [DURATION] [REASON]",
        "let somebody read and not speak, as in /mute bob 10m shouting",
        1,
        2,
        plain=False,
    ),
    Command("unmute", "NAME", "let somebody speak again", 1, 1, plain=False),
    Command("op", "NAME [moderator|owner]", "give somebody a role in this room", 1, 2, plain=False),
    Command("deop", "NAME", "take somebody's role away; your own, too", 1, 1, plain=False),
    Command("lock", "", "let nobody in any more", 0, 0, plain=False),
    Command("unlock", "", "let people in again", 0, 0, plain=False),
    Command(
        "password", "[off]", "set the room's password, unseen; or remove it", 0, 1, plain=False
    ),
    Command(
        "slow",
        "[DURATION|off]",
        "one message of each member in 30 s, or in so long",
        0,
        1,
        plain=False,
    ),
    Command("limit", "NUMBER|off", "let at most so many in", 1, 1, plain=False),
    Command("hide", "", "keep the room out of /rooms", 0, 0, plain=False),
    Command("unhide", "", "list the room in /rooms again", 0, 0, plain=False),
    Command(
        "invite",
        "[USES [DURATION]|list|revoke ID]",
        "make a link that lets one in within 24h, or so many within so long; list them; end one",
        0,
        2,
        plain=False,
    ),
    Command("quit", "", "leave the server", 0, 0),
)

_COLUMN = 28
"""Characters after which help stands, or after a longer usage."""

_NEAR = 0.5
"""How alike two names must be for one to be a slip of the other: /wohs is /who."""

_BY_NAME = {command.name: command for command in COMMANDS}


class Speech(Struct, frozen=True):
    """A line that is to be said as it is."""

    text: str


class Call(Struct, frozen=True):
    """A line that calls a command."""

    name: str
    args: tuple[str, ...]


class Mistake(Struct, frozen=True):
    """A line that is neither, and what to do instead. Nothing of it is ever said to others."""

    reason: str


def parse(line: str, *, plain: bool = False) -> Speech | Call | Mistake:
    """What a typed line means. A line that begins with // is speech that begins with /."""
    if not line.startswith("/"):
        return Speech(line)
    if line.startswith("//"):
        return Speech(line[1:])
    word, _, rest = line[1:].partition(" ")
    known = {command.name for command in COMMANDS if command.plain or not plain}
    name = word.lower()
    if name not in known:
        near = get_close_matches(name, sorted(known), 1, _NEAR)
        hint = f"did you mean /{near[0]}?" if near else "/help lists the commands."
        return Mistake(
            f"there is no command /{word}; {hint} To say a line with / in front: //{word}"
        )
    command = _BY_NAME[name]
    args = tuple(rest.split(None, command.most - 1)) if command.most else ()
    if command.most == 1:
        args = (rest.strip(),) if rest.strip() else ()
    if len(args) < command.least:
        return Mistake(usage(name))
    return Call(name, args)


def usage(name: str) -> str:
    """How a command is used."""
    return f"usage: /{name} {_BY_NAME[name].usage}".rstrip()


def help_lines(name: str = "", *, plain: bool = False) -> list[str]:
    """The table as text, or one row of it."""
    rows = [command for command in COMMANDS if command.plain or not plain]
    wanted = name.removeprefix("/").lower()
    if wanted:
        chosen = [command for command in rows if command.name == wanted]
        if not chosen:
            return [f"there is no command /{wanted}; /help lists them all"]
        rows = chosen
    width = min(_COLUMN, max(len(f"/{row.name} {row.usage}") for row in rows))
    return [f"{f'/{row.name} {row.usage}':<{width}}  {row.help}" for row in rows]
