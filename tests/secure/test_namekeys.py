import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, run

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chat.core.names import BadNameError
from chat.secure.namekeys import NameKeyError, NameKeys


def test_a_name_has_a_key_that_stays(tmp_path: Path) -> None:
    key = NameKeys(tmp_path / "keys").key("ann")
    assert NameKeys(tmp_path / "keys").key("ann").public == key.public
    assert NameKeys(tmp_path / "keys").key("bob").public != key.public
    assert NameKeys(tmp_path / "other").key("ann").public != key.public


def test_what_is_signed_is_verified_by_the_public_key(tmp_path: Path) -> None:
    key = NameKeys(tmp_path).key("ann")
    signature = key.sign(b"message")
    assert (len(key.public), len(signature)) == (32, 64)
    public = Ed25519PublicKey.from_public_bytes(key.public)
    public.verify(signature, b"message")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"massage")


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "aNN"), ("straße", "STRASSE"), ("e\u0301", "é")]
)
def test_names_that_people_take_for_one_have_one_key(tmp_path: Path, one: str, other: str) -> None:
    keys = NameKeys(tmp_path)
    assert keys.key(one).public == keys.key(other).public
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["con", "aux.txt", "漢字", "a" * 32, "\u0390" * 32, "x..-"])
def test_every_name_has_a_file(tmp_path: Path, name: str) -> None:
    NameKeys(tmp_path).key(name)
    (file,) = tmp_path.iterdir()
    assert file.stem.isalnum()
    assert file.stem.isascii()
    assert len(file.name) < 40


@pytest.mark.parametrize("name", ["", "../ann", "a b", "a\nb"])
def test_what_is_no_name_has_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadNameError):
        NameKeys(tmp_path).key(name)
    assert not list(tmp_path.iterdir())


def test_the_file_is_ours_alone_and_says_whose_key_it_is(tmp_path: Path) -> None:
    keys = NameKeys(tmp_path / "a" / "keys")
    keys.key("Änn")
    (file,) = (tmp_path / "a" / "keys").iterdir()
    assert file == keys.path("änn")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    comment, pem = file.read_bytes().split(b"\n", 1)
    assert comment.decode() == "# The key of the name Änn in chat. Who has it can speak as Änn."
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")


def test_a_damaged_key_is_refused_in_one_line_and_kept(tmp_path: Path) -> None:
    keys = NameKeys(tmp_path)
    keys.key("ann")
    path = keys.path("ann")
    whole = path.read_bytes()
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    locked = load_pem_private_key(whole, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
    )
    for damaged in (b"", whole[:-40], b"\xff" * 100, other, locked):
        path.write_bytes(damaged)
        with pytest.raises(NameKeyError) as caught:
            keys.key("ann")
        assert str(caught.value).startswith(f"the key of ann is damaged: {path}; restore it, or")
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == damaged


def test_where_nothing_can_be_written_there_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("no folder")
    with pytest.raises(NameKeyError) as caught:
        NameKeys(tmp_path / "keys").key("ann")
    assert str(caught.value).startswith("the key of ann is not to be had: ")
    assert "\n" not in str(caught.value)


def test_where_nothing_can_be_written_a_key_that_is_there_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = NameKeys(tmp_path).key("ann")

    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert NameKeys(tmp_path).key("ann").public == key.public
    with pytest.raises(NameKeyError, match="Permission denied; make that folder yours to write"):
        NameKeys(tmp_path).key("bob")


def test_a_key_that_could_not_be_written_whole_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NameKeyError, match="No space left on device"):
            NameKeys(tmp_path).key("ann")
    assert not list(tmp_path.iterdir())
    NameKeys(tmp_path).key("ann")


def test_threads_that_are_first_at_once_get_one_key(tmp_path: Path) -> None:
    for number in range(20):
        keys = NameKeys(tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            publics = {key.public for key in pool.map(keys.key, ["ann"] * 8)}
        assert len(publics) == 1
        assert len(list((tmp_path / str(number)).iterdir())) == 1


def without_hard_links(one: object, other: object) -> None:
    raise OSError(95, "Operation not supported")


def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", without_hard_links)
    key = NameKeys(tmp_path).key("ann")
    assert NameKeys(tmp_path).key("ann").public == key.public
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_are_first_at_once_get_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chat.secure.namekeys import NameKeys\n"
        "for number in range(20):\n"
        "    print(NameKeys(Path(sys.argv[1])).key(f'ann{number}').public.hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: run(command, check=False, stdout=PIPE), range(4)))
    assert {process.returncode for process in done} == {0}
    assert len({process.stdout for process in done}) == 1
    assert len(list(tmp_path.iterdir())) == 20


def test_who_comes_second_leaves_the_firsts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the link there is time for another process."""
    first = NameKeys(tmp_path).key("ann")
    whole = NameKeys(tmp_path).path("ann")
    for links in (True, False):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "exists", lambda path: False)
            if not links:
                patched.setattr(os, "link", without_hard_links)
            assert NameKeys(tmp_path).key("ann").public == first.public
    assert list(tmp_path.iterdir()) == [whole]


def test_the_default_is_the_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *words, **more: tmp_path / "chat")
    NameKeys().key("ann")
    assert [path.parent for path in (tmp_path / "chat").rglob("*.pem")] == [
        tmp_path / "chat" / "keys"
    ]
