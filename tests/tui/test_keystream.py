import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from chat.tui.keystream import (
    AFTER_PASTE,
    CUT_OFF,
    PASTE_PATIENCE,
    Click,
    KeyStream,
    Wheel,
    pointed,
)

from .corpus import WIDTHS


class Keyboard:
    def __init__(self) -> None:
        self.now = 100.0
        self.pressed: list[KeyPress] = []
        self.focused: list[bool] = []
        self.stream = KeyStream(self.pressed.append, self.focused.append, lambda: self.now)

    def feed(self, *chunks: str) -> list[Keys | str]:
        """The keys, pastes by their text."""
        for chunk in chunks:
            self.stream.feed(chunk)
        return self.take()

    def take(self) -> list[Keys | str]:
        keys = [
            f"paste:{press.data}" if press.key == Keys.BracketedPaste else press.key
            for press in self.pressed
        ]
        self.pressed.clear()
        return keys

    def pause(self) -> list[Keys | str]:
        self.stream.flush()
        return self.take()


@pytest.fixture
def keyboard() -> Keyboard:
    return Keyboard()


def test_text_and_control_keys(keyboard: Keyboard) -> None:
    assert keyboard.feed("aé日\x01\r") == ["a", "é", "日", Keys.ControlA, Keys.ControlM]


@pytest.mark.parametrize(
    ("sequence", "keys"),
    [
        ("\x1b[A", [Keys.Up]),
        ("\x1bOA", [Keys.Up]),
        ("\x1b[5~", [Keys.PageUp]),
        ("\x1b[1;3D", [Keys.Escape, Keys.Left]),
        ("\x1b\r", [Keys.Escape, Keys.ControlM]),
        ("\x1b1", [Keys.Escape, "1"]),
        ("\x1b[13;2u", [Keys.Escape, Keys.ControlM]),
        ("\x1b[27;2;13~", [Keys.Escape, Keys.ControlM]),
        ("\x1b[[A", [Keys.F1]),
        ("\x1b\x1b[A", [Keys.Escape, Keys.Up]),
    ],
)
def test_known_sequences_in_any_pieces(
    keyboard: Keyboard, sequence: str, keys: list[Keys | str]
) -> None:
    assert keyboard.feed(sequence) == keys
    assert keyboard.feed(*sequence) == keys


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[99;5~",
        "\x1b[1;9Z",
        "\x1b[97;5u",
        "\x1b[I",
        "\x1b[O",
        "\x1b[?1;2c",
        "\x1b[12;40R",
        "\x1b[<0;10;10m",
        "\x1b[<0;10M",
        "\x1b[<;;M",
        "\x1b[<0;0;1M",
        "\x1b[<999999;99999999;1M",
        "\x1b[<0;-1;+1M",
        "\x1b[M !!",
        "\x1b]11;rgb:0000/0000/0000\x1b\\",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1bP1$r0m\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
        "\x80\x85\x9f",
        "\ud800",
        "\u202e",
    ],
)
def test_what_is_no_key_is_never_typed(keyboard: Keyboard, sequence: str) -> None:
    assert keyboard.feed("a" + sequence + "b") == ["a", "b"]
    assert keyboard.feed("a", *sequence, "b") == ["a", "b"]


def test_a_sequence_cut_off_is_dropped(keyboard: Keyboard) -> None:
    assert keyboard.feed("\x1b[12;") == []
    assert keyboard.pause() == []
    assert keyboard.feed("\x1b[1\x07x")[-1] == "x"


@pytest.mark.parametrize("sequence", ["\x1b[<0;10;10m", "\x1b[1;5D", "\x1b]52;c;aGVsbG8=\x07"])
def test_a_sequence_that_comes_slowly_is_one_all_the_same(
    keyboard: Keyboard, sequence: str
) -> None:
    for cut in range(3, len(sequence)):
        assert keyboard.feed(sequence[:cut]) == []
        assert keyboard.pause() == []
        keyboard.now += CUT_OFF * 0.9
        whole = keyboard.feed(sequence[cut:])
        assert whole == ([Keys.ControlLeft] if sequence.endswith("D") else [])
    assert keyboard.feed(sequence[:4]) == []
    keyboard.now += CUT_OFF * 1.1
    assert keyboard.feed("x") == ["x"], "the rest comes no more"


def test_the_mouse(keyboard: Keyboard) -> None:
    """In order with the keys: a click may change where they go."""
    assert keyboard.feed("a\x1b[<0;1;24M\x1b[<0;1;24mb") == ["a", Keys.Vt100MouseEvent, "b"]
    keyboard.stream.feed("\x1b[<0;1;24M")
    assert [pointed(press.data) for press in keyboard.pressed] == [Click(0, 23)]
    for sequence, wheel in (("64;9;9", Wheel(True)), ("65;9;9", Wheel(False))):
        assert pointed(f"\x1b[<{sequence}M") == wheel
    assert pointed("\x1b[<81;300;200M") == Wheel(False), "with a key held, too"


@pytest.mark.parametrize("button", [1, 2, 3, 4, 16, 32, 35, 66, 67, 96, 128])
def test_buttons_that_mean_nothing(keyboard: Keyboard, button: int) -> None:
    """Others than the left one, and what the terminal's user does with a key held."""
    assert keyboard.feed(f"\x1b[<{button};5;5M") == []


def test_whether_the_window_is_looked_at(keyboard: Keyboard) -> None:
    assert keyboard.feed("\x1b[I\x1b[O") == []
    assert keyboard.focused == [True, False]


def test_a_pasted_report_is_text(keyboard: Keyboard) -> None:
    paste = "\x1b[<0;1;1M\x1b[O"
    assert keyboard.feed(f"\x1b[200~{paste}\x1b[201~") == [f"paste:{paste}"]
    assert keyboard.focused == []


def test_escape_alone_after_a_moment(keyboard: Keyboard) -> None:
    assert keyboard.feed("\x1b") == []
    assert keyboard.pause() == [Keys.Escape]
    assert keyboard.feed("\x1b[") == []
    assert keyboard.pause() == [Keys.Escape, "["]


def test_a_paste_is_one_key(keyboard: Keyboard) -> None:
    paste = "\x1b[200~one\ntwo\x1b[Athree\x1b[201~"
    assert keyboard.feed(paste + "x") == ["paste:one\ntwo\x1b[Athree", "x"]
    assert keyboard.feed(*paste, "x") == ["paste:one\ntwo\x1b[Athree", "x"]


def test_a_return_right_after_a_paste_is_a_line_break(keyboard: Keyboard) -> None:
    """The pasted text may itself hold the mark that ends a paste, a command and a return."""
    new_line = [Keys.Escape, Keys.ControlM]
    hostile = "\x1b[200~abc\x1b[201~\r/quit\r"
    assert keyboard.feed(hostile) == ["paste:abc", *new_line, *"/quit", *new_line]
    keyboard.now += AFTER_PASTE * 0.9
    keyboard.feed("x" * 500)
    keyboard.now += AFTER_PASTE * 0.9
    assert keyboard.feed("\r") == new_line, "it came as fast as nobody types"
    keyboard.now += AFTER_PASTE * 1.1
    assert keyboard.feed("\r") == [Keys.ControlM]


def test_a_paste_whose_end_was_lost(keyboard: Keyboard) -> None:
    assert keyboard.feed("\x1b[200~abc\x1b[20") == []
    assert keyboard.pause() == []
    assert not keyboard.stream.flush_paste()
    keyboard.now += PASTE_PATIENCE
    assert keyboard.stream.flush_paste()
    assert keyboard.take() == ["paste:abc\x1b[20"]
    assert keyboard.feed("x") == ["x"]


@pytest.mark.parametrize("text", WIDTHS)
def test_what_people_type_arrives(keyboard: Keyboard, text: str) -> None:
    plain = text.replace("\n", "").replace("\t", "")
    assert "".join(str(key) for key in keyboard.feed(plain)) == plain


@given(st.lists(st.text(alphabet="\x1b[]OP200~1;\\\x07\rabMmI<", max_size=8), max_size=8))
def test_no_escape_is_ever_text(chunks: list[str]) -> None:
    keyboard = Keyboard()
    for chunk in chunks:
        for key in keyboard.feed(chunk):
            assert isinstance(key, Keys) or key.startswith("paste:") or key.isprintable()
    assert all(isinstance(key, Keys) or key.isprintable() for key in keyboard.pause())
