"""What somebody is told who has not what opens a room: the same, whatever was wrong."""

from chat.core import asks, wire
from chat.core.asks import Why
from chat.core.signatures import Signer
from chat.core.types import Check, Path

from .peer import Peer
from .scene import Scene

KEY = Signer(bytes([7]) * 32)
EVE = Path(0, "192.0.2.66", 6666)


def den(scene: Scene) -> tuple[Peer, str]:
    """The owner of a room with a password, and an invite that has expired."""
    owner = Peer(scene, "owner", room="den", key=KEY)
    owner.ask(asks.Act(owner.number(), "den", "password", text="open sesame"))
    (made,) = owner.ask(asks.Act(owner.number(), "den", "invite", seconds=60, number=5))
    assert isinstance(made, asks.Done)
    scene.wait(61.0)
    return owner, made.text


def attempt(scene: Scene, room: str, secret: str) -> tuple[list[int], asks.Response]:
    """The sizes of the datagrams that come of it, and the answer, on a new session each."""
    eve = Peer(scene, "eve", path=EVE, room="")
    eve.read()
    assert eve.channel is not None
    ask = asks.Join(eve.number(), room, (), secret)
    scene.receive(eve.channel.seal(wire.encode_frame(wire.Ask(asks.encode(ask)))), EVE)
    sizes = [len(datagram) for datagram in scene.boxes[EVE]]
    eve.read()
    eve.send(wire.Bye())
    return sizes, eve.replies[-1]


def test_no_room_a_wrong_password_and_an_expired_invite_get_the_same_bytes() -> None:
    scene = Scene(secure=True)
    _, expired = den(scene)
    tries = [("den", "wrong"), ("nowhere", "open sesame"), ("den", expired), ("cave", expired)]
    told = [attempt(scene, *each) for each in tries]
    sizes, answer = told[0]
    assert isinstance(answer, asks.Refused)
    assert answer.why == Why.ENTRY
    assert len(sizes) == 1
    assert all(each == (sizes, answer) for each in told)


def test_the_same_work_is_done_whatever_was_wrong() -> None:
    """Else the time that it takes would tell."""
    scene = Scene(secure=True)
    den(scene)
    for room in ("den", "nowhere"):
        before = len(scene.asked(Check))
        attempt(scene, room, "wrong")
        assert len(scene.asked(Check)) == before + 1
