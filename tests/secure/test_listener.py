from random import Random

import pytest
from OpenSSL import SSL

from chat.core.types import Path
from chat.secure.listener import Heard, Listener
from chat.secure.records import RANDOM_SIZE, client_random, records

from .host import CREDENTIALS, PATH, Peer, path_number


class Door:
    def __init__(self, seed: int = 0, refusal: str = "") -> None:
        self.refusal = refusal
        self.asked: list[Path] = []
        self.listener = Listener(CREDENTIALS, random=Random(seed).randbytes, refusal=self._refuse)

    def hear(self, datagram: bytes, path: Path = PATH, now: float = 0.0) -> Heard:
        (hello,) = records(datagram)
        random = client_random(hello)
        assert random is not None
        return self.listener.hear(hello, random, path, now)

    def _refuse(self, path: Path, now: float) -> str:
        self.asked.append(path)
        return self.refusal


def second_hello(door: Door, now: float = 0.0) -> bytes:
    peer = Peer()
    (first,) = peer.go()
    (second,) = peer.go(door.hear(first, now=now).answer)
    return second


def test_a_hello_with_a_good_cookie_is_a_connection() -> None:
    door = Door()
    heard = door.hear(second_hello(door))
    assert heard.ssl is not None
    assert not heard.answer
    with pytest.raises(SSL.WantReadError):  # for the client's answer
        heard.ssl.do_handshake()
    assert door.asked == [PATH]
    other = door.hear(second_hello(door))
    assert other.ssl is not None
    assert other.ssl is not heard.ssl


def test_an_answer_is_shorter_than_its_hello_and_always_the_same() -> None:
    door = Door()
    (hello,) = Peer().go()
    first = door.hear(hello)
    assert first.ssl is None
    assert 0 < len(first.answer) < len(hello) / 3
    assert door.hear(hello) == first


@pytest.mark.parametrize(
    "path", [PATH._replace(port=1), PATH._replace(socket=1), path_number(7), Path(0, "::1", 4000)]
)
def test_a_cookie_is_good_for_one_endpoint(path: Path) -> None:
    door = Door()
    second = second_hello(door)
    heard = door.hear(second, path)
    assert heard.ssl is None
    assert heard.answer
    assert door.hear(second).ssl is not None


def test_a_cookie_is_good_for_one_client_random() -> None:
    door = Door()
    second = second_hello(door)
    other = second[:27] + bytes(RANDOM_SIZE) + second[27 + RANDOM_SIZE :]
    assert door.hear(other).ssl is None
    assert not door.asked


@pytest.mark.parametrize(
    ("made", "used", "good"),
    [(14.9, 29.9, True), (0.0, 29.9, True), (14.9, 30.1, False), (0.0, 30.0, False)],
)
def test_a_cookie_is_good_in_its_bucket_and_the_next(made: float, used: float, good: bool) -> None:
    door = Door()
    second = second_hello(door, made)
    heard = door.hear(second, now=used)
    assert (heard.ssl is not None) == good
    assert bool(heard.answer) != good


def test_another_process_has_other_cookies() -> None:
    assert Door(1).hear(second_hello(Door(2))).ssl is None


def test_a_good_cookie_may_be_refused_without_an_answer() -> None:
    door = Door(refusal="full")
    second = second_hello(door)
    assert door.hear(second) == Heard(dropped="full")
    (hello,) = Peer().go()
    assert door.hear(hello).answer
    door.refusal = ""
    assert door.hear(second).ssl is not None


def test_what_was_heard_before_leaves_nothing_behind() -> None:
    """Neither bytes nor errors of OpenSSL's, of which a thread has one queue."""
    door = Door()
    second = second_hello(door)
    random = Random(5)
    for _ in range(3000):
        spoilt = bytearray(second)
        for _ in range(random.randint(1, 6)):
            place = random.choice([*range(13, 25), *range(59, len(second))])
            spoilt[place] = random.randrange(256)
        spoilt[13:14] = b"\x01"
        spoilt[19:22] = bytes(3)
        heard = door.hear(bytes(spoilt))
        assert (heard.ssl is not None) + bool(heard.answer) + bool(heard.dropped) == 1
        assert len(heard.answer) <= len(spoilt)
    assert door.hear(second).ssl is not None
