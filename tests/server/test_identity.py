import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, run

import pytest

from chat.server.identity import Identity, IdentityError, load_identity, new_identity


def same(one: Identity, other: Identity) -> bool:
    return one.secret == other.secret and one.credentials.to_bytes() == other.credentials.to_bytes()


def test_an_identity_survives_a_restart(tmp_path: Path) -> None:
    first = load_identity(tmp_path / "new" / "store")
    assert len(first.secret) == 32
    assert same(load_identity(tmp_path / "new" / "store"), first)
    other = load_identity(tmp_path / "other")
    assert first.secret != other.secret
    assert first.credentials.public != other.credentials.public


def test_in_memory_each_life_has_its_own() -> None:
    one, other = new_identity(), new_identity()
    assert (len(one.secret), one.secret == other.secret) == (32, False)
    assert one.credentials.public != other.credentials.public


def test_the_files_are_ours_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    load_identity(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"identity": 0o600, "identity.pem": 0o600}


def test_a_store_of_an_earlier_version_keeps_its_secret(tmp_path: Path) -> None:
    (tmp_path / "identity").write_bytes(bytes(range(32)))
    first = load_identity(tmp_path)
    assert first.secret == bytes(range(32))
    assert same(load_identity(tmp_path), first)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_damaged_secret_is_refused_and_kept(tmp_path: Path, size: int) -> None:
    path = tmp_path / "identity"
    path.write_bytes(bytes(size))
    with pytest.raises(IdentityError) as caught:
        load_identity(tmp_path)
    assert str(caught.value) == (
        f"{path} is damaged: it has {size} bytes, not 32; restore it, or delete it to have a new one"
    )
    assert path.read_bytes() == bytes(size)


def test_a_damaged_key_is_refused_and_kept(tmp_path: Path) -> None:
    load_identity(tmp_path)
    path = tmp_path / "identity.pem"
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-60], b"\xff" * 300):
        path.write_bytes(damaged)
        with pytest.raises(IdentityError) as caught:
            load_identity(tmp_path)
        assert str(caught.value).startswith(f"{path} is damaged: ")
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == damaged


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    for folder in (file, file / "below"):
        with pytest.raises(IdentityError) as caught:
            load_identity(folder)
        assert str(caught.value) == f"{folder} is not a folder; choose another --store DIR"


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    for name in ("identity", "identity.pem"):
        folder = tmp_path / name
        (folder / name).mkdir(parents=True)
        with pytest.raises(IdentityError) as caught:
            load_identity(folder)
        assert str(caught.value) == (
            f"{folder / name} cannot be used: Is a directory; choose another --store DIR"
        )


def test_a_folder_that_cannot_be_written_is_enough_for_an_identity_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_identity(tmp_path)

    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert same(load_identity(tmp_path), first)
    (tmp_path / "identity.pem").unlink()
    with pytest.raises(IdentityError, match=r"identity\.pem cannot be used: Permission denied"):
        load_identity(tmp_path)


def test_processes_that_are_first_at_once_are_one_server(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chat.server.identity import load_identity\n"
        "for number in range(10):\n"
        "    secret, credentials = load_identity(Path(sys.argv[1]) / str(number))\n"
        "    print(secret.hex(), credentials.to_bytes().hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: run(command, check=False, stdout=PIPE), range(4)))
    assert {process.returncode for process in done} == {0}
    assert len({process.stdout for process in done}) == 1
