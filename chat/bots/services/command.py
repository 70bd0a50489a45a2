"""The course's remote command server, without its hole: words become an argv, and no shell."""

from chat.bots.allowed import Allowed, read_allowed
from chat.bots.bot import Bot, BotError
from chat.bots.process import POSSIBLE, RunError, run
from chat.core.text import clean
from chat.core.types import Entry


class Command(Bot):
    """`run NAME words` runs what `--option config=FILE.toml` allows, for those whom it names."""

    allowed: Allowed

    async def on_start(self) -> None:
        if not POSSIBLE:
            raise BotError("programs can be run on Linux, and on macOS with Python 3.13")
        self.allowed = read_allowed(self.options.get("config"))

    async def on_call(self, room: str, entry: Entry, text: str) -> None:
        if not self.allowed.permits(entry):
            await self.reply(entry, "I run programs for verified names that are on my list")
            return
        verb, name, *words = [*text.split(), "", ""]
        argv = self.allowed.argv(name, [word for word in words if word])
        if verb != "run" or argv is None:
            await self.reply(entry, f"use: run NAME words, NAME of {', '.join(self.allowed.run)}")
            return
        try:
            output, code, why = await self.in_thread(run, argv)
        except RunError as error:
            await self.reply(entry, str(error))
            return
        end = why or (f"exit code {code}" if code else "")
        output = clean(output, lines=True).strip() or "no output"
        await self.reply(entry, f"{output}\n({end})" if end else output)
