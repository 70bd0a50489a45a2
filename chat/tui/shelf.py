"""Between the model and the disk: what outlasts the program is brought in, and put away."""

from chat.core.inbox import Broken
from chat.core.types import Entry

from .diary import TakenBack
from .diaryfile import Diary
from .editor import Editor
from .effects import Remember
from .filenames import place
from .files import SettingsFile, kept_folder, log_folder
from .kept import Kept
from .model import Model
from .roombuffer import RoomBuffer
from .settings import SettingError


class Shelf:
    """Nothing in it stops the client: what cannot be kept is said once."""

    def __init__(self, model: Model, settings: SettingsFile, *, drafts: bool = True) -> None:
        """`drafts`: there is a line on which one types."""
        self._model = model
        self._drafts = drafts
        self._desk = model.desk
        self._settings = settings
        self._link = model.desk.uplink.link
        self._kept: Kept | None = None
        self._diary: Diary | None = None
        self._folder = ""
        """Where the diary is."""
        self._known: set[RoomBuffer] = set()
        """Whose history has been read."""
        self._news: dict[RoomBuffer, list[Entry | TakenBack]] = {}

    def remember(self, setting: Remember) -> None:
        try:
            self._settings.save(setting.name, setting.value)
        except SettingError as error:
            self._desk.alert(str(error))

    def take(self, event: object) -> None:
        """What the guest told, for the local log."""
        if isinstance(event, Entry | Broken) and self._desk.settings.log:
            buffer = self._desk.buffers.get(event.room)
            if buffer is not None:
                news = self._news.setdefault(buffer, [])
                news.append(event if isinstance(event, Entry) else TakenBack(event.seq))

    def tick(self) -> None:
        """About once a second, and when the program ends."""
        self._keep()
        self._log()

    def close(self) -> None:
        self.tick()
        if self._kept is not None:
            self._kept.close()
        if self._diary is not None:
            self._diary.close()

    # What was sent and is being typed

    def _keep(self) -> None:
        if not self._desk.settings.history or not self._drafts:
            return
        if self._kept is None:
            self._kept = Kept(kept_folder(self._link), self._desk.alert)
            self._kept.open()
        drafts: dict[str, str] = {}
        for buffer in self._desk.buffers:
            name = place(buffer.room, buffer.peer)
            if not name:
                continue
            editor = self._model.editor_of(buffer)
            if buffer not in self._known:
                self._known.add(buffer)
                self._bring(buffer, editor, name, self._kept)
            self._kept.sent(name, buffer.recall.fresh())
            drafts[name] = buffer.recall.draft(editor.text)
        self._kept.save(drafts)
        self._known &= set(self._desk.buffers)

    def _bring(self, buffer: RoomBuffer, editor: Editor, name: str, kept: Kept) -> None:
        buffer.recall.load(kept.history(name))
        draft = kept.draft(name)
        if draft and not editor.text:
            editor.set(draft)
            self._desk.tell("what you were typing is here again")

    # The local log

    def _log(self) -> None:
        settings = self._desk.settings
        if not settings.log:
            self._news.clear()
            return
        if self._diary is None or self._folder != settings.log_folder:
            if self._diary is not None:
                self._diary.close()
            self._folder = settings.log_folder
            self._diary = Diary(log_folder(settings), self._link, self._desk.alert)
        for buffer, news in self._news.items():
            membership = self._desk.uplink.guest.rooms.get(buffer.room)
            if membership is not None:
                name = place(buffer.room, buffer.peer)
                self._diary.write(name, membership.inbox.origin, news)
        self._news.clear()
        self._diary.flush()
