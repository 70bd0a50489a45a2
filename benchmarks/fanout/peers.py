"""What people would pick instead: how each is set up fairly, joined, and spoken to.

All in the clear and without persistence, all limits on rate and number lifted.
"""

import shutil
import socket
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from .cases import Case, text
from .crowd import Crowd, Line, Outcome, Plan
from .machine import Unfit, free_port
from .server import DEADLINE, Server, Tools, talk

SPEAKERS = 4
"""Connections that publish, where it goes as fast as it goes: ngircd takes three commands of one in
a turn."""

_QUIET = 1.0
"""Seconds between the last join and the first round: joins are told to everybody."""

_MOST, _HOT = 60_000.0, 2_000.0
"""Messages a second for which a closed loop has lines, with many of them in flight and with one."""


class TextServer(Server):
    """A server whose members see the text as it was said. One room."""

    def __init__(self, tools: Tools, case: Case, deaf: int = 0) -> None:
        super().__init__(tools, case, deaf)
        self._sockets: list[socket.socket] = []
        self._base = 0

    @abstractmethod
    def launch(self) -> int:
        """Starts it and returns the port. Raises Unfit."""

    @abstractmethod
    def connect(self, port: int) -> socket.socket:
        """A socket to it."""

    @abstractmethod
    def join(self, sock: socket.socket, number: int) -> None:
        """Brings a receiver into the room. Raises Unfit."""

    def greet(self, sock: socket.socket, number: int) -> None:
        """What one who only publishes has to say first."""

    @abstractmethod
    def publish(self, said: bytes) -> bytes:
        """What is written to have `said` delivered to all receivers."""

    def open(self) -> None:
        port = self.launch()
        for number in range(self.case.members):
            self._sockets.append(self.connect(port))
            self.join(self._sockets[-1], number)
        speakers = SPEAKERS if self.case.flat else 1
        for number in range(self.case.members, self.case.members + speakers):
            self._sockets.append(self.connect(port))
            self.greet(self._sockets[-1], number)
        for sock in self._sockets:
            sock.setblocking(False)
        self.crowd = Crowd(
            self.tools.crowd,
            "text",
            self._sockets,
            self.case.members,
            self.tools.directory,
            deaf=self.deaf,
        )
        self.crowd.serve(_QUIET)

    def close(self) -> None:
        super().close()
        for sock in self._sockets:
            sock.close()

    def play(self, seconds: float) -> tuple[Outcome, Callable[[int], int | None]]:
        case, base = self.case, self._base
        messages = round(seconds * (case.rate or (_MOST if case.flat else _HOT)))
        self._base += messages
        speakers = len(self._sockets) - case.members
        script = (
            Line(case.members + number % speakers, self.publish(text(base + number + 1)))
            for number in range(messages)
        )
        plan = Plan(
            mode="r" if case.rate else "w",
            seconds=seconds,
            reach=case.members - self.deaf,
            rate=case.rate,
            window=case.window,
            base=base,
            timed=bool(case.rate),
            messages=messages,
        )
        outcome = self.crowd.run(plan, script)
        return outcome, lambda message: message - base - 1


class Floor(TextServer):
    """The C program that only sends what it gets to all."""

    name = "C floor"

    def launch(self) -> int:
        from .ours import push_size

        process = self.start([str(self.tools.floor), str(push_size())], output=True)
        assert process.stdout is not None
        return int(process.stdout.readline())

    def connect(self, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", port))
        return sock

    def join(self, sock: socket.socket, number: int) -> None:
        talk(sock, b"H", b"H")

    def publish(self, said: bytes) -> bytes:
        return said


class Peer(TextServer):
    """A program that listens on a TCP port."""

    package: str
    binary: str

    @abstractmethod
    def command(self, port: int, config: Path) -> list[str]:
        """What starts it; it may write `config`."""

    @classmethod
    def missing(cls) -> str | None:
        """The package without which it cannot be measured."""
        found = shutil.which(cls.binary) or Path("/usr/sbin", cls.binary).exists()
        return None if found else cls.package

    @classmethod
    def install(cls) -> None:
        """Raises Unfit."""
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", cls.package]
        if shutil.which(command[0]) is None:
            raise Unfit("--install needs apt-get")
        if subprocess.call(command, stdout=subprocess.DEVNULL):
            raise Unfit(f"apt-get could not install {cls.package}")

    def launch(self) -> int:
        port = free_port()
        config = self.tools.directory / f"{self.name}-{port}.conf"
        process = self.start(self.command(port, config))
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if process.poll() is not None:
                raise Unfit(f"{self.name} ended with {process.returncode} when it was started")
            try:
                self.connect(port).close()
                return port
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise Unfit(f"{self.name} does not listen within {DEADLINE:g} s")

    def connect(self, port: int) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class Irc(Peer):
    """RFC 1459. Who says something does not hear it, so speakers stay outside."""

    def join(self, sock: socket.socket, number: int) -> None:
        self.greet(sock, number)
        talk(sock, b"JOIN #room\r\n", b" 366 ", b" 4", b"ERROR ")
        if number == 0:
            talk(sock, b"MODE #room -nt\r\nPING :set\r\n", b"PONG", b"ERROR ")

    def greet(self, sock: socket.socket, number: int) -> None:
        hello = b"NICK m%d\r\nUSER m%d 0 * :m\r\n" % (number, number)
        heard = talk(sock, hello, b" 001 ", b"ERROR ")
        while b" 422 " not in heard and b" 376 " not in heard:
            heard = talk(sock, b"", b"\r\n")

    def publish(self, said: bytes) -> bytes:
        return b"PRIVMSG #room :%b\r\n" % said


class Ngircd(Irc):
    name = package = binary = "ngircd"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(
            "[Global]\nName = irc.test\nInfo = test\nListen = 127.0.0.1\n"
            f"Ports = {port}\nServerUID = root\nServerGID = root\n"
            "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\n"
            "MaxPenaltyTime = 0\nPingTimeout = 3600\nPongTimeout = 3600\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\n"
        )
        return ["/usr/sbin/ngircd", "-n", "-f", str(config)]


class Inspircd(Irc):
    name = package = binary = "inspircd"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(
            '<config format="xml">\n'
            '<server name="irc.test" description="test" network="Test" id="1AB">\n'
            '<admin name="test" nick="test" email="test@irc.test">\n'
            f'<bind address="127.0.0.1" port="{port}" type="clients">\n'
            '<connect name="all" allow="*" timeout="60" pingfreq="3600" hardsendq="104857600" '
            'softsendq="104857600" recvq="1048576" threshold="100000000" '
            'commandrate="100000000" fakelag="no" localmax="100000" globalmax="100000" '
            'maxconnwarn="no" resolvehostnames="no" useident="no" limit="100000">\n'
            '<performance softlimit="100000" somaxconn="4096" clonesonconnect="no">\n'
            '<options defaultmodes="" nouserdns="yes" hostintopic="no">\n'
            f'<pid file="{config}.pid">\n'
        )
        options = ["--nofork", "--nolog", "--runasroot", f"--config={config}"]
        return ["/usr/sbin/inspircd", *options]


class Mosquitto(Peer):
    """MQTT 3.1.1, quality of service 0."""

    name = package = binary = "mosquitto"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"
            "max_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n"
        )
        return ["/usr/sbin/mosquitto", "-c", str(config)]

    def join(self, sock: socket.socket, number: int) -> None:
        self.greet(sock, number)
        talk(sock, _mqtt(0x82, b"\x00\x01" + _mqtt_string(b"room") + b"\x00"), b"\x90\x03")

    def greet(self, sock: socket.socket, number: int) -> None:
        name = _mqtt_string(b"m%d" % number)
        talk(sock, _mqtt(0x10, _mqtt_string(b"MQTT") + b"\x04\x02\x00\x00" + name), b"\x20\x02\0\0")

    def publish(self, said: bytes) -> bytes:
        return _mqtt(0x30, _mqtt_string(b"room") + said)


def _mqtt(kind: int, body: bytes) -> bytes:
    """Of less than 128 bytes (MQTT 3.1.1 §2.2.3)."""
    return bytes((kind, len(body))) + body


def _mqtt_string(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


class Redis(Peer):
    """PUBLISH and SUBSCRIBE."""

    name = "redis"
    package = binary = "redis-server"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(
            f'bind 127.0.0.1\nport {port}\nsave ""\nappendonly no\nmaxclients 20000\n'
            "client-output-buffer-limit pubsub 0 0 0\ntcp-backlog 511\n"
        )
        return ["/usr/bin/redis-server", str(config)]

    def join(self, sock: socket.socket, number: int) -> None:
        talk(sock, b"SUBSCRIBE room\r\n", b":1\r\n", b"-ERR")

    def publish(self, said: bytes) -> bytes:
        return b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n%b\r\n" % (len(said), said)


class Nats(Peer):
    """Core NATS."""

    name = "nats"
    package = binary = "nats-server"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(f'listen: "127.0.0.1:{port}"\nping_interval: "1h"\n')
        return ["/usr/sbin/nats-server", "-c", str(config)]

    def join(self, sock: socket.socket, number: int) -> None:
        self.greet(sock, number)
        talk(sock, b"SUB room 1\r\nPING\r\n", b"PONG\r\n", b"-ERR")

    def greet(self, sock: socket.socket, number: int) -> None:
        talk(sock, b"", b"\r\n")
        hello = b'CONNECT {"verbose":false,"pedantic":false,"lang":"c","version":"1"}\r\nPING\r\n'
        talk(sock, hello, b"PONG\r\n", b"-ERR")

    def publish(self, said: bytes) -> bytes:
        return b"PUB room %d\r\n%b\r\n" % (len(said), said)


class Websockets(Peer):
    """A room of some lines of Python on uvloop (RFC 6455)."""

    name = package = binary = "websockets"

    def command(self, port: int, config: Path) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("websockets_room.py")), str(port)]

    @classmethod
    def missing(cls) -> str | None:
        return None if find_spec("websockets") else cls.package

    @classmethod
    def install(cls) -> None:
        command = [sys.executable, "-m", "pip", "install", "-q", cls.package]
        if subprocess.call(command):
            raise Unfit("pip could not install websockets")

    def join(self, sock: socket.socket, number: int) -> None:
        talk(
            sock,
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            b"\r\n\r\n",
            b"HTTP/1.1 4",
            b"HTTP/1.1 5",
        )

    def greet(self, sock: socket.socket, number: int) -> None:
        self.join(sock, number)

    def publish(self, said: bytes) -> bytes:
        """Masked with zeros, so that it is as it is."""
        return bytes((0x81, 0x80 | len(said))) + bytes(4) + said


PEERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Ngircd, Inspircd, Mosquitto, Redis, Nats, Websockets)
}
