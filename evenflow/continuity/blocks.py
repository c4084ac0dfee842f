"""Blocks: places of two by two tiles, for faults that only a part of the picture shows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.picture import NUM_TILES, TILE_COLS, TILE_ROWS

BLOCKS: tuple[tuple[int, ...], ...] = tuple(
    tuple((row + r) * TILE_COLS + col + c for r in (0, 1) for c in (0, 1))
    for row in range(TILE_ROWS - 1)
    for col in range(TILE_COLS - 1)
)
"""Tile numbers of every block; neighbors overlap."""

Found = tuple[int, int, float]
"""First frame, end, size in JND."""


def gathered(
    look: Callable[[tuple[int, ...]], list[Found]],
) -> list[tuple[int, int, float, NDArray[np.bool_]]]:
    """Looks at every block and joins what neighbors see at the same time.

    Returns:
        First frame, end, largest size, and tiles `(48,)` of each place; loudest first.
    """
    seen = [(size, start, end, block) for block in BLOCKS for start, end, size in look(block)]
    places: list[tuple[int, int, float, NDArray[np.bool_]]] = []
    for size, start, end, block in sorted(seen, reverse=True):
        for i, (first, last, most, tiles) in enumerate(places):
            shared = min(end, last) - max(start, first)
            if shared > 0.5 * min(end - start, last - first):
                if tiles[list(block)].any():
                    tiles[list(block)] = True
                    places[i] = (min(first, start), max(last, end), most, tiles)
                break
        else:
            tiles = np.zeros(NUM_TILES, dtype=bool)
            tiles[list(block)] = True
            places.append((start, end, size, tiles))
    return places
