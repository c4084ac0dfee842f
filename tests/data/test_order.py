"""Every sample comes as often as it should, in an order that no rank, stop or resume changes."""

import tracemalloc
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.data.order import SMALL, Order, Permutation, Shelf

shelves = st.lists(
    st.builds(
        Shelf,
        st.integers(1, 9),
        st.lists(st.integers(0, 40), min_size=2, max_size=2).map(tuple).filter(sum),
        st.sampled_from([(), (Fraction(1), Fraction(2)), (Fraction(1, 2), Fraction(7, 3))]),
    ),
    min_size=1,
    max_size=4,
)


@given(st.integers(1, 3 * SMALL), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_a_permutation_has_every_value_once(n, key):
    order = Permutation(n, key)
    values = order.many(np.arange(n))
    assert np.array_equal(np.sort(values), np.arange(n))
    for i in {0, n // 2, n - 1}:
        assert order.place(int(values[i])) == i


@pytest.mark.parametrize("n", [10**8, 2**40 + 1, 2**62])
def test_a_huge_permutation_is_its_own_inverse_backwards_and_keeps_nothing(n):
    tracemalloc.start()
    order = Permutation(n, 5)
    places = np.random.default_rng(0).integers(0, n, 500)
    values = order.many(places)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert len(set(values.tolist())) == len(set(places.tolist()))
    assert all(order.place(int(v)) == p for v, p in zip(values[:50], places[:50], strict=True))
    # No trend: values of neighboring places do not follow one another.
    near = order.many(np.arange(4000)).astype(np.float64) / n
    assert abs(np.corrcoef(near[:-1], near[1:])[0, 1]) < 0.06
    assert abs(near.mean() - 0.5) < 0.02


@pytest.mark.parametrize("n", [5, SMALL + 904])
def test_every_value_is_as_likely_at_every_place(n):
    trials = 600
    first = [Permutation(n, key)(0) * 5 // n for key in range(trials)]
    counts = np.bincount(first, minlength=5)
    expected = trials / 5
    assert ((counts - expected) ** 2 / expected).sum() < 18.5  # chi-square, 4 degrees, p = 0.001


def sequence(order: Order, epoch: int) -> list[list[tuple[int, int, int]]]:
    out = []
    for number in range(order.num_batches(epoch)):
        draw = order.batch(epoch, number)
        out.append([(draw.shelf, one.part, one.entry) for one in draw.members])
    return out


@given(shelves, st.integers(0, 5), st.integers(0, 3), st.booleans())
@settings(max_examples=20, deadline=None)
def test_short_batches_hold_every_sample_as_often_as_its_dataset_says(all_, seed, epoch, shuffle):
    order = Order(all_, seed=seed, last="short", shuffle=shuffle)
    found = Counter(one for batch in sequence(order, epoch) for one in batch)
    for i, shelf in enumerate(all_):
        for part, count in enumerate(shelf.counts):
            factor = shelf.factors[part] if shelf.factors else Fraction(1)
            times = [found[i, part, entry] for entry in range(count)]
            start, end = int(epoch * factor * count), int((epoch + 1) * factor * count)
            assert sum(times) == end - start
            assert not times or max(times) - min(times) <= 2
            if factor.denominator == 1:
                assert set(times) <= {int(factor)}
    assert sum(found.values()) == sum(order.samples(i, epoch) for i in range(len(all_)))


@given(shelves, st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_passes_go_on_through_epochs_so_that_halves_add_up(all_, seed):
    order = Order(all_, seed=seed, last="short")
    found = Counter(one for epoch in range(6) for batch in sequence(order, epoch) for one in batch)
    for i, shelf in enumerate(all_):
        for part, count in enumerate(shelf.counts):
            factor = shelf.factors[part] if shelf.factors else Fraction(1)
            if (6 * factor).denominator == 1:
                assert all(found[i, part, entry] == 6 * factor for entry in range(count))


@given(shelves, st.integers(0, 5), st.sampled_from(["fill", "drop"]))
@settings(max_examples=15, deadline=None)
def test_other_batches_are_all_full_and_of_one_shelf(all_, seed, last):
    order = Order(all_, seed=seed, last=last)
    for batch in sequence(order, 1):
        assert len({shelf for shelf, _, _ in batch}) == 1
        assert len(batch) == all_[batch[0][0]].batch


@given(shelves, st.integers(0, 5), st.data())
@settings(max_examples=20, deadline=None)
def test_any_rank_count_and_any_stop_give_the_same_sequence(all_, seed, data):
    whole = Order(all_, seed=seed)
    expected = [one for batch in sequence(whole, 0) for one in batch]
    position, got = 0, []
    while position < whole.num_batches(0):
        size = data.draw(st.sampled_from([1, 2, 4, 8]))
        stop = min(whole.num_batches(0), position + data.draw(st.integers(1, 5)))
        again = Order(all_, seed=seed)  # a new process that knows epoch, position and seed alone
        for number in range(position, stop):
            draw = again.batch(0, number)
            ranks = [draw.members[rank::size] for rank in range(size)]
            for i in range(len(draw.members)):
                one = ranks[i % size][i // size]
                got.append((draw.shelf, one.part, one.entry))
        position = stop
    assert got == expected


def test_epochs_and_seeds_differ_and_without_shuffle_all_is_in_order():
    shelf = [Shelf(4, (100,))]
    assert sequence(Order(shelf, seed=1), 0) != sequence(Order(shelf, seed=1), 1)
    assert sequence(Order(shelf, seed=1), 0) != sequence(Order(shelf, seed=2), 0)
    plain = [e for batch in sequence(Order(shelf, shuffle=False), 3) for _, _, e in batch]
    assert plain == list(range(100))


def test_slots_of_filled_up_members_are_their_own():
    order = Order([Shelf(8, (3,))], seed=0)
    members = order.batch(0, 0).members
    assert Counter(m.entry for m in members) == Counter({0: 3, 1: 3, 2: 3}) - Counter(
        [order.member(0, 0, 8).entry]
    )
    assert len({m.slot for m in members}) == 8


def test_a_batch_out_of_a_hundred_million_needs_no_memory():
    order = Order([Shelf(64, (10**8,))], seed=3)
    tracemalloc.start()
    members = order.batch(2, 1_000_000).members
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert len({m.entry for m in members}) == 64


def test_silly_orders_are_refused():
    with pytest.raises(IndexError):
        Order([Shelf(4, (8,))]).batch(0, 2)
    with pytest.raises(BadInput):
        Shelf(0, (1,))
    with pytest.raises(BadInput):
        Permutation(0)
