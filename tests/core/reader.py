"""A reader of a room's log: an inbox with a screen."""

from typing import Any

from hypothesis import strategies as st

from chat.core.inbox import Broken, Expired, Inbox, News
from chat.core.limits import JOIN_BACKLOG
from chat.core.types import Entry, Point

from .logs import Past


class Reader:
    """Its screen allows no repetition, no gap, and no needless break."""

    def __init__(self, past: Past, *, backlog: int = JOIN_BACKLOG, first: int = 0) -> None:
        self.past = past
        self.inbox = Inbox("lobby", backlog=backlog, first=first)
        self.screen: list[Entry] = []
        self.breaks: list[int] = []
        self.expired: list[tuple[int, int]] = []
        self._answer: tuple[int, Point, bytes, int | None] | None = None

    def join(self) -> None:
        self.ask()
        self.answer()

    def ask(self) -> None:
        """The log answers at once; the answer may take its time."""
        past = self.past
        matched = past.match(self.inbox.offer())
        self._answer = past.floor, past.head, past.origin, matched

    def answer(self) -> None:
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self.take(self.inbox.joined(*answer))

    def parted(self) -> None:
        """No answer of this life of the log comes any more."""
        self._answer = None

    def take(self, news: list[News]) -> None:
        for item in news:
            match item:
                case Entry(seq=seq):
                    if self.screen and (self.screen[-1].seq + 1, seq - 1) not in self.expired:
                        assert seq == self.screen[-1].seq + 1
                    self.screen.append(item)
                case Broken(seq=seq):
                    self.breaks.append(seq)
                    gone = [entry.text for entry in self.screen if entry.seq >= seq]
                    self.screen = [entry for entry in self.screen if entry.seq < seq]
                    assert not gone or gone[0] not in self.past.texts(), "it is still in the log"
                case Expired(first=first, last=last):
                    self.expired.append((first, last))

    def push(self, first: int, count: int) -> None:
        self.take(self.inbox.pushed(first, self.past.block(first, count)))

    def fetch(self, size: int = 7, keep: Any = lambda page: True) -> None:
        """One round: what is missing is asked for, and some of the pages come."""
        for wanted in self.inbox.missing():
            for page in self.past.pages(wanted, size):
                if keep(page):
                    self.take(self.inbox.page(*page))

    def finish(self) -> None:
        """Everything that is sent comes, from now on."""
        for _ in range(1000):
            self.inbox.saw_head(*self.past.head)
            if self.inbox.diverged:
                self.join()
            elif self.inbox.complete:
                break
            self.fetch()
        head = self.past.head.seq
        assert self.inbox.seq == self.inbox.shown == head
        first = self.inbox.first
        assert [entry.seq for entry in self.screen if entry.seq >= first] == [
            *range(first, head + 1)
        ]
        assert [entry.text for entry in self.screen if entry.seq >= first] == self.past.texts(first)


Step = tuple[str, int, int]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 60), st.integers(1, 9)),
        st.tuples(st.just("append"), st.integers(1, 12), st.just(0)),
        st.tuples(st.just("head"), st.integers(0, 60), st.booleans()),
        st.tuples(st.just("fetch"), st.integers(1, 9), st.integers(0, 255)),
        st.tuples(st.just("join"), st.just(0), st.just(0)),
        st.tuples(st.just("ask"), st.just(0), st.just(0)),
        st.tuples(st.just("answer"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


def perform(reader: Reader, step: Step, *, early: bool = False) -> None:
    """One thing that a network may do. Pushes and heads are old or new, pages come or do not.
    `early`: joins again even where nothing was read yet."""
    past = reader.past
    match step:
        case "push", back, count:
            reader.push(max(1, past.head.seq - back), count)
        case "append", count, _:
            past.append(count)
        case "head", back, known:
            seq = max(0, past.head.seq - back)
            reader.inbox.saw_head(seq, past.digests[seq] if known else None)
        case "fetch", size, mask:
            reader.fetch(size, lambda page: mask >> page[1] % 8 & 1)
        case "ask", _, _:
            reader.ask()
        case "answer", _, _:
            reader.answer()
        case _ if len(reader.inbox.offer()) > 1 or early:
            reader.join()
