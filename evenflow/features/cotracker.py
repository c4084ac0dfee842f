"""CoTracker: points followed through a shot, also behind what hides them (point tracks).

Source: Karaev et al. 2024, CoTracker3: Simpler and Better Point Tracking by Pseudo-Labelling Real
    Videos, arXiv:2410.11831; six steps of refinement, with a grid of 6 x 6 more points for support;
    a point can be seen where its visibility is above 0.9.

The folder holds one safetensors file of the checkpoint scaled_offline. Its weights are licensed for
non-commercial use (CC BY-NC 4.0).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BackendMissing
from evenflow.features.abilities import Frames
from evenflow.features.folder import checked_frames, digest_of, fill, need, tensors, weights_file

NUM_STEPS = 6
SUPPORT = 6
"""Rows and columns of points that are followed along, because points are followed together."""
VISIBLE = 0.9


@dataclass(frozen=True)
class CoTracker:
    """A PointTracker; see the Protocol for what it gives."""

    digest: str
    net: Any
    name: str = "cotracker"

    def track(
        self, frames: Frames, points: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Positions `(t, n, 2)` in pixels of points `(n, 3)`, and whether each can be seen."""
        import torch
        from torch.nn import functional as F

        count, height, width = checked_frames(frames).shape[:3]
        numbers = np.asarray(points)[:, 0].astype(np.int64)
        if numbers.min() < 0 or numbers.max() >= count:
            raise ValueError(f"points are given in frames 0 to {count - 1}, got {numbers.max()}")
        rows, cols = self.net.resolution
        scale = torch.tensor([(cols - 1) / max(1, width - 1), (rows - 1) / max(1, height - 1)])
        asked = torch.tensor(np.asarray(points, np.float32)[:, 1:])
        places = torch.cat([asked * scale, support_grid(rows, cols)])
        given = torch.cat([torch.from_numpy(numbers), torch.zeros(SUPPORT**2, dtype=torch.int64)])
        video = torch.empty(count, 3, rows, cols)
        with torch.inference_mode():
            for i, frame in enumerate(frames):  # one by one: the clip may be large
                planar = torch.from_numpy(frame.copy()).permute(2, 0, 1)[None].float()
                video[i] = F.interpolate(planar, (rows, cols), mode="bilinear", align_corners=True)
            found, seen, _ = self.net(video / 127.5 - 1.0, given, places, num_steps=NUM_STEPS)
        own = np.arange(len(numbers))
        tracks = (found[:, own] / scale).numpy()
        visible = (seen[:, own] > VISIBLE).numpy()
        tracks[numbers, own], visible[numbers, own] = np.asarray(points)[:, 1:], True
        return tracks, visible


def support_grid(rows: int, cols: int) -> Any:
    """Points `(36, 2)` spread over the picture up to a margin of 1/64 of its width."""
    import torch

    margin = cols / 64
    y, x = torch.meshgrid(
        torch.linspace(margin, rows - margin, SUPPORT),
        torch.linspace(margin, cols - margin, SUPPORT),
        indexing="ij",
    )
    return torch.stack([x, y], -1).reshape(-1, 2)


def load(folder: Path) -> CoTracker:
    """Loads the weights of a folder.

    Raises:
        BackendMissing: the extra `gen` is not installed, or the folder is not a CoTracker3.
    """
    file = weights_file(folder)
    need("cotracker", "gen", "torch", "safetensors")
    from evenflow.features.cotracker_net import HEAD_DIM, WINDOW, CoTrackerNet
    from evenflow.features.residual import without_twins

    state = without_twins(tensors(file))
    if "updateformer.vis_conf_head.weight" not in state:
        raise BackendMissing(
            f"{file.name} is not CoTracker3: give scaled_offline, which is loaded here"
        )
    try:
        window = state["time_emb"].shape[1]
        hidden = state["updateformer.input_transform.weight"].shape[0]
        num_virtual = state["updateformer.virual_tracks"].shape[1]
        corr_hidden = state["corr_mlp.fc1.weight"].shape[0]
        corr_out = state["corr_mlp.fc2.weight"].shape[0]
        dim = state["fnet.conv3.weight"].shape[0]
    except KeyError as error:
        raise BackendMissing(f"{file.name} is not CoTracker3: it has no {error.args[0]}") from None
    depth = len({k.split(".")[2] for k in state if k.startswith("updateformer.time_blocks.")})
    if hidden % HEAD_DIM or state["corr_mlp.fc1.weight"].shape[1] != WINDOW**4:
        raise BackendMissing(f"{file.name} is a CoTracker3 of another size than scaled_offline")
    net = CoTrackerNet(dim, hidden, depth, num_virtual, corr_hidden, corr_out, window)
    fill(net, state, what="CoTracker3", file=file.name)
    return CoTracker(digest_of([file]), net)
