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
    assert plain(facts) == " ann │ lobby │ 12 ms │ 0% lost"


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
        " │ 5.4% lost │ impaired │ 3:@bob(1) │ 2:dev(4)"
    )


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
