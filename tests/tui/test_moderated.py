"""A room with an owner, seen by who is moderated there: a real hub, its log, and the model, in virtual
time."""

import pytest

from chat.tui.lines import Mark
from chat.tui.roombuffer import RoomBuffer

from .stage import ME, Stage

DEN = "den"


@pytest.fixture
def stage() -> Stage:
    """The den is that of femi, whose name belongs to a key; we are there, too."""
    stage = Stage((100, 30))
    stage.come("carol", "femi")
    stage.join("femi", DEN)
    stage.enter()
    stage.enter_line(f"/join {DEN}")
    stage.until(lambda: DEN in stage.viewer.guest.rooms and stage.viewer.guest.rooms[DEN].joined)
    return stage


def den(stage: Stage) -> RoomBuffer:
    buffer = stage.model.desk.buffers.get(DEN)
    assert buffer is not None
    return buffer


def seen(stage: Stage) -> list[str]:
    timeline = den(stage).timeline
    return [timeline[at].text for at in range(1, len(timeline))]


def screen(stage: Stage) -> str:
    frame = stage.model.view(*stage.size)
    return "\n".join("".join(text for _, row in parts for _, text in row) for parts in frame.rows)


def test_put_out_and_in_again(stage: Stage) -> None:
    stage.say("femi", "one", DEN)
    stage.cut(ME)
    stage.enter_line("said too late")
    stage.moderate("femi", DEN, "kick", whom=ME, text="no manners")
    stage.say("femi", "two", DEN)
    stage.mend(ME)
    stage.until(lambda: "you are not in #den" in screen(stage))
    assert seen(stage) == [
        "one",
        "said too late",
        "you were kicked from den by femi: no manners; /join den comes back",
    ]
    (failed,) = den(stage).outgoing.failed_lines
    assert (failed.text, failed.mark) == ("said too late", Mark.FAILED)
    stage.run(20)
    assert DEN not in stage.viewer.guest.rooms, "nobody comes again without being asked"
    stage.enter_line(f"/join {DEN}")
    stage.until(lambda: "two" in seen(stage))
    stage.press("escape", "r")
    stage.until(lambda: not stage.model.desk.pending)
    stage.run(1)
    told = [text for text in seen(stage) if "you were" not in text]
    assert told == ["one", "kicked ann: no manners", "two", "said too late"], "each once"


def test_muted_for_a_while(stage: Stage) -> None:
    stage.moderate("femi", DEN, "mute", whom=ME, seconds=90, text="shouting")
    assert "muted for 1m 30s" in screen(stage) or "muted for 1m 29s" in screen(stage)
    stage.enter_line("BUT")
    assert stage.model.desk.hint[1].startswith("you are muted in den for 1m ")
    assert stage.model.desk.hint[1].endswith(" more: shouting")
    assert stage.model.editor.text == "BUT"
    stage.run(95)
    assert "muted for" not in screen(stage)
    assert stage.model.desk.hint[1] == "Enter says it now"
    stage.press("enter")
    stage.until(lambda: not stage.model.desk.pending)
    assert "BUT" in seen(stage)


def test_a_slow_room(stage: Stage) -> None:
    stage.moderate("femi", DEN, "slow", seconds=10)
    assert "slow: 10s" in screen(stage)
    stage.enter_line("one")
    stage.run(2)
    stage.enter_line("two")
    assert stage.model.editor.text == "two"
    hints = {}
    for _ in range(24):
        hints[stage.model.desk.hint[1]] = True
        stage.run(0.5)
    counted = [f"slow mode: {left} s more" for left in range(8, 0, -1)]
    assert list(hints) == [*counted, "Enter says it now"]
    stage.press("enter")
    stage.until(lambda: not stage.model.desk.pending)
    assert [text for text in seen(stage) if text in ("one", "two")] == ["one", "two"]


def test_a_room_of_ones_own(stage: Stage) -> None:
    """What an owner does, and its answers."""
    stage.enter_line("/join attic")
    stage.run(2)
    assert " owner " in screen(stage)
    stage.enter_line("/lock")
    stage.enter_line("/kick nobody")
    stage.enter_line("/invite 2 2h")
    stage.run(1)
    shown = screen(stage)
    assert "ann* locked the room" in shown
    assert "there is no nobody" in shown or "nobody is not" in shown
    assert "invite: chat://" in shown
    assert stage.model.desk.acting == 0


def test_a_password_on_the_way_in(stage: Stage) -> None:
    stage.join("femi", "vault")
    stage.moderate("femi", "vault", "password", text="correct horse")
    stage.run(1)
    stage.enter_line("/join vault")
    stage.until(lambda: stage.model.secret is not None)
    for word in ("wrong", "correct horse"):
        stage.write(word)
        assert word not in screen(stage)
        stage.press("enter")
        stage.run(2)
    assert stage.model.secret is None
    assert stage.viewer.guest.rooms["vault"].joined
