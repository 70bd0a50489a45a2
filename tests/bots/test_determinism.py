"""The same seed and scenario give the same entries, byte for byte."""

import os
import subprocess
import sys

from chat.core.names import LOBBY

from .party import digest, party


def test_the_same_seed_gives_the_same_entries_in_each_process() -> None:
    entries = party(7)
    assert len(entries[LOBBY]) > 20
    assert len(entries["den"]) > 10
    for hash_seed in ("1", "2"):  # Of which the order of sets depends.
        done = subprocess.run(
            [sys.executable, "-m", "tests.bots.party", "7"],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == digest(entries)


def test_another_seed_gives_others() -> None:
    assert digest(party(7)) != digest(party(8))
