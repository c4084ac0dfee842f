"""Viewpoint: a camera that stands, fitted to one picture: the horizon and the sizes of things.

Nobody can tell the size of a world from a picture alone. Things of the world come in three sizes of
their kind, so the height of the camera is the one that makes the things on the ground have sizes
that the world makes; the pitch comes from the row where the ground ends. The field of view is the
one that the presets use. It is a guess, called `fitted`, and good to a fifth or so.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading import ground
from evenflow.world.animation import CameraTrack
from evenflow.world.casting import FACTORS
from evenflow.world.things import USUAL_SIZE
from evenflow.world.words import SIZES, THINGS

D = NDArray[np.float64]
FOV = 0.75
"""Vertical field of view of the presets, radians."""
SHARES = {"small": 0.35, "medium": 0.45, "large": 0.2}
"""How often things have these sizes where nobody says one."""
SPREAD = 0.07
"""Relative error of a half height that is read."""
HEIGHTS = np.geomspace(0.5, 5.0, 47)
"""World units of a camera above the ground that are tried; 1 to 3.2 is usual."""


def horizon(pictures: NDArray[np.uint8], free: NDArray[np.bool_]) -> float:
    """Row where the ground ends, in pixels from the top; NaN where no edge runs across.

    Args:
        pictures: some frames of a camera that stands, uint8 `(t, h, w, 3)`.
        free: where nobody is.
    """
    middle = np.median(pictures[:: max(1, len(pictures) // 8)], axis=0).astype(np.float32)
    lab = cv2.cvtColor(middle / 255, cv2.COLOR_RGB2LAB)
    always = np.asarray(np.all(free, axis=0), np.bool_)
    clear: NDArray[np.bool_] = always if always.mean() > 0.3 else free[0]
    height = len(lab)
    jump = np.zeros(height)
    for y in range(2, height - 2):
        ok = clear[y - 2 : y + 2].all(0)
        if ok.sum() < 0.3 * lab.shape[1]:
            continue
        step = lab[y : y + 2, ok].mean(0) - lab[y - 2 : y, ok].mean(0)
        mean = np.median(step, axis=0)
        agree = (np.sign(step[:, 0]) == np.sign(mean[0])).mean()
        jump[y] = float(np.linalg.norm(mean)) * max(float(agree) - 0.6, 0.0) / 0.4
    best = int(jump.argmax())
    if jump[best] < 1.5:
        return float("nan")
    near = np.arange(max(best - 1, 0), min(best + 2, height))
    return float((near * jump[near]).sum() / jump[near].sum())


def camera_at(height: float, row: float, size: tuple[int, int], count: int) -> CameraTrack:
    """A camera over the origin that looks along +z, at whose horizon `row` lies.

    Args:
        size: (width, height) of the picture in pixels.
    """
    width, rows = size
    focal = 0.5 * rows / np.tan(0.5 * FOV)
    pitch = np.arctan2(0.5 * rows - row, focal)
    s, c = np.sin(pitch), np.cos(pitch)
    k = np.array([[focal, 0, 0.5 * width], [0, focal, 0.5 * rows], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3] = [[1, 0, 0], [0, -c, -s], [0, -s, c]]
    pose[:3, 3] = -pose[:3, :3] @ [0, height, 0]
    return CameraTrack(
        np.tile(k, (count, 1, 1)).astype(np.float32),
        np.tile(pose, (count, 1, 1)).astype(np.float32),
        np.zeros(count, bool),
    )


def fitted(
    row: float,
    seen: Sequence[tuple[str, D, D]],
    size: tuple[int, int],
    count: int,
) -> CameraTrack | None:
    """The camera whose height makes things of the sizes that there are; None if nothing can say.

    Args:
        row: of the horizon.
        seen: kind, lowest and highest pixel of things that stand on the ground and are seen whole.
    """
    known = [one for one in seen if one[0] in THINGS and one[0] != "balloon"]
    if not np.isfinite(row) or not known or not -0.5 * size[1] < row < 0.48 * size[1]:
        return None  # these presets look down on what happens
    best, most = None, -np.inf
    for height in HEIGHTS:
        view = camera_at(float(height), row, size, 1)
        prior = -0.5 * (np.log(height / 1.8) / 0.4) ** 2
        total = float(prior)
        for kind, low, high in known:
            _, half = ground.standing(view, 0, low, high, kind)
            if not np.isfinite(half):
                total -= 6.0
                continue
            usual = USUAL_SIZE[kind] * FACTORS.get(kind, 1.0) / SIZES["medium"]
            off = np.array([np.log(half / (usual * SIZES[word])) for word in SHARES])
            share = np.array(list(SHARES.values()))
            total += float(np.log((share * np.exp(-0.5 * (off / SPREAD) ** 2)).sum() + 1e-4))
        if total > most:
            best, most = float(height), total
    return None if best is None else camera_at(best, row, size, count)
