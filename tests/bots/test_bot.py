"""What somebody who writes a bot relies on."""

import asyncio

import pytest

from chat.bots.bot import Bot, BotError
from chat.bots.inroom import WAITING
from chat.core.names import LOBBY
from chat.core.types import Entry, Kind

from ..sim.bots import Stage, play, until
from ..sim.network import Faults

LOSSY = Faults(loss=0.2, duplication=0.05, stray=0.05)


class Listener(Bot):
    """Keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    async def on_join(self, room: str) -> None:
        self.calls.append(("join", room))

    async def on_entry(self, room: str, entry: Entry) -> None:
        self.calls.append(("entry", room, entry.text))

    async def on_arrive(self, room: str, name: str) -> None:
        self.calls.append(("arrive", room, name))

    async def on_depart(self, room: str, name: str) -> None:
        self.calls.append(("depart", room, name))

    def entries(self, room: str = LOBBY) -> list[str]:
        return [call[2] for call in self.calls if call[:2] == ("entry", room)]


def test_it_hears_what_others_say_in_order_each_text_once_and_whole() -> None:
    stage, bot = Stage(faults=LOSSY), Listener()
    texts = [f"text {number}" for number in range(30)] + ["x" * 3000]

    async def scene() -> None:
        await stage.begin()
        stage.people[0].say(LOBBY, "before it came")
        await stage.read("guest0: before it came")
        async with stage.bot(bot, "listener"):
            for text in texts:
                stage.people[0].say(LOBBY, text)
            await until(lambda: len(bot.entries()) >= len(texts))
            await bot.say(LOBBY, "its own is not told")
            await asyncio.sleep(5)

    play(stage.world, scene())
    assert bot.entries() == texts
    assert bot.calls[0] == ("join", LOBBY)
    assert stage.told == []


def test_a_crash_of_the_server_costs_it_nothing() -> None:
    stage, bot = Stage(), Listener()
    texts = [f"text {number}" for number in range(20)]

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(bot, "survivor"):
            for number, text in enumerate(texts):
                if number in (5, 12):
                    stage.world.server.crash()
                stage.people[0].say(LOBBY, text)
                await bot.say(LOBBY, f"after {text}")
            await until(lambda: len(bot.entries()) >= len(texts))
            await stage.read("survivor: after text 19")

    play(stage.world, scene())
    assert bot.entries() == texts
    assert [text for text in stage.texts() if "after" in text] == [
        f"survivor: after {text}" for text in texts
    ]
    assert stage.told.count("connected again") == 2
    assert bot.calls.count(("join", LOBBY)) == 1


def test_it_hears_itself_where_it_wants_to() -> None:
    class Narcissus(Listener):
        hears_itself = True

    stage, bot = Stage(), Narcissus()

    async def scene() -> None:
        async with stage.bot(bot, "narcissus"):
            await bot.say(LOBBY, "narcissus: it is me")
            await until(lambda: bot.entries() == ["narcissus: it is me"])

    play(stage.world, scene())


def test_what_it_said_is_in_the_log_when_say_returns() -> None:
    stage, bot = Stage(faults=LOSSY), Listener()

    async def scene() -> None:
        async with stage.bot(bot, "speaker"):
            for number in range(20):
                await bot.say(LOBBY, f"line {number}")
                records = stage.world.server.archive[LOBBY].values()
                assert sum(b"line " in record.body for record in records) == number + 1

    play(stage.world, scene())


def test_what_cannot_be_said_or_entered_is_an_error_in_one_line() -> None:
    stage, bot = Stage(), Listener()

    async def scene() -> None:
        async with stage.bot(bot, "speaker"):
            for room, text, reason in (
                (LOBBY, "x" * 8193, "too long"),
                (LOBBY, "  ", "nothing in it"),
                ("elsewhere", "x", "not in elsewhere"),
            ):
                with pytest.raises(BotError, match=reason):
                    await bot.say(room, text)
            with pytest.raises(BotError, match="letters"):
                await bot.join("no/room")
            stage.world.server.broken_log = "the disk is full"
            with pytest.raises(BotError, match="rooms"):
                await bot.join("new")

    play(stage.world, scene())


def test_an_error_in_a_handler_is_told_with_its_line_and_the_bot_goes_on() -> None:
    class Clumsy(Listener):
        async def on_entry(self, room: str, entry: Entry) -> None:
            await super().on_entry(room, entry)
            raise KeyError("a\nb\x1b[2J")

        async def on_join(self, room: str) -> None:
            self.every(1.0, self.fall)

        async def fall(self) -> None:
            raise ZeroDivisionError

    stage, bot = Stage(), Clumsy()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(bot, "clumsy"):
            stage.people[0].say(LOBBY, "one")
            stage.people[0].say(LOBBY, "two")
            await until(lambda: len(bot.entries()) == 2)
            await until(lambda: len(stage.told) >= 4)

    play(stage.world, scene())
    line = Clumsy.on_entry.__code__.co_firstlineno + 2
    fault = f"on_entry in {LOBBY}: test_bot.py, line {line}: KeyError: 'a\\nb\\x1b[2J'"
    assert stage.told.count(fault) == 2
    assert f"fall: test_bot.py, line {line + 6}: ZeroDivisionError" in stage.told


def test_in_a_room_one_handler_runs_at_a_time_and_rooms_do_not_wait_for_each_other() -> None:
    class Slow(Listener):
        busy = 0

        async def on_entry(self, room: str, entry: Entry) -> None:
            if room == LOBBY:
                assert self.busy == 0
                self.busy += 1
                await self.sleep(5)
                self.busy -= 1
            await super().on_entry(room, entry)

    stage, bot = Stage(), Slow()

    async def scene() -> None:
        await stage.begin()
        stage.people[0].guest.join("den", stage.world.clock.now)
        await until(lambda: stage.people[0].guest.rooms["den"].joined)
        async with stage.bot(bot, "slow"):
            await bot.join("#DEN")
            assert sorted(bot.rooms) == ["den", LOBBY]
            for text in ("one", "two"):
                stage.people[0].say(LOBBY, text)
            await until(lambda: bot.busy == 1)
            stage.people[0].say("den", "quick")
            began = bot.now()
            await until(lambda: bot.entries("den") == ["quick"], seconds=3)
            await until(lambda: bot.entries() == ["one", "two"], seconds=15)
            assert 8 < bot.now() - began < 12
            bot.leave("den")
            await until(lambda: bot.rooms == [LOBBY])

    play(stage.world, scene())
    assert stage.told == []


def test_a_room_that_was_left_can_be_entered_again_at_once() -> None:
    stage, bot = Stage(), Listener()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(bot, "walker"):
            bot.leave(LOBBY)
            await bot.join(LOBBY)
            stage.people[0].say(LOBBY, "back?")
            await until(lambda: bot.entries() == ["back?"])

    play(stage.world, scene())


def test_timers_keep_time_and_end_when_cancelled() -> None:
    class Clock(Bot):
        def __init__(self) -> None:
            self.ticks: list[float] = []

        async def on_start(self) -> None:
            self.timer = self.every(2.0, self.tick)

        async def tick(self) -> None:
            self.ticks.append(self.now())
            await self.sleep(0.5)
            if len(self.ticks) == 5:
                self.timer.cancel()

    stage, bot = Stage(), Clock()

    async def scene() -> None:
        async with stage.bot(bot, "clock"):
            await asyncio.sleep(30)
            with pytest.raises(ValueError, match="above 0"):
                bot.every(0, bot.tick)

    play(stage.world, scene())
    gaps = [after - before for before, after in zip(bot.ticks, bot.ticks[1:], strict=False)]
    assert gaps == pytest.approx([2.0] * 4)


def test_who_comes_and_goes_is_told_by_name() -> None:
    stage, bot = Stage(people=1), Listener()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(bot, "porter"):
            await until(lambda: bot.members(LOBBY) == ["guest0", "porter"])
            async with stage.bot(Listener(), "visitor"):
                await until(lambda: ("arrive", LOBBY, "visitor") in bot.calls)
                stage.people[0].guest.nick("ann", stage.world.clock.now)
                stage.people[0].drain()
                await until(lambda: "ann" in bot.members(LOBBY))
            await until(lambda: ("depart", LOBBY, "visitor") in bot.calls)

    play(stage.world, scene())
    told = [call for call in bot.calls if call[0] in ("arrive", "depart")]
    assert told == [("arrive", LOBBY, "visitor"), ("depart", LOBBY, "visitor")]


def test_an_error_in_on_start_ends_it_with_one_line_and_without_on_stop() -> None:
    class Broken(Bot):
        async def on_start(self) -> None:
            raise FileNotFoundError("no such file")

        async def on_stop(self) -> None:
            raise AssertionError("it never began")

    class Picky(Broken):
        async def on_start(self) -> None:
            raise BotError("give me a file")

    stage = Stage()
    line = Broken.on_start.__code__.co_firstlineno + 1
    where = f"^test_bot.py, line {line}: FileNotFoundError: no such file$"

    async def scene() -> None:
        with pytest.raises(BotError, match=where):
            async with stage.bot(Broken(), "broken"):
                pass
        with pytest.raises(BotError, match="^give me a file$"):
            async with stage.bot(Picky(), "picky"):
                pass

    play(stage.world, scene())
    assert stage.told == []


def test_its_last_words_are_heard() -> None:
    class Polite(Bot):
        async def on_stop(self) -> None:
            await self.say(LOBBY, "goodbye")

    stage = Stage(faults=Faults(loss=0.1))

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Polite(), "polite"):
            pass
        await stage.read("polite: goodbye")

    play(stage.world, scene())


def test_a_handler_that_never_ends_costs_no_more_than_what_may_wait() -> None:
    class Stuck(Listener):
        async def on_entry(self, room: str, entry: Entry) -> None:
            await super().on_entry(room, entry)
            await asyncio.Event().wait()

    stage, bot = Stage(), Stuck()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(bot, "stuck") as client:
            for number in range(WAITING + 50):
                stage.people[number % 2].say(LOBBY, str(number))
                if number % 50 == 0:
                    await asyncio.sleep(1)
            await until(lambda: len(client.screens.get(LOBBY, ())) == WAITING + 50, seconds=300)

    play(stage.world, scene())
    assert len(bot.entries()) == 1
    assert stage.told == [f"over {WAITING} things wait for it in lobby: the oldest are skipped"]


def test_it_can_act_and_answer_and_quit() -> None:
    class Actor(Bot):
        async def on_call(self, room: str, entry: Entry, text: str) -> None:
            await self.say(room, "bows", kind=Kind.ACTION)
            await self.reply(entry, text.upper())

    stage = Stage()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Actor(), "actor"):
            stage.people[0].say(LOBBY, "@actor bravo")
            await stage.read("actor: bows", "actor: BRAVO")

    play(stage.world, scene())
    said, bow, answer = stage.entries()
    assert (bow.kind, bow.refers, answer.refers) == (Kind.ACTION, 0, said.seq)


def test_a_handler_must_be_async_and_nothing_works_before_on_start() -> None:
    with pytest.raises(TypeError, match=r"Plain\.on_entry must be an async def"):
        type("Plain", (Bot,), {"on_entry": lambda self, room, entry: None})
    with pytest.raises(BotError, match="before on_start"):
        Bot().now()
