import pytest

from .sgr import Look, parse, runs


def test_looks() -> None:
    (cells,) = parse(["\x1b[1;38;5;45mx\x1b[0;2my\x1b[3m\x1b[4mz\x1b[39m\x1b[48;5;237ma\x1b[49m"])
    assert [cell.look for cell in cells] == [
        Look(45, bold=True),
        Look(dim=True),
        Look(dim=True, italic=True, underline=True),
        Look(behind=237, dim=True, italic=True, underline=True),
    ]
    with pytest.raises(ValueError, match="no picture of SGR '5'"):
        parse(["\x1b[5mblinking"])


def test_a_look_goes_on_in_the_next_row() -> None:
    before, after = parse(["\x1b[2ma", "b\x1b[0mc"])
    assert [cell.look for cell in (*before, *after)] == [Look(dim=True), Look(dim=True), Look()]


def test_what_is_wide_takes_two_columns() -> None:
    (cells,) = parse(["a👍b"])
    assert [(cell.column, cell.end) for cell in cells] == [(0, 1), (1, 3), (3, 4)]


def test_runs() -> None:
    (cells,) = parse(["one two   three 👍 \x1b[1mfour"])
    found = [(run[0].column, "".join(cell.text for cell in run)) for run in runs(cells)]
    assert found == [(0, "one two"), (10, "three"), (16, "👍"), (19, "four")]
