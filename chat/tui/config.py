"""The settings file: TOML, which people edit and `/set` changes, one setting at a time."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from chat.core.text import clean

from .settings import ROWS, Row, SettingError, Settings, setting

_HEAD = "# Settings of `chat join`. /set NAME VALUE changes them there, and here.\n"

_BOM = "\ufeff"
"""What an editor on Windows may put first."""

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

Table = dict[str, Any]


def parse(text: str) -> tuple[Settings, list[str]]:
    """The settings, and a line on each thing that is wrong; where one is, the default holds."""
    try:
        table = _load(text)
    except SettingError as error:
        return Settings(), [str(error)]
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for name, value in table.items():
        try:
            row = setting(name)
            if row.name != name:
                raise SettingError(f"there is no setting '{clean(name)}'; did you mean {row.name}?")
        except SettingError as error:
            complaints.append(str(error))
            continue
        try:
            values[name] = row.kind.take(value, row.default)
        except SettingError as error:
            complaints.append(f"{name} {error}; the default is used")
    return replace(Settings(), **values), complaints


def updated(text: str, name: str, value: object) -> str:
    """The file's text with this setting changed and everything else as it was; a file without text
    gets all settings with their help, as comments. Raises SettingError for a text that cannot be
    read, which is not written over."""
    row = setting(name)
    text = text.removeprefix(_BOM)
    if not text.strip():
        text = _HEAD + "".join(map(_commented, ROWS.values()))
    before = _load(text)
    plain = list(value) if isinstance(value, tuple) else value
    wanted = before | {row.name: plain}
    for candidate in _candidates(text, row, plain, row.name in before):
        if _reads_as(candidate, wanted):
            return candidate
    raise SettingError(f"{row.name} cannot be changed in this file; change it by hand")


def _load(text: str) -> Table:
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except RecursionError:
        raise SettingError("the file is too deeply nested; mend it, or remove it") from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        line = (place and place[1]) or text.count("\n") + 1
        reason = clean(_PLACE.sub("", str(error)))
        raise SettingError(
            f"line {line} of the file is no TOML: {reason}; mend it, or remove the file"
        ) from None


def _candidates(text: str, row: Row, value: object, known: bool) -> Iterator[str]:
    """Ways to change it, the best first. Which of them work depends on what else is there."""
    import tomlkit

    if known:
        try:
            document = tomlkit.parse(text)
            document[row.name] = value
            yield tomlkit.dumps(document)
        except (ValueError, RecursionError):
            return  # It is stricter than the standard library here and there.
        return
    line = f"{row.name} = {tomlkit.item(value).as_string()}"
    pattern = re.compile(rf"^#[ \t]*{row.name}[ \t]*=[^\r\n]*", re.MULTILINE)
    for place in pattern.finditer(text):
        yield text[: place.start()] + line + text[place.end() :]
    block = f"{_comment(row)}{line}\n"
    yield text + ("\n" if text.endswith("\n") else "\n\n") + block
    yield f"{block}\n{text}"


def _reads_as(text: str, wanted: Table) -> bool:
    try:
        return _load(text) == wanted
    except SettingError:
        return False


def _commented(row: Row) -> str:
    import tomlkit

    value = list(row.default) if isinstance(row.default, tuple) else row.default
    return f"\n{_comment(row)}# {row.name} = {tomlkit.item(value).as_string()}\n"


def _comment(row: Row) -> str:
    return f"# {row.help}\n# ({row.kind.in_file})\n"
