"""Scenes as samples: simulated in a worker, drawn in batches on the device that trains.

A worker makes, simulates and thins a scene to the frames of its window; what it hands over is a few
hundred kilobytes of states. Drawing takes the scenes of a whole batch at once. Where the processor
draws, a worker may do that as well, so that all of its cores draw.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.span import Span
from evenflow.data.row import Row
from evenflow.data.windows import frames_shown
from evenflow.data.worlds import WorldRows
from evenflow.world.animation import Animation

if TYPE_CHECKING:
    import torch

    from evenflow.world.defects.defect import Staged
    from evenflow.world.truth import Truth

_STILL = frozenset(
    {"shape", "entity", "param", "pattern", "material", "pattern_scale", "pattern_seed"}
)
"""Fields of Parts that do not change from frame to frame."""


@dataclass(frozen=True)
class Scene:
    """A scene that waits to be drawn.

    Args:
        row: of the dataset, with its captions.
        animation: its states at the frames of the window, and nothing else.
        shown: numbers of these frames in the whole scene.
        actions: what leads from each of the frames to the next, `(t, 10)`, or None.
        staged: instead of the animation, where pictures are changed after they are drawn: the
            whole scene.
        span: the defect that was planted, or None.
        pictures: that were drawn already, or None.
        truth: that was drawn with them, by name.
    """

    row: Row
    animation: Animation
    shown: NDArray[np.int64]
    actions: NDArray[np.float32] | None = None
    staged: "Staged | None" = None
    span: Span | None = None
    pictures: NDArray[np.uint8] | None = field(default=None, repr=False)
    truth: "dict[str, NDArray[Any]] | None" = field(default=None, repr=False)


def picked(animation: Animation, frames: Sequence[int] | NDArray[np.int64]) -> Animation:
    """An animation of some frames, as if only these had been taken.

    Drawn, each is equal byte for byte to the same frame of the whole; flow goes from one that was
    picked to the next that was.
    """
    from evenflow.world.shadows import reach

    rows = np.asarray(frames, np.int64)
    middle, half = reach(animation)
    sunlit = np.concatenate([middle, half[:, None]], axis=1)

    def some(group: Any, but: frozenset[str] = frozenset()) -> Any:
        return replace(group, **{n: v[rows] for n, v in vars(group).items() if n not in but})

    return replace(
        animation,
        parts=some(animation.parts, _STILL),
        camera=some(animation.camera),
        light=some(animation.light),
        entities=some(animation.entities),
        skeletons=some(animation.skeletons, frozenset({"entity"})),
        shot=animation.shot[rows],
        place=animation.place[rows],
        sunlit=sunlit[rows],
    )


def within(span: Span, shown: NDArray[np.int64]) -> Span | None:
    """A span in frames of the window: those of its frames that are shown, or None if none is."""
    inside = np.flatnonzero((shown >= span.start_frame) & (shown < span.end_frame))
    if not len(inside):
        return None
    return replace(span, start_frame=int(inside[0]), end_frame=int(inside[-1]) + 1)


def between(
    actions: NDArray[np.float32], shown: NDArray[np.int64], *, last: int
) -> NDArray[np.float32]:
    """Actions from each shown frame to the next: keys that were pressed in between, looks added up.

    Args:
        actions: `(n, 10)`, row i leads from frame i to i + 1.
        shown: numbers of the frames.
        last: number of the frame at which the action of the last one ends.
    """
    out = np.zeros((len(shown), actions.shape[1]), np.float32)
    ends = [*shown[1:].tolist(), last]
    for k, (start, end) in enumerate(zip(shown.tolist(), ends, strict=True)):
        rows = actions[start:end]
        if len(rows):
            out[k, :8] = rows[:, :8].max(0)
            out[k, 8:] = rows[:, 8:].sum(0)
    return out


def stage(rows: WorldRows, index: int, start: int, frames: int, fps: Fraction) -> Scene:
    """Row `index`, simulated, at `frames` times from step `start`; for a worker process.

    Raises:
        UnreadableVideo: the scene cannot be staged.
    """
    row = rows.row(index)
    source = rows.source(row)
    animation = source.animation
    shown = frames_shown(Clip(source), start / fps, frames, fps)
    spec = source.spec
    actions = None
    if spec.actions:
        whole = np.zeros((spec.num_frames, 10), np.float32)
        told = np.array(spec.actions, np.float32)[: spec.num_frames]
        whole[: len(told)] = told
        step = int(shown[-1] - shown[-2]) if frames > 1 else 1
        actions = between(whole, shown, last=int(shown[-1]) + max(1, step))
    planted = rows.planted(row)
    if planted is None:
        return Scene(row, picked(animation, shown), shown, actions)
    span = within(planted.span, shown)
    scene = Scene(row, picked(planted.staged.animation, shown), shown, actions, None, span)
    if not planted.staged.develop and not planted.staged.styles:
        return scene
    try:
        pickle.dumps(planted.staged)
    except (pickle.PicklingError, AttributeError, TypeError):
        source_ = planted.clip.source
        drawn = [f.pixels() for f in source_.stream(0, int(shown[-1]) + 1)]
        return replace(scene, pictures=np.stack([drawn[i] for i in shown]))
    return replace(scene, staged=planted.staged)


def staged_and_drawn(
    rows: WorldRows, index: int, start: int, frames: int, fps: Fraction, truth: Sequence[str]
) -> Scene:
    """What `stage` gives, drawn on the processor; for a worker process.

    Raises:
        UnreadableVideo: the scene cannot be staged.
    """
    scene = stage(rows, index, start, frames, fps)
    [(pictures, known)] = draw([scene], device="cpu", truth=truth)
    told = {name: value.numpy() for name, value in vars(known).items() if value is not None}
    return replace(scene, staged=None, pictures=pictures.numpy(), truth=told)


def draw(
    scenes: Sequence[Scene], *, device: "str | torch.device", truth: Sequence[str] = ()
) -> "list[tuple[torch.Tensor, Truth]]":
    """Pictures uint8 `(t, h, w, 3)` and truth of scenes, drawn together; in their order.

    Bytes depend on the scene alone, not on what it is drawn with.
    """
    import torch

    from evenflow.world.clip import need_torch

    need_torch()
    from evenflow.world.render import render
    from evenflow.world.truth import Truth

    out: list[Any] = [None] * len(scenes)
    groups: dict[tuple[int, int], list[int]] = {}
    for i, scene in enumerate(scenes):
        if scene.truth is not None:
            told = {k: torch.from_numpy(v).to(device) for k, v in scene.truth.items()}
            out[i] = (None, Truth(**told))
            continue
        groups.setdefault(scene.animation.spec.size, []).append(i)
    for members in groups.values():
        drawn = render([scenes[i].animation for i in members], device=device, truth=tuple(truth))
        for i, pictures, known in zip(members, drawn.frames, drawn.truth, strict=True):
            out[i] = (pictures, known)
    for i, scene in enumerate(scenes):
        if scene.staged is not None:
            from evenflow.world.defects.draw import StagedSource

            source = StagedSource(scene.staged, device=str(device))
            pictures = np.stack(source.pictures([int(f) for f in scene.shown]))
            out[i] = (torch.from_numpy(pictures).to(device), out[i][1])
        elif scene.pictures is not None:
            out[i] = (torch.from_numpy(scene.pictures).to(device), out[i][1])
    return out
