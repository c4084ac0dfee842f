"""Cameras: a shot's camera and its moves become a matrix for every frame.

Moves ease in and out (fifth order: speed and acceleration start and end at zero) and add up: pans
and tilts turn; dolly, truck, rise and sink go along the axes that the camera has when they begin;
`follow` goes with an entity, low-passed, so that its steps do not shake the picture; orbits turn
all this about their pivot; zoom multiplies the focal length; shake is band-limited noise. A move
there and a move back with the same amount end where they began, to rounding.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import CameraTrack, EntityTrack
from evenflow.world.spec import Camera, CameraMove, SceneSpec
from evenflow.world.trajectories import poses_at

D = NDArray[np.float64]

LOWEST, NEAR_GROUND = 0.1, 0.3
"""No camera is lower than the first; below the second its height is bent up smoothly."""
FOLLOW_SECONDS = 0.22
"""Standard deviation of the low-pass filter of `follow`."""
SHAKE_HZ = (0.7, 3.5)
"""Band of the shake; its upper end is a quarter of the frame rate at most."""


def ease(x: D) -> D:
    """Fifth-order step from 0 at `x <= 0` to 1 at `x >= 1`, at rest at both ends."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (x * (6.0 * x - 15.0) + 10.0)


def progress(kind: str, start: float, end: float, time: D) -> D:
    """Share of a move that is done at `time` seconds; a whip pan hurries through its middle."""
    x = (time - start) / max(end - start, 1e-9)
    return ease((x - 0.2) / 0.6) if kind.startswith("whip") else ease(x)


def above_ground(y: D) -> D:
    """Heights of a camera, bent smoothly so that none is below `LOWEST`."""
    room = NEAR_GROUND - LOWEST
    low = LOWEST + room * np.exp((np.minimum(y, NEAR_GROUND) - NEAR_GROUND) / room)
    return np.where(y >= NEAR_GROUND, y, low)


def matrices(eye: D, yaw: D, pitch: D) -> D:
    """World to camera `(t, 4, 4)`; yaw is a heading, pitch is up from the horizon."""
    sh, ch, sp, cp = np.sin(yaw), np.cos(yaw), np.sin(pitch), np.cos(pitch)
    out = np.zeros((len(eye), 4, 4))
    out[:, 0, :3] = np.stack([ch, 0.0 * ch, sh], 1)
    out[:, 1, :3] = np.stack([-sh * sp, -cp, ch * sp], 1)
    out[:, 2, :3] = np.stack([-sh * cp, sp, ch * cp], 1)
    out[:, :3, 3] = -np.einsum("tij,tj->ti", out[:, :3, :3], eye)
    out[:, 3, 3] = 1.0
    return out


def intrinsics(fov: D, height: D, size: tuple[int, int]) -> D:
    """K `(t, 3, 3)`: pixels; where `fov` is 0, pixels per world unit of an orthographic camera.

    Args:
        fov: vertical field of view, radians.
        height: world units that an orthographic picture is high.
        size: `(width, height)` in pixels.
    """
    wide, high = size
    flat = fov <= 0.0
    focal = np.where(flat, high / height, 0.5 * high / np.tan(0.5 * np.where(flat, 1.0, fov)))
    out = np.zeros((len(fov), 3, 3))
    out[:, 0, 0] = out[:, 1, 1] = focal
    out[:, 0, 2], out[:, 1, 2], out[:, 2, 2] = 0.5 * wide, 0.5 * high, 1.0
    return out


def angles(direction: D) -> tuple[D, D]:
    """Heading and pitch of directions `(t, 3)`."""
    flat = np.hypot(direction[:, 0], direction[:, 2])
    return np.arctan2(-direction[:, 0], direction[:, 2]), np.arctan2(direction[:, 1], flat)


def spline(time: D, knots: D, values: D) -> D:
    """Cubic through all `values (k, d)` at rising `knots (k,)`, without overshoot; it rests at
    both ends and holds there.

    Source: Fritsch and Butland 1984, A method for constructing local monotone piecewise cubic
    interpolants, equation 5 (slopes are weighted harmonic means, 0 at a turn).
    """
    if len(knots) == 1:
        return np.repeat(values, len(time), 0)
    step = np.diff(knots)[:, None]
    slope = np.diff(values, axis=0) / step
    tangent = np.zeros_like(values)
    a, b = 2.0 * step[1:] + step[:-1], step[1:] + 2.0 * step[:-1]
    same = slope[:-1] * slope[1:] > 0.0
    before, after = np.where(same, slope[:-1], 1.0), np.where(same, slope[1:], 1.0)
    tangent[1:-1] = np.where(same, (a + b) / (a / before + b / after), 0.0)
    time = np.clip(time, knots[0], knots[-1])
    i = np.clip(np.searchsorted(knots, time, side="right") - 1, 0, len(knots) - 2)
    h = step[i]
    x = (time - knots[i])[:, None] / h
    return (
        values[i] * ((1.0 + 2.0 * x) * (1.0 - x) ** 2)
        + tangent[i] * (h * x * (1.0 - x) ** 2)
        + values[i + 1] * (x * x * (3.0 - 2.0 * x))
        + tangent[i + 1] * (h * x * x * (x - 1.0))
    )


def smooth_noise(seed: list[int], time: D, low: float, high: float, rms: float, rank: int) -> D:
    """`rank` rows of noise between two frequencies whose total root mean square is `rms`.

    Args:
        seed: of `numpy.random.default_rng`.
        time: seconds, at least two of them for noise at all.
    """
    if len(time) < 2 or rms <= 0.0:
        return np.zeros((len(time), rank))
    rng = np.random.default_rng(seed)
    waves = 7
    edges = np.geomspace(low, high, waves + 1)
    hertz = edges[:-1] + (edges[1:] - edges[:-1]) * rng.random((rank, waves))
    turn = 2.0 * np.pi * rng.random((rank, waves))
    power = (low / hertz) ** 0.6  # hands move slowly more than fast
    wave = np.sin(2.0 * np.pi * hertz * time[:, None, None] + turn) * power
    out: D = wave.sum(2)
    edge = min(0.25, 0.25 * (time[-1] - time[0]))
    out *= (ease((time - time[0]) / edge + 0.2) * ease((time[-1] - time) / edge + 0.2))[:, None]
    return out * (rms / max(float(np.sqrt((out * out).sum(1).mean())), 1e-12))


def low_pass(values: D, fps: float, seconds: float) -> D:
    """Gaussian over time `(t, d)`; the ends are held."""
    sigma = seconds * fps
    reach = int(np.ceil(3.0 * sigma))
    if reach < 1 or len(values) < 2:
        return values
    x = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (x / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(values)
    for weight, shift in zip(kernel, range(2 * reach + 1), strict=True):
        out += weight * padded[shift : shift + len(values)]
    return out


_TURN = {"pan left": 1.0, "pan right": -1.0, "whip pan left": 1.0, "whip pan right": -1.0}
_TILT = {"tilt up": 1.0, "tilt down": -1.0}
_GO = {  # right, up, forward, along the ground
    "dolly in": (0.0, 0.0, 1.0),
    "dolly out": (0.0, 0.0, -1.0),
    "truck left": (-1.0, 0.0, 0.0),
    "truck right": (1.0, 0.0, 0.0),
    "rise": (0.0, 1.0, 0.0),
    "sink": (0.0, -1.0, 0.0),
}
_ORBIT = {"orbit left": -1.0, "orbit right": 1.0}


def _at(values: D, time: D, when: float) -> D:
    """Row of `values` at a time, between frames."""
    x = float(np.clip(np.interp(when, time, np.arange(len(time))), 0, len(time) - 1))
    i = min(int(x), len(time) - 1)
    j = min(i + 1, len(time) - 1)
    return values[i] * (1.0 - (x - i)) + values[j] * (x - i)


def _held(values: D, time: D, move: CameraMove) -> D:
    """What `values` are while the move lasts; before and after it they stand still."""
    inside = np.clip(time, move.start, max(move.end, move.start))
    return np.stack([np.interp(inside, time, column) for column in values.T], 1)


def _moved(
    camera: Camera, time: D, fps: float, targets: dict[int, D], seed: list[int]
) -> tuple[D, D, D, D]:
    """Eye, yaw, pitch and zoom of every frame of a shot whose camera moves."""
    num = len(time)
    first = np.array(camera.eye, np.float64)
    look = np.array(camera.look_at, np.float64) - first
    away = float(np.sqrt((look * look).sum()))
    base_yaw, base_pitch = angles(look[None])
    eye = np.repeat(first[None], num, 0)
    yaw, pitch, zoom = np.repeat(base_yaw, num), np.repeat(base_pitch, num), np.ones(num)
    moves = sorted(camera.moves, key=lambda move: move.start)
    for move in moves:
        share = progress(move.kind, move.start, move.end, time)
        yaw = yaw + _TURN.get(move.kind, 0.0) * move.amount * share
        pitch = pitch + _TILT.get(move.kind, 0.0) * move.amount * share
    turned = yaw.copy()
    for move in moves:
        if move.kind not in _GO:
            continue
        right, up, ahead = _GO[move.kind]
        heading = float(_at(turned[:, None], time, move.start)[0])
        sine, cosine = np.sin(heading), np.cos(heading)
        along = np.array([right * cosine - ahead * sine, up, right * sine + ahead * cosine])
        eye = eye + along * (move.amount * progress(move.kind, move.start, move.end, time))[:, None]
    followed = {move.target for move in moves if move.kind == "follow"}
    for move in moves:
        goes_along = move.kind == "follow" or (
            move.kind in _ORBIT and move.target and move.target not in followed
        )
        if not goes_along or move.target not in targets:
            continue
        way = _held(targets[move.target], time, move)
        way = low_pass(way - _at(targets[move.target], time, move.start), fps, FOLLOW_SECONDS)
        eye = eye + (way - way[:1] if move.start <= time[0] else way) * (
            move.amount if move.kind == "follow" else 1.0
        )
    for move in moves:
        holds = (move.kind == "follow" and move.amount < 1.0) or move.kind in _GO
        if not holds or move.target not in targets:
            continue
        target = low_pass(_held(targets[move.target], time, move), fps, FOLLOW_SECONDS)
        there = target - _held(eye, time, move)
        side, above = angles(there)
        yaw = yaw + np.unwrap(side) - side[0]
        pitch = pitch + above - above[0]
    for move in moves:
        if move.kind not in _ORBIT:
            continue
        angle = _ORBIT[move.kind] * move.amount * progress(move.kind, move.start, move.end, time)
        if move.target in targets:
            pivot = low_pass(_held(targets[move.target], time, move), fps, FOLLOW_SECONDS)
        else:
            h, p = (float(_at(x[:, None], time, move.start)[0]) for x in (yaw, pitch))
            ahead3 = np.array([-np.sin(h) * np.cos(p), np.sin(p), np.cos(h) * np.cos(p)])
            pivot = (_at(eye, time, move.start) + away * ahead3)[None]
        x, z = eye[:, 0] - pivot[:, 0], eye[:, 2] - pivot[:, 2]
        sine, cosine = np.sin(angle), np.cos(angle)
        eye = np.stack(
            [pivot[:, 0] + cosine * x - sine * z, eye[:, 1], pivot[:, 2] + sine * x + cosine * z], 1
        )
        yaw = yaw + angle
    for number, move in enumerate(camera.moves):
        share = progress(move.kind, move.start, move.end, time)
        if move.kind in ("zoom in", "zoom out"):
            factor = max(move.amount, 1.0 / move.amount)
            zoom = zoom * factor ** (share if move.kind == "zoom in" else -share)
        elif move.kind == "shake":
            inside = (time >= move.start - 1e-9) & (time < move.end - 1e-9)
            band = min(SHAKE_HZ[1], fps / 4.0)
            pixels = smooth_noise(
                [*seed, number], time[inside], min(SHAKE_HZ[0], band / 2), band, move.amount, 2
            )
            if camera.fov > 0.0:
                focal = 64.0 / np.tan(0.5 * camera.fov) * zoom[inside]
                yaw[inside] += np.arctan(pixels[:, 0] / focal)
                pitch[inside] += np.arctan(pixels[:, 1] / focal)
            else:
                unit = camera.height / zoom[inside] / 128.0
                eye[inside, 0] += pixels[:, 0] * unit * np.cos(yaw[inside])
                eye[inside, 2] += pixels[:, 0] * unit * np.sin(yaw[inside])
                eye[inside, 1] += pixels[:, 1] * unit
    return eye, yaw, np.clip(pitch, -1.5707, 1.5707), zoom


def _check(camera: Camera) -> None:
    for name, rows, long in (("keys", camera.keys, 8), ("trajectory", camera.trajectory, 17)):
        for row in rows:
            if len(row) != long or not np.isfinite(row).all():
                raise BadInput(
                    f"a row of a camera's {name} has {long} finite numbers, got {len(row)}: {row}"
                )
    for move in camera.moves:
        if move.kind.startswith("zoom") and not move.amount > 0.0:
            raise BadInput(
                f"`{move.kind}` multiplies the focal length by its amount, which is above 0, "
                f"got {move.amount:g}"
            )


def shoot(
    camera: Camera,
    time: D,
    *,
    fps: float,
    size: tuple[int, int],
    targets: dict[int, D],
    seed: list[int],
) -> CameraTrack:
    """The camera of one shot.

    Args:
        camera: see `spec.Camera`.
        time: seconds of its frames, from the first frame of the scene.
        fps: frames a second.
        size: `(width, height)` in pixels.
        targets: centers `(t, 3)` of the entities that moves may hold, by id.
        seed: of the shake.

    Raises:
        BadInput: a row of keys or of a trajectory has another number of numbers, or a zoom is not
            above 0.
    """
    _check(camera)
    height = np.full(len(time), camera.height)
    if camera.trajectory:
        k, pose = poses_at(camera.trajectory, time, size)
        turn = pose[:, :3, :3]
        stand = -np.einsum("tji,tj->ti", turn, pose[:, :3, 3])
        stand[:, 1] = above_ground(stand[:, 1])
        pose[:, :3, 3] = -np.einsum("tij,tj->ti", turn, stand)
        flat = np.zeros(len(time), np.bool_)
        return CameraTrack(k.astype(np.float32), pose.astype(np.float32), flat)
    if camera.keys:
        rows = np.array(sorted(camera.keys), np.float64)
        at = spline(time, rows[:, 0], rows[:, 1:])
        eye, look, fov = at[:, :3], at[:, 3:6] - at[:, :3], at[:, 6]
        yaw, pitch = angles(look)
    else:
        eye, yaw, pitch, zoom = _moved(camera, time, fps, targets, seed)
        lens = 2.0 * np.arctan(np.tan(0.5 * camera.fov) / zoom)
        fov = lens if camera.fov > 0.0 else np.zeros(len(time))
        height = height / zoom
    eye = np.stack([eye[:, 0], above_ground(eye[:, 1]), eye[:, 2]], 1)
    return CameraTrack(
        intrinsics=intrinsics(fov, height, size).astype(np.float32),
        world_to_camera=matrices(eye, yaw, pitch).astype(np.float32),
        orthographic=fov <= 0.0,
    )


def track(spec: SceneSpec, entities: EntityTrack | None = None) -> CameraTrack:
    """The camera of every frame of a scene; at a cut the next shot's camera begins anew.

    Args:
        spec: the scene.
        entities: where everybody is (`follow`, `orbit` and holding moves look there); without it
            they are taken to stand where the spec puts them.
    """
    fps = float(spec.fps)
    shots = []
    begin = 0
    for number, shot in enumerate(spec.shots):
        frames = slice(begin, begin + shot.frames)
        held = {move.target for move in shot.camera.moves if move.target}
        targets: dict[int, D] = {}
        for one in spec.cast:
            if one.id not in held:
                continue
            if entities is None:
                x, y, z = one.position
                targets[one.id] = np.repeat(np.array([[x, y + one.size, z]]), shot.frames, 0)
            else:
                targets[one.id] = entities.position[frames, one.id - 1].astype(np.float64)
        shots.append(
            shoot(
                shot.camera,
                np.arange(begin, begin + shot.frames) / fps,
                fps=fps,
                size=spec.size,
                targets=targets,
                seed=[spec.seed, 7101, number],
            )
        )
        begin += shot.frames
    return CameraTrack(
        np.concatenate([shot.intrinsics for shot in shots]),
        np.concatenate([shot.world_to_camera for shot in shots]),
        np.concatenate([shot.orthographic for shot in shots]),
    )
