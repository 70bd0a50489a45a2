"""Which server is whose: pins of links, and of servers that one has been to (`known_hosts`).

A server is known by its pin, 26 characters of the base32 of its key's SHA-256. A link that names
one is the word of whoever gave it; without one the first visit is trusted, and each later one has
to find the same key. A key that is not the expected one is a hard stop: `ChangedKeyError`.

Loopback is an exception. A server that keeps nothing (`--store memory:`, tests, the demo) has a new
key at each start, on ports that the system picks; to call all of them strangers would teach people
to wave warnings through. So a loopback address is remembered and checked like any other only on the
default port; on others it is trusted without a word and not remembered, unless `known_hosts` names
it. The price: another user of this machine who listens there first is not noticed, and neither is
the far end of a tunnel. Who has either uses a link with a pin, which is checked everywhere.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from chat.core.link import DEFAULT_PORT, BadLinkError, Link, check_pin, parse_endpoint

from . import files

NAME = "known_hosts"

_HEAD = "# HOST:PORT PIN, written at a first visit; to take one out: chat forget HOST:PORT"


class ChangedKeyError(Exception):
    """The server is not the one that is expected. One line that says what to do; not to be passed
    over by trying again."""


class TrustError(Exception):
    """`known_hosts` cannot be read or written. One line that says what to do."""


class Verdict(NamedTuple):
    """The server is trusted."""

    lines: tuple[str, ...] = ()
    """To show to the user once, each one line; none if there is nothing new."""


class Trust:
    """What one user knows of servers' keys.

    `known_hosts` has lines `HOST:PORT PIN`, IPv6 in brackets. After # stands a comment; lines that
    are none of this are kept as they are, and mean nothing. Of two for one server the first holds.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where `known_hosts` is; by default the user's configuration of `chat`."""
        self._folder = folder
        self._unwritten: dict[str, str] = {}
        """Pins by server that the file could not take: they hold as long as this object."""

    @property
    def path(self) -> Path:
        """The file; only now is the default looked up, so that who needs no file imports nothing."""
        if self._folder is None:
            from platformdirs import user_config_path

            self._folder = user_config_path("chat", appauthor=False)
        return self._folder / NAME

    def check(self, link: Link, pin: str) -> Verdict:
        """Whether the server that `link` leads to may have the key with this pin, which it must
        have proven to own: a pin only seen is not to be remembered. Raises ChangedKeyError."""
        pin = check_pin(pin)
        server = endpoint(link.host, link.port)
        if link.pin and link.pin.lower() != pin:
            raise ChangedKeyError(
                f"the server at {server} is not the one this link was made for: its key is {pin}, "
                f"the link says {link.pin.lower()}; somebody may be in between, or the server was "
                "set up anew: ask whoever gave you the link for a new one"
            )
        known = self._recall(server)
        if known == pin or (not known and _passing(link)):
            return Verdict()
        if known and not link.pin:
            raise _changed(server, known, pin)
        lines: list[str] = []
        try:
            # Somebody else may have been there since the look above.
            known = self._remember(server, pin, over=bool(link.pin)) or known
        except OSError as error:
            self._unwritten[server] = pin
            lines.append(f"this is not remembered: {self.path}: {error.strerror or error}")
        if link.pin:
            # The link is the user's word, and what the file said is overwritten: not in silence.
            if known in ("", pin):
                return Verdict()
            lines.insert(0, f"the key of {server} was {known} until now; the link says {pin}")
            return Verdict(tuple(lines))
        if known not in ("", pin):
            raise _changed(server, known, pin)
        lines.insert(
            0,
            f"first visit: {server} has the key {pin}; ask whoever runs it whether that is right",
        )
        return Verdict(tuple(lines))

    def known(self, host: str, port: int) -> str:
        """The pin that is remembered; empty if there is none. Raises TrustError."""
        try:
            return self._pin(endpoint(host, port))
        except OSError as error:
            raise TrustError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def forget(self, host: str, port: int) -> bool:
        """The next visit is the first; whether there was one before. Raises TrustError."""
        server = endpoint(host, port)
        if not self.known(host, port):
            return False
        self._unwritten.pop(server, None)
        try:
            if _pin_of(self._lines(), server):
                with files.locked(self.path):
                    self._write([line for line in self._lines() if _parse(line)[0] != server])
        except OSError as error:
            raise TrustError(
                f"{self.path} cannot be written: {error.strerror or error}; delete its line for "
                f"{server} by hand"
            ) from error
        return True

    def _recall(self, server: str) -> str:
        """Its pin; empty if there is none, or the file cannot be read: then it cannot be written
        either, and the verdict says so."""
        try:
            return self._pin(server)
        except OSError:
            return self._unwritten.get(server, "")

    def _pin(self, server: str) -> str:
        return _pin_of(self._lines(), server) or self._unwritten.get(server, "")

    def _remember(self, server: str, pin: str, *, over: bool) -> str:
        """Writes it if there is no other, or `over` it. Returns what stood there before."""
        with files.locked(self.path):
            lines = self._lines()
            known = _pin_of(lines, server)
            if known != pin and (over or not known):
                kept = [line for line in lines if _parse(line)[0] != server]
                self._write([*(kept or [_HEAD]), f"{server} {pin}"])
                self._unwritten.pop(server, None)
        return known

    def _lines(self) -> list[str]:
        """Bytes that are no UTF-8 go through as they are."""
        try:
            text = self.path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return []
        return text.removesuffix("\n").split("\n") if text else []

    def _write(self, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        files.replace(self.path, text.encode("utf-8", "surrogateescape"))


def endpoint(host: str, port: int) -> str:
    """HOST:PORT in the one spelling by which servers are told apart; IPv6 in brackets."""
    try:
        host = str(ip_address(host))
    except ValueError:
        host = host.lower()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _passing(link: Link) -> bool:
    """Whether it is a loopback server that is not remembered."""
    if link.port == DEFAULT_PORT:
        return False
    try:
        return ip_address(link.host).is_loopback
    except ValueError:
        return link.host.lower() == "localhost"


def _parse(line: str) -> tuple[str, str]:
    """A server and its pin; both empty for what is no such line."""
    # An editor on Windows may put a byte order mark first: no reason to forget the first server.
    words = line.partition("#")[0].removeprefix("\ufeff").split()
    try:
        server, pin = words
        return endpoint(*parse_endpoint(server)), check_pin(pin)
    except (ValueError, BadLinkError):
        return "", ""


def _pin_of(lines: list[str], server: str) -> str:
    return next((pin for name, pin in map(_parse, lines) if name == server), "")


def _changed(server: str, known: str, pin: str) -> ChangedKeyError:
    return ChangedKeyError(
        f"the key of {server} has changed: it was {known}, it is {pin}; somebody may be in between, "
        f"or the server was set up anew. If you know that it was: `chat forget {server}`"
    )
