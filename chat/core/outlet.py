"""Where answers to fetches wait: a page of each session in turn, and so many in one turn of the
loop, so that what is pushed never waits behind what is fetched.
"""

from collections.abc import Callable, Iterator

from . import limits, wire
from .buckets import Allowance
from .pages import FetchTicket, entry_pages
from .session import Session
from .turn import Turn
from .types import Extract


class _Answer:
    __slots__ = ("pages", "size")

    def __init__(self, pages: Iterator[wire.Page], size: int) -> None:
        self.pages = pages
        self.size = size


class Outlet:
    """One answer a session, the newest. `again` is called where some are left for the next turn,
    in which `timeout` is to be."""

    def __init__(
        self, turn: Turn, again: Callable[[], None], size: int = limits.PAGES_BYTES
    ) -> None:
        """`size`: bytes of entries that may wait."""
        self._turn = turn
        self._again = again
        self._left = Allowance(size)
        self._answers: dict[Session, _Answer] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, ticket: FetchTicket, extract: Extract) -> bool:
        """The log's answer to a fetch. False: too much waits already; the client asks again."""
        session = ticket.session
        self.drop(session)
        size = sum(len(record.body) for run in extract.runs for record in run.records)
        if not self._left.take(size):
            return False
        pages = entry_pages(extract, ticket.request, ticket.room)
        self._answers[session] = _Answer(pages, size)
        session.queued = size
        self._turn.member(self)
        return True

    def drop(self, session: Session) -> None:
        """It does not wait for its answer any more, if it did."""
        answer = self._answers.pop(session, None)
        if answer is not None:
            self._left.give(answer.size)
            session.queued = 0

    def timeout(self) -> None:
        self._turn.member(self)

    def flush(self) -> None:
        """Hands sessions their next pages, who has waited longest first."""
        for _ in range(limits.PAGES_A_TURN):
            if not self._answers:
                return
            session, answer = next(iter(self._answers.items()))
            page = next(answer.pages, None)
            if page is None:
                self.drop(session)
                continue
            session.queue(page)
            self._answers[session] = self._answers.pop(session)
        if self._answers:
            self._again()
