import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from evenflow.core.errors import BadInput
from evenflow.metrics.frechet import Moments, frechet_distance, frechet_gaussians
from evenflow.metrics.inception_score import inception_score
from evenflow.metrics.kernel_distance import gaussian, kid, mmd_squared, polynomial


def cloud(n, d, *, seed=0, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, scale, (n, d))


def exact(mean, covariance, n):
    """`n` points with exactly this mean and covariance (over n - 1)."""
    d = len(mean)
    x = cloud(n, d, seed=9)
    x -= x.mean(axis=0)
    values, axes = np.linalg.eigh(x.T @ x / (n - 1))
    white = x @ axes / np.sqrt(values)
    values, axes = np.linalg.eigh(covariance)
    return white @ (np.sqrt(np.maximum(values, 0))[:, None] * axes.T) + mean


def textbook(x, y):
    """By the matrix root of the product."""
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    gap = x.mean(axis=0) - y.mean(axis=0)
    return gap @ gap + np.trace(a + b - 2 * np.real(sqrtm(a @ b)))


# Frechet


def test_commuting_gaussians_have_a_closed_form():
    u, v = np.array([1.0, 4.0, 0.25, 9.0]), np.array([2.0, 1.0, 0.5, 16.0])
    shift = np.array([1.0, 0.0, -2.0, 0.5])
    axes = np.linalg.qr(cloud(4, 4, seed=2))[0]
    a, b = (axes * u) @ axes.T, (axes * v) @ axes.T
    expected = shift @ shift + ((np.sqrt(u) - np.sqrt(v)) ** 2).sum()
    assert frechet_gaussians(np.zeros(4), a, shift, b) == pytest.approx(expected, abs=1e-9)
    x, y = exact(np.zeros(4), a, 60), exact(shift, b, 80)
    assert frechet_distance(x, y) == pytest.approx(expected, abs=1e-9)


def test_general_gaussians_have_one_by_eigenvalues():
    a, b = (c.T @ c / 7 for c in (cloud(7, 5, seed=3), cloud(7, 5, seed=4, scale=2.0)))
    shift = np.arange(5) / 3
    roots = np.sqrt(np.maximum(np.linalg.eigvals(a @ b).real, 0)).sum()
    expected = shift @ shift + np.trace(a) + np.trace(b) - 2 * roots
    assert frechet_gaussians(shift, a, np.zeros(5), b) == pytest.approx(expected, abs=1e-9)
    found = frechet_distance(exact(shift, a, 40), exact(np.zeros(5), b, 50))
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(300, 200), (30, 300), (300, 30), (20, 20)])
def test_it_is_the_textbooks(n, m):
    x, y = cloud(n, 16, seed=5), cloud(m, 16, seed=6, scale=1.3, shift=0.2)
    assert frechet_distance(x, y) == pytest.approx(textbook(x, y), abs=1e-6)


def test_less_than_full_rank_is_exact():
    x, y = cloud(10, 64, seed=1), cloud(12, 64, seed=2)  # ranks 9 and 11 of 64
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    values, axes = np.linalg.eigh(a)
    root = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0)).sum()
    gap = x.mean(axis=0) - y.mean(axis=0)
    expected = gap @ gap + np.trace(a) + np.trace(b) - 2 * roots
    # roots of eigenvalues that are zero but for rounding: 1e-5 is what this check can tell
    assert frechet_distance(x, y) == pytest.approx(expected, abs=1e-5)
    assert frechet_gaussians(x.mean(0), a, y.mean(0), b) == pytest.approx(expected, abs=1e-5)
    line = np.outer([0.0, 2.0], [3.0, 4.0])  # both of rank 1, orthogonal: no overlap
    other = np.outer([0.0, 2.0], [-4.0, 3.0])
    gap = line.mean(0) - other.mean(0)
    assert frechet_distance(line, other) == pytest.approx(gap @ gap + 50 + 50, abs=1e-9)
    flat = np.ones((3, 2))
    assert frechet_distance(flat, flat + 2) == pytest.approx(8.0, abs=1e-12)


def test_a_set_is_at_zero_from_itself_and_distance_is_symmetric():
    x, y = cloud(50, 8), cloud(40, 8, seed=1)
    assert frechet_distance(x, x) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-12)


def test_moments_seen_apart_are_moments_seen_together():
    x = cloud(50, 6, seed=3, shift=100.0)
    parts = Moments.of(x[:7]).merged(Moments.of(x[7:30])).merged(Moments.of(x[30:]))
    assert parts.count == 50
    np.testing.assert_allclose(parts.mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(parts.covariance, np.cov(x, rowvar=False), rtol=1e-9)
    y = Moments.of(cloud(30, 6))
    found = frechet_gaussians(parts.mean, parts.covariance, y.mean, y.covariance)
    assert found == pytest.approx(frechet_distance(x, cloud(30, 6)), rel=1e-9)


def test_nonsense_has_no_distance():
    with pytest.raises(BadInput, match="at least 2"):
        frechet_distance([[1.0]], [[1.0], [2.0]])
    with pytest.raises(BadInput, match="one width"):
        frechet_distance(cloud(4, 3), cloud(4, 2))
    with pytest.raises(BadInput, match="not finite"):
        frechet_distance([[1.0], [math.inf]], [[1.0], [2.0]])
    with pytest.raises(BadInput, match="negative eigenvalue"):
        frechet_gaussians(np.zeros(2), np.diag([1.0, -1.0]), np.zeros(2), np.eye(2))
    with pytest.raises(BadInput, match="two items"):
        _ = Moments.of([[1.0]]).covariance


# kernel distance


@pytest.mark.parametrize("kernel", [polynomial, gaussian(2.0)])
@pytest.mark.parametrize("unbiased", [True, False])
def test_mmd_is_a_double_sum(kernel, unbiased):
    x, y = cloud(13, 4), cloud(9, 4, seed=1, shift=0.5)

    def k(a, b):
        if kernel is polynomial:
            return (sum(p * q for p, q in zip(a, b, strict=True)) / 4 + 1) ** 3
        return math.exp(-sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) / 8)

    def within(z):
        pairs = [(i, j) for i in range(len(z)) for j in range(len(z)) if i != j or not unbiased]
        return sum(k(z[i], z[j]) for i, j in pairs) / len(pairs)

    across = sum(k(a, b) for a in x for b in y) / (len(x) * len(y))
    expected = within(x) + within(y) - 2 * across
    found = mmd_squared(x, y, kernel=kernel, unbiased=unbiased)
    assert found == pytest.approx(expected, rel=1e-9)


def test_blocks_do_not_change_it(monkeypatch):
    x, y = cloud(50, 4), cloud(33, 4, seed=1, shift=0.2)
    whole = [mmd_squared(x, y, unbiased=u) for u in (True, False)]
    monkeypatch.setattr("evenflow.metrics.kernel_distance.BLOCK", 7)
    assert [mmd_squared(x, y, unbiased=u) for u in (True, False)] == pytest.approx(whole, rel=1e-9)


def test_the_same_distribution_is_near_zero_and_another_is_not():
    x, y = cloud(400, 4), cloud(400, 4, seed=1)
    same, other = kid(x, y, num_subsets=20, subset_size=100), kid(x, y + 0.5, num_subsets=20)
    assert abs(same.mean) < 0.05 < other.mean
    assert mmd_squared(x, x, unbiased=False) == pytest.approx(0.0, abs=1e-9)


def test_subsets_follow_the_seed():
    x, y = cloud(60, 4), cloud(60, 4, seed=1, shift=0.3)
    asked = {"num_subsets": 5, "subset_size": 20}
    assert kid(x, y, **asked) == kid(x, y, **asked)
    assert kid(x, y, **asked) != kid(x, y, **asked, seed=1)
    everything = kid(x, y, num_subsets=3, subset_size=1000)
    assert everything.mean == pytest.approx(mmd_squared(x, y), rel=1e-9)
    assert everything.std == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(BadInput, match="num_subsets=0"):
        kid(x, y, num_subsets=0)
    with pytest.raises(BadInput, match="bandwidth"):
        gaussian(0.0)


# inception score


def test_a_classifier_that_knows_nothing_gives_one():
    assert inception_score(np.full((40, 8), 1 / 8)).mean == pytest.approx(1.0, abs=1e-12)


def test_certain_and_balanced_gives_the_number_of_classes():
    sure = np.tile(np.eye(8), (10, 1))
    found = inception_score(sure)
    assert found.mean == pytest.approx(8.0, abs=1e-9) and found.std == pytest.approx(0, abs=1e-9)
    assert inception_score(np.tile(np.eye(8)[:1], (80, 1))).mean == pytest.approx(1.0)
    counts = np.array([6, 3, 1])  # certain but unbalanced: exp of the entropy
    share = counts / 10
    expected = math.exp(-(share * np.log(share)).sum())
    rows = np.repeat(np.eye(3), counts, axis=0)
    assert inception_score(rows, num_splits=1).mean == pytest.approx(expected, abs=1e-12)


def test_it_is_the_formula_split_by_split():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(5), 43)
    scores = []
    for part in np.array_split(p, 4):
        marginal = part.mean(0)
        divergences = [(row * np.log(row / marginal)).sum() for row in part]
        scores.append(math.exp(np.mean(divergences)))
    found = inception_score(p, num_splits=4)
    assert found == pytest.approx((np.mean(scores), np.std(scores)), rel=1e-12)


def test_logits_are_no_probabilities():
    with pytest.raises(BadInput, match="softmax"):
        inception_score([[2.0, 3.0]])
    with pytest.raises(BadInput, match="num_splits=10 of 1"):
        inception_score([[0.5, 0.5]])
