"""Entries for tests, as a log would give them."""

from chat.core.types import Entry, Kind

ROOM = "lobby"
OWN = b"ownownow"
OTHER = b"otherone"
NOON = 1_700_000_000_000
"""Milliseconds since 1970."""


def entry(
    seq: int,
    text: str = "",
    *,
    name: str = "bob",
    instance: bytes = OTHER,
    n: int = 0,
    more: bool = False,
    kind: int = Kind.MESSAGE,
    room: str = ROOM,
    time: int = NOON,
    refers: int = 0,
    key: bytes = b"",
) -> Entry:
    """Of a message that has no text given, one that says its seq."""
    return Entry(
        room=room,
        seq=seq,
        kind=kind,
        name=name,
        key=key,
        endpoint="192.0.2.1:4000",
        instance=instance,
        n=n or seq,
        time=time,
        refers=refers,
        text=text or ("" if refers else f"message {seq}"),
        more=more,
    )
