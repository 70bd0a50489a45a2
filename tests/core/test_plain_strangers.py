"""Plain text from elsewhere than the server's machine: the other half of `chat.core.plain`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits
from chat.core.plain import Policy
from chat.core.types import Path

from .scene import ELSEWHERE, HERE, Scene

SIX = Path(0, "2001:db8::7", 5000)


def code_of(lines: list[str]) -> str:
    (line,) = lines
    assert line.startswith("-- to be heard, type this code: ")
    return line.rpartition(" ")[2]


def said(scene: Scene) -> int:
    return scene.log.open("lobby", b"", ()).head.seq


@pytest.mark.parametrize(
    ("policy", "path", "heard"),
    [
        (Policy.LOOPBACK, HERE, True),
        (Policy.LOOPBACK, ELSEWHERE, False),
        (Policy.OFF, HERE, False),
        (Policy.OFF, ELSEWHERE, False),
        (Policy.ANY, HERE, True),
        (Policy.ANY, ELSEWHERE, True),
    ],
)
def test_whose_text_is_taken_is_the_operators_choice(
    policy: Policy, path: Path, heard: bool
) -> None:
    scene = Scene(plain=policy)
    assert bool(scene.write("hello\n", path)) is heard
    assert bool(scene.hub.dropped["plain text not taken"]) is not heard


def test_the_first_line_waits_for_the_code_and_is_said_then() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    assert (said(scene), scene.hub.census().text_endpoints) == (0, 0)
    lines = scene.write(f"{code}\n", ELSEWHERE)
    assert lines[-1] == "[192.0.2.7:5000] guest-5000: hello"
    assert said(scene) == 1
    assert scene.write("again\n", ELSEWHERE) == ["[192.0.2.7:5000] guest-5000: again"]


def test_the_code_is_taken_however_people_type_it() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    scene.write(f"  {code.upper()}\r\n", ELSEWHERE)
    assert said(scene) == 1


def test_a_command_may_come_first_too() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("/nick ann\nhello\n", ELSEWHERE))
    assert scene.write(code, ELSEWHERE)[-1] == "[192.0.2.7:5000] ann: hello"


def test_who_says_goodbye_first_thing_leaves_nothing_behind() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("/quit\n/nick ceo\n/join x\n", ELSEWHERE))
    scene.write(code, ELSEWHERE)
    assert scene.hub._house.people._names.owner("ceo") is None
    assert (scene.hub._plain.endpoints, scene.hub._plain._busy) == ({}, {})


def test_strangers_together_get_so_many_codes_a_second_and_no_more() -> None:
    scene, most = Scene(plain=Policy.ANY), int(limits.STATELESS)
    for _ in range(most + 100):
        scene.receive(b"x", ELSEWHERE)
    assert len(scene.take(ELSEWHERE)) == most
    assert scene.hub.dropped["stateless answers withheld"] == 100
    scene.now += 1.0
    assert scene.write("x", ELSEWHERE)


def test_three_wrong_codes_and_the_line_is_forgotten() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    for _ in range(limits.TEXT_TRIES):
        scene.write("wrong1\n", ELSEWHERE)
    scene.write(f"{code}\n", ELSEWHERE)
    assert (said(scene), scene.hub.census().text_endpoints) == (0, 0)


def test_two_wrong_codes_are_forgiven() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    for _ in range(limits.TEXT_TRIES - 1):
        assert code_of(scene.write("wrong1\n", ELSEWHERE)) == code
    scene.write(f"{code}\n", ELSEWHERE)
    assert said(scene) == 1


@pytest.mark.parametrize(("seconds", "heard"), [(59.0, 1), (61.0, 0), (1000.0, 0)])
def test_the_line_waits_a_minute(seconds: float, heard: int) -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    scene.wait(seconds)
    scene.write(f"{code}\n", ELSEWHERE)
    assert said(scene) == heard


def test_a_code_is_good_for_its_minute_and_the_next() -> None:
    scene = Scene(plain=Policy.ANY)
    scene.now = 1019.0
    code = code_of(scene.write("hello\n", ELSEWHERE))
    scene.wait(2.0)
    assert code_of(scene.write("wrong1\n", ELSEWHERE)) != code
    scene.write(f"{code}\n", ELSEWHERE)
    assert said(scene) == 1


def test_a_code_is_good_for_its_endpoint_only() -> None:
    scene = Scene(plain=Policy.ANY)
    code = code_of(scene.write("hello\n", ELSEWHERE))
    other = Path(0, ELSEWHERE.host, 5001)
    scene.write("hello\n", other)
    scene.write(f"{code}\n", other)
    assert said(scene) == 0


def test_so_many_wait_and_no_more_get_an_answer() -> None:
    scene = Scene(plain=Policy.ANY)
    for port in range(1, limits.TEXT_WAITING + 11):
        path = Path(0, ELSEWHERE.host, port)
        assert bool(scene.write("hello\n", path)) is (port <= limits.TEXT_WAITING)
    assert len(scene.hub._plain._waiting) == limits.TEXT_WAITING
    assert scene.hub.dropped["plain text: full"] == 10
    scene.wait(limits.TEXT_WAIT)
    assert scene.write("hello\n", ELSEWHERE)
    assert len(scene.hub._plain._waiting) == 1


def test_the_code_is_never_seen_by_others_and_never_said() -> None:
    scene = Scene(plain=Policy.ANY)
    scene.write("here\n")
    code = code_of(scene.write("hello\n", ELSEWHERE))
    scene.write(code, ELSEWHERE)
    assert not any(code in line for line in scene.lines(HERE))


def test_one_byte_is_answered_by_no_more_than_59() -> None:
    scene = Scene(plain=Policy.ANY)
    scene.receive(b"x", ELSEWHERE)
    (answer,) = scene.take(ELSEWHERE)
    assert len(answer) <= 59


@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=40).map(str.encode),
            st.just(b"code"),
            st.integers(1, 1200).map(lambda size: b"x" * size),
        ),
        max_size=12,
    ),
    st.sampled_from([(ELSEWHERE, 28), (SIX, 48)]),
)
def test_whatever_a_stranger_says_it_gets_at_most_three_times_as_much(
    datagrams: list[bytes], where: tuple[Path, int]
) -> None:
    """On the wire, with IP and UDP headers."""
    path, overhead = where
    scene = Scene(plain=Policy.ANY)
    heard = told = 0
    for datagram in datagrams:
        heard += len(datagram) + overhead
        scene.receive(datagram, path)
        told += sum(len(answer) + overhead for answer in scene.take(path))
        if path in scene.hub._plain.endpoints:
            break
        assert told <= 3 * heard
    assert len(scene.hub._plain._waiting) <= 1
