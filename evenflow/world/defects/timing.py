"""Time warps: somebody, or the whole scene, as it was at other times, between frames as well."""

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation, EntityTrack, Parts
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.edits import STATIC, edited
from evenflow.world.defects.seen import parts_of

D = NDArray[np.float64]


def between(values: NDArray, times: D, *, turns: bool = False) -> NDArray:
    """Values `(t, ...)` at frame numbers that need not be whole, clamped to the clip.

    Args:
        turns: they are rotations `(t, ..., 3, 3)`, which stay rotations.
    """
    last = len(values) - 1
    times = np.clip(np.asarray(times, np.float64), 0, last)
    low = np.minimum(times.astype(np.int64), last)
    high = np.minimum(low + 1, last)
    share = times - low
    if not np.issubdtype(values.dtype, np.floating):
        return np.asarray(values[np.where(share < 0.5, low, high)])
    a, b = values[low].astype(np.float64), values[high].astype(np.float64)
    mix = a + (b - a) * share.reshape(-1, *(1,) * (values.ndim - 1))
    if turns:
        mix = np.where((share == 0).reshape(-1, *(1,) * (values.ndim - 1)), a, upright(mix))
    return np.asarray(mix, values.dtype)


def upright(matrices: D) -> D:
    """Nearest rotations, by Gram and Schmidt on columns."""
    x = matrices[..., 0] / np.maximum(np.linalg.norm(matrices[..., 0], axis=-1), 1e-9)[..., None]
    y = matrices[..., 1] - x * (x * matrices[..., 1]).sum(-1, keepdims=True)
    y = y / np.maximum(np.linalg.norm(y, axis=-1), 1e-9)[..., None]
    return np.stack([x, y, np.cross(x, y)], -1)


def warped(
    staged: Staged, ids: tuple[int, ...], start: int, times: D, *, in_place: bool = False
) -> Staged:
    """Some as they are at other times, in the frames from `start` on.

    Args:
        times: frame numbers, `(n,)`, of frames `[start, start + n)`; whole numbers copy exactly.
        in_place: their poses only: they are where they were, and face where they faced.
    """
    animation = staged.animation
    span = slice(start, start + len(times))
    parts, states, bones = animation.parts, animation.entities, animation.skeletons
    new_parts = {f.name: getattr(parts, f.name) for f in fields(Parts)}
    new_states = {f.name: getattr(states, f.name).copy() for f in fields(EntityTrack)}
    joints, feet = bones.joints.copy(), bones.feet.copy()
    stance, phase = bones.stance.copy(), bones.phase.copy()
    for name in new_parts:
        if name not in STATIC:
            new_parts[name] = new_parts[name].copy()
    for id in ids:
        rows, e = parts_of(animation, id), id - 1
        for name in new_parts:
            if name in STATIC:
                continue
            values = getattr(parts, name)[:, rows]
            new_parts[name][span, rows] = between(values, times, turns=name == "rotation")
        for name in new_states:
            values = getattr(states, name)[:, e]
            if not (in_place and name != "size"):
                new_states[name][span, e] = between(values, times, turns=name == "rotation")
        for w in np.flatnonzero(bones.entity == id):
            joints[span, w] = between(bones.joints[:, w], times)
            feet[span, w] = between(bones.feet[:, w], times)
            stance[span, w] = between(bones.stance[:, w], times)
            phase[span, w] = between(bones.phase[:, w], times)
        if in_place:
            center = states.position[:, e].astype(np.float64)
            axes = states.rotation[:, e].astype(np.float64)
            there, faced = between(center, times), between(axes, times, turns=True)
            turn = np.einsum("tij,tkj->tik", axes[span], faced)

            def put(values: NDArray, turn: D = turn, there: D = there, here: D = center) -> D:
                away = values.astype(np.float64) - there[:, None]
                return np.asarray(np.einsum("tij,tkj->tki", turn, away) + here[span][:, None])

            new_parts["position"][span, rows] = put(new_parts["position"][span][:, rows])
            new_parts["rotation"][span, rows] = np.einsum(
                "tij,tkjl->tkil", turn, new_parts["rotation"][span][:, rows].astype(np.float64)
            )
            for w in np.flatnonzero(bones.entity == id):
                joints[span, w] = put(joints[span, w])
                feet[span, w] = put(feet[span, w])
    return edited(
        staged,
        parts=Parts(**new_parts),
        entities=EntityTrack(**new_states),
        skeletons=replace(bones, joints=joints, feet=feet, stance=stance, phase=phase),
    )


def everybody(animation: Animation) -> tuple[int, ...]:
    """All ids."""
    return tuple(range(1, len(animation.spec.cast) + 1))


def eased(num: int, edge: int) -> D:
    """1 through most of `num` frames, rising from 0 and falling back smoothly over `edge` each."""
    edge = max(1, min(edge, num // 2))
    at = np.arange(num) + 0.5
    rise = np.clip(np.minimum(at, num - at) / edge, 0, 1)
    return rise * rise * (3 - 2 * rise)


def lagging(num: int, rate: float, *, back: float = 0.3, whole: bool = False) -> D:
    """Frames that something falls behind, and makes good at the end of `num` frames.

    Args:
        rate: frames that it loses each frame, in [0, 1].
        back: share of the frames in which it catches up.
        whole: unused lag stays (the end is not made good).
    """
    turn = max(1, round(num * (1 - back)))
    lag = rate * np.minimum(np.arange(num), turn).astype(np.float64)
    if whole or num <= turn:
        return lag
    u = np.clip((np.arange(num) - turn + 1) / (num - turn), 0, 1)
    return np.asarray(lag * (1 - u * u * (3 - 2 * u)))


def noise(
    rng: np.random.Generator, num: int, width: int, fps: float, *, low: float, high: float
) -> D:
    """Band-limited noise `(num, width)` of root mean square 1.

    Args:
        low, high: hertz.
    """
    size = max(64, 2 * num)
    f = np.fft.rfftfreq(size, 1 / fps)
    band = (f >= low) & (f <= max(high, low + fps / size))
    if not band.any():
        band[np.abs(f - low).argmin()] = True
    wave = rng.normal(size=(len(f), width)) + 1j * rng.normal(size=(len(f), width))
    out = np.fft.irfft(wave * band[:, None], n=size, axis=0)[:num]
    return np.asarray(out / np.maximum(np.sqrt((out**2).mean(axis=0)), 1e-9))
