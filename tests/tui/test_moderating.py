"""Moderation on the screen: what is typed, what is asked of the server, what is seen of it."""

from math import inf

import pytest

from chat.core import asks, events
from chat.core.link import Link, parse_link
from chat.core.names import direct_room
from chat.core.roles import Role
from chat.core.types import Kind
from chat.tui.lines import Look, Mark
from chat.tui.status import Facts, Tab, status_row
from chat.tui.view import compose_view

from .entries import OTHER, ROOM, entry
from .guests import Scene

CONNECTED = events.Connected("ann", "ann", "192.0.2.1:4000", False)
HOUR = 3600


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.tell(CONNECTED)
    return scene


def shown(scene: Scene) -> str:
    """The whole screen."""
    model = scene.model
    frame = compose_view(model.desk, model.line, "", 80, 24)
    return "\n".join("".join(text for _, row in parts for _, text in row) for parts in frame.rows)


def standing(
    scene: Scene,
    role: Role = Role.MEMBER,
    *,
    muted: float = 0.0,
    slow: int = 0,
    ready: float = 0.0,
) -> None:
    found = events.Standing(ROOM, role, muted=muted, slow=slow, ready=ready)
    scene.guest.standings[ROOM] = found


# What is asked


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("/kick bob", asks.Act(0, ROOM, "kick", "bob")),
        ("/kick bob no  manners", asks.Act(0, ROOM, "kick", "bob", text="no  manners")),
        ("/ban bob 2h spam", asks.Act(0, ROOM, "ban", "bob", 2 * HOUR, text="spam")),
        ("/ban 192.0.2.7", asks.Act(0, ROOM, "ban", "192.0.2.7")),
        ("/ban", asks.Act(0, ROOM, "bans")),
        ("/unban bob", asks.Act(0, ROOM, "unban", "bob")),
        ("/mute bob 10m", asks.Act(0, ROOM, "mute", "bob", 600)),
        ("/op bob owner", asks.Act(0, ROOM, "op", "bob", text="owner")),
        ("/lock", asks.Act(0, ROOM, "lock")),
        ("/password off", asks.Act(0, ROOM, "password")),
        ("/slow 12s", asks.Act(0, ROOM, "slow", seconds=12)),
        ("/limit 10", asks.Act(0, ROOM, "limit", number=10)),
        ("/invite 3 2h", asks.Act(0, ROOM, "invite", seconds=2 * HOUR, number=3)),
        ("/invite list", asks.Act(0, ROOM, "invites")),
    ],
)
def test_a_command_asks_the_server(scene: Scene, line: str, act: asks.Act) -> None:
    woken = scene.line.woken
    assert scene.enter(line)
    assert scene.guest.acts == [act]
    assert scene.line.woken > woken
    assert scene.seen() == [], "what came of it is the log's to say"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/kick", "usage: /kick NAME"),
        ("/mute bob 10x", "10x is no duration"),
        ("/op bob king", "king is no role"),
        ("/invite revoke", "/invite list"),
    ],
)
def test_what_cannot_be_read_stays(scene: Scene, line: str, hint: str) -> None:
    assert not scene.enter(line)
    assert hint in scene.hint
    assert scene.guest.acts == []


def test_a_room_of_two_has_nothing_to_moderate(scene: Scene) -> None:
    room = direct_room(OTHER, scene.guest.instance)
    scene.guest.join(room, 0.0)
    scene.desk.buffers.show(scene.desk.buffers.open(room, "bob"))
    for line in ("/kick bob", "/password"):
        assert not scene.enter(line)
        assert "a direct room has no moderators" in scene.hint


# What comes of it


def test_an_invite_is_a_link_to_this_room(scene: Scene) -> None:
    scene.enter("/invite")
    assert scene.desk.acting == 1
    scene.tell(events.Done(ROOM, "invite", "", "Abc-123"))
    link = Link("192.0.2.9", 9999, ROOM, scene.line.pin, "Abc-123")
    assert scene.seen() == [f"invite: {link}"]
    assert parse_link(str(link)) == link
    assert scene.looks() == [Look.QUIET]
    assert "Alt-L" in scene.hint
    assert scene.desk.acting == 0


def test_lists_are_lines(scene: Scene) -> None:
    scene.enter("/ban")
    scene.tell(events.Done(ROOM, "bans", "", "bob for 2h: spam\n192.0.2.0/24\x1b[2J for good"))
    assert scene.seen() == ["bob for 2h: spam\n192.0.2.0/24[2J for good"]


def test_an_act_that_says_nothing_is_seen_in_the_room(scene: Scene) -> None:
    scene.tell(events.Done(ROOM, "kick", "bob", ""))
    assert scene.seen() == []


def test_a_refused_act_is_said_where_it_was_asked(scene: Scene) -> None:
    scene.enter("/kick bob")
    scene.enter("/join dev")
    scene.tell(events.Refusal("only its moderators\x1b may do that here", scene.guest.acts[0]))
    assert scene.seen(scene.buffer(ROOM)) == ["only its moderators may do that here"]
    assert scene.desk.acting == 0


# What moderators do, in the room


def moderation(seq: int, text: str, name: str = "alice") -> object:
    return entry(seq, text, name=name, kind=Kind.MODERATION, instance=b"serverss")


def test_a_moderators_act_is_a_quiet_line(scene: Scene) -> None:
    scene.tell(entry(1), moderation(2, "kicked bob: ann\x1b[2J is next"))
    assert scene.looks() == [Look.TALK, Look.MODERATION]
    assert "--  alice kicked bob: ann[2J is next" in shown(scene)
    line = scene.desk.current.timeline[2]
    assert not line.mention
    assert scene.desk.current.speakers() == ["bob"], "who moderates has not spoken"


def test_it_counts_as_nothing_unread_and_rings_no_bell(scene: Scene) -> None:
    scene.enter("/set bell all")
    scene.tell(events.CaughtUp(ROOM))
    scene.enter("/join dev")
    scene.model.drain()
    scene.tell(moderation(1, "kicked bob"))
    assert scene.buffer(ROOM).unread == 0
    assert scene.model.drain() == []


def test_it_can_be_found_and_copied(scene: Scene) -> None:
    scene.tell(moderation(1, "kicked bob: spam"), entry(2), entry(3))
    scene.model.press("c-s")
    scene.model.type("spam")
    line = scene.desk.current.selected
    assert line is not None and line.text == "kicked bob: spam"
    assert scene.desk.current.copy_text(line).endswith(" -- alice kicked bob: spam")


def test_ignoring_somebody_does_not_hide_it(scene: Scene) -> None:
    scene.enter("/ignore alice")
    scene.tell(entry(1, name="alice"), moderation(2, "kicked bob"))
    shown = scene.desk.current.timeline.shown
    assert [shown[at].text for at in range(len(shown))][-1] == "kicked bob"
    assert len(shown) == 2, "the top, and the act"


# Deleting what others said


def selected(scene: Scene) -> None:
    scene.tell(entry(1, "buy now", name="bob"), entry(2, name="carol"))
    scene.model.view(80, 24)
    scene.model.press("escape", "up")
    scene.model.press("escape", "up")


def test_deleting_somebody_elses_message_is_asked_for(scene: Scene) -> None:
    selected(scene)
    assert scene.enter("/delete spam")
    assert scene.guest.acts == [asks.Act(0, ROOM, "delete", number=1, text="spam")]
    assert scene.desk.current.selected is None
    assert scene.said() == []


def test_who_may_delete_is_told_how(scene: Scene) -> None:
    selected(scene)
    assert "/delete" not in scene.hint
    standing(scene, Role.MODERATOR)
    scene.model.press("escape", "down")
    assert scene.hint.startswith("/delete REASON deletes it, /react")


def test_a_reason_alone_deletes_nothing(scene: Scene) -> None:
    """It was meant for somebody else's; ours is not to be taken back instead."""
    scene.tell(entry(1, name="ann", instance=scene.guest.instance))
    assert not scene.enter("/delete spam")
    assert "select that first" in scene.hint
    assert scene.said() == [] and scene.guest.acts == []


# What we may say


def test_our_role_is_on_the_status_bar_and_in_who(scene: Scene) -> None:
    standing(scene, Role.OWNER)
    assert "│ owner " in shown(scene)
    scene.guest.rooms[ROOM].roster.renewing = False
    scene.enter("/who")
    scene.now += 11
    scene.model.tick()
    assert scene.seen()[-1].startswith("0 members in lobby; you are an owner here")


def test_being_muted_is_on_the_status_bar(scene: Scene) -> None:
    standing(scene, Role.MUTED, muted=12 * 60.0)
    assert "muted for 12m" in shown(scene)
    standing(scene, Role.MUTED, muted=inf)
    assert "│ muted  " in shown(scene)
    scene.now = 12 * 60.0 + 1
    standing(scene, Role.MUTED, muted=12 * 60.0)
    assert "muted" not in shown(scene)


def test_in_a_slow_room_the_line_waits(scene: Scene) -> None:
    standing(scene, slow=30, ready=12.0)
    assert "slow: 30s" in shown(scene)
    assert not scene.enter("hello")
    assert scene.hint == "slow mode: 12 s more"
    assert scene.said() == []
    scene.now = 4.5
    scene.model.tick()
    assert scene.hint == "slow mode: 8 s more"
    scene.now = 12.0
    scene.model.tick()
    assert scene.hint == "Enter says it now"
    scene.model.press("enter")
    assert scene.said() == ["hello"]
    assert scene.hint == ""


def test_the_countdown_is_over_with_the_next_key(scene: Scene) -> None:
    standing(scene, slow=30, ready=12.0)
    scene.enter("hello")
    scene.model.type("!")
    scene.now = 1.0
    scene.model.tick()
    assert scene.hint == ""


def test_what_is_not_slowed(scene: Scene) -> None:
    standing(scene, slow=30, ready=12.0)
    scene.tell(entry(1, "mine", name="ann", instance=scene.guest.instance))
    assert not scene.enter("/react +1")
    assert scene.enter("/delete")
    standing(scene, Role.MODERATOR, slow=30, ready=12.0)
    assert scene.enter("hello")
    assert scene.said() == ["", "hello"]


def test_narrow_bars_keep_what_matters() -> None:
    facts = Facts("ann", [Tab("lobby", 0, True, False)], role="owner", muted="muted for 12m")
    row = "".join(text for _, text in status_row(facts._replace(round_trip=0.1, loss=0.0), 32))
    assert "muted for 12m" in row and "owner" not in row


# Put out


def put_out(scene: Scene) -> None:
    scene.desk.tell("a word for the moment")
    scene.tell(entry(1, "hello"))
    scene.enter("on its way")
    membership = scene.guest.rooms.pop(ROOM)
    for draft in membership.outbox.pending:
        scene.tell(events.Failed(ROOM, draft.ticket, "you were put out"))
    scene.tell(events.Removed(ROOM, "you were kicked from lobby by alice: spam\x1b"))


def test_what_was_said_stays_to_be_read(scene: Scene) -> None:
    put_out(scene)
    assert scene.seen() == [
        "hello",
        "✗ on its way",
        "you were kicked from lobby by alice: spam",
    ]
    assert scene.looks()[-1] is Look.ALERT
    screen = shown(scene)
    assert "you were kicked" in screen
    assert "outside" in screen, "instead of how many are here"
    assert "you are not in #lobby" in screen
    assert "/join lobby" in screen


def test_nothing_can_be_said_there_and_nothing_is_lost(scene: Scene) -> None:
    put_out(scene)
    assert not scene.enter("still here")
    assert "you are not in lobby" in scene.hint
    scene.model.press("escape", "r")
    assert "you are not in lobby" in scene.hint
    failed = scene.desk.current.outgoing.failed_lines
    assert [(line.text, line.mark) for line in failed] == [("on its way", Mark.FAILED)]


def test_who_is_put_out_of_everything_is_told_once_in_each_room(scene: Scene) -> None:
    for room in ("dev", "ducks"):
        scene.enter(f"/join {room}")
    reason = "you are banned from this server by the operator"
    for room in (ROOM, "dev", "ducks"):
        scene.guest.rooms.pop(room)
        scene.tell(events.Removed(room, reason))
    assert [scene.seen(scene.buffer(room)) for room in (ROOM, "dev", "ducks")] == [[reason]] * 3


def test_what_the_room_said_of_it_stands_above_what_we_were_told_then(scene: Scene) -> None:
    scene.tell(entry(1, "hello", time=scene.desk.wall()))
    put_out(scene)
    scene.desk.notice("meanwhile")
    kicked = entry(
        2, "kicked ann: spam", kind=Kind.MODERATION, name="alice", time=scene.desk.wall()
    )
    later = entry(3, "he is gone", time=scene.desk.wall() + 1)
    for each in (kicked, later):
        scene.tell(each)
    told = "you were kicked from lobby by alice: spam"
    after = ["kicked ann: spam", told, "meanwhile", "he is gone"]
    assert scene.seen()[-4:] == after
    assert [line.text for line in scene.desk.current.timeline.shown][-4:] == after


def test_who_is_elsewhere_is_told_there_too(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.guest.rooms.pop(ROOM)
    scene.tell(events.Removed(ROOM, "you were kicked from lobby by alice: spam"))
    text = "you were kicked from lobby by alice: spam"
    assert scene.seen()[-1] == text
    assert scene.seen(scene.buffer(ROOM))[-1] == text


def test_what_is_said_of_a_selected_line_is_what_can_be_done_with_it(scene: Scene) -> None:
    scene.tell(entry(1, "rude"))
    scene.tell(
        entry(2, "kicked bob", kind=Kind.MODERATION, name="ann", instance=scene.guest.instance)
    )
    shown(scene)
    scene.model.press("escape", "up")
    assert scene.hint == "Alt-C copies, Escape lets it go"
    scene.enter("/delete")
    assert scene.hint == "only what somebody said can be taken back"
    scene.model.line.buffer.reset()
    scene.model.press("escape", "up")
    assert "/delete" not in scene.hint
    standing(scene, Role.MODERATOR)
    scene.model.press("escape", "down")
    scene.model.press("escape", "up")
    assert "/delete REASON deletes it" in scene.hint
