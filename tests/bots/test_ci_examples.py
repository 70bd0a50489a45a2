"""What the examples call is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chat.cli import cli
from chat.cli.bots import command

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


def test_the_page_has_examples() -> None:
    assert len(list(calls())) == 3


@pytest.mark.parametrize("words", list(calls()), ids=lambda words: words[0])
def test_a_call_has_only_options_that_there_are(words: list[str]) -> None:
    with click.Context(cli, info_name="chat") as parent:
        context = command.make_context("bots", words, parent)
    assert context.params.get("json_file") or context.params.get("html_file")
    assert "lost==0" in context.params["thresholds"]


def test_what_the_compose_file_sets_is_an_option() -> None:
    options = {f"CHAT_BOTS_{param.name}".upper() for param in command.params if param.name}
    assert set(re.findall(r"- (CHAT_BOTS_\w+)=", COMPOSE)) <= options
    assert "chat bots report --merge" in COMPOSE
