from hypothesis import given
from hypothesis import strategies as st

from chat.tui.lines import Key, Line, Look
from chat.tui.order import Order

keys = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), unique=True)
places = st.tuples(st.integers(0, 21), st.integers(0, 3))


def line(key: Key) -> Line:
    return Line(0, key, Look.TALK, 0, "")


@given(keys, places, places)
def test_it_is_a_sorted_list(added: list[Key], one: Key, other: Key) -> None:
    order = Order()
    for key in added:
        order.add(line(key))
    naive = sorted(added)
    assert [each.key for each in order] == naive
    assert [order[order.index(key)].key for key in naive] == naive
    assert order.place(one) == len([key for key in naive if key < one])
    found = order.find(one)
    assert (found.key if found else None) == (one if one in naive else None)
    first, last = min(one, other), max(one, other)
    inside = [key for key in naive if first <= key < last]
    assert [each.key for each in order.between(first, last)] == inside
    assert [each.key for each in order.cut(first, last)] == inside
    assert [each.key for each in order] == [key for key in naive if key not in inside]


def test_a_line_is_in_it_and_no_other_at_its_place() -> None:
    mine, other = line((1, 0)), line((1, 0))
    order = Order([mine])
    assert mine in order
    assert other not in order
    order.remove(other)
    assert len(order) == 1
    order.remove(mine)
    assert len(order) == 0
