"""The same seed and scenario give the same entries, byte for byte."""

import os
import subprocess
import sys

import pytest

from chat.core.entry import decode_entry
from chat.core.names import LOBBY

from .party import digest, party
from .scene import scene


def elsewhere(module: str, hash_seed: str) -> str:
    """What seed 7 gives in a process in which sets have another order."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bots.{module}", "7"],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_seed_gives_the_same_entries_in_each_process(hash_seed: str) -> None:
    entries = party(7)
    assert len(entries[LOBBY]) > 20
    assert len(entries["den"]) > 10
    assert elsewhere("party", hash_seed) == digest(entries)


def test_another_seed_gives_others() -> None:
    assert digest(party(7)) != digest(party(8))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_scenario_gives_the_same_entries_in_each_process(hash_seed: str) -> None:
    assert elsewhere("scene", hash_seed) == digest(scene(7).play())


def test_a_scenario_is_played_whole_and_with_another_seed_otherwise() -> None:
    played = [scene(seed) for seed in (7, 8)]
    logs = [each.play() for each in played]
    for each, log in zip(played, logs, strict=True):
        texts = [decode_entry(room, 1, body).text for room in log for body in log[room]]
        assert len(each.said) > 100
        assert sorted(texts) == sorted(each.said), "each is in the log, once"
        assert each.lives > 6 + 5, "some have come again"
    assert digest(logs[0]) != digest(logs[1])
