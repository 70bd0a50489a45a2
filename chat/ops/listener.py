"""A server's admin socket: a Unix datagram socket, with one socket more for each answer.

Who may write to the file may do everything, and nobody else anything: its mode is the
authentication. A question is one datagram, and brings along one end of a pair of stream sockets
(SCM_RIGHTS, unix(7)): there the answer goes, line by line, and nowhere else. So nobody needs an
address to be answered at, nobody else can answer, and both ends see when the other one is gone.
Nothing is waited for: an answer for which its socket has no room is not finished.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from chat.net.address import BindError

from .messages import (
    QUESTION_MAX,
    Answer,
    BadMessageError,
    Progress,
    Question,
    Refused,
    decode_question,
    encode,
)

PAUSE = 0.01
"""Seconds between two questions: whoever asks as fast as it can takes a fifth of a loop, not all."""

WAITING = 32
"""Questions that are being answered."""

PATH_MAX = 103
"""Bytes of a socket's path: 104 with its end on macOS and BSD, 108 on Linux."""

Tell = Callable[[Progress], None]
Handle = Callable[[Question, Tell], Awaitable[Answer]]
"""Answers a question; may tell before how far it is."""


class Listener:
    """Listens until `close`."""

    def __init__(self, path: Path, handle: Handle) -> None:
        """Needs a running loop. Raises BindError."""
        self._path = path
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._answering: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._socket = _bind(path)
        self._inode = path.stat().st_ino
        self._listen()

    async def close(self) -> None:
        """What is being answered ends without an answer."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    def _listen(self) -> None:
        self._loop.add_reader(self._socket.fileno(), self._receive)

    def _receive(self) -> None:
        """One question; the next one after a pause."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, QUESTION_MAX + 1, 1)
        except OSError:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._timer = self._loop.call_later(PAUSE, self._listen)
        try:
            reply = socket.socket(fileno=descriptors[0])
        except (IndexError, OSError):  # Nothing to answer at.
            for descriptor in descriptors:
                os.close(descriptor)
            return
        reply.setblocking(False)
        if len(self._answering) >= WAITING:
            with reply:
                _send(reply, Refused("the server has many questions to answer: ask again"))
            return
        task = self._loop.create_task(self._answer(data, reply))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, data: bytes, reply: socket.socket) -> None:
        with reply:
            try:
                question = decode_question(data)
            except BadMessageError as error:
                _send(reply, Refused(f"the server does not understand that ({error}): update it"))
                return
            _send(reply, await self._handle(question, lambda so_far: _send(reply, so_far)))


def _send(reply: socket.socket, answer: Answer) -> None:
    """Who has gone, or does not read, gets none."""
    with suppress(OSError):
        reply.send(encode(answer) + b"\n")


def _bind(path: Path) -> socket.socket:
    """Nobody may write to it but the user that we are."""
    if len(os.fsencode(path)) > PATH_MAX:
        raise BindError(
            f"{path} is too long for a socket's name: choose --admin-socket PATH with at most "
            f"{PATH_MAX} bytes, or --admin-socket off"
        )
    _make_way(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        with suppress(OSError):  # On Linux the file then has never had another mode.
            os.fchmod(sock.fileno(), 0o600)
        sock.bind(os.fspath(path))
        path.chmod(0o600)
    except OSError as error:
        sock.close()
        raise BindError(
            f"cannot listen at {path} ({error.strerror}): choose another --admin-socket PATH, or off"
        ) from error
    return sock


def _make_way(path: Path) -> None:
    """Takes away what a server left behind that was killed. Raises BindError."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # There is nothing, or nothing can be done: to bind says what.
    if not stat.S_ISSOCK(mode):
        raise BindError(f"{path} is a file of another kind: choose another --admin-socket PATH")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
        else:
            raise BindError(
                f"a server listens at {path} already: stop it, or choose another --admin-socket PATH"
            )
