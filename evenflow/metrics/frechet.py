"""Frechet distance of two sets of features, as FID and FVD take it of Gaussians fitted to each.

Formula: `|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)`, means and covariances (over n - 1). `tr
    (S1 S2)^(1/2)` is the sum of the singular values of `R1 R2^T` where `S = R^T R`: exact also
    where covariances have less than full rank, with nothing added to the diagonal.
Source: Dowson & Landau 1982, J. Multivariate Analysis 12(3); Heusel et al. 2017 (FID),
    arXiv:1706.08500; Unterthiner et al. 2018 (FVD), arXiv:1812.01717.
Differs: pytorch-fid multiplies the covariances, takes a matrix root, and helps singular ones by
    1e-6 on the diagonal; values agree where that is not needed.
Range: 0 to infinity, lower is better.
Flaws: biased upward by few items (FVD is used with 2,048 clips); never compare values of different
    n, features, resize, frame count or checkpoint: each moves it by tens of percent. Gaussians are
    assumed, features are not. FVD on I3D looks at content more than at time: some spatial damage
    costs more than spatial and temporal damage together, and picking still clips lowers it.
Features: what stands for a picture or a clip (Inception pool3 2048-d for FID, I3D logits 400-d for
    FVD, VideoMAE for CD-FVD) must be given; none are shipped.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from evenflow.core.errors import BadInput
from evenflow.metrics.metric import Array
from evenflow.metrics.vectors import same_width, vectors


@dataclass(frozen=True)
class Moments:
    """Count, mean and scatter of a set of features; sets that were seen apart can be merged.

    Args:
        count: items.
        mean: `(d,)`.
        scatter: `(d, d)`, sum of outer products about the mean.
    """

    count: int
    mean: Array
    scatter: Array

    @staticmethod
    def of(features: ArrayLike) -> "Moments":
        """Of features `(n, d)`."""
        x = vectors(features, name="features")
        mean = x.mean(axis=0)
        return Moments(len(x), mean, (x - mean).T @ (x - mean))

    def merged(self, other: "Moments") -> "Moments":
        """Of both sets together.

        Source: Chan, Golub & LeVeque 1983, The American Statistician 37(3).
        """
        if self.mean.shape != other.mean.shape:
            raise BadInput(f"widths differ: {self.mean.shape} and {other.mean.shape}")
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        outer = np.outer(gap, gap) * (self.count * other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + outer)

    @property
    def covariance(self) -> Array:
        """`(d, d)`, over n - 1.

        Raises:
            BadInput: fewer than two items.
        """
        if self.count < 2:
            raise BadInput(f"a covariance needs two items at least, got {self.count}")
        made: Array = self.scatter / (self.count - 1)
        return made


def frechet_distance(features: ArrayLike, reference: ArrayLike) -> float:
    """Squared Frechet distance of two sets of features.

    Args:
        features, reference: `(n, d)` and `(m, d)`, at least two rows each.

    Raises:
        BadInput: too few rows, different widths, values that are not finite.

    >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 9)
    9.0
    """
    x = vectors(features, name="features", least=2)
    y = vectors(reference, name="reference features", least=2)
    same_width(x, y)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    root_x, root_y = _root(x - mean_x), _root(y - mean_y)
    return _distance(mean_x, root_x, mean_y, root_y)


def frechet_gaussians(mean_x: Array, cov_x: Array, mean_y: Array, cov_y: Array) -> float:
    """The same of given Gaussians: means `(d,)`, covariances `(d, d)`, for stored statistics.

    Raises:
        BadInput: shapes do not fit, or a covariance is not one.
    """
    wide = (len(mean_x), len(mean_x))
    if np.shape(mean_x) != np.shape(mean_y) or cov_x.shape != wide or cov_y.shape != wide:
        raise BadInput(
            f"means (d,) and covariances (d, d) of one width, got {np.shape(mean_x)}, "
            f"{cov_x.shape}, {np.shape(mean_y)}, {cov_y.shape}"
        )
    return _distance(mean_x, _factor(cov_x), mean_y, _factor(cov_y))


def _distance(mean_x: Array, root_x: Array, mean_y: Array, root_y: Array) -> float:
    overlap = np.linalg.svd(root_x @ root_y.T, compute_uv=False).sum()
    traces = np.square(root_x).sum() + np.square(root_y).sum()
    return max(0.0, float(np.square(mean_x - mean_y).sum() + traces - 2.0 * overlap))


def _root(centered: Array) -> Array:
    """R with `R^T R` the covariance; no more rows than there are items or dimensions."""
    n, d = centered.shape
    scaled = centered / np.sqrt(n - 1)
    if n <= d:
        return scaled
    return cast("Array", np.linalg.qr(scaled, mode="r"))


def _factor(covariance: Array) -> Array:
    if not np.allclose(covariance, covariance.T, rtol=1e-6, atol=1e-12):
        raise BadInput("a covariance is symmetric, this one is not")
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    if values[0] < -1e-6 * max(float(values[-1]), 1e-300):
        raise BadInput(f"a covariance has no negative eigenvalue, got {values[0]:.3g}")
    made: Array = np.sqrt(np.maximum(values, 0.0))[:, None] * axes.T
    return made
