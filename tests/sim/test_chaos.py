"""Random runs. `python -m tests.sim --seeds 10000` is the large form; see there to replay one."""

from pathlib import Path

import pytest

from .__main__ import run_seeds
from .chaos import KINDS
from .rule import LAWS

CHUNK = 40
PLAIN, RULED = 320, 120
"""Seeds, of which every other one is of that sort."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, PLAIN, CHUNK))
def test_nothing_is_lost_on_a_network_that_loses_everything(first: int) -> None:
    assert run_seeds(range(first, first + CHUNK, 2)) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1, RULED, CHUNK))
def test_what_moderators_say_holds_whatever_happens(first: int) -> None:
    assert run_seeds(range(first, first + CHUNK, 2), kinds=KINDS + LAWS) == []


@pytest.mark.timeout(600)
def test_the_same_on_a_disk(tmp_path: Path) -> None:
    assert run_seeds(range(1000, 1012), folder=tmp_path) == []
