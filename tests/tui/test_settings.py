import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.text import clean
from chat.tui.cells import width
from chat.tui.settings import NAMES, ROWS, SettingError, Settings, choices, setting, show
from chat.tui.values import CLOCK_CELLS, WORDS_MAX


def value(name: str, text: str, settings: Settings | None = None) -> object:
    return getattr((settings or Settings()).with_value(name, text), name)


def refusal(name: str, text: str, settings: Settings | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        (settings or Settings()).with_value(name, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("theme", "light", "light"),
        ("THEME", " Light ", "light"),
        ("mouse", "on", True),
        ("title", "off", False),
        ("scrollback", "50,000", 50_000),
        ("smart-minutes", "5", 5),
        ("time", "%H:%M:%S", "%H:%M:%S"),
        ("time", "%A", "%A"),
        ("highlight", "deploy, Release", ("deploy", "Release")),
        ("ignore", "@bob, ann*", ("bob", "ann")),
        ("log_folder", "~/chat logs", "~/chat logs"),
        ("log_folder", "C:\\logs", "C:\\logs"),
        ("theme", "default", "dark"),
    ],
)
def test_what_is_typed(name: str, text: str, expected: object) -> None:
    changed = Settings().with_value(name, text)
    assert getattr(changed, setting(name).name) == expected


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("theme", "blue", "theme is dark, light, contrast or none, not 'blue'"),
        ("thme", "dark", "there is no setting 'thme'; did you mean theme?"),
        ("qqqq", "dark", "there is no setting 'qqqq'; /set lists them"),
        ("mouse", "maybe", "mouse is on or off, not 'maybe'"),
        ("scrollback", "5", "scrollback is a number from 1,000 to 1,000,000, not 5"),
        ("scrollback", "9" * 5000, "scrollback is a number from 1,000 to 1,000,000, not '9999"),
        ("scrollback", "\u0663\u0663\u0663\u0663", "scrollback is a number"),
        ("highlight", "one, +two", "highlight is either a whole list, or + or - before each word"),
        ("highlight", " , ", "highlight is words with commas between them"),
        ("ignore", "a b", "ignore cannot have 'a b' in it: a name has letters"),
        ("ignore", "-bob", "ignore has nothing in it, not 'bob'"),
        ("log_folder", "logs", "log_folder is a path that begins with / or ~, not 'logs'"),
    ],
)
def test_what_is_refused(name: str, text: str, reason: str) -> None:
    assert refusal(name, text).startswith(reason)


@pytest.mark.parametrize(
    "form", ["", "%A %d %B", "%H\t%M", "\x1b[2J", "%100H", "\u202e%H", "漢" * 7]
)
def test_a_time_stamp_is_short_and_seen(form: str) -> None:
    assert refusal("time", form).startswith("time is a strftime format, like %H:%M:%S")


def test_words_are_added_and_taken_out() -> None:
    settings = Settings().with_value("ignore", "ann").with_value("ignore", "+bob, +carol")
    assert settings.ignore == ("ann", "bob", "carol")
    settings = settings.with_value("ignore", "-BOB,+dave")
    assert settings.ignore == ("ann", "carol", "dave")
    assert settings.with_value("ignore", "+Ann") == settings
    reason = "ignore has ann, carol and dave in it, not 'eve'"
    assert refusal("ignore", "-eve", settings) == reason
    assert settings.with_value("ignore", "default").ignore == ()


def test_a_list_is_bounded() -> None:
    words = ",".join(f"word{number}" for number in range(WORDS_MAX + 1))
    assert refusal("highlight", words) == f"highlight has at most {WORDS_MAX} words in it"
    assert "at most 64 characters" in refusal("highlight", "x" * 65)


def test_settings_never_change() -> None:
    before = Settings()
    assert before.with_value("theme", "none") != before
    assert before == Settings()


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_values(name: str) -> None:
    row = ROWS[name]
    plain = list(row.default) if isinstance(row.default, tuple) else row.default
    assert row.kind.take(plain, row.default) == row.default
    assert value(name, "default") == row.default


@pytest.mark.parametrize("name", NAMES)
def test_choices_can_be_chosen(name: str) -> None:
    for choice in choices(name):
        Settings().with_value(name, choice)
    assert choices("nothing") == ()


@given(st.sampled_from(NAMES), st.text() | st.from_regex(r"[-+a-z%0-9, :/~]{0,20}"))
def test_any_text_is_a_value_or_refused_in_one_line(name: str, text: str) -> None:
    try:
        settings = Settings().with_value(name, text)
    except SettingError as error:
        assert clean(str(error)) == str(error)
        return
    row = ROWS[name]
    changed = getattr(settings, name)
    assert type(changed) is type(row.default)
    plain = list(changed) if isinstance(changed, tuple) else changed
    assert row.kind.take(plain, row.default) == changed, "a file may say it, too"
    assert all(clean(line) == line for line in (*show(settings), *show(settings, name)))


@given(st.text(max_size=20))
def test_a_format_is_as_narrow_as_its_column(form: str) -> None:
    import time

    try:
        settings = Settings().with_value("time", f"%H:%M{form}")
    except SettingError:
        return
    assert width(time.strftime(settings.time)) <= CLOCK_CELLS


def test_show_says_what_is_not_the_default() -> None:
    settings = Settings(theme="light")
    rows = {line.split()[0]: line for line in show(settings)[:-1]}
    assert set(rows) == set(NAMES)
    assert rows["theme"].startswith("theme          light (default dark)  colours")
    assert rows["bell"].startswith("bell           off     ring for")
    assert show(settings, "bell") == [
        "bell is off (the default)",
        "ring for what is said to you, or for all that is said",
        "It is off, mention or all.",
    ]
    assert show(settings, "theme")[0] == "theme is light (default dark)"
    with pytest.raises(SettingError, match="did you mean bell"):
        show(settings, "bel")
