"""A place in a room's log that repairs nothing: for `chat bots --no-repair`."""

from chat.core.entry import decode_entry
from chat.core.inbox import Inbox, News
from chat.core.layout import MalformedError
from chat.core.types import Range


class Listener(Inbox):
    """Tells entries as they are pushed, in whatever order, and goes on behind what is missing."""

    def pushed(self, first: int, bodies: tuple[bytes, ...]) -> list[News]:
        self.saw_head(first + len(bodies) - 1, None)
        news: list[News] = []
        for seq, body in enumerate(bodies, first):
            try:
                news.append(decode_entry(self.room, seq, body))
            except MalformedError:
                continue
        return news

    def saw_head(self, seq: int, digest: bytes | None) -> None:
        if self.head < seq:
            super().saw_head(seq, digest)
        self.seq = self.shown = max(self.seq, self.head)

    def missing(self, most: int = 0, *, beyond: bool = False) -> tuple[Range, ...]:
        return ()
