"""The course's echo server: what it is sent, it sends back."""

from chat.bots.bot import Bot
from chat.core.types import Entry


class Echo(Bot):
    """`echo: hello` is answered by `hello`."""

    async def on_call(self, room: str, entry: Entry, text: str) -> None:
        await self.reply(entry, text or "say something after my name, and I say it, too")
