"""Real sockets on loopback, on both event loops."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine in an event loop of its own."""
    factory = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def run(scenario: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(scenario)

    return run


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request: pytest.FixtureRequest) -> str:
    """Loopback, in each family."""
    text = str(request.param)
    try:
        with socket.socket(family(text), socket.SOCK_DGRAM) as sock:
            sock.bind((text, 0))
    except OSError:
        pytest.skip(f"this machine has no {text}")
    return text


def family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
