"""The analytic bed that tests of the engine share: small laws, and what an affine sampler does."""

import torch

from evenflow.process import FLOW, GaussianVideo
from evenflow.samplers import SAMPLERS

SHAPE = (1, 4, 1, 2)
"""(c, t, h, w): eight numbers, so that all of a law fits in a matrix."""
N = 8
EXACT = {"dtype": torch.float64}


def law(seed=0, scale=1.0):
    """A Gaussian with a covariance that is neither separable nor stationary, and a mean."""
    g = torch.Generator().manual_seed(seed)
    root = torch.randn(N, N, generator=g, **EXACT) / N**0.5
    covariance = scale * (root @ root.T + 0.2 * torch.eye(N, **EXACT))
    return GaussianVideo.dense(torch.randn(SHAPE, generator=g, **EXACT), covariance)


def flat(x):
    """(b, c, t, h, w) in the coordinates of a dense covariance."""
    return x.movedim(2, 1).flatten(1)


def clips(y):
    """The other way."""
    c, t, h, w = SHAPE
    return y.reshape(-1, t, c, h, w).movedim(1, 2)


def affine(function):
    """Matrix and offset of an affine function of clips, by its values at 0 and the unit clips."""
    y = flat(function(clips(torch.cat([torch.zeros(1, N, **EXACT), torch.eye(N, **EXACT)]))))
    return (y[1:] - y[0]).T, y[0]


def transport(sampler, video, levels, process=FLOW):
    """What a deterministic sampler does to its start: `x -> matrix x + offset`."""
    predict = video.predictor(process)
    return affine(lambda x: SAMPLERS[sampler](predict, x, levels, process=process))


def noisy_law(video, row, process=FLOW):
    """Mean and covariance of the video at one row of levels, written out."""
    a = process.alpha(row).repeat_interleave(N // len(row))
    s = process.sigma(row).repeat_interleave(N // len(row))
    covariance = a[:, None] * video.covariance[0] * a + (s**2).diag()
    return a * flat(video.mean[None])[0], covariance


def root(matrix):
    """Symmetric square root."""
    power, basis = torch.linalg.eigh(matrix)
    return basis * power.sqrt() @ basis.T
