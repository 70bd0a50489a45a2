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
from itertools import zip_longest
from pathlib import Path

from .cases import Case, text
from .crowd import Crowd, Line, Outcome, Plan
from .machine import Unfit, free_port
from .server import DEADLINE, Server, Step, Tools

SPEAKERS = 4
"""Connections that publish, where it goes as fast as it goes: ngircd takes three commands of one in
a turn."""

_AT_ONCE = 100
"""Connections that come in together: inspircd lets them in once a second only."""

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
    def joining(self, number: int) -> list[Step]:
        """What brings a receiver into the room. The first one is there before all others."""

    def greeting(self, number: int) -> list[Step]:
        """What one who only publishes has to say first."""
        return []

    @abstractmethod
    def publish(self, said: bytes) -> bytes:
        """What is written to have `said` delivered to all receivers."""

    def open(self) -> None:
        port = self.launch()
        members = self.case.members
        speakers = SPEAKERS if self.case.flat else 1
        for first in (0, *range(1, members, _AT_ONCE)):
            last = min(first + _AT_ONCE, members) if first else 1
            self._come(port, [self.joining(number) for number in range(first, last)])
        self._come(port, [self.greeting(members + number) for number in range(speakers)])
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

    def _come(self, port: int, scripts: list[list[Step]]) -> None:
        """All of them at once, step by step."""
        sockets = [self.connect(port) for _ in scripts]
        self._sockets += sockets
        for steps in zip_longest(*scripts):
            for sock, step in zip(sockets, steps, strict=True):
                if step is not None:
                    sock.sendall(step.say)
            for sock, step in zip(sockets, steps, strict=True):
                if step is not None:
                    step.expect(sock)

    def close(self) -> None:
        super().close()
        for sock in self._sockets:
            sock.close()

    def play(self, seconds: float) -> tuple[Outcome, Callable[[int, int], int | None]]:
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
        return outcome, lambda message, _: message - base - 1


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

    def joining(self, number: int) -> list[Step]:
        return [Step(b"H", b"H")]

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

    def joining(self, number: int) -> list[Step]:
        join = Step(b"JOIN #room\r\n", b" 366 ", b"ERROR ")
        if number:
            return [*self.greeting(number), join]
        open_ = Step(b"MODE #room -nt\r\nPING :set\r\n", b"PONG", b"ERROR ")
        return [*self.greeting(number), join, open_]

    def greeting(self, number: int) -> list[Step]:
        hello = b"NICK m%d\r\nUSER m%d 0 * :m\r\n" % (number, number)
        return [Step(hello, b" 001 ", b"ERROR "), Step(b"PING :in\r\n", b"PONG")]

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

    def joining(self, number: int) -> list[Step]:
        subscribe = _mqtt(0x82, b"\x00\x01" + _mqtt_string(b"room") + b"\x00")
        return [*self.greeting(number), Step(subscribe, b"\x90\x03")]

    def greeting(self, number: int) -> list[Step]:
        name = _mqtt_string(b"m%d" % number)
        hello = _mqtt(0x10, _mqtt_string(b"MQTT") + b"\x04\x02\x00\x00" + name)
        return [Step(hello, b"\x20\x02\x00\x00")]

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

    def joining(self, number: int) -> list[Step]:
        return [Step(b"SUBSCRIBE room\r\n", b":1\r\n", b"-ERR")]

    def publish(self, said: bytes) -> bytes:
        return b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n%b\r\n" % (len(said), said)


class Nats(Peer):
    """Core NATS."""

    name = "nats"
    package = binary = "nats-server"

    def command(self, port: int, config: Path) -> list[str]:
        config.write_text(f'listen: "127.0.0.1:{port}"\nping_interval: "1h"\n')
        return ["/usr/sbin/nats-server", "-c", str(config)]

    def joining(self, number: int) -> list[Step]:
        return [*self.greeting(number), Step(b"SUB room 1\r\nPING\r\n", b"PONG\r\n", b"-ERR")]

    def greeting(self, number: int) -> list[Step]:
        hello = b'CONNECT {"verbose":false,"pedantic":false,"lang":"c","version":"1"}\r\nPING\r\n'
        return [Step(hello, b"PONG\r\n", b"-ERR")]

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

    def joining(self, number: int) -> list[Step]:
        hello = (
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        return [Step(hello, b"\r\n\r\n", b"HTTP/1.1 4", b"HTTP/1.1 5")]

    def greeting(self, number: int) -> list[Step]:
        return self.joining(number)

    def publish(self, said: bytes) -> bytes:
        """Masked with zeros, so that it is as it is."""
        return bytes((0x81, 0x80 | len(said))) + bytes(4) + said


PEERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Ngircd, Inspircd, Mosquitto, Redis, Nats, Websockets)
}
