"""What opens a room's door, as people type it: a password, or an invite."""

import unicodedata

from .asks import SECRET_MAX


class BadSecretError(ValueError):
    """One line that says what a password must be like. It never has the password in it."""


def check_secret(text: str) -> str:
    """In the form in which it is the same on every keyboard (OpaqueString, RFC 8265 §4.2). Raises
    BadSecretError."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    secret = unicodedata.normalize("NFC", spaced)
    if len(secret) > SECRET_MAX:
        raise BadSecretError(f"a password has at most {SECRET_MAX} characters")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in secret):
        raise BadSecretError("a password has no control characters in it")
    return secret
