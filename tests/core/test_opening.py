from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from chat.core import protect, wire
from chat.core.channel import Channel
from chat.core.layout import MalformedError
from chat.core.limits import COOKIE_BUCKET
from chat.core.opening import Admission, Again, Doorman, Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.tickets import NO_TICKET
from chat.core.types import Path

PATH = Path(0, "192.0.2.1", 5000)
FRAMES = wire.encode_frame(wire.Ask(b"hello"))
NOW = 1000 * COOKIE_BUCKET + 1.0


class Pair:
    """A doorman, and a client that has got his answer."""

    def __init__(self, *, seed: int = 1, secret: bytes = PUBLISHED_SECRET) -> None:
        self.random = Random(seed)
        self.doorman = Doorman(PUBLISHED_SECRET, None, self.random.randbytes)
        self.opening = Opening(secret, self.random.randbytes(16), lambda _: FRAMES)
        self.open = self.opening.datagram()

    def answer(self, now: float = NOW, path: Path = PATH) -> wire.Answer:
        header = wire.decode_header(self.open)
        assert isinstance(header, wire.Open)
        answer = wire.decode_header(self.doorman.answer(header, path, now, 0))
        assert isinstance(answer, wire.Answer)
        return answer

    def admit(
        self, now: float = NOW, path: Path = PATH, datagram: bytes | None = None
    ) -> Admission | Again | None:
        first = datagram or self.opening.datagram()
        header = wire.decode_header(first)
        assert isinstance(header, wire.First)
        return self.doorman.admit(header, first, path, now, 0)

    def channels(self) -> tuple[Channel, Channel]:
        """Both ends of the session, the client's first."""
        assert self.opening.answer(self.answer())
        admission = self.admit()
        assert isinstance(admission, Admission)
        datagram = admission.channel.seal(FRAMES)
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Session)
        begun = self.opening.welcome(header, datagram)
        assert begun is not None
        return begun[0], admission.channel


def damaged(datagram: bytes) -> bytes:
    return datagram[:-1] + bytes((datagram[-1] ^ 1,))


def test_an_opening_ends_in_a_session_that_both_ends_can_speak_in() -> None:
    client, server = Pair().channels()
    assert client.sid == server.sid
    for sender, receiver in ((client, server), (server, client)):
        datagram = sender.seal(b"frames")
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Session)
        assert receiver.open(header, datagram) == b"frames"


def test_the_sealed_join_comes_with_the_first() -> None:
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    admission = pair.admit()
    assert isinstance(admission, Admission)
    assert admission.frames == [wire.Ask(b"hello")]


def test_an_open_has_one_size_and_its_answer_is_smaller() -> None:
    pair = Pair()
    assert len(pair.open) == wire.OPEN_SIZE
    assert len(wire.encode_header(pair.answer())) < len(pair.open)


def test_a_cookie_is_good_on_the_path_it_was_sent_to_only() -> None:
    for elsewhere in (Path(0, "192.0.2.1", 5001), Path(0, "192.0.2.2", 5000)):
        pair = Pair()
        assert pair.opening.answer(pair.answer())
        assert pair.admit(path=elsewhere) is None
        assert isinstance(pair.admit(), Admission)


@pytest.mark.parametrize(
    ("age", "good"),
    [(0.0, True), (COOKIE_BUCKET - 2.0, True), (2 * COOKIE_BUCKET - 2.0, True)]
    + [(2 * COOKIE_BUCKET, False), (100 * COOKIE_BUCKET, False)],
)
def test_a_cookie_is_good_for_two_buckets(age: float, good: bool) -> None:
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    assert isinstance(pair.admit(NOW + age), Admission) is good


def test_a_cookie_of_another_process_is_not_good() -> None:
    pair, restarted = Pair(seed=1), Pair(seed=2)
    assert pair.opening.answer(pair.answer())
    assert restarted.admit(datagram=pair.opening.datagram()) is None


def test_a_damaged_first_is_refused_and_the_whole_one_taken_after_it() -> None:
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    assert pair.admit(datagram=damaged(pair.opening.datagram())) is None
    assert isinstance(pair.admit(), Admission)


def test_a_first_sealed_under_another_secret_is_refused() -> None:
    pair = Pair()
    header = wire.decode_header(pair.opening.datagram())
    assert isinstance(header, wire.Open)
    cookie = pair.answer().cookie
    key = protect.first_key(b"another secret", header.random, cookie)
    prefix = wire.encode_header(wire.First(header.random, cookie, NO_TICKET, b""))
    assert pair.admit(datagram=prefix + protect.seal(key, 0, prefix, FRAMES)) is None


def test_a_first_with_cut_frames_is_malformed() -> None:
    pair = Pair()
    pair.opening = Opening(PUBLISHED_SECRET, bytes(16), lambda _: FRAMES[:-1])
    pair.open = pair.opening.datagram()
    assert pair.opening.answer(pair.answer())
    with pytest.raises(MalformedError):
        pair.admit()


def test_a_first_is_taken_once_as_long_as_its_cookie_is_good() -> None:
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    admission = pair.admit()
    assert isinstance(admission, Admission)
    for age in (0.0, COOKIE_BUCKET, 2 * COOKIE_BUCKET - 2.0):
        assert pair.admit(NOW + age) == Again(admission.channel.sid)
    assert pair.admit(NOW + 2 * COOKIE_BUCKET) is None


def test_what_a_doorman_remembers_goes_with_the_cookies() -> None:
    doorman = Pair().doorman
    for number in range(100):
        pair = Pair(seed=number + 10)
        pair.doorman = doorman
        assert pair.opening.answer(pair.answer())
        assert isinstance(pair.admit(), Admission)
    late = Pair(seed=5)
    late.doorman = doorman
    late.answer(NOW + 2 * COOKIE_BUCKET)
    assert not doorman._accepted
    assert not doorman._accepted_before


def test_sessions_of_one_client_have_nothing_in_common() -> None:
    pairs = [Pair(seed=seed) for seed in range(5)]
    channels = [pair.channels() for pair in pairs]
    assert len({client.sid for client, _ in channels}) == 5
    sealed = [client.seal(bytes(20)) for client, _ in channels]
    assert len({datagram[13:] for datagram in sealed}) == 5


def test_an_answer_to_somebody_elses_open_is_ignored() -> None:
    pair, other = Pair(seed=1), Pair(seed=2)
    assert not pair.opening.answer(other.answer())
    assert not pair.opening.answered


def test_an_answer_that_does_not_know_the_secret_is_ignored() -> None:
    pair = Pair(secret=b"another secret")
    assert not pair.opening.answer(pair.answer())


@pytest.mark.parametrize(
    "changed", [{"version": 9}, {"cookie": bytes(16)}, {"mac": bytes(16)}], ids=str
)
def test_a_changed_answer_is_ignored(changed: dict[str, Any]) -> None:
    pair = Pair()
    answer = pair.answer()
    assert not pair.opening.answer(replace(answer, **changed))
    assert pair.opening.answer(answer)


def test_an_answer_says_which_sending_it_answers() -> None:
    """So that the round trip can be told from its repetitions (Karn)."""
    pair = Pair()
    assert pair.answer().sending == 1
    pair.open = pair.opening.datagram()
    pair.open = pair.opening.datagram()
    assert pair.answer().sending == 3


def test_a_second_answer_changes_nothing() -> None:
    """Two FIRST under one random with two cookies would be two sessions."""
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    first = pair.opening.datagram()
    assert not pair.opening.answer(pair.answer(NOW + COOKIE_BUCKET))
    assert pair.opening.datagram() == first


def test_a_retry_is_about_this_attempt_or_none() -> None:
    pair = Pair()
    random = pair.answer().random
    assert pair.opening.refused(wire.Retry(random))
    assert pair.opening.answer(pair.answer())
    assert pair.opening.refused(wire.Retry(random))
    assert not pair.opening.refused(wire.Retry(bytes(16)))


def test_only_the_server_can_begin_the_session() -> None:
    pair = Pair()
    assert pair.opening.answer(pair.answer())
    for sealed in (b"", bytes(16), bytes(40)):
        datagram = wire.encode_header(wire.Session(b"session1", 0, sealed))
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Session)
        assert pair.opening.welcome(header, datagram) is None


def test_a_session_datagram_before_the_answer_begins_nothing() -> None:
    opening = Opening(PUBLISHED_SECRET, bytes(16), lambda _: FRAMES)
    keys = protect.session_keys(PUBLISHED_SECRET, bytes(16), b"", b"session1")
    datagram = Channel(b"session1", keys.to_client, keys.to_server).seal(FRAMES)
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Session)
    assert opening.welcome(header, datagram) is None
