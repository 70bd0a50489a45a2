"""A room with an owner, and what its moderators do there."""

from chat.core import asks, wire
from chat.core.names import LOBBY
from chat.core.plain import Policy
from chat.core.policy import Ruling, decode
from chat.core.signatures import Signer
from chat.core.types import REGISTRY, Entry, Kind, Path

from .peer import Peer
from .scene import Scene


class Den:
    """Ann made the room, with a key of hers; the lobby, which nobody owns, she has as an admin."""

    def __init__(self, room: str = "den") -> None:
        self.scene = Scene(secure=True, plain=Policy.ANY)
        self.room = room
        self._hosts = 0
        if room == LOBBY:
            self.scene.hub.admins(frozenset((self.key("ann").public,)), self.scene.now)
        self.ann = self.come("ann")

    def come(
        self,
        name: str,
        *,
        key: Signer | None = None,
        keyless: bool = False,
        host: str = "",
        room: str | None = None,
    ) -> Peer:
        """Somebody new, from a host of its own; into no room where `room` is empty."""
        self._hosts += 1
        signer = None if keyless else key or self.key(name)
        path = Path(0, host or f"10.1.{self._hosts}.1", 4000 + self._hosts)
        into = self.room if room is None else room
        return Peer(self.scene, name, path=path, key=signer, room=into)

    def key(self, name: str) -> Signer:
        return Signer(name.encode().ljust(32, b"."))

    def act(
        self,
        peer: Peer,
        act: str,
        whom: str = "",
        *,
        seconds: int = 0,
        number: int = 0,
        text: str = "",
    ) -> asks.Done | asks.Refused | None:
        """The answer, if it came at once."""
        peer.read()
        ask = asks.Act(peer.number(), self.room, act, whom, seconds, number, text)
        answers = peer.ask(ask)
        return next((it for it in answers if isinstance(it, asks.Done | asks.Refused)), None)

    def does(
        self,
        act: str,
        whom: str = "",
        *,
        by: Peer | None = None,
        seconds: int = 0,
        number: int = 0,
        text: str = "",
    ) -> str:
        """Something that is done; what there is to say of it."""
        peer = by or self.ann
        answer = self.act(peer, act, whom, seconds=seconds, number=number, text=text)
        assert isinstance(answer, asks.Done), answer
        return answer.text

    def join(self, peer: Peer, secret: str = "") -> asks.Response:
        """The answer."""
        peer.read()
        ask = asks.Join(peer.number(), self.room, (), secret, peer.out(self.room))
        answers = peer.ask(ask)
        return next(it for it in answers if isinstance(it, asks.Joined | asks.Refused))

    def inside(self, peer: Peer) -> bool:
        peer.read()
        room = self.scene.hub._house.rooms.get(self.room)
        return room is not None and peer.path in {member.path for member in room.members}

    def removed(self, peer: Peer) -> list[str]:
        """The reasons for which it was put out."""
        peer.read()
        return [it.reason for it in peer.replies if isinstance(it, asks.Removed)]

    def standing(self, peer: Peer) -> asks.Standing | None:
        """The newest one."""
        peer.read()
        found = [it for it in peer.replies if isinstance(it, asks.Standing)]
        return found[-1] if found else None

    def says(
        self,
        peer: Peer,
        n: int,
        text: str = "hi",
        *,
        more: int = 0,
        kind: int = 1,
        refers: int = 0,
    ) -> bool:
        """Whether it is in the log then."""
        before = len(self.scene.entries(self.room))
        peer.send(wire.Draft(peer.tags[self.room], n, kind, more, refers, text.encode()))
        return len(self.scene.entries(self.room)) > before

    def lines(self) -> list[str]:
        """What moderators have done, as it is said in the room."""
        entries = self.scene.entries(self.room)
        return [f"{it.name} {it.text}" for it in entries if it.kind == Kind.MODERATION]

    def rulings(self) -> list[tuple[Entry, Ruling]]:
        found = [
            (it, decode(it.text)) for it in self.scene.entries(REGISTRY) if it.kind == Kind.ACT
        ]
        return [(entry, ruling) for entry, ruling in found if ruling is not None]

    def restart(self) -> None:
        """Another process; nobody is there."""
        self.scene.start()
