"""Watches over every seal: no (key, counter) seals two things, none is opened twice at one end."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from chat.core import protect

from .server import Violation


class Watch:
    def __init__(self) -> None:
        self.sealed = 0
        self._seals: set[tuple[bytes, int]] = set()
        self._first: set[bytes] = set()

    @contextmanager
    def installed(self) -> Iterator["Watch"]:
        seal, take = protect.seal, protect.ReplayWindow.take

        def watched_seal(key: bytes, counter: int, header: bytes, plaintext: bytes) -> bytes:
            if (key, counter) in self._seals:
                raise Violation(f"counter {counter} seals twice under {key.hex()}")
            self._seals.add((key, counter))
            self.sealed += 1
            return seal(key, counter, header, plaintext)

        def watched_take(window: protect.ReplayWindow, counter: int) -> None:
            if not window.fresh(counter):
                raise Violation(f"counter {counter} is opened twice")
            take(window, counter)

        with (
            patch.object(protect, "seal", watched_seal),
            patch.object(protect.ReplayWindow, "take", watched_take),
        ):
            yield self
