import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import asks
from chat.core.commands import COMMANDS, Call, Mistake, parse
from chat.core.orders import Order, order
from chat.core.roles import RULES, Act


def ordered(line: str) -> Order | Mistake | None:
    call = parse(line)
    assert isinstance(call, Call)
    return order(call)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("/kick bob", Order(Act.KICK, "bob")),
        ("/kick @bob spam  again ", Order(Act.KICK, "bob", text="spam  again")),
        ("/ban", Order(Act.BANS)),
        ("/ban bob", Order(Act.BAN, "bob")),
        ("/ban bob 2h", Order(Act.BAN, "bob", 7200)),
        ("/ban bob 1h30m  spam and more", Order(Act.BAN, "bob", 5400, text="spam and more")),
        ("/ban bob spam and more", Order(Act.BAN, "bob", text="spam and more")),
        ("/ban bob h2 is no duration", Order(Act.BAN, "bob", text="h2 is no duration")),
        ("/ban 192.0.2.7 7d", Order(Act.BAN, "192.0.2.7", 604_800)),
        ("/ban 192.0.2.7:5000", Order(Act.BAN, "192.0.2.7")),
        ("/ban 192.0.2.7/24", Order(Act.BAN, "192.0.2.0/24")),
        ("/ban 2001:DB8::1", Order(Act.BAN, "2001:db8::1")),
        ("/ban [2001:db8::1]:5000", Order(Act.BAN, "2001:db8::1")),
        ("/ban 2001:db8::1/64", Order(Act.BAN, "2001:db8::/64")),
        ("/unban bob", Order(Act.UNBAN, "bob")),
        ("/unban 2001:db8::/64", Order(Act.UNBAN, "2001:db8::/64")),
        ("/mute bob", Order(Act.MUTE, "bob")),
        ("/mute bob 10m shouting", Order(Act.MUTE, "bob", 600, text="shouting")),
        ("/unmute bob", Order(Act.UNMUTE, "bob")),
        ("/op bob", Order(Act.OP, "bob", text="moderator")),
        ("/op bob Owner", Order(Act.OP, "bob", text="owner")),
        ("/deop bob", Order(Act.DEOP, "bob")),
        ("/lock", Order(Act.LOCK)),
        ("/unlock", Order(Act.UNLOCK)),
        ("/password", Order(Act.PASSWORD, hidden=True)),
        ("/password OFF", Order(Act.PASSWORD)),
        ("/slow", Order(Act.SLOW, seconds=30)),
        ("/slow 10", Order(Act.SLOW, seconds=10)),
        ("/slow 2m", Order(Act.SLOW, seconds=120)),
        ("/slow off", Order(Act.SLOW)),
        ("/slow 0", Order(Act.SLOW)),
        ("/limit 40", Order(Act.LIMIT, number=40)),
        ("/limit off", Order(Act.LIMIT)),
        ("/hide", Order(Act.HIDE)),
        ("/unhide", Order(Act.UNHIDE)),
        ("/invite", Order(Act.INVITE, seconds=86_400, number=1)),
        ("/invite 20", Order(Act.INVITE, seconds=86_400, number=20)),
        ("/invite 20 7d", Order(Act.INVITE, seconds=604_800, number=20)),
        ("/invite list", Order(Act.INVITES)),
        ("/invite revoke 00FF11ee", Order(Act.UNINVITE, "00ff11ee")),
        ("/delete", Order(Act.DELETE)),
        ("/delete off topic", Order(Act.DELETE, text="off topic")),
    ],
)
def test_an_order(line: str, meaning: Order) -> None:
    assert ordered(line) == meaning


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/kick b/b", "a name has letters"),
        ("/ban 300.0.0.1/8", "is no address"),
        ("/ban ~a1b2c3d4:1", "is no address"),
        ("/ban bob 10 minutes", "10 is no duration"),
        ("/ban bob 0s", "0s is no duration"),
        ("/mute bob 10x", "10x is no duration"),
        ("/op bob king", "king is no role"),
        ("/password swordfish", "so that nobody sees it"),
        ("/slow fast", "fast is no duration"),
        ("/slow 99999999999999", "is no duration"),
        ("/limit 0", "0 is no number"),
        ("/limit 2.5", "2.5 is no number"),
        ("/limit 1000001", "is no number from 1 to 1,000,000"),
        ("/invite 5 soon", "soon is no duration"),
        ("/invite everybody", "everybody is no number"),
        ("/invite revoke", "which invite?"),
        ("/invite revoke all", "which invite?"),
    ],
)
def test_what_cannot_be_read_says_how_the_command_is_used(line: str, why: str) -> None:
    mistake = ordered(line)
    assert isinstance(mistake, Mistake)
    assert why in mistake.reason
    assert f"usage: {line.split()[0]}" in mistake.reason


def test_a_password_on_the_line_is_not_repeated() -> None:
    mistake = ordered("/password swordfish")
    assert isinstance(mistake, Mistake)
    assert "swordfish" not in mistake.reason


def test_a_reason_is_short_enough_for_the_wire() -> None:
    assert isinstance(ordered(f"/kick bob {'x' * asks.WORDS_MAX}"), Order)
    assert isinstance(ordered(f"/kick bob {'x' * (asks.WORDS_MAX + 1)}"), Mistake)
    assert isinstance(ordered(f"/kick bob {'é' * (asks.WORDS_MAX - 1)}"), Mistake)


def test_other_commands_are_no_orders() -> None:
    for line in ("/who", "/me waves", "/quit"):
        assert ordered(line) is None


def test_there_is_a_command_for_every_act() -> None:
    lines = (
        "/kick a", "/ban a", "/unban a", "/mute a", "/unmute a", "/delete", "/slow", "/invite",
        "/invite revoke 00000000", "/invite list", "/ban", "/lock", "/unlock", "/password",
        "/limit 1", "/hide", "/unhide", "/op a", "/deop a",
    )  # fmt: skip
    found = [ordered(line) for line in lines]
    assert {each.act for each in found if isinstance(each, Order)} == set(RULES)


@given(
    st.sampled_from([row.name for row in COMMANDS]),
    st.text(max_size=20) | st.from_regex(r"[a-z0-9]{1,5} [0-9]{0,3}[smhdw]? ?[a-z]{0,3}"),
)
def test_whatever_is_typed_is_an_order_that_the_wire_takes_or_a_mistake(
    name: str, rest: str
) -> None:
    call = parse(f"/{name} {rest}")
    made = order(call) if isinstance(call, Call) else None
    if isinstance(made, Order):
        act = asks.Act(1, "lobby", made.act, made.whom, made.seconds, made.number, made.text)
        assert asks.decode_request(msgspec.msgpack.encode(act)) == act
