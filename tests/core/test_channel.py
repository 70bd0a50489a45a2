from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import protect, wire
from chat.core.channel import BODY_MAX, PUSH_MAX, Channel, PushOpener, PushSealer, packed
from chat.core.layout import MalformedError
from chat.core.signatures import Signer

SID = b"session1"
KEY, OTHER = bytes(16), bytes(range(16))


def pair() -> tuple[Channel, Channel]:
    return Channel(SID, KEY, OTHER), Channel(SID, OTHER, KEY)


def header_of(datagram: bytes) -> wire.Session:
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Session)
    return header


def push_of(datagram: bytes) -> wire.Push:
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Push)
    return header


def opened(channel: Channel, datagram: bytes) -> bytes | None:
    return channel.open(header_of(datagram), datagram)


def pushed(opener: PushOpener, datagram: bytes) -> list[wire.Frame] | None:
    return opener.open(push_of(datagram), datagram)


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=30), st.integers(30, 100))
def test_packing_keeps_frames_whole_and_in_order(frames: list[bytes], size: int) -> None:
    plaintexts = list(packed(frames, size))
    assert b"".join(plaintexts) == b"".join(frames)
    assert all(0 < len(plaintext) <= size for plaintext in plaintexts)
    ends = {len(b"".join(frames[:count])) for count in range(len(frames) + 1)}
    at = 0
    for plaintext in plaintexts:
        at += len(plaintext)
        assert at in ends


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=30))
def test_packing_starts_a_new_datagram_only_when_the_next_frame_does_not_fit(
    frames: list[bytes],
) -> None:
    naive: list[bytes] = []
    for frame in frames:
        if naive and len(naive[-1]) + len(frame) <= 50:
            naive[-1] += frame
        else:
            naive.append(frame)
    assert list(packed(frames, 50)) == naive


def test_a_frame_that_fits_no_datagram_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="fits no datagram"):
        list(packed([b"a", bytes(51)], 50))


def test_what_is_queued_comes_out_at_the_other_end_in_as_few_datagrams_as_it_fits() -> None:
    client, server = pair()
    frames = [wire.Ask(bytes(size)) for size in (700, 400, 100, 1100)]
    for frame in frames:
        client.queue(frame)
    datagrams = list(client.datagrams())
    assert len(datagrams) == 3
    assert max(map(len, datagrams)) <= wire.DATAGRAM_MAX
    plaintexts = [opened(server, datagram) or b"" for datagram in datagrams]
    assert list(chain.from_iterable(map(wire.decode_frames, plaintexts))) == frames
    assert list(client.datagrams()) == []


def test_a_full_datagram_is_exactly_as_large_as_a_datagram_may_be() -> None:
    client, _ = pair()
    assert len(client.seal(bytes(BODY_MAX))) == wire.DATAGRAM_MAX
    sealer = PushSealer(1, 0, KEY, Signer(bytes(32)))
    assert len(sealer.seal(1, 1, bytes(PUSH_MAX))) == wire.DATAGRAM_MAX


def test_a_datagram_is_opened_once() -> None:
    client, server = pair()
    datagrams = [client.seal(bytes((n,))) for n in range(5)]
    for n in (3, 1, 4, 0, 2):
        assert opened(server, datagrams[n]) == bytes((n,))
    for datagram in datagrams:
        assert opened(server, datagram) is None


def test_a_datagram_does_not_open_at_the_end_that_sent_it() -> None:
    client, _ = pair()
    assert opened(client, client.seal(b"mine")) is None


def test_the_header_is_authenticated_too() -> None:
    client, server = pair()
    datagram = client.seal(b"hello")
    moved = datagram[:1] + b"session2" + datagram[9:]
    later = datagram[:9] + (5).to_bytes(4, "big") + datagram[13:]
    assert opened(server, moved) is None
    assert opened(server, later) is None
    assert opened(server, datagram) == b"hello"


def test_what_is_forged_does_not_move_the_window() -> None:
    client, server = pair()
    datagram = client.seal(b"hello")
    forged = wire.encode_header(wire.Session(SID, (1 << 32) - 1, bytes(30)))
    assert opened(server, forged) is None
    assert server.window.top == -1
    assert opened(server, datagram) == b"hello"


def test_no_counter_is_used_twice() -> None:
    client, _ = pair()
    counters = [header_of(client.seal(b"same")).counter for _ in range(20)]
    assert counters == list(range(20))


def test_a_key_is_spent_after_as_many_datagrams_as_it_may_seal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protect, "COUNTER_MAX", 3)
    client, _ = pair()
    spent = []
    for _ in range(4):
        spent.append(client.spent)
        client.seal(b"")
    assert spent == [False, False, False, True]


def test_every_member_opens_the_very_same_push() -> None:
    sealer = PushSealer(7, 2, KEY)
    members = [PushOpener(2, KEY, 0) for _ in range(3)]
    datagram = sealer.seal(41, 1, wire.encode_frame(wire.Entries((b"body",))))
    assert push_of(datagram).first == 41
    assert push_of(datagram).count == 1
    for member in members:
        assert pushed(member, datagram) == [wire.Entries((b"body",))]
        assert pushed(member, datagram) is None


def test_a_push_of_another_key_or_epoch_does_not_open() -> None:
    datagram = PushSealer(7, 2, KEY).seal(1, 0, b"")
    assert pushed(PushOpener(2, OTHER, 0), datagram) is None
    assert pushed(PushOpener(3, KEY, 0), datagram) is None


def test_a_pushs_room_and_numbers_are_authenticated() -> None:
    datagram = PushSealer(7, 2, KEY).seal(41, 1, b"")
    header = push_of(datagram)
    sealed = header.sealed
    for changed in (
        wire.Push(8, 2, 0, 41, 1, sealed),
        wire.Push(7, 2, 0, 42, 1, sealed),
        wire.Push(7, 2, 0, 41, 2, sealed),
        wire.Push(7, 2, 1, 41, 1, sealed),
    ):
        assert pushed(PushOpener(2, KEY, 0), wire.encode_header(changed)) is None


def test_a_push_whose_frames_are_cut_is_malformed_and_not_opened_again() -> None:
    datagram = PushSealer(7, 2, KEY).seal(1, 0, b"\x42\0")
    opener = PushOpener(2, KEY, 0)
    with pytest.raises(MalformedError):
        pushed(opener, datagram)
    assert pushed(opener, datagram) is None


def test_pushes_from_before_the_join_are_neither_received_nor_lost() -> None:
    """What a member reports is what became of the pushes since it joined."""
    sealer = PushSealer(7, 2, KEY)
    early = [sealer.seal(1, 0, b"") for _ in range(5)]
    opener = PushOpener(2, KEY, sealer.counter)
    assert (opener.received, opener.highest) == (0, 0)
    late = [sealer.seal(1, 0, b"") for _ in range(4)]
    assert pushed(opener, early[4]) == []
    assert (opener.received, opener.highest) == (0, 0)
    assert pushed(opener, late[0]) == []
    assert pushed(opener, late[3]) == []
    assert (opener.received, opener.highest) == (2, 4)
    assert pushed(opener, late[1]) == []
    assert (opener.received, opener.highest) == (3, 4)
