"""Perceptual hashes: 64 bits a picture, 64 bits for how it moves; alike clips differ in few bits.

Hashes find candidates; what is held to be the same is decided on a print of 150 bytes.

A picture is shrunk to 32 x 32 luma; each bit says whether one of the 64 lowest frequencies of its
cosine transform (without the mean) lies above their median. The same of the difference to the
picture half a second before tells clips apart that show one place with different events.

Source: Zauner 2010, Implementation and benchmarking of perceptual image hash functions, section
3.2.1 (DCT hash).
Differs: coefficients are taken from the whole low triangle instead of an 8 x 8 square; the hash of
differences is ours.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
PRINT = 150
"""Bytes of a print."""
_ORDER = sorted(
    ((y, x) for y in range(16) for x in range(16) if y + x > 0),
    key=lambda p: (p[0] ** 2 + p[1] ** 2, p),
)[:64]
_ROWS = np.array([y for y, _ in _ORDER])
_COLS = np.array([x for _, x in _ORDER])
_BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)


def small(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma `(h, w)` shrunk to 32 x 32, gray levels."""
    shrunk: NDArray[np.float32] = cv2.resize(
        gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    return shrunk


def look_hash(picture: NDArray[np.float32]) -> int:
    """64 bits of what a picture `(32, 32)` looks like."""
    waves = cv2.dct(picture)[_ROWS, _COLS]
    return int(_BITS[waves > np.median(waves)].sum(dtype=np.uint64))


def print_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture `(h, w, 3)` in 150 bytes: 10 x 10 areas of luma, 5 x 5 of each chroma (BT.601)."""
    yuv = cv2.cvtColor(cv2.resize(rgb, (20, 20), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2YUV)
    luma = cv2.resize(yuv[..., 0], (10, 10), interpolation=cv2.INTER_AREA).reshape(-1)
    chroma = cv2.resize(yuv[..., 1:], (5, 5), interpolation=cv2.INTER_AREA).reshape(-1)
    made: NDArray[np.uint8] = np.concatenate([luma, chroma])
    return made


def difference_hash(before: NDArray[np.float32], after: NDArray[np.float32]) -> int:
    """64 bits of where and how `after` differs from `before`, both `(32, 32)`."""
    return look_hash(after - before)


def distance(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Bits in which two hashes differ, element by element.

    >>> distance(np.array([0b1011], np.uint64), np.array([0b0010], np.uint64)).tolist()
    [2]
    """
    apart: NDArray[np.int64] = np.bitwise_count(a ^ b).astype(np.int64)
    return apart
