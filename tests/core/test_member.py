import pytest

from chat.core.entry import show_endpoint
from chat.core.member import Labels
from chat.core.types import Path

from .stub import Stub

PATH = Path(0, "192.0.2.1", 5000)


def test_an_endpoint_is_shown_as_it_is() -> None:
    assert show_endpoint(Labels(None).pack(PATH)) == "192.0.2.1:5000"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_masked_one_says_nothing_but_that_it_is_the_same_one(host: str) -> None:
    labels, path = Labels(b"key"), Path(0, host, 5000)
    shown = show_endpoint(labels.pack(path))
    assert shown.startswith("~")
    assert len(shown) == 9
    assert shown == show_endpoint(labels.pack(path))
    assert shown != show_endpoint(labels.pack(Path(0, host, 5001)))
    assert shown != show_endpoint(Labels(b"another key").pack(path))


def test_a_member_shows_its_endpoint() -> None:
    member = Stub("ann")
    assert member.shown_endpoint == str(member.path)
