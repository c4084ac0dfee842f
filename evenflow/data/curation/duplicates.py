"""Duplicates: the same clip again, also coded anew, resized or trimmed.

Equal files and equal frames are found by SHA-256. Near ones by perceptual hashes of pictures at
eight times a second: 64 bits are cut into four bands of 16; two pictures that differ in at most 7
bits share a band but for one bit, so a table of bands finds every such pair of clips without
comparing all with all. A pair is then laid over each other at the offset that fits most pictures,
and held to be the same where looks and movements agree over the time that both show.

Source: multi-index hashing, Norouzi, Punjani & Fleet 2012, Fast search in Hamming space with
multi-index hashing, CVPR, section 3; hashes after Zauner 2010 (`hashing`).
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.curation.hashing import PRINT, distance
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import LOOKS_HZ, Looks, Statistics
from evenflow.data.row import Row

BANDS = 4
LINKS = 16
"""Clips of one band value that each further clip is compared with; the best ones come first."""
ALIKE = 12
"""Most bits in which two pictures of the same moment differ; unrelated ones differ in 32 +- 4."""
MOVED_ALIKE = 24
"""Most bits (median) in which their movements differ."""
AGREE = 0.5
"""Least share of the pictures in the common time whose hashes must be alike; in plain pictures
bits hang on nothing."""
OVERLAP = 0.5
"""Least share of the shorter clip that both must show."""
LEAST_PICTURES = 3
CONTRAST = 4.0
"""Gray levels; pictures with less show too little to be told apart."""
PRINTS = 5.0
"""Most gray levels (median over time) by which the tenth of their prints that differs most differs.
Pictures of one build (sky above ground) agree in most bits, and not in their colors; what is coded
anew or resized differs by 1 to 3, other clips of one kind of scene by 6 and more."""
STIRRED = 6.0
"""Gray levels of change in half a second from which on movements can be compared."""
SCORES = {"duplicates": "clips of the dataset that show the same"}
MARKS = {"duplicate": "a better or an earlier clip shows the same"}


def looks(row: Row, statistics: Statistics) -> Verdict:
    """Nothing yet: one clip alone is no duplicate; `find` looks at the dataset."""
    return Verdict()


@dataclass(frozen=True)
class Entry:
    """What is needed of a clip to find its like.

    Args:
        key: of its row.
        hash: of its file, or empty.
        frames_hash: of its decoded frames, or empty.
        looks: perceptual hashes, or None.
        pixels, num_frames: the larger and longer of two is kept.
    """

    key: str
    hash: str
    frames_hash: str
    looks: Looks | None
    pixels: int
    num_frames: int


@dataclass(frozen=True)
class Twin:
    """That a clip shows what another one shows.

    Args:
        of: number of the other entry, which is kept.
        why: in a few words.
    """

    of: int
    why: str


def find(
    entries: Sequence[Entry],
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> dict[int, Twin]:
    """Which clips show what a better one shows: number of the entry to its Twin.

    Of several that are alike the one with most pixels is kept, then the longest, then the first.
    """
    found: dict[int, Twin] = {}
    order = sorted(
        range(len(entries)), key=lambda i: (-entries[i].pixels, -entries[i].num_frames, i)
    )
    for attribute, why in (("hash", "the same file"), ("frames_hash", "the same frames")):
        first: dict[str, int] = {}
        for i in order:
            name = getattr(entries[i], attribute)
            if name and i not in found:
                if name in first:
                    found[i] = Twin(first[name], why)
                else:
                    first[name] = i
    usable = [i for i in order if i not in found and entries[i].looks is not None]
    pairs = candidates([_looks(entries[i]) for i in usable])
    meter = Meter("duplicates", len(pairs), progress=progress, cancel=cancel)
    for later, earlier in pairs:
        meter.advance()
        i, j = usable[later], usable[earlier]
        if i in found or j in found:
            continue
        match = compare(_looks(entries[i]), _looks(entries[j]))
        if match is not None:
            bits, offset = match
            place = "" if abs(offset) < 0.2 else f", {abs(offset):.1f} s apart"
            found[i] = Twin(j, f"alike up to {bits:.0f} of 64 bits{place}")
    return found


def _looks(entry: Entry) -> Looks:
    assert entry.looks is not None
    return entry.looks


def candidates(clips: Sequence[Looks]) -> list[tuple[int, int]]:
    """Pairs `(later, earlier)` of clips of which some pictures nearly share a band, in order."""
    hashes = [clip.look[clip.contrast >= CONTRAST] for clip in clips]
    owner = np.repeat(np.arange(len(clips)), [len(h) for h in hashes]).astype(np.int64)
    if not len(owner):
        return []
    table = np.concatenate(hashes)
    found: set[int] = set()
    for band in range(BANDS):
        values = ((table >> np.uint64(16 * band)) & np.uint64(0xFFFF)).astype(np.int64)
        entries = np.unique(values * len(clips) + owner)  # by value, then by clip
        value, clip = entries // len(clips), entries % len(clips)
        starts = np.searchsorted(value, np.arange(1 << 16))
        ends = np.searchsorted(value, np.arange(1 << 16), side="right")
        for mask in (0, *(1 << bit for bit in range(16))):
            other = value ^ mask
            begin, stop = starts[other], ends[other]
            for rank in range(LINKS):
                at = begin + rank
                there = at < stop
                if not there.any():
                    break
                mate = clip[np.minimum(at, len(clip) - 1)]
                good = there & (mate < clip)
                found.update((clip[good] * len(clips) + mate[good]).tolist())
    return [divmod(pair, len(clips)) for pair in sorted(found)]


def compare(a: Looks, b: Looks) -> tuple[float, float] | None:
    """Median distance in bits and the seconds that `a` lies behind `b`; None if they differ."""
    a, b = _seen(a), _seen(b)
    if min(len(a.look), len(b.look)) < LEAST_PICTURES:
        return None
    rows = np.unique(np.linspace(0, len(a.look) - 1, min(len(a.look), 512)).round().astype(int))
    apart = distance(a.look[rows, None], b.look[None, :])
    i, j = np.nonzero(apart <= ALIKE)
    if len(i) < LEAST_PICTURES:
        return None
    step = 1.0 / LOOKS_HZ
    bins = np.round((b.seconds[j] - a.seconds[rows][i]) / step).astype(int)
    values, counts = np.unique(bins, return_counts=True)
    best: tuple[float, float] | None = None
    for k in sorted(range(len(values)), key=lambda k: (-counts[k], abs(values[k])))[:8]:
        near = bins == values[k]
        offset = float(np.median((b.seconds[j] - a.seconds[rows][i])[near]))
        bits = _agree(a, b, offset)
        if bits is not None and (best is None or bits < best[0]):
            best = bits, offset
    return best


def _seen(looks: Looks) -> Looks:
    some = looks.contrast >= CONTRAST
    if some.all():
        return looks
    return looks.some(some)


def _agree(a: Looks, b: Looks, offset: float) -> float | None:
    """Median distance of two clips laid over each other, None if they do not show the same."""
    times = a.seconds + offset
    place = np.clip(np.searchsorted(b.seconds, times), 1, max(1, len(b.seconds) - 1))
    place -= times - b.seconds[place - 1] < b.seconds[np.minimum(place, len(b.seconds) - 1)] - times
    mates = np.clip(place, 0, len(b.seconds) - 1)
    close = np.abs(b.seconds[mates] - times) < 0.75 / LOOKS_HZ
    common = int(close.sum())
    if common < max(LEAST_PICTURES, OVERLAP * min(len(a.look), len(b.look))):
        return None
    mates = mates[close]
    apart = distance(a.look[close], b.look[mates])
    if (apart <= ALIKE).mean() < AGREE:
        return None
    if printed_apart(a, b, offset, close) > PRINTS:
        return None
    stir_a, stir_b = np.nan_to_num(a.stir[close]), np.nan_to_num(b.stir[mates])
    if (
        max(np.median(stir_a), np.median(stir_b))
        > 2.5 * min(np.median(stir_a), np.median(stir_b)) + STIRRED
    ):
        return None  # one moves, the other does not
    both = np.minimum(stir_a, stir_b) >= STIRRED
    if both.sum() >= 2:
        moved = distance(a.move[close][both], b.move[mates][both])
        if np.median(moved) > MOVED_ALIKE:
            return None
    return float(np.median(apart))


def printed_apart(a: Looks, b: Looks, offset: float, rows: NDArray[np.bool_]) -> float:
    """Median difference of the prints of `a` and those of `b` at the same times, gray levels.

    Prints of `b` are read between two of them: its pictures are from other moments.
    """
    times = a.seconds[rows] + offset
    right = np.clip(np.searchsorted(b.seconds, times), 1, max(1, len(b.seconds) - 1))
    right = np.minimum(right, len(b.seconds) - 1)
    left = np.maximum(right - 1, 0)
    gap = np.maximum(b.seconds[right] - b.seconds[left], 1e-6)
    share = np.clip((times - b.seconds[left]) / gap, 0.0, 1.0)[:, None]
    between = (1 - share) * b.prints[left] + share * b.prints[right]
    shown = a.prints[rows].astype(np.float64)
    apart = [_worst(shown - other) for other in (between, b.prints[left], b.prints[right])]
    return float(np.median(np.minimum.reduce(apart)))


def _worst(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of the tenth of the areas that differ most: a small thing counts too."""
    most = np.sort(differences**2, axis=1)[:, -differences.shape[1] // 10 :]
    worst: NDArray[np.float64] = np.sqrt(most.mean(axis=1))
    return worst


def to_json(looks: Looks) -> dict[str, Any]:
    """Hashes as plain types, small enough for a line a clip."""
    return {
        "seconds": [round(float(t), 4) for t in looks.seconds],
        "look": "".join(f"{int(h):016x}" for h in looks.look),
        "move": "".join(f"{int(h):016x}" for h in looks.move),
        "contrast": [round(float(v), 1) for v in looks.contrast],
        "stir": [None if np.isnan(v) else round(float(v), 1) for v in looks.stir],
        "prints": _packed(looks.prints),
    }


def from_json(data: dict[str, Any]) -> Looks:
    """The inverse of `to_json`."""
    return Looks(
        np.array(data["seconds"], np.float64),
        _hashes(data["look"]),
        _hashes(data["move"]),
        np.array(data["contrast"], np.float32),
        np.array([np.nan if v is None else v for v in data["stir"]], np.float32),
        _unpacked(data["prints"]),
    )


def _packed(prints: NDArray[np.uint8]) -> str:
    """Prints as text: what changes from one to the next, compressed."""
    steps = np.diff(prints, axis=0, prepend=np.zeros((1, prints.shape[1]), np.uint8))
    return base64.b64encode(zlib.compress(steps.tobytes(), 6)).decode()


def _unpacked(text: str) -> NDArray[np.uint8]:
    steps = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(-1, PRINT)
    prints: NDArray[np.uint8] = np.cumsum(steps, axis=0, dtype=np.uint8)
    return prints


def _hashes(text: str) -> NDArray[np.uint64]:
    return np.array([int(text[i : i + 16], 16) for i in range(0, len(text), 16)], np.uint64)
