import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evenflow.continuity.paired import RESAMPLES, Paired, chain, draws, holm, mean_difference
from evenflow.core.estimate import LEVEL

blocks = st.lists(st.floats(-100, 100), min_size=3, max_size=30)


def covered(series: np.ndarray, *, chained: bool) -> float:
    """Share of the rows `(runs, blocks)` whose interval holds 0, their true mean."""
    hits = 0
    for row in series:
        found = mean_difference(np.zeros(len(row)), row, chained=chained)
        assert found is not None
        low, high = found.interval() or (1, 1)
        hits += low <= 0 <= high
    return hits / len(series)


def remembering(memory_s: float, num_blocks: int, runs: int, seed: int) -> np.ndarray:
    """Means of one-second blocks of a series of 25 frames a second that forgets exponentially."""
    keep = np.exp(-1 / (25 * memory_s))
    noise = np.random.default_rng(seed).normal(size=(runs, 25 * num_blocks))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for i in range(1, noise.shape[1]):
        series[:, i] = keep * series[:, i - 1] + np.sqrt(1 - keep**2) * noise[:, i]
    return series.reshape(runs, num_blocks, 25).mean(axis=2)


@pytest.mark.parametrize("seed", range(20))
def test_the_interval_is_students_up_to_the_draws(seed):
    noise = np.random.default_rng(seed)
    first = noise.uniform(-100, 100, 3 + seed)
    second = first + noise.normal(1, 2, len(first))
    found = mean_difference(first, second)
    assert found is not None
    theirs = stats.ttest_rel(second, first)
    low, high = theirs.confidence_interval()
    ours = found.interval()
    assert ours is not None
    width = high - low
    assert found.value == pytest.approx((low + high) / 2, abs=1e-9)
    assert ours[1] - ours[0] == pytest.approx(width, rel=6 / np.sqrt(2 * RESAMPLES))


@pytest.mark.parametrize("num_blocks", [3, 4, 6, 10, 30])
def test_an_interval_of_95_percent_covers_95_percent(num_blocks):
    series = np.random.default_rng(num_blocks).normal(size=(1500, num_blocks))
    assert 0.93 < covered(series, chained=False) < 0.97
    assert 0.93 < covered(series, chained=True) < 0.985


@pytest.mark.parametrize(("memory_s", "least"), [(0.1, 0.94), (0.3, 0.92), (1.0, 0.87)])
def test_series_that_remember_are_covered_nearly_as_well(memory_s, least):
    series = remembering(memory_s, 10, 1000, seed=3)
    assert least < covered(series, chained=True) < 0.985
    assert covered(series, chained=True) >= covered(series, chained=False)


def test_equal_clips_differ_by_nothing_however_few_blocks_there_are():
    for count in (1, 2, 3, 10):
        same = mean_difference(np.arange(count), np.arange(count))
        assert same is not None
        assert (same.value, same.interval(), same.p) == (0.0, (0.0, 0.0), 1.0)


def test_few_blocks_give_no_interval_and_none_give_nothing():
    two = mean_difference(np.zeros(2), np.ones(2))
    assert two == Paired(1.0, None, 2)
    assert two.interval() is None and two.p is None
    assert mean_difference(np.array([np.nan, 1.0]), np.array([1.0, np.nan])) is None


def test_blocks_that_one_clip_lacks_are_left_out_of_both():
    found = mean_difference(np.array([0, np.nan, 0, 0, 5]), np.array([1, 9, 2, 3, np.nan]))
    assert found is not None
    assert (found.value, found.num_blocks) == (2.0, 3)


@given(blocks, st.integers(0, 100))
def test_the_other_way_round_is_the_same_with_the_other_sign(values, seed):
    first = np.array(values)
    second = np.random.default_rng(seed).uniform(-9, 9, len(values))
    one, other = mean_difference(first, second), mean_difference(second, first)
    assert one is not None and other is not None
    assert one.value == -other.value and one.error == other.error


@given(blocks)
def test_p_and_interval_decide_alike_at_any_level(values):
    found = mean_difference(np.zeros(len(values)), np.array(values))
    assert found is not None and found.p is not None
    for level in (0.5, 0.9, 0.95, 0.99):
        low, high = found.interval(level) or (0, 0)
        if abs(found.p - (1 - level)) > 1e-9:
            assert (low <= 0 <= high) == (found.p > 1 - level)


def test_draws_are_the_same_for_the_same_seed_and_count_every_block():
    assert (draws(7, seed=3) == draws(7, seed=3)).all()
    assert (draws(7, seed=3) != draws(7, seed=4)).any()
    assert (draws(7).sum(axis=1) == 7).all()
    assert len(draws(10_000)) == 1000  # fits into memory


def test_a_chain_of_equal_neighbors_says_less_and_noise_does_not():
    assert chain(np.repeat([0.0, 1.0], 10)) > 2
    assert chain(np.tile([0.0, 1.0], 10)) == 1.0
    assert chain(np.zeros(5)) == 1.0


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12))
def test_holm_rejects_what_the_textbook_rejects(p_values):
    taking = [p for p in p_values if p is not None and p < 1]
    holds = holm(p_values)
    for p, (sure, level) in zip(p_values, holds, strict=True):
        if p is None or p == 1:
            assert not sure
            continue
        before = sum(other <= p for other in taking) if taking.count(p) == 1 else None
        if before is None:
            continue
        expected = all(
            other < (1 - LEVEL) / (len(taking) - sorted(taking).index(other))
            for other in taking
            if other <= p
        )
        if len(set(taking)) == len(taking):
            assert sure == expected
        assert sure == (p < 1 - level) or p == pytest.approx(1 - level)
