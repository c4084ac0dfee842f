"""Gait: where somebody's feet stand while the body goes along a route.

The phase of the gait is distance over stride, so a foot is planted where its hip will pass above it
halfway through its stance: feet do not slide by construction, at any speed, on any curve, when
starting and when stopping. The stride is fitted so that a whole number of steps covers the route;
what is left over when a body comes to rest is made good by a last step.

Two legs walk (each foot carries for `DUTY` of a cycle) or run (with a flight); four legs walk in
lateral sequence, trot, or gallop.

Source: Alexander 1976, Estimates of speeds of dinosaurs, Nature 261, and 1989, Optimization and
gaits in the locomotion of vertebrates: relative stride grows about as a power of the Froude number;
Hildebrand 1965, Symmetrical gaits of horses, Science 150 (footfall order and duty).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.world.cameras import ease
from evenflow.world.words import WALK_SPEED

D = NDArray[np.float64]


@dataclass(frozen=True)
class Manner:
    """How a manner or mood changes a body; it has no face, so none of them shows there.

    Args:
        speed, stride: factors.
        bounce: factor of the rise and fall of the hips.
        swing: factor of the arms' swing.
        lean: radians that the torso leans forward, added.
        head: radians that the head looks up, added.
        sway: side to side, in units of 0.1 world units; the route sways with it.
        jitter: small quick motions and glances, 0 to 1.
        crouch: share of the leg that is bent away.
        lift: factor of the height that feet are lifted.
        elbow: radians that the elbows are bent, added.
        shoulders: radians that the shoulders hang forward.
    """

    speed: float = 1.0
    stride: float = 1.0
    bounce: float = 1.0
    swing: float = 1.0
    lean: float = 0.0
    head: float = 0.0
    sway: float = 0.0
    jitter: float = 0.0
    crouch: float = 0.0
    lift: float = 1.0
    elbow: float = 0.0
    shoulders: float = 0.0


MANNERS: dict[str, Manner] = {
    "": Manner(),
    "slowly": Manner(speed=0.6, stride=0.85, swing=0.8),
    "quickly": Manner(speed=1.5, stride=1.12, swing=1.3, lean=0.06, elbow=0.3),
    "gently": Manner(speed=0.75, stride=0.9, bounce=0.6, swing=0.7, lift=0.8),
    "cheerfully": Manner(
        speed=1.15, stride=0.95, bounce=2.4, swing=1.6, lean=-0.04, head=0.14, lift=1.5, elbow=0.35
    ),
    "sadly": Manner(
        speed=0.62, stride=0.75, bounce=0.5, swing=0.35, lean=0.2, head=-0.5, lift=0.6,
        shoulders=0.25, crouch=0.02,
    ),
    "nervously": Manner(
        speed=1.1, stride=0.68, bounce=0.8, swing=0.5, lean=0.08, jitter=1.0, elbow=0.9,
    ),
    "proudly": Manner(
        speed=0.85, stride=1.08, bounce=1.2, swing=1.3, lean=-0.1, head=0.16, lift=1.3,
    ),
    "sleepily": Manner(
        speed=0.5, stride=0.72, bounce=0.6, swing=0.3, lean=0.14, head=-0.4, sway=0.5, lift=0.55,
        shoulders=0.2, crouch=0.03,
    ),
    "drunkenly": Manner(
        speed=0.7, stride=0.8, bounce=1.1, swing=1.2, lean=0.05, head=-0.1, sway=1.6, lift=1.1,
    ),
    "stealthily": Manner(
        speed=0.55, stride=0.9, bounce=0.4, swing=0.4, lean=0.34, head=0.2, lift=1.7, crouch=0.14,
        elbow=0.9,
    ),
}  # fmt: skip
"""What the rows of `words.MANNERS` do to a gait; the empty name is nobody's manner."""

FIELDS = tuple(Manner.__dataclass_fields__)

TWO_LEGS = {"walk": ((0.0, 0.5), 0.62), "run": ((0.0, 0.5), 0.36)}
FOUR_LEGS = {  # front left, front right, hind left, hind right
    "walk": ((0.75, 0.25, 0.0, 0.5), 0.64),
    "trot": ((0.5, 0.0, 0.0, 0.5), 0.45),
    "run": ((0.42, 0.54, 0.0, 0.12), 0.3),
}
"""Phase of each foot against the first, and the share of a cycle that a foot carries (DUTY)."""

RUN_FACTOR = 2.4
"""A run is this much faster than a walk."""
HALF_HEIGHTS: dict[str, float] = {
    "man": 0.89, "woman": 0.84, "child": 0.58, "robot": 0.86, "dog": 0.34, "cat": 0.19,
    "horse": 0.92,
}  # fmt: skip
"""Usual `Entity.size` of walkers: half their height in world units (a horse's head is at 1.84)."""
QUADRUPEDS = ("dog", "cat", "horse")

_SPEED = {"dog": 0.95, "cat": 0.65, "horse": 1.5, "child": 0.85, "robot": 0.8}
_STRIDE = {"dog": 1.25, "cat": 1.5, "horse": 1.0, "child": 0.95, "robot": 0.85}
MIN_SWING = 0.12
"""Seconds that a foot is in the air at least."""


def pace(kind: str, size: float, *, run: bool = False, manner: str = "") -> float:
    """Usual speed of a walker, world units a second.

    Args:
        kind: a row of WALKERS.
        size: half its height.
        run: True for a run.
        manner: a row of MANNERS, or empty.
    """
    usual = HALF_HEIGHTS[kind]
    speed = WALK_SPEED * _SPEED.get(kind, 1.0) * float(np.sqrt(size / usual))
    return speed * (RUN_FACTOR if run else 1.0) * MANNERS[manner].speed


def stride_of(
    kind: str, size: float, speed: float, *, run: bool = False, manner: str = ""
) -> float:
    """Length of a whole cycle (two steps of a biped) at a speed, world units."""
    walk = pace(kind, size)
    base = 1.4 * size * _STRIDE.get(kind, 1.0)
    reach = base * (max(speed, 0.05) / walk) ** (0.62 if run else 0.45)
    return float(np.clip(reach * MANNERS[manner].stride, 0.35 * base, 2.6 * base))


@dataclass(frozen=True)
class Path:
    """A smooth curve on the ground.

    Args:
        s: distance along it, rising, `(k,)`.
        x, z: points `(k,)`.
        heading: of its tangent, without jumps `(k,)`.
    """

    s: D
    x: D
    z: D
    heading: D

    @property
    def length(self) -> float:
        """World units."""
        return float(self.s[-1])


def path_through(points: D, corner: float = 0.7) -> Path:
    """Curve along points `(k, 2)` (x, z) whose corners are rounded; it never leaves their hull.

    Args:
        points: at least two that differ.
        corner: how far before and after a corner the curve leaves the straight lines.
    """
    kept = [points[0]]
    for point in points[1:]:
        if np.hypot(*(point - kept[-1])) > 1e-4:
            kept.append(point)
    if len(kept) == 1:
        kept.append(kept[0] + np.array([0.0, 1e-3]))
    corners = np.array(kept, np.float64)
    sides = np.sqrt((np.diff(corners, axis=0) ** 2).sum(1))
    pieces = [corners[:1]]
    share = np.linspace(0.0, 1.0, 13)[:, None]
    for i in range(1, len(corners) - 1):
        cut = min(corner, 0.5 * sides[i - 1], 0.5 * sides[i])
        a = corners[i] + (corners[i - 1] - corners[i]) * (cut / sides[i - 1])
        b = corners[i] + (corners[i + 1] - corners[i]) * (cut / sides[i])
        pieces.append(a * (1 - share) ** 2 + corners[i] * (2 * share * (1 - share)) + b * share**2)
    pieces.append(corners[-1:])
    curve = np.concatenate(pieces)
    gaps = np.sqrt((np.diff(curve, axis=0) ** 2).sum(1))
    curve = curve[np.concatenate([[True], gaps > 1e-7])]
    length = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(curve, axis=0) ** 2).sum(1)))])
    count = max(int(length[-1] / 0.03), 8) + 1
    s = np.linspace(0.0, length[-1], count)
    x, z = np.interp(s, length, curve[:, 0]), np.interp(s, length, curve[:, 1])
    dx, dz = np.gradient(x, s), np.gradient(z, s)
    heading = np.unwrap(np.arctan2(-dx, dz))
    width = min(9, count // 3)
    if width > 1:  # heads turn a little before feet do
        padded = np.pad(heading, (width, width), mode="edge")
        total = np.cumsum(np.concatenate([[0.0], padded]))
        span = 2 * width + 1
        heading = (total[span:] - total[:-span]) / span
    return Path(s, x, z, heading)


@dataclass
class Plants:
    """Where one foot stands, one row a stance: from when, until when, x, z, heading, and how high
    it is lifted on its way there."""

    on: list[float] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    z: list[float] = field(default_factory=list)
    heading: list[float] = field(default_factory=list)
    lift: list[float] = field(default_factory=list)

    def step(
        self, lift_off: float, land: float, x: float, z: float, heading: float, height: float
    ) -> None:
        """The foot leaves where it stands and lands elsewhere, after all that it did before."""
        lift_off = max(lift_off, self.on[-1] + 0.01)
        land = max(land, lift_off + MIN_SWING)
        self.off[-1] = lift_off
        self.set(land, x, z, heading, height)

    def set(self, when: float, x: float, z: float, heading: float, height: float = 0.0) -> None:
        """The foot stands there from now on."""
        self.on.append(when)
        self.off.append(np.inf)
        self.x.append(x)
        self.z.append(z)
        self.heading.append(heading)
        self.lift.append(height)


@dataclass(frozen=True)
class Leg:
    """A stretch of a way between two rests, or a part of one that another joins on to.

    Args:
        start, end: seconds; it may arrive before its end.
        points: `(k, 2)` of the route.
        speed: world units a second, or 0 for what fits.
        run: share of running, 0 or 1.
        manner: a row of MANNERS.
    """

    start: float
    end: float
    points: D
    speed: float
    run: float
    manner: str


class Way:
    """Where a body and its feet are over time, built event by event.

    Args:
        time: seconds, evenly spaced `(n,)`.
        kind, size: of the walker.
        at: `(x, z, heading)` at the start.
        neutral: where the feet stand at rest, to the right and forward of the root, `(f, 2)`.
        leg: length of its shortest leg.
        frame: seconds of a frame; the last frame is that long before the last time.
        seed: of what is left to chance.
    """

    def __init__(
        self,
        time: D,
        kind: str,
        size: float,
        at: tuple[float, float, float],
        neutral: D,
        leg: float,
        frame: float,
        seed: list[int],
    ) -> None:
        num = len(time)
        self.time, self.kind, self.size, self.neutral = time, kind, size, neutral
        self.leg, self.last = leg, float(time[-1]) - frame
        self.rng = np.random.default_rng(seed)
        self.x, self.z, self.heading = np.zeros(num), np.zeros(num), np.zeros(num)
        self.distance, self.phase = np.zeros(num), np.zeros(num)
        self.activity, self.run = np.zeros(num), np.zeros(num)
        self.stride = np.ones(num)
        self.y, self.lift = np.zeros(num), np.zeros(num)
        self.feet = [Plants() for _ in neutral]
        self._filled = 0
        self._here = (at[0], at[1])
        self._facing = at[2]
        self._went, self._cycles = 0.0, 0.0
        self.flights: list[tuple[float, float]] = []
        self.legs: list[tuple[float, float, float]] = []
        for foot, (px, pz) in enumerate(self._neutral_at(at[0], at[1], at[2])):
            self.feet[foot].set(-1e9, px, pz, at[2])

    @property
    def here(self) -> tuple[float, float, float]:
        """x, z and heading where it has got to."""
        return (*self._here, self._facing)

    def _neutral_at(self, x: float, z: float, heading: float) -> list[tuple[float, float]]:
        sine, cosine = np.sin(heading), np.cos(heading)
        return [
            (x + cosine * right - sine * ahead, z + sine * right + cosine * ahead)
            for right, ahead in self.neutral
        ]

    def _index(self, when: float) -> int:
        return int(np.searchsorted(self.time, when - 1e-9))

    def stand_until(self, when: float) -> None:
        """Stays where it is."""
        end = self._index(when)
        if end <= self._filled:
            return
        span = slice(self._filled, end)
        self.x[span], self.z[span] = self._here
        self.heading[span] = self._facing
        self.distance[span], self.phase[span] = self._went, self._cycles
        self._filled = end

    def put(self, when: float, x: float, z: float, heading: float) -> None:
        """A cut: it is somewhere else from now on."""
        self.stand_until(when)
        self._here, self._facing = (x, z), heading
        for foot, (px, pz) in enumerate(self._neutral_at(x, z, heading)):
            plants = self.feet[foot]
            while len(plants.on) > 1 and plants.on[-1] > when:
                for row in (plants.on, plants.off, plants.x, plants.z, plants.heading, plants.lift):
                    row.pop()
            plants.off[-1] = min(plants.off[-1], when)
            plants.set(when, px, pz, heading)

    @property
    def _most_turn(self) -> float:
        """Radians that both feet (or pairs of feet) together can step around at once."""
        return 0.8 if len(self.feet) == 2 else 0.5

    def turn_seconds(self, angle: float) -> float:
        """How long a turn on the spot takes at least."""
        return float(np.ceil(abs(angle) / self._most_turn)) * (2.0 * MIN_SWING + 0.03)

    def turn(self, start: float, end: float, angle: float) -> None:
        """Turns on the spot with small steps."""
        self.stand_until(start)
        if abs(angle) < 1e-6:
            return
        first, last = self._filled, max(self._index(end), self._filled)
        begin = self._facing
        share = ease((self.time[first:last] - start) / max(end - start, 1e-6))
        self.x[first:last], self.z[first:last] = self._here
        self.heading[first:last] = begin + angle * share
        self.distance[first:last], self.phase[first:last] = self._went, self._cycles
        self._filled = last
        self._facing = begin + angle
        most = self._most_turn
        rounds = max(int(np.ceil(abs(angle) / most)), 1)
        rounds = max(min(rounds, int((end - start) / (2.0 * MIN_SWING + 0.02))), 1)
        if len(self.feet) == 2:
            groups: list[list[int]] = [[0], [1]] if angle > 0 else [[1], [0]]
        else:
            groups = [[0, 3], [1, 2]] if angle > 0 else [[1, 2], [0, 3]]
        beats = rounds * 2
        beat = (end - start) / beats
        for i in range(beats):
            lift_off = start + (i + 0.05) * beat
            land = start + (i + 0.9) * beat
            middle = np.array([(i + 1.5) / beats])  # of the stance that begins
            to = begin + angle * (1.0 if i >= beats - 2 else float(ease(middle)[0]))
            for foot in groups[i % 2]:
                px, pz = self._neutral_at(*self._here, to)[foot]
                self.feet[foot].step(lift_off, land, px, pz, to, 0.05 * self.size)

    def face(self, start: float, x: float, z: float, most: float) -> float:
        """Turns toward a point, in at most so many seconds; returns when it is done."""
        dx, dz = x - self._here[0], z - self._here[1]
        if np.hypot(dx, dz) < 1e-3:
            return start
        error = float(np.arctan2(-dx, dz)) - self._facing
        error = (error + np.pi) % (2 * np.pi) - np.pi
        if abs(error) < 0.12:
            return start
        took = max(min(0.25 + 0.35 * abs(error), most), self.turn_seconds(error))
        self.turn(start, start + took, error)
        return start + took

    def walk(self, legs: list[Leg]) -> float:
        """Goes along legs that join on to one another; returns when it arrives.

        It leaves from rest and comes to rest, unless the time is up before that.
        """
        start, until = legs[0].start, legs[-1].end
        self.stand_until(start)
        first = legs[0].points
        ahead = first[min(1, len(first) - 1)] - np.array(self._here)
        if np.hypot(*ahead) > 0.05:
            error = float(np.arctan2(-ahead[0], ahead[1])) - self._facing
            error = (error + np.pi) % (2 * np.pi) - np.pi
            if abs(error) > 0.7:
                took = min(0.2 + 0.3 * abs(error), 0.4 * max(until - start, 0.1))
                took = max(took, self.turn_seconds(error))
                self.turn(start, start + took, error)
                start += took
        here = np.array(self._here)
        points = np.concatenate([here[None], *[leg.points for leg in legs]])
        route = path_through(points)
        over = self.last
        lengths = []
        so_far = here
        for leg in legs:
            lengths.append(path_through(np.concatenate([so_far[None], leg.points])).length)
            so_far = leg.points[-1]
        scale = route.length / max(sum(lengths), 1e-9)
        fast = max((leg.run for leg in legs), default=0.0) > 0
        starts = [start, *[leg.start for leg in legs[1:]]]
        ends = [*[leg.start for leg in legs[1:]], until]
        ramp = 0.6 if fast else 0.45
        speeds = []
        for i, leg in enumerate(legs):
            spare = ramp * 0.5 * ((i == 0) + (i == len(legs) - 1))
            have = max(ends[i] - starts[i] - spare, 0.2)
            need = lengths[i] * scale / have
            usual = pace(self.kind, self.size, run=leg.run > 0, manner=leg.manner)
            wanted = leg.speed or usual
            if i < len(legs) - 1:
                wanted = need
            elif until < over - 1e-6 and wanted < need:
                wanted = min(need, 1.35 * wanted)
            speeds.append(max(wanted, 1e-3))
        # The last leg ends when it arrives, or in time.
        last = legs[-1]
        arrives = (
            starts[-1] + lengths[-1] * scale / speeds[-1] + ramp * 0.5 * (1 + (len(legs) == 1))
        )
        open_end = arrives > until + 1e-6 and until >= over - 1e-6
        stop = until + 10.0 if open_end else min(arrives, until)
        first_i = self._filled
        tail = float(self.time[-1]) + 1.0 if open_end else stop
        step = self.time[1] - self.time[0]
        fine = np.arange(start, tail + step, step)
        if len(fine) < 3:  # no time is left to walk
            return float(min(max(start, stop), self.time[-1]))
        level = np.zeros(len(fine))
        half = min(ramp, 0.5 * (stop - start)) * 0.5
        for i, speed in enumerate(speeds):
            a = starts[i] + (half if i == 0 else 0.0)
            b = ends[i] if i < len(speeds) - 1 else stop - half
            level[(fine >= a) & (fine < b)] = speed
        width = max(round(half / step), 1)
        kernel = np.hanning(2 * width + 3)[1:-1]
        kernel /= kernel.sum()
        padded = np.pad(level, (width, width))
        speed_at = np.zeros(len(fine))
        for weight, shift in zip(kernel, range(2 * width + 1), strict=True):
            speed_at += weight * padded[shift : shift + len(fine)]
        s = np.concatenate([[0.0], np.cumsum(0.5 * (speed_at[1:] + speed_at[:-1]) * step)])
        if not open_end:
            total = route.length if arrives <= until + 1e-6 else min(s[-1], route.length)
            s *= total / max(s[-1], 1e-9)
        s = np.minimum(s, route.length)
        mode = np.interp(fine, [a for i in range(len(legs)) for a in (starts[i] + 0.01, ends[i])],
                         [leg.run for leg in legs for _ in range(2)])  # fmt: skip
        strides = np.interp(
            fine,
            [a for i in range(len(legs)) for a in (starts[i] + 0.01, ends[i])],
            [stride_of(self.kind, self.size, speeds[i], run=leg.run > 0, manner=leg.manner)
             for i, leg in enumerate(legs) for _ in range(2)],
        )  # fmt: skip
        manner = MANNERS[last.manner]
        self._lay(first_i, fine, s, route, strides, mode, manner, rests=not open_end)
        return float(min(stop, self.time[-1]))

    def _lay(
        self,
        first: int,
        fine: D,
        s: D,
        route: Path,
        strides: D,
        mode: D,
        manner: Manner,
        *,
        rests: bool,
        heading: D | None = None,
    ) -> None:
        """Fills the arrays from index `first` on and plants the feet.

        Args:
            fine: times, evenly spaced, from where it leaves to where it arrives (or beyond the
                last frame), and `s` the distance along `route` then, from 0.
            strides, mode: stride and share of running at those times.
            rests: True if it comes to rest at the end.
            heading: of the body, where it does not go straight ahead.
        """
        if len(fine) < 3:  # no time is left
            return
        gone = np.diff(s, prepend=0.0)
        phase = np.cumsum(gone / strides)
        base = self._cycles
        if rests:
            halves = max(round(2.0 * phase[-1]), 1)
            phase *= 0.5 * halves / max(phase[-1], 1e-9)
        x, z = np.interp(s, route.s, route.x), np.interp(s, route.s, route.z)
        faces = np.interp(s, route.s, route.heading)
        sway = 0.1 * manner.sway * min(self.size / 0.85, 1.3)
        if sway > 0.0:
            waves = self.rng.uniform(0.0, 2.0 * np.pi, 2)
            wave = np.sin(2.4 * s + waves[0]) + 0.6 * np.sin(4.1 * s + waves[1])
            bend = 2.4 * np.cos(2.4 * s + waves[0]) + 2.5 * np.cos(4.1 * s + waves[1])
            calm = ease(s / 0.8) * (ease((s[-1] - s) / 0.8) if rests else 1.0)
            x, z = x + np.cos(faces) * wave * sway * calm, z + np.sin(faces) * wave * sway * calm
            faces = faces - 0.7 * np.arctan(bend * sway * calm)
        if heading is None:
            error = self._facing - faces[0]
            error = (error + np.pi) % (2 * np.pi) - np.pi
            faces = faces + (self._facing - error - faces[0])
            faces = faces + error * (1.0 - ease(s / max(0.9 * self.size, 0.2)))
        else:
            faces = heading
        step = fine[1] - fine[0]
        speed = np.gradient(s, step)
        usual = max(float(np.max(speed)), 1e-6)
        last = min(self._index(fine[-1] + 1e-6), len(self.time))
        span = slice(first, last)
        t = self.time[span]
        for array, values in ((self.x, x), (self.z, z), (self.heading, faces)):
            array[span] = np.interp(t, fine, values)
        self.distance[span] = self._went + np.interp(t, fine, s)
        self.phase[span] = base + np.interp(t, fine, phase)
        self.activity[span] = np.interp(t, fine, np.minimum(speed / usual, 1.0))
        self.run[span] = np.interp(t, fine, mode)
        scaled = np.where(phase[-1] > 0, s[-1] / max(phase[-1], 1e-9), strides)
        self.stride[span] = np.interp(t, fine, np.where(rests, scaled, strides))
        self._filled = max(self._filled, last)
        self.legs.append((float(fine[0]), float(fine[-1]), float(s[-1])))
        self._plant(fine, base + phase, x, z, faces, mode, speed / usual, manner, rests=rests)
        self._here = (float(x[-1]), float(z[-1]))
        self._facing = float(faces[-1])
        self._went += float(s[-1])
        self._cycles = base + float(phase[-1])
        if rests:
            self._cycles = round(2.0 * self._cycles) / 2.0

    def _plant(
        self,
        fine: D,
        phase: D,
        x: D,
        z: D,
        faces: D,
        mode: D,
        pace_share: D,
        manner: Manner,
        *,
        rests: bool,
    ) -> None:
        """The steps of one stretch; see the head of this file."""
        table = TWO_LEGS if len(self.feet) == 2 else FOUR_LEGS
        walk, fast = table["walk"], table["run"]
        running = float(mode.max()) > 0.5
        froude = float(self._top_speed(fine, x, z)) ** 2 / (9.81 * self.leg)
        if len(self.feet) == 4 and not running and froude > 0.32:
            walk = table["trot"]
        offsets = np.array(fast[0] if running and len(self.feet) == 4 else walk[0])
        begin, end = float(phase[0]), float(phase[-1])
        duties = walk[1] + (fast[1] - walk[1]) * mode * ease(1.6 * pace_share - 0.3)
        stride = float(np.hypot(np.diff(x), np.diff(z)).sum()) / max(end - begin, 1e-6)
        duties = np.minimum(duties, 1.3 * self.leg / max(stride, 1e-6))  # as far as legs reach
        rising = phase + np.arange(len(phase)) * 1e-12
        height = 0.09 * self.size * manner.lift

        def when(at: float) -> float:
            return float(np.interp(at, rising, fine))

        def extent(foot: int, px: float, pz: float, middle: float, half: float) -> float:
            """How long after (or, below 0, before) the middle of a stance its foot is in reach."""
            for _ in range(7):
                i = int(np.clip(np.searchsorted(fine, when(middle + half)), 0, len(fine) - 1))
                nx, nz = self._neutral_at(float(x[i]), float(z[i]), float(faces[i]))[foot]
                if np.hypot(nx - px, nz - pz) < 0.68 * self.leg:
                    break
                half *= 0.8
            return half

        for foot, plants in enumerate(self.feet):
            offset = float(offsets[foot])
            k = int(np.floor(begin + offset - 1.5))
            previous_off = fine[0]
            while True:
                middle = k - offset
                k += 1
                t = when(middle)
                duty = float(np.interp(t, fine, duties))
                quick = float(np.interp(t, fine, mode))
                if middle <= begin + 1e-6:
                    off = middle + 0.5 * duty
                    if off > begin:
                        off = begin + extent(foot, plants.x[-1], plants.z[-1], begin, off - begin)
                        previous_off = max(when(off), float(fine[0]))
                    continue
                done = middle >= end - 1e-6
                if done and not rests and previous_off >= float(fine[-1]):
                    break
                i = int(np.clip(np.searchsorted(fine, t), 0, len(fine) - 1))
                if done:
                    i = len(fine) - 1
                px, pz = self._neutral_at(float(x[i]), float(z[i]), float(faces[i]))[foot]
                lands = middle + extent(foot, px, pz, middle, -0.5 * duty)
                lands = when(lands) if lands < end else np.inf
                if done and rests:
                    lands = min(max(lands, previous_off + 0.3), float(fine[-1]) + 0.22)
                elif done:
                    lands = min(lands, float(fine[-1]) + 0.1)
                moved = np.hypot(px - plants.x[-1], pz - plants.z[-1])
                moved += abs(plants.heading[-1] - float(faces[i])) * 0.1
                if moved > 0.004:
                    up = height * (1.0 + 1.8 * quick) * min(moved / (0.5 * self.size), 1.0)
                    up = max(up, 0.03 * self.size)
                    plants.step(previous_off, lands, px, pz, float(faces[i]), up)
                off = middle + extent(foot, px, pz, middle, 0.5 * duty)
                previous_off = min(when(off), float(fine[-1]) + 0.02)
                if done:
                    break

    @staticmethod
    def _top_speed(fine: D, x: D, z: D) -> D:
        return np.max(np.hypot(np.diff(x), np.diff(z))) / (fine[1] - fine[0])

    def jump(self, start: float, end: float, height: float, gravity: float) -> tuple[float, float]:
        """Leaves the ground once, as a thrown body does; returns the times of leaving and landing.

        Args:
            start, end: of the event: bending before and after is inside.
            height: of the feet at the top.
        """
        flight = 2.0 * float(np.sqrt(2.0 * height / gravity))
        leaves = start + max(0.4 * (end - start - flight), 0.18)
        lands = leaves + flight
        inside = (self.time >= leaves) & (self.time <= lands)
        t = self.time[inside] - leaves
        self.lift[inside] = np.maximum(0.5 * gravity * t * (flight - t), 0.0)
        self.flights.append((leaves, lands))
        return leaves, lands

    def settle(self) -> None:
        """Ends the way: stands until the last frame, and takes feet off the ground in flights."""
        self.stand_until(float(self.time[-1]) + 1.0)
        for leaves, lands in self.flights:
            i = int(np.clip(np.searchsorted(self.time, lands), 0, len(self.time) - 1))
            there = self._neutral_at(float(self.x[i]), float(self.z[i]), float(self.heading[i]))
            for foot, plants in enumerate(self.feet):
                rows = list(
                    zip(plants.on, plants.off, plants.x, plants.z, plants.heading, plants.lift,
                        strict=True)
                )  # fmt: skip
                kept: list[tuple[float, ...]] = []
                for on, off, px, pz, face, up in rows:
                    if on < leaves < off:
                        kept.append((on, leaves, px, pz, face, up))
                        if off > lands:
                            kept.append((lands, off, *there[foot], float(self.heading[i]), 0.0))
                    elif leaves <= on < lands:
                        if off > lands + 0.1:
                            kept.append((lands, off, *there[foot], float(self.heading[i]), 0.0))
                    else:
                        kept.append((on, off, px, pz, face, up))
                columns = [list(column) for column in zip(*kept, strict=True)]
                self.feet[foot] = Plants(*columns)

    def soles(self) -> tuple[D, D, D, NDArray[np.bool_], D]:
        """Feet over time: balls of the feet `(n, f, 3)`, headings and pitches `(n, f)` (toes down
        positive), whether they carry `(n, f)`, and how much they hold the body down, which fades
        from 1 to 0 after they leave the ground and back before they land."""
        num, count = len(self.time), len(self.feet)
        at, faces, pitch = np.zeros((num, count, 3)), np.zeros((num, count)), np.zeros((num, count))
        carries, holds = np.zeros((num, count), np.bool_), np.zeros((num, count))
        for foot, plants in enumerate(self.feet):
            on, off = np.array(plants.on), np.array(plants.off)
            x, z, h, up = (np.array(v) for v in (plants.x, plants.z, plants.heading, plants.lift))
            i = np.clip(np.searchsorted(on, self.time, side="right") - 1, 0, len(on) - 1)
            j = np.minimum(i + 1, len(on) - 1)
            stands = (self.time < off[i]) | (j == i)
            gap = np.where(stands, 1.0, on[j] - np.where(np.isfinite(off[i]), off[i], 0.0))
            u = np.where(stands, 0.0, (self.time - np.where(stands, 0.0, off[i])) / gap)
            u = np.clip(u, 0.0, 1.0)
            go = ease(u) * 0.7 + 0.3 * u * u * (3.0 - 2.0 * u)
            at[:, foot, 0] = x[i] + (x[j] - x[i]) * go
            at[:, foot, 2] = z[i] + (z[j] - z[i]) * go
            arc = 27.0 / 4.0 * u * (1.0 - u) ** 2  # highest after a third of the way
            at[:, foot, 1] = np.where(stands, 0.0, up[j] * arc)
            turn = (h[j] - h[i] + np.pi) % (2.0 * np.pi) - np.pi
            faces[:, foot] = h[i] + turn * go
            far = np.hypot(x[j] - x[i], z[j] - z[i]) / self.size
            moving = np.minimum(far / 0.6, 1.0)
            left = np.where(np.isfinite(off[i]), off[i] - self.time, 9.0)
            roll = ease(1.0 - left / 0.28) * 0.55 * moving  # the heel rises before the toes leave
            air = 0.55 * moving * (1.0 - ease(u / 0.75)) + moving * (
                up[j] / self.size * 3.2 * arc
                - 0.22 * ease((u - 0.45) / 0.35) * (1 - ease((u - 0.8) / 0.2))
            )
            pitch[:, foot] = np.where(stands, np.where(j > i, roll, 0.0), air)
            carries[:, foot] = stands
            quick = 1.0 - 0.72 * self.run
            holds[:, foot] = 1.0 - ease(u / (0.4 * quick)) * ease((1.0 - u) / (0.5 * quick))
        for leaves, lands in self.flights:
            flying = (self.time > leaves + 1e-9) & (self.time < lands - 1e-9)
            carries[flying] = False
        at[:, :, 1] += (self.lift + self.y)[:, None]
        return at, faces, pitch, carries, holds
