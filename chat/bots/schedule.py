"""When who does what, made of a scenario and its seed: the same in each process that asks.

An open model: messages come at their times, whether or not earlier ones have arrived.
"""

import heapq
from collections.abc import Iterator
from enum import Enum
from math import sqrt
from random import Random
from typing import NamedTuple

from .report import Span
from .scenario import Phase, Scenario

_PICKS = 8
"""Bots that are tried, until it is the next one that may speak again soonest."""


class What(Enum):
    """Of an event."""

    SAY = "say"
    LEAVE = "leave"
    """With a goodbye, and come again as somebody new."""
    VANISH = "vanish"
    """Without one, and come again."""


class Event(NamedTuple):
    """One bot does something."""

    at: float
    """Seconds after the start: the intended time, from which latency runs."""
    what: What
    bot: int
    number: int = 0
    """Of a message, among all."""
    size: int = 0
    """And its bytes."""


def spans(scenario: Scenario) -> tuple[Span, ...]:
    """Its phases in time."""
    found, at = [], 0.0
    for number, phase in enumerate(scenario.phase, 1):
        found.append(Span(phase.name or f"phase {number}", at, at + phase.seconds))
        at += phase.seconds
    return tuple(found)


def events(scenario: Scenario) -> Iterator[Event]:
    """All of them, in order of time."""
    return heapq.merge(
        _messages(scenario),
        _comings(scenario, What.LEAVE, [phase.churn for phase in scenario.phase]),
        _comings(scenario, What.VANISH, [phase.reconnect for phase in scenario.phase]),
        key=lambda event: event.at,
    )


def _messages(scenario: Scenario) -> Iterator[Event]:
    random = Random(f"{scenario.seed}/messages")
    kinds = scenario.kinds()
    bots = [bot for bot, kind in enumerate(kinds) if kind.talks]
    free_at = [0.0] * scenario.bots
    for number, at in enumerate(_arrivals(scenario)):
        for _ in range(_PICKS):
            bot = random.choice(bots)
            if free_at[bot] <= at:
                break
        else:
            bot = min(bots, key=free_at.__getitem__)
        kind = kinds[bot]
        free_at[bot] = at + kind.think
        yield Event(at, What.SAY, bot, number, random.randint(*kind.size))


def _arrivals(scenario: Scenario) -> Iterator[float]:
    """When the expected number of messages so far is a whole one; or, at random, goes on by an
    exponential share (a Poisson process of a changing rate, by inversion)."""
    random = Random(f"{scenario.seed}/arrivals")
    start, rate, due, passed = 0.0, 0.0, 0.0, 0.0
    if scenario.poisson:
        due = random.expovariate(1)
    for number, phase in enumerate(scenario.phase):
        before = rate if number else 0.0
        rate = phase.rate
        area = _area(phase, before, phase.seconds)
        while due < passed + area - 1e-9:
            yield start + _time(phase, before, due - passed)
            due += random.expovariate(1) if scenario.poisson else 1.0
        start, passed = start + phase.seconds, passed + area


def _area(phase: Phase, before: float, seconds: float) -> float:
    """Messages in the first seconds of a phase."""
    ramp = min(seconds, phase.ramp)
    grown = before + (phase.rate - before) * (ramp / phase.ramp if phase.ramp else 1.0)
    return ramp * (before + grown) / 2 + max(0.0, seconds - phase.ramp) * phase.rate


def _time(phase: Phase, before: float, area: float) -> float:
    """Seconds of a phase that have so many messages."""
    ramped = _area(phase, before, phase.ramp)
    if area >= ramped:
        return phase.ramp + ((area - ramped) / phase.rate if phase.rate else 0.0)
    slope = (phase.rate - before) / phase.ramp
    if abs(slope) < 1e-12:
        return area / before
    return (sqrt(before * before + 2 * slope * area) - before) / slope


def _comings(scenario: Scenario, what: What, rates: list[float]) -> Iterator[Event]:
    """One bot after the other, so that each has the longest time."""
    random = Random(f"{scenario.seed}/{what.value}")
    order = list(range(scenario.bots))
    random.shuffle(order)
    done, start = 0, 0.0
    for phase, rate in zip(scenario.phase, rates):
        for index in range(int(rate * phase.seconds + 1e-9)):
            yield Event(start + (index + 0.5) / rate, what, order[done % len(order)])
            done += 1
        start += phase.seconds
