"""What moderators ask for, and what they are answered."""

import sys
from types import FrameType
from typing import Any

import pytest

from chat.core import asks, limits, wire
from chat.core.motions import Operated
from chat.core.tickets import NO_TICKET
from chat.core.types import Kind, Tell

from .den import Den


def refusal(answer: asks.Done | asks.Refused | None) -> str:
    assert isinstance(answer, asks.Refused), answer
    return answer.reason


def operate(den: Den, act: str, whom: str = "", *, room: str = "den", **more: Any) -> Operated:
    den.scene.effects.clear()
    ask = asks.Act(0, room, act, whom, **more)
    den.scene.hub.operate("ticket", ask, den.scene.now, den.scene.wall)
    den.scene.turn()
    (answer,) = [it for it in den.scene.told() if isinstance(it, Operated)]
    return answer


# Once


def test_a_request_that_is_repeated_is_done_once_and_answered_again() -> None:
    den = Den()
    den.come("bob")
    ask = asks.Act(den.ann.number(), "den", "kick", "bob")
    first, again = den.ann.ask(ask), den.ann.ask(ask)
    assert [it for it in first if isinstance(it, asks.Done)] == [asks.Done(ask.r, "")]
    assert again == [asks.Done(ask.r, "")]
    assert den.lines() == ["ann kicked bob"]


def test_an_invite_that_is_asked_for_again_is_the_same_one() -> None:
    den = Den()
    ask = asks.Act(den.ann.number(), "den", "invite")
    first, again = den.ann.ask(ask), den.ann.ask(ask)
    (done,) = [it for it in first if isinstance(it, asks.Done)]
    assert done.text and again == [done]


def test_so_it_is_while_the_log_has_not_answered_and_for_what_was_refused() -> None:
    den = Den()
    den.scene.stalled = True
    ask = asks.Act(den.ann.number(), "den", "lock")
    assert [den.ann.ask(ask), den.ann.ask(ask)] == [[], []]
    den.scene.answer()
    den.ann.read()
    assert den.ann.replies[-1] == asks.Done(ask.r, "")
    assert den.lines() == ["ann locked the room: only who is invited comes in"]
    ask = asks.Act(den.ann.number(), "den", "lock")
    assert [len(den.ann.ask(ask)), len(den.ann.ask(ask))] == [1, 1]
    refused: asks.Response = asks.Refused(ask.r, "den is locked")
    assert den.ann.replies[-1] == refused


@pytest.mark.parametrize("act", ["lock", "password", "invite", "kick"])
def test_what_the_log_refuses_was_not_done(act: str) -> None:
    den = Den()
    bob = den.come("bob")
    den.scene.trouble = "the disk is full"
    answer = den.act(den.ann, act, "bob" if act == "kick" else "", text="secret")
    assert "not done" in refusal(answer)
    den.scene.trouble = ""
    den.scene.wait(2.0)
    assert den.inside(bob) and den.lines() == []
    policy = den.scene.hub._house.registry.policy("den")
    assert not (policy.locked or policy.verifier or policy.invites)
    den.does(act, "bob" if act == "kick" else "", text="secret")


# The last owner


def test_the_last_owner_stays_but_for_the_operator() -> None:
    den = Den()
    bob = den.come("bob")
    assert "last owner" in refusal(den.act(den.ann, "deop", "ann"))
    assert "last owner" in refusal(den.act(den.ann, "op", "ann", text="moderator"))
    den.does("op", "bob", text="owner")
    den.does("deop", "ann", by=bob)
    assert "last owner" in refusal(den.act(bob, "deop", "bob"))
    assert operate(den, "deop", "bob").ok
    assert den.scene.hub._house.registry.policy("den").owners == 0


def test_two_owners_who_depose_each_other_at_once_leave_one() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("op", "bob", text="owner")
    den.scene.stalled = True
    den.act(den.ann, "deop", "bob")
    assert "try again" in refusal(den.act(bob, "deop", "ann"))
    den.scene.answer()
    assert den.scene.hub._house.registry.policy("den").owners == 1


def test_nobody_acts_on_who_has_more_to_say() -> None:
    den = Den()
    bob, carol = den.come("bob"), den.come("carol")
    den.does("op", "bob")
    for act in ("kick", "ban", "mute"):
        assert "of that role" in refusal(den.act(bob, act, "ann"))
        assert "only its moderators" in refusal(den.act(carol, act, "bob"))
    den.does("mute", "bob")
    assert "only its moderators" in refusal(den.act(bob, "kick", "carol"))


def test_who_has_no_key_can_have_no_role() -> None:
    den = Den()
    den.come("bob", keyless=True)
    assert "has no key" in refusal(den.act(den.ann, "op", "bob"))


# Messages


def test_a_message_is_taken_back_by_the_servers_own_hand() -> None:
    den = Den()
    bob = den.come("bob")
    den.says(bob, 1, "rubbish")
    (said,) = den.scene.entries("den")
    den.does("delete", number=said.seq, text="off topic")
    deletion = den.scene.entries("den")[-1]
    assert (deletion.kind, deletion.name, deletion.refers) == (Kind.DELETE, "ann", said.seq)
    assert (deletion.endpoint, deletion.text) == ("", "off topic")
    assert den.rulings()[-1][1].value == str(said.seq)


@pytest.mark.parametrize("goes", ["kicked", "left", "gone", "everywhere"])
def test_who_has_just_left_and_has_no_key_can_be_banned_by_name(goes: str) -> None:
    den = Den()
    bob = den.come("bob", keyless=True, host="192.0.2.7")
    match goes:
        case "kicked":
            den.does("kick", "bob")
        case "left":
            bob.ask(asks.Leave(bob.number(), "den"))
        case _:
            bob.send(wire.Bye())
    assert "there is no bob here" in refusal(den.act(den.ann, "kick", "bob"))
    if goes == "everywhere":
        assert operate(den, "ban", "bob", room="").ok
    else:
        den.does("ban", "Bob", text="spam")
    assert den.rulings()[-1][1].whom == "bob"
    neighbour = den.come("mallory", keyless=True, host="192.0.2.7")
    assert not den.inside(neighbour)
    assert den.inside(den.come("bob", keyless=True, host="192.0.2.8"))


def test_who_left_long_ago_is_meant_by_nobody() -> None:
    den = Den()
    bob = den.come("bob", keyless=True)
    bob.send(wire.Bye())
    den.scene.wait(limits.GONE_FOR)
    assert "there is no bob here" in operate(den, "ban", "bob").text


def test_who_has_the_name_now_is_meant_by_it() -> None:
    den = Den()
    den.come("bob", keyless=True, host="192.0.2.7").send(wire.Bye())
    den.come("bob", keyless=True, host="192.0.2.8")
    den.does("ban", "bob")
    assert "net:192.0.2.8/32" in den.rulings()[-1][1].subjects
    assert "net:192.0.2.7/32" not in den.rulings()[-1][1].subjects


def test_what_cannot_be_taken_back_is_said_to_be_so() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("op", "bob")
    den.says(den.ann, 1, "mine")
    seq = den.scene.entries("den")[-1].seq
    assert "of that role" in refusal(den.act(bob, "delete", number=seq))
    assert "no message 99" in refusal(den.act(den.ann, "delete", number=99))
    assert "no message 1" in refusal(den.act(den.ann, "delete", number=1))
    den.ann.send(wire.Bye())
    bob.send(wire.Bye())
    answer = operate(den, "delete", number=seq)
    assert not answer.ok and "nobody is there" in answer.text
    assert not any(it.act == "delete" for _, it in den.rulings())


# Lists and words


def test_lists_fit_one_datagram() -> None:
    den = Den()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "WORK", (1e6, 1e6))
        for number in range(40):
            den.does("ban", f"192.0.2.{number}", text="w" * 200)
            den.scene.wait(1.0)
            den.ann.send(wire.Ping(1))
    rows = den.does("bans").split("\n")
    assert sum(len(row) + 1 for row in rows) < 1000
    assert rows[0] == f"192.0.2.0 banned by ann: {'w' * 200}"
    assert rows[-1] == f"and {40 - len(rows) + 1} more"


def test_a_reason_is_cut_and_cleaned() -> None:
    den = Den()
    den.come("bob")
    den.does("kick", "bob", text="\x1b[31mred\x07" + "é" * 140)
    ruling = den.rulings()[-1][1]
    assert len(ruling.why.encode()) <= limits.RULING_WORDS
    assert "\x1b" not in ruling.why and "\x07" not in ruling.why
    assert "\x1b" not in den.lines()[0]


@pytest.mark.parametrize(
    ("act", "whom", "reason"),
    [
        ("exile", "bob", "may be older"),
        ("kick", "", "say who is meant"),
        ("kick", "nobody", "there is no nobody here"),
        ("ban", "0.0.0.0/4", "too wide"),
        ("ban", "2000::/3", "too wide"),
        ("unban", "bob", "there is no ban of bob"),
        ("unmute", "bob", "there is no mute of bob"),
        ("uninvite", "", "there is no invite"),
        ("password", "", "den has no password"),
        ("unlock", "", "den is not locked"),
        ("delete", "", "say which message"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(act: str, whom: str, reason: str) -> None:
    den = Den()
    den.come("bob")
    told = refusal(den.act(den.ann, act, whom))
    assert reason in told and "\n" not in told
    assert "/" not in told.replace(whom, ""), "the operator, and chat invite, have other commands"


@pytest.mark.parametrize("masked", [False, True])
def test_who_is_meant_may_be_said_by_the_endpoint_that_is_shown(masked: bool) -> None:
    den = Den()
    den.scene.hub._house.labels._mask_key = b"a key of 16 byte" if masked else None
    bob, carol = den.come("bob"), den.come("carol")
    (shown,) = [
        it.shown_endpoint for it in den.scene.hub._house.members.values() if it.name == "bob"
    ]
    assert shown.startswith("~") is masked
    den.does("ban", shown)
    assert (den.inside(bob), den.inside(carol)) == (False, True)
    assert "no ~00 here" in refusal(den.act(den.ann, "ban", "~00"))


def test_who_is_meant_is_found_without_a_look_at_everybody() -> None:
    def calls(members: int) -> int:
        """Of functions, until it is written."""
        den = Den()
        for number in range(members):
            den.come(f"guest{number}")
        den.scene.stalled = True
        ask = wire.Ask(asks.encode(asks.Act(9, "den", "kick", "guest0")))
        assert den.ann.channel is not None
        datagram, count = den.ann.channel.seal(wire.encode_frame(ask)), 0

        def called(frame: FrameType, event: str, arg: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(called)
        den.scene.hub.receive(datagram, den.ann.path, den.scene.now, den.scene.wall)
        sys.setprofile(None)
        return count

    assert calls(100) < calls(5) + 20


def test_who_is_not_in_a_room_does_nothing_there() -> None:
    den = Den()
    den.come("bob")
    den.ann.ask(asks.Leave(den.ann.number(), "den"))
    assert "you are not in den" in refusal(den.act(den.ann, "kick", "bob"))


def test_what_was_done_when_the_server_died_is_not_done_again_for_who_was_not_told() -> None:
    den = Den()
    den.come("bob")
    asked = [
        asks.Act(den.ann.number(), "den", "ban", "bob", text="spam"),
        asks.Act(den.ann.number(), "den", "lock"),
        asks.Act(den.ann.number(), "den", "unban", "bob"),
    ]
    for ask in asked:
        den.ann.ask(ask)
    done = den.rulings()
    den.restart()
    ann = den.ann.again(room="den", ticket=NO_TICKET)
    for ask in asked:
        assert [it for it in ann.ask(ask) if isinstance(it, asks.Done)] == [asks.Done(ask.r, "")]
    assert den.rulings() == done
    ann.requests = den.ann.requests
    den.does("ban", "bob", by=ann)
    assert len(den.rulings()) == len(done) + 1


def test_whose_request_had_not_come_to_the_log_is_done_when_it_is_asked_again() -> None:
    den = Den()
    den.come("bob")
    den.restart()
    ann = den.ann.again(room="den", ticket=NO_TICKET)
    ask = asks.Act(ann.number(), "den", "ban", "bob")
    assert den.rulings()[-1][1].act == "op"
    assert any(isinstance(it, asks.Done) for it in ann.ask(ask))
    assert den.rulings()[-1][1].act == "ban"


# The operator


def test_the_operator_may_do_everything_and_names_the_room() -> None:
    den = Den()
    bob = den.come("bob")
    assert operate(den, "kick", "ann").ok
    assert not den.inside(den.ann)
    assert operate(den, "op", "bob").ok and den.inside(bob)
    for room, act, reason in (("", "lock", "name the room"), ("attic", "lock", "no room attic")):
        answer = operate(den, act, room=room)
        assert not answer.ok and reason in answer.text
    assert operate(den, "ban", "198.51.100.0/24", room="").ok
    assert operate(den, "bans", room="").text == "198.51.100.0/24 banned by the operator"
    assert operate(den, "unban", "198.51.100.7/24", room="").ok


def test_the_operator_is_asked_for_patience_while_the_server_starts() -> None:
    den = Den()
    den.scene.stalled = True
    den.restart()
    den.scene.hub.operate(1, asks.Act(0, "", "ban", "192.0.2.1", 60), den.scene.now, den.scene.wall)
    (tell,) = [it for it in den.scene.hub.drain() if isinstance(it, Tell)]
    assert isinstance(tell.event, Operated)
    assert not tell.event.ok and "starting" in tell.event.text


def test_under_a_published_secret_there_are_no_secrets() -> None:
    den = Den()
    moderation = den.scene.hub._house.government.moderation
    moderation._secure = False
    for act in ("password", "invite"):
        assert "--insecure" in refusal(den.act(den.ann, act, text="secret"))


def test_a_password_that_nobody_could_give_is_not_set() -> None:
    den = Den()
    told = operate(den, "password", text="x" * 129)
    assert (told.ok, told.text) == (False, "a password has at most 128 characters")
    assert operate(den, "password", text="x" * 128).ok
