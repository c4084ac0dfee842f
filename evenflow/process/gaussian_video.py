"""Videos drawn from a Gaussian: everything that a sampler should find is known in closed form.

With clean video `x ~ N(mu, K)` and a level per frame, A = diag(alpha), S = diag(sigma):

    x_s ~ N(A mu, A K A + S^2)
    E[x | x_s] = mu + K A (A K A + S^2)^-1 (x_s - A mu)
    Cov[x | x_s] = K - K A (A K A + S^2)^-1 A K

A frame at level 0 is known exactly, one at level 1 of a flow says nothing, so the law of a clip
given pinned frames is the second line with levels 0 and 1.

Source: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, equations 2.22 to 2.24;
as a test bed: Karras et al. 2022, EDM, arXiv:2206.00364, appendix B.3 (for point masses).
Differs: a level per frame.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process.process import Process


@dataclass(frozen=True)
class GaussianVideo:
    """A Gaussian law of clips `(c, t, h, w)`; positive definite; use float64 for exact work.

    The covariance is block-diagonal in an orthonormal basis of the pixels of a frame: m blocks,
    each over t frames and q coordinates. One block is the general case, as many blocks as pixels
    (q = 1) is cheap; make them by `dense` and `separable`.

    Args:
        mean: `(c, t, h, w)`.
        covariance: of each block; coordinate `i q + j` is the block's j-th in frame i.
        basis: columns are the pixels' directions, block by block; None is the pixels themselves.
    """

    mean: Float[Tensor, "c t h w"]
    covariance: Float[Tensor, "m tq tq"]
    basis: Float[Tensor, "p p"] | None = None

    @staticmethod
    def dense(mean: Float[Tensor, "c t h w"], covariance: Float[Tensor, "n n"]) -> "GaussianVideo":
        """Any covariance over frames and pixels; coordinates in the order of `(t, c, h, w)`."""
        return GaussianVideo(mean, covariance[None])

    @staticmethod
    def separable(
        mean: Float[Tensor, "c t h w"],
        over_frames: Float[Tensor, "t t"],
        over_pixels: Float[Tensor, "p p"] | None = None,
    ) -> "GaussianVideo":
        """`Cov = over_frames (x) over_pixels`; pixels in the order of `(c, h, w)`, None is white.

        Cheap at any size: in the eigenvectors of `over_pixels` every coordinate is a series of t.
        """
        pixels = mean.shape[0] * mean.shape[2] * mean.shape[3]
        if over_pixels is None:
            return GaussianVideo(mean, over_frames.expand(pixels, -1, -1))
        power, basis = torch.linalg.eigh(over_pixels)
        return GaussianVideo(mean, power[:, None, None] * over_frames, basis)

    # The two ways between clips (b, c, t, h, w) and coordinates (b, m, tq)

    def _coordinates(self, x: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b m tq"]:
        flat = x.movedim(2, 1).flatten(2)  # (b, t, p)
        if self.basis is not None:
            flat = flat @ self.basis
        return flat.unflatten(2, (len(self.covariance), -1)).movedim(2, 1).flatten(2)

    def _video(self, y: Float[Tensor, "b m tq"]) -> Float[Tensor, "b c t h w"]:
        channels, frames, height, width = self.mean.shape
        flat = y.unflatten(2, (frames, -1)).movedim(1, 2).flatten(2)  # (b, t, p)
        if self.basis is not None:
            flat = flat @ self.basis.T
        return flat.unflatten(2, (channels, height, width)).movedim(1, 2)

    def _noisy(
        self, row: Float[Tensor, " t"], process: Process
    ) -> tuple[Float[Tensor, " tq"], Float[Tensor, "m tq tq"]]:
        """Diagonal of A, and Cholesky factor of `A K A + S^2`, at one row of levels."""
        row = row.to(self.mean).repeat_interleave(self.covariance.shape[-1] // len(row))
        a = process.alpha(row)
        noisy = a[:, None] * self.covariance * a + process.sigma(row).square().diag()
        return a, torch.linalg.cholesky(noisy)

    def draw(self, noise: Float[Tensor, "b c t h w"]) -> Float[Tensor, "b c t h w"]:
        """Clips of this law out of noise of unit variance: `mu + K^(1/2) e`."""
        root = torch.linalg.cholesky(self.covariance)
        y = torch.einsum("mij,bmj->bmi", root, self._coordinates(noise))
        return self.mean + self._video(y)

    def clean(
        self, x: Float[Tensor, "b c t h w"], level: Float[Tensor, "b t"], process: Process
    ) -> Float[Tensor, "b c t h w"]:
        """`E[x | x_s]`."""
        off = torch.empty_like(x)
        for which, row in rows(level):
            a, root = self._noisy(row, process)
            part = self._coordinates(x[which]) - a * self._coordinates(self.mean[None])
            solved = torch.cholesky_solve(part.movedim(0, 2), root)  # (m, tq, b)
            off[which] = self._video((self.covariance @ (a[:, None] * solved)).movedim(2, 0))
        return self.mean + off

    def covariance_given(
        self, row: Float[Tensor, " t"], process: Process
    ) -> Float[Tensor, "m tq tq"]:
        """`Cov[x | x_s]` at one row of levels, in the coordinates of `covariance`."""
        a, root = self._noisy(row, process)
        half = torch.linalg.solve_triangular(root, a[:, None] * self.covariance, upper=False)
        return self.covariance - half.mT @ half

    def log_density(
        self, x: Float[Tensor, "b c t h w"], level: Float[Tensor, "b t"], process: Process
    ) -> Float[Tensor, " b"]:
        """Natural logarithm of the density of `x_s` at that level."""
        found = []
        for which, row in rows(level):
            a, root = self._noisy(row, process)
            part = self._coordinates(x[which]) - a * self._coordinates(self.mean[None])
            white = torch.linalg.solve_triangular(root, part.movedim(0, 2), upper=False)
            logs = root.diagonal(dim1=1, dim2=2).log().sum() + root[..., 0].numel() * _HALF_LOG_2PI
            found.append((which, -logs - white.square().sum((0, 1)) / 2))
        out = x.new_empty(len(x))
        for which, value in found:
            out = out.index_put((which,), value)
        return out

    def predictor(self, process: Process) -> Predictor:
        """The exact predictor; it follows no condition and keeps no state."""

        def predict(
            x: Float[Tensor, "b c t h w"],
            level: Float[Tensor, "b t"],
            cond: Condition,
            state: State,
        ) -> tuple[Float[Tensor, "b c t h w"], State]:
            return self.clean(x, level, process), state

        return predict


_HALF_LOG_2PI = math.log(2 * math.pi) / 2


def rows(level: Float[Tensor, "b t"]) -> Iterator[tuple[Int[Tensor, " n"], Float[Tensor, " t"]]]:
    """Which clips share a row of levels, and the row."""
    different, which = torch.unique(level, dim=0, return_inverse=True)
    for number, row in enumerate(different):
        yield (which == number).nonzero()[:, 0], row
