"""Own motion: how the things in the picture move on their own, after the camera is taken out.

Signal: the flow of each tile without what the camera's step does there, averaged over a third of a
second; the mean over the tiles that clearly move. Where these are most of the picture's border, the
camera was read off one large thing, and it is the rest that moves on its own. Limits: a thing much
smaller than a tile (an eighth of the width) is not seen, nor one that covers the whole picture.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.picture import TILE_COLS, TILE_ROWS

LEAST_DEG_S = 0.6
"""Speed in degrees a second from which a tile moves on its own."""
LEAST_OF_CAMERA = 0.3
"""And at least this share of the camera's speed there: parallax is no motion of its own."""

TEXTURED = 0.25
"""Mean gradient of a tile, gray levels a pixel, above that of the grain, from which its flow says
something: a plain sky stands still in the picture however the camera moves."""

BORDER = np.pad(np.zeros((TILE_ROWS - 2, TILE_COLS - 2), bool), 1, constant_values=True).reshape(-1)
"""Tiles at the border of the picture, `(48,)`: there is ground, as a rule."""


def own_steps(passage: Passage) -> Series:
    """Mean step `(n, 2)` of what moves on its own, in pixels of the working size; NaN: nothing."""
    if len(passage) < 2 or all(pair is None for pair in passage.pairs):
        return np.full((len(passage), 2), np.nan)
    camera = passage.camera_at_tiles
    flow = np.stack([passage.of_tiles("tile_u"), passage.of_tiles("tile_v")], axis=2)
    rest = _mean_over_time(flow - camera, max(3, round(passage.fps / 3) | 1))
    carried = _mean_over_time(camera, max(3, round(passage.fps / 3) | 1))
    per_s = passage.fps * passage.arcmin / 60.0
    speed = np.hypot(rest[..., 0], rest[..., 1]) * per_s
    panned = np.hypot(carried[..., 0], carried[..., 1]) * per_s
    moves = speed > np.maximum(LEAST_DEG_S, LEAST_OF_CAMERA * panned)  # False at NaN
    moves &= _textured(passage)
    moves[0] = False  # nothing is before the first frame
    count = moves.sum(axis=1)
    total = np.where(moves[..., None], rest, 0.0).sum(axis=1)
    ground = moves[:, BORDER].mean(axis=1) > 0.5
    steps = np.where(ground, -1.0, 1.0)[:, None] * total / np.maximum(count, 1)[:, None]
    made: Series = np.where(count[:, None] > 0, steps, np.nan)
    return made


def _textured(passage: Passage) -> NDArray[np.bool_]:
    """Tiles in which something could be seen to move, `(n, 48)`."""
    cells = np.nan_to_num(passage.cells["texture"]).reshape(-1, ROWS, COLS)
    down, across = ROWS // TILE_ROWS, COLS // TILE_COLS
    tiles = cells.reshape(-1, TILE_ROWS, down, TILE_COLS, across).mean(axis=(2, 4))
    made: NDArray[np.bool_] = tiles.reshape(len(tiles), -1) > TEXTURED + float(
        np.median(passage.grain)
    )
    return made


def _mean_over_time(steps: Series, window: int) -> Series:
    """Mean of what is finite in a window; NaN where less than half of it is."""
    seen = np.isfinite(steps)
    share = uniform_filter1d(seen.astype(np.float64), window, axis=0, mode="constant")
    total = uniform_filter1d(np.where(seen, steps, 0.0), window, axis=0, mode="constant")
    least = np.minimum(0.5, _inside(len(steps), window) / 2)[:, None, None]
    made: Series = np.where(share >= least - 1e-9, total / np.maximum(share, 1e-9), np.nan)
    return made


def _inside(count: int, window: int) -> Series:
    made: Series = uniform_filter1d(np.ones(count), window, mode="constant")
    return made
