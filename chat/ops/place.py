"""Where a server's admin socket is."""

import socket
from pathlib import Path

from chat.log.stores import default_store, expanded, folder_of

NAME = "admin.sock"
OFF = "off"


def socket_path(wanted: str, store: str) -> Path | None:
    """`wanted` is a path, `off`, or empty: in the folder in which the store keeps its files, if it
    has one. An empty store is the default one. None: nowhere. Raises LogError for what is no
    store, or no path."""
    if wanted == OFF or not hasattr(socket, "AF_UNIX"):
        return None
    if wanted:
        return expanded(wanted)
    folder = folder_of(store or default_store())
    return None if folder is None else folder / NAME
