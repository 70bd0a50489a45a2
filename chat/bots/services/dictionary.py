"""The course's dictionary server: a word in, its meaning out."""

from pathlib import Path

from chat.bots.bot import Bot, BotError
from chat.core.types import Entry


class Dictionary(Bot):
    """`--option file=WORDS`: a line `word: meaning` for each. When the file changes, so do the
    answers."""

    async def on_start(self) -> None:
        if "file" not in self.options:
            raise BotError("which words? use --option file=WORDS, a file of lines `word: meaning`")
        self.path = Path(self.options["file"])
        self.version: tuple[int, int] | None = None
        self.read()

    async def on_call(self, room: str, entry: Entry, text: str) -> None:
        try:
            self.read()
        except BotError:
            pass  # The file is being replaced, or gone: what was read last is still true.
        word = " ".join(text.casefold().split())
        meaning = self.meanings.get(word, f"I do not know what {text or 'nothing'} means")
        await self.reply(entry, meaning)

    def read(self) -> None:
        try:
            facts = self.path.stat()
            if (version := (facts.st_mtime_ns, facts.st_size)) != self.version:
                lines = self.path.read_text("utf-8").splitlines()
                pairs = (line.partition(":") for line in lines if ":" in line)
                self.meanings = {word.strip().casefold(): text.strip() for word, _, text in pairs}
                self.version = version
        except (OSError, UnicodeDecodeError) as error:
            raise BotError(f"{self.path} cannot be read: {error}") from error
