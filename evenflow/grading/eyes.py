"""Eyes: a clip is read back to who was where, how they looked and what the camera did.

Frames are brought to about 128 rows, parsed one by one (`parser.py`, or `palette.py` without
weights), followed (`tracking.py`), and put on the ground (`ground.py`) where a camera is known. All
that comes back is in pixels of the clip itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.grading import backdrop, ground, legs, marks, palette, shade, tracking, viewpoint
from evenflow.grading.bodies import Body, lab_of, linear_of
from evenflow.grading.reading import Reading, Track, View
from evenflow.grading.scenes import KINDS, TINTS
from evenflow.world.animation import CameraTrack
from evenflow.world.gait import HALF_HEIGHTS
from evenflow.world.spec import Preset
from evenflow.world.words import HUES, PATTERNS, THINGS, WALKERS

F = NDArray[np.float32]
ROWS = 128
"""Rows of the grid that smaller pictures are brought to; larger ones keep up to LARGE."""
LARGE = 160
MOST = 4_000_000_000
"""Bytes of frames that are read at once."""
QUADRUPEDS = ("dog", "cat", "horse")
Parser = Literal["auto", "net", "table"]
WEIGHTS = Path(__file__).with_name("weights") / "parser.safetensors"


def read(
    clip: Clip,
    *,
    camera: CameraTrack | None = None,
    preset: Preset | None = None,
    parser: Parser = "auto",
    device: str = "cpu",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Reading:
    """Reads a clip: bodies, tracks, camera, background, light.

    Args:
        clip: any; what it was made from is not looked at.
        camera: of every frame, where it is known; its pixels are those of the clip.
        preset: what kind of scene it is, if known.
        parser: `net` needs torch and the weights that are shipped; `table` knows eight hues on
            neutral ground; `auto` takes the net if it can.
        device: where the net runs.

    Raises:
        BadInput: an unknown parser or preset; a camera of another length.
        BackendMissing: the net was asked for and torch or safetensors is not there.
    """
    if parser not in ("auto", "net", "table"):
        raise BadInput(f"there is no parser {parser!r}: say auto, net or table")
    info = clip.info
    pictures, scale = gridded(clip, cancel=cancel)
    count = len(pictures)
    if camera is not None and len(camera.intrinsics) != count:
        raise BadInput(
            f"the camera has {len(camera.intrinsics)} frames and the clip {count}: give one a frame"
        )
    notes: list[str] = []
    used = chosen(parser)
    if used == "table" and parser == "auto":
        notes.append("read by the color table: torch, safetensors or the weights are not there")
    meter = Meter("read", count, progress=progress, cancel=cancel)
    gains = palette.balance(pictures) if preset in ("lab", "flat", None) else np.ones(3, "f4")
    frames: list[list[Body]] = []
    if used == "net":
        from evenflow.grading import network
        from evenflow.grading import parser as learned

        net, looks = network.load(WEIGHTS, device=device)
        for first in range(0, count, learned.BATCH):
            some = pictures[first : first + learned.BATCH]
            said = learned.answers(net, some, device=device)
            bodies = [learned.parse(one, picture) for one, picture in zip(said, some, strict=True)]
            frames += learned.look_again(looks, list(some), bodies, device=device)
            meter.advance(len(some))
    else:
        for picture in pictures:
            frames.append(palette.parse(picture, gains))
            meter.advance()
    return assembled(
        frames, pictures, scale, fps=float(info.fps), size=(info.width, info.height),
        camera=camera, gains=gains if used == "net" else None, notes=notes, preset=preset,
    )  # fmt: skip


def chosen(parser: Parser) -> Literal["net", "table"]:
    """The parser that will be used.

    Raises:
        BackendMissing: the net cannot be used and was asked for.
    """
    if parser == "table":
        return "table"
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401

        there = WEIGHTS.exists()
    except ImportError as error:
        if parser == "net":
            raise BackendMissing(
                f"the net needs {error.name}: pip install 'evenflow[gen]', or say parser='table'"
            ) from None
        return "table"
    if not there and parser == "net":
        raise BackendMissing(f"the weights of the parser are missing: {WEIGHTS.name}")
    return "net" if there else "table"


def gridded(
    clip: Clip, *, cancel: CancelToken | None = None
) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Frames on the reading's grid, uint8 `(t, h, w, 3)`, and pixels of the clip in one of its.

    Raises:
        BadInput: the clip has no frames, or too many for memory.
    """
    width, height = clip.info.width, clip.info.height
    rows = min(max(height, ROWS), LARGE)
    columns = max(16, round(width * rows / height))
    out = []
    for frame in clip.stream(cancel=cancel):
        raw = frame.pixels()
        picture = (raw if raw.dtype == np.uint8 else raw >> 8).astype(np.uint8)
        if picture.shape[2] == 1:
            picture = np.repeat(picture, 3, 2)
        picture = np.ascontiguousarray(picture[..., :3])
        if (columns, rows) != (width, height):
            how = cv2.INTER_AREA if rows < height else cv2.INTER_LINEAR
            picture = cv2.resize(picture, (columns, rows), interpolation=how)
        out.append(picture)
        if len(out) * out[0].nbytes > MOST:
            raise BadInput(f"the clip is too long to be read at once: {len(out)} frames fit")
    if not out:
        raise BadInput(f"{clip.info.name} has no frames")
    return np.stack(out), (width / columns, height / rows)


@dataclass(frozen=True)
class _Grid:
    """What all tracks share: pictures, scale to source pixels, light, labels, shots, rate, and
    whether the camera was given."""

    pictures: NDArray[np.uint8]
    scale: tuple[float, float]
    light: F
    labels: NDArray[np.int16]
    shot: NDArray[np.int64]
    fps: float
    given: bool


def assembled(
    frames: Sequence[Sequence[Body]],
    pictures: NDArray[np.uint8],
    scale: tuple[float, float],
    *,
    fps: float,
    size: tuple[int, int],
    camera: CameraTrack | None = None,
    gains: F | None = None,
    notes: Sequence[str] = (),
    preset: Preset | None = None,
) -> Reading:
    """A Reading from the bodies of every frame.

    Args:
        frames: bodies, on the grid of `pictures`.
        scale: pixels of the clip in one of the grid, x and y.
        gains: of the color table, to check the net by; None checks nothing.
    """
    count, height, width = pictures.shape[:3]
    there = np.zeros((count, height, width), bool)
    for t, bodies in enumerate(frames):
        for body in bodies:
            x0, y0, x1, y1 = body.box
            there[t, y0:y1, x0:x1] |= body.mask
    back = backdrop.found(pictures, there)
    trails = tracking.follow(frames, back.motion, back.cuts)
    trails, frames = tracking.united(tracking.pruned(trails, frames), frames)
    trails = tracking.whole(trails, frames)
    trails = tracking.joined(trails, frames)
    trails.sort(key=lambda trail: trail.first)
    labels = np.zeros((count, height, width), np.int16)
    ids = {trail.number: i + 1 for i, trail in enumerate(trails)}
    for trail in trails:
        for t, b in trail.bodies.items():
            x0, y0, x1, y1 = frames[t][b].box
            labels[t, y0:y1, x0:x1][frames[t][b].mask] = ids[trail.number]
    shot = np.zeros(count, np.int64)
    for first in back.cuts:
        shot[first:] += 1
    given = camera is not None
    grid = _Grid(pictures, scale, back.light, labels, shot, fps, given)
    tracks = tuple(_track(trail, frames, grid, ids, camera) for trail in trails)
    if camera is None and preset in ("lab", "story"):
        camera = _fitted(tracks, pictures, there, back, scale, size)
        if camera is not None:
            tracks = tuple(_track(trail, frames, grid, ids, camera) for trail in trails)
    shown = int((there & (labels > 0)).sum())
    coverage = shown / max(int(there.sum()), 1)
    told = list(notes)
    if camera is None:
        told.append("no camera: places on the ground are unknown")
    elif not given:
        told.append("the camera is a guess from the horizon and the sizes of things")
    if gains is not None:
        told += disputed(tracks, frames, trails, pictures, gains)
    motion = back.motion.copy()
    motion[:, 0] *= scale[0]
    motion[:, 1] *= scale[1]
    view = _view(camera, motion, count, given=given)
    return Reading(
        fps=fps, width=size[0], height=size[1], num_frames=count, tracks=tracks, labels=labels,
        coverage=float(coverage), view=view, light=back.light,
        shadow=_shadow(camera, tracks, pictures, there, scale), background=back.likeness,
        cuts=back.cuts,
        notes=tuple(told),
    )  # fmt: skip


def _view(camera: CameraTrack | None, motion: F, count: int, *, given: bool) -> View:
    if camera is None:
        return View(
            "none", np.full((count, 3, 3), np.nan, np.float32),
            np.full((count, 4, 4), np.nan, np.float32), motion,
        )  # fmt: skip
    known = "given" if given else "fitted"
    flat = bool(np.asarray(camera.orthographic).any())
    return View(known, camera.intrinsics, camera.world_to_camera, motion, flat)


def _fitted(
    tracks: Sequence[Track],
    pictures: NDArray[np.uint8],
    there: NDArray[np.bool_],
    back: backdrop.Backdrop,
    scale: tuple[float, float],
    size: tuple[int, int],
) -> CameraTrack | None:
    """The camera of a clip in which it stands and shows its horizon, or None."""
    count = len(pictures)
    if back.cuts or not np.nanmax(np.abs(np.nan_to_num(back.motion[:, :2]))) < 0.2:
        return None
    row = viewpoint.horizon(pictures, ~there) * scale[1]
    seen = []
    for track in tracks:
        if track.kind not in THINGS or not track.whole.any():
            continue
        # Lowest on the picture is where it stands, if it stands at all.
        t = int(np.where(track.whole, np.nan_to_num(track.box[:, 3], nan=-1), -1).argmax())
        box = track.box[t].astype(np.float64)
        x = float(track.center[t, 0])
        if box[3] - box[1] >= 6 * scale[1]:
            seen.append((track.kind, np.array([x, box[3]]), np.array([x, box[1]])))
    return viewpoint.fitted(row, seen, size, count)


def _track(
    trail: tracking.Trail,
    frames: Sequence[Sequence[Body]],
    grid: _Grid,
    ids: dict[int, int],
    camera: CameraTrack | None,
) -> Track:
    """A trail as a Track."""
    count = len(frames)
    height, width = grid.labels.shape[1:]
    state, hider = tracking.states(trail, frames, grid.labels, ids, grid.shot)
    sx, sy = grid.scale
    box = np.full((count, 4), np.nan, np.float32)
    center = np.full((count, 2), np.nan, np.float32)
    area = np.zeros(count, np.float32)
    colors = np.full(count, -1, np.int8)
    looks = np.full(count, -1, np.int8)
    lab = np.full((count, 3), np.nan, np.float32)
    whole = np.zeros(count, bool)
    for t, b in trail.bodies.items():
        body = frames[t][b]
        box[t] = np.array(body.box) * [sx, sy, sx, sy]
        center[t] = body.center * [sx, sy]
        area[t] = body.area * sx * sy
        colors[t] = int(body.color.argmax())
        looks[t] = int(body.kind.argmax())
        lab[t] = body.lab
        whole[t] = _whole(body, grid.labels[t], ids[trail.number], (height, width))
    kinds, color, second, pattern = voted(
        [(frames[t][b], bool(whole[t])) for t, b in sorted(trail.bodies.items())]
    )
    base = np.full((count, 3), np.nan, np.float32)
    tall = np.full(count, np.nan, np.float32)
    kind = next(iter(kinds))
    if camera is not None:
        low, high = (np.stack([center[:, 0], box[:, row]], 1).astype(np.float64) for row in (3, 1))
        base, tall = ground.places(camera, low, high, whole, grid.shot, kind=kind)
        if grid.given and kind in WALKERS and np.isfinite(tall).any():
            kinds = sized(kinds, float(np.nanmedian(tall)))
            kind = next(iter(kinds))
    order = {name: i for i, name in enumerate(kinds)}
    looks = np.array([order[KINDS[v]] if v >= 0 and KINDS[v] in order else -1 for v in looks], "i1")
    turn = np.full(count, np.nan, np.float32)
    phase = np.full(count, np.nan, np.float32)
    feet = np.full((count, 4, 2), np.nan, np.float32)
    if kind in WALKERS:
        bodies = [frames[t][trail.bodies[t]] if t in trail.bodies else None for t in range(count)]
        spreads = np.full(count, np.nan)
        for t, one in enumerate(bodies):
            if one is not None and whole[t] and kind not in QUADRUPEDS:
                free = np.isin(grid.labels[t], (0, ids[trail.number]))
                spreads[t] = legs.spread(one, lab_of(grid.pictures[t]), free)
        phase = legs.phase(spreads)
        feet = legs.feet(bodies) * np.array([sx, sy], np.float32)
        turn = marks.facing(base, grid.fps)
    elif kind == "ball" and pattern not in ("", "plain"):
        turn = _marks(trail, frames, grid, whole)
    return Track(
        id=ids[trail.number], kind=kind if kinds[kind] >= 0.3 else "thing", kinds=kinds,
        color=color, second=second, pattern=pattern, state=state, hidden_by=hider, box=box,
        center=center, area=area, colors=colors, lab=lab, looks=looks, whole=whole, ground=base,
        size=tall, turn=turn, phase=phase, feet=feet,
    )  # fmt: skip


def _shadow(
    camera: CameraTrack | None,
    tracks: Sequence[Track],
    pictures: NDArray[np.uint8],
    there: NDArray[np.bool_],
    scale: tuple[float, float],
) -> F:
    """Direction of shadows by frame, from bodies that stand on the ground."""
    count = len(pictures)
    out = np.full(count, np.nan, np.float32)
    if camera is None:
        return out
    some = [one for one in tracks if one.kind not in ("tree", "house", "fence", "wall", "bush")]
    for t in range(count):
        feet = np.array([one.ground[t] for one in some], np.float64).reshape(-1, 3)
        sizes = np.array([one.size[t] for one in some], np.float64)
        low = np.abs(feet[:, 1]) < 0.05
        if not low.any():
            continue
        light = linear_of(pictures[t]) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        wide = cv2.dilate(there[t].astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
        out[t] = shade.direction(light, wide, camera, t, feet[low], sizes[low], scale)
    return out


def _marks(
    trail: tracking.Trail,
    frames: Sequence[Sequence[Body]],
    grid: _Grid,
    whole: NDArray[np.bool_],
) -> F:
    """Angle by frame that the marks of a ball have turned in the picture."""
    discs: list[F | None] = [None] * len(frames)
    for t, b in trail.bodies.items():
        body = frames[t][b]
        radius = float(np.sqrt(body.area / np.pi))
        if whole[t] and radius >= marks.LEAST:
            discs[t] = marks.unrolled(lab_of(grid.pictures[t]), body.center, radius)
    return marks.turned(discs)


def _whole(body: Body, labels: NDArray[np.int16], mine: int, size: tuple[int, int]) -> bool:
    """Whether nothing cuts a body: no border, and nobody in front of it along its rim. Who stands
    lower in the picture stands in front."""
    height, width = size
    x0, y0, x1, y1 = body.box
    if x0 <= 0 or y0 <= 0 or x1 >= width or y1 >= height:
        return False
    ring = labels[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1]
    own = (ring == mine).astype(np.uint8)
    rim = (cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0) & (own == 0)
    if not rim.any() or float((ring[rim] != 0).mean()) < 0.08:
        return True
    beside = ring[rim]
    for other in np.unique(beside[beside != 0]):
        low = int(np.flatnonzero((labels == other).any(1))[-1]) + 1
        if low <= y1 - 1:
            beside = np.where(beside == other, 0, beside)
    return float((beside != 0).mean()) < 0.08


def voted(
    seen: Sequence[tuple[Body, bool]],
) -> tuple[dict[str, float], str, str, str]:
    """Kinds with their shares (best first), color, second color and pattern of a track.

    Log posteriors of frames are averaged, those seen whole count four times as much and larger
    ones more; frames of one track are not independent, so a mean and no sum decides the share. The
    color is that of most frames.
    """
    weights = np.array(
        [(1.0 if whole else 0.25) * min(body.area / 60, 4.0) for body, whole in seen]
    )
    weights = weights / weights.sum()
    kind = (np.stack([body.kind for body, _ in seen]) * weights[:, None]).sum(0)
    # Colors may change: frames are counted, not multiplied, so that most of them decide.
    color = (np.exp(np.stack([body.color for body, _ in seen])) * weights[:, None]).sum(0)
    second = (np.stack([body.second for body, _ in seen]) * weights[:, None]).sum(0)
    pattern = (np.stack([body.pattern for body, _ in seen]) * weights[:, None]).sum(0)
    share = np.exp(2.0 * (kind - kind.max()))
    share /= share.sum()
    order = np.argsort(-share)
    kinds = {KINDS[i]: round(float(share[i]), 4) for i in order if share[i] >= 0.005}
    if float(np.ptp(kind)) < 1e-3:
        kinds = {"thing": 1.0}
    first = next(iter(kinds))
    mark = PATTERNS[int(pattern.argmax())] if float(np.ptp(pattern)) > 1e-3 else ""
    if first in WALKERS:
        mark = ""
    other = TINTS[int(second.argmax())] if (mark not in ("", "plain") or first in WALKERS) else ""
    return kinds, TINTS[int(color.argmax())], other, mark


def sized(kinds: dict[str, float], half: float) -> dict[str, float]:
    """Kinds of a walker after a look at its half height in world units: children are small.

    Walkers of one kind are of one size, but for those that a caption calls small or large.
    """
    out = {}
    for kind, share in kinds.items():
        if kind in WALKERS:
            off = np.log(half / (HALF_HEIGHTS[kind] * np.array([1.0, 0.78, 1.3]))) / 0.12
            share = share * float((np.exp(-0.5 * off**2) * [0.84, 0.08, 0.08]).sum() + 0.01)
        else:
            share = share * 0.1
        out[kind] = share
    total = sum(out.values())
    order = sorted(out, key=lambda name: -out[name])
    return {name: round(out[name] / total, 4) for name in order if out[name] / total >= 0.005}


def disputed(
    tracks: Sequence[Track],
    frames: Sequence[Sequence[Body]],
    trails: Sequence[tracking.Trail],
    pictures: NDArray[np.uint8],
    gains: F,
) -> list[str]:
    """One line for each plain thing of which the color table says otherwise than the net."""
    out = []
    for track, trail in zip(tracks, trails, strict=True):
        if track.kind not in THINGS or track.pattern not in ("plain", ""):
            continue
        if track.color not in HUES:
            continue
        some = sorted(trail.bodies)[:: max(1, len(trail.bodies) // 5)]
        total = np.zeros(len(HUES) + 1)
        for t in some:
            body = frames[t][trail.bodies[t]]
            x0, y0, x1, y1 = body.box
            logs = palette.classes(pictures[t, y0:y1, x0:x1], gains)
            total += logs[body.mask].mean(0)
        best = int(total[:-1].argmax())
        if HUES[best] != track.color:
            out.append(
                f"track {track.id} is {track.color} to the net and {HUES[best]} to the color table"
            )
    return out
