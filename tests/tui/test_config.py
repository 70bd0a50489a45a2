import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.text import clean
from chat.tui.config import parse, updated
from chat.tui.settings import NAMES, ROWS, SettingError, Settings

VALUES: dict[str, list[Any]] = {
    "theme": ["light", "none"],
    "time": ["%H:%M:%S", '"%H"'],
    "highlight": [("one",), ("two", 'th"ree', "日本"), ()],
    "mouse": [True, False],
    "scrollback": [20_000],
    "log_folder": ["C:\\logs", "~/'x'"],
}

changes = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(VALUES[name]))
)

OTHERS = [
    "# a comment = of mine",
    "",
    "other = 3  # theirs",
    'also = "# theme = 1"',
    "many = [1, # one\n  2]",
    'theme = "dark"     # my favourite',
    'highlight = [\n  "a", # first\n  "b",\n]',
    "#scrollback = 1",
    'long = """\n# mouse = true\n"""',
]
"""Lines of a file that somebody wrote."""

TABLE = "[table]\n# log_folder = 3\nvalue = 1"


def test_nothing_is_the_defaults() -> None:
    assert parse("") == (Settings(), [])


def test_what_a_file_says() -> None:
    settings, complaints = parse(
        '\ufefftheme = "light"\nmouse = true\ntitle = "off"\nscrollback = 5_000\n'
        'highlight = ["one", "two"]\nignore = "ann, bob"\n'
    )
    assert complaints == []
    assert settings == Settings(
        theme="light",
        mouse=True,
        title=False,
        scrollback=5_000,
        highlight=("one", "two"),
        ignore=("ann", "bob"),
    )


def test_what_is_wrong_keeps_its_default_and_costs_a_line() -> None:
    text = 'theme = 3\nthme = "x"\nscrollback = 5\nmouse = "on"\nsmart-minutes = 3\n[qqqq]\nx = 1\n'
    settings, complaints = parse(text)
    assert settings == Settings(mouse=True)
    assert complaints == [
        "theme is dark, light, contrast or none, not 3; the default is used",
        "there is no setting 'thme'; did you mean theme?",
        "scrollback is a number from 1,000 to 1,000,000, not 5; the default is used",
        "there is no setting 'smart-minutes'; did you mean smart_minutes?",
        "there is no setting 'qqqq'; /set lists them",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [('theme = "dark"\nmouse = yes\n', 2), ("a = 1\nb = [\n", 3), ('x = "\x1b[2J', 1)],
)
def test_no_toml(text: str, line: int) -> None:
    settings, (complaint,) = parse(text)
    assert settings == Settings()
    assert complaint.startswith(f"line {line} of the file is no TOML: ")
    assert complaint.endswith("; mend it, or remove the file")
    assert complaint.isprintable()
    with pytest.raises(SettingError, match=f"line {line} of the file"):
        updated(text, "theme", "light")


def test_a_deep_file_is_refused() -> None:
    assert parse("a = " + "[" * 50_000)[1] == [
        "the file is too deeply nested; mend it, or remove it"
    ]


def test_a_new_file_explains_itself() -> None:
    text = updated("", "theme", "light")
    assert tomllib.loads(text) == {"theme": "light"}
    for row in ROWS.values():
        assert f"# {row.help}\n" in text
    everything = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if " = " in line and "`" not in line
    )
    assert parse(everything) == (Settings(theme="light"), [])


def test_a_commented_setting_comes_to_life_in_its_place() -> None:
    text = updated(updated("", "theme", "light"), "mouse", True)
    assert "\n# (true or false)\nmouse = true\n" in text
    assert parse(text) == (Settings(theme="light", mouse=True), [])


def test_comments_stay() -> None:
    text = updated("\n".join(OTHERS), "theme", "none")
    assert text == "\n".join(OTHERS).replace('"dark"     #', '"none"     #')


def test_lines_of_windows_stay() -> None:
    assert updated('# x\r\ntheme = "dark"\r\na = 1\r\n', "theme", "none") == (
        '# x\r\ntheme = "none"\r\na = 1\r\n'
    )


def test_a_setting_never_lands_in_a_table() -> None:
    text = updated(f"a = 1\n{TABLE}\n", "log_folder", "/x")
    assert parse(text)[0].log_folder == "/x"
    assert text.endswith(f"a = 1\n{TABLE}\n")


@given(
    st.lists(st.sampled_from(OTHERS), unique=True, max_size=8),
    st.booleans(),
    st.booleans(),
    st.lists(changes, min_size=1, max_size=4),
)
def test_all_else_stays(
    lines: list[str], table: bool, end: bool, made: list[tuple[str, Any]]
) -> None:
    text = "\n".join([*lines, *([TABLE] if table else [])]) + ("\n" if end else "")
    wanted = tomllib.loads(text)
    comments = [part for line in lines for part in ("# one", "# theirs", "of mine") if part in line]
    for name, value in made:
        text = updated(text, name, value)
        wanted[name] = list(value) if isinstance(value, tuple) else value
        assert tomllib.loads(text) == wanted
        assert getattr(parse(text)[0], name) == value or name == "time"
    for comment in comments:
        assert text.count(comment) >= 1


@given(st.text() | st.lists(st.sampled_from([*NAMES, "=", '"', "[", "\n", "1", "#"])).map("".join))
def test_any_text_is_read_or_complained_about(text: str) -> None:
    settings, complaints = parse(text)
    assert all(clean(line) == line for line in complaints)
    try:
        changed = updated(text, "theme", "light")
    except SettingError as error:
        assert clean(str(error)) == str(error)
        return
    assert parse(changed)[0].theme == "light"
    assert parse(changed)[0] == settings.with_value("theme", "light")
