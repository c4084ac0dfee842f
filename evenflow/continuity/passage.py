"""Passage: the signals of one shot (or a stretch of a very long one) as arrays.

Entry i of a pair signal compares frames i-1 and i of the passage; entry 0 is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, FIELDS, NUM_CELLS, ROWS
from evenflow.continuity.pair import Anchor, Pair
from evenflow.continuity.picture import (
    NUM_TILES,
    TILE_COLS,
    TILE_ROWS,
    Picture,
    gray_of,
    sketch_rgb,
)
from evenflow.geometry.warp import warp
from evenflow.motion.flow import Match, match

Series = NDArray[np.float64]
L_PER_LOG = 22.0
"""CIELAB L per unit of log luminance at L = 50: (L + 16) / 3."""
GOES_ON = 0.15
"""Least share of places whose fine structure goes on in one and the same shot, see `goes_on`."""
LEAST_FINE = 0.5
"""Gray levels of fine structure (rms) in a place that can be told from another."""
LINES_DEG = 18.0
"""Visual angle of the picture's height in degrees, at any size."""


@dataclass(frozen=True)
class Passage:
    """Signals of frames `[start, start + n)` of a clip, all of one shot.

    Args:
        start: number of the first frame in the clip.
        seconds: `(n,)` presentation times.
        size: width and height of the source in pixels.
        lines: height of the working size in pixels.
        pictures, pairs, anchors: what the signals are read from; `pairs[0]` is None.
    """

    start: int
    seconds: Series
    size: tuple[int, int]
    lines: int
    pictures: Sequence[Picture]
    pairs: Sequence[Pair | None]
    anchors: Sequence[Anchor | None]

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, start: int, end: int) -> "Passage":
        """Frames `[start, end)` of the passage as a passage of their own."""
        if (start, end) == (0, len(self)):
            return self
        pairs = [None, *self.pairs[start + 1 : end]] if end > start else []
        return replace(
            self,
            start=self.start + start,
            seconds=self.seconds[start:end],
            pictures=self.pictures[start:end],
            pairs=pairs,
            anchors=self.anchors[start:end],
        )

    @cached_property
    def fps(self) -> float:
        """Frames per second: the median over the passage."""
        if len(self) < 2:
            return 24.0
        return float(1.0 / max(np.median(np.diff(self.seconds)), 1e-3))

    @property
    def arcmin(self) -> float:
        """Visual angle of one pixel of the working size, in minutes of arc."""
        return 60.0 * LINES_DEG / self.lines

    def of_pairs(self, name: str) -> Series:
        """One field of the pairs, NaN at entry 0."""
        return np.array([np.nan if p is None else getattr(p, name) for p in self.pairs])

    @cached_property
    def cells(self) -> dict[str, NDArray[np.float32]]:
        """Each field of `evenflow.continuity.cells` as `(n, 432)`, NaN at entry 0."""
        nothing = np.full((NUM_CELLS, len(FIELDS)), np.nan, np.float16)
        table = np.stack([nothing if p is None else p.cells for p in self.pairs])
        return {name: table[..., k].astype(np.float32) for k, name in enumerate(FIELDS)}

    @cached_property
    def cell_centers(self) -> Series:
        """Centers of the cells from the picture's center, working pixels, `(432, 2)`."""
        width = self.lines * self.size[0] / self.size[1]
        x = (np.arange(COLS) + 0.5) / COLS * width - width / 2
        y = (np.arange(ROWS) + 0.5) / ROWS * self.lines - self.lines / 2
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

    @cached_property
    def camera_at_cells(self) -> Series:
        """What the camera's step does at the center of each cell, `(n, 432, 2)`, working pixels."""
        return self._camera_at(self.cell_centers)

    def sketch(self, i: int) -> NDArray[np.uint8]:
        """Frame `i` at 90 lines, RGB `(h, w, 3)` uint8; kept while the passage lives."""
        held = self._sketches.get(i)
        if held is None:
            held = self._sketches[i] = sketch_rgb(self.pictures[i])
            if len(self._sketches) > 192:
                self._sketches.pop(next(iter(self._sketches)))
        return held

    def gray(self, i: int) -> NDArray[np.float32]:
        """The luma of `sketch(i)`, `(h, w)` float32 in gray levels; not to be changed."""
        held = self._grays.get(i)
        if held is None:
            held = self._grays[i] = gray_of(self.sketch(i)).astype(np.float32)
            if len(self._grays) > 96:
                self._grays.pop(next(iter(self._grays)))
        return held

    def matched(self, i: int, j: int) -> Match:
        """Flow between the sketches of frames `i` and `j`: `back` points from j's pixels to i's.

        In pixels of the sketch; `valid` has an entry for every one of them. It is searched down to
        half a sketch: about two milliseconds.
        """
        held = self._matches.get((i, j))
        if held is None:
            a, b = (gray_of(self.sketch(k)) for k in (i, j))
            held = self._matches[i, j] = match(a, b, finest=1)
            if len(self._matches) > 64:
                self._matches.pop(next(iter(self._matches)))
        return held

    @cached_property
    def shared(self) -> dict[str, Any]:
        """What one detector has worked out and another will ask for, by name."""
        return {}

    @cached_property
    def _sketches(self) -> dict[int, NDArray[np.uint8]]:
        return {}

    @cached_property
    def _grays(self) -> dict[int, NDArray[np.float32]]:
        return {}

    @cached_property
    def _matches(self) -> dict[tuple[int, int], Match]:
        return {}

    def of_tiles(self, name: str) -> Series:
        """One tile field of the pairs, `(n, 48)`, NaN at entry 0."""
        nothing = np.full(NUM_TILES, np.nan)
        return np.array([nothing if p is None else getattr(p, name) for p in self.pairs])

    @cached_property
    def gain(self) -> Series:
        """Change of log luminance.

        A frame that is much too bright or dark is clipped, so the steps into it and out of it do
        not cancel although its neighbors agree; there the step out is what the bridge leaves.
        """
        steps, bridge = self.of_pairs("gain"), self.of_pairs("bridge_gain")
        for i in range(1, len(steps) - 1):
            into, out = steps[i], steps[i + 1]
            least = min(abs(into), abs(out))
            if into * out < 0 and least > 0.05 and abs(bridge[i]) < 0.5 * least:
                steps[i + 1] = bridge[i] - into
        return steps

    @cached_property
    def change(self) -> Series:
        """Mean absolute difference to the frame before, in gray levels."""
        return self.of_pairs("change")

    @cached_property
    def step_half(self) -> Series:
        """What motion and gain leave of the step to this frame, in gray levels, at half size."""
        return self.of_pairs("step_half")

    @cached_property
    def bridge(self) -> Series:
        """The same from the frame before to the frame behind, skipping this one."""
        return self.of_pairs("bridge")

    @cached_property
    def tracked(self) -> Series:
        """Share of the textured area found again where the flow says."""
        return self.of_pairs("tracked")

    @cached_property
    def tone(self) -> Series:
        """Path of the look since the first frame: log luminance, a, b; `(n, 3)`."""
        steps = np.stack([self.gain, self.of_pairs("shift_a"), self.of_pairs("shift_b")], axis=1)
        path: Series = np.cumsum(np.nan_to_num(steps), axis=0)
        return path

    @cached_property
    def long_tone(self) -> Series:
        """The same path, held at every anchor by the one step across half a second; `(n, 3)`.

        What the two differ by is the error of the many small steps. It is spread over the frames
        between, so that the path keeps what each frame does.
        """
        path = self.tone
        at, error = [0], [np.zeros(3)]
        for i, held in enumerate(self.anchors):
            if held is None or i < held.lag or held.valid < 0.35 or np.isnan(held.tone).any():
                continue
            known = np.array([np.interp(i - held.lag, at, [e[k] for e in error]) for k in range(3)])
            at.append(i)
            error.append(known + held.tone - (path[i] - path[i - held.lag]))
        frames = np.arange(len(self))
        spread = [np.interp(frames, at, [e[k] for e in error]) for k in range(3)]
        made: Series = path + np.stack(spread, axis=1)
        return made

    @cached_property
    def tile_tone(self) -> Series:
        """Steps of the look per tile in dE: lightness, a, b; `(n, 48, 3)`, NaN where unseen."""
        names, scales = ("tile_gain", "tile_a", "tile_b"), (L_PER_LOG, 1.0, 1.0)
        tiles = [scale * self.of_tiles(name) for name, scale in zip(names, scales, strict=True)]
        made: Series = np.stack(tiles, axis=2)
        return made

    @cached_property
    def camera(self) -> Series:
        """Camera steps `(n, 2)`, pixels of the working size."""
        return np.array(
            [(np.nan, np.nan) if p is None else (p.camera.dx, p.camera.dy) for p in self.pairs]
        )

    @cached_property
    def zoom(self) -> Series:
        """Natural logarithm of the picture's growth by the camera; NaN at entry 0."""
        return np.array([np.nan if p is None else p.camera.zoom for p in self.pairs])

    @cached_property
    def camera_at_tiles(self) -> Series:
        """What the camera's step does at the center of each tile, `(n, 48, 2)`, working pixels."""
        width = self.lines * self.size[0] / self.size[1]
        x = (np.arange(TILE_COLS) + 0.5) / TILE_COLS * width - width / 2
        y = (np.arange(TILE_ROWS) + 0.5) / TILE_ROWS * self.lines - self.lines / 2
        return self._camera_at(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))

    def _camera_at(self, centers: Series) -> Series:
        x, y = centers[:, 0], centers[:, 1]
        steps = [None if p is None else p.camera for p in self.pairs]
        dx, dy, zoom, turn = (
            np.array([np.nan if c is None else getattr(c, name) for c in steps])[:, None]
            for name in ("dx", "dy", "zoom", "rotation")
        )
        scale = np.expm1(zoom)
        moved: Series = np.stack([dx + scale * x - turn * y, dy + scale * y + turn * x], axis=2)
        return moved

    def camera_path(self, a: int, b: int) -> Series:
        """Where the camera takes what is seen in frame `a` up to frame `b`.

        A matrix `(3, 3)` on pixels of the sketch.
        """
        size = self.sketch(a).shape[1::-1]
        scale = min(size) / self.lines
        path: Series = np.eye(3)
        for pair in self.pairs[a + 1 : b + 1]:
            if pair is not None and np.isfinite(pair.camera.dx):
                c = pair.camera
                cos, sin = np.exp(c.zoom) * np.cos(c.rotation), np.exp(c.zoom) * np.sin(c.rotation)
                step = [[cos, -sin, scale * c.dx], [sin, cos, scale * c.dy], [0.0, 0.0, 1.0]]
                path = np.array(step) @ path
        center = np.array([[1, 0, size[0] / 2], [0, 1, size[1] / 2], [0, 0, 1.0]])
        return center @ path @ np.linalg.inv(center)

    def carried(self, a: int, b: int) -> float:
        """Likeness of frame `b` to what the camera makes of frame `a`, in [-1, 1].

        The correlation of both, softly blurred, where they show the same; NaN if that is less
        than a fifth of the picture. High for one and the same place, whatever lies on top of it.
        """
        size, path = self.sketch(a).shape[1::-1], self.camera_path(a, b)
        x, y = (cv2.GaussianBlur(self.gray(i), (0, 0), 3) for i in (a, b))
        moved = cv2.warpPerspective(x, path, size)
        shared = cv2.warpPerspective(np.ones_like(x), path, size) > 0.99
        if shared.mean() < 0.2 or min(moved[shared].std(), y[shared].std()) < 1e-3:
            return float("nan")
        return float(np.corrcoef(moved[shared], y[shared])[0, 1])

    def goes_on(self, a: int, b: int) -> float:
        """Share of the places whose fine structure in frame `a` is there in frame `b`, in [0, 1].

        Places are eighths of the width by sixths of the height; each goes where the flow or the
        camera takes it, and counts from a correlation of one half on. NaN where fewer than eight
        have a structure at both ends. Other color and light keep it, another shot has none of it,
        however much alike the two are in the large.
        """
        pages = [self.gray(i) for i in (a, b)]
        height, width = pages[0].shape
        fine_a, fine_b = (g - cv2.GaussianBlur(g, (0, 0), height / 30) for g in pages)
        flowed = warp(fine_a, self.matched(a, b).back)
        moved = cv2.warpPerspective(fine_a, self.camera_path(a, b), (width, height))
        ways = (_place_likeness(flowed, fine_b), _place_likeness(moved, fine_b))
        shares = [float((k[k == k] > 0.5).mean()) for k in ways if (k == k).sum() >= 8]
        return max(shares, default=float("nan"))

    @cached_property
    def color_step(self) -> Series:
        """Change of color and brightness along the motion, rms over the tiles, in dE."""
        power = (self.tile_tone**2).sum(axis=2)  # (n, 48)
        seen = np.isfinite(power)
        total = np.where(seen, power, 0.0).sum(axis=1)
        mean = total / np.maximum(seen.sum(axis=1), 1)
        made: Series = np.where(seen.sum(axis=1) >= 6, np.sqrt(mean), np.nan)
        return made

    @cached_property
    def inliers(self) -> Series:
        """Share of the picture that moves with the camera."""
        return np.array([np.nan if p is None else p.camera.inliers for p in self.pairs])

    @cached_property
    def tile_grain(self) -> Series:
        """Sigma of the fine grain per tile, gray levels, `(n, 48)`."""
        return np.array([p.grain[0] for p in self.pictures], dtype=np.float64)

    @cached_property
    def grains(self) -> Series:
        """Sigma of the grain in the flatter tiles, gray levels, `(3, n)`: fine, specks, coarse."""
        tiles = np.array([p.grain for p in self.pictures], dtype=np.float64)  # (n, 3, 48)
        series: Series = np.percentile(tiles, 25, axis=2).T
        return series

    @property
    def grain(self) -> Series:
        """Sigma of the fine grain, `(n,)`."""
        fine: Series = self.grains[0]
        return fine

    @cached_property
    def bands(self) -> Series:
        """Log gradient energy of four octaves, finest first, `(n, 4)`."""
        return np.array([p.bands for p in self.pictures], dtype=np.float64)

    @cached_property
    def moments(self) -> Series:
        """Mean and deviation of L, a, b, `(n, 6)`."""
        return np.array([p.moments for p in self.pictures], dtype=np.float64)

    def box_of(self, place: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
        """The box around a place in source pixels; None if it covers most of the picture.

        Args:
            place: `(48,)` tiles, `(432,)` cells, or a mask of any size `(h, w)`.
        """
        shapes = {NUM_TILES: (TILE_ROWS, TILE_COLS), NUM_CELLS: (ROWS, COLS)}
        grid = place if place.ndim == 2 else place.reshape(shapes[place.size])
        if not grid.any() or grid.mean() > 0.7:
            return None
        rows, cols = np.flatnonzero(grid.any(1)), np.flatnonzero(grid.any(0))
        (high, wide), (width, height) = grid.shape, self.size
        return (
            int(cols[0] * width // wide),
            int(rows[0] * height // high),
            int((cols[-1] + 1) * width // wide),
            int((rows[-1] + 1) * height // high),
        )


def _place_likeness(x: NDArray[np.float32], y: NDArray[np.float32]) -> Series:
    """Correlation in each of the 48 places, at the best shift of at most a pixel; NaN where plain.

    Args:
        x, y: fine structure `(h, w)`, gray levels.
    """
    height, width = x.shape

    def means(page: NDArray[np.float32]) -> Series:
        rows = np.linspace(0, height, TILE_ROWS + 1).astype(int)[:-1]
        cols = np.linspace(0, width, TILE_COLS + 1).astype(int)[:-1]
        sums = np.add.reduceat(np.add.reduceat(page.astype(np.float64), rows, 0), cols, 1)
        sizes = np.outer(np.diff([*rows, height]), np.diff([*cols, width]))
        made: Series = sums / sizes
        return made

    power_y = means(y * y) - means(y) ** 2
    best = np.full((TILE_ROWS, TILE_COLS), -1.0)
    plain = power_y < LEAST_FINE**2
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near = np.roll(x, (dy, dx), axis=(0, 1))
            power = means(near * near) - means(near) ** 2
            both = means(near * y) - means(near) * means(y)
            best = np.maximum(best, both / np.sqrt(np.maximum(power * power_y, 1e-6)))
            plain |= power < LEAST_FINE**2
    return np.where(plain, np.nan, best).ravel()
