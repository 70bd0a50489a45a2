"""The core: pure state machines, no clock, no socket, no asyncio, no randomness of their own."""
