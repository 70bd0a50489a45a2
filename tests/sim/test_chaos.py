"""Random runs. `python -m tests.sim --seeds 10000` is the large form; see there to replay one."""

from pathlib import Path

import pytest

from .__main__ import run_seeds

CHUNK = 20
SEEDS = 200


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_is_lost_on_a_network_that_loses_everything(first: int) -> None:
    assert run_seeds(range(first, first + CHUNK)) == []


@pytest.mark.timeout(600)
def test_the_same_on_a_disk(tmp_path: Path) -> None:
    assert run_seeds(range(1000, 1010), folder=tmp_path) == []
