"""The admin socket: who may ask, what a question may be, and what nobody can do to the server."""

import asyncio
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from chat.net.address import BindError
from chat.ops import listener
from chat.ops.asker import AskError, ask, done
from chat.ops.listener import PATH_MAX, WAITING, Listener, Tell
from chat.ops.messages import (
    QUESTION_MAX,
    Answer,
    Broadcast,
    Done,
    LogLevel,
    Progress,
    Question,
    Refused,
    Reload,
    decode_answer,
    encode,
)

PATIENCE = 10.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix datagrams")


class Server:
    """Answers LogLevel with its word, after some Progress; Reload not before it is told to."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.go_on = asyncio.Event()

    async def answer(self, question: Question, tell: Tell) -> Answer:
        self.asked.append(question)
        match question:
            case LogLevel(level):
                tell(Progress(1, 2))
                return Done(level)
            case Reload():
                await self.go_on.wait()
                return Done("reloaded")
        return Refused("no")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "admin.sock"


@pytest.fixture
async def listening(server: Server, path: Path) -> AsyncIterator[Listener]:
    listener = Listener(path, server.answer)
    yield listener
    await listener.close()


@pytest.fixture
def raw() -> Iterator[socket.socket]:
    """What questions are sent from."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        yield sock


@pytest.fixture(autouse=True)
async def _threads() -> None:
    """Enough for all who ask at once."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * WAITING))


async def asked(path: Path, question: Question) -> list[Answer]:
    return await asyncio.to_thread(lambda: list(ask(path, question, PATIENCE)))


async def send(raw: socket.socket, path: Path, data: bytes, *files: int) -> None:
    """Waits for a place in the server's queue."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                raw.connect(os.fspath(path))
                socket.send_fds(raw, [data], list(files))
                return
            except BlockingIOError:
                await asyncio.sleep(0.001)


async def all_of(sock: socket.socket) -> bytes:
    """Until the other end is closed."""
    loop, data = asyncio.get_running_loop(), b""
    sock.setblocking(False)
    async with asyncio.timeout(PATIENCE):
        while part := await loop.sock_recv(sock, 65536):
            data += part
    return data


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_question_is_answered(listening: Listener, path: Path, server: Server) -> None:
    assert await asked(path, LogLevel("debug")) == [Progress(1, 2), Done("debug")]
    assert done(iter(await asked(path, LogLevel("info")))) == "info"
    assert server.asked == [LogLevel("debug"), LogLevel("info")]
    with pytest.raises(AskError, match=r"^no$"):
        done(iter(await asked(path, Broadcast("hello"))))


async def test_only_its_user_may_write_to_it(listening: Listener, path: Path) -> None:
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_another_user_is_refused(
    listening: Listener, path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel says so; root may do everything, so here it is somebody else that asks."""
    if os.geteuid() == 0:
        monkeypatch.setattr(socket.socket, "connect", refuse)
    else:
        path.chmod(0o400)
    with pytest.raises(AskError) as caught:
        await asked(path, LogLevel("debug"))
    assert str(caught.value) == f"{path} is another user's: ask as the user that runs the server"
    assert not server.asked


def refuse(sock: socket.socket, address: object) -> None:
    raise PermissionError


async def test_it_is_gone_when_it_is_closed(server: Server, path: Path) -> None:
    listener = Listener(path, server.answer)
    await listener.close()
    assert not path.exists()
    with pytest.raises(AskError) as caught:
        await asked(path, LogLevel("debug"))
    assert str(caught.value).startswith(f"no server listens at {path}: is chat serve running?")


async def test_what_another_server_made_since_is_left_alone(server: Server, path: Path) -> None:
    first = Listener(path, server.answer)
    path.unlink()
    second = Listener(path, server.answer)
    await first.close()
    assert await asked(path, LogLevel("debug")) == [Progress(1, 2), Done("debug")]
    await second.close()


async def test_what_a_killed_server_left_is_replaced(server: Server, path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(os.fspath(path))
    assert path.exists()
    with pytest.raises(AskError, match="no server listens at"):
        await asked(path, LogLevel("debug"))
    listener = Listener(path, server.answer)
    assert await asked(path, LogLevel("debug")) == [Progress(1, 2), Done("debug")]
    await listener.close()


async def test_a_live_server_is_not(listening: Listener, server: Server, path: Path) -> None:
    with pytest.raises(BindError) as caught:
        Listener(path, server.answer)
    assert str(caught.value).startswith(f"a server listens at {path} already: stop it, or choose")
    assert await asked(path, LogLevel("debug")) == [Progress(1, 2), Done("debug")]


async def test_a_file_of_another_kind_is_left_alone(server: Server, path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(BindError, match="is a file of another kind"):
        Listener(path, server.answer)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["nowhere/admin.sock", "x" * PATH_MAX])
async def test_a_place_that_is_none_is_refused_in_one_line(
    server: Server, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BindError) as caught:
        Listener(tmp_path / name, server.answer)
    assert "choose" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b'{"type":"reboot"}',
        b'{"type":"drain","seconds":-1}',
        b"[" * 2000,
        b'{"x":' + b"[" * 2000,
        encode(LogLevel("x" * 129)),
        encode(LogLevel("debug"))[:-1],
        encode(LogLevel("debug")) + b" " * QUESTION_MAX,
    ],
)
async def test_what_is_no_question_is_refused(
    listening: Listener, path: Path, raw: socket.socket, data: bytes, server: Server
) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            await send(raw, path, data, theirs.fileno())
        answer = decode_answer(await all_of(ours))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("the server does not understand that")
    assert not server.asked


@pytest.mark.skipif(sys.platform != "linux", reason="counts files in /proc")
async def test_what_cannot_be_answered_is_not_and_leaves_no_file_open(
    listening: Listener, path: Path, raw: socket.socket, tmp_path: Path
) -> None:
    question = encode(LogLevel("debug"))
    await asked(path, LogLevel("debug"))
    before = open_files()
    with (tmp_path / "file").open("wb") as file:
        await send(raw, path, question)
        await send(raw, path, question, file.fileno())
        await send(raw, path, question, *[file.fileno()] * 20)
    for end in socket.socketpair():
        with end:
            await send(raw, path, question, end.fileno())
    assert await asked(path, LogLevel("info")) == [Progress(1, 2), Done("info")]
    assert open_files() == before
    assert (tmp_path / "file").read_bytes() == b""


async def test_who_does_not_read_costs_nothing(
    listening: Listener, path: Path, raw: socket.socket
) -> None:
    """Where its own socket is full there is no answer; others get theirs."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        filled = 0
        with suppress(BlockingIOError):
            while True:
                filled += theirs.send(bytes(4096))
        with suppress(BlockingIOError):
            while True:
                filled += theirs.send(b"\0")
        await send(raw, path, encode(LogLevel("debug")), theirs.fileno())
        theirs.close()
        assert await asked(path, LogLevel("info")) == [Progress(1, 2), Done("info")]
        assert await all_of(ours) == bytes(filled)


async def test_a_flood_leaves_the_loop_its_time(
    listening: Listener, path: Path, raw: socket.socket, server: Server
) -> None:
    """Questions wait in the kernel's queue, which is short, and are answered at a bounded rate;
    what else the loop has to do is done between them."""
    loop, turns = asyncio.get_running_loop(), 0
    until = loop.time() + 1.0
    raw.connect(os.fspath(path))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        while loop.time() < until:
            with suppress(BlockingIOError):
                for _ in range(100):
                    socket.send_fds(raw, [encode(Broadcast("hello"))], [theirs.fileno()])
            turns += 1
            await asyncio.sleep(0)
    assert 5 < len(server.asked) <= 1.5 / listener.PAUSE
    assert turns > 2 * len(server.asked)


async def test_so_many_wait_and_no_more(listening: Listener, path: Path, server: Server) -> None:
    waiting = [asyncio.ensure_future(asked(path, Reload())) for _ in range(WAITING + 3)]
    async with asyncio.timeout(PATIENCE):
        while sum(each.done() for each in waiting) < 3:
            await asyncio.sleep(0.01)
    server.go_on.set()
    answers = [answer for each in await asyncio.gather(*waiting) for answer in each]
    assert answers.count(Done("reloaded")) == WAITING == len(server.asked)
    refused = [answer.reason for answer in answers if isinstance(answer, Refused)]
    assert refused == ["the server has many questions to answer: ask again"] * 3


async def test_who_waits_when_the_server_ends_is_told(server: Server, path: Path) -> None:
    listener = Listener(path, server.answer)
    waiting = asyncio.ensure_future(asked(path, Reload()))
    async with asyncio.timeout(PATIENCE):
        while not server.asked:
            await asyncio.sleep(0.01)
    await listener.close()
    with pytest.raises(AskError) as caught:
        await waiting
    assert str(caught.value) == f"the server at {path} has gone: ask again when it is back"


async def test_a_server_that_hangs_is_given_up(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(os.fspath(path))
        with pytest.raises(AskError, match="does not answer: is it busy, or stopped"):
            next(ask(path, LogLevel("debug"), 0.1))
        for _ in range(1000):  # Until its queue is full.
            with pytest.raises(AskError) as caught:
                next(ask(path, LogLevel("debug"), 0.01))
            if "takes no questions" in str(caught.value):
                break
        else:
            raise AssertionError(caught.value)


async def test_a_question_that_is_too_long_is_not_asked(listening: Listener, path: Path) -> None:
    with pytest.raises(AskError, match="too long to be asked"):
        await asked(path, Broadcast("x" * QUESTION_MAX))
