from chat.core import asks
from chat.core.audit import Audited, AuditRow
from chat.core.types import Fetch

from .den import Den


def audit(den: Den, room: str = "") -> list[AuditRow]:
    """Page by page; what is written again counts once."""
    rows: dict[int, AuditRow] = {}
    after, more = 0, True
    while more:
        den.scene.effects.clear()
        den.scene.hub.audit("ticket", room, after)
        den.scene.turn()
        (page,) = [it for it in den.scene.told() if isinstance(it, Audited)]
        assert page.ticket == "ticket" and page.after > after
        rows.update((row.seq, row) for row in page.rows)
        after, more = page.after, page.more
    return [rows[seq] for seq in sorted(rows)]


def slow_down(den: Den, times: int) -> None:
    """By the operator, who may do so much at once."""
    for number in range(1, times + 1):
        ask = asks.Act(number, "den", "slow", "", number)
        den.scene.hub.operate("", ask, den.scene.now, den.scene.wall)
        den.scene.turn()


def test_it_says_who_did_what_to_whom_why_and_until_when() -> None:
    den = Den()
    den.come("bob")
    den.does("op", "bob", text="moderator")
    den.does("kick", "bob", text="spam")
    den.does("mute", "bob", seconds=60, text="noise")
    found = [(it.act, it.by, it.whom, it.value, it.why) for it in audit(den)]
    assert found == [
        ("op", "ann", "ann", "owner", "made the room"),
        ("op", "ann", "bob", "moderator", ""),
        ("kick", "ann", "bob", "", "spam"),
        ("mute", "ann", "bob", "", "noise"),
    ]
    mute = audit(den)[-1]
    assert (mute.room, mute.until - mute.time) == ("den", 60_000)
    den.scene.wait(61)
    assert [(it.act, it.by) for it in audit(den)][-1] == ("unmute", "")


def test_it_is_of_one_room_or_of_all() -> None:
    den = Den()
    scene = den.scene
    scene.hub.operate("", asks.Act(1, "", "ban", "192.0.2.7"), scene.now, scene.wall)
    scene.hub.operate("", asks.Act(2, "den", "lock"), scene.now, scene.wall)
    scene.turn()
    assert [(it.room, it.act) for it in audit(den)] == [("den", "op"), ("", "ban"), ("den", "lock")]
    assert [it.act for it in audit(den, "den")] == ["op", "lock"]
    assert audit(den, "lobby") == []


def test_a_long_one_comes_in_pages_and_has_no_password() -> None:
    den = Den()
    slow_down(den, 400)
    den.does("password", text="correct horse")
    rows = audit(den)
    assert [row.value for row in rows if row.act == "slow"] == [str(n + 1) for n in range(400)]
    assert (rows[-1].act, rows[-1].value) == ("password", "")


def test_what_was_written_again_is_one() -> None:
    den = Den()
    den.does("lock")
    slow_down(den, 1500)
    rows = audit(den)
    assert len({row.seq for row in rows}) == len(rows) < 1501
    assert [row.act for row in rows].count("lock") == 1
    assert rows[0].act == "op"
    assert [row.value for row in rows][-1] == "1500"


def test_a_log_that_cannot_be_read_is_said() -> None:
    den = Den()
    den.scene.stalled = True
    den.scene.hub.audit("ticket", "", 0)
    den.scene.turn()
    (fetch,) = [it for it in den.scene._waiting if isinstance(it, Fetch)]
    den.scene.hub.failed(fetch.ticket, "the disk is gone", den.scene.now, den.scene.wall)
    den.scene._waiting.clear()
    den.scene.turn()
    assert Audited("ticket", trouble="the disk is gone") in den.scene.told()
