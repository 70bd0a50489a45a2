"""`chat join`: where to, on a screen or in lines, and what is left to say in the end."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_path

from chat.client import Client
from chat.core import events
from chat.core.link import BadLinkError, Link, parse_link
from chat.core.text import clean
from chat.loop import run_loop
from chat.net.impair import Impairment
from chat.secure import files
from chat.secure.namekeys import NameKeys
from chat.status import StatusError, ask

from .app import Application
from .files import SettingsFile
from .plain import PlainShell

LOOPBACK = Link("127.0.0.1")

FOUND_WITHIN = 0.5
"""Seconds for a server to answer."""

SETTLE = 2.0
"""Seconds that the end waits for what was said to be in the log."""

MOMENT = 0.3
"""Seconds before that in which nobody is told."""


class Options(NamedTuple):
    """Of the command line."""

    link: Link
    name: str
    impairment: Impairment
    impair_seed: str
    insecure: bool = False
    config: Path | None = None
    """Another settings file than the user's own."""
    plain_output: bool = False
    """Lines instead of a screen."""
    secret: str = ""
    """The room's password."""


def run(options: Options) -> int:
    """Returns the exit code."""
    return run_loop(_join(options))


def find_link() -> Link | None:
    """The last one that led somewhere, unless only this machine has a server that answers."""
    return asyncio.run(_find(last_link()))


def last_link() -> Link | None:
    try:
        return parse_link(_file().read_text("utf-8"))
    except (OSError, UnicodeError, BadLinkError):
        return None


def remember(link: Link) -> None:
    """For the next time, for us alone: it may have an invite in it. Where that cannot be, there is
    none."""
    with suppress(OSError):
        files.replace(_file(), f"{link}\n".encode(), sync=False)


async def _join(options: Options) -> int:
    def connect(on_event: Callable[[object], None]) -> Client:
        def told(event: object) -> None:
            if isinstance(event, events.Connected) and not event.again:
                remember(options.link)
            on_event(event)

        return Client(
            options.link,
            options.name,
            told,
            impairment=options.impairment,
            impair_seed=options.impair_seed,
            insecure=options.insecure,
            keys=NameKeys(),
        )

    settings = SettingsFile(options.config)
    make = PlainShell if options.plain_output else Application
    app = make(connect, secret=options.secret, settings=settings)
    try:
        await app.run()
        left = await app.settle(MOMENT)
        if left:
            _say(f"waiting until {_messages(left)} acknowledged")
            left = await app.settle(SETTLE)
        if left:
            _say(f"{_messages(left)} not acknowledged")
            for text in app.unsent:
                print(clean(text, lines=True), file=sys.stderr, flush=True)
        code = app.outcome() if isinstance(app, PlainShell) else 0
        return code or min(left, 1)
    finally:
        await app.client.close()


def _messages(count: int) -> str:
    return "1 message is" if count == 1 else f"{count:,} messages are"


def _say(text: str) -> None:
    print(f"chat join: {text}", file=sys.stderr, flush=True)


async def _find(last: Link | None) -> Link | None:
    asked = [link for link in (last, LOOPBACK) if link is not None]
    found = await asyncio.gather(*map(_answers, asked))
    return next((link for link, answers in zip(asked, found, strict=True) if answers), last)


async def _answers(link: Link) -> bool:
    try:
        await ask(link, FOUND_WITHIN)
    except StatusError:
        return False
    return True


def _file() -> Path:
    return user_state_path("chat", appauthor=False) / "last-link"
