"""A server's side of DTLS whose calls are written down, and clients that do what they are told."""

from random import Random

from OpenSSL import SSL

from chat.core.types import Path
from chat.secure.credentials import Credentials
from chat.secure.dtls_server import Handshakes
from chat.secure.exporter import Secrets, export
from chat.secure.records import Flights, connection, context, records, written

CREDENTIALS = Credentials.generate()
CONTEXT = context(SSL.DTLS_CLIENT_METHOD)
PATH = Path(0, "192.0.2.1", 4000)


def path_number(number: int) -> Path:
    """Each with an address of its own."""
    return Path(0, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 4000)


class Peer:
    """A client that sends nothing twice, and nothing unasked."""

    def __init__(self, made: SSL.Context = CONTEXT) -> None:
        self.ssl = connection(made)
        self.ssl.set_connect_state()
        self.flights = Flights()
        self.heard: list[bytes] = []
        self.done = False
        self.left = False
        """The server has said goodbye."""
        self.error: SSL.Error | None = None

    def go(self, *datagrams: bytes) -> list[bytes]:
        """What it has to say to these."""
        for datagram in datagrams:
            self.ssl.bio_write(datagram)
            self._advance()
        if not datagrams:
            self._advance()
        return self.flights.say(written(self.ssl))

    def say(self, text: bytes) -> list[bytes]:
        self.ssl.send(text)
        return self.flights.say(written(self.ssl))

    def leave(self) -> list[bytes]:
        self.ssl.shutdown()
        return self.flights.say(written(self.ssl))

    @property
    def secrets(self) -> Secrets:
        return export(self.ssl)

    def _advance(self) -> None:
        try:
            if not self.done:
                self.ssl.do_handshake()
                self.done = True
            while True:
                self.heard.append(self.ssl.recv(1 << 14))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.left = True
        except SSL.Error as error:
            self.error = error


class Host:
    """What it sends, path by path, stays in `out` until it is taken."""

    def __init__(self, seed: int = 0) -> None:
        self.out: list[tuple[Path, bytes]] = []
        self.admitted: list[tuple[Path, Secrets]] = []
        self.texts: list[tuple[Path, bytes]] = []
        self.closed: list[Path] = []
        self.server = Handshakes(
            CREDENTIALS,
            random=Random(seed).randbytes,
            send=lambda path, datagram: self.out.append((path, datagram)),
            admitted=lambda path, secrets: self.admitted.append((path, secrets)),
            text=lambda path, text: self.texts.append((path, text)),
            closed=self.closed.append,
        )

    def taken(self) -> list[bytes]:
        """What it has sent since."""
        out, self.out = self.out, []
        return [datagram for _, datagram in out]

    def hear(self, *datagrams: bytes, path: Path = PATH, now: float = 0.0) -> list[bytes]:
        """What it answers to these."""
        self.taken()
        for datagram in datagrams:
            self.server.receive(datagram, path, now)
        assert all(to == path for to, _ in self.out)
        return self.taken()

    def second_hello(self, peer: Peer, path: Path = PATH, now: float = 0.0) -> bytes:
        """The one with the cookie."""
        (hello,) = peer.go(*self.hear(*peer.go(), path=path, now=now))
        return hello

    def stalled(self, path: Path = PATH, now: float = 0.0) -> Peer:
        """A client that stops when the server has done its work."""
        peer = Peer()
        self.hear(self.second_hello(peer, path, now), path=path, now=now)
        return peer

    def shaken(self, path: Path = PATH, now: float = 0.0) -> Peer:
        """A client whose handshake is complete."""
        peer = Peer()
        said = peer.go()
        while said:
            said = peer.go(*self.hear(*said, path=path, now=now))
        assert peer.done
        return peer

    def speaking(self, path: Path = PATH, now: float = 0.0) -> Peer:
        """One that has sent a line of text."""
        peer = self.shaken(path, now)
        self.hear(*peer.say(b"first"), path=path, now=now)
        assert self.texts[-1] == (path, b"first")
        return peer


def readable(datagram: bytes) -> bytes:
    """The records of it that have no key."""
    return b"".join(record.whole for record in records(datagram) if record.readable)


def numberless(datagrams: list[bytes]) -> list[list[bytes]]:
    """Their records but for what tells a repetition from a replay."""
    return [[one.whole[:5] + one.whole[11:] for one in records(whole)] for whole in datagrams]
