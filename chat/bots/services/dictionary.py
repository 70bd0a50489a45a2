"""The course's dictionary server: a word in, its meaning out."""

from pathlib import Path

from chat.bots.bot import Bot, BotError
from chat.core.types import Entry


class Dictionary(Bot):
    """`--option file=WORDS`: lines `word: meaning`, read again when they have changed."""

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
        unknown = f"I do not know what {text[:80] or 'nothing'} means"
        await self.reply(entry, self.meanings.get(plain(text)) or unknown)

    def read(self) -> None:
        try:
            facts = self.path.stat()
            if (version := (facts.st_mtime_ns, facts.st_size)) != self.version:
                lines = self.path.read_text("utf-8").splitlines()
                pairs = (line.partition(":") for line in lines)
                self.meanings = {plain(word): meaning.strip() for word, _, meaning in pairs}
                self.version = version
        except (OSError, UnicodeDecodeError) as error:
            raise BotError(f"{self.path} cannot be read: {error}") from error


def plain(word: str) -> str:
    return " ".join(word.casefold().split())
