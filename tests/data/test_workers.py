"""Work in other processes: order, errors, processes that die, stopping."""

import pytest
from data_fakes import double, fatal

from evenflow.core.errors import Cancelled
from evenflow.core.events import CancelToken
from evenflow.data.workers import WorkerDied, spread


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order_and_errors_are_results(workers):
    found = list(spread(double, range(12), setup=10, workers=workers))
    assert [number for number, _ in found] == list(range(12))
    assert isinstance(found[5][1], ValueError)
    assert [r for n, r in found if n != 5] == [10 * n for n in range(12) if n != 5]


def test_out_of_order_nothing_is_lost():
    found = dict(spread(double, range(30), setup=1, workers=2, ordered=False))
    assert sorted(found) == list(range(30))


def test_a_process_that_dies_costs_only_its_job(tmp_path):
    found = dict(spread(fatal, range(7), setup=str(tmp_path / "mark"), workers=2))
    assert isinstance(found.pop(2), WorkerDied)
    assert found == {n: n for n in (0, 1, 3, 4, 5, 6)}


def test_who_stops_it_is_obeyed():
    token = CancelToken()
    found = spread(double, range(100), setup=1, cancel=token)
    assert next(found)[0] == 0
    token.cancel()
    with pytest.raises(Cancelled):
        next(found)
