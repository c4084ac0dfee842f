"""Recompute: layers are computed again on the way back, so that their insides need not be kept.

Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174,
section 4.
"""

from collections.abc import Sequence
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint


def recomputed(layers: Sequence[nn.Module]) -> None:
    """Changes layers in place; what they give, their gradients and their names stay."""
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
