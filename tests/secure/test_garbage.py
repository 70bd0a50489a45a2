"""Whatever comes, nobody raises, and what lives goes on."""

from random import Random

import pytest

from chat.secure.dtls_client import ClientHandshake

from .host import PATH, Host, Peer, path_number


def spoilt(datagram: bytes, random: Random) -> bytes:
    """A few bytes changed, cut, doubled or put elsewhere."""
    copy = bytearray(datagram)
    for _ in range(random.randint(1, 4)):
        match random.randrange(8):
            case 0 if copy:
                del copy[random.randrange(len(copy)) :]
            case 1:
                place = random.randrange(len(copy) + 1)
                copy[place:place] = random.randbytes(random.randint(1, 40))
            case 2 if copy:
                start = random.randrange(len(copy))
                copy += copy[start : start + 60]
            case 3 if len(copy) > 13:
                copy[random.randrange(13)] = random.randrange(256)
            case _ if copy:
                copy[random.randrange(len(copy))] ^= 1 << random.randrange(8)
    return bytes(copy)


@pytest.mark.parametrize("seed", range(4))
def test_a_server_survives_whatever_is_sent_to_any_of_its_endpoints(seed: int) -> None:
    random = Random(seed)
    host = Host(seed)
    peer = host.speaking()
    corpus: list[bytes] = []
    now = 0.0
    for number in range(40):
        path = path_number(number)
        other = Peer()
        said = other.go()
        for _ in range(random.randrange(5)):
            corpus += said
            said = other.go(*host.hear(*said, path=path, now=now))
        corpus += said
        for _ in range(40):
            datagram = spoilt(random.choice(corpus), random)
            to = PATH if random.random() < 0.3 else path_number(random.randrange(number + 1))
            host.server.receive(datagram, to, now)
            now += 0.01
        host.server.timeout(now)
        text = b"%d" % number
        host.taken()
        host.hear(*peer.say(text), now=now)
        assert host.texts[-1] == (PATH, text)
        host.server.write(PATH, text)
        peer.go(*host.taken())
        assert peer.heard[-1] == text
    assert PATH not in host.closed
    host.server.timeout(now + 10.0)
    assert host.server.pending == 0
    assert not host.server._prefixes
    host.shaken(path_number(99), now=now)


@pytest.mark.parametrize("seed", range(4))
def test_a_client_survives_whatever_is_sent_to_it(seed: int) -> None:
    random = Random(seed)
    now = 0.0
    for _ in range(15):
        host = Host(seed)
        client = ClientHandshake(now, jitter=random.random)
        corpus: list[bytes] = [b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"]
        for _ in range(60):
            client.receive(spoilt(random.choice(corpus), random), now)
            client.timeout(now)
            corpus += host.hear(*client.datagrams(), now=now)
            now += 0.02
        for _ in range(400):
            if client.secrets is not None:
                break
            now += 0.05
            client.timeout(now)
            for datagram in host.hear(*client.datagrams(), now=now):
                client.receive(datagram, now)
            host.server.timeout(now)
        assert client.secrets in [secrets for _, secrets in host.admitted]
        for datagram in corpus:
            client.receive(spoilt(datagram, random), now)
        assert not client.failed
