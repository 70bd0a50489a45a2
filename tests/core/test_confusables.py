import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import confusables
from chat.core.confusables import skeleton
from tests.confusables import MODULE, at_rest, read, render, table

SAMPLE = """\
# confusables.txt
# Version: 99.1.0

0430 ;\t0061 ;\tMA\t# ( а → a )
0049 ;\t006C ;\tMA\t# ( I → l )
0031 ;\t006C ;\tMA\t# ( 1 → l )
0030 ;\t004F ;\tMA\t# ( 0 → O )
006D ;\t0072 006E ;\tMA\t# ( m → rn )
041C ;\t004D ;\tMA\t# ( М → M )
0021 ;\t01C3 ;\tMA\t#* ( ! → ǃ )
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "аlice"),  # Cyrillic а
        ("alice", "aliсe"),  # Cyrillic с
        ("cope", "соре"),  # all Cyrillic
        ("xsij", "хѕіј"),  # all Cyrillic
        ("bob", "bοb"),  # Greek ο
        ("TOM", "ТОМ"),  # all Cyrillic
        ("BOB", "ВОВ"),  # all Cyrillic
        ("NIKE", "ΝΙΚΕ"),  # all Greek
        ("anna", "ɑnnɑ"),
        ("ali", "alı"),
        ("alice", "\uff41\uff4c\uff49\uff43\uff45"),
        ("bob", "b0b"),
        ("Bob", "B0B"),
        ("alice", "a1ice"),
        ("alice", "aIice"),
        ("alice", "AL1CE"),
        ("ALICE", "alice"),
        ("modern", "rnodem"),
        ("Mark", "rnark"),
        ("jose\u0301", "j\u043es\u00e9"),
        ("ni", "n\u0456"),
        ("alice", "ali\u0307ce"),
        ("jim", "j\u0307im"),
        ("ali", "al\u0131\u0307"),
        ("\u516b", "\u30cf"),  # 八 and ハ
    ],
)
def test_these_look_alike(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alice2"),
        ("jose", "jos\u00e9"),
        ("zoe", "\u017coe"),
        ("nina", "viva"),
        ("\u03bd\u03b9\u03ba", "nik"),  # ν looks like v; only Ν looks like N
        ("маша", "mawa"),
        ("bot1", "bot2"),
        ("李雷", "李霄"),
    ],
)
def test_these_do_not(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_the_names_of_numbers_differ_as_numbers_do() -> None:
    assert len({skeleton(f"guest-{number}") for number in range(5000)}) == 5000


def test_each_characters_skeleton_is_its_own() -> None:
    named = (char for code in range(0x20000) if (char := chr(code)).isalnum())
    marks = (char for code in range(0x20000) if unicodedata.combining(char := chr(code)))
    for char in (*named, *marks):
        assert skeleton(skeleton(char)) == skeleton(char), hex(ord(char))


@given(st.text())
def test_a_skeletons_skeleton_is_itself(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


@given(st.text(sorted(map(chr, confusables._looks())), max_size=12))
def test_so_it_is_of_what_looks_like_something_else(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


@given(st.text())
def test_no_way_to_write_the_same_has_another(text: str) -> None:
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len(set(map(skeleton, forms))) == 1


@given(st.text(st.characters(max_codepoint=127)))
def test_nobody_remembers_case(text: str) -> None:
    assert skeleton(text.upper()) == skeleton(text.lower()) == skeleton(text)


def test_the_whole_table_is_there() -> None:
    assert confusables.UNICODE == "15.0.0"
    assert len(confusables._looks()) == 1816


def test_the_generator_reads_what_unicode_writes() -> None:
    version, mappings = read(SAMPLE)
    assert version == "99.1.0"
    assert mappings[ord("m")] == "rn"
    assert mappings[ord("i")] == "l"
    assert at_rest("МI0", mappings) == "rnlo", "М is like M, and that like rn"


def test_it_keeps_what_names_need() -> None:
    """I is not told: without its case it is i."""
    _, mappings = read(SAMPLE)
    found = {chr(code): shown for code, shown in table(mappings, range(0x500)).items()}
    assert found == {"а": "a", "i": "l", "1": "l", "0": "o", "m": "rn", "М": "rn"}


def test_it_writes_nothing_but_the_table_and_its_version() -> None:
    source = 'UNICODE = "1.0"\n"""Said."""\n\n_TABLE = """\\\nold\n"""\n"""Said."""\n'
    assert render(source, "99.1.0", {0x31: "l", 0x49: "l", 0x6D: "rn"}) == (
        'UNICODE = "99.1.0"\n"""Said."""\n\n_TABLE = """\\\n6c=31,49 72+6e=6d\n"""\n"""Said."""\n'
    )


def test_it_refuses_other_files() -> None:
    with pytest.raises(SystemExit, match="no version"):
        read("hello\n")


def test_what_goes_in_circles_is_found() -> None:
    with pytest.raises(SystemExit, match="circles"):
        at_rest("a", {ord("a"): "b", ord("b"): "a"})


def test_what_is_written_is_what_is_read() -> None:
    source = MODULE.read_text()
    assert render(source, confusables.UNICODE, confusables._looks()) == source
    assert max(confusables._looks()) <= sys.maxunicode
