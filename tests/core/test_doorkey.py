import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.asks import SECRET_MAX, Join, decode_request, encode
from chat.core.doorkey import BadSecretError, check_secret


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("correct horse", "correct horse"),
        (" Blank ", " Blank "),
        ("cafe\u0301", "caf\u00e9"),
        ("no\u00a0break", "no break"),
        ("\U0001f41f", "\U0001f41f"),
        ("", ""),
    ],
)
def test_the_same_password_is_the_same_however_it_was_typed(typed: str, meant: str) -> None:
    assert check_secret(typed) == meant


@pytest.mark.parametrize("typed", ["x" * (SECRET_MAX + 1), "tab\tin it", "a\x00b", "half \ud83d"])
def test_what_can_be_none_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(BadSecretError) as error:
        check_secret(typed)
    assert typed[:5] not in str(error.value)


@given(st.text(max_size=SECRET_MAX))
def test_a_password_goes_over_the_wire_and_is_its_own_normal_form(text: str) -> None:
    try:
        secret = check_secret(text)
    except BadSecretError:
        return
    assert check_secret(secret) == secret
    join = Join(1, "den", (), secret)
    assert decode_request(encode(join)) == join
