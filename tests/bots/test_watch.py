import io
import os
import re

import pyte
import pytest
from msgspec.structs import replace

from chat.bots.report import Report, Second
from chat.bots.watch import Watch, is_live

from .reports import made

RUN = made(1)
HEAD = re.compile(r"\d+ s  [\d,]+ of 50 bots")


class Terminal(io.StringIO):
    """A screen on which it is drawn; what is written past a row's end goes on in the next one,
    unless the terminal is told otherwise."""

    encoding = "utf-8"

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, lines)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> int:
        self._stream.feed(text)
        return len(text)

    def size(self) -> os.terminal_size:
        return os.terminal_size((self.screen.columns, self.screen.lines))

    def shown(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display if row.strip()]


def watched(terminal: Terminal, seconds: int = 30, report: Report = RUN) -> Watch:
    watch = Watch(terminal, live=True, size=terminal.size)
    for second in report.series[:seconds]:
        watch.on_second(second, report)
    return watch


def test_it_shows_what_the_last_second_was() -> None:
    terminal = Terminal()
    watched(terminal)
    head, offered, delivered, latency, lost = terminal.shown()
    assert head == "30 s  50 of 50 bots  hold"
    last = RUN.series[29]
    assert re.search(rf"offered +100/s +sent {last.sent}/s$", offered)
    assert re.search(r"delivered +4,950/s +148,500 +[▁-█]{30}$", delivered)
    assert re.search(rf"p50 {last.p50_ms:.3g} ms +p99 {last.p99_ms:.3g} ms +[▁-█]{{30}}$", latency)
    repaired = sum(each.repaired for each in RUN.series[:30])
    assert re.search(rf"lost +0 +0 % +repaired {repaired}$", lost)


@pytest.mark.parametrize("lines", [2, 3, 6, 24])
@pytest.mark.parametrize("columns", [1, 5, 20, 40, 79, 200])
def test_it_stays_where_it_is_in_every_window(columns: int, lines: int) -> None:
    terminal = Terminal(columns, lines)
    watched(terminal)
    rows = terminal.shown()
    assert len(rows) == min(5, lines - 1)
    assert not terminal.screen.history.top, "nothing has scrolled away"
    assert "30 s  50 of 50 bots  hold".startswith(rows[0].rstrip())


def test_wide_letters_do_not_wrap() -> None:
    phases = tuple(replace(each, name="持久" * 40) for each in RUN.phases)
    terminal = Terminal(60)
    watched(terminal, report=replace(RUN, phases=phases))
    assert terminal.screen.cursor.y == 5


def test_after_a_resize_it_goes_on_below_and_stays_there() -> None:
    terminal = Terminal(80, 40)
    watch = watched(terminal, 10)
    terminal.screen.resize(columns=50)
    for second in RUN.series[10:20]:
        watch.on_second(second, RUN)
    heads = [row for row in terminal.shown() if HEAD.match(row)]
    assert [head.split()[0] for head in heads] == ["10", "20"]


def test_after_ctrl_z_and_fg_what_the_shell_wrote_stays() -> None:
    terminal = Terminal(80, 40)
    watch = watched(terminal, 10)
    terminal.write("^Z\n[1]+  Stopped\n$ fg\nchat bots\n")
    watch.resumed()
    for second in RUN.series[10:20]:
        watch.on_second(second, RUN)
    rows = terminal.shown()
    assert rows[5:9] == ["^Z", "[1]+  Stopped", "$ fg", "chat bots"]
    heads = [row for row in rows if HEAD.match(row)]
    assert [head.split()[0] for head in heads] == ["10", "20"]


def test_a_line_that_is_said_stays_above() -> None:
    terminal = Terminal()
    watch = watched(terminal, 3)
    watch.say("the network is\x1b[2J slow")
    watch.on_second(RUN.series[3], RUN)
    rows = terminal.shown()
    assert rows[0] == "the network is[2J slow"
    assert [row for row in rows if HEAD.match(row)] == ["4 s  40 of 50 bots  arrive"]


def test_at_the_end_it_makes_room_for_the_results() -> None:
    terminal = Terminal()
    watch = watched(terminal)
    watch.close()
    assert terminal.shown() == []
    assert (terminal.screen.cursor.x, terminal.screen.cursor.y) == (0, 0)
    watch.close()


def test_a_terminal_without_unicode_gets_ascii() -> None:
    terminal = Terminal()
    terminal.encoding = "ascii"
    watched(terminal)
    assert all(row.isascii() for row in terminal.shown())


def test_without_a_terminal_it_is_lines_and_ever_fewer() -> None:
    out = io.StringIO()
    watch = Watch(out, live=False)
    for second in RUN.series:
        watch.on_second(second, RUN)
    watch.say("something")
    watch.close()
    lines = out.getvalue().splitlines()
    assert [int(line.split()[0]) for line in lines[:-1]] == [*range(1, 11), 20, 30, 40, 50, 60]
    assert re.fullmatch(
        r"  20 s  50 bots, \d+/s of 100/s, delivered 4,950/s, p50 1\.\d+ ms, p99 \d\.\d+ ms, "
        r"lost 0, repaired \d+",
        lines[10],
    )
    assert "\x1b" not in out.getvalue()
    assert lines[-1] == "something"


def test_a_second_that_took_longer_is_no_higher_rate() -> None:
    out = io.StringIO()
    watch = Watch(out, live=False)
    watch.on_second(replace(RUN.series[0], at_s=2.0, offered=100, sent=100), RUN)
    assert ", 50/s of 50/s," in out.getvalue()


def test_a_second_of_nothing_is_told() -> None:
    terminal = Terminal()
    watch = Watch(terminal, live=True, size=terminal.size)
    watch.on_second(Second(1.0, 0, 0, 0, 0, 0, 0, 0), replace(RUN, phases=()))
    assert "p50 -" in terminal.shown()[3]


@pytest.mark.parametrize(
    ("environ", "live"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": ""}, False), ({}, False)],
)
def test_only_a_terminal_that_can_is_drawn_on(environ: dict[str, str], live: bool) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert is_live(Tty(), environ) == live
    assert not is_live(io.StringIO(), environ)
