"""Links: `chat://PIN:INVITE@HOST:PORT/ROOM`, every part but HOST optional."""

from ipaddress import IPv6Address

from msgspec import Struct

from .names import LOBBY, BadNameError, check_room

DEFAULT_PORT = 9999

PIN_SIZE = 26
"""Characters of base32: 130 bits of the SHA-256 of a server's key."""

_PIN = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_INVITE = _PIN | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0189-_")


class BadLinkError(ValueError):
    """One line that says what is wrong with a link."""


class Link(Struct, frozen=True):
    """Where a room is. `str()` of it survives a shell unquoted."""

    host: str
    port: int = DEFAULT_PORT
    room: str = LOBBY
    pin: str = ""
    invite: str = ""

    def __str__(self) -> str:
        secret = f"{self.pin}:{self.invite}" if self.invite else self.pin
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"chat://{secret}{'@' if secret else ''}{host}:{self.port}/{self.room}"


def parse_endpoint(text: str, port: int | None = DEFAULT_PORT) -> tuple[str, int]:
    """HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. Raises BadLinkError; `port` None: one is needed."""
    host, number = text, ""
    if text.startswith("["):
        host, bracket, number = text[1:].partition("]")
        if not bracket or (number and not number.startswith(":")):
            raise BadLinkError(f"{text!r}: an IPv6 address is written [::1]:9999")
        number = number[1:]
    elif text.count(":") == 1:
        host, _, number = text.partition(":")
    if ":" in host and not _is_ipv6(host):
        raise BadLinkError(f"{text!r}: use HOST, HOST:PORT or [IPV6]:PORT")
    if not host or any(char.isspace() or char in "/@?#" for char in host):
        raise BadLinkError(f"{text!r} has no host: use HOST, HOST:PORT or [IPV6]:PORT")
    if not number:
        if port is None:
            raise BadLinkError(f"{text!r} has no port: use HOST:PORT")
        return host, port
    if not (number.isascii() and number.isdigit() and int(number) < 1 << 16):
        raise BadLinkError(f"{text!r}: a port is a number from 0 to 65535")
    return host, int(number)


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def check_pin(text: str) -> str:
    """A pin in its normal form, which is lower case. Raises BadLinkError."""
    pin = text.lower()
    if not text.isascii() or len(pin) != PIN_SIZE or not _PIN.issuperset(pin):
        raise BadLinkError(f"a pin has {PIN_SIZE} letters and digits 2-7; copy the whole link")
    return pin


def parse_link(text: str) -> Link:
    """A link, or just HOST or HOST:PORT. Raises BadLinkError."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = "chat", scheme
    if scheme != "chat":
        raise BadLinkError(f"{text!r} is no link: one looks like chat://HOST:PORT/ROOM")
    rest, _, room = rest.partition("/")
    secret, at, endpoint = rest.rpartition("@")
    pin, colon, invite = secret.partition(":")
    if at and not pin:
        raise BadLinkError(f"{text!r}: before the @ stands the server's pin")
    if colon and not (invite and _INVITE.issuperset(invite)):
        raise BadLinkError(
            f"{text!r}: an invite has letters, digits, - and _ in it; copy the whole link"
        )
    host, port = parse_endpoint(endpoint)
    if not port:
        raise BadLinkError(f"{text!r}: a server has a port from 1 to 65535")
    try:
        pin = check_pin(pin) if pin else ""
        return Link(host, port, check_room(room) if room else LOBBY, pin, invite)
    except (BadLinkError, BadNameError) as error:
        raise BadLinkError(f"{text!r}: {error}") from error
