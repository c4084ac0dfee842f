"""Inception Score: are single items clear to a classifier, and many different classes among them.

Formula: `exp(mean KL(p(y | x) || p(y)))`, p(y) the mean over the items of a split; mean and
    standard deviation over splits of neighbors.
Source: Salimans et al. 2016, Improved techniques for training GANs, arXiv:1606.03498, section 4.
Range: 1 to the number of classes, higher is called better.
Flaws: never sees real data; one perfect picture per class is enough for the best value; depends on
    the classifier, on the number of items and splits. On video (C3D on UCF-101) it sees no flicker.
Features: class probabilities (Inception-v3, or C3D for video) must be given; none are shipped.
"""

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array, Estimate
from evenflow.metrics.vectors import vectors


def inception_score(probabilities: ArrayLike, *, num_splits: int = 10) -> Estimate:
    """Mean and standard deviation over splits.

    Args:
        probabilities: `(n, k)`, each row not negative with sum 1.
        num_splits: parts of neighboring rows, sizes as even as can be; shuffle first if the order
            means something.

    Raises:
        BadInput: rows are no probabilities, or there are fewer of them than splits.

    >>> inception_score(np.eye(4), num_splits=1).mean
    4.0
    """
    p = vectors(probabilities, name="probabilities")
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1.0, atol=1e-4):
        raise BadInput("each row of probabilities is 0 or more and sums to 1: apply softmax first")
    if not 1 <= num_splits <= len(p):
        raise BadInput(f"num_splits={num_splits} of {len(p)} items: give 1 to {len(p)}")
    scores = [_score(part) for part in np.array_split(p, num_splits)]
    return Estimate(float(np.mean(scores)), float(np.std(scores)))


def _score(p: Array) -> float:
    marginal = p.mean(axis=0)
    there = p > 0
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=there)
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))
