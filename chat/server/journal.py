"""What a server says to its operator: one line an event, as text or as JSON, never too many."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

from chat.core.text import clean

BURST = 20
"""Lines of one kind a second; what comes above is counted and said in one line."""


LEVELS = ("debug", "info", "warning", "error")


class JsonFormatter(logging.Formatter):
    """One object a line, whatever a name holds."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        return json.dumps(facts)


class TextFormatter(logging.Formatter):
    """Time, level, message; nothing in it can act on a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = clean(record.getMessage())
        if record.exc_info:
            text += "\n" + clean(self.formatException(record.exc_info), lines=True)
        return f"{moment} {record.levelname.lower()} {text}"


class Sparing(logging.Filter):
    """At most BURST records a second of each message; then one that says how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        second = int(record.created)
        kind = str(record.msg)
        before, count = self._seen.get(kind, (second, 0))
        if before != second:
            skipped, count = max(0, count - BURST), 0
            if skipped:
                record.msg = f"{record.getMessage()} (and {skipped} more like it before)"
                record.args = ()
        self._seen[kind] = (second, count + 1)
        return count < BURST


def configure(style: str) -> None:
    """`style`: "text" or "json"; to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    handler.addFilter(Sparing())
    logger = logging.getLogger("chat")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def set_level(level: str) -> str:
    """One of LEVELS: what is less than that is not said. Returns the one before."""
    logger = logging.getLogger("chat")
    before = logging.getLevelName(logger.level).lower()
    logger.setLevel(level.upper())
    return before
