"""What was done in the rooms, as far as the registry's log still has it."""

from msgspec import Struct

from .entry import decode_entry
from .layout import MalformedError
from .policy import Ruling, decode
from .roles import Act
from .types import REGISTRY, SEQ_MAX, Extract, Fetch, Kind, Range

_PAGE = 24 << 10
"""Bytes of the log that are looked at for one page."""


class AuditTicket(Struct, frozen=True):
    """A page of the registry's log is read for the operator."""

    ticket: object
    room: str
    """Empty: all of them."""


class AuditRow(Struct, frozen=True):
    """One ruling."""

    seq: int
    """In the registry's log. What is written there again keeps the number that it had first."""
    time: int
    """Milliseconds of the log's time."""
    room: str
    """Empty: in the whole server."""
    act: str
    by: str
    """Empty: it ended by itself."""
    whom: str
    until: int
    """Of the log's time; 0: for good, or it is over at once."""
    value: str
    """The role, the uses, the seconds or the number; of a password nothing."""
    why: str


class Audited(Struct, frozen=True):
    """The answer to a look at a page."""

    ticket: object
    rows: tuple[AuditRow, ...] = ()
    after: int = 0
    """The seq that the page ends with."""
    more: bool = False
    trouble: str = ""
    """Why there is none."""


def look(ticket: object, room: str, after: int) -> Fetch:
    """At what comes after that seq."""
    return Fetch(AuditTicket(ticket, room), REGISTRY, (Range(after + 1, SEQ_MAX),), _PAGE)


def audited(wanted: AuditTicket, extract: Extract) -> Audited:
    rows: list[AuditRow] = []
    after = extract.head.seq
    for run in extract.runs:
        for record in run.records:
            after = record.seq
            try:
                entry = decode_entry(REGISTRY, record.seq, record.body)
            except MalformedError:
                continue
            ruling = decode(entry.text) if entry.kind == Kind.ACT else None
            if ruling is not None and wanted.room in ("", ruling.room):
                rows.append(_row(entry.refers or entry.seq, entry.time, ruling))
    return Audited(wanted.ticket, tuple(rows), after, after < extract.head.seq)


def _row(seq: int, time: int, ruling: Ruling) -> AuditRow:
    return AuditRow(
        seq=seq,
        time=time,
        room=ruling.room,
        act=ruling.act,
        by=ruling.by,
        whom=ruling.whom,
        until=ruling.until,
        value="" if ruling.act == Act.PASSWORD else ruling.value,
        why=ruling.why,
    )
