"""Picture: what one frame is reduced to before anything is compared; a few hundred kilobytes each.

Everything later works on the working size: 240 lines, or fewer where the source has fewer. Grain
and sharpness are read at 360 lines, because 240 lines average them away.
"""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from evenflow.core.clip import Frame, Pixels
from evenflow.io.digest import frame_digest

WORK_LINES = 240
GRAIN_LINES = 360
SKETCH_LINES = 90
MAX_LONG_SIDE = 1024
TILE_ROWS, TILE_COLS = 6, 8
NUM_TILES = TILE_ROWS * TILE_COLS
NUM_BANDS = 4
THUMB = (32, 18)
_GRAY_WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)  # H.273 BT.709 luma


@dataclass(frozen=True)
class Picture:
    """One frame at working size and what was read from it alone.

    Args:
        index, time: of the frame.
        digest: SHA-256 of the decoded pixels at full size.
        rgb: `(h, w, 3)` uint8 at working size.
        thumb: `(18, 32)` uint8 luma.
        grain: sigma of the noise per tile, gray levels, `(3, 48)`: at 360 lines from the median
            response, at 360 lines from its upper tail (salt and specks), at 180 lines (coarse
            grain).
        bands: natural log of the mean gradient energy in four octaves, finest first.
        moments: mean and standard deviation of L, a, b (CIELAB), `(6,)`.
        palette: histogram of L, a, b marginals, `(3, 32)`, each summing to 1.
        flat: share of pixels without any gradient.
        sketch: the frame at 90 lines, `(h * 3 / 2, w)` uint8 in planes Y, U, V (4:2:0, BT.601,
            narrow range), which stays when `rgb` is dropped; `sketch_rgb` reads it.
        blockiness: steps over every eighth column of the source over its other steps, 1 without a
            codec's blocks; NaN but for every eighth frame.
    """

    index: int
    time: Fraction
    digest: bytes
    rgb: NDArray[np.uint8]
    thumb: NDArray[np.uint8]
    grain: NDArray[np.float32]
    bands: NDArray[np.float32]
    moments: NDArray[np.float32]
    palette: NDArray[np.float32]
    flat: float
    sketch: NDArray[np.uint8]
    blockiness: float = np.nan


def working_size(width: int, height: int, lines: int = WORK_LINES) -> tuple[int, int]:
    """Width and height after the short side is brought to `lines`; never larger than the source.

    Where a whole number of source lines makes one line, up to a few pixels of the long side are
    left out, so that every working pixel is the mean of whole source pixels.
    """
    whole = min(width, height) // lines
    if (
        whole
        and whole * lines == min(width, height)
        and max(width, height) <= MAX_LONG_SIDE * whole
    ):
        return width // whole, height // whole
    scale = min(
        1.0, lines / min(width, height), MAX_LONG_SIDE * lines / WORK_LINES / max(width, height)
    )
    return max(1, round(width * scale)), max(1, round(height * scale))


def reduce(frame: Frame) -> Picture:
    """Reduces a frame to a Picture."""
    pixels = frame.pixels()
    digest = frame_digest(pixels)
    height, width = pixels.shape[:2]
    rgb = _rgb8(pixels, working_size(width, height))
    thumb = cv2.resize(gray_of(rgb), THUMB, interpolation=cv2.INTER_AREA)
    fine = _luma(pixels, working_size(width, height, GRAIN_LINES))
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)  # 8 bits: L * 2.55, a + 128, b + 128
    mean, deviation = (v.reshape(-1) for v in cv2.meanStdDev(lab))
    coarse = cv2.resize(
        fine, (fine.shape[1] // 2, fine.shape[0] // 2), interpolation=cv2.INTER_AREA
    )
    grain = np.concatenate(
        [_grain(fine, TILE_ROWS, TILE_COLS), _grain(coarse, TILE_ROWS, TILE_COLS)]
    )
    grain = grain[:3]
    bands, flat = _bands(fine)
    scale = np.array([100 / 255, 1.0, 1.0])
    moments = np.concatenate([(mean - (0, 128, 128)) * scale, deviation * scale]).astype(np.float32)
    return Picture(
        index=frame.index,
        time=frame.time,
        digest=digest,
        rgb=rgb,
        thumb=thumb,
        grain=grain,
        bands=bands,
        moments=moments,
        palette=_palette(lab),
        flat=flat,
        sketch=_sketch(rgb),
        blockiness=_blockiness(pixels) if frame.index % 8 == 0 else np.nan,
    )


def sketch_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the sketch of a source, both even."""
    wide, high = working_size(width, height, SKETCH_LINES)
    return max(2, wide // 2 * 2), max(2, high // 2 * 2)


def _blockiness(pixels: Pixels) -> float:
    green = pixels[::4, :, min(1, pixels.shape[2] - 1)].astype(np.int32)
    if green.shape[1] < 64:
        return np.nan
    steps = np.abs(np.diff(green, axis=1)).mean(axis=0, dtype=np.float64)
    border = np.arange(len(steps)) % 8 == 7
    rest = float(steps[~border].mean())
    return float(steps[border].mean()) / rest if rest > 0 else np.nan


def _sketch(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = sketch_size(rgb.shape[1], rgb.shape[0])
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    planes: NDArray[np.uint8] = cv2.cvtColor(small, cv2.COLOR_RGB2YUV_I420)
    return planes


def sketch_rgb(picture: Picture) -> NDArray[np.uint8]:
    """The sketch as `(h, w, 3)` uint8."""
    rgb: NDArray[np.uint8] = cv2.cvtColor(picture.sketch, cv2.COLOR_YUV2RGB_I420)
    return rgb


def gray_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma `(h, w)` of a picture at working size."""
    gray: NDArray[np.uint8] = cv2.transform(rgb, _GRAY_WEIGHTS).reshape(rgb.shape[:2])
    return gray


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Area average to `(width, height)`; pixels beyond a whole factor are left out."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    whole = height // size[1]
    if whole == width // size[0] and whole * size[1] == height:
        pixels = pixels[:, : whole * size[0]]
    elif whole == width // size[0] and whole * size[0] == width:
        pixels = pixels[: whole * size[1]]
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def _rgb8(pixels: Pixels, size: tuple[int, int]) -> NDArray[np.uint8]:
    small = _resized(pixels, size)
    small = small.reshape(size[1], size[0], -1)
    if small.dtype == np.uint16:
        small = ((small.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if small.shape[2] == 1:
        return np.repeat(small, 3, axis=2)
    if small.shape[2] == 4:  # over mid gray, so that hidden colors do not count
        alpha = small[..., 3:].astype(np.uint16)
        color = small[..., :3].astype(np.uint16)
        return ((color * alpha + 128 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(small)


def _luma(pixels: Pixels, size: tuple[int, int]) -> NDArray[np.uint8]:
    if pixels.shape[2] == 1:
        luma = pixels[..., 0]
    else:
        luma = cv2.cvtColor(
            pixels, cv2.COLOR_RGBA2GRAY if pixels.shape[2] == 4 else cv2.COLOR_RGB2GRAY
        )
    luma = _resized(luma, size)
    if luma.dtype == np.uint16:
        luma = ((luma.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.ascontiguousarray(luma)


@njit(cache=True, nogil=True)
def _grain(luma: NDArray[np.uint8], rows: int, cols: int) -> NDArray[np.float32]:
    """Noise sigma per tile, `(2, tiles)`, from the Laplacian difference mask.

    Median and 95th percentile of its absolute response, each scaled to the sigma of Gaussian noise.

    Source: Immerkaer 1996, CVIU 64(2), equation 3 (its mask, norm 6); percentiles instead of the
    mean, so that edges do not count.
    """
    height, width = luma.shape
    out = np.zeros((2, rows * cols), np.float32)
    for row in range(rows):
        y0, y1 = max(1, row * height // rows), min(height - 1, (row + 1) * height // rows)
        for col in range(cols):
            x0, x1 = max(1, col * width // cols), min(width - 1, (col + 1) * width // cols)
            counts = np.zeros(1024, np.int64)
            total = 0
            for y in range(y0, y1):
                for x in range(x0, x1):
                    m = 4 * np.int32(luma[y, x])
                    m -= 2 * (
                        np.int32(luma[y - 1, x])
                        + np.int32(luma[y + 1, x])
                        + np.int32(luma[y, x - 1])
                        + np.int32(luma[y, x + 1])
                    )
                    m += (
                        np.int32(luma[y - 1, x - 1])
                        + np.int32(luma[y - 1, x + 1])
                        + np.int32(luma[y + 1, x - 1])
                        + np.int32(luma[y + 1, x + 1])
                    )
                    response = abs(m)
                    counts[response if response < 1023 else 1023] += 1
                    total += 1
            for k in range(2):
                target = (0.5 if k == 0 else 0.95) * total
                seen, value = 0, 0
                while value < 1023 and seen + counts[value] < target:
                    seen += counts[value]
                    value += 1
                # linear inside the bin, so that a percentile of integers has a fraction
                level = value - 0.5 + (target - seen) / max(1, counts[value])
                scale = 0.6745 if k == 0 else 1.96
                out[k, row * cols + col] = max(0.0, level) / scale / 6.0
    return out


def _bands(luma: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    level = luma
    energies = np.zeros(NUM_BANDS, np.float32)
    flat = 0.0
    for band in range(NUM_BANDS):
        power, still = _gradient(level)
        energies[band] = np.log(power + 0.1)
        if band == 0:
            flat = still
        if min(level.shape) < 16:
            energies[band + 1 :] = energies[band]
            break
        level = cv2.pyrDown(level)
    return energies, flat


@njit(cache=True, nogil=True)
def _gradient(level: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean squared forward difference, and the share of pixels without any."""
    height, width = level.shape
    total, still = np.int64(0), np.int64(0)
    for y in range(height - 1):
        row, below = level[y], level[y + 1]
        sum_row, still_row = np.int32(0), np.int32(0)
        for x in range(width - 1):
            dx = np.int32(row[x + 1]) - np.int32(row[x])
            dy = np.int32(below[x]) - np.int32(row[x])
            square = dx * dx + dy * dy
            sum_row += square
            still_row += np.int32(square == 0)
        total += sum_row
        still += still_row
    count = (height - 1) * (width - 1)
    return total / count, still / count


def _palette(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    ranges = ((0, 256), (64, 192), (64, 192))  # L whole, a and b from -64 to 64
    rows = [
        cv2.calcHist([lab], [channel], None, [32], [float(low), float(high)]).reshape(-1)
        for channel, (low, high) in enumerate(ranges)
    ]
    return np.stack(rows).astype(np.float32) / (lab.shape[0] * lab.shape[1])
