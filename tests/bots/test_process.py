"""Programs run for strangers: limits hold, and nothing is left."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chat.bots.process import OUTPUT, RunError, run

from .corpus import HOSTILE

PRINT_ARGV = "import sys; [print(ascii(word)) for word in sys.argv[1:]]"


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


def alive(marker: str) -> list[str]:
    """Command lines of processes that have this in them, but for our own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if marker in line and int(folder.name) != os.getpid():
            found.append(line)
    return found


def test_output_and_code_come_back() -> None:
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    assert run(python(code)) == ("out\nerr\n", 3, "")


@pytest.mark.parametrize("word", HOSTILE, ids=lambda word: ascii(word)[:20])
def test_each_word_arrives_as_it_is(word: str) -> None:
    if "\0" in word:
        with pytest.raises(RunError, match="cannot be run"):
            run(python(PRINT_ARGV, word))
    else:
        assert run(python(PRINT_ARGV, "--", word)) == (f"'--'\n{word!a}\n", 0, "")


def test_what_is_no_program_is_an_error_in_one_line(tmp_path: Path) -> None:
    for path in ("/no/such/program", str(tmp_path)):
        with pytest.raises(RunError, match=rf"^{path} cannot be run: \w[^\n]*$"):
            run([path])
    with pytest.raises(RunError, match="too long"):
        run(["/bin/true", "x" * (1 << 20)])


def test_it_has_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "ours")
    kept = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(kept, True)
    code = """
import os, sys
print(sorted(set(os.environ) - {"LC_CTYPE"}), os.getcwd(), repr(sys.stdin.read()))
print(os.getpid() == os.getpgid(0) == os.getsid(0))
for number in range(3, 256):
    try: os.fstat(number)
    except OSError: continue
    print("open:", number)
"""
    try:
        result = run(python(code))
    finally:
        os.close(kept)
    assert result.output == "['LANG', 'PATH'] / ''\nTrue\n"


def test_too_much_output_is_cut_and_ends_it() -> None:
    began = time.process_time()
    result = run(python("print('x' * 102_400); import time; time.sleep(60)"))
    assert (len(result.output), result.code) == (OUTPUT, None)
    assert result.why == f"it wrote over {OUTPUT} bytes"
    assert time.process_time() - began < 2
    endless = run(python("while True: print('y' * 1000)"))
    assert endless.output.startswith("yyy")
    assert endless.code is None


def test_just_as_much_as_it_may_write_is_whole() -> None:
    assert run(python(f"print('x' * {OUTPUT - 1})")) == ("x" * (OUTPUT - 1) + "\n", 0, "")


def test_who_takes_too_long_ignores_signals_and_forks_is_killed_with_its_children() -> None:
    marker = f"marker-{os.getpid()}-{time.monotonic_ns()}"
    code = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
for _ in range(3):
    os.fork()
print("forked", flush=True)
time.sleep(60)
"""
    result = run(python(code, marker), seconds=3)
    assert result.why == "it took longer than 3 s"
    assert result.code is None
    assert result.output == "forked\n" * 8
    assert_gone(marker)


def test_who_is_left_behind_is_not_waited_for_and_killed() -> None:
    marker = f"marker-{os.getpid()}-{time.monotonic_ns()}"
    code = "import os, time; print('hi', flush=True)\nif not os.fork(): time.sleep(60)"
    began = time.monotonic()
    assert run(python(code, marker), seconds=30) == ("hi\n", 0, "")
    assert time.monotonic() - began < 20
    assert_gone(marker)


def test_who_closes_its_output_is_still_waited_for() -> None:
    code = "import os, sys, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(7)"
    assert run(python(code)) == ("", 7, "")
    assert run(python(code.replace("0.3", "60")), seconds=0.5).why == "it took longer than 0.5 s"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    result = run(python("import os; os.write(1, bytes(range(256)))"))
    assert result.code == 0
    assert "\ufffd" in result.output


def test_nothing_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        run(["/bin/true"])
    assert len(os.listdir("/proc/self/fd")) == before


def assert_gone(marker: str) -> None:
    """A killed process takes a moment to be one."""
    deadline = time.monotonic() + 10
    while left := alive(marker):
        assert time.monotonic() < deadline, left
        subprocess.run(["sleep", "0.05"], check=True)
