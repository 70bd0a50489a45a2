"""The page as a browser shows it."""

import json
import re
import subprocess
import zlib
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chat.bots.page import page
from chat.bots.report import Report

from ..needs import needs
from .reports import made

pytestmark = needs("chromium")

RUN = made(1).judged(["p99<50ms", "p50<5ms", "p99_9<2ms", "lost==0"])
STALLED = replace(
    made(2, stall=30).judged(["p99<50ms", "lost==0"]),
    valid=False,
    cut_short=True,
    verdict="invalid: 412 of 6000 messages were sent late: use a lower --rate",
    settings={"link": "chat://" + "a" * 300, "seed": 7},
)

PROBE = """
const box = it => it.getBoundingClientRect();
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const outside = [], overlapping = [], small = [];
for (const svg of document.querySelectorAll("svg")) {
  const frame = box(svg), texts = [...svg.querySelectorAll("text.tick")];
  texts.forEach((text, at) => {
    const own = box(text);
    if (own.left < frame.left || own.right > frame.right + 1 || own.top < frame.top - 1
        || own.bottom > frame.bottom + 1) outside.push(text.textContent);
    for (const other of texts.slice(at + 1))
      if (meet(own, box(other))) overlapping.push(`${text.textContent} and ${other.textContent}`);
    if (own.height < 9) small.push(text.textContent);
  });
}
document.body.dataset.probe = JSON.stringify({
  width: document.documentElement.scrollWidth, window: innerWidth,
  charts: document.querySelectorAll("svg").length,
  first: document.querySelector(".verdict strong").textContent,
  columns: new Set([...document.querySelectorAll("main section")].map(it => box(it).left)).size,
  loaded: performance.getEntriesByType("resource").length, outside, overlapping, small });
"""


def chromium(*options: str) -> subprocess.CompletedProcess[bytes]:
    """Whoever is root has no sandbox; a container has little shared memory."""
    return subprocess.run(
        ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--disable-dev-shm-usage", "--no-first-run", *options),
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip


def laid_out(report: Report, tmp_path: Path, width: int) -> dict[str, Any]:
    """What a script sees that is put into the page in place of its policy, which allows none."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page(report))
    file = tmp_path / "probed.html"
    file.write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"))
    found = chromium(f"--window-size={width},1000", "--dump-dom", file.as_uri()).stdout.decode()
    probe = re.search(r'data-probe="([^"]*)"', found)
    assert probe, found[-500:]
    facts: dict[str, Any] = json.loads(unescape(probe[1]))
    return facts


@pytest.mark.parametrize(("width", "columns"), [(1280, 2), (500, 1)])
@pytest.mark.parametrize("report", [RUN, STALLED], ids=["run", "stalled"])
def test_it_fits_and_can_be_read(report: Report, width: int, columns: int, tmp_path: Path) -> None:
    facts = laid_out(report, tmp_path, width)
    assert facts["width"] <= facts["window"]
    assert facts["columns"] == columns
    assert facts["charts"] == 6
    assert facts["loaded"] == 0
    assert (facts["outside"], facts["overlapping"], facts["small"]) == ([], [], [])
    assert facts["first"].startswith("Missed" if report is RUN else "Not valid")


def corner(png: bytes) -> tuple[int, ...]:
    """The colour of the first pixel, which no filter of PNG changes; and the picture is whole."""
    data, at = b"", 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return tuple(zlib.decompress(data)[1:4])


@pytest.mark.parametrize(
    ("scheme", "colour"), [(1, (0xF7, 0xF7, 0xF5)), (0, (0x13, 0x13, 0x12))], ids=["light", "dark"]
)
def test_it_is_light_or_dark_as_the_reader_wants(
    scheme: int, colour: tuple[int, ...], tmp_path: Path
) -> None:
    """And its policy lets its own style in: nothing is refused."""
    file, picture = tmp_path / "page.html", tmp_path / "page.png"
    file.write_text(page(RUN))
    said = chromium(
        "--enable-logging=stderr",
        f"--blink-settings=preferredColorScheme={scheme}",
        "--window-size=1280,1000",
        f"--screenshot={picture}",
        file.as_uri(),
    ).stderr
    assert corner(picture.read_bytes()) == colour
    assert b"CONSOLE" not in said, said
