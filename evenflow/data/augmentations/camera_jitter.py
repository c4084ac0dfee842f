"""Camera jitter: the picture moves, turns and zooms a little, as if held by hand.

The pictures are enlarged just enough that nothing beyond their edges is seen. Recorded is the map
of every frame from old to new pixels (centers at +0.5): its inverse undoes it. Flow becomes what it
then is, ids and depth move along, the turn goes to the camera's pose and the rest to its lens.
"""

from collections.abc import Mapping

import numpy as np
import torch

from evenflow.data.augmentations.augmentation import Changed
from evenflow.data.augmentations.paths import wander
from evenflow.data.example import Example, moved, warped

SETTINGS = {"shift": 0.01, "turn": 0.005, "zoom": 0.01, "pace": 2.0}
"""Root mean squares: share of the height, radians, share of the size; hertz."""


def camera_jitter(
    example: Example, rng: np.random.Generator, settings: Mapping[str, float]
) -> Changed:
    """Shake an example; `camera_jitter` is the map `(t, 3, 3)` of every frame."""
    _, frames, height, width = example.video.shape
    path = wander(rng, frames, float(example.fps), pace=settings["pace"], columns=4)
    shift = path[:, :2] * settings["shift"] * height
    turn = path[:, 2] * settings["turn"]
    zoom = np.exp(path[:, 3] * settings["zoom"])
    grow = enough(shift, turn, zoom, width, height)
    matrix = maps(shift, turn, zoom * grow, width, height)
    table = torch.from_numpy(matrix).to(example.video.device)
    truth = moved(example.truth, table, (height, width), (height, width))
    changed = Example(warped(example.video, table), example.fps, truth)
    return Changed(changed, {"camera_jitter": table.to(torch.float32)})


def maps(
    shift: np.ndarray, turn: np.ndarray, zoom: np.ndarray, width: int, height: int
) -> np.ndarray:
    """Similarities `(t, 3, 3)` about the middle of the picture: zoom and turn, then shift."""
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    middle = np.array([width / 2, height / 2])
    out = np.zeros((len(turn), 3, 3))
    out[:, 0, 0], out[:, 0, 1] = cos, -sin
    out[:, 1, 0], out[:, 1, 1] = sin, cos
    out[:, :2, 2] = middle + shift - np.einsum("tij,j->ti", out[:, :2, :2], middle)
    out[:, 2, 2] = 1
    return out


def enough(shift: np.ndarray, turn: np.ndarray, zoom: np.ndarray, width: int, height: int) -> float:
    """One factor for all frames by which the picture must grow to fill every new one.

    A corner c of the new picture comes from R^-1 (c - shift) / (zoom * grow), which must not lie
    beyond the old picture's half width and half height.
    """
    half = np.array([width / 2, height / 2])
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * half
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    at = corners[None] - shift[:, None]  # (t, 4, 2)
    x = cos * at[..., 0] + sin * at[..., 1]
    y = -sin * at[..., 0] + cos * at[..., 1]
    need = np.maximum(np.abs(x) / half[0], np.abs(y) / half[1]) / zoom[:, None]
    return float(max(1.0, need.max()))
