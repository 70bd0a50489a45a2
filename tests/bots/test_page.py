"""The page as text; how it looks is seen by `test_browser`."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from chat.bots import page as module
from chat.bots.page import page
from chat.bots.plots import plots
from chat.bots.report import Report, Span, Step

from .reports import made

RUN = made(1)
STALLED = made(2, stall=30)
EMPTY = replace(RUN, latency_ms=None, join_ms=None, histogram=(), series=(), phases=(), settings={})
EVIL = '</style><script>alert(1)</script>"\x1b[2J\u202e'

VOID = {"meta"}


class Reader(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"these are not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    @property
    def words(self) -> str:
        return " ".join(self.texts)


@pytest.mark.parametrize(
    "report",
    [RUN, STALLED, EMPTY, replace(RUN, phases=()), made(3, seconds=900), made(4, seconds=1)],
    ids=["run", "stalled", "empty", "no phases", "long", "short"],
)
def test_it_is_whole_and_loads_nothing(report: Report) -> None:
    text = page(report)
    tags = Reader(text).tags
    assert not {"script", "link", "img", "iframe", "a"} & {tag for tag, _ in tags}
    for _, attributes in tags:
        assert not {"src", "href", "onload", "onclick"} & attributes.keys()
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)
    assert "nan" not in re.sub(r"<title>.*?</title>", "", text.lower())
    assert len(text) < 800_000


def test_what_others_named_does_nothing() -> None:
    report = replace(
        RUN,
        scenario=EVIL,
        settings={EVIL: EVIL},
        phases=(Span(EVIL, 0, 60),),
        verdict=f"invalid: {EVIL}",
        valid=False,
    )
    text = page(report)
    assert "script" not in {tag for tag, _ in Reader(text).tags}
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("alert(1)") >= 4


def test_a_good_run_says_so() -> None:
    words = Reader(page(RUN.judged(["p99<50ms", "lost==0"]))).words
    assert "All thresholds held" in words
    assert "Not valid" not in words
    assert "Cut short" not in words
    assert words.count("held") >= 3


def test_an_invalid_run_says_so_before_everything_else() -> None:
    report = replace(RUN, valid=False, verdict="invalid: 412 of 6000 messages were sent late")
    text = page(report)
    assert '<div class="verdict bad"><strong>Not valid' in text
    assert text.index("Not valid") < text.index('class="tiles"')
    assert "412 of 6000 messages were sent late" in Reader(text).words
    assert "verdict good" not in text


def test_a_run_that_was_cut_short_says_so() -> None:
    text = page(replace(RUN, cut_short=True, duration_s=12.0))
    assert '<div class="verdict warn"><strong>Cut short</strong>It was ended after 12 s' in text


def test_an_invalid_run_that_was_cut_short_says_both() -> None:
    short = replace(RUN, cut_short=True, late_sends=1000).judged(["lost==0"])
    words = Reader(page(short)).words
    assert "Not valid" in words
    assert "1000 of 5962 messages were sent late" in words
    assert "Cut short" in words
    assert "All thresholds held" not in words


def test_a_run_that_looks_for_the_most_says_what_it_found() -> None:
    steps = (Step("one", 50.0, True), Step("two", 100.0, False, "p99<5ms is 7.1"))
    words = Reader(page(replace(RUN, steps=steps).judged(()))).words
    assert "50 messages a second hold" in words
    assert "p99<5ms is 7.1" in words


def test_loss_that_is_found_at_the_end_is_told_beside_the_chart() -> None:
    calm = tuple(replace(each, repaired=0) for each in RUN.series)
    assert plots(replace(RUN, lost=3, series=calm))[4].note == (
        "3 were found to be missing at the end"
    )
    assert plots(replace(RUN, lost=3))[4].note.endswith(
        "; 3 more were found to be missing at the end"
    )


def test_missed_thresholds_are_named_and_drawn() -> None:
    text = page(RUN.judged(["p99<1ms", "p50<5ms", "lost==0"]))
    assert "<strong>Missed: p99&lt;1ms</strong>" in text
    assert re.search(r'<text class="name red"[^>]*>p99&lt;1ms</text>', text)
    assert re.search(r'<text class="name green"[^>]*>p50&lt;5ms</text>', text)


def test_loss_is_no_good_run() -> None:
    lossy = replace(RUN, lost=5, expected=RUN.expected + 5).judged(())
    text = page(lossy)
    assert '<div class="verdict warn"><strong>5 of 300005 deliveries are missing' in text


def test_all_settings_and_the_seed_are_there() -> None:
    words = Reader(page(RUN)).words
    for name, value in RUN.settings.items():
        assert name in words
        assert f"{value:g}" if isinstance(value, float) else str(value) in words
    assert "storm" in words
    assert "begun 2026-09-21" in words


def test_each_second_is_there_in_figures() -> None:
    text = page(RUN)
    rows = text[text.index("<details>") :].count("<tr>")
    assert rows == 61


def test_there_is_a_chart_for_each_question() -> None:
    assert [plot.title for plot in plots(RUN)] == [
        "Latency over time",
        "Latency by percentile",
        "Messages a second",
        "Deliveries a second",
        "Loss and repair",
        "Members online",
    ]
    assert all(plot.svg for plot in plots(RUN))


def test_a_chart_of_nothing_says_so_instead() -> None:
    assert [(plot.svg, bool(plot.note)) for plot in plots(EMPTY)] == [("", True)] * 6
    calm = replace(RUN, series=tuple(replace(each, repaired=0) for each in RUN.series))
    assert plots(calm)[4].note == "nothing was lost, and nothing had to be repaired"


def test_an_axis_begins_at_zero_or_says_that_it_is_logarithmic() -> None:
    for plot in plots(RUN):
        assert re.search(r'text-anchor="end">0( us)?</text>', plot.svg), plot.title
        assert "logarithmic" not in plot.note
    latency, percentiles, *rest = plots(STALLED)
    assert "logarithmic axis" in latency.note
    assert "logarithmic axis" in percentiles.note
    assert not any("logarithmic" in plot.note for plot in rest)


def test_a_peak_of_one_second_is_drawn_in_a_long_run() -> None:
    long = made(3, seconds=3000)
    peak = replace(long.series[1500], lost=1000)
    drawn = plots(replace(long, series=(*long.series[:1500], peak, *long.series[1501:])))[4]
    bar = re.search(r'class="bar red".*? y="([\d.]+)" height="([\d.]+)"', drawn.svg)
    ticks = re.findall(r'y="([\d.]+)" dy=".32em" text-anchor="end">([\d,]+)<', drawn.svg)
    at = {value: float(y) for y, value in ticks}
    assert bar
    assert float(bar[1]) == pytest.approx(at["1,000"], abs=0.2)
    assert float(bar[1]) + float(bar[2]) == pytest.approx(at["0"], abs=0.2)
    assert drawn.note == "deliveries, in each 13 s"


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_can_be_read(scheme: str) -> None:
    """WCAG 2: 4.5 for text, 3 for what is drawn."""
    style = Path(module.__file__).with_name("page.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", blocks[scheme == "dark"]))
    for text, ground in (
        *((text, ground) for text in ("ink", "soft") for ground in ("page", "card")),
        *((text, "card") for text in ("green", "red")),
        *(("ink", ground) for ground in ("good", "bad", "warn")),
        ("green", "good"),
        ("red", "bad"),
        ("amber", "warn"),
    ):
        assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for drawn in ("blue", "orange", "grey", "red", "green"):
        assert _contrast(colours[drawn], colours["card"]) >= 3, drawn
