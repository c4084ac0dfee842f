"""History guidance: the past frames as what is guided toward, whole, in part, or blurred by noise.

The frames of a clip at level 0 are its history h, while others are drawn. Hiding a frame is noising
it to level 1, so one predictor with a level per frame gives every estimate that is needed:

    D = D(h at level 1) + sum_i weight_i (D(h_i at level `sharp_i`) - D(h_i at level `blurred_i`))

Source: Song et al. 2025, DFoT, arXiv:2502.06764, section 5: vanilla guidance
(one part), fractional (levels between 0 and 1) and across time (parts of the history).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Guidance, Predictor, State
from evenflow.process import FLOW, Process, spread
from evenflow.process.randomness import normal

_STREAM = 1 << 32
"""Apart from the streams of samplers, so that noise on the history is nobody else's."""


@dataclass(frozen=True)
class Part:
    """One difference of the sum.

    Args:
        weight: 1 alone is no guidance.
        sharp, blurred: levels of this part of the history in both estimates; the rest of the
            history is hidden in both.
        last: only this many frames of the history that come last in the clip; None is all.
    """

    weight: float
    sharp: float = 0.0
    blurred: float = 1.0
    last: int | None = None


def composed(parts: Sequence[Part], *, seeds: Sequence[int], process: Process = FLOW) -> Guidance:
    """Guidance by any parts of the history; as many calls as there are different histories.

    Frames of the history come back as the sharpest estimate has them. Where no clip has a history
    it is one plain call. The predictor must not cache the history, since it changes between calls:
    each different history keeps its own state.

    Args:
        parts: their sum.
        seeds: one per clip, for the noise that blurs; it is new at every call.
        process: of the predictor.

    Raises:
        ValueError: no parts, or a level outside [0, 1].
    """
    if not parts or not all(0 <= p.sharp <= 1 and 0 <= p.blurred <= 1 for p in parts):
        raise ValueError(f"parts={list(parts)}: give one or more, with levels in [0, 1]")
    weights: dict[tuple[float, int | None], float] = {(1.0, None): 1.0}  # histories and their share
    for part in parts:
        for key, sign in ((_key(part.sharp, part.last), 1), (_key(part.blurred, part.last), -1)):
            weights[key] = weights.get(key, 0.0) + sign * part.weight
    asked = {key: weight for key, weight in weights.items() if abs(weight) > 1e-12}

    def wrap(predict: Predictor) -> Predictor:
        def guided(
            x: Float[Tensor, "b c t h w"],
            level: Float[Tensor, "b t"],
            cond: Condition,
            state: State,
        ) -> tuple[Float[Tensor, "b c t h w"], State]:
            count, states = state if state is not None else (0, {})
            history = (level == 0) & (level > 0).any(dim=1, keepdim=True)
            if not bool(history.any()):
                clean, plain = predict(x, level, cond, states.get("plain"))
                return clean, (count + 1, {**states, "plain": plain})
            noise = normal(
                seeds, x.shape[1:], stream=_STREAM + count, dtype=x.dtype, device=x.device
            )
            total, after = torch.zeros_like(x), dict(states)
            for key, weight in asked.items():
                blur = _blur(key, history)
                seen = torch.where(spread(history), process.mix(x, noise, blur), x)
                now = torch.where(history, blur, level)
                clean, after[key] = predict(seen, now, cond, states.get(key))
                total = total + weight * clean
            return torch.where(spread(history), x, total), (count + 1, after)

        return guided

    return wrap


def _key(level: float, last: int | None) -> tuple[float, int | None]:
    return (1.0, None) if level == 1 or last == 0 else (level, last)  # hidden is hidden


def _blur(key: tuple[float, int | None], history: Tensor) -> Float[Tensor, "b t"]:
    """Level of the history's frames; 0 elsewhere, where nobody looks."""
    level, last = key
    seen = history
    if last is not None:
        still_to_come = history.flip(1).cumsum(dim=1).flip(1)  # 1 at the last one
        seen = history & (still_to_come <= last)
    ones = torch.ones(history.shape, device=history.device, dtype=torch.get_default_dtype())
    return torch.where(seen, level * ones, ones) * history


def history(scale: float = 2.0, *, seeds: Sequence[int], process: Process = FLOW) -> Guidance:
    """Vanilla history guidance: beyond what the history says, seen from no history.

    Args:
        scale: 0 forgets the history, 1 is no guidance.
        seeds, process: see `composed`.
    """
    return composed([Part(scale)], seeds=seeds, process=process)


def fractional_history(
    scale: float = 2.0, *, level: float = 0.5, seeds: Sequence[int], process: Process = FLOW
) -> Guidance:
    """The history whole, and beyond it only what is left of it under noise: its coarse content.

    Vanilla guidance makes motion small, as it also pulls fine detail toward the past.

    Args:
        scale: 1 is no guidance.
        level: of the noise on the history that is guided by; 0 is `history`.
        seeds, process: see `composed`.
    """
    return composed([Part(1.0), Part(scale - 1, sharp=level)], seeds=seeds, process=process)
