"""Each test names its folder: none touches what the user trusts."""

import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

import pytest

from chat.core.link import BadLinkError, Link
from chat.secure import files
from chat.secure.trust import NAME, ChangedKeyError, Trust, TrustError, endpoint

ONE = "a" * 26
TWO = "b" * 26
HOST = Link("chat.example.org")
PINNED = Link("chat.example.org", pin=ONE)
WHERE = "chat.example.org:9999"


def told(folder: Path, link: Link, pin: str) -> tuple[str, ...]:
    """What a session of its own is told; nothing is kept but the file."""
    return Trust(folder).check(link, pin).lines


def kept(folder: Path) -> list[str]:
    """The lines for servers."""
    lines = (folder / NAME).read_text().splitlines() if (folder / NAME).exists() else []
    return [line for line in lines if not line.startswith("#")]


@contextmanager
def unwritable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As far as the module can tell: permissions are nothing to root, who runs tests too."""

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(files, "replace", refuse)
        yield


def test_a_first_visit_is_told_once_and_remembered(tmp_path: Path) -> None:
    line = f"first visit: {WHERE} has the key {ONE}; ask whoever runs it whether that is right"
    assert told(tmp_path / "new", HOST, ONE) == (line,)
    assert told(tmp_path / "new", HOST, ONE) == ()
    assert kept(tmp_path / "new") == [f"{WHERE} {ONE}"]


def test_another_key_than_at_the_last_visit_is_a_hard_stop(tmp_path: Path) -> None:
    told(tmp_path, HOST, ONE)
    for _ in range(2):
        with pytest.raises(ChangedKeyError) as caught:
            told(tmp_path, HOST, TWO)
        assert str(caught.value) == (
            f"the key of {WHERE} has changed: it was {ONE}, it is {TWO}; somebody may be in "
            "between, or the server was set up anew. If you know that it was: "
            f"`chat forget {WHERE}`"
        )
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]
    assert told(tmp_path, HOST, ONE) == ()


def test_another_key_than_the_links_is_a_hard_stop(tmp_path: Path) -> None:
    told(tmp_path, HOST, TWO)
    with pytest.raises(ChangedKeyError) as caught:
        told(tmp_path, PINNED, TWO)
    assert str(caught.value) == (
        f"the server at {WHERE} is not the one this link was made for: its key is {TWO}, the link "
        f"says {ONE}; somebody may be in between, or the server was set up anew: ask whoever gave "
        "you the link for a new one"
    )
    with pytest.raises(ChangedKeyError):
        told(tmp_path, Link("127.0.0.1", 5, pin=ONE), TWO)
    assert kept(tmp_path) == [f"{WHERE} {TWO}"]


def test_a_pin_is_trusted_and_remembered_without_a_word(tmp_path: Path) -> None:
    assert told(tmp_path, PINNED, ONE) == ()
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]
    assert told(tmp_path, HOST, ONE) == ()
    with pytest.raises(ChangedKeyError):
        told(tmp_path, HOST, TWO)


def test_a_link_with_a_pin_is_believed_rather_than_the_file_and_not_in_silence(
    tmp_path: Path,
) -> None:
    told(tmp_path, HOST, TWO)
    line = f"the key of {WHERE} was {TWO} until now; the link says {ONE}"
    assert told(tmp_path, PINNED, ONE) == (line,)
    assert told(tmp_path, PINNED, ONE) == ()
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]


def test_pins_are_the_same_in_capitals_and_nothing_else_is_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(f"{WHERE.upper()} {ONE.upper()}\n")
    assert told(tmp_path, HOST, ONE.upper()) == ()
    assert told(tmp_path, Link(HOST.host, pin=ONE.upper()), ONE) == ()
    for pin in ("", ONE[1:], ONE + "a", "1" + ONE[1:]):
        with pytest.raises(BadLinkError):
            told(tmp_path, HOST, pin)


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("Chat.Example.ORG", 9999, WHERE),
        ("192.0.2.1", 7, "192.0.2.1:7"),
        ("2001:DB8:0::1", 7, "[2001:db8::1]:7"),
        ("fe80::1%eth0", 7, "[fe80::1%eth0]:7"),
    ],
)
def test_a_server_has_one_spelling(tmp_path: Path, host: str, port: int, name: str) -> None:
    assert endpoint(host, port) == name
    told(tmp_path, Link(host, port), ONE)
    assert kept(tmp_path) == [f"{name} {ONE}"]
    assert told(tmp_path, Link(host, port), ONE) == ()
    with pytest.raises(ChangedKeyError):
        told(tmp_path, Link(host, port), TWO)


def test_another_port_is_another_server(tmp_path: Path) -> None:
    told(tmp_path, HOST, ONE)
    assert "first visit" in told(tmp_path, Link(HOST.host, 7), TWO)[0]
    assert kept(tmp_path) == [f"{WHERE} {ONE}", f"{HOST.host}:7 {TWO}"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost"])
def test_loopback_is_remembered_on_the_default_port_only(tmp_path: Path, host: str) -> None:
    assert told(tmp_path, Link(host, 4000), ONE) == ()
    assert told(tmp_path, Link(host, 4000), TWO) == ()
    assert told(tmp_path, Link(host, 4000, pin=ONE), ONE) == ()
    assert not list(tmp_path.iterdir())
    assert "first visit" in told(tmp_path, Link(host), ONE)[0]
    with pytest.raises(ChangedKeyError):
        told(tmp_path, Link(host), TWO)


@pytest.mark.parametrize("host", ["localhost.example.org", "10.0.0.1", "0.0.0.0", "::"])
def test_nothing_else_is_loopback(tmp_path: Path, host: str) -> None:
    assert "first visit" in told(tmp_path, Link(host, 4000), ONE)[0]


def test_a_loopback_server_that_the_file_names_is_checked(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(f"127.0.0.1:4000 {ONE}\n")
    with pytest.raises(ChangedKeyError):
        told(tmp_path, Link("127.0.0.1", 4000), TWO)


def test_what_is_no_such_line_is_kept_and_means_nothing(tmp_path: Path) -> None:
    odd = (
        b"# mine\n\n  \nchat.example.org\n"
        + f"{WHERE} {ONE[1:]}\n{WHERE} {ONE} more\n#{WHERE} {ONE}\na:b:c {ONE}\n".encode()
        + b"\xff\xfe \x85 \xe2\x80\xa8\r\n[::1 x\n"
    )
    (tmp_path / NAME).write_bytes(odd)
    assert "first visit" in told(tmp_path, HOST, TWO)[0]
    assert (tmp_path / NAME).read_bytes() == odd + f"{WHERE} {TWO}\n".encode()
    assert Trust(tmp_path).forget(HOST.host, HOST.port)
    assert (tmp_path / NAME).read_bytes() == odd


def test_a_file_of_other_editors_is_read(tmp_path: Path) -> None:
    text = f"\ufeff{WHERE} {ONE}\r\nother.example.org\t{TWO}   # Bob's"
    (tmp_path / NAME).write_text(text, newline="")
    assert told(tmp_path, HOST, ONE) == ()
    assert told(tmp_path, Link("other.example.org"), TWO) == ()
    told(tmp_path, Link("third.example.org"), ONE)
    raw = (tmp_path / NAME).read_bytes().decode()
    assert raw == f"{text}\nthird.example.org:9999 {ONE}\n"


def test_the_first_of_two_lines_holds_and_both_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(f"{WHERE} {ONE}\n{WHERE} {TWO}\n")
    assert told(tmp_path, HOST, ONE) == ()
    with pytest.raises(ChangedKeyError):
        told(tmp_path, HOST, TWO)
    assert Trust(tmp_path).forget(HOST.host, HOST.port)
    assert kept(tmp_path) == []


def test_what_is_forgotten_is_a_first_visit_again(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "new")
    assert not trust.forget(HOST.host, HOST.port)
    assert not (tmp_path / "new").exists()
    trust.check(HOST, ONE)
    trust.check(Link("192.0.2.1"), ONE)
    assert trust.known("CHAT.example.org", 9999) == ONE
    assert not trust.forget(HOST.host, 7)
    assert trust.forget("CHAT.example.org", 9999)
    assert trust.known(HOST.host, HOST.port) == ""
    assert not trust.forget(HOST.host, HOST.port)
    assert "first visit" in trust.check(HOST, TWO).lines[0]
    assert kept(tmp_path / "new") == [f"192.0.2.1:9999 {ONE}", f"{WHERE} {TWO}"]


def test_what_cannot_be_written_holds_for_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = Trust(tmp_path)
    with unwritable(tmp_path, monkeypatch):
        first, second = trust.check(HOST, ONE).lines
        assert first.startswith("first visit: ")
        assert second == f"this is not remembered: {tmp_path / NAME}: Permission denied"
        assert trust.check(HOST, ONE).lines == ()
        for _ in range(2):
            with pytest.raises(ChangedKeyError):
                trust.check(HOST, TWO)
        assert trust.check(Link("192.0.2.1", pin=ONE), ONE).lines == ()
        assert trust.forget(HOST.host, HOST.port)
        assert len(trust.check(HOST, TWO).lines) == 2
    assert kept(tmp_path) == []


def test_a_file_that_cannot_be_written_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(tmp_path, HOST, ONE)
    with unwritable(tmp_path, monkeypatch):
        assert told(tmp_path, HOST, ONE) == ()
        with pytest.raises(ChangedKeyError):
            told(tmp_path, HOST, TWO)
        was, not_kept = told(tmp_path, Link(HOST.host, pin=TWO), TWO)
        assert (was.count("until now"), not_kept.count("not remembered")) == (1, 1)
        with pytest.raises(TrustError, match="delete its line for chat.example.org:9999 by hand"):
            Trust(tmp_path).forget(HOST.host, HOST.port)
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "config"
    if what == "file":  # Where the folder should be.
        folder.write_text("here")
    else:  # Where the file should be.
        (folder / NAME).mkdir(parents=True)
    trust = Trust(folder)
    first, second = trust.check(HOST, ONE).lines
    assert (first[:11], second[:23]) == ("first visit", "this is not remembered:")
    assert trust.check(HOST, ONE).lines == ()
    for _ in range(2):
        with pytest.raises(ChangedKeyError):
            trust.check(HOST, TWO)
    with pytest.raises(TrustError, match="cannot be read"):
        Trust(folder).known(HOST.host, HOST.port)
    with pytest.raises(TrustError, match="cannot be read"):
        Trust(folder).forget(HOST.host, HOST.port)
    assert folder.is_file() or (folder / NAME).is_dir()


def test_the_file_is_ours_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    told(folder, HOST, ONE)
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / NAME).chmod(0o644)
    told(folder, Link("192.0.2.1"), ONE)
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [NAME, f"{NAME}.lock"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / NAME).symlink_to(tmp_path / "dotfiles")
    told(tmp_path / "config", HOST, ONE)
    assert (tmp_path / "config" / NAME).is_symlink()
    assert (tmp_path / "dotfiles").read_text().endswith(f"{WHERE} {ONE}\n")


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(tmp_path, HOST, ONE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    _, second = told(tmp_path, Link("192.0.2.1"), ONE)
    assert second.endswith("No space left on device")
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, f"{NAME}.lock"]


def test_threads_lose_nothing_of_each_others(tmp_path: Path) -> None:
    links = [Link(f"192.0.2.{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda link: told(tmp_path, link, ONE), links))
    assert sorted(kept(tmp_path)) == sorted(f"{link.host}:9999 {ONE}" for link in links)


def test_processes_lose_nothing_of_each_others(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chat.core.link import Link\n"
        "from chat.secure.trust import Trust\n"
        "for number in range(25):\n"
        "    link = Link(f'192.0.{sys.argv[2]}.{number}')\n"
        "    Trust(Path(sys.argv[1])).check(link, 'a' * 26)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda number: run([*command, str(number)], check=False), range(4))
        assert {process.returncode for process in done} == {0}
    assert len(kept(tmp_path)) == 100


def test_of_two_first_visits_at_once_the_second_finds_the_firsts_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Trust(tmp_path)

    @contextmanager
    def after_the_other(path: Path) -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(files, "locked", locked)
            told(tmp_path, HOST, ONE)
        with locked(path):
            yield

    locked = files.locked
    monkeypatch.setattr(files, "locked", after_the_other)
    with pytest.raises(ChangedKeyError):
        late.check(HOST, TWO)
    assert kept(tmp_path) == [f"{WHERE} {ONE}"]


def test_without_locks_it_works_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    told(tmp_path, HOST, ONE)
    assert told(tmp_path, HOST, ONE) == ()
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_default_is_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *words, **more: tmp_path / "chat")
    Trust().check(HOST, ONE)
    assert kept(tmp_path / "chat") == [f"{WHERE} {ONE}"]
