"""Tests that need a program which not every machine has."""

import os
import shutil

import pytest


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skips, and says why, where one of `programs` is not on PATH. With CHAT_TESTS_REQUIRE=all
    that is a failure: who asked for everything is not to get less in silence."""
    missing = [program for program in programs if shutil.which(program) is None]
    reason = f"needs {', '.join(missing)} on PATH"
    if missing and os.environ.get("CHAT_TESTS_REQUIRE") == "all":
        pytest.fail(reason, pytrace=False)
    return pytest.mark.skipif(bool(missing), reason=reason)
