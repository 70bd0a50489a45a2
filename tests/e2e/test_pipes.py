"""`chat serve`, `send`, `tail` and `status` as scripts use them."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from chat.core.link import parse_link
from chat.log.api import LogError
from chat.log.stores import default_store
from chat.pipe import PipeError, send

from .programs import CHAT, chat, done, running, serving


async def test_what_is_sent_is_printed_by_tail() -> None:
    async with serving() as server, chat("tail", server.link, "--count", "2") as tail:
        await until_member(server.link, 1)
        assert (await done("send", server.link, "--name", "ann", "hello", "world")).code == 0
        assert (await done("send", server.link, "--name", "ann", "//slash", "/who")).code == 0
        assert await tail.ended() == 0
    assert [line.partition("] ")[2] for line in tail.out] == [
        "ann*: hello world",
        "ann*: //slash /who",
    ]


async def test_what_is_said_to_tail_alone_is_not_said_in_the_room() -> None:
    async with (
        serving() as server,
        chat("tail", server.link, "--name", "log", "--count", "1") as it,
    ):
        await until_member(server.link, 1)
        eve = ("join", server.link, "--name", "eve", "--plain-output")
        assert (await done(*eve, stdin="/msg log psst\n")).code == 0
        assert (await done("send", server.link, "--name", "ann", "hello")).code == 0
        assert await it.ended() == 0
    assert [line.partition("] ")[2] for line in it.out] == ["ann*: hello"]


async def until_member(link: str, members: int) -> None:
    """Waits until the server has so many members."""
    for _ in range(200):
        status = await done("status", link, "--json")
        if status.code == 0 and json.loads(status.out[0])["members"] >= members:
            return
    raise AssertionError(f"never {members} members: {status.out}")


async def test_each_line_of_stdin_is_a_message_in_order() -> None:
    lines = [f"line {number} ü 漢字" for number in range(300)]
    async with serving() as server:
        sent = await done("send", server.link, stdin="\n".join([*lines, "", "  ", "last"]))
        assert (sent.code, sent.err) == (0, [])
        tail = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    assert [json.loads(line)["text"] for line in tail.out] == [*lines, "last"]
    first = json.loads(tail.out[0])
    keys = ["room", "seq", "author", "key", "endpoint", "time", "kind", "text", "refers"]
    assert list(first) == keys
    assert (first["room"], first["seq"], first["kind"]) == ("lobby", 1, "message")
    assert first["refers"] is None


async def test_a_text_of_eight_kibibytes_is_one_message_and_a_longer_one_is_refused() -> None:
    text = "ab 漢字 " * 700
    async with serving() as server:
        assert (await done("send", server.link, stdin=text)).code == 0
        refused = await done("send", server.link, stdin="short\n" + "x" * 8193 + "\nafter\n")
        tail = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    assert refused.code == 1
    assert refused.err == [
        "chat: message 2: 8193 bytes are too long for a message: at most 8192; send it in parts"
    ]
    assert [json.loads(line)["text"] for line in tail.out] == [text.rstrip("\n"), "short"]


async def test_tail_begins_where_it_is_told() -> None:
    async with serving() as server:
        await done("send", server.link, stdin="".join(f"{number}\n" for number in range(1, 11)))

        async def texts(*options: str) -> list[str]:
            tail = await done("tail", server.link, "--json", "--no-follow", *options)
            assert tail.code == 0
            return [json.loads(line)["text"] for line in tail.out]

        assert await texts("--from", "start") == [str(number) for number in range(1, 11)]
        assert await texts("--from", "8") == ["8", "9", "10"]
        assert await texts("--last", "2") == ["9", "10"]
        assert await texts("--last", "2", "--count", "1") == ["9"]
        assert await texts() == []


async def test_where_there_are_few_characters_tail_prints_what_it_can_and_json_all() -> None:
    env = {"PYTHONIOENCODING": "latin-1"}
    words = ("--from", "start", "--no-follow")
    async with serving() as server:
        await done("send", server.link, "--name", "ann", stdin="漢字 and ok\nafter\n")
        lines = await done("tail", server.link, *words, env=env)
        objects = await done("tail", server.link, *words, "--json", env=env)
    assert (lines.code, lines.err, objects.code, objects.err) == (0, [], 0, [])
    assert [line.rpartition(": ")[2] for line in lines.out] == ["?? and ok", "after"]
    assert [json.loads(line)["text"] for line in objects.out] == ["漢字 and ok", "after"]


async def test_tail_gives_up_after_a_silence() -> None:
    async with serving() as server:
        quiet = await done("tail", server.link, "--timeout", "0.5")
        missing = await done("tail", server.link, "--timeout", "0.5", "--count", "1")
    assert (quiet.code, quiet.out, quiet.err) == (0, [], [])
    assert missing.code == 1
    assert missing.err == ["chat: 0 of 1 entries, then none for 0.5 s"]


async def test_a_reader_that_goes_away_ends_tail_silently() -> None:
    async with serving() as server:
        await done("send", server.link, stdin="a\nb\nc\n")
        tail = shlex.join([*CHAT, "tail", server.link, "--from", "start"])
        async with running("bash", "-c", f'{tail} | head -n 1; echo "${{PIPESTATUS[0]}}"') as pipe:
            await pipe.line("[")
            await done("send", server.link, "d")
            assert await pipe.line("1") == "1"
            assert await pipe.ended() == 0
    assert pipe.err == []


async def test_nobody_there_is_one_line_and_a_one() -> None:
    sent = await done("send", "127.0.0.1:9", "--timeout", "0.5", "hello")
    assert (sent.code, sent.out) == (1, [])
    assert len(sent.err) == 1
    assert sent.err[0].startswith(
        "chat: message 1 (hello): nobody listens at 127.0.0.1, UDP port 9"
    )
    asked = await done("status", "127.0.0.1:9", "--timeout", "0.5")
    assert asked.code == 1
    assert asked.err[0].startswith("chat: no answer from 127.0.0.1, UDP port 9, within 0.5 s")
    tail = await done("tail", "127.0.0.1:9", "--timeout", "0.5")
    assert tail.code == 1
    assert tail.err[0].startswith("chat: no answer within 0.5 s")


@pytest.mark.parametrize("command", ["send", "tail", "bots"])
async def test_a_dead_server_is_worth_a_word_soon(command: str) -> None:
    options = {"send": ["--timeout", "3", "hello"], "tail": ["--timeout", "3"], "bots": []}
    async with chat(command, "127.0.0.1:9", *options[command]) as program:
        async with asyncio.timeout(10):
            while not any("nobody listens" in line for line in program.err):
                await asyncio.sleep(0.05)
        if command != "bots":
            assert await program.ended() == 1
    said = [line for line in program.err if line.endswith("trying again")]
    assert said == [f"chat {command}: nobody listens at 127.0.0.1, UDP port 9; trying again"]


async def test_send_gives_up_by_itself_but_not_while_it_waits_for_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat.pipe.PATIENCE", 0.3)
    with pytest.raises(PipeError, match=r"message 1 \(hi\)"):
        await send(parse_link("127.0.0.1:9"), "ann", ["hi"], None, sys.stdin)
    read, write = os.pipe()
    async with serving() as server:
        with os.fdopen(read) as lines, os.fdopen(write, "w") as script:
            sending = asyncio.ensure_future(send(parse_link(server.link), "ann", [], None, lines))
            done_early, _ = await asyncio.wait([sending], timeout=1.0)
            assert not done_early
            script.write("late\n")
            script.close()
            await sending


async def test_a_timeout_is_in_all() -> None:
    async with serving() as server, chat("send", server.link, "--timeout", "1") as sender:
        assert await sender.ended() == 1
        assert sender.err == ["chat: not acknowledged within 1 s"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["tail", "status", "bots"])
async def test_a_full_disk_is_one_line(command: str) -> None:
    more = {"tail": ["--from", "start"], "status": [], "bots": ["--bots", "1", "--duration", "0.1"]}
    async with serving() as server:
        await done("send", server.link, "hello")
        words = shlex.join([*CHAT, command, server.link, *more[command]])
        async with running("bash", "-c", f"{words} > /dev/full") as program:
            assert await program.ended() == 1
    assert program.err[-1] == "chat: cannot write to standard output: No space left on device"
    assert not any("Traceback" in line for line in program.err)


async def test_a_closed_stdout_is_nobodys_fault() -> None:
    async with running("bash", "-c", f"{shlex.join([*CHAT, '--version'])} >&-") as program:
        assert (await program.ended(), program.err) == (0, [])


@pytest.mark.parametrize(
    ("command", "closed"),
    [
        ("send", "<&-"),
        ("join --plain-output", "<&-"),
        ("join --plain-output", "< /dev/null >&-"),
        ("serve", "<&- >&- 2>&-"),
    ],
)
async def test_closed_streams_are_nobodys_fault(command: str, closed: str, tmp_path: Path) -> None:
    async with serving() as server:
        to = "--bind 127.0.0.1:0" if command == "serve" else server.link
        words = f"timeout --preserve-status -s TERM 3 {shlex.join(CHAT)} {command} {to} {closed}"
        env = {"CHAT_SERVE_STORE": "memory:", "XDG_STATE_HOME": str(tmp_path)}
        async with running("bash", "-c", words, env=env) as program:
            assert await program.ended() == 0
    assert not any("Traceback" in line for line in program.err)


async def test_a_number_that_no_entry_has_is_wrong_usage() -> None:
    ended = await done("tail", "127.0.0.1", "--from", 5000 * "9")
    assert (ended.code, len(ended.err)) == (2, 1)
    assert "is none of start, now and a sequence number" in ended.err[0]


@pytest.mark.parametrize("end", ["", "\n"])
async def test_bytes_that_are_no_text_are_one_line_wherever_they_come_from(end: str) -> None:
    async with serving() as server:
        piped = await done("send", server.link, stdin=b"good\n\xff bad" + end.encode())
        words = shlex.join([*CHAT, "send", server.link])
        async with running("bash", "-c", f"{words} $'bad \\xff'") as given:
            await given.ended()
        log = await done("tail", server.link, "--from", "start", "--no-follow")
    assert (piped.code, given.code) == (1, 1)
    assert len(piped.err) == len(given.err) == 1
    assert piped.err[0].startswith("chat: message 2: ")
    assert given.err[0].startswith("chat: message 1: ")
    assert [line.rpartition(": ")[2] for line in log.out] == ["good"]


async def test_a_blank_text_is_one_line() -> None:
    async with serving() as server:
        blank = await done("send", server.link, "")
    assert (blank.code, len(blank.err)) == (1, 1)
    assert blank.err[0].startswith("chat: message 1: ")


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "soon"])
@pytest.mark.parametrize("command", ["send", "tail", "status"])
async def test_a_timeout_is_above_zero(command: str, seconds: str) -> None:
    program = await done(command, "127.0.0.1:9", "--timeout", seconds)
    assert (program.code, program.out) == (2, [])
    reason = f"Invalid value for '--timeout': {seconds} is no finite number above 0"
    assert program.err == [f"chat {command}: {reason}; see chat {command} --help"]


async def test_the_default_name_is_guest_where_nobody_has_one() -> None:
    code = (
        "import getpass; from unittest import mock; from chat.cli.common import own_name\n"
        "for error in (OSError, KeyError, ImportError):\n"
        "    with mock.patch.object(getpass, 'getuser', side_effect=error): print(own_name())\n"
        "print(own_name())"
    )
    async with running(sys.executable, "-c", code, env={"USER": "", "LOGNAME": "eve"}) as program:
        await program.ended()
    assert (program.out, program.err) == (["guest", "guest", "guest", "eve"], [])


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--bind", "x:y"], "--bind 'x:y': a port is a number from 0 to 65535"),
        (["--advertise", "x y"], "--advertise 'x y': use HOST, HOST:PORT or [IPV6]:PORT"),
        (
            ["--store", "memory:", "--durability", "power"],
            "memory: survives nothing: --durability power needs --store DIR",
        ),
        (
            ["--store", "memory"],
            "--store memory: did you mean memory:? a folder of that name is ./memory",
        ),
        (["--store"], "Option '--store' requires an argument"),
        (
            ["--store", "~no.such.user/x"],
            "~no.such.user/x: that user has no home here: write the whole path",
        ),
    ],
)
async def test_a_server_that_cannot_be_meant_so_is_wrong_usage(args: list[str], line: str) -> None:
    program = await done("serve", *args)
    assert (program.code, program.out) == (2, [])
    assert program.err == [f"chat serve: {line}; see chat serve --help"]


async def test_a_socket_in_nobodys_home_is_one_line() -> None:
    line = "~no.such.user/x: that user has no home here: write the whole path"
    args = ("--bind", "127.0.0.1:0", "--store", "memory:", "--admin-socket", "~no.such.user/x")
    program = await done("serve", *args)
    assert (program.code, program.out, program.err) == (1, [], [f"chat serve: {line}"])
    for option in ("--store", "--socket"):
        program = await done("admin", "rooms", option, "~no.such.user/x")
        assert (program.code, program.out) == (2, [])
        assert program.err == [f"chat admin rooms: {line}; see chat admin rooms --help"]


def test_who_has_no_home_is_to_name_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    with pytest.raises(LogError, match="this user has no home: choose a folder by --store DIR"):
        default_store()


async def test_the_way_to_the_help_is_told_once() -> None:
    assert (await done("nosuch")).err == ["chat: there is no command nosuch; see chat --help"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["tail", "chat://x:99999"], "chat tail: Invalid value for 'LINK': 'x:99999': a port is"),
        (["send"], "chat send: where to? give a LINK, or set CHAT_LINK"),
        (["send", "http://x", "y"], "chat send: 'http://x' is no link: one looks like"),
        (["tail", "x", "--from", "soon"], "chat tail: Invalid value for '--from': 'soon' is none"),
        (["tail", "x", "--name", "a b"], "chat tail: Invalid value for '--name': a name has"),
        (["tail", "chat://pin@x"], "LINK': 'chat://pin@x': a pin has 26 letters and digits 2-7"),
        (["serve", "--store", "redis://x"], "chat serve: redis:// is no store of this version"),
        (["tail", "a:b:c"], "chat tail: Invalid value for 'LINK': 'a:b:c': use HOST, HOST:PORT or"),
        (["admin", "ban", "--all"], "chat admin ban: No such option"),
        (["srve"], "chat: there is no command srve"),
        (["serve", "--durability", "none"], "chat serve: Invalid value for '--durability'"),
    ],
)
async def test_wrong_usage_is_one_line(args: list[str], line: str) -> None:
    program = await done(*args)
    assert program.code in (1, 2)
    assert program.out == []
    assert len(program.err) == 1
    assert line in program.err[0]


async def test_without_a_command_it_says_what_there_is() -> None:
    program = await done()
    assert (program.code, program.out) == (2, [])
    assert {"serve", "join", "demo"} <= {line.split()[0] for line in program.err if line.strip()}


async def test_any_word_is_a_seed_for_bots() -> None:
    async with serving() as server:
        options = ("--bots", "1", "--duration", "0.1", "--impair-seed", "rain")
        assert (await done("bots", server.link, *options)).code == 0


async def test_link_and_options_come_from_the_environment() -> None:
    async with serving() as server:
        env = {"CHAT_LINK": server.link, "CHAT_SEND_NAME": "eve", "CHAT_TAIL_LAST": "9"}
        assert (await done("send", "hello", env=env)).code == 0
        assert (await done("send", "-", "hi", stdin=server.link + "\n")).code == 0
        elsewhere = env | {"CHAT_LINK": "127.0.0.1:9"}
        for link in (f"127.0.0.1:{server.port}", server.link, f"127.0.0.1:{server.port}/lobby"):
            assert (await done("send", link, "there", env=elsewhere)).code == 0
        for word in ("12:60pm", "note:", "0:0"):
            assert (await done("send", word, "here", env=env)).code == 0
        tail = await done("tail", "--no-follow", "--json", env=env)
    assert json.loads(tail.out[0])["author"] == "eve"
    assert [json.loads(line)["text"] for line in tail.out] == [
        *("hello", "hi", "there", "there", "there"),
        *("12:60pm here", "note: here", "0:0 here"),
    ]


async def test_status_answers_one_line_or_one_object() -> None:
    async with serving() as server, chat("tail", server.link):
        await until_member(server.link, 1)
        line = await done("status", server.link)
        facts = json.loads((await done("status", server.link, "--json")).out[0])
    assert line.code == 0
    assert line.out[0].startswith("version 0.")
    assert line.out[0].endswith("1 room in use, 1 member")
    assert (facts["rooms"], facts["members"]) == (1, 1)
    assert facts["round_trip"] == round(facts["round_trip"], 6) > 0


async def test_a_term_signal_drains_and_ends_with_zero(tmp_path: Path) -> None:
    async with serving(store=tmp_path) as server:
        assert (await done("send", server.link, "kept")).code == 0
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
    assert server.err[-1].endswith("going down: what was said is being stored")
    assert server.out[0].startswith("listening on 127.0.0.1:")
    assert re.match(r"link chat://[a-z2-7]{26}@127\.0\.0\.1:", server.out[1])
    async with serving(store=tmp_path) as server:
        tail = await done("tail", server.link, "--from", "start", "--no-follow")
    assert tail.out[0].endswith(": kept")


async def test_an_interrupt_ends_with_130() -> None:
    async with serving() as server:
        server.signal(signal.SIGINT)
        assert await server.ended() == 130
    assert server.err[-1].endswith("going down")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
async def test_a_server_needs_no_standard_stream_but_its_output(closed: str) -> None:
    serve = (*CHAT, "serve", "--bind", "127.0.0.1:0", "--store", "memory:")
    async with running("sh", "-c", f'exec "$@" {closed}', "sh", *serve) as server:
        await server.line("link ")
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
    assert [line.split()[0] for line in server.out] == ["listening", "link"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
async def test_a_server_serves_where_its_journal_cannot_be_written() -> None:
    serve = (*CHAT, "serve", "--bind", "127.0.0.1:0", "--store", "memory:")
    async with running("sh", "-c", 'exec "$@" 2>/dev/full', "sh", *serve) as server:
        link = (await server.line("link ")).removeprefix("link ")
        assert (await done("send", link, "hello")).code == 0
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0


async def test_a_json_journal_is_one_object_a_line() -> None:
    async with serving("--log-format", "json") as server:
        await done("send", server.link, "hello")
        server.signal(signal.SIGTERM)
        await server.ended()
    said = [line for line in server.err if not line.startswith("     ")]
    assert {"time", "level", "message"} == set.union(*(set(json.loads(line)) for line in said))


async def test_a_port_in_use_is_one_line() -> None:
    async with serving() as server:
        other = await done("serve", "--bind", f"127.0.0.1:{server.port}", "--store", "memory:")
    assert other.code == 1
    assert len(other.err) == 1
    assert "is in use: stop the other server or choose --bind" in other.err[0]


async def test_an_address_of_somebody_else_is_one_line() -> None:
    server = await done("serve", "--bind", "192.0.2.1:9999", "--store", "memory:")
    assert server.code == 1
    assert len(server.err) == 1
    assert "bind 0.0.0.0 and open UDP port 9999 in the provider's firewall" in server.err[0]


async def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    server = await done("serve", "--bind", "127.0.0.1:0", "--store", str(file / "below"))
    assert server.code == 1
    assert len(server.err) == 1
    assert str(file) in server.err[0]
    server = await done("serve", "--bind", "127.0.0.1:0", "--store", str(file))
    assert server.code == 1
    assert server.err == [f"chat serve: {file} is not a folder; choose another --store DIR"]


async def test_a_damaged_log_is_refused_and_kept(tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite3"
    log.write_bytes(b"this is no database at all, whatever its name says" * 100)
    before = log.read_bytes()
    server = await done("serve", "--bind", "127.0.0.1:0", "--store", str(tmp_path))
    assert server.code == 1
    assert len(server.err) == 1
    assert str(log) in server.err[0]
    assert log.read_bytes() == before


@pytest.mark.parametrize("command", [["--help"], ["send", "--help"], ["send"], ["status"]])
async def test_a_command_imports_only_what_it_needs(command: list[str]) -> None:
    code = (
        "import sys; from chat.cli import run; run(sys.argv[1:]); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    if command == ["send"]:
        command = ["send", "127.0.0.1:9", "--timeout", "0.1", "x"]
    if command == ["status"]:
        command = ["status", "127.0.0.1:9", "--timeout", "0.1"]
    async with running(sys.executable, "-c", code, *command) as program:
        await program.ended()
    loaded = set(program.out[-1].split())
    assert not loaded & {"prompt_toolkit", "uvloop", "sqlite3", "platformdirs", "wcwidth"}
    if "--help" in command:
        assert not loaded & {"cryptography"}
