"""Our own programs as processes: started, watched, ended by their id."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

CHAT = (sys.executable, "-m", "chat")
PATIENCE = 20.0


class Program:
    """One process. What it writes is kept, and shown where a wait is in vain."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._changed = asyncio.Event()
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.ensure_future(self._read(process.stdout, self.out)),
            asyncio.ensure_future(self._read(process.stderr, self.err)),
        ]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        return self._process.returncode

    async def line(self, start: str, patience: float = PATIENCE) -> str:
        """The first line on stdout that starts so."""
        async with asyncio.timeout(patience):
            while True:
                for line in self.out:
                    if line.startswith(start):
                        return line
                if self.code is not None:
                    raise AssertionError(f"ended with {self.code}: {self.out} {self.err}")
                self._changed.clear()
                await self._changed.wait()

    async def ended(self, patience: float = PATIENCE) -> int:
        """The exit code."""
        async with asyncio.timeout(patience):
            await asyncio.gather(*self._readers)
            return await self._process.wait()

    def write(self, text: str | bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() if isinstance(text, str) else text)

    def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """To it and to what it has started: it leads a process group of its own."""
        if self.code is None:
            with suppress(ProcessLookupError):  # It has ended just now, which is told soon.
                os.killpg(self.pid, number)

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self.ended()

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while line := await stream.readline():
            lines.append(line.decode(errors="replace").rstrip("\n"))
            self._changed.set()
        self._changed.set()


@asynccontextmanager
async def running(*command: str, env: dict[str, str] | None = None) -> AsyncIterator[Program]:
    """A process until the block ends; killed if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=os.environ | (env or {}),
        limit=1 << 20,
    )
    program = Program(process)
    try:
        yield program
    finally:
        await program.kill()


@asynccontextmanager
async def chat(*args: str, env: dict[str, str] | None = None) -> AsyncIterator[Program]:
    async with running(*CHAT, *args, env=env) as program:
        yield program


class Server(Program):
    """`chat serve`, ready."""

    port: int

    @property
    def link(self) -> str:
        return f"chat://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    *args: str,
    port: int = 0,
    store: Path | str = "memory:",
    stdin: int = asyncio.subprocess.DEVNULL,
) -> AsyncIterator[Server]:
    """A server of our own on a free port of this machine, or on that one."""
    process = await asyncio.create_subprocess_exec(
        *CHAT,
        "serve",
        "--bind",
        f"127.0.0.1:{port}",
        "--store",
        str(store),
        *args,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    server = Server(process)
    try:
        server.port = int((await server.line("listening on ")).rpartition(":")[2])
        yield server
    finally:
        await server.kill()


async def done(*args: str, stdin: str | bytes = "", env: dict[str, str] | None = None) -> Program:
    """A `chat` command that has ended."""
    async with chat(*args, env=env) as program:
        if stdin:
            program.write(stdin)
        program.close_input()
        await program.ended()
    return program
