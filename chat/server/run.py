"""`chat serve`: a server as a process, with signals, a journal and its two lines on stdout."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from functools import partial
from typing import NamedTuple

from chat.core.link import BadLinkError, parse_endpoint
from chat.core.plain import Policy
from chat.log.api import Durability, LogError
from chat.log.stores import MEMORY, default_store, folder_of
from chat.loop import run_loop
from chat.net.address import BindError

from . import journal
from .admins import Admins, AdminsError, parse_key
from .identity import IdentityError
from .serve import Serving, serve
from .shell import Server

log = logging.getLogger("chat.server")

INTERRUPTED = 130


class OptionError(ValueError):
    """Options that cannot be meant so; one line that says what to use instead."""


class Options(NamedTuple):
    """Of the command line."""

    bind: tuple[str, ...] = ()
    advertise: str = ""
    store: str = ""
    durability: str = "process"
    plain: str = "loopback"
    masked: bool = False
    insecure: bool = False
    admin: tuple[str, ...] = ()
    admins: str = ""
    log_format: str = "text"


class Running(NamedTuple):
    """What runs beside a server has of it."""

    serving: Serving
    stop: Callable[[], None]
    """As SIGTERM."""
    reload: Callable[[], str]
    """As SIGHUP; what came of it. Raises AdminsError."""


Beside = Callable[[Running], AbstractAsyncContextManager[None]]
"""Begins when the server answers, and ends before it does. May raise BindError."""


def run(options: Options, beside: Beside = lambda _: nullcontext()) -> int:
    """Returns the exit code. Raises OptionError."""
    check(options)
    journal.configure(options.log_format)
    try:
        return run_loop(_serve(options, beside))
    except (BindError, LogError, IdentityError, AdminsError) as error:
        if options.log_format == "json":
            log.error("%s", error)
        else:
            print(f"chat serve: {error}", file=sys.stderr)
        return 1


def check(options: Options) -> None:
    """What needs no look at the machine. Raises OptionError."""
    for bind in options.bind:
        try:
            parse_endpoint(bind)
        except BadLinkError as error:
            raise OptionError(f"--bind {error}") from error
    try:
        if options.advertise:
            parse_endpoint(options.advertise, 0)
    except BadLinkError as error:
        raise OptionError(
            f"--advertise {options.advertise!r}: use HOST, HOST:PORT or [IPV6]:PORT"
        ) from error
    if options.insecure and (options.admin or options.admins):
        raise OptionError(
            "--insecure shows nobody's key, so there are no admins: leave out --insecure, or "
            "--admin and --admins"
        )
    try:
        admins_of(options)
    except AdminsError as error:
        raise OptionError(f"--admin {error}") from error
    if options.store == MEMORY.rstrip(":"):
        raise OptionError(
            f"--store {options.store}: did you mean {MEMORY}? a folder of that name "
            f"is ./{options.store}"
        )
    try:
        folder = folder_of(options.store)
    except LogError as error:
        raise OptionError(str(error)) from error
    if folder is None and options.durability == Durability.POWER.value:
        raise OptionError(f"{MEMORY} survives nothing: --durability power needs --store DIR")


def admins_of(options: Options) -> Admins:
    """Raises AdminsError for what is no key."""
    return Admins(map(parse_key, options.admin), options.admins)


def reload(server: Server, admins: Admins) -> str:
    """Reads the file of admins anew; what came of it. Raises AdminsError, and all is as before."""
    keys = admins.load()
    server.admins(keys)
    return f"{len(keys)} admin{'' if len(keys) == 1 else 's'}"


async def _serve(options: Options, beside: Beside) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unexpected)
    stop: asyncio.Future[int] = loop.create_future()
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, INTERRUPTED)):
        loop.add_signal_handler(number, _stop, stop, code)
    at_terminal = _at_terminal()
    admins = admins_of(options)
    early: list[None] = []
    if admins.file:
        loop.add_signal_handler(signal.SIGHUP, early.append, None)
    elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        loop.add_signal_handler(signal.SIGHUP, _stop, stop, 0)
    async with serve(
        options.bind,
        advertise=options.advertise,
        store=options.store or default_store(),
        durability=Durability(options.durability),
        plain=Policy(options.plain),
        masked=options.masked,
        insecure=options.insecure,
        admins=admins.load(),
    ) as serving:
        again = partial(reload, serving.server, admins)
        if admins.file:
            loop.add_signal_handler(signal.SIGHUP, _hangup, again, at_terminal, stop)
        if early:
            _hangup(again, at_terminal, stop)
        async with beside(Running(serving, partial(_stop, stop, 0), again)):
            announce(serving, options.insecure)
            ended = asyncio.ensure_future(serving.server.run())
            await asyncio.wait((stop, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return _broken(ended)
            stored = "" if options.store == MEMORY else ": what was said is being stored"
            log.info("going down%s", stored)
            ended.cancel()
    return stop.result()


def _broken(ended: asyncio.Future[None]) -> int:
    """It ended by itself."""
    try:
        ended.result()
    except LogError as error:
        log.error("%s", error)
    return 1


def announce(serving: Serving, insecure: bool) -> None:
    """Data to stdout, talk to stderr."""
    if insecure:
        log.warning("--insecure: whoever is on the way can read and change what is said")
    for endpoint in serving.endpoints:
        print(f"listening on {endpoint}")
    for way in serving.ways:
        print(f"link {way.link}", flush=True)
        _talk(way.purpose)
    flag = "--insecure " if insecure else ""
    _talk(f"join with: chat join {flag}{serving.ways[0].link}")


def _talk(text: str) -> None:
    """That nobody can read it, as where the disk is full of journals, is no reason not to serve."""
    with suppress(OSError):
        print(f"     {text}", file=sys.stderr, flush=True)


def _stop(stop: asyncio.Future[int], code: int) -> None:
    if not stop.done():
        stop.set_result(code)


def _at_terminal() -> bool:
    """No: there was none, or it was closed."""
    try:
        return os.isatty(0)
    except OSError:
        return False


def _hangup(again: Callable[[], str], was_at_terminal: bool, stop: asyncio.Future[int]) -> None:
    """Asked for, or because the terminal was closed: then nobody could end it any more who knows
    only that terminal."""
    if was_at_terminal and not _at_terminal():
        _stop(stop, 0)
        return
    try:
        log.info("read again: %s", again())
    except AdminsError as error:
        log.error("%s; who was an admin stays one", error)


def _unexpected(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    log.error(
        "unexpected: %s",
        context.get("message"),
        exc_info=error if isinstance(error, BaseException) else None,
    )
