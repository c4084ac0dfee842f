"""Objects: regions that move on their own or stand out, followed at two looks a second.

A region that moves against the camera for half a second, or, where nothing does, the part that
stands out most, is taken for an object once two looks agree on it. From look to look its mask is
carried along the flow of the cells and drawn anew by its own colors against those around it. Where
the colors are not found it is hidden: it goes on with its last velocity for up to `GAP_S`, and what
appears there, or looks the same, is it again.

Everything is done on pages at half a sketch (45 lines): few objects and stable ones, no outlines.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.likeness import (
    Mask,
    Page,
    codes,
    colors,
    grain_of,
    overlap,
    ring,
    subject_of,
)
from evenflow.continuity.passage import Passage
from evenflow.continuity.trails import Field, carried, field_of, lattice, page

LOOK_S = 0.5
"""Seconds between two looks."""
MOST_OBJECTS = 6
"""Objects of a shot; the largest and longest are kept."""
GAP_S = 1.5
"""How long an object that is hidden is expected along its way."""
FASTER = 0.012
"""Share of the picture's height that something moves against the camera in half a second, at least,
to be an object: 13 lines of 1080."""
AREA = (0.006, 0.4)
"""Least and most share of the picture."""
HIDDEN = 0.45
"""Likeness to its last views below which an object is not there."""
COVERED = 0.4
"""Share of its usual size below which what is left of it is no view of it."""
AGAIN = 0.6
"""Likeness from which something is the object that was hidden."""


@dataclass(frozen=True)
class Look:
    """An object at one frame.

    Args:
        frame: number in the clip.
        seconds: its presentation time.
        mask: `(h, w)` on the page.
        tint, grain: its colors and how it is drawn, as `likeness` has them.
        chord: shape of its outline: distance to the rim in eight directions, relative to the mean.
    """

    frame: int
    seconds: float
    mask: Mask
    tint: NDArray[np.float32]
    grain: NDArray[np.float32]
    chord: NDArray[np.float32]

    @property
    def center(self) -> NDArray[np.float64]:
        """Middle of the mask, shares of the picture."""
        rows, cols = np.nonzero(self.mask)
        return np.array([cols.mean() + 0.5, rows.mean() + 0.5]) / self.mask.shape[::-1]

    def box(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Box around the mask in source pixels."""
        rows, cols = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        (high, wide), (width, height) = self.mask.shape, size
        return (
            int(cols[0] * width // wide),
            int(rows[0] * height // high),
            int((cols[-1] + 1) * width // wide),
            int((rows[-1] + 1) * height // high),
        )

    def likeness(self, other: "Look") -> float:
        """Similarity of two looks in [0, 1]: colors, drawing, and a little the outline."""
        tint = overlap(self.tint, other.tint)
        drawn = max(0.0, 2.0 * overlap(self.grain, other.grain) - 1.0)
        shape = float(np.exp(-2.0 * np.abs(self.chord - other.chord).mean()))
        return float(tint * (0.45 + 0.4 * drawn + 0.15 * shape))


@dataclass(frozen=True)
class Gap:
    """An object that was hidden and came back: frames, and how like itself it was then."""

    start: int
    end: int
    likeness: float


@dataclass(eq=False)
class Track:
    """One object through a passage: what was seen of it, in order."""

    looks: list[Look]
    moves: bool
    gaps: list[Gap] = field(default_factory=list)

    @property
    def start(self) -> int:
        """First frame, number in the clip."""
        return self.looks[0].frame

    @property
    def last(self) -> Look:
        """Where it was seen last."""
        return self.looks[-1]

    @property
    def usual_size(self) -> float:
        """Pixels of the page that it usually covers; less of it is seen at a bar that it passes."""
        return float(np.median([v.mask.sum() for v in self.looks[-6:]]))

    def own_likeness(self, look: Look, *, views: int = 4) -> float:
        """Similarity of a look to the most similar of the last few: poses come back."""
        return max(look.likeness(v) for v in self.looks[-views:])


def tracks_of(passage: Passage) -> list[Track]:
    """The objects of a passage in the order of their appearance; kept while the passage lives."""
    held: list[Track] | None = passage.__dict__.get("_tracks")
    if held is None:
        held = passage.__dict__["_tracks"] = _Follower(passage).run()
    return held


def look_frames(passage: Passage) -> list[int]:
    """Frames of the passage that are looked at: about every half second, and the last one.

    They are whole multiples in the clip's own numbers, so that stretches of one shot share them.
    """
    hold = max(2, round(LOOK_S * passage.fps))
    count = len(passage)
    first = -passage.start % hold
    frames = list(range(first, count, hold))
    if count < 3 * hold:  # a short shot
        frames = sorted({0, count // 2, count - 1})
    elif frames[0] > hold // 2:
        frames.insert(0, 0)
    return frames


class _Follower:
    """The tracks of one passage while they grow."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.field: Field = field_of(passage)
        self.tracks: list[Track] = []
        self.lost: list[Track] = []
        self.maybe: list[tuple[Look, bool]] = []

    def run(self) -> list[Track]:
        frames = look_frames(self.passage)
        if len(self.passage) < 4 or self.passage.pairs[-1] is None:
            return []
        before: int | None = None
        for frame in frames:
            shown = page(self.passage, frame)
            self._carry(before, frame, shown)
            self._meet(before, frame, shown)
            before = frame
        least = 2 if len(frames) < 5 else 3
        found = [t for t in (*self.tracks, *self.lost) if len(t.looks) >= least]
        found.sort(key=lambda t: -sum(float(np.sqrt(look.mask.mean())) for look in t.looks))
        found = found[:MOST_OBJECTS]
        return sorted(found, key=lambda t: (t.start, -int(t.looks[0].mask.sum())))

    def look(self, frame: int, shown: Page, mask: Mask) -> Look:
        core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        core = core if core.sum() > 0.4 * mask.sum() else mask  # its rim shows what is behind
        return Look(
            self.passage.start + frame,
            float(self.passage.seconds[frame]),
            mask,
            colors(shown, core),
            grain_of(shown, core),
            chords(mask),
        )

    def _carry(self, before: int | None, frame: int, shown: Page) -> None:
        """Finds the objects of the last look again."""
        if before is None or not self.tracks:
            return
        size = shown.shape[1::-1]
        way = _way_back(self.field, frame, before, size)
        numbers = codes(shown)
        going = []
        for track in self.tracks:
            late = track.last.frame != self.passage.start + before
            if late:
                going.append(track)
                continue
            if track.moves:
                guess = self._shifted(track.last.mask, before, frame)
            else:
                guess = _drawn(track.last.mask, way)
            if guess.mean() < AREA[0] / 2:
                self.lost.append(track)
                continue
            mask = redrawn(numbers, guess, track.last.tint, shown)
            look = self.look(frame, shown, mask)
            if track.own_likeness(look) >= HIDDEN and mask.sum() > COVERED * track.usual_size:
                track.looks.append(look)
            going.append(track)
        now = self.passage.start + frame
        limit = GAP_S * self.passage.fps
        self.lost += [t for t in going if now - t.last.frame > limit]
        self.tracks = [t for t in going if now - t.last.frame <= limit]
        self._part()

    def _shifted(self, mask: Mask, before: int, frame: int) -> Mask:
        """A mask moved on by what moves in it: cells on its rim show half of what is behind."""
        size = np.array(mask.shape[::-1])
        points = lattice()
        spots = np.minimum((points * size).astype(int), size - 1)
        inside = mask[spots[:, 1], spots[:, 0]]
        if inside.sum() < 3 or inside.all():
            return mask
        moved = (carried(self.field, points, before, frame) - points) * size
        own = np.linalg.norm(moved[inside] - np.median(moved[~inside], axis=0), axis=1)
        way = np.median(moved[inside][own >= np.percentile(own, 60)], axis=0)
        matrix = np.array([[1.0, 0.0, way[0]], [0.0, 1.0, way[1]]])
        made: Mask = (
            cv2.warpAffine(mask.astype(np.float32), matrix, (int(size[0]), int(size[1]))) > 0.5
        )
        return made

    def _part(self) -> None:
        """Two tracks on one thing: the younger one goes."""
        kept: list[Track] = []
        for track in self.tracks:
            mask = track.last.mask
            twin = any(
                t.last.frame == track.last.frame
                and (t.last.mask & mask).sum() > 0.5 * min(t.last.mask.sum(), mask.sum())
                for t in kept
            )
            if not twin:
                kept.append(track)
        self.tracks = kept

    def _meet(self, before: int | None, frame: int, shown: Page) -> None:
        """Takes in what is new, or back after it was hidden."""
        now = self.passage.start + frame
        taken = np.zeros(shown.shape[:2], dtype=np.bool_)
        for track in self.tracks:
            if track.last.frame == now:
                taken |= track.last.mask
        found = [(m, True) for m in self._moving(frame, shown)]
        if not found and not taken.any():
            subject = subject_of(shown)
            if subject is not None and subject.mean() < AREA[1]:
                found = [(subject, False)]
        seen: list[tuple[Look, bool]] = []
        for mask, moves in found:
            if (mask & taken).sum() > 0.25 * mask.sum():
                continue
            look = self.look(frame, shown, mask)
            if not self._back(look):
                seen.append((look, moves))
            taken |= mask
        for look, moves in seen:
            open_places = MOST_OBJECTS - len(self.tracks)
            first = self._agreed(look, before, shown.shape[1::-1], frame)
            if first is not None and open_places > 0:
                self.tracks.append(Track([first, look], moves))
        self.maybe = seen

    def _agreed(
        self, look: Look, before: int | None, size: tuple[int, ...], frame: int
    ) -> Look | None:
        """What the last look saw of the same thing."""
        if before is None:
            return None
        way = _way_back(self.field, frame, before, size)
        for other, _ in self.maybe:
            guess = _drawn(other.mask, way)
            both = (guess & look.mask).sum()
            if both > 0.35 * min(guess.sum(), look.mask.sum()) and other.likeness(look) > HIDDEN:
                return other
        return None

    def _back(self, look: Look) -> bool:
        """True if a look is of an object that was hidden; the object then has it."""
        hidden = [t for t in (*self.tracks, *self.lost) if t.last.frame < look.frame]
        best, most = None, 0.0
        for track in hidden:
            gap = look.seconds - track.last.seconds
            like = track.own_likeness(look, views=8)
            here = gap <= GAP_S and _near(track, look)
            ratio = look.mask.sum() / max(1.0, track.usual_size)
            if like >= (AGAIN if here else 0.8) and 0.4 < ratio < 2.5 and like > most:
                best, most = track, like
        if best is None:
            return False
        best.gaps.append(Gap(best.last.frame, look.frame, most))
        best.looks.append(look)
        if best in self.lost:
            self.lost.remove(best)
            self.tracks.append(best)
        return True

    def _moving(self, frame: int, shown: Page) -> list[Mask]:
        """Connected regions that move on their own: fast ones now, slow ones over half a second.

        What is fast sweeps over much of the picture in half a second, so it is asked where it is.
        """
        hold = max(2, round(LOOK_S * self.passage.fps))
        numbers = codes(shown)
        made: list[Mask] = []
        taken = np.zeros(shown.shape[:2], dtype=np.bool_)
        for length in (max(2, hold // 4), hold):
            for mask in self._regions(frame, length, hold, numbers, shown):
                if (mask & taken).sum() < 0.2 * mask.sum():
                    made.append(mask)
                    taken |= mask
        return made[:MOST_OBJECTS]

    def _regions(
        self, frame: int, length: int, hold: int, numbers: NDArray[np.int32], shown: Page
    ) -> list[Mask]:
        low, high = max(1, frame - length + 1), frame + 1
        if high - low < length:
            low, high = 1, min(len(self.passage), length + 1)
        flows = np.stack([self.passage.cells[k][low:high] for k in ("u", "v")], axis=2)
        own = np.nan_to_num(flows - self.passage.camera_at_cells[low:high].astype(np.float32))
        way = own.mean(axis=0).reshape(ROWS, COLS, 2) * (hold / self.passage.lines)
        way -= np.median(way.reshape(-1, 2), axis=0)
        speed = cv2.blur(np.linalg.norm(way, axis=-1).astype(np.float32), (2, 2))
        fast = speed > max(FASTER * (hold / length) ** 0.5, 4.0 * float(np.median(speed)))
        if fast.mean() > 0.5:
            return []
        size = shown.shape[1::-1]
        count, labels = cv2.connectedComponents(fast.astype(np.uint8), connectivity=4)
        made = []
        for label in range(1, count):
            cells = labels == label
            if cells.sum() < 4 or not AREA[0] < cells.mean() < AREA[1]:
                continue
            big = cv2.resize(cells.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            mask = redrawn(numbers, big > 0, None, shown)
            if AREA[0] < mask.mean() < AREA[1]:
                made.append((float((speed * cells).sum()), mask))
        made.sort(key=lambda m: -m[0])
        return [mask for _, mask in made]


def _near(track: Track, look: Look) -> bool:
    """True if a look is where a hidden object is expected: straight on, within two diameters."""
    last = track.last
    at = last.center
    if len(track.looks) >= 2:
        past = track.looks[-2]
        gap = max(last.seconds - past.seconds, 1e-3)
        at = at + (last.center - past.center) * min(1.5, (look.seconds - last.seconds) / gap)
    reach = 2.0 * np.sqrt(float(last.mask.mean()))
    return bool(np.abs(look.center - at).max() < max(0.1, reach))


def _way_back(field_: Field, frame: int, before: int, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Where each pixel of a page was at an earlier look, `(h, w, 2)`."""
    points = lattice()
    moved = (carried(field_, points, frame, before) - points) * np.array(size)
    grid = cv2.resize(
        moved.astype(np.float32).reshape(ROWS, COLS, 2), size, interpolation=cv2.INTER_LINEAR
    )
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    made: NDArray[np.float32] = grid + np.stack([x, y], axis=-1).astype(np.float32)
    return made


def _drawn(mask: Mask, way: NDArray[np.float32]) -> Mask:
    made: Mask = cv2.remap(mask.astype(np.float32), way, None, cv2.INTER_LINEAR) > 0.5
    return made


def redrawn(
    numbers: NDArray[np.int32], guess: Mask, tint: NDArray[np.float32] | None, shown: Page
) -> Mask:
    """A mask whose rim follows the colors: what is more like the inside than like what is around.

    Args:
        numbers: `codes` of the page.
        guess: where it should be.
        tint: colors that it had; those of the guess if None.
    """
    around = ring(guess, 3)
    if not around.any() or not guess.any():
        return guess
    own = colors(shown, guess, numbers)
    if tint is not None:
        own = np.float32(0.5) * (own + tint)
    other = colors(shown, around, numbers)
    chance = (own / np.maximum(own + other, 1e-9))[numbers]
    near = cv2.GaussianBlur(guess.astype(np.float32), (0, 0), 2.0)
    worth = cv2.GaussianBlur(chance.astype(np.float32), (0, 0), 0.8) * np.float32(0.6) + near
    made = (worth > 0.85).astype(np.uint8)
    count, labels = cv2.connectedComponents(made, connectivity=4)
    if count < 2:
        return guess
    inside = np.bincount(labels[guess].ravel(), minlength=count)
    inside[0] = 0
    best = labels == int(inside.argmax())
    ratio = best.sum() / guess.sum()
    return best if 0.5 < ratio < 1.8 else guess


def chords(mask: Mask) -> NDArray[np.float32]:
    """Distance from the middle of a mask to its rim in eight directions, over their mean, `(8,)`.

    Source: the radius function of a contour, sampled; its scale is divided out.
    """
    rows, cols = np.nonzero(mask)
    if len(rows) == 0:
        return np.ones(8, np.float32)
    dy, dx = rows - rows.mean(), cols - cols.mean()
    sector = np.floor((np.arctan2(dy, dx) + np.pi) * (8 / (2 * np.pi))).astype(int) % 8
    reach = np.zeros(8)
    np.maximum.at(reach, sector, np.hypot(dx, dy))
    return (reach / max(float(reach.mean()), 1e-6)).astype(np.float32)
