"""What follows when an act of moderation has come out of the log."""

import pytest

from chat.core import asks, limits, wire
from chat.core.asks import Why
from chat.core.entry import encode_entry
from chat.core.happenings import Skipped
from chat.core.motions import Operated
from chat.core.roles import Role
from chat.core.types import REGISTRY, Draft, Fetch, Form, Group, Kind, Open, Path, Push, Range

from .den import Den
from .peer import Peer

YEAR = 365 * 86_400


def pushed(den: Den, peer: Peer) -> list[bytes]:
    """What a push said to this one that it can open, with all keys that it ever had."""
    ring = peer.pushes[peer.tags[den.room]]
    found = []
    for effect in den.scene.effects:
        if isinstance(effect, Push) and 0x80 <= effect.datagram[0] <= 0xBF:
            header = wire.decode_header(effect.datagram)
            assert isinstance(header, wire.Push)
            opener = ring._openers.get(header.epoch)
            if opener is not None and opener.open(header, effect.datagram) is not None:
                found.append(effect.datagram)
    return found


def answer_joins_last(den: Den) -> None:
    """The log goes on; what else waits is in it before those who join are answered."""
    scene = den.scene
    joins = [it for it in scene._waiting if isinstance(it, Open)]
    scene._waiting = [it for it in scene._waiting if it not in joins]
    scene._answer_waiting()
    scene.turn()
    scene._waiting += joins
    scene.answer()


# Out


def test_who_is_kicked_is_out_at_once_and_opens_nothing_that_is_pushed_then() -> None:
    den = Den()
    bob, carol = den.come("bob"), den.come("carol")
    den.scene.effects.clear()
    den.does("kick", "bob", text="spam")
    assert not den.inside(bob) and den.inside(carol)
    assert bob.path not in den.scene.groups[Group("den", Form.SEALED)]
    den.scene.wait(1.0)
    assert den.says(den.ann, 1, "he is gone")
    assert den.removed(bob) == ["you were kicked from den by ann: spam; /join den comes back"]
    assert pushed(den, bob) == []
    assert [it.text for it in den.scene.entries("den")] == ["kicked bob: spam", "he is gone"]
    assert b"he is gone" in b"".join(
        body for frame in carol.read() if isinstance(frame, wire.Entries) for body in frame.bodies
    )


def test_who_left_and_is_banned_then_opens_nothing_that_is_pushed_then() -> None:
    den = Den()
    bob = den.come("bob")
    bob.send(wire.Bye())
    den.does("ban", "bob")
    den.scene.effects.clear()
    den.scene.wait(1.0)
    assert den.says(den.ann, 1, "he is gone")
    assert den.scene.asked(Push) and pushed(den, bob) == []


def test_nothing_is_pushed_until_everybody_was_handed_the_new_key() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("kick", "bob")
    den.scene.effects.clear()
    den.ann.say("now", tag=den.ann.tags["den"])
    assert den.scene.asked(Push) == []
    den.scene.wait(limits.ROOM_KEY_PAUSE + 0.001)
    assert den.scene.asked(Push) != []
    assert not den.inside(bob)


def test_it_is_told_so_with_each_pong_until_it_says_that_it_knows() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("kick", "bob")
    assert len(den.removed(bob)) == 1
    for times in (2, 3):
        bob.send(wire.Ping(7))
        assert len(den.removed(bob)) == times
    bob.ask(asks.Leave(bob.number(), "den"))
    bob.send(wire.Ping(8))
    assert len(den.removed(bob)) == 3


def test_who_comes_back_is_not_told_any_more_that_it_was_put_out() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("kick", "bob")
    answer = den.join(bob)
    assert isinstance(answer, asks.Joined)
    told = [it for it in bob.replies if isinstance(it, asks.Removed)]
    assert all(it.stay < (answer.tag, answer.ordinal) for it in told)
    bob.send(wire.Ping(7))
    assert len(den.removed(bob)) == len(told)
    assert den.inside(bob)


def test_a_join_that_the_log_was_asked_for_before_a_kick_brings_nobody_back() -> None:
    den = Den()
    bob = den.come("bob")
    den.scene.stalled = True
    bob.ask(asks.Join(bob.number(), "den", ()))
    den.act(den.ann, "kick", "bob")
    answer_joins_last(den)
    assert not den.inside(bob)
    assert den.removed(bob)


def test_who_is_kicked_while_it_reconnects_is_not_let_back_in_by_that() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("kick", "bob")
    bob = bob.again(room="den")
    assert not den.inside(bob)
    assert set(den.removed(bob)) == {"you were kicked from den by ann; /join den comes back"}
    bob.ask(asks.Join(bob.number(), "den", ()))
    assert not den.inside(bob), "it does not say that it knows"
    assert isinstance(den.join(bob), asks.Joined)
    assert den.inside(bob)


def test_who_says_that_it_knows_comes_back_by_any_join() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("kick", "bob")
    bob.ask(asks.Leave(bob.number(), "den"))
    bob.join("den")
    assert den.inside(bob)


def test_nor_does_a_ban_let_in_whom_the_log_was_asked_for_before() -> None:
    den = Den()
    bob = den.come("bob", room="")
    den.scene.stalled = True
    bob.ask(asks.Join(bob.number(), "den", ()))
    den.act(den.ann, "ban", "bob")
    answer_joins_last(den)
    assert not den.inside(bob)
    assert bob.replies[-1] == asks.Refused(2, "you are banned from den", Why.CLOSED)


def test_what_was_asked_for_before_it_was_put_out_is_not_read_to_it() -> None:
    den = Den()
    bob = den.come("bob")
    den.says(den.ann, 1, "secret")
    den.scene.stalled = True
    bob.send(wire.Fetch(bob.tags["den"], 1, 5000, (Range(1, 1),)))
    (fetch,) = [it for it in den.scene._waiting if isinstance(it, Fetch)]
    den.scene._waiting = []
    den.act(den.ann, "kick", "bob")
    den.scene._answer_waiting()
    den.scene.turn()
    den.scene._waiting += [fetch]
    den.scene.answer()
    den.scene.wait(1.0)
    assert not any(isinstance(frame, wire.Page) for frame in bob.read())


def test_a_text_endpoint_is_put_out_with_a_notice_and_goes_on() -> None:
    den = Den("lobby")
    scene = den.scene
    scene.write("hello")
    scene.hub.operate("op", asks.Act(1, "lobby", "kick", "guest-5000", 0, 0, "noise"), scene.now, 0)
    scene.turn()
    told = scene.lines()
    assert "-- you were kicked from lobby by the operator: noise; /join lobby comes back" in told
    assert scene.groups[Group("lobby", Form.TEXT)] == set()
    assert scene.write("still here?") == ["-- you are in no room; /join one first"]
    assert any("guest-5000 in lobby" in line for line in scene.write("/join lobby"))


# Bans


def test_a_ban_holds_under_another_name_from_elsewhere_and_in_another_process() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("ban", "bob")
    assert den.removed(bob) == ["you are banned from den by ann"]
    renamed = den.come("robert", key=den.key("bob"), host="203.0.113.9")
    assert not den.inside(renamed)
    den.restart()
    again = den.come("bertie", key=den.key("bob"), host="203.0.113.10")
    assert not den.inside(again)
    refusal = again.replies[-1]
    assert isinstance(refusal, asks.Refused) and refusal.why == Why.CLOSED
    assert not den.inside(den.come("stranger", key=den.key("x"), host=bob.path.host))


@pytest.mark.parametrize(
    ("banned", "out", "inside"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "192.0.2.200", "192.0.3.1"),
        ("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.8"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", "2001:db8:1:3::5"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
    ],
)
def test_a_ban_by_address_is_one_of_a_neighbourhood(banned: str, out: str, inside: str) -> None:
    den = Den()
    here, there = den.come("bob", host=out), den.come("carol", host=inside)
    den.does("ban", banned)
    assert (den.inside(here), den.inside(there)) == (False, True)
    assert not den.inside(den.come("dave", keyless=True, host=out))
    den.does("unban", banned)
    assert den.inside(den.come("erin", keyless=True, host=out))


def test_who_moves_to_where_is_banned_is_put_out_and_so_is_who_shows_a_banned_key() -> None:
    den = Den()
    bob, carol = den.come("bob"), den.come("carol")
    den.does("ban", "198.51.100.0/24")
    there = Path(0, "198.51.100.4", 9)
    (challenge,) = [
        it
        for it in bob.send(wire.Ping(1), path=there) + _at(bob, there)
        if isinstance(it, wire.PathChallenge)
    ]
    bob.send(wire.PathResponse(challenge.token), path=there)
    bob.path = there
    assert not den.inside(bob)
    den.come("dave")
    den.does("ban", "dave")
    carol.key = den.key("dave")
    carol.ask(asks.Nick(carol.number(), "dave2", *carol.claim("dave2")))
    assert not den.inside(carol)


def ban_everywhere(den: Den, whom: str) -> None:
    ask = asks.Act(1, "", "ban", whom)
    den.scene.hub.operate("", ask, den.scene.now, den.scene.wall)
    den.scene.turn()
    den.scene.wait(0)


def test_nobody_whom_a_ban_of_the_server_is_about_keeps_a_session() -> None:
    den = Den()
    scene = den.scene
    den.come("bob", keyless=True, host="192.0.2.7", room="")
    carol, nobody = den.come("carol", room=""), Path(0, "192.0.2.8", 4000)
    (asked,) = scene.write("hello", nobody)
    scene.write(asked.rpartition(" ")[2], nobody)
    assert scene.hub.census().members == 4
    ban_everywhere(den, "192.0.2.0/24")
    assert scene.hub.census().members == 2 and den.inside(den.ann)
    assert scene.lines(nobody)[-1] == "-- you are banned from this server by the operator"
    den.come("dave", room="")
    ban_everywhere(den, "dave")
    assert scene.hub.census().members == 2
    carol.key = den.key("dave")
    carol.ask(asks.Nick(carol.number(), "dave", *carol.claim("dave")))
    scene.wait(0)
    assert scene.hub.census().members == 1, "who shows a banned key is out, too"


def _at(peer: Peer, path: Path) -> list[wire.Frame]:
    home, peer.path = peer.path, path
    frames = peer.read()
    peer.path = home
    return frames


def test_who_is_banned_from_the_server_is_in_no_room_and_cannot_come() -> None:
    den = Den()
    bob = den.come("bob")
    bob.join("lobby")
    scene = den.scene
    scene.hub.operate("ban", asks.Act(1, "", "ban", "bob", 3600, 0, "spam"), scene.now, scene.wall)
    scene.turn()
    assert Operated("ban", True, "") in scene.told()
    assert den.removed(bob) == 2 * [
        "you are banned from this server by the operator for 1h more: spam"
    ]
    scene.wait(0)
    assert scene.hub.census().sessions == 1
    other = den.come("bob")
    assert isinstance(other.replies[-1], asks.Refused)
    scene.wait(3601)
    assert den.inside(den.come("bob"))


def test_whose_role_kept_a_ban_of_its_address_away_is_out_when_the_role_is_gone() -> None:
    den = Den()
    bob = den.come("bob", host="203.0.113.5")
    den.does("op", "bob")
    den.does("ban", "203.0.113.0/24")
    assert den.inside(bob)
    den.does("deop", "bob")
    assert not den.inside(bob)
    admin = den.key("carol").public
    den.scene.hub.admins(frozenset((admin,)), den.scene.now)
    carol = den.come("carol", host="203.0.113.6")
    assert den.inside(carol)
    den.scene.hub.admins(frozenset(), den.scene.now)
    den.scene.turn()
    assert not den.inside(carol)


def test_who_is_no_admin_any_more_keeps_no_session_that_a_ban_forbids() -> None:
    den = Den()
    carol = den.come("carol", host="203.0.113.6")
    den.scene.hub.admins(frozenset((den.key("carol").public,)), den.scene.now)
    ban_everywhere(den, "203.0.113.0/24")
    assert den.inside(carol)
    den.scene.hub.admins(frozenset(), den.scene.now)
    den.scene.wait(0)
    assert den.scene.hub.census().members == 1


# Ends


@pytest.mark.parametrize("jump", [0, YEAR, -YEAR])
def test_a_ban_lasts_as_long_as_it_was_to_whatever_the_clock_says(jump: int) -> None:
    den = Den()
    den.come("bob")
    den.does("ban", "bob", seconds=3600)
    den.scene.offset += jump * 1000
    den.scene.wait(1800)
    assert not den.inside(den.come("bob"))
    den.restart()
    den.ann = den.come("ann")
    den.scene.wait(1700)
    assert not den.inside(den.come("bob", host="203.0.113.1"))
    # What was not in the log when the clock was changed is not known to have gone by.
    den.scene.wait(101 if not jump else 1901)
    assert den.inside(den.come("bob"))


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_nor_does_it_matter_what_the_clock_said_when_it_began(jump: int) -> None:
    den = Den()
    den.come("bob")
    den.scene.offset += jump * 1000
    den.does("ban", "bob", seconds=60)
    den.scene.wait(59)
    assert not den.inside(den.come("bob"))
    den.scene.wait(2)
    assert den.inside(den.come("bob"))


def test_the_end_of_a_mute_is_written_and_told() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("mute", "bob", seconds=60, text="noise")
    standing = den.standing(bob)
    assert standing is not None
    assert (standing.role, standing.muted, standing.reason) == (Role.MUTED, 60, "noise")
    assert not den.says(bob, 1)
    den.scene.wait(60.1)
    standing = den.standing(bob)
    assert standing is not None and (standing.role, standing.muted) == (Role.MEMBER, 0)
    (_, ruling) = den.rulings()[-1]
    assert (ruling.act, ruling.by, ruling.whom) == ("unmute", "", "bob")
    assert den.says(bob, 1)
    written = len(den.rulings())
    den.scene.wait(3 * limits.LAPSE_AGAIN)
    assert len(den.rulings()) == written


def test_what_ends_while_the_log_refuses_has_ended_and_is_written_when_it_takes_again() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("mute", "bob", seconds=60)
    den.scene.trouble = "the disk is full"
    den.scene.wait(61)
    den.scene.trouble = ""
    bob.send(wire.Ping(1))
    den.scene.wait(limits.LAPSE_AGAIN)
    assert den.rulings()[-1][1].act == "unmute"
    assert den.says(bob, 1)


def test_what_ends_while_no_server_is_there_is_written_when_there_is_one_again() -> None:
    den = Den()
    den.come("bob")
    den.does("ban", "bob", seconds=60)
    den.scene.now += 61
    den.restart()
    assert den.rulings()[-1][1].act == "unban"
    den.scene.offset -= 3_600_000  # Whoever sets the clock back brings no ban back.
    den.restart()
    assert den.inside(den.come("bob"))


def test_a_ban_that_is_made_anew_just_when_it_ends_goes_on() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("ban", "bob", seconds=60)
    den.scene.wait(59.9)
    den.scene.stalled = True
    den.act(den.ann, "ban", "bob", seconds=600)
    den.scene.wait(0.2)
    den.scene.answer()
    assert [it.act for _, it in den.rulings()][-2:] == ["ban", "unban"]
    assert isinstance(den.join(bob), asks.Refused)
    den.restart()
    assert not den.inside(den.come("bob"))


def test_used_and_expired_invites_make_room_for_others() -> None:
    den = Den()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "RULINGS_EACH", 3)
        for _ in range(3):
            den.does("invite", seconds=60)
        assert isinstance(den.act(den.ann, "invite"), asks.Refused)
        den.scene.wait(61)
        den.does("invite")


def test_an_invite_that_was_used_runs_out_like_any_other() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite", number=3, seconds=60)
    assert isinstance(den.join(den.come("bob", room=""), invite), asks.Joined)
    den.scene.wait(61)
    assert den.rulings()[-1][1].act == "uninvite"
    assert den.does("invites") == "there are no invites"


# What cannot be read


@pytest.mark.parametrize(
    "text",
    [
        b"not JSON",
        b'{"act":"slow","room":"den","by":"x"}',
        b'{"act":"limit","room":"den","by":"x","value":""}',
        b'{"act":"limit","room":"den","by":"x","value":"many"}',
        b'{"act":"exile","room":"den","by":"x"}',
        b'{"act":"op","room":"den","by":"x","subjects":["key:00"]}',
        b'{"act":"op","room":"den","by":"x","subjects":["net:10.0.0.0/8"]}',
        b'{"act":"ban","room":"den","by":"x"}',
        b'{"act":"ban","room":"den","by":"x","subjects":["asn:1234","net:nowhere"]}',
        b'{"act":"ban","room":"den","by":"x","subjects":["net:192.0.2.1"],"until":1e999}',
        b'{"act":"ban","room":"den","by":"x","subjects":["net:192.0.2.1"],"until":-5}',
        b'{"act":"mute","room":"den","by":"x","subjects":["k"],"until":99999999999999999999999999}',
        b'{"act":"invite","room":"den","by":"x","subjects":["ab"],"value":"1e9"}',
        b'{"act":"unban","room":"den","by":"x","subjects":[]}',
        b"\xff\xfe",
    ],
)
def test_a_ruling_that_is_damaged_or_from_a_newer_version_is_never_fatal(text: bytes) -> None:
    den = Den()
    body = _ruling(text)
    den.scene.log.append([(REGISTRY, [Draft(b"elsewhere"[:8], 1, body)])])
    for room, records in den.scene.log.news():
        den.scene.hub.logged(room, records, den.scene.now, den.scene.wall)
    den.scene.turn()
    den.does("slow", seconds=5)
    den.restart()
    ann = den.come("ann")
    den.does("slow", by=ann, seconds=0)


def test_what_is_skipped_is_said() -> None:
    den = Den()
    den.scene.log.append([(REGISTRY, [Draft(b"elsewhere"[:8], 1, _ruling(b"{"))])])
    for room, records in den.scene.log.news():
        den.scene.hub.logged(room, records, den.scene.now, den.scene.wall)
    den.scene.turn()
    assert [it for it in den.scene.told() if isinstance(it, Skipped)] == [Skipped(1)]
    den.scene.effects.clear()
    den.restart()
    assert [it for it in den.scene.told() if isinstance(it, Skipped)] == [Skipped(1)]


def _ruling(text: bytes) -> bytes:
    body = encode_entry(
        kind=Kind.ACT, instance=b"elsewhere"[:8], n=1, time=0, name="x", text="?" * len(text)
    )
    return body.replace(b"?" * len(text), text)


# Rooms


def test_a_room_without_entries_and_owner_is_forgotten_and_one_with_an_owner_is_kept() -> None:
    den = Den()
    den.come("nobody", keyless=True, room="hall").send(wire.Bye())
    den.ann.send(wire.Bye())
    rooms = den.scene.hub._house.registry.rooms
    assert "den" in rooms and "hall" not in rooms
    den.restart()
    rooms = den.scene.hub._house.registry.rooms
    assert "den" in rooms and "hall" not in rooms


def test_who_comes_while_a_room_is_being_forgotten_has_made_it() -> None:
    den = Den()
    scene = den.scene
    first = den.come("first", keyless=True, room="attic")
    scene.stalled = True
    first.send(wire.Bye())
    ann = den.come("eve", room="attic")
    answer_joins_last(den)
    registry = scene.hub._house.registry
    assert "attic" in registry.rooms
    assert list(registry.policy("attic").roles) == [den.key("eve").public]
    den.room = "attic"
    assert den.inside(ann)


def test_what_a_room_has_is_told_to_many_of_it_in_several_turns() -> None:
    den = Den()
    many = [den.come(f"m{number}", keyless=True) for number in range(20)]

    def told() -> int:
        return sum(den.standing(peer) is not None for peer in many)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "ROOM_KEY_BATCH", 8)
        den.does("slow", seconds=30)
        assert told() <= 8
        den.scene.wait(3 * limits.ROOM_KEY_PAUSE)
        assert told() == 20


def test_a_new_name_may_be_another_role() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("op", "bob")
    bob.key = den.key("another")
    bob.ask(asks.Nick(bob.number(), "robert", *bob.claim("robert")))
    standing = den.standing(bob)
    assert standing is not None and standing.role == Role.MEMBER
