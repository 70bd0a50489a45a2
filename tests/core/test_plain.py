"""The plain-text protocol, by way of the hub."""

import pytest

from chat.core import asks, limits, wire
from chat.core.plain import Policy
from chat.core.text import clean, excess
from chat.core.types import Path

from .den import Den
from .peer import Peer
from .scene import ELSEWHERE, HERE, Scene

OTHER = Path(0, "127.0.0.1", 6000)
WELCOME = "-- you are guest-5000 in lobby, 1 here; /help helps"
HELLO = "[127.0.0.1:5000] guest-5000: hello"


def entered(scene: Scene, path: Path = HERE) -> None:
    scene.write("hello\n", path)


def test_the_first_line_is_a_message_already() -> None:
    scene = Scene()
    assert scene.write("hello\n") == ["* guest-5000 joined", WELCOME, HELLO]
    assert scene.hub.census().text_endpoints == 1


def test_a_datagram_may_hold_many_lines_and_need_not_end_one() -> None:
    scene = Scene()
    entered(scene)
    assert scene.write("one\r\n\ntwo\n  \nthree") == [
        f"[127.0.0.1:5000] guest-5000: {text}" for text in ("one", "two", "three")
    ]


def test_what_could_act_on_a_terminal_is_gone_before_it_is_said() -> None:
    scene = Scene()
    entered(scene)
    entered(scene, OTHER)
    scene.lines()
    scene.write("a\x1b[2Jb\x07c\u202ed\r* bob left", OTHER)
    assert scene.lines() == ["[127.0.0.1:6000] guest-6000: a[2Jbcd * bob left"]


def test_both_protocols_are_in_one_room() -> None:
    scene = Scene()
    ann = Peer(scene)
    scene.write("hello\n")
    scene.lines()
    assert any(isinstance(frame, wire.Entries) for frame in ann.read())
    ann.say("hi nc")
    assert scene.lines() == [f"[{ann.path}] ann: hi nc"]


def test_a_long_line_becomes_consecutive_entries() -> None:
    scene = Scene()
    entered(scene)
    scene.write("x" * 2000 + "\n")
    head = scene.log.open("lobby", b"", ()).head.seq
    assert head == 1 + 3
    (refused,) = scene.write("x" * (limits.PASTE_BYTES + 1) + "\n")
    assert refused.startswith("-- not said: 8193 bytes are too long")
    assert scene.log.open("lobby", b"", ()).head.seq == head


# Commands


def test_nick() -> None:
    scene = Scene()
    entered(scene)
    entered(scene, OTHER)
    scene.lines()
    assert "-- you are ann now" in scene.write("/nick ann\n", OTHER)
    assert "* guest-6000 is ann now" in scene.lines()
    assert "-- you are ann2 now" in scene.write("/nick ann\n")
    (refused,) = scene.write("/nick a b\n")
    assert refused.startswith("-- a name has letters")


def test_who() -> None:
    scene = Scene()
    ann = Peer(scene)
    entered(scene)
    here = ["-- 2 in lobby", f"-- ann  {ann.path}", "-- guest-5000  127.0.0.1:5000"]
    assert scene.write("/who\n") == here
    assert scene.write("/who Lobby\n") == here
    assert scene.write("/who den\n") == ["-- nobody is in den"]


@pytest.mark.parametrize(
    ("act", "whom", "text", "told"),
    [
        ("lock", "", "", "-- you are not in den"),
        ("password", "", "open sesame", "-- you are not in den"),
        ("ban", "127.0.0.1", "spam", "-- you are banned from den: spam"),
    ],
)
def test_who_may_not_come_in_does_not_see_who_is_there(
    act: str, whom: str, text: str, told: str
) -> None:
    den = Den()
    den.scene.write("hello\n")
    here = ["-- 1 in den", f"-- ann*  {den.ann.path}"]
    assert den.scene.write("/who den\n") == here
    den.does(act, whom, text=text)
    assert den.scene.write("/who den\n") == [told]


def test_who_is_in_sees_who_else_is_whatever_its_door() -> None:
    den = Den()
    den.scene.write("hello\n/join den\n")
    den.does("lock")
    here = ["-- 2 in den", f"-- ann*  {den.ann.path}", "-- guest-5000  127.0.0.1:5000"]
    assert den.scene.write("/who\n") == den.scene.write("/who den\n") == here


def test_msg_reaches_one_person_only() -> None:
    scene = Scene()
    ann = Peer(scene)
    entered(scene)
    entered(scene, OTHER)
    scene.lines()
    ann.read()
    said = scene.write("/msg guest-6000 psst  psst\n")
    assert said == ["[127.0.0.1:5000] guest-5000 (sent): psst  psst"]
    assert scene.lines(OTHER)[-1] == "[127.0.0.1:5000] guest-5000 (to you): psst  psst"
    assert not any(isinstance(frame, wire.Entries | wire.Direct) for frame in ann.read())
    scene.write("/msg guest-5000 what?\n", OTHER)
    assert scene.lines() == ["[127.0.0.1:6000] guest-6000 (to you): what?"]
    assert scene.write("/msg zoe hi\n") == ["-- there is no zoe here; /who lists who is"]
    assert scene.write("/msg guest-5000 hi\n") == ["-- that is you"]


def test_msg_to_who_speaks_the_sealed_protocol_invites_it() -> None:
    scene = Scene()
    ann = Peer(scene)
    entered(scene)
    scene.write("/msg ann psst\n")
    ann.read()
    invited = ann.replies[-1]
    assert isinstance(invited, asks.Invited)
    assert invited.peer == "guest-5000"
    (joined,) = ann.join(invited.room)
    assert isinstance(joined, asks.Joined)
    assert joined.head == 1


def test_topic() -> None:
    scene = Scene()
    entered(scene)
    assert scene.write("/topic\n") == ["-- there is no topic"]
    assert scene.write("/topic old things\n") == [
        "[127.0.0.1:5000] * guest-5000 changed the topic to: old things"
    ]
    assert scene.write("/topic\n") == ["-- topic of lobby: old things"]


def test_join_leave_and_rooms() -> None:
    scene = Scene()
    entered(scene)
    entered(scene, OTHER)
    assert "-- you are guest-6000 in den, 1 here; /help helps" in scene.write("/join #Den\n", OTHER)
    assert "* guest-6000 left" in scene.lines()
    scene.write("hello den\n", OTHER)
    assert scene.lines() == []
    assert scene.write("/rooms\n") == ["-- den  1 here", "-- lobby  1 here"]
    assert scene.write("/leave\n") == ["-- you left lobby; /join another room, or /quit"]
    assert scene.write("/leave\n") == ["-- you are in no room"]
    assert scene.write("hello?\n") == ["-- you are in no room; /join one first"]
    assert [room for room in scene.hub._house.rooms] == ["den"]


def test_a_slip_leaves_one_where_one_is() -> None:
    scene = Scene()
    entered(scene)
    entered(scene, OTHER)
    scene.lines()
    assert scene.write("/leave den\n") == ["-- you are not in den"]
    (refused,) = scene.write("/join b!d\n")
    assert refused.startswith("-- a room's name has")
    assert scene.write("/join LOBBY\n") == ["-- you are in lobby"]
    assert scene.write("still here\n") == ["[127.0.0.1:5000] guest-5000: still here"]
    assert scene.lines(OTHER)[-1] == "[127.0.0.1:5000] guest-5000: still here"
    assert not any("left" in line for line in scene.lines(OTHER))


def test_each_line_is_for_the_room_that_the_lines_before_it_led_to() -> None:
    scene = Scene()
    scene.write("for the lobby\n/join den\nfor the den\n/leave\nfor nobody\n")

    def texts(room: str) -> int:
        return scene.log.open(room, b"", ()).head.seq

    assert (texts("lobby"), texts("den")) == (1, 1)
    assert scene.lines() == []
    assert [room.name for room in scene.hub._house.rooms.values()] == []
    assert scene.write("and now?\n") == ["-- you are in no room; /join one first"]


def test_a_room_that_cannot_be_opened_is_told_and_the_lines_after_it_go_on() -> None:
    scene = Scene()
    entered(scene)
    scene.trouble = "the disk is gone"
    told = scene.write("/join den\n/who\n")
    assert told[0] == "-- den cannot be opened at the moment; /join den tries again"
    assert told[1] == "-- 1 in lobby"
    scene.trouble = ""
    assert scene.write("hello\n") == [HELLO]


def test_rooms_are_listed_a_page_at_a_time() -> None:
    scene = Scene()
    entered(scene)
    for number in range(limits.TEXT_ROWS + 5):
        scene.now += 10.0
        scene.write(f"/join r{number:02}\n")
        scene.now += 10.0
        scene.write("what is said in it keeps a room\n")
    scene.now += 10.0
    scene.lines()
    first, second = scene.write("/rooms\n"), scene.write("/rooms\n")
    assert len(first) == limits.TEXT_ROWS + 1
    assert first[-1] == "-- there are more: /rooms goes on"
    assert [line.split()[1] for line in first[:-1] + second] == [
        "lobby",
        *(f"r{number:02}" for number in range(limits.TEXT_ROWS + 5)),
    ]
    assert scene.write("/rooms\n") == first


def test_a_crowd_is_listed_in_part() -> None:
    scene = Scene()
    for number in range(limits.TEXT_ROWS + 3):
        Peer(scene, f"p{number}")
    entered(scene)
    scene.lines()
    listed = scene.write("/who\n")
    assert len(listed) == limits.TEXT_ROWS + 2
    assert listed[-1] == "-- and 4 more"


def test_nothing_is_done_for_who_has_said_goodbye() -> None:
    scene = Scene()
    entered(scene)
    scene.write("/quit\n/nick ceo\n/join x\nhello?\n")
    assert scene.hub._house.people._names.owner("ceo") is None
    assert not scene.hub._plain._busy
    assert list(scene.hub._house.rooms) == []


def test_whoever_has_many_direct_rooms_gets_new_ones_for_the_oldest() -> None:
    scene = Scene()
    entered(scene)
    for number in range(limits.ROOMS_PER_MEMBER + 3):
        path = Path(0, "127.0.0.1", 7000 + number)
        scene.write(f"hi\n/msg guest-5000 secret {number}\n", path)
    last = limits.ROOMS_PER_MEMBER + 2
    assert scene.lines()[-1].endswith(f"(to you): secret {last}")
    assert scene.write("/join den\n")[-1] == "-- you are guest-5000 in den, 1 here; /help helps"


def test_quit() -> None:
    scene = Scene()
    entered(scene)
    assert scene.write("/quit\n") == ["-- goodbye"]
    assert scene.hub.census().text_endpoints == 0
    assert scene.hub._house.people._names.owner("guest-5000") is None
    assert scene.write("hello\n")[-1] == HELLO, "and may come again"


def test_help_and_mistakes_are_for_who_made_them() -> None:
    scene = Scene()
    entered(scene)
    entered(scene, OTHER)
    scene.lines()
    assert scene.write("/help nick\n", OTHER) == ["-- /nick NAME  change your name"]
    assert len(scene.write("/help\n", OTHER)) > 5
    (mistake,) = scene.write("/quti\n", OTHER)
    assert "did you mean /quit?" in mistake
    assert scene.lines() == []
    scene.write("//quti\n/me waves\n", OTHER)
    assert scene.lines() == [
        "[127.0.0.1:6000] guest-6000: /quti",
        "[127.0.0.1:6000] * guest-6000 waves",
    ]


# Limits


def test_who_writes_too_fast_is_told_what_was_not_taken() -> None:
    scene = Scene()
    entered(scene)
    lines = scene.write("x\n" * (int(limits.TEXT_BURST) + 5))
    taken = [line for line in lines if line.endswith(": x")]
    assert len(taken) == limits.TEXT_BURST - 1
    assert any("too fast" in line for line in lines)
    scene.now += 1.0
    lines = scene.write("y\n" * 30)
    assert sum(line.endswith(": y") for line in lines) == limits.TEXT_RATE


def test_only_what_is_taken_of_a_datagram_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, looked = Scene(), list[str]()
    entered(scene)

    def looking(line: str) -> str:
        looked.append(line)
        return clean(line)

    monkeypatch.setattr("chat.core.plain.clean", looking)
    long = "\u00e9" * 32_000
    assert scene.write(long) == [f"-- not said: {excess(long)}"]
    lines = scene.write("\u00e9\n" * 20_000)
    assert "-- too fast: 19962 of these lines were not taken" in lines
    assert 0 < len(looked) <= limits.TEXT_BURST
    assert set(looked) == {"\u00e9"}


def test_what_waits_for_a_slow_log_is_bounded() -> None:
    scene = Scene()
    entered(scene)
    scene.stalled = True
    for _ in range(100):
        scene.now += 1.0
        scene.write("x\n" * 10)
    endpoint = scene.hub._plain.endpoints[HERE]
    assert len(endpoint.lines) == limits.HELD_LINES
    scene.answer()
    assert not endpoint.lines
    assert not endpoint.held


def test_what_was_held_is_said_in_its_order() -> None:
    scene = Scene()
    scene.stalled = True
    scene.write("".join(f"{n}\n" for n in range(30)))
    scene.answer()
    said = [line.rpartition(": ")[2] for line in scene.lines() if ": " in line]
    assert said == [str(n) for n in range(30)]


def test_a_silent_endpoint_is_warned_once_and_then_gone() -> None:
    scene = Scene()
    entered(scene)
    scene.lines()
    scene.wait(limits.TEXT_IDLE - 1.0)
    assert scene.lines() == []
    scene.wait(2.0)
    (warning,) = scene.lines()
    assert warning.startswith("-- silent for 10 minutes")
    scene.wait(limits.TEXT_GRACE)
    assert scene.lines() == []
    assert scene.hub.census().text_endpoints == 0
    assert not any(scene.groups.values())


def test_one_line_is_enough_to_stay() -> None:
    scene = Scene()
    entered(scene)
    scene.wait(limits.TEXT_IDLE + 1.0)
    scene.write("still here\n")
    scene.wait(limits.TEXT_IDLE - 1.0)
    assert scene.lines() == []
    assert scene.hub.census().text_endpoints == 1


def test_who_writes_now_and_then_is_never_warned() -> None:
    scene = Scene()
    entered(scene)
    for _ in range(10):
        scene.wait(limits.TEXT_IDLE - 1.0)
        assert len(scene.write("x\n")) == 1


def test_a_port_that_refuses_is_gone_on_this_machine_only() -> None:
    scene = Scene(plain=Policy.ANY)
    entered(scene)
    (ask,) = scene.write("hi\n", ELSEWHERE)
    scene.write(ask.rpartition(" ")[2], ELSEWHERE)
    assert scene.hub.census().text_endpoints == 2
    for path in (HERE, ELSEWHERE):
        scene.hub.refuses(path, scene.now)
    scene.turn()
    assert list(scene.hub._plain.endpoints) == [ELSEWHERE]


def test_there_are_as_many_endpoints_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TEXT_ENDPOINTS", 2)
    scene = Scene()
    for port in (1, 2, 3):
        scene.write("hello\n", Path(0, "127.0.0.1", port))
    assert scene.hub.census().text_endpoints == 2
    assert scene.hub.dropped["plain text: full"] == 1


def test_before_the_registry_was_read_nobody_comes_in() -> None:
    scene = Scene()
    scene.hub._house.registry._ready_at = 1
    assert scene.write("hello\n") == []
    assert scene.hub.census().text_endpoints == 0


def test_at_the_end_everybody_is_told() -> None:
    scene = Scene()
    entered(scene)
    scene.lines()
    scene.hub.shutdown()
    scene.turn()
    assert scene.lines() == ["-- the server is going down"]
