import pytest

from chat.tui.completion import Known, asks_for_room, complete

KNOWN = Known(["bob", "Bea", "carol"], ["lobby", "dev", "ducks"])


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("b", ("bob: ", "Bea: ")),
        ("hi B", ("bob ", "Bea ")),
        ("one\nb", ("bob ", "Bea ")),
        ("x", ()),
        ("", ()),
        ("hi ", ()),
        ("#d", ("#dev ", "#ducks ")),
        ("/jo", ("/join ",)),
        ("/JO", ("/join ",)),
        ("/join d", ("dev", "ducks")),
        ("/join #d", ("#dev", "#ducks")),
        ("/join ", ("lobby", "dev", "ducks")),
        ("/join dev d", ()),
        ("/msg c", ("carol ",)),
        ("/msg carol b", ("bob ", "Bea ")),
        ("/help n", ("nick", "net")),
        ("/net lo", ("loss=",)),
        ("/net loss=20% de", ("delay=",)),
        ("/me b", ("bob ", "Bea ")),
        ("/nick b", ()),
        ("/kick c", ("carol ",)),
        ("/ban c", ("carol ",)),
        ("/mute bob for b", ("bob ", "Bea ")),
        ("/unmute c", ("carol",)),
        ("/op bob o", ("owner",)),
        ("/op bob owner o", ()),
        ("/slow o", ("off",)),
        ("/invite re", ("revoke",)),
        ("/password o", ("off",)),
        ("//b", ()),
    ],
)
def test_complete(before: str, words: tuple[str, ...]) -> None:
    found = complete(before, KNOWN)
    assert found.words == words
    if words:
        kept = before[: found.start]
        assert kept == "" or kept[-1] in " \n"


def test_where_rooms_are_wanted() -> None:
    assert asks_for_room("/join ")
    assert asks_for_room("/who d")
    assert not asks_for_room("/join dev x")
    assert not asks_for_room("/join")
    assert not asks_for_room("join ")


def test_a_space_too_many_changes_nothing() -> None:
    assert complete("/set  theme  li", Known()).words == ("light",)
