"""The client's handshakes, with a server's in memory on the other side: no socket, no waiting."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path as FilePath
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest

from chat import handshake
from chat.core import guest as core_guest
from chat.core.link import DEFAULT_PORT, Link
from chat.core.types import Path
from chat.handshake import DTLS, Handshaker
from chat.net import timer
from chat.secure.credentials import Credentials, pin_of
from chat.secure.dtls_client import RESEND
from chat.secure.dtls_server import Handshakes
from chat.secure.exporter import Secrets
from chat.secure.trust import Trust

OURS, THEIRS = Credentials.generate(), Credentials.generate()
CLIENT, HOST = Path(0, "192.0.2.33", 4000), "192.0.2.1"
ALERT = bytes.fromhex("15fefd00000000000000000002") + bytes((2, 71))


class Loop:
    """Of an event loop only what a timer needs; and the clock, which somebody moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, Callable[[], None], SimpleNamespace]] = []

    def call_later(self, delay: float, act: Callable[[], None]) -> SimpleNamespace:
        handle = SimpleNamespace(cancelled=False)
        handle.cancel = lambda: setattr(handle, "cancelled", True)
        self._due.append((self.now + delay, act, handle))
        return handle

    @property
    def armed(self) -> bool:
        return any(not handle.cancelled for _, _, handle in self._due)

    def wait(self, seconds: float, then: Callable[[], None]) -> None:
        """`then` is called after each of its calls."""
        until = self.now + seconds
        while True:
            self._due = [each for each in self._due if not each[2].cancelled]
            at, act, handle = min(self._due, key=lambda it: it[0], default=(until + 1, None, None))
            if at > until or act is None:
                break
            self.now = max(self.now, at)
            assert handle is not None
            handle.cancelled = True
            act()
            then()
        self.now = until


class Guest:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def shaking(self, now: float) -> None:
        self.told.append(("shaking",))

    def admitted(self, id: bytes, secret: bytes, server: bytes, now: float) -> None:
        self.told.append(("admitted", id, secret, server))

    def distrusted(self, reason: str, now: float) -> None:
        self.told.append(("distrusted", reason))


class Pair:
    """A handshaker, and its server. `deaf`: the server does not hear."""

    def __init__(
        self,
        folder: FilePath,
        patch: pytest.MonkeyPatch,
        *,
        pin: str = "",
        credentials: Credentials = OURS,
        port: int = DEFAULT_PORT,
    ) -> None:
        self.loop = Loop()
        clock = SimpleNamespace(monotonic=lambda: self.loop.now)
        patch.setattr(handshake, "time", clock)
        patch.setattr(timer, "time", clock)
        self.guest = Guest()
        self.lines: list[str] = []
        self.turns = 0
        self.sent: list[bytes] = []
        self.targets: set[Path] = set()
        self.admitted: list[Secrets] = []
        self.deaf = False
        self.heard: list[bytes] = []
        """What the server has said."""
        self._on_its_way: list[bytes] = []
        self.folder = folder
        self.link = Link(HOST, port, pin=pin)
        self.serve(credentials)
        self.shaker = Handshaker(
            cast("asyncio.AbstractEventLoop", self.loop),
            cast("core_guest.Guest", self.guest),
            self.link,
            Trust(folder),
            send=self._send,
            turn=self._turn,
            say=self.lines.append,
        )

    def serve(self, credentials: Credentials) -> None:
        """Another server's process at the same address."""
        self.server = Handshakes(
            credentials,
            random=Random(1).randbytes,
            send=lambda path, datagram: self._on_its_way.append(datagram),
            admitted=lambda path, secrets: self.admitted.append(secrets),
            text=lambda path, text: None,
            closed=lambda path: None,
        )

    def begin(self) -> None:
        self.shaker.begin()
        self.go()

    def go(self) -> None:
        """Until neither has anything more to say."""
        while self._on_its_way:
            self.heard.append(self._on_its_way.pop(0))
            self.shaker.receive(self.heard[-1])

    def wait(self, seconds: float) -> None:
        self.loop.wait(seconds, self.go)

    def kinds(self) -> list[object]:
        return [what for what, *_ in self.guest.told]

    def _send(self, path: Path, datagram: bytes) -> None:
        self.targets.add(path)
        self.sent.append(datagram)
        if not self.deaf:
            self.server.receive(datagram, CLIENT, self.loop.now)

    def _turn(self) -> None:
        self.turns += 1


Make = Callable[..., Pair]


@pytest.fixture
def pair(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **changed: Pair(tmp_path, monkeypatch, **changed)


def test_nothing_happens_until_it_is_asked_for(pair: Make) -> None:
    made = pair()
    made.shaker.receive(ALERT)
    assert (made.sent, made.guest.told, made.loop.armed) == ([], [], False)
    assert made.shaker.hint == ""


def test_a_handshake_ends_with_what_both_have_and_what_the_server_proved(pair: Make) -> None:
    made = pair()
    made.begin()
    (secrets,) = made.admitted
    server = hashlib.sha256(OURS.public).digest()
    assert made.guest.told == [("shaking",), ("admitted", *secrets, server)]
    assert made.turns == 1
    assert made.targets == {Path(0, HOST, DEFAULT_PORT)}
    assert {datagram[0] for datagram in made.sent} <= set(DTLS)


def test_when_it_has_ended_there_is_nothing_to_repeat(pair: Make) -> None:
    made = pair()
    made.begin()
    assert not made.loop.armed
    made.sent.clear()
    made.wait(100.0)
    assert made.sent == []


def test_what_is_lost_is_sent_again(pair: Make) -> None:
    made = pair()
    made.deaf = True
    made.begin()
    assert len(made.sent) == 1
    made.wait(RESEND[0] + 0.01)
    assert len(made.sent) == 2
    made.deaf = False
    made.wait(5.0)
    assert made.kinds() == ["shaking", "admitted"]


@pytest.mark.parametrize("datagram", [ALERT, b"\x16", b"\x16\xfe\xfd" + bytes(40), b"\x17" * 60])
def test_what_is_no_answer_does_not_say_that_the_server_is_there(
    pair: Make, datagram: bytes
) -> None:
    made = pair()
    made.deaf = True
    made.begin()
    made.shaker.receive(datagram)
    assert made.guest.told == []


def test_the_guest_hears_once_that_the_server_is_there(pair: Make) -> None:
    made = pair()
    made.begin()
    assert made.kinds().count("shaking") == 1
    made.begin()
    assert made.kinds().count("shaking") == 2, "once in each"


@pytest.mark.parametrize("pin", ["", pin_of(THEIRS.public)], ids=["trusted", "distrusted"])
def test_it_is_judged_once_however_often_the_server_says_the_same(pair: Make, pin: str) -> None:
    made = pair(pin=pin)
    made.begin()
    told = list(made.guest.told)
    made.sent.clear()
    for datagram in made.heard:
        made.wait(1.0)
        made.shaker.receive(datagram)
    assert made.guest.told == told
    assert (made.sent == []) is bool(pin), "only who is trusted is told again what it has missed"


# Whose key it is


def test_a_first_visit_is_said_once(pair: Make) -> None:
    made = pair()
    made.begin()
    (line,) = made.lines
    assert line.startswith(f"first visit: {HOST}:{DEFAULT_PORT} has the key {pin_of(OURS.public)}")
    assert "\n" not in line
    made.begin()
    assert len(made.lines) == 1
    assert made.kinds().count("admitted") == 2


def test_the_next_process_of_the_client_remembers(pair: Make) -> None:
    pair().begin()
    made = pair()
    made.begin()
    assert made.lines == []
    assert "admitted" in made.kinds()


def test_the_right_pin_is_no_matter_of_words(pair: Make) -> None:
    made = pair(pin=pin_of(OURS.public))
    made.begin()
    assert made.lines == []
    assert "admitted" in made.kinds()


def test_a_wrong_pin_is_the_end(pair: Make) -> None:
    made = pair(pin=pin_of(THEIRS.public))
    made.begin()
    assert made.kinds() == ["shaking", "distrusted"]
    (reason,) = made.guest.told[-1][1:]
    assert isinstance(reason, str)
    assert pin_of(OURS.public) in reason
    assert pin_of(THEIRS.public) in reason
    assert "\n" not in reason
    assert made.turns == 1
    made.sent.clear()
    made.wait(100.0)
    assert made.sent == []
    assert not made.loop.armed
    assert not (made.folder / "known_hosts").exists(), "what was not trusted is not remembered"


def test_a_key_that_has_changed_is_the_end(pair: Make) -> None:
    pair().begin()
    made = pair(credentials=THEIRS)
    made.begin()
    assert made.kinds() == ["shaking", "distrusted"]
    (reason,) = made.guest.told[-1][1:]
    assert f"chat forget {HOST}:{DEFAULT_PORT}" in str(reason)


def test_a_server_that_changes_its_key_in_between_is_noticed(pair: Make) -> None:
    made = pair()
    made.begin()
    made.serve(THEIRS)
    made.begin()
    assert made.kinds()[-1] == "distrusted"


def test_a_first_visit_that_cannot_be_written_down_is_said(pair: Make, tmp_path: FilePath) -> None:
    (tmp_path / "known_hosts").mkdir()
    made = pair()
    made.begin()
    assert len(made.lines) == 2
    assert "not remembered" in made.lines[1]
    assert "admitted" in made.kinds()


# Beginning again


def test_a_second_begin_drops_the_first(pair: Make) -> None:
    made = pair()
    made.deaf = True
    made.begin()
    (first,) = made.sent
    made.deaf = False
    made.begin()
    assert made.kinds() == ["shaking", "admitted"]
    second = made.sent[1]
    assert first != second, "another random"
    made.sent.clear()
    made.wait(100.0)
    assert made.sent == [], "nothing of the first is repeated"


def test_an_answer_to_the_first_does_not_end_the_second(pair: Make) -> None:
    made = pair()
    made.shaker.begin()
    answers, made._on_its_way[:] = list(made._on_its_way), []
    made.deaf = True
    made.begin()
    for answer in answers:
        made.shaker.receive(answer)
    assert "admitted" not in made.kinds()
    made.deaf = False
    made.wait(10.0)
    assert made.kinds().count("admitted") == 1


def test_after_the_end_nothing_more_is_said(pair: Make) -> None:
    made = pair()
    made.deaf = True
    made.begin()
    made.shaker.close()
    assert not made.loop.armed
    made.sent.clear()
    made.wait(100.0)
    made.shaker.receive(ALERT)
    assert (made.sent, made.guest.told) == ([], [])


# Hints


def test_an_alert_is_a_hint_and_proves_nothing(pair: Make) -> None:
    """Anybody can send one."""
    made = pair()
    made.deaf = True
    made.begin()
    made.shaker.receive(ALERT)
    assert made.shaker.hint == "the server says that it has no secure sessions"
    assert made.kinds() == [], "it does not count as having heard the server"
    made.deaf = False
    made.wait(10.0)
    assert made.kinds()[-1] == "admitted"


def test_a_new_attempt_has_no_hint(pair: Make) -> None:
    made = pair()
    made.deaf = True
    made.begin()
    made.shaker.receive(ALERT)
    made.begin()
    assert made.shaker.hint == ""


async def test_it_works_with_a_loop_of_asyncio(tmp_path: FilePath) -> None:
    """The same with real time: the first flight is lost, and sent again."""
    admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    loop, guest, lost = asyncio.get_running_loop(), Guest(), list[bytes]()
    server = Handshakes(
        OURS,
        random=Random(1).randbytes,
        send=lambda path, datagram: shaker.receive(datagram),
        admitted=lambda path, secrets: None,
        text=lambda path, text: None,
        closed=lambda path: None,
    )

    def send(path: Path, datagram: bytes) -> None:
        if lost:
            loop.call_soon(lambda: server.receive(datagram, CLIENT, loop.time()))
        else:
            lost.append(datagram)

    def turn() -> None:
        if not admitted.done():
            admitted.set_result(None)

    shaker = Handshaker(
        loop,
        cast("core_guest.Guest", guest),
        Link(HOST),
        Trust(tmp_path),
        send=send,
        turn=turn,
        say=lambda line: None,
    )
    shaker.begin()
    await asyncio.wait_for(admitted, 30)
    assert [what for what, *_ in guest.told] == ["shaking", "admitted"]
    shaker.close()
