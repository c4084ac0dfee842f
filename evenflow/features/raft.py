"""RAFT: dense motion between two pictures (optical flow).

Source: Teed & Deng 2020, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow,
    arXiv:2003.12039; 20 steps of refinement, sides padded to multiples of 8 by their border.

The folder holds one safetensors file of the checkpoint raft-things (or -sintel, -kitti, -chairs:
they are the same network).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BackendMissing
from evenflow.features.abilities import Frames
from evenflow.features.folder import checked_frames, digest_of, fill, need, tensors, weights_file

NUM_STEPS = 20
LEAST_SIDE = 128
"""Smaller pictures leave nothing to look up at the coarsest of the four sizes; they are padded."""


@dataclass(frozen=True)
class RAFT:
    """A FlowEstimator; see the Protocol for what it gives."""

    digest: str
    net: Any
    name: str = "raft"

    def flow(self, before: Frames, after: Frames) -> NDArray[np.float32]:
        """Displacement `(t, h, w, 2)` in pixels from `before[i]` to `after[i]`."""
        import torch

        if checked_frames(before).shape != checked_frames(after).shape:
            raise ValueError(f"pairs have one shape, got {before.shape} and {after.shape}")
        height, width = before.shape[1:3]
        made = []
        for pair in zip(before, after, strict=True):
            padded = [_padded(frame) for frame in pair]
            a, b = (torch.from_numpy(p).permute(2, 0, 1)[None] / 127.5 - 1.0 for p in padded)
            with torch.inference_mode():
                flow = self.net(a, b, num_steps=NUM_STEPS)[0].permute(1, 2, 0).numpy()
            top, left = (flow.shape[0] - height) // 2, (flow.shape[1] - width) // 2
            made.append(flow[top : top + height, left : left + width])
        return np.stack(made)


def _padded(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    spare = [max(LEAST_SIDE, -(-side // 8) * 8) - side for side in frame.shape[:2]]
    widths = [(n // 2, n - n // 2) for n in spare]
    return np.pad(frame, [*widths, (0, 0)], mode="edge").astype(np.float32)


def load(folder: Path) -> RAFT:
    """Loads the weights of a folder.

    Raises:
        BackendMissing: the extra `gen` is not installed, or the folder is not a RAFT.
    """
    file = weights_file(folder)
    need("raft", "gen", "torch", "safetensors")
    from evenflow.features.raft_net import RaftNet
    from evenflow.features.residual import without_twins

    state = without_twins(tensors(file))
    if "update_block.gru.convz.weight" in state:
        raise BackendMissing(f"{file.name} is raft-small: give raft-things, which is loaded here")
    net = RaftNet()
    fill(net, state, what="RAFT", file=file.name)
    return RAFT(digest_of([file]), net)
