"""What a member asked for and cannot have."""

from .asks import Why


class RefusedError(Exception):
    """One line that says what to do instead, and what it means to a program."""

    def __init__(self, reason: str, why: Why = Why.OTHER) -> None:
        super().__init__(reason)
        self.why = why
