"""Kernel distance (MMD): how far two sets of features are apart without assuming Gaussians.

Formula: `MMD^2 = mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`; unbiased: pairs of an item with
    itself are left out of the first two means. KID: `k = (x.y / d + 1)^3`, mean over random
    subsets.
Source: Gretton et al. 2012, A kernel two-sample test, JMLR 13, lemma 6; Binkowski et al. 2018,
    Demystifying MMD GANs, arXiv:1801.01401 (KID; on video features KVD).
Range: the unbiased estimate may fall below 0 where both sets are alike; the biased one is 0 or
    more. Lower is better. KID is often printed times 100 or 1,000: it is not here.
Flaws: depends on kernel and scale of the features; a spread over subsets is no confidence interval,
    as subsets share items.
Features: as for the Frechet distance; none are shipped.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array, Estimate
from evenflow.metrics.vectors import same_width, vectors

Kernel = Callable[[Array, Array], Array]
"""`(n, d)` and `(m, d)` to `(n, m)`."""
BLOCK = 1024
"""Rows of the kernel that are held at a time."""


def polynomial(x: Array, y: Array) -> Array:
    """`(x.y / d + 1)^3`, the kernel of KID."""
    made: Array = (x @ y.T / x.shape[1] + 1.0) ** 3
    return made


def gaussian(bandwidth: float) -> Kernel:
    """`exp(-|x - y|^2 / (2 bandwidth^2))`.

    Raises:
        BadInput: the bandwidth is not above 0.
    """
    if not bandwidth > 0:
        raise BadInput(f"bandwidth={bandwidth} is no width: give a number above 0")

    def kernel(x: Array, y: Array) -> Array:
        gap_2 = np.square(x).sum(1)[:, None] + np.square(y).sum(1)[None] - 2.0 * (x @ y.T)
        made: Array = np.exp(-np.maximum(gap_2, 0.0) / (2.0 * bandwidth**2))
        return made

    return kernel


def mmd_squared(
    features: ArrayLike,
    reference: ArrayLike,
    *,
    kernel: Kernel = polynomial,
    unbiased: bool = True,
) -> float:
    """Squared maximum mean discrepancy of two sets of features.

    Args:
        features, reference: `(n, d)` and `(m, d)`, at least two rows each.
        kernel: a positive definite one.
        unbiased: leaves out each item with itself.

    Raises:
        BadInput: too few rows, different widths, values that are not finite.
    """
    x = vectors(features, name="features", least=2)
    y = vectors(reference, name="reference features", least=2)
    same_width(x, y)
    within = [_mean_within(z, kernel, unbiased=unbiased) for z in (x, y)]
    across = sum(float(kernel(part, y).sum()) for part in _blocks(x)) / (len(x) * len(y))
    return within[0] + within[1] - 2.0 * across


def kid(
    features: ArrayLike,
    reference: ArrayLike,
    *,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Kernel inception distance: mean and deviation of the unbiased MMD^2 over random subsets.

    Args:
        features, reference: `(n, d)` and `(m, d)`.
        num_subsets: how many.
        subset_size: items of each, drawn without repetition; at most as many as there are.
        seed: of the draw.

    Raises:
        BadInput: as `mmd_squared`, or no subset is asked for.
    """
    x = vectors(features, name="features", least=2)
    y = vectors(reference, name="reference features", least=2)
    same_width(x, y)
    size = min(subset_size, len(x), len(y))
    if num_subsets < 1 or size < 2:
        raise BadInput(
            f"num_subsets={num_subsets} of subset_size={subset_size}: ask for 1 subset of 2 or more"
        )
    draw = np.random.default_rng(seed)
    values = [
        mmd_squared(
            x[draw.choice(len(x), size, replace=False)], y[draw.choice(len(y), size, replace=False)]
        )
        for _ in range(num_subsets)
    ]
    return Estimate(float(np.mean(values)), float(np.std(values)))


def _blocks(x: Array) -> list[Array]:
    return [x[i : i + BLOCK] for i in range(0, len(x), BLOCK)]


def _mean_within(x: Array, kernel: Kernel, *, unbiased: bool) -> float:
    n, total = len(x), 0.0
    for i, part in enumerate(_blocks(x)):
        block = kernel(part, x)
        total += float(block.sum())
        if unbiased:
            total -= float(np.trace(block[:, i * BLOCK :]))
    return total / (n * (n - 1) if unbiased else n * n)
