import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui.filenames import file_name, place


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("lobby", "lobby"),
        ("@bob", "@bob"),
        ("192.0.2.1:9999", "192.0.2.1+9999"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("a/b", "a%2Fb"),
        ("a+b", "a%2Bb"),
        ("nul", "%nul"),
        ("nul.x", "%nul.x"),
        ("Ann", "%41nn"),
        ("", "%"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert file_name(text) == name


@given(st.text(max_size=300))
def test_a_name_is_one_files(text: str) -> None:
    name = file_name(text)
    assert 0 < len(name.encode()) < 200
    assert not set(name) & set('/\\:*?"<>|\0') and name.isprintable()
    assert name not in (".", "..") and not name.endswith(".")


@given(st.text(max_size=100), st.text(max_size=100))
def test_another_text_has_another_name(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)
    assert one == other or file_name(one).lower() != file_name(other).lower()


def test_a_room_of_two_is_the_other_ones() -> None:
    assert place("lobby", "") == "lobby"
    assert place("@0a.0b", "Bob") == place("@0c.0d", "bob") == "@bob"
    assert place("@0a.0b", "") == ""
