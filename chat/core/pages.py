"""Answers too long for one datagram, in pages."""

from collections.abc import Iterable, Iterator

from . import asks, wire
from .broadcast import sharing
from .channel import BODY_MAX
from .session import Session
from .types import Extract, Run

_BODIES = BODY_MAX - wire.FRAME_HEADER - wire.FRAMES[0x44].size
_MOST = 255
_ROWS_BYTES = 1000


class FetchTicket:
    """Ticket: who fetches what. One a session: a client that asks again while the log is slow gets
    what it asked for first, under the newest number."""

    __slots__ = ("request", "room", "session")

    def __init__(self, session: Session, request: int, room: int) -> None:
        self.session = session
        self.request = request
        self.room = room


def entry_pages(extract: Extract, request: int, room: int) -> Iterator[wire.Page]:
    """The answer to a FETCH; one page without entries where there are none."""
    batches = [
        (run, batch) for run in extract.runs for batch in sharing(list(run.records), _BODIES)
    ][:_MOST]
    empty = Run(bytes(8), ())
    for index, (run, batch) in enumerate(batches or [(empty, [])]):
        first = batch[0].seq if batch else 0
        yield wire.Page(
            request=request,
            index=index,
            pages=max(1, len(batches)),
            room=room,
            floor=extract.floor,
            head=extract.head.seq,
            head_digest=extract.head.digest,
            first=first,
            previous=_before(run, first),
            bodies=tuple(record.body for record in batch),
        )


def room_page(request: int, rooms: Iterable[asks.RoomRow]) -> asks.RoomList:
    """The answer to a ROOMS, as far as it fits."""
    rows: list[asks.RoomRow] = []
    size = 0
    for row in rooms:
        size += len(row.name.encode()) + len(row.topic.encode()) + 16
        if rows and size > _ROWS_BYTES:
            return asks.RoomList(request, tuple(rows), True)
        rows.append(row)
    return asks.RoomList(request, tuple(rows), False)


def _before(run: Run, seq: int) -> bytes:
    """The chained digest before entry `seq` of a run."""
    if not run.records or seq == run.records[0].seq:
        return run.previous
    return run.records[seq - run.records[0].seq - 1].digest
