import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import protect
from chat.core.types import Path

KEY = bytes(range(16))
HEADER = b"header"
PLAIN = b"what nobody else may read"
SEALED = protect.seal(KEY, 7, HEADER, PLAIN)
HERE = Path(0, "192.0.2.1", 5000)

COUNTERS = st.one_of(
    st.integers(0, 40),
    st.integers(0, 3 * protect.ReplayWindow.SIZE),
    st.sampled_from([(1 << 32) - 1, 1 << 20]),
)


@given(st.lists(COUNTERS, max_size=120))
def test_a_replay_window_is_a_set_of_what_was_taken(counters: list[int]) -> None:
    """Only what is too far behind the newest is refused unseen."""
    window, taken = protect.ReplayWindow(), set[int]()
    for counter in counters:
        too_old = counter <= max(taken, default=-1) - window.SIZE
        assert window.fresh(counter) == (counter not in taken and not too_old)
        if window.fresh(counter):
            window.take(counter)
            taken.add(counter)
        assert window.top == max(taken)


@pytest.mark.parametrize(
    ("top", "counter", "fresh"),
    [
        (1023, 0, True),
        (1024, 0, False),
        (1024, 1, True),
        (5000, 5000 - 1023, True),
        (5000, 5000 - 1024, False),
    ],
)
def test_the_window_reaches_exactly_as_far_back_as_it_says(
    top: int, counter: int, fresh: bool
) -> None:
    window = protect.ReplayWindow()
    window.take(top)
    assert window.fresh(counter) is fresh


def test_what_is_sealed_opens_with_the_same_key_counter_and_header() -> None:
    assert protect.unseal(KEY, 7, HEADER, SEALED) == PLAIN
    assert PLAIN not in SEALED


def test_nothing_else_opens_it() -> None:
    assert protect.unseal(bytes(16), 7, HEADER, SEALED) is None
    assert protect.unseal(KEY, 8, HEADER, SEALED) is None
    assert protect.unseal(KEY, 7, HEADER + b"\0", SEALED) is None
    for bit in range(8 * len(SEALED)):
        damaged = bytearray(SEALED)
        damaged[bit // 8] ^= 1 << bit % 8
        assert protect.unseal(KEY, 7, HEADER, bytes(damaged)) is None


@given(st.binary(max_size=40))
def test_random_bytes_do_not_open(data: bytes) -> None:
    assert protect.unseal(KEY, 0, HEADER, data) is None


def test_each_input_goes_into_a_sessions_keys() -> None:
    inputs = [b"secret", bytes(16), bytes(16), bytes(8)]
    keys = {protect.session_keys(*inputs)}
    for index, value in enumerate(inputs):
        changed = [*inputs]
        changed[index] = value[:-1] + b"\1"
        keys.add(protect.session_keys(*changed))
    assert len(keys) == 5
    assert len({key for all_three in keys for key in all_three}) == 15


def test_a_first_is_sealed_under_another_key_than_its_session() -> None:
    first = protect.first_key(b"secret", bytes(16), bytes(16))
    assert first not in protect.session_keys(b"secret", bytes(16), bytes(16), bytes(8))
    assert first != protect.first_key(b"secret", bytes(16), bytes(15) + b"\1")
    assert first != protect.first_key(b"other", bytes(16), bytes(16))


@pytest.mark.parametrize(
    "other",
    [
        (b"other key", 1, HERE, b"random"),
        (b"key", 2, HERE, b"random"),
        (b"key", 1, Path(1, "192.0.2.1", 5000), b"random"),
        (b"key", 1, Path(0, "192.0.2.2", 5000), b"random"),
        (b"key", 1, Path(0, "192.0.2.1", 5001), b"random"),
        (b"key", 1, HERE, b"Random"),
    ],
)
def test_a_cookie_is_bound_to_key_time_path_and_random(
    other: tuple[bytes, int, Path, bytes],
) -> None:
    assert protect.cookie(b"key", 1, HERE, b"random") != protect.cookie(*other)


def test_an_answers_code_covers_all_that_it_says() -> None:
    code = protect.answer_mac(b"secret", 1, b"random", b"cookie")
    assert code != protect.answer_mac(b"Secret", 1, b"random", b"cookie")
    assert code != protect.answer_mac(b"secret", 2, b"random", b"cookie")
    assert code != protect.answer_mac(b"secret", 1, b"Random", b"cookie")
    assert code != protect.answer_mac(b"secret", 1, b"random", b"Cookie")


def test_a_reset_token_is_of_one_session_of_one_server() -> None:
    token = protect.reset_token(b"identity", b"session1")
    assert token == protect.reset_token(b"identity", b"session1")
    assert token != protect.reset_token(b"identity", b"session2")
    assert token != protect.reset_token(b"Identity", b"session1")


def test_proofs_of_different_things_are_different_under_one_key() -> None:
    key, data = b"one key", b"one input"
    macs = {
        protect.reset_token(key, data),
        protect.masked_endpoint(key, data),
        protect.cookie(key, 0, HERE, data),
        protect.answer_mac(key, 0, data, b""),
    }
    assert len({mac[:4] for mac in macs}) == 4


@given(st.binary(min_size=32, max_size=32), st.integers(0, 1 << 30))
def test_a_code_for_people_is_six_characters_that_are_hard_to_confuse(
    key: bytes, bucket: int
) -> None:
    code = protect.text_code(key, bucket, HERE)
    assert len(code) == 6
    assert set(code) <= set(string.ascii_lowercase + string.digits) - set("01lo")


def test_a_code_for_people_has_thirty_bits() -> None:
    seen = [set[str]() for _ in range(6)]
    for bucket in range(600):
        for at, char in enumerate(protect.text_code(b"key", bucket, HERE)):
            seen[at].add(char)
    assert [len(chars) for chars in seen] == [32] * 6


def test_a_code_is_of_one_path_and_one_minute() -> None:
    code = protect.text_code(b"key", 1, HERE)
    assert code != protect.text_code(b"key", 2, HERE)
    assert code != protect.text_code(b"key", 1, Path(0, "192.0.2.1", 5001))


def test_a_masked_endpoint_is_four_bytes_that_stay_the_same() -> None:
    masked = protect.masked_endpoint(b"key", b"endpoint")
    assert len(masked) == 4
    assert masked == protect.masked_endpoint(b"key", b"endpoint")
    assert masked != protect.masked_endpoint(b"key", b"Endpoint")


def test_an_instance_is_what_its_secret_hashes_to() -> None:
    assert protect.instance_of(b"secret") == hashlib.sha256(b"secret").digest()[:8]


def test_the_published_secret_is_the_published_one() -> None:
    """It is part of the protocol: another one is another protocol."""
    assert (
        protect.PUBLISHED_SECRET.hex()
        == hashlib.sha256(b"chat over UDP, protocol 1: everybody knows this").hexdigest()
    )


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [("abc", "abc", True), ("abc", b"abc", True), ("abc", "abd", False), ("ä", "a", False)],
)
def test_same_compares_text_and_bytes(one: str, other: str | bytes, equal: bool) -> None:
    assert protect.same(one, other) is equal
