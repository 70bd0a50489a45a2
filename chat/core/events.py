"""What a guest tells its user. With `Entry`, `Broken`, `Expired` (inbox) and `Older` (history)."""

from msgspec import Struct

from .asks import Member, Request, RoomRow
from .roles import Role


class Connected(Struct, frozen=True):
    """A session stands."""

    name: str
    """The name given."""
    asked: str
    endpoint: str
    """Ours, as the server sees it."""
    again: bool
    """It is not the first one."""
    verified: bool = False
    """The name is known to be our key's."""


class Disconnected(Struct, frozen=True):
    """The session is gone, and a new one is being opened."""

    reason: str


class Unreachable(Struct, frozen=True):
    """Still no session; it is tried again."""

    tries: int
    reason: str


class Rejected(Struct, frozen=True):
    """The server will not have us as we are, or we will not have it."""

    reason: str
    final: bool = False
    """Nothing more is tried."""


class Entered(Struct, frozen=True):
    """We are in a room, for the first time or again after a reconnect."""

    room: str
    topic: str
    peer: str
    """In a direct room, the other one's name."""
    again: bool


class CaughtUp(Struct, frozen=True):
    """Everything that was in the room's log when we entered has been told."""

    room: str


class DirectRoom(Struct, frozen=True):
    """The answer to `direct`: the room shared with `peer`, entered already or about to be."""

    room: str
    peer: str


class Exited(Struct, frozen=True):
    """We are not in a room any more."""

    room: str


class Removed(Struct, frozen=True):
    """We were put out of a room."""

    room: str
    reason: str


class Standing(Struct, frozen=True):
    """What we are in a room, and may do there; told when it changes."""

    room: str
    role: Role
    muted: float = 0.0
    """Until when, by our own clock (`now`); infinite: for good; 0: not muted."""
    reason: str = ""
    """Why we are muted."""
    slow: int = 0
    """Seconds between two messages of one member; 0: as it likes."""
    ready: float = 0.0
    """When the next one may be said, by our own clock."""


class Done(Struct, frozen=True):
    """What we asked for as a moderator holds."""

    room: str
    act: str
    whom: str
    text: str
    """What there is to say: the invite, the list, or nothing."""


class Logged(Struct, frozen=True):
    """What was said under this ticket is in the log, as the author's entry `n`."""

    room: str
    ticket: int
    n: int


class Failed(Struct, frozen=True):
    """What was said under this ticket was refused."""

    room: str
    ticket: int
    reason: str


class Presence(Struct, frozen=True):
    """Who is in the room has changed, or was read anew; joins and parts belong after entry
    `after`."""

    room: str
    after: int
    renamed: tuple[tuple[Member, Member], ...]
    """Before, after. Who came and who went is what the roster did not have before, or has not
    now, by name."""


class Pushing(Struct, frozen=True):
    """Whether what is said in a room is pushed to us. If it is not, because too much of it was
    lost on its way, we fetch it, which takes longer."""

    room: str
    on: bool
    again: float
    """If it is not, seconds until that is tried again."""


class Receipts(Struct, frozen=True):
    """How far each reporting member has come."""

    room: str
    head: int
    """The newest entry when the server said so."""
    marks: dict[int, int]
    """By ordinal, the highest contiguous seq."""


class Typing(Struct, frozen=True):
    """Who is typing in a room at the moment, in rooms of up to 64 members; told when it changes."""

    room: str
    names: tuple[str, ...]
    """The others, each once."""


class Renamed(Struct, frozen=True):
    """Our own name is another one now."""

    name: str
    asked: str
    verified: bool = False


class Listing(Struct, frozen=True):
    """All public rooms."""

    rooms: tuple[RoomRow, ...]


class Refusal(Struct, frozen=True):
    """A request was refused."""

    reason: str
    request: Request
    why: int = 0
    """One of asks.Why."""


class Notice(Struct, frozen=True):
    """A line from the server."""

    text: str
