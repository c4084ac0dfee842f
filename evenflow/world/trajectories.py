"""Camera trajectories as other tools read them: RealEstate10K text rows and Pluecker maps.

A row is `timestamp fx fy cx cy 0 0` and the 3 x 4 matrix world to camera, row by row; timestamps
are microseconds, the four numbers of the lens shares of width and height, axes OpenCV's. Their
world is right-handed with y down, ours has y up: files and maps speak theirs, arrays ours.

Source: Zhou et al. 2018, Stereo magnification, arXiv:1805.09817 (the RealEstate10K files); He et
al. 2024, CameraCtrl, arXiv:2404.02101, section 3.1 (Pluecker embeddings: moment, then direction).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import CameraTrack, F

D = NDArray[np.float64]
_FLIP = np.diag([1.0, -1.0, 1.0, 1.0])


def trajectory_rows(camera: CameraTrack, *, size: tuple[int, int], fps: float) -> list[str]:
    """RealEstate10K rows of a camera, one a frame, without the line of the address.

    Raises:
        ValueError: the camera is orthographic, which these rows cannot say.
    """
    if camera.orthographic.any():
        raise ValueError(
            "RealEstate10K rows describe perspective cameras, and this one is orthographic: "
            "give it a field of view"
        )
    wide, high = size
    k = camera.intrinsics.astype(np.float64)
    pose = camera.world_to_camera.astype(np.float64) @ _FLIP
    rows = []
    for i in range(len(k)):
        lens = [k[i, 0, 0] / wide, k[i, 1, 1] / high, k[i, 0, 2] / wide, k[i, 1, 2] / high, 0, 0]
        numbers = " ".join(f"{x:.9f}" for x in [*lens, *pose[i, :3].ravel()])
        rows.append(f"{round(i / fps * 1e6)} {numbers}")
    return rows


def write_trajectory(
    path: Path, camera: CameraTrack, *, size: tuple[int, int], fps: float, address: str = ""
) -> None:
    """Write a RealEstate10K file: a line for the address of the video, then a row a frame."""
    lines = [address, *trajectory_rows(camera, size=size, fps=fps)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_trajectory(
    path: Path, *, eye: tuple[float, float, float] | None = None, scale: float = 1.0
) -> tuple[tuple[float, ...], ...]:
    """Rows for `spec.Camera.trajectory` from a RealEstate10K file.

    Args:
        path: with or without a first line that is not a row (the address of the video).
        eye: where the first camera is put in our world; it and all others keep their directions.
            None leaves everything where the file has it.
        scale: our units in one of the file's.

    Raises:
        BadInput: a row does not have 19 numbers, or its matrix is no rotation.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a camera trajectory: {error}") from None
    return parse_trajectory(text, path, eye=eye, scale=scale)


def parse_trajectory(
    text: str,
    path: Path | str,
    *,
    eye: tuple[float, float, float] | None = None,
    scale: float = 1.0,
) -> tuple[tuple[float, ...], ...]:
    """The same from the text of a file; `path` is what messages call it."""
    lines = [line.split() for line in text.splitlines()]
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(lines, 1):
        if not line or (number == 1 and len(line) != 19):
            continue
        try:
            values = [float(word) for word in line]
        except ValueError:
            values = []
        if len(values) != 19 or not np.isfinite(values).all():
            raise BadInput(
                f"{path}, line {number}: a camera has 19 numbers (time, fx fy cx cy, two unused, "
                f"3 x 4 world to camera), got {len(line)} words"
            )
        pose = np.eye(4)
        pose[:3] = np.array(values[7:]).reshape(3, 4)
        turn = pose[:3, :3]
        if np.abs(turn @ turn.T - np.eye(3)).max() > 1e-3 or np.linalg.det(turn) < 0.0:
            raise BadInput(f"{path}, line {number}: the 3 x 3 matrix is not a rotation")
        pose[:3, 3] *= scale
        pose = pose @ _FLIP
        rows.append((values[0] / 1e6, *values[1:5], *map(float, pose[:3].ravel())))
    if not rows:
        raise BadInput(f"{path} has no camera: a row has 19 numbers")
    rows.sort()
    began = rows[0][0]
    out = []
    moved = np.zeros(3)
    if eye is not None:
        first = np.array(rows[0][5:]).reshape(3, 4)
        moved = np.array(eye) + first[:, :3].T @ first[:, 3]
    for row in rows:
        pose = np.array(row[5:]).reshape(3, 4)
        pose[:, 3] -= pose[:, :3] @ moved
        out.append((row[0] - began, *row[1:5], *map(float, pose.ravel())))
    return tuple(out)


def poses_at(rows: tuple[tuple[float, ...], ...], time: D, size: tuple[int, int]) -> tuple[D, D]:
    """K `(t, 3, 3)` and world to camera `(t, 4, 4)` at `time` seconds: lens and eye linear,
    rotations along the shortest turn; before the first row and after the last they are held."""
    table = np.array(rows, np.float64)
    knots = table[:, 0]
    at = np.clip(time, knots[0], knots[-1])
    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, max(len(knots) - 2, 0))
    j = np.minimum(i + 1, len(knots) - 1)
    gap = np.maximum(knots[j] - knots[i], 1e-12)
    x = np.where(j > i, (at - knots[i]) / gap, 0.0)
    mixed = table[i, 1:5] * (1.0 - x)[:, None] + table[j, 1:5] * x[:, None]
    pose = table[:, 5:].reshape(-1, 3, 4)
    turn, eye = pose[:, :, :3], -np.einsum("kji,kj->ki", pose[:, :, :3], pose[:, :, 3])
    between = np.stack([_turned(turn[a], turn[b], s) for a, b, s in zip(i, j, x, strict=True)])
    where = eye[i] * (1.0 - x)[:, None] + eye[j] * x[:, None]
    out = np.zeros((len(time), 4, 4))
    out[:, :3, :3] = between
    out[:, :3, 3] = -np.einsum("tij,tj->ti", between, where)
    out[:, 3, 3] = 1.0
    k = np.zeros((len(time), 3, 3))
    wide, high = size
    k[:, 0, 0], k[:, 1, 1] = mixed[:, 0] * wide, mixed[:, 1] * high
    k[:, 0, 2], k[:, 1, 2], k[:, 2, 2] = mixed[:, 2] * wide, mixed[:, 3] * high, 1.0
    return k, out


def _turned(a: D, b: D, share: float) -> D:
    """Rotation `share` of the way from `a` to `b` about their common axis (Rodrigues)."""
    if share <= 0.0:
        return a
    step = b @ a.T
    axis = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]])
    sine, cosine = 0.5 * float(np.sqrt((axis * axis).sum())), 0.5 * (float(np.trace(step)) - 1.0)
    if sine < 1e-9:
        return b if share > 0.5 else a
    x, y, z = axis / (2.0 * sine)
    angle = float(np.arctan2(sine, cosine)) * share
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    out: D = turn @ a
    return out


def pluecker(camera: CameraTrack, size: tuple[int, int], *, relative: bool = True) -> F:
    """Pluecker maps `(t, 6, h, w)` of the rays through the pixel centers: moment `eye x
    direction`, then unit direction.

    Args:
        camera: perspective or orthographic.
        size: `(width, height)` in pixels.
        relative: in the axes of the first frame's camera, as CameraCtrl trains; else in the
            right-handed world with y down that `write_trajectory` writes.
    """
    wide, high = size
    pose = camera.world_to_camera.astype(np.float64) @ _FLIP
    if relative:
        pose = pose @ _inverse(pose[:1])
    to_world = _inverse(pose)
    k = camera.intrinsics.astype(np.float64)
    u, v = np.meshgrid(np.arange(wide) + 0.5, np.arange(high) + 0.5)
    across = (u[None] - k[:, 0, 2, None, None]) / k[:, 0, 0, None, None]
    down = (v[None] - k[:, 1, 2, None, None]) / k[:, 1, 1, None, None]
    flat = camera.orthographic[:, None, None]
    nought, one = np.zeros_like(across), np.ones_like(across)
    local = np.stack([np.where(flat, nought, across), np.where(flat, nought, down), one], 1)
    local /= np.sqrt((local * local).sum(1, keepdims=True))
    start = np.stack([np.where(flat, across, nought), np.where(flat, down, nought), nought], 1)
    direction = np.einsum("tij,tjhw->tihw", to_world[:, :3, :3], local)
    origin = np.einsum("tij,tjhw->tihw", to_world[:, :3, :3], start)
    origin = origin + to_world[:, :3, 3][:, :, None, None]
    return np.concatenate([np.cross(origin, direction, axis=1), direction], 1).astype(np.float32)


def _inverse(pose: D) -> D:
    """Inverse of rigid motions `(t, 4, 4)`."""
    out = np.zeros_like(pose)
    out[:, :3, :3] = pose[:, :3, :3].transpose(0, 2, 1)
    out[:, :3, 3] = -np.einsum("tji,tj->ti", pose[:, :3, :3], pose[:, :3, 3])
    out[:, 3, 3] = 1.0
    return out
