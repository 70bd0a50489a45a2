"""What is missing, late or twice, by number."""

from random import Random

from chat.bots.receiver import Place, Receiver


def test_each_entry_has_its_place() -> None:
    receiver = Receiver(4)
    places = [receiver.take(seq) for seq in (5, 8, 6, 6, 9, 5)]
    assert places == [
        Place.NEXT,
        Place.NEXT,
        Place.LATE,
        Place.TWICE,
        Place.NEXT,
        Place.TWICE,
    ]
    assert receiver.missing == {7}
    assert (receiver.received, receiver.lost(0), receiver.lost(11)) == (4, 1, 3)


def test_as_a_naive_reader_sees_it() -> None:
    random = Random(3)
    sent = [seq for seq in range(1, 400) if random.random() > 0.1]
    sent += random.choices(sent, k=40)
    random.shuffle(sent)
    receiver, had, late, twice = Receiver(0), set[int](), 0, 0
    for seq in sent:
        place = receiver.take(seq)
        assert (place is Place.TWICE) == (seq in had)
        assert (place is Place.LATE) == (seq not in had and seq < max(had, default=0))
        had.add(seq)
        late += place is Place.LATE
        twice += place is Place.TWICE
    assert receiver.received == len(had)
    assert receiver.lost(400) == 400 - len(had)
    assert twice == 40
    assert late
