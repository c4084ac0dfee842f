"""Patches: a grid of latents as a list of tokens, and back.

Source: Dosovitskiy et al. 2020, ViT, arXiv:2010.11929, equation 1.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

Patch = tuple[int, int, int]
"""Latent frames, rows and columns of one token."""


def patchify(x: Float[Tensor, "b c t h w"], patch: Patch) -> Float[Tensor, "b n k"]:
    """Tokens in the order time, row, column; each holds channels, frames, rows, columns.

    Raises:
        ValueError: the grid is no multiple of the patch.
    """
    grid(tuple(x.shape[2:]), patch)
    p, q, r = patch
    return rearrange(x, "b c (t p) (h q) (w r) -> b (t h w) (c p q r)", p=p, q=q, r=r)


def unpatchify(
    tokens: Float[Tensor, "b n k"], size: tuple[int, int, int], patch: Patch
) -> Float[Tensor, "b c t h w"]:
    """The inverse of `patchify` for latents of this size."""
    (t, h, w), (p, q, r) = grid(size, patch), patch
    return rearrange(
        tokens, "b (t h w) (c p q r) -> b c (t p) (h q) (w r)", t=t, h=h, w=w, p=p, q=q, r=r
    )


def grid(size: tuple[int, ...], patch: Patch) -> tuple[int, int, int]:
    """Tokens along time, rows and columns.

    Raises:
        ValueError: a side is no multiple of the patch.
    """
    for side, step, name in zip(size, patch, ("frames", "rows", "columns"), strict=True):
        if side % step or side < step:
            raise ValueError(f"{side} latent {name} are no multiple of the patch's {step}")
    return size[0] // patch[0], size[1] // patch[1], size[2] // patch[2]


def places(
    counts: tuple[int, int, int], *, start: float = 0.0, device: torch.device | str = "cpu"
) -> Float[Tensor, "n 3"]:
    """Frame (from `start` on), row and column of every token, in the order of `patchify`."""
    t, h, w = (torch.arange(k, device=device, dtype=torch.float32) for k in counts)
    grids = torch.meshgrid(t + start, h, w, indexing="ij")
    return torch.stack(grids, dim=-1).reshape(-1, 3)
