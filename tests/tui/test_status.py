import re

from hypothesis import example, given
from hypothesis import strategies as st

from chat.tui.catchup import Progress
from chat.tui.cells import width
from chat.tui.status import Facts, Tab, status_row

HERE = Tab("lobby", 0, True, False)
DEV = Tab("dev", 4, False, False)
BOB = Tab("@bob", 1, False, True)


def plain(facts: Facts, columns: int = 80) -> str:
    row = status_row(facts, columns)
    text = "".join(text for _, text in row)
    assert width(text) == columns
    return text.rstrip()


def test_all_is_well() -> None:
    facts = Facts("ann", [HERE], round_trip=0.0123, loss=0.0)
    assert plain(facts) == " ann │ lobby │ 12 ms  0% lost"


def test_everything_at_once() -> None:
    facts = Facts(
        "ann",
        [HERE, DEV, BOB],
        state="silent",
        round_trip=0.0042,
        loss=0.054,
        impaired=True,
        pending=2,
        below=1234,
        size=950,
    )
    assert plain(facts, 140) == (
        " ann │ 1:lobby │ silent │ 950 of 8,192 bytes │ more below (1,234) │ 2 pending │ 4.2 ms"
        "  5.4% lost │ impaired │ 3:@bob(1) │ 2:dev(4)"
    )


def test_the_network_in_ever_fewer_words() -> None:
    trend = (None, 0.012, 0.012, 0.03, 0.048)
    facts = Facts("ann", [HERE], round_trip=0.0123, jitter=0.003, loss=0.004, trend=trend)
    assert plain(facts, 43) == " ann │ lobby │ 12 ms ±3  0.4% lost  ▃▃▆█"
    assert plain(facts._replace(ascii=True), 43).endswith("0.4% lost  --+#")
    assert plain(facts, 40) == " ann │ lobby │ 12 ms ±3  0.4% lost"
    assert plain(facts, 33) == " ann │ lobby │ 12 ms  0.4% lost"
    assert plain(facts, 31) == " ann │ lobby │ 12 ms"
    assert plain(facts, 20) == " ann │ lobby"


def test_the_course_goes_before_anything_that_is_said() -> None:
    facts = Facts("ann", [HERE], round_trip=0.01, trend=[0.01] * 12, typing=["bob"], impaired=True)
    assert plain(facts, 70).endswith(" │ 10 ms ▃▃▃▃▃▃▃▃▃▃▃▃ │ impaired │ bob is typing")
    assert plain(facts, 55) == " ann │ lobby │ 10 ms │ impaired │ bob is typing"


def test_only_the_last_seconds_are_drawn() -> None:
    facts = Facts("ann", [HERE], round_trip=0.01, trend=[0.04] * 48 + [0.01] * 12)
    assert plain(facts).endswith("10 ms " + "▃" * 12)


def test_of_what_is_not_known_nothing_is_drawn() -> None:
    facts = Facts("ann", [HERE], round_trip=0.01, trend=[None] * 12)
    assert plain(facts) == " ann │ lobby │ 10 ms"


def test_how_far_it_has_come() -> None:
    facts = Facts("ann", [HERE], catching_up=Progress(720, 1200))
    assert plain(facts) == " ann │ lobby │ catching up ▓▓▓░░ 720 of 1,200"
    assert plain(facts, 40) == " ann │ lobby │ catching up 720 of 1,200"
    assert plain(facts, 39) == " ann │ lobby │ ▓▓▓░░ 720 of 1,200"
    assert plain(facts, 24) == " ann │ lobby │ ▓▓▓░░"
    assert "##..." in plain(facts._replace(catching_up=Progress(500, 1200), ascii=True))


def test_who_is_typing() -> None:
    def said(*names: str, columns: int = 80) -> str:
        return plain(Facts("ann", [HERE], typing=names), columns).removeprefix(" ann │ lobby")

    assert said() == ""
    assert said("bob") == " │ bob is typing"
    assert said("bob", "cleo") == " │ bob and cleo are typing"
    assert said("bob", "cleo", "dan") == " │ 3 are typing"
    assert said("bob", "cleo", columns=30) == " │ 2 are typing"


def test_mentions_are_counted_beside_what_is_unread() -> None:
    dev, ops = Tab("dev", 12, False, False, 3), Tab("ops", 40, False, False)
    facts = Facts("ann", [HERE, ops, dev])
    assert plain(facts) == " ann │ 1:lobby │ 3:dev(12 @3) 2:ops(40)"
    styles = {text: style for style, text in status_row(facts, 80)}
    assert "status.mention" in styles[" 3:dev(12 @3)"]
    assert "status.unread" in styles[" 2:ops(40)"]


def test_what_matters_least_goes_first() -> None:
    facts = Facts(
        "ann", [HERE, DEV], state="reconnecting", round_trip=0.3, loss=0.2, pending=3, below=7
    )
    assert plain(facts, 66) == (" ann │ 1:lobby │ reconnecting │ more below (7) │ 3 pending │ +1")
    assert plain(facts, 40) == " ann │ 1:lobby │ reconnecting"
    assert plain(facts, 4) == " 1:…"


def test_rooms_are_counted_where_they_cannot_be_named() -> None:
    tabs = [HERE, Tab("ops", 0, False, False), DEV, Tab("news", 9, False, False)]
    facts = Facts("ann", tabs, round_trip=0.02)
    assert plain(facts, 80) == " ann │ 1:lobby │ 20 ms │ 3:dev(4) 4:news(9) 2:ops"
    assert plain(facts, 44) == " ann │ 1:lobby │ 3:dev(4) 4:news(9) 2:ops"
    assert plain(facts, 40) == " ann │ 1:lobby │ 3:dev(4) 4:news(9) +1"
    assert plain(facts, 29) == " ann │ 1:lobby │ 3:dev(4) +2"
    assert plain(facts, 21) == " ann │ 1:lobby │ +3"
    assert plain(facts, 16) == " ann │ 1:lobby"


def test_what_was_said_to_us_alone_stays_as_long_as_the_room_that_we_are_in() -> None:
    facts = Facts("ann", [HERE, DEV, BOB], state="reconnecting", round_trip=0.3, pending=12)
    assert plain(facts, 40) == " 1:lobby │ reconnecting │ 3:@bob(1)"
    assert plain(facts, 24) == " 1:lobby │ 3:@bob(1)"
    long = Tab("a-room-with-a-name-of-32-letters", 0, True, False)
    assert plain(Facts("ann", [long, DEV, BOB]), 40) == " 1:a-room-with-a-name-of-32…│ 3:@bob(1)"


def test_strangers_who_talk_to_us_alone_do_not_hide_how_the_network_is() -> None:
    strangers = [Tab(f"@{'x' * 19}{number}", 1, False, True) for number in range(5)]
    facts = Facts("ann", [HERE, *strangers], state="silent 4 s", pending=3, below=12)
    said = " ann │ 1:lobby │ silent 4 s │ more below (12) │ 3 pending"
    assert plain(facts, 97) == f"{said} │ 2:@xxxxxxxxxxxxxxxxxxx0(1) +4"
    assert plain(facts, 80) == f"{said[:-12]} │ 2:@xxxxxxxxxxxxxxxxxxx0(1) +4"
    assert plain(facts, 46) == " 1:lobby │ 2:@xxxxxxxxxxxxxxxxxxx0(1) +4"


def test_bytes_are_counted_near_the_limits() -> None:
    def said(size: int) -> str:
        return plain(Facts("ann", [HERE], size=size)).removeprefix(" ann │ lobby").strip(" │")

    assert said(700) == ""
    assert said(850) == "850 of 900 bytes"
    assert said(901) == "901 of 8,192 bytes"
    assert said(9000) == "9,000 of 8,192 bytes: too long"


def test_what_was_said_to_us_alone_is_marked() -> None:
    styles = {text: style for style, text in status_row(Facts("ann", [HERE, DEV, BOB]), 80)}
    assert "urgent" in styles[" 3:@bob(1)"]
    assert "unread" in styles[" 2:dev(4)"]


LABELS = st.text(st.sampled_from("ab界é👍 "), min_size=1, max_size=12)
SECONDS = st.none() | st.floats(0, 100)
TABS = st.lists(
    st.builds(Tab, LABELS, st.integers(0, 9999), st.just(False), st.booleans(), st.integers(0, 99)),
    max_size=6,
)
FACTS = st.builds(
    Facts,
    LABELS,
    TABS,
    state=st.sampled_from(["", "silent 4 s", "reconnecting"]),
    round_trip=SECONDS,
    loss=st.none() | st.floats(0, 1),
    impaired=st.booleans(),
    pending=st.integers(0, 5000),
    below=st.none() | st.integers(0, 100_000),
    size=st.integers(0, 10_000),
    jitter=SECONDS,
    trend=st.lists(SECONDS, max_size=60),
    catching_up=st.none() | st.builds(Progress, st.integers(0, 900), st.integers(900, 99_999)),
    typing=st.lists(LABELS, max_size=4),
    role=st.sampled_from(["", "owner", "moderator"]),
    muted=st.sampled_from(["", "muted", "muted for 1h 30m"]),
    slow=st.sampled_from(["", "slow: 30s"]),
    ascii=st.booleans(),
)


@given(FACTS, st.none() | st.integers(0, 6), st.integers(1, 200))
@example(Facts("ann", [Tab("@bob", 1, False, True)] * 3), None, 20)
def test_whatever_there_is_to_say_the_row_is_as_wide_as_the_screen(
    facts: Facts, current: int | None, columns: int
) -> None:
    tabs = [tab._replace(current=number == current) for number, tab in enumerate(facts.tabs)]
    row = status_row(facts._replace(tabs=tabs), columns)
    assert sum(width(text) for _, text in row) == columns
    assert all(style.startswith("class:status") for style, _ in row)


@given(FACTS)
def test_what_matters_most_is_there_on_40_columns(facts: Facts) -> None:
    tabs = [HERE, *(tab._replace(urgent=False) for tab in facts.tabs)]
    row = "".join(text for _, text in status_row(facts._replace(tabs=tabs), 40))
    assert "lobby" in row
    assert facts.state in row
    assert facts.state or facts.muted in row


NUMBERS_AND_UNITS = re.compile(
    r"\d:"  # A room's number.
    r"|\([\d,]+( @[\d,]+)?\)"  # What is unread, and what is below.
    r"|more below \([\d,]+\)"
    r"|[\d,.]+ (ms|s)( ±[\d,.]+)?"
    r"|\d+[wdhms]\b"  # A duration.
    r"|[\d.]+% lost"
    r"|[\d,]+ (pending|are typing|is typing)"
    r"|[\d,]+ of [\d,]+( bytes)?"
    r"|\+\d+"  # Rooms that are not named.
)


@given(FACTS, st.integers(30, 200))
def test_every_number_has_its_unit(facts: Facts, columns: int) -> None:
    row = "".join(text for _, text in status_row(facts._replace(tabs=[HERE]), columns))
    assert not re.search(r"\d", NUMBERS_AND_UNITS.sub("", row))
