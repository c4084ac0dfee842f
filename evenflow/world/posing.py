"""Posing: where the bones of a walker are, given its feet, its gait and what its hands are to do.

Legs and arms have two bones and bend in a plane (inverse kinematics in closed form); the hips are
as high as the feet that carry allow. All of it works on whole stretches of frames at once.

In arrays `t` is frames; a body's own axes are x to its right, y up, z ahead.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.world import bodies
from evenflow.world.bodies import Biped, Quadruped
from evenflow.world.gait import FIELDS, MANNERS

D = NDArray[np.float64]


@dataclass
class Motion:
    """What a body does, `(t,)` or as said; distances are world units.

    Args:
        time: seconds.
        root: on the ground below the body's middle, plus the height of a jump, `(t, 3)`.
        heading: radians.
        balls: of the feet, `(t, f, 3)`; face, pitch: their headings and pitches `(t, f)`;
            carries: bool `(t, f)`; holds: how much they hold the body down, 0 to 1 `(t, f)`.
        phase, activity, run: of the gait; stride: its length.
        manner: the fields of `gait.Manner`, `(t, k)`.
        bend: 0 to 1, down to something; squat: 0 to 1, before and after a jump.
        sit: 0 to 1; seat: height of what is sat on; back: how far behind the feet it is.
        look: yaw and pitch of the head against the body, `(t, 2)`.
        hands: targets of the wrists in the world, `(t, 2, 3)`, with their weights `(t, 2)`.
        chest: targets against the shoulders, in the torso's axes, `(t, 2, 3)`, `chest_weight`.
        face_hand: weight of a hand over the face, `(t, 2)`.
        seed: of small motions.
    """

    time: D
    root: D
    heading: D
    balls: D
    face: D
    pitch: D
    carries: NDArray[np.bool_]
    holds: D
    phase: D
    activity: D
    run: D
    stride: D
    manner: D
    bend: D
    squat: D
    sit: D
    seat: D
    back: D
    look: D
    hands: D
    hands_weight: D
    chest: D
    chest_weight: D
    face_hand: D
    seed: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Pose:
    """Bones of one walker: origins `(t, b, 3)` and rotations `(t, b, 3, 3)`; joints in COCO's order
    `(t, 17, 3)`; soles `(t, 4, 3)`; the wrists `(t, 2, 3)`; the body's center `(t, 3)`."""

    origin: D
    rotation: D
    joints: D
    soles: D
    wrists: D
    center: D


def still(time: D, num_feet: int) -> Motion:
    """A motion of somebody who stands at the origin; a start for all others."""
    num = len(time)
    zero = np.zeros(num)
    manner = np.tile([getattr(MANNERS[""], name) for name in FIELDS], (num, 1)).astype(np.float64)
    return Motion(
        time=time, root=np.zeros((num, 3)), heading=zero.copy(),
        balls=np.zeros((num, num_feet, 3)), face=np.zeros((num, num_feet)),
        pitch=np.zeros((num, num_feet)), carries=np.ones((num, num_feet), np.bool_),
        holds=np.ones((num, num_feet)),
        phase=zero.copy(), activity=zero.copy(), run=zero.copy(), stride=np.ones(num),
        manner=manner, bend=zero.copy(), squat=zero.copy(), sit=zero.copy(), seat=zero.copy(),
        back=zero.copy(), look=np.zeros((num, 2)), hands=np.zeros((num, 2, 3)),
        hands_weight=np.zeros((num, 2)), chest=np.zeros((num, 2, 3)),
        chest_weight=np.zeros((num, 2)), face_hand=np.zeros((num, 2)),
    )  # fmt: skip


def neutral(kind: str, size: float) -> D:
    """Where the feet of somebody who stands are, right and ahead of its root, `(f, 2)`."""
    b = bodies.build(kind)
    high = 2.0 * size
    if isinstance(b, Biped):
        ahead = 0.5 * b.foot
        return high * np.array([[-b.stance, ahead], [b.stance, ahead]])
    return high * np.array(
        [
            [-b.front_side, b.ahead], [b.front_side, b.ahead],
            [-b.hind_side, -b.behind], [b.hind_side, -b.behind],
        ]
    )  # fmt: skip


def leg_length(kind: str, size: float) -> float:
    """Of the shortest leg, from its joint to the ankle, world units."""
    b = bodies.build(kind)
    if isinstance(b, Biped):
        return 2.0 * size * (b.thigh + b.shin)
    return 2.0 * size * min(b.upper + b.lower, b.thigh + b.shin)


def _vec(x: D | float, y: D | float, z: D | float, num: int) -> D:
    out = np.empty((num, 3))
    out[:, 0], out[:, 1], out[:, 2] = x, y, z
    return out


def frame(yaw: D, pitch: D | float = 0.0, roll: D | float = 0.0) -> D:
    """Rotations `(t, 3, 3)`: a heading, after a lean ahead, after a lean to the right."""
    num = len(yaw)
    h, p, r = yaw, np.broadcast_to(pitch, (num,)), np.broadcast_to(roll, (num,))
    ch, sh, cp, sp, cr, sr = np.cos(h), np.sin(h), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    out = np.empty((num, 3, 3))
    # columns: where x, y, z of the body go; first roll, then pitch, then heading
    xx, xy, xz = cr, -sr * cp, sr * -sp
    yx, yy, yz = sr, cr * cp, cr * sp
    zx, zy, zz = 0.0 * cr, -sp, cp
    for column, (x, y, z) in enumerate(((xx, xy, xz), (yx, yy, yz), (zx, zy, zz))):
        out[:, 0, column] = ch * x - sh * z
        out[:, 1, column] = y
        out[:, 2, column] = sh * x + ch * z
    return out


def turned(rotation: D, local: D) -> D:
    """`rotation (t, 3, 3)` times vectors `(t, 3)` or `(3,)`, written out."""
    v = np.broadcast_to(local, (len(rotation), 3))
    return (
        rotation[:, :, 0] * v[:, None, 0]
        + rotation[:, :, 1] * v[:, None, 1]
        + rotation[:, :, 2] * v[:, None, 2]
    )


def _length(v: D) -> D:
    return np.sqrt(v[:, 0] ** 2 + v[:, 1] ** 2 + v[:, 2] ** 2)


def _unit(v: D) -> D:
    return v / np.maximum(_length(v), 1e-9)[:, None]


def two_bones(a: D, c: D, first: float, second: float, pole: D) -> tuple[D, D]:
    """Middle joint and end of two bones from `a` toward `c`, bent toward the direction `pole`.

    Both bones keep their lengths; where `c` is out of reach they end short of it.
    """
    way = c - a
    far = _length(way)
    reach = np.clip(far, abs(first - second) + 1e-4, (first + second) * 0.9995)
    ahead = way / np.maximum(far, 1e-9)[:, None]
    along = (first * first - second * second + reach * reach) / (2.0 * reach)
    up = np.sqrt(np.maximum(first * first - along * along, 0.0))
    dot = (pole * ahead).sum(1)
    side = _unit(pole - dot[:, None] * ahead)
    middle = a + ahead * along[:, None] + side * up[:, None]
    return middle, a + ahead * reach[:, None]


def bone(top: D, bottom: D, front: D) -> D:
    """Rotation of a limb: y from its bottom to its top, z as near to `front` as can be."""
    y = _unit(top - bottom)
    z = _unit(front - (front * y).sum(1)[:, None] * y)
    x = np.stack(
        [
            y[:, 1] * z[:, 2] - y[:, 2] * z[:, 1],
            y[:, 2] * z[:, 0] - y[:, 0] * z[:, 2],
            y[:, 0] * z[:, 1] - y[:, 1] * z[:, 0],
        ],
        1,
    )
    return np.stack([x, y, z], 2)


def _noise(time: D, seed: list[int], rank: int, low: float, high: float) -> D:
    """Smooth noise of about unit size whose value depends on its time only, `(t, rank)`."""
    rng = np.random.default_rng([*seed, 7204, rank, int(100 * high)])
    hertz = rng.uniform(low, high, (rank, 4))
    turn = rng.uniform(0.0, 2.0 * np.pi, (rank, 4))
    out: D = np.sin(2.0 * np.pi * hertz * time[:, None, None] + turn).sum(2) / 2.0
    return out


def _soft_min(a: D, b: D, width: float) -> D:
    """The smaller of two, rounded where they cross; never above either."""
    gap = np.clip(0.5 + 0.5 * (b - a) / width, 0.0, 1.0)
    return b + (a - b) * gap - width * gap * (1.0 - gap)


def pose(kind: str, size: float, motion: Motion) -> Pose:
    """Bones of a walker that does what `motion` says."""
    b = bodies.build(kind)
    if isinstance(b, Biped):
        return _two_legs(b, size, motion)
    return _four_legs(kind, b, size, motion)


def _two_legs(b: Biped, size: float, m: Motion) -> Pose:
    num, high = len(m.time), 2.0 * size
    manner = dict(zip(FIELDS, m.manner.T, strict=True))
    small = _noise(m.time, m.seed, 6, 0.12, 0.45)
    quick = _noise(m.time, m.seed, 6, 0.9, 2.2)
    turn = 2.0 * np.pi * m.phase
    act, run = m.activity, m.run
    walk = act * (1.0 - run)
    idle = 1.0 - act
    thigh, shin, ankle = b.thigh * high, b.shin * high, b.ankle * high
    leg = thigh + shin
    # The hips: up and down twice a cycle, lowest when both feet carry (walking) or above the foot
    # (running).
    step = np.minimum(0.31 * m.stride - 0.018, 0.6 * leg)
    drop = leg - np.sqrt(np.maximum(leg * leg - step * step, 0.0))
    low = np.minimum(0.018 * high, 0.5 * drop)
    rise = -(low + 0.5 * (1.1 * drop - 0.6 * low) * (1.0 - np.cos(2.0 * turn))) * walk
    rise = rise + (0.018 * high * (1.0 - np.cos(2.0 * turn)) - 0.06 * high) * act * run
    rise = rise * (0.6 + 0.4 * manner["bounce"])
    rise = rise + 0.022 * high * np.maximum(manner["bounce"] - 1.0, 0.0) * walk * np.cos(2.0 * turn)
    hip = b.hip * high - manner["crouch"] * leg + rise
    hip = hip - idle * 0.003 * high * (1.0 + np.sin(2.0 * np.pi * 0.27 * m.time))
    hip = hip - 0.20 * high * m.bend - 0.13 * high * m.squat
    lean = (
        manner["lean"]
        + 0.05 * walk
        + 0.2 * act * run
        + 0.98 * m.bend
        + 0.42 * m.squat
        + 0.02 * small[:, 0] * idle
    )
    sway = manner["sway"] * np.sin(turn) * 0.05 + idle * manner["sway"] * 0.07 * small[:, 1]
    side = (0.017 * high * walk * np.cos(turn) * -1.0) + 0.008 * high * idle * small[:, 2]
    side = side + 0.06 * high * manner["sway"] * 0.3 * np.sin(0.5 * turn)
    back = 0.055 * high * m.bend + 0.035 * high * m.squat
    seat_high = np.maximum(m.seat + 0.062 * high, 0.075 * high)
    low = m.sit
    hip = hip * (1.0 - low) + seat_high * low
    back = back + m.back * low
    lean = lean * (1.0 - 0.6 * low) + low * np.where(m.seat < 0.08 * high, -0.12, 0.02)
    base = frame(m.heading)
    root = m.root
    down = np.where(low > 0.0, 1.0, 1.0)
    hips = root + turned(base, _vec(side, hip, -back, num)) * down[:, None]
    pelvis_yaw = 0.09 * act * np.sin(turn) * np.minimum(manner["stride"], 1.2)
    pelvis_roll = 0.03 * walk * np.cos(turn)
    # Feet: the ball is where the gait put it; ankles are behind it and above.
    ankles = []
    foot_turn = []
    for k in (0, 1):
        turn_k = frame(m.face[:, k], m.pitch[:, k])
        foot_turn.append(turn_k)
        ankles.append(m.balls[:, k] + turned(turn_k, np.array([0.0, ankle, -0.62 * b.foot * high])))
    for _ in range(2):  # the hips are no higher than the feet that carry allow
        for k in (0, 1):
            joint = hips + turned(
                frame(m.heading + pelvis_yaw, 0.0, pelvis_roll),
                np.array([(2 * k - 1) * b.hip_side * high, 0.0, 0.0]),
            )
            flat = (joint[:, 0] - ankles[k][:, 0]) ** 2 + (joint[:, 2] - ankles[k][:, 2]) ** 2
            most = ankles[k][:, 1] + np.sqrt(np.maximum((0.9985 * leg) ** 2 - flat, 0.01 * leg))
            lower = _soft_min(joint[:, 1], most, 0.006 * high) - joint[:, 1]
            hips[:, 1] += m.holds[:, k] * lower
    pelvis = frame(m.heading + pelvis_yaw, 0.25 * lean, pelvis_roll)
    yaw = m.heading - 0.10 * act * np.sin(turn) * np.minimum(manner["swing"], 1.6)
    yaw = yaw + 0.03 * manner["jitter"] * quick[:, 0] + 0.25 * m.look[:, 0]
    torso = frame(yaw, lean, -0.5 * pelvis_roll + sway)
    waist = hips + turned(pelvis, np.array([0.0, (b.waist - b.hip) * high, 0.0]))
    breath = 0.003 * high * np.sin(2.0 * np.pi * 0.3 * m.time + 1.0)
    neck_at = waist + turned(torso, _vec(0.0, (b.neck - b.waist) * high + breath, 0.0, num))
    glance = manner["jitter"] * (0.5 * quick[:, 1] + 0.5 * small[:, 3])
    gaze = m.heading + 0.75 * m.look[:, 0] + glance + 0.10 * small[:, 4] * idle
    nod = 0.3 * lean - 0.9 * manner["head"] - m.look[:, 1] + 0.03 * small[:, 5] * idle
    nod = nod + 0.35 * m.bend - 0.02 * walk * np.cos(2.0 * turn)
    head = frame(gaze, nod, 0.35 * sway)
    throat = frame(yaw, 0.6 * lean + 0.4 * nod, 0.5 * sway)
    head_at = neck_at + turned(throat, np.array([0.0, (b.head - b.neck) * high * 0.45, 0.0]))
    head_at = head_at + turned(head, np.array([0.0, (b.head - b.neck) * high * 0.55, 0.0]))
    origin = np.zeros((num, bodies.NUM_BIPED, 3))
    rotation = np.zeros((num, bodies.NUM_BIPED, 3, 3))
    origin[:, bodies.PELVIS], rotation[:, bodies.PELVIS] = hips, pelvis
    origin[:, bodies.TORSO], rotation[:, bodies.TORSO] = waist, torso
    origin[:, bodies.NECK], rotation[:, bodies.NECK] = neck_at, throat
    origin[:, bodies.HEAD], rotation[:, bodies.HEAD] = head_at, head
    joints = np.zeros((num, 17, 3))
    x, y, z = (v * high for v in b.head_half)
    for k, local in enumerate(
        (
            (0.0, -0.2 * y, 1.1 * z), (-0.4 * x, 0.02 * y, 0.9 * z), (0.4 * x, 0.02 * y, 0.9 * z),
            (-x, -0.08 * y, 0.0), (x, -0.08 * y, 0.0),
        )
    ):  # fmt: skip
        joints[:, k] = head_at + turned(head, np.array(local))
    front = base[:, :, 2]
    soles = np.repeat(m.balls, 2, 1)[:, [0, 2, 0, 2]] if m.balls.shape[1] == 2 else m.balls
    for k in (0, 1):
        sign = 2.0 * k - 1.0
        joint = hips + turned(pelvis, np.array([sign * b.hip_side * high, 0.0, 0.0]))
        out = base[:, :, 0] * (sign * (0.10 + 0.35 * low + 0.25 * m.bend))[:, None]
        toes = frame(m.face[:, k])[:, :, 2]
        knee, end = two_bones(joint, ankles[k], thigh, shin, 0.6 * front + 0.6 * toes + out)
        ball = m.balls[:, k] + end - ankles[k]
        soles[:, k] = soles[:, k + 2] = ball
        middle = ball + turned(foot_turn[k], np.array([0.0, 0.03 * high, -0.28 * b.foot * high]))
        for at, top, bottom in ((bodies.UPPER_LEG, joint, knee), (bodies.LOWER_LEG, knee, end)):
            origin[:, at + k] = 0.5 * (top + bottom)
            rotation[:, at + k] = bone(top, bottom, front + 0.3 * toes)
        origin[:, bodies.FOOT + k], rotation[:, bodies.FOOT + k] = middle, foot_turn[k]
        joints[:, 11 + k], joints[:, 13 + k], joints[:, 15 + k] = joint, knee, end
    # Arms swing against the legs.
    upper, fore = b.upper * high, b.fore * high
    hang = -manner["shoulders"]
    wrists = np.zeros((num, 2, 3))
    for k in (0, 1):
        sign = 2.0 * k - 1.0
        shoulder = waist + turned(
            torso, _vec(sign * b.shoulder_side * high, (b.shoulder - b.waist) * high + breath,
                        -hang * 0.03 * high, num)
        )  # fmt: skip
        beat = sign * np.sin(turn)  # the right arm goes with the left leg
        swing = -beat * act * (0.42 * (1.0 - run) + 0.85 * run) * manner["swing"]
        swing = np.clip(swing, -1.25, 1.25) - 0.9 * lean * (1.0 - m.bend) * 0.5
        swing = swing + 0.04 * idle * small[:, k] + 0.15 * act * run
        elbow = 0.22 + 0.12 * walk + 1.25 * act * run + manner["elbow"] + 0.3 * np.maximum(swing, 0)
        elbow = elbow + 0.25 * manner["jitter"] * (quick[:, 2 + k] * 0.5 + 0.5)
        spread = 0.10 + 0.25 * np.abs(manner["sway"]) * 0.4 + 0.06 * act * run
        arm = _direction(swing, spread * sign)
        lower = _direction(swing + elbow, spread * sign * 0.3)
        swing_elbow = shoulder + turned(torso, arm) * upper
        wrist = swing_elbow + turned(torso, lower) * fore
        resting = 0.85 * low
        lap = hips + turned(base, _vec(sign * 0.085 * high, 0.07 * high, 0.17 * high, num))
        wrist = wrist + (lap - wrist) * resting[:, None]
        pole = turned(torso, arm) + base[:, :, 0] * (sign * 0.25) - front * 0.35
        share = m.chest_weight[:, k, None]
        wrist = wrist + (shoulder + turned(torso, m.chest[:, k]) - wrist) * share
        share = m.hands_weight[:, k, None]
        wrist = wrist + (m.hands[:, k] - wrist) * share
        share = m.face_hand[:, k, None]
        over = head_at + turned(head, np.array([sign * 0.15 * x, -0.05 * y, 1.42 * z]))
        wrist = wrist + (over - turned(head, np.array([0.0, 0.028 * high, 0.0])) - wrist) * share
        busy = np.maximum(np.maximum(m.chest_weight[:, k], m.hands_weight[:, k]), m.face_hand[:, k])
        bent = base[:, :, 0] * (sign * 0.55) - front * 0.25 + _vec(0.0, -0.8, 0.0, num)
        pole = pole * (1.0 - busy)[:, None] + bent * busy[:, None]
        middle, end = two_bones(shoulder, wrist, upper, fore, pole)
        wrists[:, k] = end
        for at, top, bottom in (
            (bodies.UPPER_ARM, shoulder, middle),
            (bodies.LOWER_ARM, middle, end),
        ):
            origin[:, at + k] = 0.5 * (top + bottom)
            rotation[:, at + k] = bone(top, bottom, front)
        palm = turned(rotation[:, bodies.LOWER_ARM + k], np.array([0.0, -0.012 * high, 0.0]))
        origin[:, bodies.HAND + k] = end + palm
        rotation[:, bodies.HAND + k] = rotation[:, bodies.LOWER_ARM + k]
        joints[:, 5 + k], joints[:, 7 + k], joints[:, 9 + k] = shoulder, middle, end
    center = root + _vec(0.0, size, 0.0, num)
    return Pose(origin, rotation, joints, soles, wrists, center)


def _direction(swing: D, spread: D | float) -> D:
    """Unit vectors of a hanging arm that swings ahead and is spread to the right."""
    out = np.empty((len(swing), 3))
    out[:, 0] = np.sin(spread)
    out[:, 1] = -np.cos(swing) * np.cos(spread)
    out[:, 2] = np.sin(swing) * np.cos(spread)
    return out


def _four_legs(kind: str, q: Quadruped, size: float, m: Motion) -> Pose:
    num, high = len(m.time), 2.0 * size
    manner = dict(zip(FIELDS, m.manner.T, strict=True))
    small = _noise(m.time, m.seed, 6, 0.12, 0.45)
    quick = _noise(m.time, m.seed, 6, 0.9, 2.2)
    turn = 2.0 * np.pi * m.phase
    act, run = m.activity, m.run
    idle = 1.0 - act
    base = frame(m.heading)
    front = base[:, :, 2]
    bounce = (0.4 + 0.6 * manner["bounce"]) * act
    walk = bounce * (1.0 - run)
    rise_front = 0.012 * high * walk * np.cos(2.0 * turn)
    rise_hind = 0.012 * high * walk * np.sin(2.0 * turn)
    rise_front = rise_front + 0.05 * high * bounce * run * np.cos(turn + 0.9)
    rise_hind = rise_hind - 0.05 * high * bounce * run * np.cos(turn + 0.9)
    lower = manner["crouch"] * q.shoulder * high + 0.12 * high * m.squat
    lower = lower + 0.004 * high * idle * np.sin(2.0 * np.pi * 0.3 * m.time)
    shoulder_y = q.shoulder * high + rise_front - lower - 0.10 * high * m.bend
    hip_y = q.hip * high + rise_hind - lower - 0.02 * high * m.bend
    seated = m.sit
    hip_y = hip_y * (1.0 - seated) + (q.paw + 0.13) * high * seated
    ahead = np.full(num, q.ahead * high) - 0.10 * high * seated
    behind = np.full(num, q.behind * high) - 0.13 * high * seated
    side = 0.008 * high * walk * np.sin(turn) + 0.02 * high * manner["sway"] * np.sin(0.5 * turn)
    root = m.root
    fore = root + turned(base, _vec(side, shoulder_y, ahead, num))
    hind = root + turned(base, _vec(-0.5 * side, hip_y, -behind, num))
    paws = m.balls + np.array([0.0, q.paw * high, 0.0])
    lengths = ((q.upper * high, q.lower * high),) * 2 + ((q.thigh * high, q.shin * high),) * 2
    sides = (-q.front_side, q.front_side, -q.hind_side, q.hind_side)
    for k in range(4):
        at = fore if k < 2 else hind
        joint = at + base[:, :, 0] * (sides[k] * high * 0.8)
        flat = (joint[:, 0] - paws[:, k, 0]) ** 2 + (joint[:, 2] - paws[:, k, 2]) ** 2
        leg = sum(lengths[k])
        most = paws[:, k, 1] + np.sqrt(np.maximum((0.9985 * leg) ** 2 - flat, 0.01 * leg))
        less = _soft_min(joint[:, 1], most, 0.006 * high) - joint[:, 1]
        at[:, 1] += m.holds[:, k] * less
    spine = _unit(fore - hind)
    up = np.tile(np.array([0.0, 1.0, 0.0]), (num, 1))
    trunk = _ahead(spine, up)
    middle = 0.5 * (fore + hind) + trunk[:, :, 1] * (0.02 * high)
    yaw_head = 0.8 * m.look[:, 0] + manner["jitter"] * 0.5 * quick[:, 1] + 0.16 * small[:, 4] * idle
    nod = 0.05 * act * np.cos(2.0 * turn + 0.6) + 0.04 * small[:, 5] * idle
    rise = q.rise + 0.5 * manner["head"] - 0.25 * act * run - 1.9 * m.bend + nod
    rise = rise + np.where(seated > 0, 0.2 * seated, 0.0)
    nape = frame(m.heading + 0.45 * yaw_head, -rise)
    start = fore + trunk[:, :, 1] * (0.06 * high) + trunk[:, :, 2] * (0.06 * high)
    end = start + nape[:, :, 2] * (q.neck * high)
    skull_pitch = np.where(kind == "horse", 0.75, 0.12) - 0.8 * manner["head"] - m.look[:, 1]
    skull = frame(m.heading + yaw_head, skull_pitch + 0.25 * m.bend + 0.5 * nod)
    skull_at = end + turned(skull, np.array([0.0, 0.01 * high, q.head * high]))
    origin = np.zeros((num, bodies.NUM_QUADRUPED, 3))
    rotation = np.zeros((num, bodies.NUM_QUADRUPED, 3, 3))
    origin[:, bodies.TRUNK], rotation[:, bodies.TRUNK] = middle, trunk
    origin[:, bodies.NAPE] = 0.5 * (start + end)
    rotation[:, bodies.NAPE] = bone(end, start, front)
    origin[:, bodies.SKULL], rotation[:, bodies.SKULL] = skull_at, skull
    joints = np.zeros((num, 17, 3))
    for k, local in enumerate(
        (
            (0.0, -0.02, 0.16),
            (-0.07, 0.03, 0.09),
            (0.07, 0.03, 0.09),
            (-0.09, 0.1, 0.0),
            (0.09, 0.1, 0.0),
        )
    ):
        joints[:, k] = skull_at + turned(skull, np.array(local) * high)
    soles = m.balls.copy()
    for k in range(4):
        at = fore if k < 2 else hind
        joint = at + base[:, :, 0] * (sides[k] * high * 0.8)
        first, second = lengths[k]
        pole = front * (q.knees if k < 2 else 1.0) + base[:, :, 0] * (0.1 if k % 2 else -0.1)
        if k >= 2:
            out = base[:, :, 0] * (0.9 if k % 2 else -0.9)
            pole = pole + out * seated[:, None] + up * (0.4 * seated)[:, None]
        knee, reach = two_bones(joint, paws[:, k], first, second, pole)
        soles[:, k] += reach - paws[:, k]
        for row, top, bottom in ((bodies.UPPER, joint, knee), (bodies.LOWER, knee, reach)):
            origin[:, row + k] = 0.5 * (top + bottom)
            rotation[:, row + k] = bone(top, bottom, front)
        origin[:, bodies.PAW + k] = soles[:, k]
        rotation[:, bodies.PAW + k] = frame(m.face[:, k], 0.7 * m.pitch[:, k])
        first_joint = (5, 6, 11, 12)[k]
        joints[:, first_joint] = joint
        joints[:, first_joint + 2], joints[:, first_joint + 4] = knee, reach
    wag = {"dog": 0.55, "cat": 0.25, "horse": 0.15}[kind]
    happy = np.clip(1.0 + 0.7 * (manner["bounce"] - 1.0), 0.2, 2.0)
    swing = wag * happy * np.sin(2.0 * np.pi * (1.9 if kind == "dog" else 0.5) * m.time)
    droop = q.droop - 0.8 * np.minimum(manner["head"], 0.0) * 2.0 - 0.3 * act * run
    base_at = hind - trunk[:, :, 2] * (0.10 * high) + trunk[:, :, 1] * (0.07 * high)
    for k in (0, 1):
        bent = droop * (1.0 if k == 0 else (1.5 if kind == "cat" else 0.85))
        part = frame(m.heading + swing * (1.0 + 0.5 * k), -bent)
        tip = base_at - part[:, :, 2] * (q.tail * high)
        origin[:, bodies.TAIL + k] = 0.5 * (base_at + tip)
        rotation[:, bodies.TAIL + k] = bone(base_at, tip, up + 0.01 * front)
        base_at = tip
    mouth = skull_at + turned(skull, np.array([0.0, -0.09, 0.2]) * high)
    wrists = np.stack([mouth, mouth], 1)
    center = root + _vec(0.0, size, 0.0, num)
    return Pose(origin, rotation, joints, soles, wrists, center)


def _ahead(z: D, up: D) -> D:
    """Rotations whose z is a direction and whose y is as near to `up` as can be."""
    y = _unit(up - (up * z).sum(1)[:, None] * z)
    x = np.stack(
        [
            y[:, 1] * z[:, 2] - y[:, 2] * z[:, 1],
            y[:, 2] * z[:, 0] - y[:, 0] * z[:, 2],
            y[:, 0] * z[:, 1] - y[:, 1] * z[:, 0],
        ],
        1,
    )
    return np.stack([x, y, z], 2)
