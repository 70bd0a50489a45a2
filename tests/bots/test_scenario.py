"""Scenarios: read, checked, changed by options; and what comes of them, in time."""

from itertools import pairwise
from pathlib import Path

import pytest

from chat.bots.report import check_thresholds
from chat.bots.scenario import (
    PRESETS,
    Kind,
    Phase,
    Scenario,
    ScenarioError,
    as_settings,
    chosen,
    read_scenario,
)
from chat.bots.schedule import Event, What, events, spans

WHOLE = """
bots = 40
rooms = 2
ramp = 3
seed = 7
poisson = true
kind = [
  { name = "talker", weight = 1, size = [30, 60], think = 1.5 },
  { name = "lurker", weight = 3, talks = false },
]
phase = [
  { name = "up", rate = 20, ramp = 10 },
  { name = "on", rate = 20, hold = 10, churn = 0.5, reconnect = 1 },
]
"""


def written(folder: Path, text: str) -> str:
    file = folder / "mine.toml"
    file.write_text(text)
    return str(file)


def said(scenario: Scenario) -> list[Event]:
    return [event for event in events(scenario) if event.what is What.SAY]


def test_a_file_is_read(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    assert (scenario.name, scenario.bots, scenario.rooms, scenario.seed) == ("mine", 40, 2, 7)
    assert scenario.kind[0] == Kind("talker", 1.0, (30, 60), 1.5)
    assert scenario.phase[1] == Phase("on", 20, 0, 10, 0.5, 1)
    assert (scenario.seconds, scenario.rate) == (20, 20)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_run_with_few_bots_in_a_short_time(name: str) -> None:
    scenario = chosen(name, bots=5, seconds=15)
    assert scenario.name == name
    assert scenario.seconds == pytest.approx(15)
    check_thresholds(scenario.threshold)
    found = list(events(scenario))
    assert all(before.at <= after.at for before, after in pairwise(found))
    assert all(0 <= event.at <= 15 and event.bot < 5 for event in found)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("bots = 3", "missing required field `phase`"),
        (
            "find_max = true\nphase = [{ hold = 0.5 }]",
            "its phases are steps of 1 s at least: use a longer --duration",
        ),
        ("phase = []", "phase: expected `array` of length >= 1"),
        ('phase = [{ rate = "much" }]', "phase[0].rate: expected `float`, got `str`"),
        ("phase = [{ rate = -1, hold = 1 }]", "phase[0].rate: expected `float` >= 0"),
        ("phase = [{ speed = 1 }]", "phase[0]: object contains unknown field `speed`"),
        ("phase = [{ hold = 1 }]\nbots = 0", "bots: expected `int` >= 1"),
        ("phase = [{ hold = 1 }]\nrooms = 11", "10 bots cannot fill 11 rooms"),
        ("phase = [{ rate = 1 }]", "its phases take no time"),
        ('phase = [{ hold = 1 }]\nkind = [{ name = "a", size = [9, 9] }]', "kind[0].size[0]"),
        (
            'phase = [{ hold = 1 }]\nkind = [{ name = "a", size = [90, 30] }]',
            "size of a: expected [from, to]",
        ),
        (
            'phase = [{ hold = 1, rate = 1 }]\nkind = [{ name = "a", talks = false }]',
            "no bot talks",
        ),
        ("phase = [{ hold = inf }]", "phase[0].hold: expected `float` <= 1000000"),
        ("phase = [{ hold = 1, churn = inf }]", "phase[0].churn: expected `float` <= 1000000"),
        ("phase = [{ hold = 1 }]\nramp = nan", "ramp: expected `float` >= 0"),
        ("phase = [{ hold = 1 }]\nbots = 9000000", "bots: expected `int` <= 1000000"),
        ("phase = [", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, wrong: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(file)
    assert str(caught.value).startswith(file)
    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_says_what_there_is() -> None:
    with pytest.raises(ScenarioError, match=r"^nothing cannot be read: .*; use a file, .*storm"):
        read_scenario("nothing")


def test_options_change_the_highest_rate_and_the_whole_time_in_proportion() -> None:
    scenario = chosen("storm", rate=10, seconds=66, bots=7, seed=3, size=100)
    assert [phase.rate for phase in scenario.phase] == [0.5, 10, 0.5]
    assert [phase.hold for phase in scenario.phase] == pytest.approx([20, 20, 20])
    assert (scenario.bots, scenario.seed, scenario.kind[0].size) == (7, 3, (100, 100))
    with pytest.raises(ScenarioError, match="nobody talks in idle"):
        chosen("idle", rate=5)
    with pytest.raises(ScenarioError, match="--size is from"):
        chosen(None, size=5)
    with pytest.raises(ScenarioError, match=r"phase\[0\]\.hold: expected `float` <= 1000000"):
        chosen(None, seconds=1e308)
    with pytest.raises(ScenarioError, match="ramp: expected"):
        chosen(None, ramp=float("nan"))


def test_the_same_seed_is_the_same_run(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    assert list(events(scenario)) == list(events(scenario))
    assert said(scenario) != said(chosen(written(tmp_path, WHOLE), seed=8))


def test_messages_come_evenly_at_a_steady_rate() -> None:
    found = said(Scenario(phase=(Phase(rate=10, hold=3),)))
    assert [event.at for event in found] == pytest.approx([n / 10 for n in range(30)])
    assert [event.number for event in found] == list(range(30))


@pytest.mark.parametrize("poisson", [False, True])
def test_a_ramp_has_as_many_as_the_area_below_it(poisson: bool) -> None:
    phases = (Phase(rate=100, ramp=10), Phase(rate=20, ramp=5, hold=5), Phase(rate=0, hold=5))
    at = [event.at for event in said(Scenario(phase=phases, poisson=poisson, seed=2))]
    slack = 3 * 500**0.5 if poisson else 1
    for start, end, area in ((0, 5, 125), (5, 10, 375), (10, 15, 300), (15, 20, 100), (20, 25, 0)):
        assert abs(sum(start <= each < end for each in at) - area) <= (slack if area else 0)


def test_kinds_are_as_many_as_they_weigh_and_only_talkers_talk(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    kinds = scenario.kinds()
    assert [kind.name for kind in kinds].count("talker") == 10
    found = said(scenario)
    assert all(kinds[event.bot].talks and 30 <= event.size <= 60 for event in found)
    assert len({event.bot for event in found}) == 10


def test_who_thinks_is_silent_meanwhile() -> None:
    phases = (Phase(rate=4, hold=60),)
    scenario = Scenario(phase=phases, bots=10, kind=(Kind("thinker", think=2.0),))
    spoke: dict[int, float] = {}
    for event in said(scenario):
        assert event.at - spoke.get(event.bot, -2.0) >= 2.0 - 1e-9
        spoke[event.bot] = event.at


def test_who_comes_and_goes_does_so_in_turn(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    gone = [event for event in events(scenario) if event.what is What.VANISH]
    assert len(gone) == 10
    assert len({event.bot for event in gone}) == 10
    assert all(10 < event.at < 20 for event in gone)
    assert sum(event.what is What.LEAVE for event in events(scenario)) == 5


def test_phases_in_time_and_all_settings(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, WHOLE))
    assert [(span.name, span.from_s, span.to_s) for span in spans(scenario)] == [
        ("up", 0, 10),
        ("on", 10, 20),
    ]
    settings = as_settings(scenario)
    assert settings["seed"] == 7
    assert settings["phase.2.churn"] == 0.5
    assert settings["kind.1.size"] == "30 60"
    assert all(isinstance(value, str | int | float) for value in settings.values())
