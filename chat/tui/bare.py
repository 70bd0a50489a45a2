"""Lines for the bare view: nothing beside the text, and rows that are full to the last column, so
that the terminal takes them for one line (see `rows.FLOW`): a long link is copied whole."""

import time
from collections.abc import Iterator

from .cells import agreed, cells, clusters
from .layout import (
    EDITED,
    MENTION,
    PHRASES,
    SELECTED,
    Context,
    Laid,
    author_spans,
    complete,
    found,
    laid_over,
    text_style,
)
from .lines import Line, Look, Mark
from .rows import FLOW, Row, Span
from .wrap import BLANK, Slice

_INDENT: Span = ("", "  ")
"""Before the further lines of a text: one of them must not look like somebody else's."""


def lay_out_bare(line: Line, context: Context) -> Laid:
    """As `layout.lay_out`."""
    rows: list[Row] = []
    starts: list[int] = []
    for start, spans, lead in _texts(line, context):
        for at, row in _flowing(spans, context.size):
            rows.append(row)
            starts.append(start + max(0, at - lead))
    return complete(line, context, rows, starts, len(_INDENT[1]))


def _texts(line: Line, context: Context) -> Iterator[tuple[int, Row, int]]:
    """The lines of its text: where each begins, what is shown of it, and how many characters of
    that stand before it."""
    text = line.text.rstrip("\n")
    if line.look is Look.TOP and not text:
        return
    whole = text + EDITED if line.edited else text
    overlays = [*found(text, line, context), (len(text), len(whole), "class:edited")]
    style = {Look.TOP: "class:quiet", Look.OUTPUT: "class:output"}.get(line.look, text_style(line))
    start = blank = 0
    for number, each in enumerate(whole.split("\n")):
        blank = 0 if each.strip() else blank + 1
        if blank > BLANK:
            start += len(each) + 1
            continue
        indented = number or line.look is Look.OUTPUT
        first: Row = (_INDENT,) if indented else _prefix(line, context)
        spans = laid_over(whole, Slice(start, start + len(each)), style, overlays)
        yield start, (*first, *spans), sum(len(shown) for _, shown in first)
        start += len(each) + 1


def _prefix(line: Line, context: Context) -> Row:
    if line.look is Look.TOP:
        return ()
    clock = time.strftime(context.clock, time.localtime(line.time / 1000))
    spans: list[Span] = [("class:time", f"{clock} " if clock else "")]
    if context.selected:
        spans.append(("", f"{SELECTED} "))
    if line.mention:
        spans.append(("class:mention", f"{MENTION} "))
    elif line.mark in (Mark.PENDING, Mark.FAILED):
        spans.append((f"class:mark.{line.mark.name.lower()}", f"{line.mark.value} "))
    author = author_spans(line, context)
    if line.look is Look.TALK:
        return (*spans, ("class:quiet", "<"), *author, ("class:quiet", "> "))
    spans.append(("class:quiet", {Look.ACTION: "* ", Look.ALERT: "!! "}.get(line.look, "-- ")))
    if line.name:
        spans += [*author, ("", " ")]
    spans.append(("class:quiet", PHRASES.get(line.look, "")))
    return tuple(spans)


def _flowing(spans: Row, size: int) -> Iterator[tuple[int, Row]]:
    """Rows of `size` cells, and the number of characters before each. Where programs disagree about
    a row's width, nothing can flow out of it."""
    row: list[Span] = []
    used = begun = at = 0
    for style, text in spans:
        kept = ""
        for cluster in clusters(text):
            wide = cells(cluster)
            if used + wide > size and used:
                row.append((style, kept))
                yield begun, tuple(row)
                flows = used == size and all(agreed(each) for _, each in row)
                row, kept, used, begun = [FLOW] if flows else [], "", 0, at
            kept += cluster
            used += wide
            at += len(cluster)
        row.append((style, kept))
    yield begun, tuple(row)
