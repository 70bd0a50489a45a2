"""What was sent and what is being typed, on disk."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from chat.secure import files

from . import keep
from .filenames import file_name
from .files import APPENDING, Tell, Trouble, append, locked
from .recall import KEPT

SLOTS = 16
"""Terminals of one user at one server whose drafts are kept."""


class Kept:
    """What one user sent to the rooms of one server, and the drafts of one terminal.

    Rooms are named by `filenames.place`. Histories are only appended to, whole lines under a lock,
    so that several terminals add to the same one and none can take out another's. Drafts are one
    small file for each terminal, in a slot that it holds as long as it lives; those of who is gone,
    however it went, are the next one's.
    """

    def __init__(self, folder: Path, tell: Tell) -> None:
        """`folder`: of this server; see `server_name`."""
        self._folder = folder
        self._drafts: dict[str, str] = {}
        self._saved = b""
        self._slot: Path | None = None
        self._lock = -1
        self._failed = False
        """There is no slot yet, because of the disk."""
        self._trouble = Trouble("what you send and type is not kept", folder, tell)

    def open(self) -> None:
        """Takes a slot, and over what others left. Of two drafts for one room the second is in its
        history. Where the disk does not let it, `save` tries again."""
        self._failed = False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_slot()
        except OSError as error:
            self._failed = self._slot is None
            self._trouble.failed(error)

    def history(self, room: str) -> list[str]:
        """What was sent there, the oldest first."""
        path = self._history(room)
        try:
            data = path.read_bytes()
            texts = keep.history(data)
            if len(data) > 2 * keep.HISTORY_BYTES or data.count(b"\n") > 2 * KEPT:
                with files.locked(path):
                    texts = keep.history(path.read_bytes())
                    files.replace(path, keep.packed(texts), sync=False)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._trouble.failed(error)
            return []
        return texts

    def sent(self, room: str, texts: Iterable[str]) -> None:
        """Adds to the room's history."""
        kept = [text for text in texts if keep.worth_keeping(text)]
        if not room or not kept:
            return
        path = self._history(room)
        try:
            with files.locked(path):
                descriptor = os.open(path, APPENDING, 0o600)
                try:
                    append(descriptor, keep.packed(kept))
                finally:
                    os.close(descriptor)
        except OSError as error:
            self._trouble.failed(error)
        else:
            self._trouble.over()

    def draft(self, room: str) -> str:
        return self._drafts.get(room, "")

    def save(self, drafts: Mapping[str, str]) -> None:
        """What is being typed, by room; rooms that are not named keep theirs. Cheap where nothing
        has changed; it survives this process, but maybe not a power cut."""
        self._drafts |= {room: text for room, text in drafts.items() if room}
        if self._failed:
            self.open()
        self._drafts = {
            room: text for room, text in self._drafts.items() if keep.worth_keeping(text)
        }
        data = keep.packed_drafts(self._drafts)
        if self._slot is None or data == self._saved:
            return
        try:
            files.replace(self._slot, data, sync=False)
        except OSError as error:
            self._trouble.failed(error)
        else:
            self._saved = data
            self._trouble.over()

    def close(self) -> None:
        """Others may have the drafts now."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock, self._slot = -1, None

    def _history(self, room: str) -> Path:
        return self._folder / f"{file_name(room)}.history"

    def _take_slot(self) -> None:
        left: list[tuple[Path, int]] = []
        try:
            for number in range(SLOTS):
                path = self._folder / f"drafts-{number}"
                descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
                if not locked(descriptor):
                    os.close(descriptor)
                elif self._slot is None:
                    self._slot, self._lock = path, descriptor
                    self._saved = keep.packed_drafts(self._take_over(path))
                elif path.exists():
                    left.append((path, descriptor))
                    self._take_over(path)
                else:
                    os.close(descriptor)
                    break
            self.save({})
            for path, _ in left:
                path.unlink(missing_ok=True)
        finally:
            for _, descriptor in left:
                os.close(descriptor)

    def _take_over(self, path: Path) -> dict[str, str]:
        """Returns what was there."""
        try:
            found = keep.drafts(path.read_bytes())
        except FileNotFoundError:
            return {}
        for room, text in found.items():
            if self._drafts.setdefault(room, text) != text:
                self.sent(room, [text])
        return found
