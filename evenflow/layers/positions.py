"""Position maps: where the rotary embedding thinks that tokens are.

Video tokens stand at their latent frame, row and column. A longer run than any clip of the training
keeps its times in range by being told from the start of its window.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import PositionMap, Tokens
from evenflow.layers.masks import KEYFRAME, VIDEO


def in_seconds(*, latent_fps: float, trained_fps: float) -> PositionMap:
    """Time as the training knew it: `trained_fps` latent frames a second, whatever those of the
    clip are; a keyframe goes along.

    Raises:
        ValueError: a rate is not positive.
    """
    if min(latent_fps, trained_fps) <= 0:
        raise ValueError(f"rates are above 0, got {latent_fps:g} and {trained_fps:g}")

    def position(tokens: Tokens) -> Float[Tensor, "1 n 3"]:
        place = tokens.place.clone()
        timed = (tokens.role == VIDEO) | ((tokens.role == KEYFRAME) & (place[:, 0] >= 0))
        place[timed, 0] *= trained_fps / latent_fps
        return place[None]

    return position


def from_window_start(inner: PositionMap | None = None) -> PositionMap:
    """Times told from the first video frame in sight, so that text and registers never drift away
    from what is being made; keyframes keep their distance to the video."""

    def position(tokens: Tokens) -> Float[Tensor, "s n 3"]:
        video = tokens.role == VIDEO
        place = tokens.place.clone()
        if video.any():
            first = place[video, 0].min()
            timed = video | ((tokens.role == KEYFRAME) & (place[:, 0] >= 0))
            place[timed, 0] -= first
        moved = replace(tokens, place=place)
        return place[None] if inner is None else inner(moved)

    return position


def after_sinks(sinks: int) -> PositionMap:
    """Times of a long run in which only the first `sinks` frames and the last ones are in sight:
    what lies between is left out of the count, so that no time is later than in training.

    Source: Xiao et al. 2023, StreamingLLM, arXiv:2309.17453, section 3.2 (positions within the
    cache).

    Raises:
        ValueError: `sinks` is negative.
    """
    if sinks < 0:
        raise ValueError(f"keeps 0 sinks or more, got {sinks}")

    def position(tokens: Tokens) -> Float[Tensor, "1 n 3"]:
        place = tokens.place.clone()
        late = (tokens.role == VIDEO) & (place[:, 0] >= sinks)
        if late.any():
            place[late, 0] -= place[late, 0].min() - sinks
        return place[None]

    return position


def grouped(group: int, neighbors: int, *, shifts: int = 1) -> PositionMap:
    """Far frames share positions, so that a long clip stays within the trained range.

    Frame p goes to `ceil(p / m)` with `m = ceil((t - 1) / (group - 1))`; `shifts` copies of it,
    each moved by a share of a group, are averaged, which keeps the order inside a group.

    Source: Li et al. 2025, LongDiff, arXiv:2503.18150, position mapping.
    Differs: `neighbors` leaves clips of up to so many frames as they are.

    Raises:
        ValueError: there are fewer than two groups or no shift.
    """
    if group < 2 or shifts < 1:
        raise ValueError(f"takes 2 groups and 1 shift or more, got {group} and {shifts}")

    def position(tokens: Tokens) -> Float[Tensor, "s n 3"]:
        video = tokens.role == VIDEO
        frames = tokens.place[video, 0]
        count = int(frames.max().item()) + 1 if len(frames) else 0
        if count <= max(group, neighbors):
            return tokens.place[None]
        size = -(-(count - 1) // (group - 1))
        made = []
        for shift in range(shifts):
            place = tokens.place.clone()
            place[video, 0] = torch.ceil((frames - shift * size / shifts) / size).clamp(min=0)
            made.append(place)
        return torch.stack(made)

    return position
