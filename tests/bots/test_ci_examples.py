"""What the examples call is there, and does what the page says."""

import asyncio
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chat.cli import cli
from chat.cli.bots import command

from ..e2e.programs import chat, done, running, serving
from ..net.waiting import until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci-examples.md").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def calls() -> Iterator[list[str]]:
    """Each call of `chat bots` in the page's blocks, without what carries it into a container."""
    for block in re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL):
        text = re.sub(r"\\\n\s*|\n\s+(?=--)", " ", block)
        for line in text.splitlines():
            found = re.search(r"(?:^\s*chat |\s)bots (?=report|server|127)(.*)", line)
            if found:
                yield shlex.split(found[1])


RUNS = [words for words in calls() if words[0] != "report"]
REPORTS = [words for words in calls() if words[0] == "report"]


def test_the_page_has_examples() -> None:
    assert (len(RUNS), len(REPORTS)) == (2, 1)


@pytest.mark.parametrize("words", list(calls()), ids=lambda words: words[0])
def test_a_call_has_only_options_that_there_are(words: list[str]) -> None:
    with click.Context(cli, info_name="chat") as parent:
        context = command.make_context("bots", words, parent)
    assert context.params.get("json_file") or context.params.get("html_file")
    assert "lost==0" in context.params["thresholds"]


FILES = (".json", ".html")


def here(words: list[str], folder: Path) -> list[str]:
    """With its files in a folder."""
    return [str(folder / Path(each).name) if each.endswith(FILES) else each for each in words]


def lasting(seconds: int, words: list[str]) -> list[str]:
    """So long, and all that is said then is to be in the log."""
    rate, duration = (int(words[words.index(f"--{name}") + 1]) for name in ("rate", "duration"))
    changed = {str(duration): str(seconds), f"acked>={rate * duration}": f"acked>={rate * seconds}"}
    assert changed.keys() <= set(words)
    return [changed.get(each, each) for each in words]


@pytest.mark.parametrize("words", RUNS, ids=lambda words: words[0])
async def test_a_server_that_dies_fails_the_build(tmp_path: Path, words: list[str]) -> None:
    _, *words = lasting(3, words)
    async with serving() as server, chat("bots", server.link, *here(words, tmp_path)) as bots:
        await until(lambda: any("1 s" in line for line in bots.err), lambda: bots.err, 20)
        await server.kill()
        assert await bots.ended(40) in (98, 99), bots.err  # The machine may be busy.
    assert any(re.match(r"MISSED +acked>=150 ", line) for line in bots.out), bots.out


async def test_runs_do_what_is_written_and_their_reports_are_merged(tmp_path: Path) -> None:
    async with serving() as server:
        files = []
        for number, (_, *words) in enumerate(RUNS):
            folder = tmp_path / str(number)
            folder.mkdir()
            words = lasting(2, words)
            files.append(done("bots", server.link, *here(words, folder)))
        for number, ended in enumerate(await asyncio.gather(*files)):
            assert ended.code in (0, 98), ended.err  # The machine may be busy.
            assert "<svg" in (tmp_path / str(number) / "run.html").read_text()
            file = (tmp_path / str(number) / "run.json").rename(tmp_path / f"machine-{number}.json")
            report = json.loads(file.read_text())
            assert (report["sent"], report["lost"], report["duplicates"]) == (100, 0, 0)
            assert report["network_dropped"] > 0
    machines = sorted(map(str, tmp_path.glob("machine-*.json")))
    (words,) = REPORTS
    glob = words.index("machine-*.json")
    words = [*words[:glob], *machines, *here(words[glob + 1 :], tmp_path)]
    merged = await done("bots", *words)
    assert merged.code in (0, 98), merged.err
    assert any(re.match(r"held +lost==0 ", line) for line in merged.out), merged.out
    assert "<svg" in (tmp_path / "all.html").read_text()


async def test_waiting_for_the_server_ends_when_it_is_there() -> None:
    loops = re.findall(r"timeout 60 sh -c '(until .*?)'", PAGE)
    assert len(loops) == 2
    async with serving() as server:
        for loop in loops:
            words = re.sub(r"(docker exec server )?chat status \S+(?=;)", "{}", loop)
            status = f"{sys.executable} -m chat status 127.0.0.1:{server.port}"
            assert "{}" in words
            async with running("sh", "-c", words.format(status)) as waiting:
                assert await waiting.ended() == 0, waiting.err


def test_what_the_compose_file_sets_is_an_option() -> None:
    options = {f"CHAT_BOTS_{param.name}".upper() for param in command.params if param.name}
    assert set(re.findall(r"- (CHAT_BOTS_\w+)=", COMPOSE)) <= options
    assert "chat bots report --merge" in COMPOSE


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINES = [
    line.split("  ")[0].partition(" #")[0].strip()
    for document in DOCUMENTS
    for line in re.findall(r"^chat bots .*", document.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_documents_is_a_call_that_there_is(line: str) -> None:
    words = shlex.split(line)[2:]
    with click.Context(cli, info_name="chat") as parent:
        assert command.make_context("bots", words, parent).params
