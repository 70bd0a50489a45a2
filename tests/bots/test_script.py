"""Scripts are found, or it is said in one line why not."""

from pathlib import Path

import pytest

from chat.bots.bot import Bot
from chat.bots.script import BUILT_IN, ScriptError, load

GOOD = """
import chat, beside

class Greeter(chat.Bot):
    word = beside.WORD

class Other(Greeter):
    pass

number = 5
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import sys

    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    (tmp_path / "beside.py").write_text("WORD = 'hello'")
    return tmp_path / "greeter.py"


def test_a_class_is_found_with_what_is_beside_its_file(file: Path) -> None:
    file.write_text(GOOD)
    cls = load(f"{file}:Greeter")
    assert issubclass(cls, Bot)
    assert (cls.__name__, vars(cls)["word"]) == ("Greeter", "hello")


def test_the_only_bot_of_a_file_needs_no_name(file: Path) -> None:
    file.write_text("from chat import Bot\nfrom chat.bots.services.echo import Echo\n"
                    "class Mine(Echo):\n    pass\n")  # fmt: skip
    assert load(str(file)).__name__ == "Mine"


def test_built_in_ones_have_names() -> None:
    assert [load(name).__name__ for name in BUILT_IN] == ["Echo", "Dictionary", "Command"]


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        (GOOD, ":Greter", "greeter.py has no Greter: it has Greeter, Other"),
        (GOOD, ":number", "greeter.py: number is no bot: write class number(chat.Bot)"),
        (GOOD, "", "greeter.py: say which bot, as greeter.py:Greeter; it has Greeter, Other"),
        ("x = 1", "", "greeter.py: there is no bot in it; write class NAME(chat.Bot)"),
        ("x = 1", ":X", "greeter.py has no X: there is no bot in it; write class NAME(chat.Bot)"),
        ("\n\nx =", ":X", "greeter.py, line 3: invalid syntax"),
        ("\nimport nothing_at_all", ":X",
         "greeter.py, line 2: ModuleNotFoundError: No module named 'nothing_at_all'"),
        ("import json\n\njson.loads('{')", ":X", ("greeter.py, line 3: JSONDecodeError: Expecting "
         "property name enclosed in double quotes: line 1 column 2 (char 1)")),
        ("import sys\nsys.exit('no')", ":X", "greeter.py, line 2: SystemExit: no"),
        ("import chat\nclass X(chat.Bot):\n    def on_entry(self, room, entry): ...", ":X",
         "greeter.py, line 2: TypeError: X.on_entry must be an async def"),
        ("raise ValueError('a\\nb\\x1b[2J')", ":X", "greeter.py, line 1: ValueError: a b[2J"),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_file_that_is_no_script_is_told_in_one_line(
    text: str, name: str, reason: str, file: Path
) -> None:
    file.write_text(text)
    with pytest.raises(ScriptError) as caught:
        load(f"{file}{name}")
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("/no/such.py:X", "there is no file /no/such.py"),
        ("ecco", "ecco is no FILE.py:CLASS, nor one of echo, dictionary, command"),
        ("", " is no FILE.py:CLASS, nor one of echo, dictionary, command"),
    ],
)
def test_what_is_no_file_is_told_in_one_line(spec: str, reason: str) -> None:
    with pytest.raises(ScriptError) as caught:
        load(spec)
    assert str(caught.value) == reason
