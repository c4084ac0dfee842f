"""Cells: what a pair of frames leaves in 18 rows of 24 places, finer than tiles and less robust.

A cell is about 13 by 18 pixels of the working size. Detectors of local faults read the cells; where
they need pixels they go back to the sketches.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evenflow.continuity.picture import NUM_TILES as TILES
from evenflow.continuity.picture import TILE_COLS, TILE_ROWS

ROWS, COLS = 18, 24
NUM_CELLS = ROWS * COLS
EDGE = 24
"""Least gradient, gray levels over two pixels in x plus the same in y, of an edge."""
FIELDS = ("gain", "a", "b", "u", "v", "seen", "edge", "flat", "texture")
"""Columns of the table of a pair:

- gain, a, b: mean step of log luminance and CIELAB a, b along the motion; NaN where under three
  samples (or a tenth of the cell) can be compared;
- u, v: mean flow from the frame before to this one, pixels of the working size; NaN likewise;
- seen: share of the cell with a counterpart in the frame before;
- edge, flat: mean absolute residual after motion and gain on edges and off them, gray levels; NaN
  where a cell has fewer than eight such pixels;
- texture: mean gradient, gray levels a pixel.
"""


@njit(cache=True, nogil=True)
def leftovers(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    expected: NDArray[np.float32],
    factor: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """What is left between two pictures, with motion accounted for and without, in one look.

    Args:
        before, after: gray `(h, w)`.
        expected: `before` brought along the motion, gray levels.
        factor: how much brighter `after` is (on encoded values).

    Returns:
        Per tile `(2, 48)`: mean absolute residual and mean absolute difference. Per cell
        `(NUM_CELLS, 3)`: the fields edge, flat, texture. The share of pixels that differ by at most
        one gray level.
    """
    height, width = after.shape
    tiles = np.zeros((2, TILES), np.float64)
    tile_counts = np.zeros(TILES, np.int32)
    sums = np.zeros((NUM_CELLS, 3), np.float64)
    counts = np.zeros((NUM_CELLS, 2), np.int32)
    cell_of = np.array([x * COLS // width for x in range(width)], np.int32)
    tile_of = np.array([x * TILE_COLS // width for x in range(width)], np.int32)
    scale = np.float32(factor)
    still = np.int64(0)
    for y in range(height):
        tile_row, cell_row = y * TILE_ROWS // height * TILE_COLS, y * ROWS // height * COLS
        above, below = max(0, y - 1), min(height - 1, y + 1)
        for x in range(width):
            value = np.int32(after[y, x])
            change = abs(value - np.int32(before[y, x]))
            still += np.int32(change <= 1)
            residual = abs(np.float32(value) - min(expected[y, x] * scale, np.float32(255.0)))
            tile, cell = tile_row + tile_of[x], cell_row + cell_of[x]
            tiles[0, tile] += residual
            tiles[1, tile] += change
            tile_counts[tile] += 1
            left, right = max(0, x - 1), min(width - 1, x + 1)
            slope = abs(np.int32(after[y, right]) - np.int32(after[y, left]))
            slope += abs(np.int32(after[below, x]) - np.int32(after[above, x]))
            sums[cell, 2] += slope
            flat = np.int32(slope < EDGE)
            counts[cell, flat] += 1
            sums[cell, flat] += residual
    out = np.full((NUM_CELLS, 3), np.nan, np.float32)
    for cell in range(NUM_CELLS):
        for k in range(2):
            if counts[cell, k] >= 8:
                out[cell, k] = sums[cell, k] / counts[cell, k]
        out[cell, 2] = sums[cell, 2] / max(1, counts[cell, 0] + counts[cell, 1]) / 4.0
    means = (tiles / np.maximum(tile_counts, 1)).astype(np.float32)
    return means, out, still / (height * width)


@njit(cache=True, nogil=True)
def steps_of_cells(
    back: NDArray[np.float32], valid: NDArray[np.bool_], step: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The fields gain, a, b, u, v, seen, `(NUM_CELLS, 6)`.

    Args:
        back: `(h, w, 2)` flow from the later frame to the one before.
        valid: on a sparse grid `(rows, cols)`: has a counterpart.
        step: `(rows, cols, 3)` on the same sparse grid, NaN where nothing can be compared.
    """
    high, wide = valid.shape
    every = (back.shape[0] + high - 1) // high
    sums = np.zeros((NUM_CELLS, 5), np.float64)
    counts = np.zeros((NUM_CELLS, 3), np.int32)  # color, flow, samples
    for y in range(high):
        row = y * ROWS // high
        for x in range(wide):
            cell = row * COLS + x * COLS // wide
            counts[cell, 2] += 1
            if valid[y, x]:
                counts[cell, 1] += 1
                sums[cell, 3] -= back[y * every, x * every, 0]
                sums[cell, 4] -= back[y * every, x * every, 1]
            if not np.isnan(step[y, x, 0]):
                counts[cell, 0] += 1
                for channel in range(3):
                    sums[cell, channel] += step[y, x, channel]
    out = np.full((NUM_CELLS, 6), np.nan, np.float32)
    for cell in range(NUM_CELLS):
        samples = max(1, counts[cell, 2])
        least = max(3, samples // 10)
        for k in range(5):
            count = counts[cell, 0] if k < 3 else counts[cell, 1]
            if count >= least:
                out[cell, k] = sums[cell, k] / count
        out[cell, 5] = counts[cell, 1] / samples
    return out
