"""Texts that were too long for one entry, joined again."""

from collections.abc import Iterator

from msgspec.structs import replace

from .limits import PARTS
from .types import Entry


class Assembler:
    """Takes a room's entries in order. A text that continues ends with its author's next entry
    that does not, or with its PARTS-th: between the two, others may have spoken."""

    def __init__(self) -> None:
        self._begun: dict[bytes, list[Entry]] = {}

    def add(self, entry: Entry) -> Entry | None:
        """The whole text's entry, with the seq and time of its last part; None as long as it
        goes on."""
        parts = self._begun.pop(entry.instance, [])
        if parts and entry.n != parts[-1].n + 1:
            parts = []
        parts.append(entry)
        if entry.more and len(parts) < PARTS:
            self._begun[entry.instance] = parts
            return None
        return _joined(parts)

    def rest(self) -> Iterator[Entry]:
        """Texts whose end never came, as far as they came."""
        begun, self._begun = self._begun, {}
        for parts in begun.values():
            yield _joined(parts)


def _joined(parts: list[Entry]) -> Entry:
    return replace(parts[-1], text="".join(part.text for part in parts), more=False)
