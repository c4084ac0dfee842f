"""Follow: where points of one frame of a passage lie in another, along the flow of the cells."""

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage


def followed(passage: Passage, points: NDArray[np.float64], i: int, j: int) -> NDArray[np.float64]:
    """Points of frame `i` carried to frame `j`, which may lie before or behind it.

    The flow of each step is read between the centers of the cells; where a cell has none the
    camera's is taken. Errors add up: over more than a second ask `Passage.matched`.

    Args:
        points: `(n, 2)` as `(x, y)` in shares of the picture, [0, 1].

    Returns:
        `(n, 2)` in the same unit; points may leave the picture.
    """
    made = np.array(points, dtype=np.float64)
    for step in range(i + 1, j + 1):
        made += _at(passage, step, made)
    for step in range(i, j, -1):
        guess = made - _at(passage, step, made)
        made -= _at(passage, step, guess)
    return made


def _at(passage: Passage, step: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Displacement from frame `step - 1` to `step` at points of frame `step - 1`, in shares."""
    u, v = passage.cells["u"][step], passage.cells["v"][step]
    field = np.stack([u, v], axis=1).astype(np.float64)
    camera = np.nan_to_num(passage.camera_at_cells[step])
    field = np.where(np.isfinite(field), field, camera).reshape(ROWS, COLS, 2)
    x = np.clip(points[:, 0] * COLS - 0.5, 0, COLS - 1)
    y = np.clip(points[:, 1] * ROWS - 0.5, 0, ROWS - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, COLS - 1), np.minimum(y0 + 1, ROWS - 1)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    top = field[y0, x0] * (1 - fx) + field[y0, x1] * fx
    low = field[y1, x0] * (1 - fx) + field[y1, x1] * fx
    moved: NDArray[np.float64] = top * (1 - fy) + low * fy
    width = passage.lines * passage.size[0] / passage.size[1]
    moved /= np.array([width, passage.lines])
    return moved
