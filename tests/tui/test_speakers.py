from chat.tui.speakers import REMEMBERED, Speakers
from chat.tui.timeline import Timeline

from .entries import NOON, entry


def test_the_latest_first_each_once() -> None:
    timeline, speakers = Timeline(), Speakers()
    for seq, name in enumerate(("ann", "Bob", "ann", "bob"), 1):
        speakers.spoke(timeline.add(entry(seq, name=name, time=NOON + seq)))
    assert speakers.names == ["bob", "ann"]
    assert speakers.times(["BOB", "carol"]) == {"bob": NOON + 4}


def test_they_are_bounded() -> None:
    timeline, speakers = Timeline(), Speakers()
    for seq in range(1, 2 * REMEMBERED):
        speakers.spoke(timeline.add(entry(seq, name=f"name{seq}")))
    assert len(speakers.names) == REMEMBERED
