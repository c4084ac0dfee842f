"""Tracking: bodies of frames become somebody who is followed, and gaps get a reason.

Bodies are assigned to trails frame by frame (Kuhn 1955, by `scipy.optimize`): where a constant
velocity (Kalman 1960) says they are, in their size, color and kind. What is left over is matched by
its looks alone, wherever it is: what jumps stays itself, what comes back after a gap or a cut is
who it was. A gap is legal behind a nearer body (HIDDEN) or beyond the border (OUTSIDE); else the
body is LOST, which clean pictures know nothing of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evenflow.grading.bodies import Body
from evenflow.grading.reading import ABSENT, HIDDEN, LOST, OUTSIDE, SEEN
from evenflow.world.words import FIXTURES, THINGS, WALKERS

D = NDArray[np.float64]

ROOM = np.array(
    [0] * len(THINGS) + [1] * len(WALKERS) + [2] * len(FIXTURES)
)  # fmt: skip
"""Thing, walker or fixture, of every row of KINDS."""
NEAR = 1.6
"""Lengths of its own that a body may be from where it was expected, to be taken for itself with
other looks."""
FAR = 4.0
"""Lengths after which distance says no more."""
ALIKE = 0.45
"""Overlap of two color posteriors, in [0, 1], above which looks are the same."""
COVERED = 0.45
"""Share of a body, where it is expected, that others must cover for it to be hidden."""
TOUCHED = 0.15
"""The same, of what stands where it stands and is seen between somebody's legs."""
WHOLLY = 0.7
"""The same, anywhere on its way there."""


@dataclass
class Trail:
    """Somebody who is followed, while it is followed.

    Args:
        bodies: number of its body in each frame where it was seen.
        at, speed: of its middle, pixels and pixels a frame.
        spread: covariance of one axis, `(2, 2)`.
        color, kind: log posteriors summed over frames.
        body: the last that was seen, and `last`, the frame.
        votes: how often it was seen.
    """

    number: int
    first: int
    at: D
    color: D
    kind: D
    body: Body
    last: int
    speed: D = field(default_factory=lambda: np.zeros(2))
    spread: D = field(default_factory=lambda: np.diag([1.0, 16.0]))
    bodies: dict[int, int] = field(default_factory=dict)

    def predict(self, move: D) -> None:
        """A frame goes by.

        Args:
            move: of the background at its place, pixels: what stands still moves with it.
        """
        step = np.array([[1.0, 1.0], [0.0, 1.0]])
        self.at = self.at + self.speed + move
        noise = 0.15 * max(self.body.side, 4.0) / 8
        self.spread = step @ self.spread @ step.T + np.array([[0.25, 0.5], [0.5, 1.0]]) * noise**2

    def correct(self, frame: int, number: int, body: Body) -> None:
        """It was seen."""
        place = body.middle.astype(np.float64)
        if np.hypot(*(place - self.at)) > NEAR * max(body.extent, 6.0):
            # A jump: it starts anew from here.
            self.at, self.speed, self.spread = place, np.zeros(2), np.diag([1.0, 16.0])
        else:
            error = 0.5 + 0.03 * body.extent
            gain = self.spread[:, 0] / (self.spread[0, 0] + error**2)
            rest = place - self.at
            self.at = self.at + gain[0] * rest
            self.speed = self.speed + gain[1] * rest
            self.spread = self.spread - np.outer(gain, self.spread[0])
        fade = 0.92  # what was seen lately counts most: colors may change
        weight = min(1.0, body.area / 40)
        self.color = fade * self.color + weight * body.color
        self.kind = fade * self.kind + weight * body.kind
        self.body, self.last = body, frame
        self.bodies[frame] = number


def overlap(a: NDArray, b: NDArray) -> float:
    """Of two log posteriors that need not add up: Bhattacharyya's coefficient, in [0, 1]."""
    p, q = np.exp(0.5 * (a - a.max())), np.exp(0.5 * (b - b.max()))
    return float((p * q).sum() / np.sqrt((p * p).sum() * (q * q).sum()))


def alike(trail: Trail, body: Body) -> tuple[float, float]:
    """How alike colors and kinds are, each in [0, 1].

    Kinds that are one of a room (thing, walker, fixture) are alike by a fifth at least: a ball that
    is cut by a border may look like a cone.
    """
    color = overlap(trail.color / max(len(trail.bodies), 1) ** 0.5, body.color)
    mine = np.bincount(ROOM, _soft(trail.kind / max(len(trail.bodies), 1)), 3)
    theirs = np.bincount(ROOM, _soft(body.kind), 3)
    room = float(np.sqrt(mine * theirs).sum())
    kind = overlap(trail.kind / max(len(trail.bodies), 1), body.kind)
    if theirs[1] > 0.5 and mine[1] > 0.5:
        color = max(color, 0.6)  # clothes turn
    return color, max(kind, 0.2 + 0.4 * room if room > 0.7 else 0.0)


def _soft(logs: NDArray) -> D:
    p = np.exp(logs - logs.max()).astype(np.float64)
    return np.asarray(p / p.sum())


def follow(
    frames: Sequence[Sequence[Body]], motion: NDArray, cuts: Sequence[int] = ()
) -> list[Trail]:
    """Trails of a clip.

    Args:
        frames: bodies of every frame.
        motion: of the background, rows of shift x, y, log scale, roll from the frame before; NaN
            where it is not known; `(t, 4)`, in pixels of the bodies' grid from its center.
        cuts: first frames of new shots: nobody is where he was.
    """
    trails: list[Trail] = []
    for number, bodies in enumerate(frames):
        fresh = number in cuts
        for trail in trails:
            row = np.nan_to_num(np.asarray(motion[number], np.float64))
            trail.predict(row[:2] if not fresh else np.zeros(2))
            if fresh:
                trail.speed, trail.spread = np.zeros(2), np.diag([1e6, 16.0])
            elif number - trail.last > 1:
                trail.speed = trail.speed * 0.97
        free_trails = list(range(len(trails)))
        free = list(range(len(bodies)))
        for stage in (0, 1):
            if not free_trails or not free or (fresh and stage == 0):
                continue
            cost = np.full((len(free_trails), len(free)), 99.0)
            for i, t in enumerate(free_trails):
                for j, b in enumerate(free):
                    cost[i, j] = _cost(trails[t], bodies[b], number, stage)
            rows, columns = linear_sum_assignment(np.minimum(cost, 50.0))
            linked = [(i, j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < 50.0]
            for i, j in linked:
                trails[free_trails[i]].correct(number, free[j], bodies[free[j]])
            free_trails = [t for i, t in enumerate(free_trails) if i not in {i for i, _ in linked}]
            free = [b for j, b in enumerate(free) if j not in {j for _, j in linked}]
        for b in free:
            body = bodies[b]
            trails.append(
                Trail(
                    len(trails), number, body.middle.astype(np.float64),
                    body.color.astype(np.float64), body.kind.astype(np.float64), body, number,
                    bodies={number: b},
                )
            )  # fmt: skip
    return trails


def _cost(trail: Trail, body: Body, frame: int, stage: int) -> float:
    """Of taking a body for the next of a trail; 50 and more is never."""
    length = max(0.5 * (body.extent + trail.body.extent), 6.0)
    away = float(np.hypot(*(body.middle - trail.at)))
    slack = 2.0 * float(np.sqrt(max(trail.spread[0, 0], 0.0)))
    distance = max(away - min(slack, 0.6 * length), 0.0) / length
    color, kind = alike(trail, body)
    size = abs(float(np.log(body.area / trail.body.area)))
    looks = 1.0 * (1 - color) + 0.7 * (1 - kind)
    if stage == 0:
        if distance > NEAR:
            return 99.0
        overlapping = _overlap(trail, body, frame)
        if looks > 0.75 and overlapping < 0.25 and away > 0.35 * length:
            return 99.0  # somebody else
        if kind < 0.2 and overlapping < 0.4 and away > 0.5 * length:
            return 99.0  # no walker becomes a sign that hangs beside it
        if kind < 0.1 and (color < 0.5 or overlapping < 0.5) and (size > 0.5 or color < 0.5):
            return 99.0  # nor what stands behind it, when it goes or sits down there
        return distance + looks + 0.25 * min(size, 2.0) - 0.5 * overlapping
    if color < ALIKE or kind < 0.3:
        return 99.0
    lost = frame - trail.last
    if lost == 1 and distance > NEAR and size > 0.9:
        return 99.0
    return min(distance, FAR) + 2.0 * looks + 0.5 * min(size, 3.0)


def _overlap(trail: Trail, body: Body, frame: int) -> float:
    """Intersection over union of the boxes, where the trail's was in the last frame."""
    if frame - trail.last > 2:
        return 0.0
    a, b = trail.body.box, body.box
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h
    return w * h / both


def pruned(
    trails: Sequence[Trail], frames: Sequence[Sequence[Body]], *, least: int = 3
) -> list[Trail]:
    """Trails without flukes: seen `least` times (less in a short clip) and of some substance.

    What is rarely seen although nobody is in its way, or never two times in a row, or is faint, is
    an error of the parser. Somebody who vanishes was seen well before.
    """
    need = min(least, max(1, len(frames) // 3))
    kept = []
    for trail in trails:
        seen = [frames[t][b] for t, b in sorted(trail.bodies.items())]
        area = float(np.median([body.area for body in seen]))
        trust = float(np.mean([body.trust for body in seen]))
        when = np.array(sorted(trail.bodies))
        runs = np.split(when, np.flatnonzero(np.diff(when) > 1) + 1)
        longest = max(len(run) for run in runs)
        steady = len(when) / (when[-1] - when[0] + 1)
        if len(seen) < need or longest < min(need, 3) or area * trust < 14.0:
            continue
        if longest < 6 and steady < 0.6 and len(when) < 0.5 * len(frames):
            continue
        if trust < 0.72 and longest < 8:
            continue
        kept.append(trail)
    return kept


def whole(trails: Sequence[Trail], frames: Sequence[Sequence[Body]]) -> list[Trail]:
    """Trails without pieces of others: what mostly touches one larger body of its room and its
    looks, and is there less often than that, is a piece of it."""
    kept = []
    for trail in trails:
        touching: dict[int, int] = {}
        for t, b in trail.bodies.items():
            mine = frames[t][b]
            for other in trails:
                if other is trail or t not in other.bodies:
                    continue
                theirs = frames[t][other.bodies[t]]
                if theirs.area > 1.5 * mine.area and _same_stuff(mine, theirs):
                    touching[other.number] = touching.get(other.number, 0) + 1
        most = max(touching.values(), default=0)
        if most:
            by = next(one for one in trails if touching.get(one.number, 0) == most)
            if most >= 0.6 * len(trail.bodies) and len(trail.bodies) < 0.85 * len(by.bodies):
                continue
        kept.append(trail)
    return kept


def _same_stuff(a: Body, b: Body) -> bool:
    """Whether one body may be a piece of another: they touch and look like it."""
    gap = 2
    if (
        a.box[0] > b.box[2] + gap or b.box[0] > a.box[2] + gap
        or a.box[1] > b.box[3] + gap or b.box[1] > a.box[3] + gap
    ):  # fmt: skip
        return False
    mine, theirs = int(ROOM[a.kind.argmax()]), int(ROOM[b.kind.argmax()])
    if 1 in (mine, theirs):
        return mine == theirs or a.trust < 0.75
    return overlap(a.color, b.color) > 0.6 and (mine == theirs or a.trust < 0.75)


def joined(trails: Sequence[Trail], frames: Sequence[Sequence[Body]]) -> list[Trail]:
    """Trails of one and the same in two pieces become one.

    Two pieces are one if they are never seen together, look alike, and one begins about where the
    other was expected.
    """
    todo = sorted(trails, key=lambda trail: trail.first)
    done: list[Trail] = []
    for trail in todo:
        start = frames[trail.first][trail.bodies[trail.first]]
        best, least = None, 2.2
        for earlier in done:
            if set(earlier.bodies) & set(trail.bodies):
                continue
            before = [t for t in earlier.bodies if t < trail.first]
            if not before:
                continue
            last = frames[max(before)][earlier.bodies[max(before)]]
            color = overlap(_mean(earlier, frames, "color"), _mean(trail, frames, "color"))
            kind = overlap(_mean(earlier, frames, "kind"), _mean(trail, frames, "kind"))
            away = float(np.hypot(*(last.middle - start.middle))) / max(
                last.extent, start.extent, 6.0
            )
            if color < 0.6 or kind < 0.35:
                continue
            cost = min(away, FAR) * 0.4 + (1 - color) + (1 - kind)
            if cost < least:
                best, least = earlier, cost
        if best is None:
            done.append(trail)
        else:
            best.bodies |= trail.bodies
            best.last = max(best.last, trail.last)
    return done


CLOSE = 0.25
"""Lengths that the middles of two pieces of one may be apart."""


def united(
    trails: Sequence[Trail], frames: Sequence[Sequence[Body]]
) -> tuple[list[Trail], list[list[Body]]]:
    """Trails of one that is parsed in two pieces at a time become one, and their bodies with them.

    Pieces are alike in room and kind, and in nearly all frames that show both their cells say that
    the middle of the whole is in one place.

    Returns:
        The trails, and the bodies of every frame; pieces that became one stand last.
    """
    bodies = [list(row) for row in frames]
    done: list[Trail] = []
    for trail in sorted(trails, key=lambda one: -len(one.bodies)):
        into = None
        for other in done:
            both = sorted(set(trail.bodies) & set(other.bodies))
            if len(both) < 2:
                continue
            pairs = [(bodies[t][trail.bodies[t]], bodies[t][other.bodies[t]]) for t in both]
            near = [
                float(np.hypot(*(a.middle - b.middle))) < CLOSE * max(a.extent, b.extent, 6.0)
                and overlap(a.kind, b.kind) > 0.5
                and int(ROOM[a.kind.argmax()]) == int(ROOM[b.kind.argmax()]) != 0
                for a, b in pairs
            ]
            if np.mean(near) >= 0.8:
                into = other
                break
        if into is None:
            done.append(trail)
            continue
        for t, b in trail.bodies.items():
            if t in into.bodies:
                bodies[t].append(_both(bodies[t][into.bodies[t]], bodies[t][b]))
                into.bodies[t] = len(bodies[t]) - 1
            else:
                into.bodies[t] = b
        into.first, into.last = min(into.bodies), max(into.bodies)
    return done, bodies


def _both(a: Body, b: Body) -> Body:
    """Two pieces as one body."""
    x0, y0 = min(a.box[0], b.box[0]), min(a.box[1], b.box[1])
    x1, y1 = max(a.box[2], b.box[2]), max(a.box[3], b.box[3])
    mask = np.zeros((y1 - y0, x1 - x0), np.bool_)
    for one in (a, b):
        left, top = one.box[0] - x0, one.box[1] - y0
        mask[top : top + one.mask.shape[0], left : left + one.mask.shape[1]] |= one.mask
    whole = a.area + b.area
    share = np.float32(a.area / whole)

    def mean(name: str) -> NDArray[np.float32]:
        return np.asarray(share * getattr(a, name) + (1 - share) * getattr(b, name), np.float32)

    return replace(
        a, box=(x0, y0, x1, y1), mask=mask, center=mean("center"), middle=mean("middle"),
        area=whole, color=mean("color"), second=mean("second"), pattern=mean("pattern"),
        kind=mean("kind"), lab=mean("lab"), soles=np.concatenate([a.soles, b.soles]),
        trust=float(share * a.trust + (1 - share) * b.trust),
    )  # fmt: skip


def _mean(trail: Trail, frames: Sequence[Sequence[Body]], name: str) -> D:
    rows = [getattr(frames[t][b], name) for t, b in trail.bodies.items()]
    return np.asarray(np.mean(rows, axis=0), np.float64)


def smoothed(places: D, *, seen: NDArray[np.bool_]) -> D:
    """Where a trail was in frames that do not show it: a line between its neighbors; outward, the
    velocity of its last frames. `(t, 2)`."""
    known = np.flatnonzero(seen)
    out = np.array(places, np.float64)
    steps = np.arange(len(places))
    for axis in (0, 1):
        out[:, axis] = np.interp(steps, known, places[known, axis])
    for end, side in ((known[0], -1), (known[-1], 1)):
        near = known[np.abs(known - end) <= 5]
        if len(near) >= 2:
            line = np.polyfit(near, places[near], 1)
            beyond = steps < end if side < 0 else steps > end
            out[beyond] = places[end] + np.outer(steps[beyond] - end, line[0])
    return out


def states(
    trail: Trail,
    frames: Sequence[Sequence[Body]],
    labels: NDArray[np.int16],
    ids: dict[int, int],
    shot: NDArray[np.int64],
) -> tuple[NDArray[np.int8], NDArray[np.int16]]:
    """What became of a trail in every frame, and who hides it.

    Who went behind somebody may stay there: it is HIDDEN as long as it can be wholly behind on its
    way. Gaps of bodies that were never clear are put down to the parser: HIDDEN by nobody.

    Args:
        labels: ids of all trails on the grid, `(t, h, w)`.
        ids: id of a trail by its number.
        shot: number of the shot of every frame.
    """
    count = len(frames)
    size = labels.shape[1:]
    state = np.full(count, ABSENT, np.int8)
    hider = np.zeros(count, np.int16)
    mine = ids[trail.number]
    seen = np.zeros(count, bool)
    seen[list(trail.bodies)] = True
    state[seen] = SEEN
    for number in np.unique(shot):
        part = np.flatnonzero(shot == number)
        shown = part[seen[part]]
        if not len(shown):
            if number > shot[trail.first]:
                state[part] = OUTSIDE
            continue
        places = np.full((count, 2), np.nan)
        for t in shown:
            places[t] = frames[t][trail.bodies[t]].middle
        expected = smoothed(places, seen=seen & (shot == number))
        for t in part[part >= (shown[0] if number == shot[trail.first] else part[0])]:
            if seen[t]:
                continue
            near = shown[shown < t][-6:] if (shown < t).any() else shown[:6]
            shape = max((frames[i][trail.bodies[i]] for i in near), key=lambda body: body.area)
            last = frames[near[-1]][trail.bodies[near[-1]]] if near[-1] < t else shape
            before = int(state[t - 1]) if t > part[0] else ABSENT
            back = bool((shown > t).any())
            state[t], hider[t] = _why(shape, last, expected[t], labels[t], mine, before, back, size)
    return _settled(state, hider, trail, frames)


SMALL = 60
"""Pixels below which a body that is missed is no news."""
FAINT = 0.78
"""The same, of the parser's trust."""


def _settled(
    state: NDArray[np.int8], hider: NDArray[np.int16], trail: Trail,
    frames: Sequence[Sequence[Body]],
) -> tuple[NDArray[np.int8], NDArray[np.int16]]:  # fmt: skip
    """Short losses before somebody is hidden or leaves belong to that; who was never clear or was
    a crumb is not lost but unknown: HIDDEN by nobody."""
    lost = np.flatnonzero(state == LOST)
    for run in np.split(lost, np.flatnonzero(np.diff(lost) > 1) + 1):
        if not len(run):
            continue
        last = int(run[0])
        before = [t for t in trail.bodies if last - 8 <= t < last]
        shown = [frames[t][trail.bodies[t]] for t in before]
        faint = (
            len(shown) < min(5, last - trail.first)
            or float(np.median([body.area for body in shown])) < SMALL
            or float(np.median([body.trust for body in shown])) < FAINT
        )
        if faint:  # the parser hardly saw it before: no news of it is no news
            state[run] = HIDDEN
            continue
        if len(run) > 2:
            continue
        for t in (int(run[-1]) + 1, last - 1):
            if 0 <= t < len(state) and state[t] in (HIDDEN, OUTSIDE):
                state[run] = state[t]
                hider[run] = hider[t]
                break
    return state, hider


def _why(
    shape: Body, last: Body, place: D, labels: NDArray[np.int16], mine: int, before: int,
    back: bool, size: tuple[int, ...],
) -> tuple[int, int]:  # fmt: skip
    """State and hider of a body that is not seen in a frame.

    Args:
        shape: how it looked when more of it was seen; last: when it was seen last.
        place: where its middle is expected.
        before: its state in the frame before.
        back: it is seen again later in this shot.
    """
    height, width = size
    if before == OUTSIDE and not back:
        return OUTSIDE, 0
    if before == LOST:
        return LOST, 0
    x0, y0, x1, y1 = shape.box
    dx, dy = place - shape.middle
    wide, high = max(x1 - x0, 1), max(y1 - y0, 1)
    inside = max(min(x1 + dx, width) - max(x0 + dx, 0.0), 0) * max(
        min(y1 + dy, height) - max(y0 + dy, 0.0), 0
    )
    lx, ly = place - last.middle
    a0, b0, a1, b1 = last.box
    leaves = (
        (a0 <= 1 and lx <= 0.5) or (a1 >= width - 1 and lx >= -0.5)
        or (b0 <= 1 and ly <= 0.5) or (b1 >= height - 1 and ly >= -0.5)
    )  # fmt: skip
    if inside < 0.35 * wide * high or (leaves and inside < 0.8 * wide * high):
        return OUTSIDE, 0
    # Behind somebody, on its way from where it was seen to where it is expected and a bit beyond.
    stays = int(ROOM[shape.kind.argmax()]) == 2
    best, share = 0, 0.0
    for along in (1.0, 0.75, 0.5, 0.25, 1.4, 0.0):
        spot = last.middle + along * (place - last.middle) - shape.middle
        who, part = _covered(shape, (float(spot[0]), float(spot[1])), labels, mine)
        if part > share:
            best, share = who, part
        if along == 1.0 and part >= (TOUCHED if stays else COVERED):
            return HIDDEN, who
    if best and share >= WHOLLY:
        return HIDDEN, best
    if leaves:
        return OUTSIDE, 0
    return LOST, 0


def _covered(
    shape: Body, shift: tuple[float, float], labels: NDArray[np.int16], mine: int
) -> tuple[int, float]:
    """Who covers a body that is shifted, and what share of it others cover, within a pixel."""
    height, width = labels.shape
    rows, columns = np.nonzero(shape.mask)
    x = np.rint(columns + shape.box[0] + shift[0]).astype(int)
    y = np.rint(rows + shape.box[1] + shift[1]).astype(int)
    ok = (x >= 1) & (x < width - 1) & (y >= 1) & (y < height - 1)
    if not ok.any():
        return 0, 0.0
    x, y = x[ok], y[ok]
    near = np.stack([labels[y, x], labels[y, x - 1], labels[y, x + 1], labels[y - 1, x]])
    near = np.where(near == mine, 0, near)
    under = near.max(0)
    covered = under > 0
    if not covered.any():
        return 0, 0.0
    who = int(np.bincount(under[covered]).argmax())
    return who, float(covered.sum() / ok.sum())
