"""Rotary positions in three axes: parts of every head turn by time, by row and by column.

Source: Su et al. 2021, RoFormer, arXiv:2104.09864, equations 14 to 16; three axes side by side as
in Wang et al. 2024, Qwen2-VL, arXiv:2409.12191, section 2.1.
Differs: time may be any number, so that a frame stands where it stands in seconds.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import PositionMap, Tokens

BASES = (100.0, 100.0, 100.0)
"""Longest wave of each axis is 2 pi times this: clips have tens of latent frames and rows."""


def frequencies(
    axes: tuple[int, int, int], *, bases: tuple[float, float, float] = BASES
) -> list[Float[Tensor, " k"]]:
    """Radians a unit of each axis, float64; an axis of `d` numbers of a head has `d / 2` of them.

    Raises:
        ValueError: an axis has an odd number of dimensions.
    """
    if any(d % 2 for d in axes):
        raise ValueError(f"rotary axes turn pairs of numbers: use even widths, got {axes}")
    return [
        base ** (-torch.arange(0, d, 2, dtype=torch.float64) / max(d, 1))
        for d, base in zip(axes, bases, strict=True)
    ]


def angles(
    position: Float[Tensor, "*s n 3"], axes: tuple[int, int, int]
) -> Float[Tensor, "*s n half"]:
    """How far every pair of numbers of a head turns at every token, radians."""
    rows = [
        position[..., i, None].double() * rate.to(position.device)
        for i, rate in enumerate(frequencies(axes))
    ]
    return torch.cat(rows, dim=-1).to(torch.float32)


Turn = tuple[Tensor, Tensor]
"""Cosines and signed sines of every number of a head, `(n, d)` both."""


def turn_of(angle: Float[Tensor, "n half"], dtype: torch.dtype) -> Turn:
    """The turn by these angles, in the numbers in which it will be done."""
    cos, sin = angle.cos().to(dtype), angle.sin().to(dtype)
    return torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)


def turned(x: Float[Tensor, "b a n d"], turn: Turn) -> Float[Tensor, "b a n d"]:
    """Turns numbers i and i + d / 2 of every head by angle i; the product of two tokens then
    depends on the difference of their positions alone."""
    cos, sin = turn
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, dims=-1), sin)


def rotate(x: Float[Tensor, "b a n d"], angle: Float[Tensor, "n half"]) -> Float[Tensor, "b a n d"]:
    """Turns every head by these angles, see `turned`."""
    return turned(x, turn_of(angle, x.dtype))


class Turns:
    """The turns of a list of tokens; layers that see the same tokens share them.

    Args:
        axes: numbers of a head that turn by time, row and column.
        positions: where tokens are thought to be; None takes their places.
    """

    def __init__(self, axes: tuple[int, int, int], positions: PositionMap | None = None) -> None:
        self.axes, self.positions = axes, positions
        self._known: tuple[Tokens, torch.dtype, list[Turn]] | None = None

    def __call__(self, tokens: Tokens, dtype: torch.dtype) -> list[Turn]:
        """One turn for each set of positions."""
        if self._known is not None:
            known, its, turns = self._known
            same = known.place.shape == tokens.place.shape and its == dtype
            if same and torch.equal(known.place, tokens.place):
                return turns
        where = tokens.place[None] if self.positions is None else self.positions(tokens)
        turns = [turn_of(one, dtype) for one in angles(where, self.axes)]
        self._known = (tokens, dtype, turns)
        return turns
