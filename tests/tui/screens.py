"""A terminal in memory."""

import pyte


class Sink:
    """Takes what is written, and shows it."""

    encoding = "utf-8"

    def __init__(self, columns: int, rows: int) -> None:
        self.written = ""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)

    def write(self, data: str) -> None:
        self.written += data
        self._stream.feed(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True

    @property
    def rows(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row."""
        return self.screen.cursor.x, self.screen.cursor.y
