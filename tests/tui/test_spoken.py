import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.core import events
from chat.core.asks import Join, Member, RoomRow
from chat.core.inbox import Broken, Expired
from chat.core.names import direct_room
from chat.core.roles import Role
from chat.core.types import Entry, Kind
from chat.tui.spoken import BACKLOG, Spoken, said

from .corpus import HOSTILE
from .entries import NOON, OTHER, ROOM, entry
from .guests import Scene

CONNECTED = events.Connected("ann", "ann", "192.0.2.1:4000", False)
AGAIN = events.Connected("ann", "ann", "192.0.2.1:4001", True)
ENTERED = (events.Entered(ROOM, "", "", False), events.CaughtUp(ROOM))
CLOCK = time.strftime("%H:%M", time.localtime(NOON / 1000))


class Talk:
    """A scene that is told in lines."""

    def __init__(self, *, echo: bool = False, begun: bool = True) -> None:
        self.scene = Scene()
        self.guest = self.scene.guest
        self.spoken = Spoken(self.scene.model, echo=echo)
        if begun:
            self.take(CONNECTED, *ENTERED)

    def take(self, *told: object) -> list[str]:
        for event in told:
            self.spoken.take(event)
        return self.spoken.drain()

    def enter(self, text: str) -> list[str]:
        self.spoken.enter(text)
        return self.spoken.drain()

    def tick(self, seconds: float) -> list[str]:
        for _ in range(int(seconds)):
            self.scene.now += 1.0
            self.spoken.tick()
        return self.spoken.drain()

    def presence(self, *names: str, room: str = ROOM) -> object:
        roster = self.guest.rooms[room].roster
        roster.members = {n: Member(n, name, "", 0, False) for n, name in enumerate(names, 1)}
        roster.renewing = False
        roster.count, roster._version, roster._newest = len(names), 1, 1
        return events.Presence(room, 0, ())

    def own(self, seq: int, n: int, text: str) -> Entry:
        return entry(seq, text, name="ann", instance=self.guest.instance, n=n)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_what_is_said_at_the_start() -> None:
    talk = Talk(begun=False)
    talk.enter("/set joins all")
    talk.guest.rooms[ROOM].topic = "ducks\x1b[2J"
    assert talk.take(CONNECTED, *ENTERED) == [
        "-- connected as ann, 192.0.2.1:4000",
        "-- /help says what there is",
    ]
    assert talk.take(talk.presence("ann", "bob", "carol")) == [
        "-- the topic of #lobby: ducks[2J",
        "-- with you in #lobby: bob and carol",
    ]
    assert talk.take(talk.presence("ann", "bob", "dave")) == ["-- dave joined", "-- carol left"]


def test_alone(talk: Talk) -> None:
    assert talk.take(talk.presence("ann")) == ["-- nobody else is in #lobby"]


def test_a_crowd_is_counted(talk: Talk) -> None:
    assert talk.tick(3) == [], "not before it is known"
    talk.guest.rooms[ROOM].roster.count = 1200
    assert talk.tick(3) == ["-- 1,200 are in #lobby; /who lists them"]


def test_what_others_say(talk: Talk) -> None:
    assert talk.take(entry(1, "hi"), entry(2, "waves", kind=Kind.ACTION)) == [
        f"{CLOCK} <bob> hi",
        f"{CLOCK} * bob waves",
    ]
    assert talk.take(entry(3, "ducks", kind=Kind.TOPIC)) == [
        f"{CLOCK} * bob changed the topic to: ducks"
    ]
    assert talk.take(entry(4, "one\n-- two\n\nthree")) == [
        f"{CLOCK} <bob> one\n    -- two\n    \n    three"
    ]


def test_what_moderators_do(talk: Talk) -> None:
    kicked = entry(1, "kicked carol: spam\x1b", kind=Kind.MODERATION, key=b"k" * 8)
    assert talk.take(kicked) == [f"{CLOCK} -- bob* kicked carol: spam"]
    removed = replace(entry(2, "spam", kind=Kind.DELETE, refers=1), endpoint="")
    assert talk.take(removed) == [f"{CLOCK} * bob deletes a message: spam"]


def test_nobody_else_can_make_it_look_so(talk: Talk) -> None:
    lines = talk.take(entry(1, "-- bob kicked carol"), entry(2, "--", kind=Kind.ACTION))
    assert not any(line.removeprefix(CLOCK).startswith(" --") for line in lines)


def test_a_text_of_several_entries_is_told_when_it_is_whole(talk: Talk) -> None:
    assert talk.take(entry(1, "be", n=1, more=True), entry(2, "other", instance=b"another!")) == [
        f"{CLOCK} <bob> other"
    ]
    assert talk.take(entry(3, "gin", n=2)) == [f"{CLOCK} <bob> begin"]
    assert talk.take(entry(4, "cut off", n=3, more=True)) == []
    talk.spoken.end()
    assert talk.spoken.drain() == [f"{CLOCK} <bob> cut off"]


def test_only_the_last_of_what_was_said_before() -> None:
    talk = Talk(begun=False)
    assert talk.take(CONNECTED, ENTERED[0], *(entry(seq) for seq in range(1, 31))) == []
    lines = talk.take(events.CaughtUp(ROOM))
    assert lines[0] == "-- the last 10 messages; chat tail --last N prints more"
    assert lines[1:-2] == [f"{CLOCK} <bob> message {seq}" for seq in range(31 - BACKLOG, 31)]
    assert lines[-2] == "-- connected as ann, 192.0.2.1:4000"
    assert talk.take(entry(31)) == [f"{CLOCK} <bob> message 31"]


def test_a_short_past_is_told_whole() -> None:
    talk = Talk(begun=False)
    talk.take(CONNECTED, ENTERED[0], *(entry(seq) for seq in range(1, 4)))
    lines = talk.take(events.CaughtUp(ROOM))
    assert lines[:-2] == [f"{CLOCK} <bob> message {seq}" for seq in range(1, 4)]


def test_what_was_missed_is_told_whole(talk: Talk) -> None:
    talk.take(events.Disconnected("silent"), AGAIN, events.Entered(ROOM, "", "", True))
    lines = talk.take(*(entry(seq) for seq in range(1, 31)), events.CaughtUp(ROOM))
    assert lines == [f"{CLOCK} <bob> message {seq}" for seq in range(1, 31)]


def test_another_day(talk: Talk) -> None:
    tomorrow = NOON + 86_400_000
    lines = talk.take(entry(1), entry(2, time=tomorrow), entry(3, time=tomorrow))
    assert len(lines) == 4
    assert lines[1].startswith("-- ")
    assert lines[1].endswith(" 2023")


def test_amendments(talk: Talk) -> None:
    assert talk.take(
        entry(1, "teh"),
        replace(entry(2, "the\nend", kind=Kind.EDIT), refers=1),
        replace(entry(3, "👍", kind=Kind.REACTION), refers=1),
        replace(entry(4, "-👍", kind=Kind.REACTION), refers=1),
        replace(entry(5, kind=Kind.DELETE), refers=1, text=""),
    ) == [
        f"{CLOCK} <bob> teh",
        f"{CLOCK} * bob corrects a message: the\n    end",
        f"{CLOCK} * bob reacts: 👍",
        f"{CLOCK} * bob takes back a reaction: 👍",
        f"{CLOCK} * bob takes back a message",
    ]


def test_settings(talk: Talk) -> None:
    assert talk.enter("/set time %H.%M") == ["-- time is %H.%M now"]
    assert talk.take(entry(1)) == [f"{CLOCK.replace(':', '.')} <bob> message 1"]
    assert talk.enter("/ignore bob") == ["-- bob is ignored"]
    assert talk.take(entry(2), entry(3, name="BOB")) == []
    assert talk.enter("/ignore bob") == ["-- bob is shown again"]
    assert len(talk.take(entry(4))) == 1


def test_a_time_that_no_calendar_knows(talk: Talk) -> None:
    assert talk.take(entry(1, time=(1 << 48) - 1))[-1].endswith("<bob> message 1")


def test_one_s_own_words_are_seen_already(talk: Talk) -> None:
    assert talk.enter("hello") == []
    assert talk.take(events.Logged(ROOM, 1, 1), talk.own(1, 1, "hello")) == []
    echoing = Talk(echo=True)
    assert echoing.enter("hello") == []
    assert echoing.take(events.Logged(ROOM, 1, 1), echoing.own(1, 1, "hello")) == [
        f"{CLOCK} <ann> hello"
    ]


def test_what_takes_long(talk: Talk) -> None:
    talk.enter("hello")
    assert talk.tick(4) == []
    assert talk.tick(3) == ["-- still on its way: hello"]
    assert talk.tick(20) == [], "once"
    assert talk.take(events.Logged(ROOM, 1, 1), talk.own(1, 1, "hello")) == [
        "-- in the log after 27 s: hello"
    ]


def test_what_failed_is_told_with_its_text(talk: Talk) -> None:
    talk.enter("one")
    talk.enter("two")
    lines = talk.take(events.Failed(ROOM, 1, "you are muted"))
    assert len(lines) == 1
    assert lines[0].startswith("-- not sent: you are muted")
    assert lines[0].endswith(": one")
    assert talk.take(events.Logged(ROOM, 2, 1)) == []
    assert talk.tick(9) == []


def test_what_the_server_confirmed_and_lost_is_told(talk: Talk) -> None:
    talk.enter("one")
    talk.enter("two")
    assert talk.take(events.Logged(ROOM, 1, 1), events.Disconnected("the log went back")) == []
    talk.guest._connection.renew("the log went back", 1.0)
    assert talk.take(AGAIN) == ["-- the server had confirmed this, and lost it: one"]
    assert talk.tick(7) == ["-- still on its way: two"]


def test_what_is_refused(talk: Talk) -> None:
    assert talk.enter("/wo")[0].startswith("-- there is no command /wo; did you mean /who?")
    assert talk.enter("x" * 9000)[0].startswith("-- 9000 bytes are too long for a message")
    assert talk.enter("/nick") == ["-- usage: /nick NAME"]
    assert talk.enter("//who") == []
    assert talk.scene.said() == ["/who"]


def test_what_takes_a_screen_is_refused(talk: Talk) -> None:
    talk.take(talk.own(1, 1, "helo"))
    assert talk.enter("/edit") == ["-- usage: /edit TEXT"]
    assert talk.enter("/search helo")[0].startswith("-- there is nothing to search here; chat tail")
    assert talk.enter("/copy") == ["-- there is no clipboard here"]
    assert talk.scene.model.line is talk.scene.model.editor, "a password can be asked for"
    assert talk.enter("/edit hello") == ["-- corrected: <ann> helo"]
    assert talk.scene.said() == ["hello"]


def test_help_is_about_commands_and_no_keys(talk: Talk) -> None:
    lines = talk.enter("/help")
    assert any(line.startswith("/join ROOM") for line in lines)
    assert not any("Ctrl" in line or "Tab" in line for line in lines)
    assert len(talk.enter("/help who")) == 1


def test_answers_are_printed_as_they_are(talk: Talk) -> None:
    talk.take(talk.presence("ann", "bob"))
    assert talk.enter("/who") == []
    assert talk.spoken.awaiting
    talk.take(talk.presence("ann", "bob"))
    lines = talk.tick(1)
    assert lines[0] == "2 members in lobby"
    assert lines[2].startswith("bob")
    assert not talk.spoken.awaiting
    assert talk.enter("/rooms") == ["-- that will be done when there is a connection"]
    assert talk.spoken.awaiting
    assert talk.take(events.Listing((RoomRow("dev", 3, "x"),))) == ["dev  3 members  x"]
    assert not talk.spoken.awaiting


def test_rooms(talk: Talk) -> None:
    talk.enter("/set joins all")
    assert talk.enter("/join dev")[0] == "-- you are in #dev now"
    talk.take(events.Entered("dev", "", "", False), events.CaughtUp("dev"))
    assert talk.take(entry(1), entry(1, room="dev")) == [
        f"#lobby {CLOCK} <bob> message 1",
        f"{CLOCK} <bob> message 1",
    ]
    talk.take(talk.presence("ann"))
    assert talk.take(talk.presence("ann", "bob")) == ["#lobby -- bob joined"]
    assert talk.enter("/leave") == ["-- you are in #lobby now"]
    assert talk.take(entry(2)) == [f"{CLOCK} <bob> message 2"]


def test_a_slow_room_takes_a_line_and_says_when_it_is_said(talk: Talk) -> None:
    talk.guest.standings[ROOM] = events.Standing(ROOM, Role.MEMBER, slow=30, ready=12.0)
    assert talk.enter("hello") == ["-- slow mode: this is said in 12 s"]
    assert talk.scene.said() == ["hello"]


def test_the_answers_to_moderators_are_awaited_and_told(talk: Talk) -> None:
    talk.enter("/ban")
    assert talk.spoken.awaiting
    assert talk.take(events.Done(ROOM, "bans", "", "carol banned by bob\ndave banned by bob")) == [
        "carol banned by bob",
        "dave banned by bob",
    ]
    assert not talk.spoken.awaiting
    talk.enter("/invite")
    (line,) = talk.take(events.Done(ROOM, "invite", "", "Abc-123"))
    assert line.startswith("-- invite: chat://") and line.endswith("/lobby")


def test_put_out(talk: Talk) -> None:
    talk.guest.rooms.pop(ROOM)
    assert talk.take(events.Removed(ROOM, "you were kicked from lobby by bob")) == [
        "-- you were kicked from lobby by bob"
    ]
    assert talk.enter("hello") == ["-- you are not in lobby; /join it first"]


def test_a_room_that_will_not_have_us(talk: Talk) -> None:
    talk.enter("/join dev")
    assert talk.take(events.Refusal("it is locked", Join(1, "dev", ()))) == [
        "-- you are not in #dev: it is locked"
    ]


def test_what_is_said_to_us_alone(talk: Talk) -> None:
    room = direct_room(OTHER, talk.guest.instance)
    talk.guest.join(room, 0.0)
    talk.take(events.Entered(room, "", "bob", False), events.CaughtUp(room))
    assert talk.take(entry(1, "psst", room=room)) == [f"@bob {CLOCK} <bob> psst"]
    assert talk.take(talk.presence("ann", "bob", room=room)) == [
        "-- only bob and you read @bob, and the server"
    ]
    talk.enter("/msg bob what")
    assert talk.take(events.DirectRoom(room, "bob")) == ["-- you are in @bob now"]
    assert talk.scene.said() == ["what"]


def test_what_is_so_in_all_rooms_is_told_once(talk: Talk) -> None:
    talk.enter("/join dev")
    assert talk.take(events.Renamed("bea", "bea")) == ["-- you are bea now"]


def test_no_answer_is_told_once_and_so_is_its_end(talk: Talk) -> None:
    talk.take(events.Disconnected("the server is silent"))
    talk.take(*(events.Unreachable(tries, "no answer") for tries in range(1, 5)))
    assert talk.tick(30) == ["-- the server is silent, for 5 s; trying again"]
    assert talk.take(AGAIN) == ["-- connected again after 30 s (the server is silent)"]
    assert talk.tick(30) == []


def test_no_answer_is_told_whatever_else_is_at_that_moment(talk: Talk) -> None:
    talk.take(events.Disconnected("the server is silent"))
    talk.enter("hello")
    talk.scene.now = 5.0
    assert talk.take(events.Unreachable(1, "no answer")) == ["-- still on its way: hello"]
    assert talk.tick(1) == ["-- the server is silent, for 6 s; trying again"]


def test_a_short_gap_is_not_told(talk: Talk) -> None:
    talk.take(events.Disconnected("the server is silent"))
    assert talk.tick(3) == []
    assert talk.take(AGAIN) == []


def test_a_server_that_was_never_there() -> None:
    talk = Talk(begun=False)
    reason = "nobody listens at x, UDP port 9"
    lines = talk.take(*(events.Unreachable(tries, reason) for tries in range(1, 5)))
    assert lines == [
        f"-- {reason}; trying again. What you say is kept until then",
        "-- /help says what there is",
    ]
    assert talk.tick(30) == []


def test_nothing_at_all_is_told_too() -> None:
    talk = Talk(begun=False)
    assert talk.tick(30) == ["-- no answer from the server for 5 s; trying again"]


def test_the_log_went_back(talk: Talk) -> None:
    talk.take(*(entry(seq) for seq in range(1, 6)))
    assert talk.take(Broken(ROOM, 3), entry(3, "anew")) == [
        "-- the server lost its newest messages: what follows 2 was taken back",
        f"{CLOCK} <bob> anew",
    ]


def test_what_expired(talk: Talk) -> None:
    assert talk.take(Expired(ROOM, 1, 3)) == [
        "-- 3 messages have expired before you could read them"
    ]


def test_each_is_told_once_among_many(talk: Talk) -> None:
    told = []
    for seq in range(1, 200):
        told += talk.take(entry(seq))
        told += talk.enter(f"mine {seq}")
        told += talk.enter("/topic")
        told += talk.take(events.Logged(ROOM, seq, seq))
    assert len(told) == 2 * 199
    assert told[1::2] == ["there is no topic; /topic TEXT sets one"] * 199


@given(
    name=st.one_of(st.text(), st.sampled_from(HOSTILE)),
    text=st.one_of(st.text(), st.sampled_from(HOSTILE)),
    kind=st.integers(0, 15),
)
def test_nothing_that_others_say_looks_like_ours(name: str, text: str, kind: int) -> None:
    line = said(entry(1, text, name=name, kind=kind), "%H:%M")
    first, *rest = line.split("\n")
    assert first.startswith(f"{CLOCK} ")
    assert all(each.startswith("    ") for each in rest)
    assert all(char.isprintable() or not char.isascii() for char in line.replace("\n", ""))
    assert not any("\x80" <= char < "\xa0" for char in line)
