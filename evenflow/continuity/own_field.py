"""Own field: how every cell moves beside the camera, frame by frame.

The camera's similarity is taken out already at each step; here goes what a plane seen at a slant, a
lens or a zoom adds (a quadratic in x and y, fitted to what most cells do), and what depth adds: the
share of each cell's motion that follows the camera's own shift.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import product
from evenflow.continuity.stretches import smooth_cells

ROUNDS = 2


def own_field(passage: Passage) -> Series:
    """Steps of the cells on their own, `(n, 432, 2)`, pixels of the working size; 0 at entry 0.

    Where there is no flow it is 0; neighbors are averaged (3 x 3 cells).
    """
    if "own_field" not in passage.shared:
        passage.shared["own_field"] = _field(passage)
    made: Series = passage.shared["own_field"]
    return made


def _field(passage: Passage) -> Series:
    moved = np.stack([passage.cells["u"], passage.cells["v"]], axis=-1).astype(np.float64)
    flow: Series = moved - passage.camera_at_cells
    seen = np.isfinite(flow[..., 0])
    flow = np.where(seen[..., None], flow, 0.0).astype(np.float64)
    rest: Series = flow - _surface(passage, flow, seen)
    rest = np.where(seen[..., None], rest, 0.0).astype(np.float64)
    rest = rest - _depth(passage, rest)
    smooth = [smooth_cells(np.where(seen, rest[..., k], np.nan)) for k in (0, 1)]
    stacked = np.stack(smooth, axis=-1).astype(np.float64)
    made: Series = stacked.reshape(len(passage), ROWS * COLS, 2)
    made[0] = 0.0
    return made


def _surface(passage: Passage, flow: Series, seen: NDArray[np.bool_]) -> Series:
    """The quadratic that most cells of each step follow, `(n, 432, 2)`."""
    x, y = (passage.cell_centers / passage.lines).T
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)  # (432, 6)
    pairs = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    weight = seen.astype(np.float64)
    made: Series = np.zeros_like(flow)
    for _ in range(ROUNDS):
        matrix = product(weight, pairs).reshape(-1, 6, 6) + 1e-3 * np.eye(6)
        target = np.stack([product(weight * flow[..., k], terms) for k in (0, 1)], axis=2)
        solved = np.linalg.solve(matrix, target).astype(np.float64)
        made = np.stack([product(solved[..., k], terms.T) for k in (0, 1)], axis=2)
        off_2 = ((flow - made) ** 2).sum(axis=2)
        spread = np.sqrt(np.median(np.where(seen, off_2, 0.0), axis=1, keepdims=True)) + 0.05
        weight = seen / (1.0 + off_2 / (2.0 * spread) ** 2) ** 2  # Geman-McClure
    return made


def _depth(passage: Passage, rest: Series) -> Series:
    """What of each cell's motion is a multiple of the camera's shift, beside its mean."""
    shift = np.nan_to_num(passage.camera)
    shift = shift - shift.mean(axis=0)
    matrix = shift.T @ shift + 0.02 * len(shift) * np.eye(2)
    flat = rest.reshape(len(rest), -1)
    common = np.einsum("nk,nc->kc", shift, flat - flat.mean(axis=0))
    made: Series = product(shift, np.linalg.solve(matrix, common)).reshape(rest.shape)
    return made
