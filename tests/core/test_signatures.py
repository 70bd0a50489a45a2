"""Who has a room's key can seal a push; only the server can sign it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import signatures, wire
from chat.core.channel import PushOpener, PushSealer
from chat.core.keyring import Keyring
from chat.core.signatures import (
    SIGNATURE_SIZE,
    Signer,
    key_id,
    name_claim,
    push_verified,
    sign_push,
    verified,
)

SERVER, MEMBER = Signer(Random(1).randbytes(32)), Signer(Random(2).randbytes(32))
KEY, OTHER = bytes(16), bytes(range(16))
PING = wire.encode_frame(wire.Pong(1))
HEAD = wire.encode_frame(wire.Head(7, 1, bytes(8), 0, 0))


def sealer(signer: Signer | None = SERVER, *, epoch: int = 2, key: bytes = KEY) -> PushSealer:
    return PushSealer(7, epoch, key, signer)


def push_of(datagram: bytes) -> wire.Push:
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Push)
    return header


def pushed(opener: PushOpener, datagram: bytes) -> list[wire.Frame] | None:
    return opener.open(push_of(datagram), datagram)


def opener() -> PushOpener:
    return PushOpener(2, KEY, 0, SERVER.public)


@given(st.binary(max_size=50), st.binary(min_size=1, max_size=50))
def test_a_signature_is_good_for_what_was_signed_and_nothing_else(
    message: bytes, more: bytes
) -> None:
    signature = SERVER.sign(message)
    assert len(signature) == SIGNATURE_SIZE
    assert verified(SERVER.public, signature, message)
    assert not verified(SERVER.public, signature, message + more)
    assert not verified(MEMBER.public, signature, message)


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_what_is_no_signature_and_what_is_no_key_is_just_not_good(
    signature: bytes, public: bytes
) -> None:
    assert not verified(SERVER.public, signature, b"message")
    assert not verified(public, MEMBER.sign(b"message"), b"message")


def test_every_member_opens_what_the_server_signed() -> None:
    datagram = sealer().seal(1, 0, HEAD)
    for member in (opener(), opener()):
        assert pushed(member, datagram) == wire.decode_frames(HEAD)
        assert pushed(member, datagram) is None


@pytest.mark.parametrize("signer", [MEMBER, None], ids=["its own key", "no key"])
def test_what_a_member_seals_is_refused_and_the_servers_own_still_opens(
    signer: Signer | None,
) -> None:
    honest, member = sealer(), opener()
    forger = sealer(signer)
    early, late = honest.seal(1, 0, HEAD), honest.seal(1, 0, HEAD)
    forger.counter = 0
    assert pushed(member, forger.seal(1, 0, PING)) is None
    forger.counter = 100_000
    assert pushed(member, forger.seal(1, 0, PING)) is None
    assert (member.window.top, member.received) == (-1, 0)
    assert pushed(member, early) == pushed(member, late) == wire.decode_frames(HEAD)
    assert member.received == 2


def test_a_signature_of_another_push_is_not_good_for_this_one() -> None:
    """A member takes the server's signature and puts it behind what it has sealed."""
    honest, forger = sealer().seal(1, 0, HEAD), sealer(None).seal(1, 0, PING)
    assert pushed(opener(), forger + honest[-SIGNATURE_SIZE:]) is None


@pytest.mark.parametrize(("key", "epoch"), [(OTHER, 2), (KEY, 3)])
def test_a_signature_for_another_room_key_or_epoch_is_not_good(key: bytes, epoch: int) -> None:
    """Who is in two rooms cannot carry a push from one to the other."""
    header = wire.encode_header(wire.Push(7, epoch, 0, 1, 0, b""))
    signature = sealer(key=key, epoch=epoch).seal(1, 0, HEAD)[-SIGNATURE_SIZE:]
    unsigned = sealer(None).seal(1, 0, HEAD)
    assert pushed(opener(), unsigned + signature) is None
    said = header + unsigned[len(header) :]
    assert not push_verified(SERVER.public, KEY, said, sign_push(SERVER, OTHER, said))
    assert push_verified(SERVER.public, KEY, said, sign_push(SERVER, KEY, said))


@given(st.integers(1, 200))
def test_a_cut_signature_opens_nothing(cut: int) -> None:
    member, datagram = opener(), sealer().seal(1, 0, HEAD)
    shorter = datagram[: max(wire.SEALED_OFFSET[0x85], len(datagram) - cut)]
    assert pushed(member, shorter) is None
    assert pushed(member, datagram) == wire.decode_frames(HEAD)


@given(st.integers(0, SIGNATURE_SIZE - 1), st.integers(0, 7))
def test_a_damaged_signature_opens_nothing(index: int, bit: int) -> None:
    datagram = bytearray(sealer().seal(1, 0, HEAD))
    datagram[index - SIGNATURE_SIZE] ^= 1 << bit
    assert pushed(opener(), bytes(datagram)) is None


def test_a_keyring_refuses_it_and_keeps_to_its_newest_key() -> None:
    """A forged push under the next key would end the one in use."""
    ring = Keyring(2, KEY, 0, SERVER.public)
    ring.add(wire.RoomKey(7, 3, OTHER))
    forged = sealer(MEMBER, epoch=3, key=OTHER).seal(1, 0, PING)
    assert ring.open(push_of(forged), forged, 100.0) is None
    assert (ring.received, ring.highest) == (0, 0)
    honest = sealer().seal(1, 0, HEAD)
    assert ring.knows(2, 1000.0)
    assert ring.open(push_of(honest), honest, 1000.0) == wire.decode_frames(HEAD)
    assert (ring.received, ring.highest) == (1, 1)


def test_members_of_one_process_verify_a_push_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = 0

    def counting(public: bytes, signature: bytes, message: bytes) -> bool:
        nonlocal checks
        checks += 1
        return verified(public, signature, message)

    monkeypatch.setattr(signatures, "verified", counting)
    honest = sealer(key=bytes(range(1, 17))).seal(9, 0, HEAD)
    said, signature = honest[:-SIGNATURE_SIZE], honest[-SIGNATURE_SIZE:]
    for _ in range(100):
        assert push_verified(SERVER.public, bytes(range(1, 17)), said, signature)
    assert checks == 1
    assert not push_verified(MEMBER.public, bytes(range(1, 17)), said, signature)
    assert not push_verified(SERVER.public, bytes(range(2, 18)), said, signature)
    assert checks == 3


def test_a_claim_is_of_one_session_one_server_and_one_name() -> None:
    claims = {
        name_claim(binding, server, name)
        for binding in (bytes(32), bytes(31) + b"\1")
        for server in (bytes(32), bytes(31) + b"\1")
        for name in ("ann", "Ann", "bob")
    }
    assert len(claims) == 12


def test_no_claim_of_a_name_is_a_push_and_the_other_way_round() -> None:
    """The same key could sign both, by mistake or by misuse."""
    datagram = sealer(None).seal(1, 0, HEAD)
    claim = name_claim(KEY, datagram, "")
    assert not push_verified(SERVER.public, KEY, datagram, SERVER.sign(claim))


def test_a_keys_id_is_short_and_its_own() -> None:
    ids = {key_id(Signer(Random(seed).randbytes(32)).public) for seed in range(50)}
    assert len(ids) == 50
    assert {len(each) for each in ids} == {8}
