"""The examples of docs/bots.md and docs/load-tests.md can be used as they are."""

import re
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest

from chat.bots.allowed import read_allowed
from chat.bots.bot import HANDLERS, Bot
from chat.bots.process import POSSIBLE, RunError, run
from chat.bots.report import INTERRUPTED, INVALID, MISSED, check_thresholds
from chat.bots.scenario import read_scenario
from chat.bots.script import load
from chat.core.names import LOBBY

from ..sim.bots import Stage, play, until

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "bots.md").read_text()


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


def toml(document: str, folder: Path) -> str:
    """A file with the page's only example, without what it is indented by."""
    (code,) = re.findall(r"```toml\n(.*?)```", (DOCS / document).read_text(), re.DOTALL)
    file = folder / "example.toml"
    file.write_text(textwrap.dedent(code))
    return str(file)


def test_the_scenario_can_be_read(tmp_path: Path) -> None:
    scenario = read_scenario(toml("load-tests.md", tmp_path))
    check_thresholds(scenario.threshold)
    assert scenario.threshold
    assert scenario.seconds == 80


def test_what_may_be_run_can_be_read(tmp_path: Path) -> None:
    allowed = read_allowed(toml("bots.md", tmp_path))
    assert allowed.argv("load", []) == ["/usr/bin/uptime"]
    assert set(allowed.names) == {"ann", "bob"}


@pytest.mark.skipif(not POSSIBLE, reason="programs are run where they can be waited for")
def test_what_may_be_run_shows_no_file_that_somebody_names(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("nobody is to read this")
    allowed = read_allowed(toml("bots.md", tmp_path))
    for name in allowed.run:
        argv = allowed.argv(name, [str(secret)])
        assert argv is not None
        with suppress(RunError):  # It is not installed here.
            assert "nobody" not in run(argv).output


def test_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \|", (DOCS / "load-tests.md").read_text(), re.MULTILINE)
    assert set(map(int, rows)) == {0, 1, 2, INVALID, MISSED, INTERRUPTED}
