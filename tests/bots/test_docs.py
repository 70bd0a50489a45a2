"""The example of docs/bots.md is a bot, and what the page says of it is true."""

import re
from pathlib import Path

from chat.bots.bot import HANDLERS, Bot
from chat.bots.script import load
from chat.core.names import LOBBY

from ..sim.bots import Stage, play, until

PAGE = (Path(__file__).parents[2] / "docs" / "bots.md").read_text()


def test_the_example_greets_and_answers(tmp_path: Path) -> None:
    code = PAGE.split("```python\n")[1].split("```")[0]
    assert len(code.split("\n\n\n")[1].splitlines()) <= 10
    (tmp_path / "greeter.py").write_text(code)
    greeter = load(f"{tmp_path / 'greeter.py'}:Greeter")
    stage = Stage(people=1)

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(greeter(), "greeter") as client:
            await until(lambda: len(client.guest.rooms[LOBBY].roster.members) == 2)
            async with stage.bot(Bot(), "ann"):
                await stage.read("greeter: welcome, ann; there are 3 of us")
            stage.people[0].say(LOBBY, "greeter: hello")
            await stage.read("greeter: guest0 says 'hello', in lobby, as number 2")

    play(stage.world, scene())


def test_every_handler_and_method_is_on_the_page() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    public = {name for name in vars(Bot) if not name.startswith("_")} - {"carried_by"}
    assert public >= HANDLERS
    assert public <= words
