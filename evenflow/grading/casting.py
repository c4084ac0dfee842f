"""Casting: which track is whom of a caption, by assignment.

Every role is as many slots as its count; the assignment of slots to tracks with the largest sum of
likeness wins. Likeness is about looks; what somebody does only decides between equals, or a caption
that names the wrong agent would always find the right one.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from evenflow.grading.events.found import Stage
from evenflow.grading.reading import SEEN, Reading, Track
from evenflow.world.casting import FACTORS
from evenflow.world.language.content import sort_of
from evenflow.world.script import Deed, Role, Script
from evenflow.world.things import USUAL_SIZE
from evenflow.world.words import COLORS, SIZES, THINGS, WALKERS

_NAMES = tuple(COLORS)
KIND, COLOR, PATTERN, SIZE, SIDE, DEEDS = 1.0, 1.0, 0.25, 0.25, 0.3, 0.1
"""Weights of likeness."""
ENOUGH = 0.7
"""Likeness below which a track is somebody else."""
_LIKE = (
    {"cube", "box", "crate"}, {"cylinder", "tower", "capsule"}, {"cup", "vase"},
    {"man", "woman", "child", "robot"}, {"dog", "cat", "horse"}, {"tree", "bush"},
    {"wall", "fence", "screen"}, {"ball", "balloon"},
)  # fmt: skip
"""Kinds that are confused more easily than others."""
PEOPLE = ("man", "woman", "child", "robot")


def kind_share(role: str, track: Track) -> float:
    """How far a track looks like a kind, in [0, 1]."""
    if role == "thing":
        return float(sum(s for k, s in track.kinds.items() if sort_of(k) == "thing"))
    if role == "person":
        return float(sum(s for k, s in track.kinds.items() if k in PEOPLE))
    own = track.kinds.get(role, 0.0)
    if track.kind == "thing" and not own and sort_of(role) == "thing":
        return 0.3
    like = sum(
        s for k, s in track.kinds.items() if any(k in group and role in group for group in _LIKE)
    )
    return float(own + 0.4 * (like - own)) if like > own else float(own)


def early_color(track: Track, frames: int = 6) -> str:
    """The color of the first frames that show it."""
    rows = track.colors[track.colors >= 0][:frames]
    return _NAMES[int(np.bincount(rows).argmax())] if len(rows) else track.color


def color_share(role: Role, track: Track, deeds: tuple[Deed, ...]) -> float:
    """Share of frames with the color that was said; the first frames where it is said to turn."""
    rows = track.colors[(track.colors >= 0) & (track.state == SEEN)]
    if not len(rows):
        return float(track.color == role.color)
    if any(d.kind == "change_color" and d.agent == role.id for d in deeds):
        rows = rows[: max(3, len(rows) // 6)]
    return float((rows == _NAMES.index(role.color)).mean())


def likeness(role: Role, track: Track, script: Script) -> float:
    """How well the looks of a track fit a role, as a share of what was said, in [0, 1]."""
    total = got = 0.0
    share = kind_share(role.kind, track)
    total += KIND
    got += KIND * share
    if role.color:
        total += COLOR
        got += COLOR * color_share(role, track, script.deeds)
    if role.pattern and track.pattern:
        total += PATTERN
        got += PATTERN * (track.pattern == role.pattern)
    if role.size and np.isfinite(track.size).any() and role.kind not in WALKERS:
        total += SIZE
        got += SIZE * (size_word(track, role.kind) == role.size)
    return got / total


def size_of(track: Track, kind: str = "") -> float:
    """Half height in the first frames that show it whole, over the usual one of its kind and times
    that of a medium thing, so that rows of SIZES can be compared with it; NaN where unknown."""
    rows = np.flatnonzero(np.isfinite(track.size) & track.whole)
    if not len(rows):
        rows = np.flatnonzero(np.isfinite(track.size))
    if not len(rows):
        return float("nan")
    name = kind if kind in THINGS else track.kind
    usual = USUAL_SIZE.get(name, SIZES["medium"]) * FACTORS.get(name, 1.0)
    return float(np.median(track.size[rows[:8]])) * SIZES["medium"] / usual


def size_word(track: Track, kind: str = "") -> str:
    """`small`, `medium` or `large` of its kind."""
    size = size_of(track, kind)
    return min(SIZES, key=lambda name: abs(np.log(SIZES[name] / size)))


def cast(reading: Reading, script: Script) -> Stage:
    """Who is who."""
    slots = [role for role in script.cast for _ in range(role.count)]
    tracks = list(reading.tracks)
    stage = Stage(reading, script, {role.id: [] for role in script.cast})
    if not slots or not tracks:
        return stage
    like = np.array([[likeness(role, track, script) for track in tracks] for role in slots])
    best = like.copy()
    moves = np.array([bool(stage.path(track).motions) for track in tracks])
    area = np.array([float(np.nanmax(track.area, initial=0.0)) for track in tracks])
    best += 0.02 * area[None] / max(float(area.max()), 1.0)
    for i, role in enumerate(slots):
        active = any(d.agent == role.id for d in script.deeds)
        if active:
            best[i] += DEEDS * moves * (like[i] > ENOUGH)
        if role.side:
            best[i] += SIDE * np.array(_sides(role, tracks, script))
    rows, columns = linear_sum_assignment(-best)
    for i, j in zip(rows, columns, strict=True):
        if like[i, j] >= 0.45 and (
            kind_share(slots[i].kind, tracks[j]) + like[i, j] >= ENOUGH
            or _stands_in(slots[i], tracks[j], script)
        ):
            stage.cast[slots[i].id].append(tracks[j])
    return stage


def _stands_in(role: Role, track: Track, script: Script) -> bool:
    """Whether a track of another kind is where the role should be: the same sort and color."""
    return (
        bool(role.color)
        and sort_of(track.kind) == sort_of(role.kind)
        and color_share(role, track, script.deeds) > 0.8
    )


def _sides(role: Role, tracks: list[Track], script: Script) -> list[float]:
    """Whether each track is the left, middle or right one of those that look like a role."""
    alike = [i for i, track in enumerate(tracks) if likeness(role, track, script) > ENOUGH]
    order = sorted(alike, key=lambda i: _across(tracks[i]))
    out = [0.0] * len(tracks)
    if not order:
        return out
    at = {"left": 0, "right": len(order) - 1, "middle": len(order) // 2}[role.side]
    out[order[at]] = 1.0
    return out


def _across(track: Track) -> float:
    rows = np.flatnonzero(np.isfinite(track.center[:, 0]))
    return float(track.center[rows[0], 0]) if len(rows) else 0.0
