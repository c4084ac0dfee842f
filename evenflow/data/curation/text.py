"""Text: titles, subtitles and watermarks that lie on the picture.

Lettering is many short strokes of high contrast close together, with an edge on both sides of each;
an overlay keeps them in place while the picture below moves on. Cells of 12 x 12 pixels (at 360
lines) count whose strokes are dense, of both directions, and, where the clip moves, static.

The measure is ours: no letters are read. Pipelines keep clips with up to 2 % of text area by OCR
(EasyOCR; notes of VideoX-Fun).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

STEP = 80.0
"""Gray levels from one side of a stroke to the other, at least."""
CELL = 12
"""Pixels of a side of a cell."""
DENSE = 0.12
"""Share of a cell's pixels that lie on the borders of strokes."""
SHARE = 0.01
"""A line of six words of 5 to 8 % of the height covers 2 to 5 % by this measure; pictures without
lettering stay below 0.6 %."""
LEAST_CELLS = 5
"""Cells side by side; a word has as many."""
MOST_CELLS = 5
"""Cells on top of each other; two lines of a subtitle have as many, a lawn or a brick wall more."""
LEAST_LINES = 200
"""Lines of the picture below which lettering is too small to be told from texture."""
MOVES = 6.0
"""Gray levels: pixels whose standard deviation over time is above it are seen to change."""
SCORES = {"text": "share of the picture that lettering on it covers"}
MARKS = {"text": f"lettering on more than {SHARE:.0%} of the picture"}


def text(row: Row, statistics: Statistics) -> Verdict:
    """Share of the picture under lettering."""
    pages = statistics.pages
    if not len(pages) or min(pages.shape[1:]) < LEAST_LINES:
        return Verdict()
    share = text_share(pages)
    return Verdict(
        {"text": share}, {"text": f"{share:.1%} of the picture"} if share > SHARE else {}
    )


def text_share(pages: NDArray[np.uint8]) -> float:
    """Share of the picture that is covered by lettering in most of the pages `(k, h, w)`."""
    cells = lettering(pages)
    return float(cells.mean())


def lettering(pages: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Cells `(h // 12, w // 12)` that hold lettering."""
    height, width = (side // CELL * CELL for side in pages.shape[1:])
    pages = pages[:, :height, :width]
    strokes = np.stack([_strokes(page) for page in pages])
    common = strokes.mean(axis=0) > 0.7  # in place in most pictures
    dense = _cell_mean(common.astype(np.float32)) > DENSE
    if len(pages) >= 3:
        around = _cell_mean((pages.astype(np.float32).std(axis=0) > MOVES).astype(np.float32))
        moving = float((around > 0.3).mean())
    else:
        moving = 0.0
    if moving < 0.3:  # a picture that stands still shows what is painted on things as well
        dense &= _cell_mean(common.astype(np.float32)) > 1.5 * DENSE
    return _lines(dense)


def _strokes(page: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels at the border of a thin stroke: a step up and a step down within 8 pixels."""
    level = page.astype(np.float32)
    wide = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)) - level
    tall = level - cv2.morphologyEx(level, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    thin = np.maximum(wide, tall)  # how far a thin dark or bright stroke stands out
    return thin > STEP


def _cell_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, cols = values.shape[0] // CELL, values.shape[1] // CELL
    mean: NDArray[np.float32] = values.reshape(rows, CELL, cols, CELL).mean(axis=(1, 3))
    return mean


def _lines(dense: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keeps groups of cells that are long and low, as lines of text are."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        dense.astype(np.uint8), connectivity=4
    )
    kept = np.zeros_like(dense)
    for label in range(1, count):
        wide, tall, area = (int(stats[label, k]) for k in (2, 3, 4))
        solid = area >= 0.6 * wide * min(tall, 2)
        if wide >= LEAST_CELLS and tall <= MOST_CELLS and wide >= 2 * tall and solid:
            kept |= labels == label
    return kept
