"""Framing: a camera that keeps what matters in view with a margin, through all of its moves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world import cameras
from evenflow.world.animation import Animation
from evenflow.world.blocking import Actor, Unstaged, box_of
from evenflow.world.spec import Camera, CameraMove
from evenflow.world.words import FIXTURES

D = NDArray[np.float64]

AMOUNTS: dict[str, float] = {
    "pan left": 0.24, "pan right": 0.24, "tilt up": 0.13, "tilt down": 0.13, "dolly in": 1.3,
    "dolly out": 1.3, "truck left": 1.1, "truck right": 1.1, "rise": 0.9, "sink": 0.7,
    "orbit left": 0.6, "orbit right": 0.6, "zoom in": 1.4, "zoom out": 1.4, "follow": 1.0,
    "shake": 1.3, "whip pan left": 0.5, "whip pan right": 0.5, "static": 0.0,
}  # fmt: skip
"""How far a move goes where nobody says: radians, world units, a factor, pixels."""
MARGINS = {"wide": 0.7, "medium": 0.86, "close": 0.94, "": 0.84}
"""Share of the half picture that what matters may fill."""
TALL = 2.0
"""Fixtures need to be seen up to here only."""


HURRY = {"slowly": 0.6, "gently": 0.7, "sleepily": 0.6, "quickly": 1.4, "nervously": 1.2}
"""What the manner of a camera does to how far it goes in its time."""


def moves_of(
    kinds: Sequence[str], follows: int, *, start: float, end: float, manner: str = ""
) -> tuple[CameraMove, ...]:
    """Moves one after the other; `follow` and `shake` last for the whole shot.

    Args:
        kinds: rows of CAMERA_MOVES.
        follows: id that `follow` and `orbit` hold, or 0.
        start, end: of the shot.
        manner: a row of MANNERS, or empty.
    """
    turns = [kind for kind in kinds if kind not in ("static", "follow", "shake")]
    out: list[CameraMove] = []
    begin, last = start + 0.05, end - 0.1
    span = max(last - begin, 0.1) / max(len(turns), 1)
    for number, kind in enumerate(turns):
        out.append(
            CameraMove(
                kind, round(begin + number * span, 4), round(begin + (number + 1) * span, 4),
                _amount(kind, manner), target=follows if kind.startswith("orbit") else 0,
                manner=manner,
            )
        )  # fmt: skip
    if "follow" in kinds:
        out.append(CameraMove("follow", start, end, AMOUNTS["follow"], follows, manner))
    if "shake" in kinds:
        out.append(CameraMove("shake", start, end, AMOUNTS["shake"], manner=manner))
    return tuple(out)


def _amount(kind: str, manner: str) -> float:
    """How far a move goes: a zoom's factor grows in its logarithm."""
    hurry = HURRY.get(manner, 1.0)
    if kind.startswith("zoom"):
        return round(float(AMOUNTS[kind] ** hurry), 4)
    return round(AMOUNTS[kind] * hurry, 4)


def track_of(actor: Actor, times: D) -> D:
    """Planned feet `(k, 3)` at times."""
    if not actor.path:
        assert actor.at is not None
        return np.repeat(actor.at[None], len(times), 0)
    rows = np.array(sorted(actor.path), np.float64)
    return np.stack([np.interp(times, rows[:, 0], rows[:, c]) for c in (1, 2, 3)], 1)


def points_of(
    actors: Mapping[int, Actor],
    needed: Sequence[int],
    off: Sequence[tuple[int, float, float]],
    times: D,
    first: Mapping[int, D],
) -> tuple[D, D]:
    """World points that must be seen `(k, m, 3)` and whether each must be at that time `(k, m)`."""
    boxes, must = [], []
    for id in needed:
        actor = actors[id]
        foot = track_of(actor, times)
        if id in first and actor.path:
            early = times < min(p[0] for p in actor.path) - 1e-6
            foot[early] = first[id]
        kind = actor.entity.kind
        wide = (
            max(actor.half[0], actor.half[2])
            if kind in ("dog", "horse", "cat", "cart")
            else actor.half[0]
        )
        wide = actor.radius if kind in ("ball", "cylinder", "cone") else wide
        high = min(2 * actor.half[1], TALL) if actor.at is not None else 2 * actor.half[1]
        if kind == "cart":
            wide *= 0.8
        for side in (-wide, wide):
            for y in (0.0, high):
                boxes.append(foot + np.array([side, y, 0.0]))
                shown = np.ones(len(times), np.bool_)
                for who, a, b in off:
                    if who == id:
                        shown &= (times < a) | (times > b)
                must.append(shown)
    return np.stack(boxes, 1), np.stack(must, 1)


def seen_points(
    animation: Animation, needed: Sequence[int], off: Sequence[tuple[int, float, float]],
    frames: NDArray[np.int64], yaw: float,
) -> tuple[D, D]:  # fmt: skip
    """Like `points_of`, from where everybody really is.

    Args:
        frames: numbers of frames.
        yaw: heading that the camera looks in.
    """
    spec = animation.spec
    times = frames / float(spec.fps)
    right = np.array([np.cos(yaw), 0.0, np.sin(yaw)])
    boxes, must = [], []
    for id in needed:
        one = spec.cast[id - 1]
        center = animation.entities.position[frames, id - 1].astype(np.float64)
        size = animation.entities.size[frames, id - 1].astype(np.float64)
        half = np.array(box_of(one)) / one.size
        rotation = animation.entities.rotation[frames, id - 1].astype(np.float64)
        if one.kind in ("ball", "cylinder", "cone", "capsule", "cup", "vase", "balloon"):
            wide = np.full(len(frames), half[0])
        else:
            wide = (
                np.abs(rotation[:, :, 0] @ right) * half[0]
                + np.abs(rotation[:, :, 2] @ right) * half[2]
            )
        low = center[:, 1] - size
        high = center[:, 1] + size
        if one.kind in FIXTURES:
            high = np.minimum(high, TALL)
        shown = animation.entities.present[frames, id - 1].copy()
        for who, a, b in off:
            if who == id:
                shown &= (times < a) | (times > b)
        for side in (-1.0, 1.0):
            for y in (low, high):
                p = center + (side * wide * size)[:, None] * right
                p[:, 1] = y
                boxes.append(p)
                must.append(shown)
    return np.stack(boxes, 1), np.stack(must, 1)


def project(camera: Camera, points: D, times: D, *, fps: float, size: tuple[int, int],
            targets: dict[int, D], seed: int) -> tuple[D, D]:  # fmt: skip
    """Pictures of points `(k, m, 3)`: positions in half pictures `(k, m, 2)` and depth `(k, m)`."""
    track = cameras.shoot(camera, times, fps=fps, size=size, targets=targets, seed=[seed, 7101, 0])
    pose = track.world_to_camera.astype(np.float64)
    local = np.einsum("tij,tmj->tmi", pose[:, :3, :3], points) + pose[:, None, :3, 3]
    focal = track.intrinsics[:, 0, 0].astype(np.float64)
    depth = np.maximum(local[..., 2], 1e-3)
    scale = np.where(track.orthographic[:, None], 1.0, 1.0 / depth) * focal[:, None]
    out = local[..., :2] * scale[..., None] / (0.5 * np.array(size, np.float64))
    out[local[..., 2] < 0.3] = 9.0
    return out, local[..., 2]


def frame(
    points: D, must: D, times: D, *, moves: tuple[CameraMove, ...], fov: float, pitch: float,
    yaw: float, shot_size: str, size: tuple[int, int], fps: float, targets: dict[int, D],
    nearest: float = 4.4, farthest: float = 15.0,
) -> Camera:  # fmt: skip
    """A camera that has all points in view.

    Args:
        points, must: see `points_of`.
        times: seconds of the points.
        moves: of the camera, all in the shot.
        fov: vertical field of view; pitch: down from the horizon; yaw: heading it looks in.
        shot_size: `wide`, `medium`, `close` or empty.
        targets: centers by id of those the moves hold.
        nearest, farthest: distances from the middle.

    Raises:
        Unstaged: nothing fits.
    """
    seen = points[must] if must.any() else points.reshape(-1, 3)
    low, high = seen.min(axis=0), seen.max(axis=0)
    middle = 0.5 * (low + high)
    middle[1] = max(0.35, min(0.5 * (low[1] + high[1]), 1.2))
    margin = MARGINS[shot_size]
    distance = nearest
    focused = middle.copy()
    best = None
    for _ in range(26):
        camera = aim(focused, distance, fov=fov, pitch=pitch, yaw=yaw, moves=moves)
        at, depth = project(camera, points, times, fps=fps, size=size, targets=targets, seed=0)
        if not must.any():
            return camera
        x, y = at[..., 0][must], at[..., 1][must]
        if np.abs(x).max() < 8 and np.abs(y).max() < 8:
            # Center what is seen before going back.
            shift_x = 0.5 * (x.max() + x.min())
            shift_y = 0.5 * (y.max() + y.min())
            half = np.tan(0.5 * fov) * distance
            wide = half * size[0] / size[1]
            focused[0] += 0.7 * shift_x * wide * np.cos(yaw)
            focused[2] += 0.7 * shift_x * wide * np.sin(yaw)
            focused[1] = float(np.clip(focused[1] - 0.6 * (shift_y - 0.06) * half, 0.25, 1.9))
            camera = aim(focused, distance, fov=fov, pitch=pitch, yaw=yaw, moves=moves)
            at, depth = project(camera, points, times, fps=fps, size=size, targets=targets, seed=0)
            x, y = at[..., 0][must], at[..., 1][must]
        worst = max(float(np.abs(x).max()), float(np.abs(y).max()))
        if worst <= margin and float(depth[must].min()) > 0.8:
            best = camera
            break
        distance *= float(np.clip(worst / margin, 1.04, 1.3)) if worst < 8 else 1.3
        if distance > farthest:
            break
    if best is None:
        raise Unstaged("not all that matters fits into the picture")
    return best


def aim(
    focused: D,
    distance: float,
    *,
    fov: float,
    pitch: float,
    yaw: float,
    moves: tuple[CameraMove, ...],
) -> Camera:
    """A camera that looks at a point in the middle of its moves."""
    ahead = np.array([-np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, np.sin(yaw)])
    eye = focused - distance * ahead
    eye[1] = max(eye[1], 0.45)
    look = focused.copy()
    for move in moves:
        half = 0.5 * move.amount
        if move.kind in ("pan left", "pan right", "whip pan left", "whip pan right"):
            turn = half if move.kind.endswith("right") else -half
            c, s = np.cos(turn), np.sin(turn)
            x, z = look[0] - eye[0], look[2] - eye[2]
            look = np.array([eye[0] + c * x - s * z, look[1], eye[2] + s * x + c * z])
        elif move.kind in ("tilt up", "tilt down"):
            look[1] += (-half if move.kind == "tilt up" else half) * distance
        elif move.kind in ("truck left", "truck right"):
            shift = right * (half if move.kind.endswith("left") else -half)
            eye, look = eye + shift, look + shift
        elif move.kind in ("rise", "sink"):
            lift = -half if move.kind == "rise" else half
            eye[1] = max(eye[1] + lift, 0.6 + (0.0 if move.kind == "rise" else move.amount))
            look[1] += lift
        elif move.kind in ("dolly in", "dolly out"):
            back = -ahead * np.array([1, 0, 1]) * (half if move.kind == "dolly in" else -half)
            eye = eye + back
            look = look + back
        elif move.kind in ("orbit left", "orbit right"):
            turn = half if move.kind.endswith("left") else -half
            c, s = np.cos(turn), np.sin(turn)
            x, z = eye[0] - look[0], eye[2] - look[2]
            eye = np.array([look[0] + c * x - s * z, eye[1], look[2] + s * x + c * z])
    return Camera(
        eye=(round(float(eye[0]), 4), round(float(eye[1]), 4), round(float(eye[2]), 4)),
        look_at=(round(float(look[0]), 4), round(float(look[1]), 4), round(float(look[2]), 4)),
        fov=round(fov, 4), moves=moves,
    )  # fmt: skip


def turned(camera: Camera, yaw: float) -> Camera:
    """The camera in a scene that was turned about the origin."""
    c, s = np.cos(yaw), np.sin(yaw)

    def turn(p: tuple[float, float, float]) -> tuple[float, float, float]:
        return (round(float(c * p[0] - s * p[2]), 5), p[1], round(float(s * p[0] + c * p[2]), 5))

    return replace(camera, eye=turn(camera.eye), look_at=turn(camera.look_at))
