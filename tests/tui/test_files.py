import os
from pathlib import Path

import pytest

from chat.core.link import Link
from chat.tui.files import SettingsFile, kept_folder, log_folder, server_name, state_folder
from chat.tui.settings import SettingError, Settings


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "new" / "chat.toml")


def refusal(file: SettingsFile, name: str = "theme", value: object = "none") -> str:
    with pytest.raises(SettingError) as caught:
        file.save(name, value)
    assert str(caught.value).startswith(f"not kept: {file.path}: ")
    return str(caught.value).removeprefix(f"not kept: {file.path}: ")


def test_without_a_file_there_are_the_defaults(file: SettingsFile) -> None:
    assert file.load() == (Settings(), [])
    assert not file.path.exists()


def test_settings_persist(file: SettingsFile) -> None:
    file.save("theme", "light")
    file.save("ignore", ("ann", "bob"))
    assert SettingsFile(file.path).load() == (Settings(theme="light", ignore=("ann", "bob")), [])


def test_the_file_is_the_users_alone(file: SettingsFile) -> None:
    file.save("theme", "light")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


def test_where_it_is_by_default() -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"])
    assert SettingsFile().path == folder / "chat" / "chat.toml"


def test_complaints_name_the_file(file: SettingsFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text("theme = 3\n")
    reason = "theme is dark, light, contrast or none, not 3; the default is used"
    assert file.load() == (Settings(), [f"{file.path}: {reason}"])


@pytest.mark.parametrize("data", [b"theme = \n", b'theme = "light"\nx = "\xff"\n'])
def test_what_cannot_be_read_is_not_written_over(file: SettingsFile, data: bytes) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(data)
    settings, (complaint,) = file.load()
    assert settings == Settings()
    assert f"line {data.count(bytes([10]))} of the file" in complaint
    assert f"line {data.count(bytes([10]))} of the file" in refusal(file)
    assert file.path.read_bytes() == data


def test_a_folder_in_its_place(file: SettingsFile) -> None:
    file.path.mkdir(parents=True)
    assert file.load() == (Settings(), [f"{file.path}: it cannot be read: Is a directory"])
    assert refusal(file) == "it cannot be read: Is a directory"


def test_a_file_where_its_folder_would_be(file: SettingsFile) -> None:
    file.path.parent.write_text("")
    assert file.load()[0] == Settings()
    refusal(file)


def test_a_full_disk(file: SettingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.save("theme", "light")
    before = file.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(file) == "No space left on device"
    assert file.path.read_bytes() == before
    assert sorted(path.name for path in file.path.parent.iterdir()) == [
        "chat.toml",
        "chat.toml.lock",
    ], "no draft is left"


def test_a_read_only_file_stays(file: SettingsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.save("theme", "light")
    file.path.chmod(0o400)
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # Root may write everything.
    assert refusal(file) == "the file is read-only"
    assert file.load()[0].theme == "light"


def test_a_link_stays_one(file: SettingsFile, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_text("# mine\n")
    file.path.parent.mkdir()
    file.path.symlink_to(target)
    file.save("theme", "light")
    assert file.path.is_symlink()
    assert target.read_text().startswith("# mine\n")
    assert file.load()[0].theme == "light"


def test_servers_are_known_by_where_they_are() -> None:
    assert server_name(Link("192.0.2.1")) == server_name(Link("192.0.2.1", pin="a" * 26))
    assert server_name(Link("::1", 1)) == server_name(Link("0:0::1", 1)) == "++1+1"
    assert server_name(Link("HOST")) == "host+9999"


def test_where_other_files_are() -> None:
    assert kept_folder(Link("host", 1)) == state_folder() / "history" / "host+1"
    assert log_folder(Settings()) == state_folder() / "logs"
    assert log_folder(Settings(log_folder="/x/y")) == Path("/x/y")
    assert log_folder(Settings(log_folder="~/y")) == Path.home() / "y"
