"""Lines from the server to the person: it repeats one for as long as it is so."""

from .limits import NOTICE_AGAIN


class Notices:
    """The newest one, and when it came last."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0.0

    def new(self, text: str, now: float) -> bool:
        """Whether it is to be told: it is another one, or was not said for a while."""
        before, at = self._text, self._at
        self._text, self._at = text, now
        return text != before or now - at > NOTICE_AGAIN
