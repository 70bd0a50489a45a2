"""`openssl s_client` is a client."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from chat.core.types import Path
from chat.secure.credentials import Credentials
from chat.secure.dtls_server import Handshakes
from chat.secure.exporter import Secrets

from ..e2e.programs import Program, running
from ..needs import needs
from ..net.waiting import until

pytestmark = needs("openssl")


class Echo(asyncio.DatagramProtocol):
    """A server that says everything back in capitals."""

    def __init__(self) -> None:
        self.admitted: list[tuple[Path, Secrets]] = []
        self.closed: list[Path] = []
        self.lost = 0
        """Datagrams to lose before any arrives."""
        self.sent = 0
        self.unsent = 0
        """Which of those that are sent is to be lost, from 1."""
        self.handshakes = Handshakes(
            Credentials.generate(),
            random=os.urandom,
            send=self._send,
            admitted=lambda path, secrets: self.admitted.append((path, secrets)),
            text=lambda path, text: self.handshakes.write(path, text.upper()),
            closed=self.closed.append,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.lost:
            self.lost -= 1
        else:
            self.handshakes.receive(data, Path(0, *addr), time.monotonic())

    def _send(self, path: Path, datagram: bytes) -> None:
        self.sent += 1
        if self.sent != self.unsent:
            self.transport.sendto(datagram, path[1:])

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])


@asynccontextmanager
async def echoing() -> AsyncIterator[Echo]:
    loop = asyncio.get_running_loop()
    transport, echo = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    try:
        yield echo
    finally:
        transport.close()


def s_client(echo: Echo, *options: str) -> tuple[str, ...]:
    address = f"127.0.0.1:{echo.port}"
    return ("openssl", "s_client", "-dtls1_2", "-brief", "-connect", address, *options)


async def heard(program: Program, line: str) -> None:
    await until(lambda: line in program.out, lambda: (program.out, program.err))


async def test_it_speaks_text_and_leaves() -> None:
    async with echoing() as echo, running(*s_client(echo)) as client:
        client.write("hello\n")
        await heard(client, "HELLO")
        client.write("again\n")
        await heard(client, "AGAIN")
        ((path, secrets),) = echo.admitted
        assert (len(secrets.id), len(secrets.secret)) == (16, 32)
        assert echo.handshakes.texts == 1
        client.write("Q\n")
        await until(lambda: echo.closed == [path])
        assert not echo.handshakes.knows(path)


async def test_it_is_told_goodbye() -> None:
    async with echoing() as echo, running(*s_client(echo)) as client:
        client.write("hello\n")
        await heard(client, "HELLO")
        ((path, _),) = echo.admitted
        echo.handshakes.close(path)
        assert await client.ended() == 0


@pytest.mark.parametrize("lost", [1, 2])
async def test_it_repeats_what_was_lost(lost: int) -> None:
    """By its own clock, so one second later."""
    async with echoing() as echo:
        echo.lost = lost
        async with running(*s_client(echo)) as client:
            client.write("hello\n")
            await heard(client, "HELLO")


async def test_it_seals_its_last_words_anew_and_is_answered() -> None:
    """In datagrams of their own, the first and last of which are answered."""
    async with echoing() as echo:
        echo.unsent = 3
        async with running(*s_client(echo)) as client:
            client.write("hello\n")
            await heard(client, "HELLO")
        assert echo.sent <= 6  # cookie, flight, last flight three times, text
        assert len(echo.admitted) == 1


async def test_it_is_refused_other_ciphers() -> None:
    async with (
        echoing() as echo,
        running(*s_client(echo, "-cipher", "ECDHE-ECDSA-AES128-SHA256")) as client,
    ):
        assert await client.ended() != 0
        assert any("alert handshake failure" in line for line in client.err)
        assert not echo.admitted
        assert echo.handshakes.dropped == {"failed": 1}
