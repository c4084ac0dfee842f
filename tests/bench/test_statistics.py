"""The statistics of a bench against scipy and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evenflow.bench.statistics import (
    auroc,
    average_ranks,
    bootstrap,
    clustered_auroc,
    share,
    spearman,
    wins,
)

numbers = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@given(numbers, numbers)
def test_auroc_is_the_scaled_statistic_of_mann_and_whitney(positives, negatives):
    u = stats.mannwhitneyu(positives, negatives).statistic
    assert auroc(positives, negatives) == pytest.approx(u / (len(positives) * len(negatives)))


@given(numbers, numbers)
def test_auroc_turns_around_with_its_sides(a, b):
    assert auroc(a, b) + auroc(b, a) == pytest.approx(1.0)


def test_auroc_of_nothing_is_not_a_number():
    assert math.isnan(auroc([], [1.0]))


def test_auroc_of_two_normals_is_their_closed_form():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1.0, 1.0, 2000), rng.normal(0.0, 1.0, 2000)
    assert auroc(a, b) == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=0.015)


@given(numbers)
def test_ranks_are_those_of_scipy(values):
    np.testing.assert_allclose(average_ranks(values), stats.rankdata(values))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_spearman_is_that_of_scipy(pairs):
    a, b = zip(*pairs, strict=True)
    mine = spearman(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert math.isnan(mine)
    else:
        assert mine == pytest.approx(stats.spearmanr(a, b).statistic)


def test_spearman_compares_pairs():
    with pytest.raises(ValueError, match="3 and 2"):
        spearman([1, 2, 3], [1, 2])


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_have_the_wilson_interval_of_scipy(counts):
    hits, count = counts
    mine = share(hits, count)
    theirs = stats.binomtest(hits, count).proportion_ci(method="wilson")
    assert mine.value == hits / count
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))


def test_a_share_of_nothing_is_none():
    assert share(0, 0) is None


def test_a_bootstrap_covers_the_mean_of_a_normal_as_often_as_it_says():
    rng, hits = np.random.default_rng(1), 0
    for turn in range(100):
        sample = rng.normal(0.0, 1.0, 40).tolist()
        found = bootstrap(sample, lambda drawn: float(np.mean(drawn)), seed=turn, resamples=300)
        hits += found.low <= 0.0 <= found.high
    assert 86 <= hits <= 100


def test_a_bootstrap_depends_on_its_seed_alone_and_says_nothing_of_two_clips():
    values = [0.1, 0.5, 0.9, 0.4]
    mean = lambda drawn: float(np.mean(drawn))  # noqa: E731
    assert bootstrap(values, mean, seed=3) == bootstrap(values, mean, seed=3)
    assert bootstrap(values[:2], mean).low is None
    assert bootstrap([], mean) is None


def test_auroc_over_clips_has_the_value_of_the_plain_one():
    rng = np.random.default_rng(2)
    positives, negatives = rng.normal(1, 1, 20), rng.normal(0, 1, 30)
    rows, columns = [f"clip {i % 5}" for i in range(20)], [f"clip {i % 6}" for i in range(30)]
    found = clustered_auroc(wins(positives, negatives), rows, columns, seed=4)
    assert found.value == pytest.approx(auroc(positives, negatives))
    assert found.low < found.value < found.high
    assert found.count == 20


def test_clips_that_agree_narrow_the_interval_and_one_clip_has_none():
    rows = columns = ["a", "b", "c", "d"]
    perfect = clustered_auroc(wins([3, 3, 3, 3], [0, 0, 0, 0]), rows, columns)
    assert (perfect.low, perfect.value, perfect.high) == (1.0, 1.0, 1.0)
    one = clustered_auroc(wins([3, 0], [1, 1]), ["a", "a"], ["a", "a"])
    assert (one.value, one.low) == (0.5, None)
    assert clustered_auroc(wins([], [1.0]), [], ["a"]) is None


def test_plants_of_one_clip_do_not_count_as_independent():
    """Ten copies of each clip's scores make no interval narrower."""
    rng = np.random.default_rng(5)
    positives, negatives = rng.normal(0.5, 1, 6), rng.normal(0, 1, 6)
    clips = list("abcdef")
    plain = clustered_auroc(wins(positives, negatives), clips, clips, seed=1)
    many = clustered_auroc(
        wins(np.repeat(positives, 10), np.repeat(negatives, 10)),
        np.repeat(clips, 10).tolist(),
        np.repeat(clips, 10).tolist(),
        seed=1,
    )
    assert (many.low, many.high) == pytest.approx((plain.low, plain.high))
