"""A guest in its rooms. How its session lives and dies is in `test_connection`."""

import pytest

from chat.core import asks, events, limits, wire
from chat.core.doorkey import BadSecretError
from chat.core.history import Older
from chat.core.inbox import Broken
from chat.core.memberships import NotSaidError
from chat.core.names import direct_room
from chat.core.presence import Presence
from chat.core.roles import Role
from chat.core.signatures import Signer
from chat.core.types import Entry, Kind, Range

from .host import RESET, Host
from .logs import Past


def said(host: Host) -> list[tuple[int, bytes]]:
    return [(draft.n, draft.text) for draft in host.got(wire.Draft)]


def shown(host: Host, room: str = "lobby") -> list[int]:
    return [entry.seq for entry in host.events(Entry) if entry.room == room]


def restart(host: Host) -> None:
    """The server knows nothing of the session any more; the guest opens the next one."""
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    at = host.guest.deadline()
    assert at is not None
    host.wait(at - host.now)


def stay(host: Host, seconds: float) -> None:
    """The server is there and answers what is to show that."""
    answered = 0
    for _ in range(round(seconds / 0.1)):
        host.wait(0.1)
        pings = host.got(wire.Ping)
        host.send(*(wire.Pong(ping.token) for ping in pings[answered:]))
        answered = len(pings)


def test_it_is_in_its_rooms_as_soon_as_the_session_stands() -> None:
    host = Host("lobby", "den")
    assert [event.room for event in host.events(events.Entered)] == ["lobby", "den"]
    assert [join.room for join in host.asked(asks.Join)] == ["lobby", "den"]


def test_and_again_in_each_new_session_until_it_leaves() -> None:
    host = Host("lobby", "den")
    host.guest.leave("den", host.now)
    host.turn()
    assert host.events(events.Exited) == [events.Exited("den")]
    assert [leave.room for leave in host.asked(asks.Leave)] == ["den"]
    host.told.clear()
    restart(host)
    assert host.events(events.Entered) == [events.Entered("lobby", "", "", True)]


def test_a_room_may_be_joined_at_any_time() -> None:
    host = Host("lobby", "den")
    host.guest.leave("den", host.now)
    host.turn()
    host.told.clear()
    host.guest.join("den", host.now)
    host.turn()
    assert [event.room for event in host.events(events.Entered)] == ["den"]


def test_what_is_said_goes_out_in_order_and_is_acknowledged() -> None:
    host = Host("lobby")
    tickets = host.guest.say("lobby", "one", host.now) + host.guest.say("lobby", "two", host.now)
    host.turn()
    assert said(host) == [(1, b"one"), (2, b"two")]
    host.send(wire.Ack(1, 2))
    assert host.events(events.Logged) == [
        events.Logged("lobby", ticket, n) for n, ticket in enumerate(tickets, 1)
    ]


def test_a_long_text_is_said_in_parts_that_continue_each_other() -> None:
    host = Host("lobby")
    text = "word " * 500
    tickets = host.guest.say("lobby", text, host.now, kind=Kind.ACTION, refers=7)
    host.turn()
    drafts = host.got(wire.Draft)
    assert len(drafts) == len(tickets) == 3
    assert b"".join(draft.text for draft in drafts).decode() == text
    assert [draft.more for draft in drafts] == [1, 1, 0]
    assert {(draft.kind, draft.refers) for draft in drafts} == {(Kind.ACTION, 7)}


def test_what_cannot_be_said_is_refused_at_once_with_the_reason() -> None:
    host = Host("lobby")
    with pytest.raises(NotSaidError, match="not in den"):
        host.guest.say("den", "hi", host.now)
    with pytest.raises(NotSaidError, match="8193 bytes are too long"):
        host.guest.say("lobby", "x" * (limits.PASTE_BYTES + 1), host.now)
    host.guest.say("lobby", "x" * limits.PASTE_BYTES, host.now)


@pytest.mark.parametrize("text", ["", " \n\t", "half a pair: \ud83d", "\udcff"])
def test_what_is_no_text_is_refused(text: str) -> None:
    host = Host("lobby")
    with pytest.raises(NotSaidError):
        host.guest.say("lobby", text, host.now)
    with pytest.raises(NotSaidError):
        host.guest.say("lobby", text, host.now, kind=Kind.TOPIC)
    assert len(host.guest.rooms["lobby"].outbox) == 0


@pytest.mark.parametrize(
    ("text", "kind", "refers", "reason"),
    [
        ("hello", Kind.EDIT, 0, "no message that it refers to"),
        ("hello", Kind.EDIT, 6, "there is no message 6 in lobby"),
        ("  ", Kind.EDIT, 5, "nothing in it to say"),
        ("x" * (limits.PASTE_BYTES + 1), Kind.EDIT, 5, "8193 bytes are too long"),
        ("hello", Kind.DELETE, 5, "has no text"),
        ("", Kind.DELETE, 6, "there is no message 6 in lobby"),
        ("two words", Kind.REACTION, 5, "one emoji or short word"),
        ("", Kind.REACTION, 5, "one emoji or short word"),
        ("\ud83d", Kind.REACTION, 5, "one emoji or short word"),
    ],
)
def test_what_can_amend_nothing_is_refused_at_once(
    text: str, kind: Kind, refers: int, reason: str
) -> None:
    host = Host("lobby", entries=5)
    with pytest.raises(NotSaidError, match=reason):
        host.guest.say("lobby", text, host.now, kind=kind, refers=refers)
    assert len(host.guest.rooms["lobby"].outbox) == 0


def test_what_amends_is_said_as_it_is() -> None:
    host = Host("lobby", entries=5)
    for text, kind in (("hello", Kind.EDIT), ("", Kind.DELETE), ("-👍", Kind.REACTION)):
        assert len(host.guest.say("lobby", text, host.now, kind=kind, refers=5)) == 1
    host.turn()
    drafts = [(draft.kind, draft.refers, draft.text.decode()) for draft in host.got(wire.Draft)]
    assert drafts == [(4, 5, "hello"), (5, 5, ""), (6, 5, "-👍")]


def test_a_direct_room_has_no_topic() -> None:
    room = direct_room(b"a" * 8, b"b" * 8)
    host = Host(room)
    with pytest.raises(NotSaidError, match="a direct room has no topic"):
        host.guest.say(room, "ducks", host.now, kind=Kind.TOPIC)
    assert host.guest.say(room, "ducks", host.now)


def test_too_much_that_waits_is_refused() -> None:
    host = Host("lobby")
    host.silent = True
    with pytest.raises(NotSaidError, match="too much is waiting"):
        for _ in range(1000):
            host.guest.say("lobby", "x" * limits.PASTE_BYTES, host.now)


def test_what_was_said_before_the_session_stood_is_said_when_it_does() -> None:
    host = Host("lobby", silent=True)
    host.guest.say("lobby", "early", host.now)
    host.silent = False
    host.wait(0.6)
    assert said(host)[0] == (1, b"early")


def test_what_is_not_acknowledged_is_said_again_and_the_server_suspected() -> None:
    host = Host("lobby")
    host.guest.say("lobby", "hi", host.now)
    host.turn()
    host.wait(2.0)
    assert len(said(host)) >= 2
    assert set(said(host)) == {(1, b"hi")}
    assert host.got(wire.Ping)


def test_what_was_left_unsaid_goes_on_in_the_next_session_where_the_log_is() -> None:
    host = Host("lobby")
    for text in ("one", "two", "three"):
        host.guest.say("lobby", text, host.now)
    host.turn()
    host.frames.clear()
    host.last_n["lobby"] = 2
    restart(host)
    assert len(host.events(events.Logged)) == 2
    assert said(host) == [(3, b"three")]


def test_a_room_is_left_for_the_server_only_when_all_that_was_said_there_is_logged() -> None:
    host = Host("lobby")
    host.guest.say("lobby", "last words", host.now)
    host.guest.leave("lobby", host.now)
    host.turn()
    assert said(host) == [(1, b"last words")]
    assert host.asked(asks.Leave) == []
    assert host.events(events.Exited) == [events.Exited("lobby")]
    host.pasts["lobby"].append(1)
    host.push("lobby", 1)
    assert shown(host) == [], "for the user it is left"
    host.send(wire.Ack(1, 1))
    assert [leave.room for leave in host.asked(asks.Leave)] == ["lobby"]
    assert len(host.events(events.Logged)) == 1


def test_who_comes_back_before_all_that_it_said_is_logged_sees_the_room_anew() -> None:
    host = Host("lobby")
    host.pasts["lobby"].append(1)
    host.push("lobby", 1)
    assert shown(host) == [1]
    host.guest.say("lobby", "last words", host.now)
    host.guest.leave("lobby", host.now)
    host.turn()
    host.pasts["lobby"].append(1)
    host.push("lobby", 2)
    host.events(events.Logged)
    host.guest.join("lobby", host.now, backlog=10)
    host.turn()
    host.page(host.got(wire.Fetch)[-1])
    assert shown(host) == [1, 1, 2]
    stay(host, 5.0)
    assert set(said(host)) == {(1, b"last words")}
    host.send(wire.Ack(host.tags["lobby"], 1))
    assert len(host.events(events.Logged)) == 1
    assert host.asked(asks.Leave) == []


def test_pushes_are_shown_and_a_gap_is_fetched() -> None:
    host = Host("lobby")
    host.pasts["lobby"].append(5)
    host.push("lobby", 1, 2)
    host.push("lobby", 5)
    assert shown(host) == [1, 2]
    host.wait(0.005)
    (fetch,) = host.got(wire.Fetch)
    assert fetch.ranges == (Range(3, 4),)
    host.page(fetch)
    assert shown(host) == [1, 2, 3, 4, 5]


def test_a_push_of_a_room_that_we_are_not_in_is_dropped() -> None:
    host = Host("lobby")
    datagram = host.sealers[1].seal(0, 0, b"")
    host.deliver(datagram[:4] + b"\x09" + datagram[5:])
    assert host.guest.dropped["push of an unknown room"] == 1


def test_a_push_that_comes_twice_or_damaged_is_not_opened() -> None:
    host = Host("lobby")
    datagram = host.sealers[1].seal(0, 0, b"")
    for each in (datagram, datagram, datagram[:-1] + b"\0"):
        host.deliver(each)
    assert host.guest.dropped["not opened"] == 2


def test_a_push_under_another_key_means_to_ask_for_it_once() -> None:
    host = Host("lobby")
    host.silent = True
    datagram = host.sealers[1].seal(0, 0, b"")
    for _ in range(3):
        host.deliver(datagram[:5] + b"\x01" + datagram[6:])
    assert len(host.asked(asks.Join)) == 2, "the first one, and one more"


def test_a_digest_that_is_not_ours_means_to_join_again_and_to_show_the_break() -> None:
    host = Host("lobby")
    past = host.pasts["lobby"]
    past.append(3)
    host.push("lobby", 1, 3)
    past.go_back(2)
    past.append(1)
    host.send(wire.Head(1, *past.head, 500, 10))
    host.page(host.got(wire.Fetch)[-1])
    assert host.events(Broken) == [Broken("lobby", 3)]


def test_entries_of_ours_that_the_log_lost_mean_to_go_on_as_somebody_new() -> None:
    host = Host("lobby", "den")
    before = host.guest.instance
    host.guest.say("lobby", "lost", host.now)
    host.guest.say("lobby", "pending", host.now)
    host.guest.say("den", "pending too", host.now)
    host.turn()
    host.send(wire.Ack(1, 1))
    host.frames.clear()
    restart(host)
    assert host.guest.instance != before
    assert said(host) == [(1, b"pending"), (1, b"pending too")]
    assert len(host.asked(asks.Hello)) == 2


def test_a_room_that_will_not_have_us_is_gone_and_what_was_said_there_failed() -> None:
    host = Host("lobby")
    host.silent = True
    host.guest.join("den", host.now)
    host.guest.say("den", "hi", host.now)
    host.turn()
    join = host.asked(asks.Join)[-1]
    host.reply(asks.Refused(join.r, "no"))
    assert "den" not in host.guest.rooms
    assert host.events(events.Failed) == [events.Failed("den", 1, "no")]
    assert host.events(events.Refusal) == [events.Refusal("no", join)]


def test_a_refusal_means_something_to_programs() -> None:
    host = Host("lobby")
    host.silent = True
    host.guest.join("den", host.now)
    host.turn()
    ask = host.asked(asks.Join)[-1]
    host.reply(asks.Refused(ask.r, "it has a password", asks.Why.PASSWORD))
    assert host.events(events.Refusal) == [
        events.Refusal("it has a password", ask, asks.Why.PASSWORD)
    ]


def test_another_password_is_tried_after_a_refusal_and_given_again_in_each_session() -> None:
    host = Host("lobby", "den")
    host.guest.leave("den", host.now)
    host.turn()
    host.lets_in = False
    for number, secret in enumerate(("", "halibut", "sword\u00a0fish")):
        host.guest.join("den", host.now, secret=secret)
        host.turn()
        ask = host.asked(asks.Join)[-1]
        if number < 2:
            host.reply(asks.Refused(ask.r, "no", 1 + number))
    assert ask.secret == "sword fish"
    host.reply(host.joined(ask))
    host.lets_in = True
    restart(host)
    secrets = {ask.room: ask.secret for ask in host.asked(asks.Join)}
    assert secrets == {"lobby": "", "den": "sword fish"}


def test_a_password_that_can_be_none_is_refused_at_once() -> None:
    host = Host("lobby")
    with pytest.raises(BadSecretError, match="at most 128"):
        host.guest.join("den", host.now, secret="x" * 129)
    assert "den" not in host.guest.rooms


def test_an_opening_with_the_longest_of_everything_is_one_datagram() -> None:
    name = "\U00010400" * 16
    host = Host("lobby", name=name, entries=5000, secure=True, key=Signer(bytes(32)))
    host.guest.leave("lobby", host.now)
    host.turn()
    room = "\U00010428" * 16
    host.pasts[room], host.tags[room] = Past(1200), 9
    host.guest.join(room, host.now, backlog=1200, secret="\U0001f41f" * 128)
    host.turn()
    for seq in range(1, 1201, 10):
        host.push(room, seq, 10)
    assert len(host.guest.rooms[room].offer()) >= 10
    restart(host)
    assert host.asked(asks.Join)[-1].room == room
    assert max(map(len, host.datagrams)) <= wire.DATAGRAM_MAX


def test_what_a_moderator_does_is_asked_and_answered() -> None:
    host = Host("lobby")
    host.guest.act("lobby", "ban", whom="bob", seconds=60, text="spam", now=host.now)
    host.turn()
    (act,) = host.asked(asks.Act)
    assert act == asks.Act(act.r, "lobby", "ban", "bob", 60, 0, "spam")
    host.reply(asks.Done(act.r, "so it is"))
    assert host.events(events.Done) == [events.Done("lobby", "ban", "bob", "so it is")]


def test_what_was_done_is_not_overtaken_by_what_undoes_it() -> None:
    host = Host("lobby", "den")
    for act in ("mute", "unmute"):
        host.guest.act("lobby", act, whom="bob", now=host.now)
    host.guest.act("den", "lock", now=host.now)
    host.turn()
    assert [(each.room, each.act) for each in host.asked(asks.Act)] == [
        ("lobby", "mute"),
        ("den", "lock"),
    ]
    host.wait(1.0)
    assert "unmute" not in [each.act for each in host.asked(asks.Act)]
    host.reply(asks.Refused(host.asked(asks.Act)[0].r, "no"))
    assert host.asked(asks.Act)[-1].act == "unmute"


def test_what_takes_the_server_its_time_says_nothing_of_the_path() -> None:
    host = Host("lobby")
    host.guest.act("lobby", "lock", now=host.now)
    host.guest.join("den", host.now, secret="swordfish")
    host.turn()
    measured = host.guest.rtt.smoothed
    host.now += 0.05
    host.reply(
        asks.Done(host.asked(asks.Act)[-1].r, ""), asks.Refused(host.asked(asks.Join)[-1].r, "no")
    )
    assert host.guest.rtt.smoothed == measured


@pytest.mark.parametrize(
    ("room", "fields", "reason"),
    [
        ("den", {"act": "lock"}, "not in den"),
        ("lobby", {"act": "kick", "whom": "bob", "text": "x" * 301}, "301 bytes are too long"),
        ("lobby", {"act": "kick", "whom": "bob", "text": "\ud83d"}, "this is not text"),
        ("lobby", {"act": "kick", "whom": "\ud83d"}, "this is not text"),
        ("lobby", {"act": "password", "text": "x" * 129}, "at most 128 characters"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_at_once(
    room: str, fields: dict[str, str], reason: str
) -> None:
    host = Host("lobby")
    with pytest.raises(NotSaidError, match=reason):
        host.guest.act(room, now=host.now, **fields)  # type: ignore[arg-type]
    host.turn()
    assert host.asked(asks.Act) == []


def test_a_direct_room_has_no_moderators() -> None:
    room = direct_room(b"a" * 8, b"b" * 8)
    host = Host(room)
    with pytest.raises(NotSaidError, match="no moderators"):
        host.guest.act(room, "lock", now=host.now)


def test_who_is_put_out_is_told_and_does_not_come_again_by_itself() -> None:
    host = Host("lobby", "den")
    (ticket,) = host.guest.say("den", "hi", host.now)
    host.turn()
    host.reply(asks.Removed("den", "alice kicked you", (host.tags["den"], 1)))
    assert host.events(events.Failed) == [events.Failed("den", ticket, "alice kicked you")]
    assert host.events(events.Removed) == [events.Removed("den", "alice kicked you")]
    assert list(host.guest.rooms) == ["lobby"]
    assert [leave.room for leave in host.asked(asks.Leave)] == ["den"]
    host.reply(asks.Removed("den", "alice kicked you", (host.tags["den"], 1)))
    assert len(host.events(events.Removed)) == 1
    host.told.clear()
    restart(host)
    assert [event.room for event in host.events(events.Entered)] == ["lobby"]


def test_who_comes_again_reads_on_and_says_anew() -> None:
    host = Host("den")
    past = host.pasts["den"]
    past.append(5)
    host.push("den", 1, 3)
    host.guest.say("den", "never taken", host.now)
    host.turn()
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    host.last_n["den"] = 0
    host.guest.join("den", host.now)
    host.turn()
    assert host.events(events.Entered)[-1] == events.Entered("den", "", "", True)
    host.wait(0.5)
    host.page(host.got(wire.Fetch)[-1])
    assert shown(host, "den") == [1, 2, 3, 4, 5], "each once"
    host.frames.clear()
    host.guest.say("den", "hi", host.now)
    host.turn()
    assert said(host) == [(1, b"hi")]


def test_what_is_answered_to_who_was_put_out_is_not_read_unseen() -> None:
    host = Host("den")
    host.pasts["den"].append(5)
    host.push("den", 4, 5)
    host.wait(0.1)
    fetch = host.got(wire.Fetch)[-1]
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    host.page(fetch)
    host.guest.join("den", host.now)
    host.turn()
    host.wait(0.5)
    host.page(host.got(wire.Fetch)[-1])
    assert shown(host, "den") == [1, 2, 3, 4, 5]


def test_a_room_that_was_left_for_good_begins_anew() -> None:
    host = Host("den")
    host.pasts["den"].append(3)
    host.push("den", 1, 3)
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    host.guest.leave("den", host.now)
    host.guest.join("den", host.now)
    host.turn()
    assert host.asked(asks.Join)[-1].points == ()
    assert host.events(events.Entered)[-1].again is False


def test_what_was_on_its_way_to_who_is_put_out_brings_nobody_back() -> None:
    host = Host("den", entries=5)
    den = host.guest.rooms["den"]
    (fetch,) = host.got(wire.Fetch)
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    den.inbox.diverged = True
    host.page(fetch)
    stay(host, 5.0)
    assert len(host.asked(asks.Join)) == 1


def test_who_comes_again_is_not_put_out_by_an_old_word() -> None:
    host = Host("lobby", "den")
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    host.lets_in = False
    host.guest.join("den", host.now)
    host.turn()
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    host.reply(host.joined(host.asked(asks.Join)[-1], ordinal=2))
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 1)))
    assert host.guest.rooms["den"].joined
    assert len(host.events(events.Removed)) == 1
    host.reply(asks.Removed("den", "spam", (host.tags["den"], 2)))
    assert "den" not in host.guest.rooms


@pytest.mark.parametrize("how", ["refused", "left", "put out"])
def test_who_is_to_be_somebody_new_waits_for_no_room_that_is_none_of_its_own_any_more(
    how: str,
) -> None:
    """A log has lost what it had acknowledged there, and another room does not say what it has."""
    host = Host("lobby", "den")
    host.guest.say("lobby", "lost", host.now)
    host.turn()
    host.send(wire.Ack(host.tags["lobby"], 1))
    before = host.guest.instance
    host.lets_in = False
    host.restart()
    restart(host)
    lobby, den = host.asked(asks.Join)[-2:]
    host.reply(host.joined(lobby))
    host.guest.say("lobby", "hello", host.now)
    host.turn()
    assert host.guest.instance == before, "what the other room has is not known yet"
    host.lets_in = True
    match how:
        case "refused":
            host.reply(asks.Refused(den.r, "there is no room den here: look at its name"))
        case "left":
            host.guest.leave("den", host.now)
            host.turn()
        case _:
            host.reply(asks.Removed("den", "you were kicked from den by bob", (2, 1)))
    assert host.guest.instance != before
    assert said(host)[-1] == (1, b"hello")


def test_our_standing_is_known_and_told_when_it_changes() -> None:
    host = Host("lobby")
    assert host.guest.standing("den") is None
    assert host.guest.standing("lobby") == events.Standing("lobby", Role.MEMBER)
    host.reply(asks.Standing(1, Role.OWNER), asks.Standing(1, Role.OWNER))
    assert host.events(events.Standing) == [events.Standing("lobby", Role.OWNER)]
    assert host.guest.standing("lobby") == events.Standing("lobby", Role.OWNER)
    host.reply(asks.Standing(99, Role.MUTED))
    assert len(host.events(events.Standing)) == 1


def test_an_old_word_of_our_standing_that_the_network_kept_is_nothing_new() -> None:
    host = Host("lobby")
    assert host.channel is not None
    old, new = (
        host.channel.seal(wire.encode_frame(wire.Reply(asks.encode(asks.Standing(1, *it)))))
        for it in ((Role.MUTED, asks.FOR_GOOD), (Role.MEMBER, 0))
    )
    host.deliver(new)
    host.deliver(old)
    host.guest.say("lobby", "hi", host.now)
    restart(host)
    host.reply(asks.Standing(1, Role.MUTED, asks.FOR_GOOD))
    with pytest.raises(NotSaidError, match="you are muted"):
        host.guest.say("lobby", "hi", host.now)


def test_that_a_role_is_gone_is_told_after_a_reconnect() -> None:
    host = Host("lobby")
    host.reply(asks.Standing(1, Role.OWNER))
    restart(host)
    host.wait(2.0)
    assert [event.role for event in host.events(events.Standing)] == [Role.OWNER, Role.MEMBER]


def test_who_is_muted_is_told_so_at_once_and_says_nothing() -> None:
    host = Host("lobby")
    host.reply(asks.Standing(1, Role.MUTED, 720, reason="spam"))
    with pytest.raises(NotSaidError, match="you are muted in lobby for 12m more: spam"):
        host.guest.say("lobby", "hi", host.now)
    host.guest.typing("lobby", host.now)
    host.turn()
    assert said(host) == []
    assert host.got(wire.Typing) == []
    host.wait(721.0)
    assert host.guest.say("lobby", "hi", host.now)


def test_what_is_withheld_is_said_when_it_may_be_and_hardly_before() -> None:
    host = Host("lobby")
    host.guest.say("lobby", "one", host.now)
    host.guest.say("lobby", "two", host.now)
    host.turn()
    host.reply(asks.Standing(1, Role.MEMBER, slow=20, wait=15_000))
    sent = len(said(host))
    stay(host, 14.5)
    assert len(said(host)) == sent
    stay(host, 1.0)
    assert said(host)[sent:][0] == (1, b"one")
    host.send(wire.Ack(1, 1))
    sent = len(said(host))
    stay(host, 19.0)
    assert len(said(host)) == sent
    stay(host, 2.0)
    assert said(host)[sent:][0] == (2, b"two")
    assert host.events(events.Disconnected) == []


def test_a_new_name_is_the_one_the_server_gives() -> None:
    host = Host("lobby")
    host.guest.nick("zoe", host.now)
    host.turn()
    (nick,) = host.asked(asks.Nick)
    host.reply(asks.Named(nick.r, "zoe2", "zoe"))
    assert host.guest.name == "zoe2"
    assert host.events(events.Renamed) == [events.Renamed("zoe2", "zoe")]
    restart(host)
    assert host.asked(asks.Hello)[-1].name == "zoe2"


@pytest.mark.parametrize(
    ("given", "name"), [("zoe\x1b]0;owned\x07", "zoe]0;owned"), ("\x9b\n ", "ann"), ("", "ann")]
)
def test_what_a_server_calls_us_acts_on_no_terminal(given: str, name: str) -> None:
    host = Host()
    host.guest.nick("zoe", host.now)
    host.turn()
    host.reply(asks.Named(host.asked(asks.Nick)[-1].r, given, "zoe"))
    assert host.guest.name == name


@pytest.mark.parametrize("room", ["den", "den\x1b]0;owned\x07", "@a.b\x1b[2J", "!registry", ""])
def test_nobody_is_invited_but_to_a_room_of_two(room: str) -> None:
    host = Host("lobby")
    host.guest.direct("bob", host.now)
    host.turn()
    host.reply(asks.Invited(0, room, "bob"))
    host.reply(asks.Invited(host.asked(asks.Direct)[-1].r, room, "bob"))
    assert [join.room for join in host.asked(asks.Join)] == ["lobby"]
    assert list(host.guest.rooms) == ["lobby"]
    assert host.guest.dropped["malformed"] == 2


def test_only_the_newest_wish_for_a_name_is_asked_for() -> None:
    host = Host()
    host.guest.nick("zoe", host.now)
    host.guest.nick("eve", host.now)
    host.turn()
    assert [nick.name for nick in host.asked(asks.Nick)] == ["eve"]


def test_all_pages_of_the_rooms_are_one_list() -> None:
    host = Host()
    host.guest.list_rooms(host.now)
    host.turn()
    rows = [asks.RoomRow(name, 1, "") for name in ("attic", "cellar", "den")]
    host.reply(asks.RoomList(host.asked(asks.Rooms)[-1].r, tuple(rows[:2]), True))
    assert host.asked(asks.Rooms)[-1].after == "cellar"
    host.reply(asks.RoomList(host.asked(asks.Rooms)[-1].r, tuple(rows[2:]), False))
    assert host.events(events.Listing) == [events.Listing(tuple(rows))]


def test_a_direct_room_is_joined_and_told_with_the_other_ones_name() -> None:
    host = Host()
    host.guest.direct("bob", host.now)
    host.turn()
    (direct,) = host.asked(asks.Direct)
    room = "@" + ".".join(sorted((host.guest.instance.hex(), "b" * 16)))
    host.reply(asks.Invited(direct.r, room, "bob"))
    assert host.events(events.DirectRoom) == [events.DirectRoom(room, "bob")]
    assert [join.room for join in host.asked(asks.Join)] == [room]
    assert host.guest.rooms[room].peer == "bob"


def test_a_refusal_says_which_request_it_answers() -> None:
    host = Host()
    host.guest.direct("zed.", host.now)
    host.guest.nick("bob", host.now)
    host.turn()
    requests = [*host.asked(asks.Direct), *host.asked(asks.Nick)]
    host.reply(*(asks.Refused(request.r, "no") for request in requests))
    assert host.events(events.Refusal) == [events.Refusal("no", each) for each in requests]
    assert [request.name for request in requests] == ["zed.", "bob"]


def test_who_is_invited_comes() -> None:
    host = Host()
    room = "@" + ".".join(sorted((host.guest.instance.hex(), "b" * 16)))
    host.reply(asks.Invited(0, room, "bob"), asks.Invited(0, room, "bob"))
    assert [join.room for join in host.asked(asks.Join)] == [room]


def test_members_are_asked_for_when_the_digest_says_so() -> None:
    host = Host("lobby")
    row = asks.Member(1, "ann", "192.0.2.33:4000", 0, False)
    host.send(wire.Presence(1, 3, 1, bytes(8)))
    (who,) = host.asked(asks.Who)
    assert (who.room, who.version, who.after) == (1, 0, 0)
    host.reply(asks.Members(who.r, 1, 0, 3, (row,), (), False))
    (presence,) = host.events(events.Presence)
    assert (presence.room, presence.renamed) == ("lobby", ())
    assert host.guest.rooms["lobby"].roster.members == {1: row}


def test_the_members_of_a_large_room_only_when_somebody_wants_to_know() -> None:
    host = Host("lobby")
    host.send(wire.Presence(1, 3, limits.MEMBERS_SMALL + 1, bytes(8)))
    assert host.asked(asks.Who) == []
    host.guest.who("lobby", host.now)
    host.turn()
    assert len(host.asked(asks.Who)) == 1


def test_who_asks_anew_for_what_is_known_and_has_round_trips_from_then_on() -> None:
    host = Host("lobby")
    presence, row = Presence(), asks.Member(1, "ann", "192.0.2.33:4000", 0, False)
    presence.put(row)
    host.send(presence.digest(1))
    host.reply(presence.answer(host.asked(asks.Who)[-1]))
    host.told.clear()
    host.guest.who("lobby", host.now)
    host.guest.who("lobby", host.now)
    host.turn()
    _, who = host.asked(asks.Who)
    assert (who.version, who.after) == (0, 0)
    roster = host.guest.rooms["lobby"].roster
    assert not roster.complete
    presence.measured(1, 9)
    host.reply(presence.answer(who))
    assert roster.members[1].rtt == 9
    assert host.events(events.Presence) == [events.Presence("lobby", 0, ())]
    host.wait(5.0)
    assert len(host.asked(asks.Who)) == 2


def test_typing_is_said_and_neither_repeated_nor_kept_for_later() -> None:
    host = Host("lobby")
    for _ in range(10):
        host.guest.typing("lobby", host.now)
        host.turn()
    assert host.got(wire.Typing) == [wire.Typing(1, 1)]
    host.wait(60.0)
    host.guest.say("lobby", "hi", host.now)
    host.guest.typing("lobby", host.now)
    host.turn()
    assert host.got(wire.Typing) == [wire.Typing(1, 1), wire.Typing(1, 2)]
    host.guest.typing("elsewhere", host.now)
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.guest.typing("lobby", host.now + 10)
    host.wait(10.0)
    assert host.guest.connected
    assert len(host.got(wire.Typing)) == 2


def test_who_types_is_told_until_nothing_is_heard_of_it() -> None:
    host = Host("lobby")
    presence = Presence()
    for ordinal, name in ((1, "ann"), (2, "bob")):
        presence.put(asks.Member(ordinal, name, "", 0, False))
    host.send(presence.digest(1))
    host.reply(presence.answer(host.asked(asks.Who)[-1]))
    calm = wire.Head(1, *host.pasts["lobby"].head, 60_000, 10)
    host.push("lobby", 1, 0, calm, wire.Typists(1, 1, (1, 2)))
    assert host.events(events.Typing) == [events.Typing("lobby", ("bob",))]
    host.wait(limits.TYPING_LIFE - 0.1)
    assert len(host.events(events.Typing)) == 1
    host.wait(0.2)
    assert host.events(events.Typing)[1:] == [events.Typing("lobby", ())]
    host.push("lobby", 1, 0, wire.Typists(1, 2, (2,)))
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    assert host.events(events.Typing)[2:] == [
        events.Typing("lobby", ("bob",)),
        events.Typing("lobby", ()),
    ]


def test_older_entries_are_fetched_when_they_are_wanted() -> None:
    host = Host("lobby", entries=300)
    while not host.guest.rooms["lobby"].inbox.complete:
        host.page(host.got(wire.Fetch)[-1], most=20)
    begin = shown(host)[0]
    host.guest.older("lobby", 10, host.now)
    host.turn()
    host.page(host.got(wire.Fetch)[-1])
    (older,) = host.events(Older)
    assert [entry.seq for entry in older.entries] == [*range(begin - 10, begin)]


def test_reports_and_notices_pass() -> None:
    host = Host("lobby")
    host.wait(1.5)
    assert [report.room for report in host.got(wire.Report)] == [1]
    host.reply(asks.Notice("the server is going down"))
    assert host.events(events.Notice) == [events.Notice("the server is going down")]


def test_what_the_server_says_again_and_again_is_told_once() -> None:
    host = Host("lobby")
    for _ in range(50):
        host.reply(asks.Notice("the disk is full"))
        host.wait(1.0)
    assert len(host.events(events.Notice)) == 1
    host.reply(asks.Notice("the log goes on"))
    host.reply(asks.Notice("the disk is full"))
    assert len(host.events(events.Notice)) == 3
    host.wait(limits.NOTICE_AGAIN + 1.0)
    host.reply(asks.Notice("the disk is full"))
    assert len(host.events(events.Notice)) == 4
    host.send(wire.Receipts(1, 0, ((1, 0),)))
    assert host.events(events.Receipts) == [events.Receipts("lobby", 0, {1: 0})]


def test_what_is_not_for_clients_is_counted() -> None:
    host = Host("lobby")
    host.deliver(wire.encode_header(wire.Status(1, bytes(87))))
    host.send(wire.Ping(1), wire.Bye())
    assert host.guest.dropped["not for clients"] == 3
    for datagram in (b"", b"hello", b"\x84", b"\xbf" * 40):
        host.deliver(datagram)
    assert host.guest.dropped["malformed"] == 4


def test_a_quiet_room_lets_a_guest_rest() -> None:
    host = Host("lobby")
    host.wait(3.0)
    before = len(host.datagrams)
    for ping in host.got(wire.Ping):
        host.send(wire.Pong(ping.token), wire.Head(1, *host.pasts["lobby"].head, 0, 10))
    host.wait(limits.KEEPALIVE[0] - 1.0)
    assert len(host.datagrams) - before <= 1
