"""Masks: who may see whom, as functions of two lists of tokens.

Text and registers (the prefix) are seen by everybody and see only themselves, so that what was
computed of them for the first block serves all later ones. Keyframes are seen by everybody too, and
see the prefix and each other. What follows is about the tokens of the video.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from evenflow.core.contracts import MaskBuilder, Tokens

VIDEO, TEXT, REGISTER, KEYFRAME = range(4)
"""`Tokens.role`."""
Rule = Callable[[Float[Tensor, "q 3"], Float[Tensor, "k 3"]], Bool[Tensor, "q k"]]
"""Which video tokens see which: their places in, True where the query sees the key out."""


def _frames(
    query: Float[Tensor, "q 3"], key: Float[Tensor, "k 3"]
) -> tuple[Float[Tensor, "q 1"], Float[Tensor, "1 k"]]:
    return query[:, 0][:, None], key[:, 0][None, :]


def _same_place(query: Float[Tensor, "q 3"], key: Float[Tensor, "k 3"]) -> Bool[Tensor, "q k"]:
    return (query[:, None, 1:] == key[None, :, 1:]).all(dim=-1)


def among_video(rule: Rule) -> MaskBuilder:
    """A mask builder from a rule for video tokens; the others are treated as said above."""

    def build(query: Tokens, key: Tokens) -> Bool[Tensor, "q k"]:
        asks, answers = query.role[:, None], key.role[None, :]
        prefix = (answers == TEXT) | (answers == REGISTER)
        still = prefix | (answers == KEYFRAME)
        video = (answers == VIDEO) & rule(query.place, key.place)
        made: Bool[Tensor, "q k"] = torch.where(
            asks == VIDEO, video | still, torch.where(asks == KEYFRAME, still, prefix)
        )
        return made

    return build


def full() -> MaskBuilder:
    """Every video token sees every video token (CogVideoX, HunyuanVideo)."""
    return among_video(lambda q, k: torch.ones(len(q), len(k), dtype=torch.bool, device=q.device))


def spatial() -> MaskBuilder:
    """Tokens of one frame see each other: the spatial half of factorized attention."""
    return among_video(lambda q, k: torch.eq(*_frames(q, k)))


def same_position() -> MaskBuilder:
    """Tokens of one place see each other through time: the temporal half of it."""
    return among_video(_same_place)


def causal() -> MaskBuilder:
    """A frame sees itself and the frames before it."""
    return among_video(lambda q, k: torch.ge(*_frames(q, k)))


def block_causal(size: int) -> MaskBuilder:
    """A block of `size` latent frames sees itself and the blocks before it.

    Raises:
        ValueError: `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"a block has 1 latent frame or more, got {size}")

    def rule(q: Tensor, k: Tensor) -> Tensor:
        asks, answers = _frames(q, k)
        return torch.floor(asks / size) >= torch.floor(answers / size)

    return among_video(rule)


def windowed(radius: int, *, causal: bool = False) -> MaskBuilder:
    """A frame sees the frames that are at most `radius` from it, or only those before it.

    Raises:
        ValueError: `radius` is negative, so that a token would not see itself.
    """
    if radius < 0:
        raise ValueError(f"a window reaches 0 or more latent frames, got {radius}")

    def rule(q: Tensor, k: Tensor) -> Tensor:
        asks, answers = _frames(q, k)
        near = (asks - answers).abs() <= radius
        return near & (asks >= answers) if causal else near

    return among_video(rule)


def sparse_causal() -> MaskBuilder:
    """Frame i sees frame 0 and frame i - 1; frame 0 sees itself.

    Source: Wu et al. 2023, Tune-A-Video, arXiv:2212.11565, equation 5.
    """

    def rule(q: Tensor, k: Tensor) -> Tensor:
        asks, answers = _frames(q, k)
        before = (torch.floor(asks) - 1).clamp(min=0)
        return (torch.floor(answers) == 0) | (torch.floor(answers) == before)

    return among_video(rule)


MASKS: dict[str, Callable[..., MaskBuilder]] = {
    "full": full,
    "spatial": spatial,
    "same_position": same_position,
    "causal": causal,
    "block_causal": block_causal,
    "windowed": windowed,
    "sparse_causal": sparse_causal,
}
"""Masks by name; factorized attention takes `spatial` and `same_position` in turn."""
