"""Log-density of video under the flow that a predictor defines, by the divergence of its velocity.

Along `dx = D d(alpha) + E d(sigma)` the density obeys `d log p = - div(dx)`, so the log-density at
a low level is that of pure noise at level 1 plus the divergence gathered on the way there.

Source: Chen et al. 2018, Neural ODEs, arXiv:1806.07366, theorem 1; Song et al. 2021,
arXiv:2011.13456, equation 39; Hutchinson's estimate: Grathwohl et al. 2019, arXiv:1810.01367.
Differs: the trapezoid rule on a matrix of levels, a level per frame.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process import FLOW, Process, spread
from evenflow.process.randomness import normal
from evenflow.samplers.run import checked


def log_likelihood(
    predict: Predictor,
    x: Float[Tensor, "b c t h w"],
    levels: Float[Tensor, "k t"] | Float[Tensor, "k b t"],
    *,
    cond: Condition | None = None,
    process: Process = FLOW,
    state: State = None,
    probes: Sequence[Sequence[int]] | None = None,
) -> Float[Tensor, " b"]:
    """Natural logarithm of the density of `x` at the last row of levels. Order 2 in the steps.

    At level 1 video is taken to be pure noise, which the linear process only nearly makes it.

    Args:
        predict: differentiable in `x`; one clip of a batch must not depend on another.
        x: video at the last row.
        levels: rows as a sampler takes them; the first is 1 everywhere. A frame that is 0 in all
            rows is given, and the density is that of the others given it; elsewhere the last row
            must be above 0, as a velocity at level 0 cannot be had from a clean estimate.
        probes: seeds of Hutchinson's random directions, one per clip in each set; None takes the
            exact divergence, one backward pass for each number of a clip.

    Raises:
        ValueError: levels that do not begin at 1 or end at 0.
    """
    rows = checked(levels, x).flip(0).to(x)
    given = (rows == 0).all(dim=0)
    if bool(((rows[0] == 0) & ~given).any()) or bool(((rows[-1] != 1) & ~given).any()):
        raise ValueError(
            "levels must begin at 1 and end above 0 in every frame that is not 0 throughout; "
            "end at 0.001 for the density of nearly clean video"
        )
    signs = [
        normal(seeds, x.shape[1:], dtype=x.dtype, device=x.device).sign() for seeds in probes or ()
    ]

    def slope(here: Tensor, row: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """D, E and the trace of dD/dx and dE/dx of each frame."""
        with torch.enable_grad():
            here = here.detach().requires_grad_()
            clean, _ = predict(here, row, cond or {}, state)
            trace = _traces(clean, here, signs)
        noise = process.noise_of(here.detach(), clean.detach(), row)
        count = here[0, :, 0].numel()
        sigma = process.sigma(row)
        trace_noise = (count - process.alpha(row) * trace) / torch.where(sigma == 0, 1, sigma)
        return clean.detach(), noise, trace, trace_noise

    gathered = x.new_zeros(len(x))
    clean, noise, trace, trace_noise = slope(x, rows[0])
    for row, after in zip(rows[:-1], rows[1:], strict=True):
        d_alpha = process.alpha(after) - process.alpha(row)
        d_sigma = process.sigma(after) - process.sigma(row)
        guess = x + clean * spread(d_alpha) + noise * spread(d_sigma)
        there = slope(guess, after)
        x = x + (clean + there[0]) / 2 * spread(d_alpha) + (noise + there[1]) / 2 * spread(d_sigma)
        half = (trace + there[2]) / 2 * d_alpha + (trace_noise + there[3]) / 2 * d_sigma
        gathered = gathered + half.sum(dim=1)
        clean, noise, trace, trace_noise = slope(x, after)
    free = spread(~given).expand_as(x)
    normal_log = -(x.square() + math.log(2 * math.pi)) / 2 - process.sigma(x.new_ones(())).log()
    return torch.where(free, normal_log, 0).flatten(1).sum(dim=1) + gathered


def _traces(y: Tensor, x: Tensor, signs: Sequence[Tensor]) -> Float[Tensor, "b t"]:
    """Trace of dy/dx over each frame, exact or by random signs."""
    if signs:
        found = []
        for sign in signs:
            (back,) = torch.autograd.grad(y, x, sign, retain_graph=True)
            found.append((back * sign).sum(dim=(1, 3, 4)))
        return torch.stack(found).mean(dim=0)
    clips, channels, frames, height, width = x.shape
    trace = x.new_zeros(clips, frames)
    for c in range(channels):
        for t in range(frames):
            for i in range(height * width):
                one = torch.zeros_like(y)
                one[:, c, t, i // width, i % width] = 1
                (back,) = torch.autograd.grad(y, x, one, retain_graph=True)
                trace[:, t] += back[:, c, t, i // width, i % width]
    return trace
