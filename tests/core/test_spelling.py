import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.core.spelling import BYTES_MAX, NAME_MAX, BadNameError, check_name, same_name


def checked(text: str) -> str | None:
    try:
        return check_name(text)
    except BadNameError as error:
        assert str(error).isprintable()
        return None


def refused(text: str, what: str = "name") -> str:
    with pytest.raises(BadNameError) as caught:
        check_name(text, what)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["alice", "Ann-Marie", "o'brien", "x_1.2+3", "4real", "José", "Ωμέγα"]
    + ["李雷", "n" * 32, "Маша", "Ἀθηνᾶ", "עמית", "أحمد", "ʻokina", "प्रिया", "தமிழ்", "สมชาย"],
)
def test_these_are_names(name: str) -> None:
    assert check_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "-ann",
        ".ann",
        "a:b",
        "[ann]",
        "a\tb",
        "a\nb",
        "a\x1b[31m",
        "a\u202eb",
        "@ann",
    ]
    + ["n" * 33, "\u0301", "a\u200bb", "a/b", "#ann", "李" * 22, "a\u2028b", "\ud800", "*", "~ann"],
)
def test_these_are_not(text: str) -> None:
    assert checked(text) is None


@pytest.mark.parametrize(
    "text",
    ["\u3164", "bob\u3164", "a\u115fb", "a" + "\u0e47" * 5]
    + ["alice\U00016fe4", "alice\U0001107f", "\U00013441", "\U00013442\U00013441"],
)
def test_what_one_cannot_see_is_no_name(text: str) -> None:
    assert checked(text) is None


@pytest.mark.parametrize(
    "code",
    [0x00AD, 0x061C, 0x115F, 0x200B, 0x200D, 0x200E, 0x202E, 0x2060, 0x2066, 0x2069, 0x3164]
    + [0x034F, 0x180B, 0xFE0F, 0xFEFF, 0xFFA0, 0xE0020, 0xE0100],
)
@pytest.mark.parametrize("what", ["name", "room's name"])
def test_the_reason_names_what_cannot_be_seen(code: int, what: str) -> None:
    assert refused(f"al{chr(code)}ice", what) == (
        f"a {what} must not have an invisible character (U+{code:04X}) in it"
    )


def test_marks_are_not_heaped_on_one_letter() -> None:
    assert check_name("a" + "\u0332" * 4)
    assert refused("a" + "\u0332" * 5 + "b") == "a name has at most 4 marks on one letter"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\uff41\uff4c\uff49\uff43\uff45", "alice"),
        ("\uff21lice", "Alice"),
        ("\ufb01le", "file"),
        ("\U0001d41a\U0001d425ice", "alice"),
        ("x\u00b2", "x2"),
        ("\u2460st", "1st"),
        ("\uff76\uff85", "カナ"),
        ("\u00b5m", "\u03bcm"),
    ],
)
def test_what_has_a_plainer_form_is_to_be_written_in_that(text: str, plain: str) -> None:
    reason = refused(text)
    assert reason.startswith("a name has plain letters and digits in it: ")
    if checked(plain):
        assert reason.endswith(f": write it as '{plain}'")


@pytest.mark.parametrize("text", ["\u00bdlife", "\ufdfa", "\u00b5m"])
def test_no_advice_is_given_that_would_not_be_taken(text: str) -> None:
    assert refused(text) == "a name has plain letters and digits in it: no special forms of them"


@pytest.mark.parametrize("name", ["ค\u0e33", "ຄ\u0eb3"])
def test_am_is_written_whole_in_thailand_and_laos(name: str) -> None:
    assert check_name(name) == name
    assert checked("\uff41" + name) is None


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("аlice", "Cyrillic and Latin"),
        ("alicе", "Latin and Cyrillic"),
        ("Ωmega", "Greek and Latin"),
        ("aliсο", "Latin and Cyrillic and Greek"),
        ("Ꭺnn", "Cherokee and Latin"),
        ("ոno", "Armenian and Latin"),
        ("Маша李", "Cyrillic and Han"),
        ("ㄅかな", "Bopomofo and Hiragana"),
        ("한かな", "Hangul and Hiragana"),
        ("alice\u05b4", "Latin and Hebrew"),
        ("al\u093cice", "Latin and Devanagari"),
        ("maria\u0e4d", "Latin and Thai"),
    ],
)
def test_scripts_are_not_mixed(text: str, scripts: str) -> None:
    assert refused(text) == f"a name must not mix {scripts} letters"


@pytest.mark.parametrize(
    "name",
    ["李雷leili", "かなカナ漢字kana", "コーヒー", "らーめん", "佐々木", "한국漢x", "ㄅㄆ注音bpm"]
    + ["2Маша", "Маша-2.0", "ʻαβγ", "Ⅎf", "ы\u0301ж", "あ\u3099い", "ра\u0483"],
)
def test_but_what_people_write_together_may_be(name: str) -> None:
    assert check_name(name) == name


@given(st.text(max_size=40))
@example("\u0132")
@example("ν\u0345")
def test_whatever_passes_cannot_be_taken_for_anything_but_a_name(text: str) -> None:
    name = checked(text)
    if name is None:
        return
    assert name == unicodedata.normalize("NFC", text)
    assert checked(name) == name
    assert name[0].isalnum()
    assert 1 <= len(name) <= NAME_MAX
    assert len(name.encode()) <= BYTES_MAX
    assert not set(name) & set(' \t\n\r[]():*@#!/~,;"\\<>')
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name)
    if not set(name) & set("\u0e33\u0eb3"):
        assert unicodedata.is_normalized("NFKC", name)


def test_two_ways_to_write_a_name_are_one_name() -> None:
    assert check_name("Jose\u0301") == check_name("Jos\u00e9")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("alice", "\uff41\uff4c\uff49\uff43\uff45"),
        ("straße", "STRASSE"),
        ("\u212bngstrom", "ångstrom"),
        ("file", "\ufb01le"),
    ],
)
def test_names_that_people_would_take_for_one_are_the_same(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


def test_other_names_are_not_the_same() -> None:
    assert same_name("alice") != same_name("alicе"), "the last letter is Cyrillic"
    assert same_name("alice") != same_name("alice2")
