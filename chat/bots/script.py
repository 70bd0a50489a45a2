"""Finds a bot's class: in a file of the user's, or among our own."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from .bot import Bot
from .fault import describe

BUILT_IN = {"echo": "Echo", "dictionary": "Dictionary", "command": "Command"}
"""Modules of `services`, and the class in each."""


class ScriptError(ValueError):
    """A script that cannot be used; one line with its file, where there is one its line, and why."""


def load(spec: str) -> type[Bot]:
    """`FILE.py:CLASS`, `FILE.py` if there is one bot in it, or a built-in name. Raises
    ScriptError."""
    if spec in BUILT_IN:
        module, name = import_module(f".services.{spec}", __package__), BUILT_IN[spec]
    else:
        file, _, name = (spec, "", "") if spec.endswith(".py") else spec.rpartition(":")
        if not file.endswith(".py"):
            raise ScriptError(f"{spec} is no FILE.py:CLASS, nor one of {', '.join(BUILT_IN)}")
        module = _run(Path(file))
    return _choose(module, name)


def _run(path: Path) -> ModuleType:
    """The module that the file makes. As for `python FILE.py`, what is beside it can be imported."""
    if not path.is_file():
        raise ScriptError(f"there is no file {path}")
    folder = path.resolve().parent
    found = spec_from_file_location(f"script_{path.stem}", folder / path.name)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[found.name] = module
    sys.path.insert(0, str(folder))
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ScriptError(describe(error, folder)) from error
    return module


def _choose(module: ModuleType, name: str) -> type[Bot]:
    file = Path(module.__file__ or "").name
    own = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Bot) and each.__module__ == module.__name__
    ]
    names = ", ".join(each.__name__ for each in own)
    if not name:
        if len(own) == 1:
            return own[0]
        which = f"say which bot, as {file}:{own[0].__name__}; it has {names}" if own else ""
        raise ScriptError(f"{file}: {which or _NONE}")
    cls = getattr(module, name, None)
    if cls is None:
        raise ScriptError(f"{file} has no {name}: {f'it has {names}' if own else _NONE}")
    if not (isinstance(cls, type) and issubclass(cls, Bot)):
        raise ScriptError(f"{file}: {name} is no bot: write class {name}(chat.Bot)")
    return cls


_NONE = "there is no bot in it; write class NAME(chat.Bot)"
