"""The house's floors: who may import whom. Read from the source, so that it cannot be argued with."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "chat"

CORE_MAY = {
    "__future__",
    "abc",
    "bisect",
    "collections",
    "cryptography",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "ipaddress",
    "itertools",
    "math",
    "msgspec",
    "operator",
    "struct",
    "typing",
    "unicodedata",
}
"""All that the core may import from outside: no clock, no socket, no event loop, no randomness."""

MODEL_MAY = CORE_MAY | {
    "dataclasses",
    "base64",
    "chat",
    "datetime",
    "prompt_toolkit",
    "regex",
    "re",
    "time",
    "tomllib",
    "wcwidth",
    "zlib",
}
"""And of the terminal client's model, which lays out times of the day and edits text."""

SHELLS = (
    "chat.client",
    "chat.net",
    "chat.tui.app",
    "chat.tui.files",
    "chat.tui.plain",
    "chat.tui.terminal",
)
"""What a model has no part in; but `net.impair` is pure."""

NET_MAY = {"chat.core.types", "chat.core.link"}

FLOORS: dict[str, set[str]] = {
    "core": {"core"},
    "net": {"net", "core"},
    "log": {"log", "core"},
    "loop": set(),
    "stdin": set(),
    "secure": {"secure", "core"},
    "server": {"server", "secure", "net", "log", "core", "loop"},
    "ops": {"ops", "server", "net", "log", "core"},
    "handshake": {"secure", "net", "core"},
    "client": {"handshake", "secure", "net", "core"},
    "room": {"client", "secure", "net", "core"},
    "status": {"net", "core"},
    "invite": {"client", "room", "secure", "net", "core"},
    "pipe": {"client", "secure", "net", "core", "stdin"},
    "bots": {"bots", "client", "handshake", "secure", "net", "core", "loop"},
    "tui": {"tui", "client", "status", "secure", "net", "core", "loop", "stdin"},
    "demo": {
        "demo",
        "tui",
        "bots",
        "server",
        "client",
        "room",
        "secure",
        "net",
        "log",
        "core",
        "loop",
    },
    "cli": {
        "cli",
        "demo",
        "tui",
        "bots",
        "pipe",
        "status",
        "invite",
        "ops",
        "server",
        "secure",
        "net",
        "log",
        "core",
        "loop",
    },
    "__main__": {"cli"},
    "__init__": set(),
}
"""For each floor, the floors it may import; a package may import itself."""

FILES = sorted(ROOT.rglob("*.py"))


def floor(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def module(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, *, run_time_only: bool = False) -> Iterator[str]:
    """Full names of all modules that a file imports, wherever in it."""
    tree = ast.parse(path.read_text())
    skipped: set[ast.AST] = set()
    if run_time_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                skipped.update(ast.walk(node))
    package = module(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                nested = ROOT.parent.joinpath(*name.split("."), f"{alias.name}.py")
                yield f"{name}.{alias.name}" if nested.exists() else name


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    assert floor(path) in FLOORS, f"{floor(path)} is on no floor: give it one"
    for name in imported(path, run_time_only=True):
        if name.startswith("chat.") and floor(path) != "__init__":
            below = name.split(".")[1]
            assert below in FLOORS[floor(path)] | {"__init__"}, f"{module(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "core").glob("*.py")), ids=module)
def test_the_core_is_pure(path: Path) -> None:
    for name in imported(path):
        if name.startswith("chat"):
            assert name.startswith("chat.core")
        else:
            assert name.split(".")[0] in CORE_MAY, f"{module(path)} imports {name}"


def test_the_terminal_needs_no_terminal_to_be_tested() -> None:
    names, waiting = set[str](), ["chat.tui.model", "chat.tui.spoken"]
    while waiting:
        name = waiting.pop()
        names.add(name)
        path = ROOT.parent.joinpath(*name.split(".")).with_suffix(".py")
        for other in imported(path, run_time_only=True):
            assert other.split(".")[0] in MODEL_MAY, f"{name} imports {other}"
            assert not other.startswith(SHELLS) or other == "chat.net.impair", f"{name}: {other}"
            if other.startswith("chat.tui.") and other not in names:
                waiting.append(other)
        calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Call)}  # fmt: skip
        assert not {"time.time", "time.monotonic"} & calls, f"{name} looks at a clock"
    assert {"chat.tui.news", "chat.tui.view", "chat.tui.timeline"} <= names


@pytest.mark.parametrize("path", sorted((ROOT / "net").glob("*.py")), ids=module)
def test_sockets_know_nothing_of_chat(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("chat.core")}
    assert ours <= NET_MAY, module(path)


@pytest.mark.parametrize("package", ["core", "net", "secure", "log", "server", "bots", "tui"])
def test_no_circle_of_imports(package: str) -> None:
    needs = {module(path): set(imported(path, run_time_only=True)) for path in ROOT.rglob("*.py")}
    inside = {name for name in needs if name.startswith(f"chat.{package}.")}
    left = {name: needs[name] & inside - {name} for name in inside}
    while left:
        free = {name for name, below in left.items() if not below & left.keys()}
        assert free, f"these import each other in a circle: {sorted(left)}"
        left = {name: below for name, below in left.items() if name not in free}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_module_has_one_reason_to_exist(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400
