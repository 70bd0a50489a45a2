from chat.tui.presence import RETURN, Attendance, Change, listed


def begun(*names: str) -> Attendance:
    attendance = Attendance()
    assert attendance.update(names, (), "ann") == []
    return attendance


def said(changes: list[Change]) -> list[str]:
    return [change.text() for change in changes]


def test_who_is_there_at_first_is_no_news() -> None:
    begun("ann", "bob", "carol")


def test_coming_and_going() -> None:
    attendance = begun("ann", "bob")
    assert said(attendance.update(("ann", "bob", "dora", "carol"), (), "ann")) == [
        "carol and dora joined"
    ]
    assert said(attendance.update(("ann", "carol"), (), "ann")) == ["bob and dora left"]


def test_a_new_name_is_no_coming_and_going() -> None:
    attendance = begun("ann", "bob")
    assert said(attendance.update(("ann", "robert"), [("bob", "robert")], "ann")) == [
        "bob is robert now"
    ]


def test_what_we_do_is_no_news() -> None:
    attendance = begun("ann", "bob")
    assert attendance.update(("anna", "bob"), [("ann", "anna")], "anna") == []
    assert attendance.update(("bob",), (), "anna") == []
    assert attendance.update(("bob", "anna"), (), "anna") == []


def test_who_only_connected_again_did_not_leave() -> None:
    """The server was restarted: it numbers its members anew, and all come back one by one."""
    attendance = begun("ann", "bob", "carol")
    attendance.entered_again(100.0)
    assert attendance.update(("ann",), [("bob", "ann")], "ann") == []
    assert attendance.update(("ann", "carol"), (), "ann") == []
    assert said(attendance.update(("ann", "carol", "dora"), (), "ann")) == ["dora joined"]
    assert attendance.tick(100.0 + RETURN - 1) == []
    assert said(attendance.tick(100.0 + RETURN)) == ["bob left"]
    assert said(attendance.update(("ann", "bob", "carol", "dora"), (), "ann")) == ["bob joined"]


def test_lists_of_names() -> None:
    assert listed(["ann"]) == "ann"
    assert listed(["ann", "bob", "carol"]) == "ann, bob and carol"
    assert listed([f"n{number}" for number in range(9)]) == "n0, n1, n2, n3, n4 and 4 others"
