"""Other bodies on the same path: what a swap, a mismatch or a wrong return puts in one's place."""

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world import things
from evenflow.world.animation import Animation, Parts
from evenflow.world.defects import paint
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.edits import STATIC, edited, replaced
from evenflow.world.defects.seen import parts_of
from evenflow.world.simulate import about_y, simulate
from evenflow.world.spec import Entity
from evenflow.world.words import MATERIALS, PATTERNS, WALKERS

D = NDArray[np.float64]
HEIGHTS = np.linspace(-0.98, 0.98, 50)
OUTLINES: dict[str, D] = {
    "ball": np.sqrt(1 - HEIGHTS**2),
    "cube": np.full(50, 1.0),
    "box": np.full(50, 1.5),
    "cylinder": np.full(50, 0.72),
    "cone": 0.41 * (1 - HEIGHTS),
    "capsule": 0.52 * np.sqrt(1 - np.clip((np.abs(HEIGHTS) - 0.48) / 0.52, 0, 1) ** 2),
    "star": np.interp(HEIGHTS, (-1.0, -0.4, 0.1, 0.25, 0.3, 1.0), (0.65, 0.5, 0.55, 1.0, 0.3, 0.0)),
    "cup": np.full(50, 0.8),
    "vase": np.interp(
        HEIGHTS, (-1.0, -0.7, -0.26, 0.2, 0.35, 1.0), (0.4, 0.5, 0.62, 0.4, 0.3, 0.4)
    ),
    "crate": np.full(50, 1.0),
}  # fmt: skip
"""Half widths, in half heights, from the foot up, of things that can stand for each other."""
BUSY = ("cup", "crate", "vase")
"""Things that are replaced but replace nobody: what is in them shows more than the outline."""
LEAST_APART = 0.12
"""Mean difference of two outlines of which nobody would say that they are another thing."""
APART = {
    "man": ("woman", "child", "robot"), "woman": ("man", "child", "robot"),
    "child": ("woman", "man", "robot"), "robot": ("man", "woman", "child"),
    "dog": ("cat", "horse"), "cat": ("dog", "horse"), "horse": ("dog", "cat"),
}  # fmt: skip
"""Walkers from like to unlike."""


def likes(kind: str) -> tuple[str, ...]:
    """Kinds that can take the place of one, from like to unlike; empty where none can."""
    if kind in WALKERS:
        return APART[kind]
    if kind not in OUTLINES:
        return ()
    far = {n: apart(kind, n) for n in OUTLINES if n != kind and n not in BUSY}
    return tuple(sorted((n for n in far if far[n] > LEAST_APART), key=lambda n: far[n]))


def apart(kind: str, other: str) -> float:
    """Mean difference of the half widths of two outlines."""
    return float(np.abs(OUTLINES[kind] - OUTLINES[other]).mean())


def other(staged: Staged, entity: int, start: int, distance: float, seed: int) -> Entity:
    """Another one for somebody.

    Args:
        distance: from hardly different (near 0) to altogether (1): which kind, how far the colors
            of its paint lie, up to 70 dE, and up to 25 % of the size.
    """
    one = staged.animation.spec.entity(entity)
    kinds = likes(one.kind)
    if not kinds:
        raise BadInput(f"a {one.kind} has no other body on its path: take another entity")
    rng = np.random.default_rng([seed, 8])
    # One way for all distances: ever wider and larger, or ever slimmer and smaller.
    way = float(rng.choice([-1, 1]))
    if one.kind in OUTLINES:
        own = OUTLINES[one.kind].mean()
        sides = {w: [k for k in kinds if w * (OUTLINES[k].mean() - own) > 0] for w in (-1.0, 1.0)}
        way = way if sides[way] else -way
        kinds = tuple(sides[way])
    place = distance * (len(kinds) - 1)
    kind = kinds[int(np.clip(round(place), 0, len(kinds) - 1))]
    grown = one.size * (1 + 0.25 * distance * way)
    skins = ((224, 172, 138), (141, 94, 66), (92, 58, 42), (245, 208, 180))
    hairs = ((34, 26, 22), (196, 160, 90), (150, 60, 30), (170, 170, 174))
    changed = replace(one, kind=kind, size=grown)
    if distance > 0.5:
        changed = replace(
            changed, skin=skins[int(rng.integers(4))], hair=hairs[int(rng.integers(4))]
        )
    return changed


def colored(
    staged: Staged, rows: NDArray[np.int64], start: int, end: int, distance: float, seed: int
) -> Staged:
    """Parts in other paint, up to 70 dE away."""
    rng = np.random.default_rng([seed, 9])
    parts = staged.animation.parts
    if not len(rows) or distance <= 0:
        return staged
    _, way = paint.toward(paint.lab(parts.color[start, rows[0]]), rng)
    span = slice(start, end)
    color = parts.color.copy()
    color[span, rows] = paint.shifted(parts.color[span][:, rows], way * 70 * distance)
    return edited(staged, parts=replace(parts, color=color))


def swapped(
    staged: Staged,
    entity: int,
    start: int,
    end: int,
    distance: float,
    seed: int,
    *,
    outline_only: bool = False,
) -> Staged:
    """Another one on somebody's path, in frames `[start, end)`.

    Args:
        outline_only: of another kind, but in its paint and of its size.
    """
    animation = staged.animation
    changed = other(staged, entity, start, distance, seed)
    if outline_only:
        own = animation.spec.entity(entity)
        changed = replace(own, kind=changed.kind)
    before = len(animation.parts.shape)
    if changed.kind in WALKERS:
        spec = animation.spec
        cast = tuple(changed if one.id == entity else one for one in spec.cast)
        they = simulate(replace(spec, cast=cast))
        out = replaced(staged, entity, they, start, end)
        rows = np.arange(before, len(out.animation.parts.shape))
        worn = [r for r, name in zip(rows, _clothes(changed), strict=False) if name == "color"]
        rows = np.array(worn, np.int64)
    else:
        out = _standing_in(staged, entity, changed, start, end)
        rows = np.arange(before, len(out.animation.parts.shape))
        sheet = things.sheet(changed.kind, changed.seed)
        rows = rows[sheet.paint == 0]
    return colored(out, rows, start, end, 0.0 if outline_only else distance, seed)


def _clothes(one: Entity) -> list[str]:
    from evenflow.world import bodies

    return [p.paint if isinstance(p.paint, str) else "" for p in bodies.build(one.kind).parts]


def _standing_in(staged: Staged, entity: int, changed: Entity, start: int, end: int) -> Staged:
    """A thing of another kind where somebody is; what is not round stands upright."""
    animation = staged.animation
    old, states = animation.parts, animation.entities
    own = parts_of(animation, entity)
    was = animation.spec.entity(entity)
    sheet = things.sheet(changed.kind, changed.seed)
    num = len(animation.shot)
    e = entity - 1
    size = states.size[:, e].astype(np.float64) * (changed.size / was.size)
    turned = states.rotation[:, e].astype(np.float64)
    rolls = was.kind in ("ball", "cylinder", "ring") and changed.kind != "ball"
    if rolls:
        turned = np.broadcast_to(about_y(np.array(was.heading)), turned.shape)
    center = states.position[:, e].astype(np.float64)
    center = center + np.array([0.0, 1.0, 0.0]) * (size - states.size[:, e])[:, None]
    main = own[int(old.scale[start, own].prod(axis=-1).argmax())]
    paints = np.where((sheet.paint == 2)[None, :, None], sheet.fixed[None], 0.0)
    first, second = old.color[:, main, None], old.second[:, main, None]
    k = len(sheet.shape)
    color = np.where((sheet.paint == 0)[None, :, None], first, paints)
    color = np.where((sheet.paint == 1)[None, :, None], second, color)
    color = np.minimum(color * sheet.gain[None, :, None], 1)
    more = np.where((sheet.second == 0)[None, :, None], first, second)
    more = np.where((sheet.second == 2)[None, :, None], sheet.fixed_second[None], more)
    pattern = np.where(sheet.pattern < 0, PATTERNS.index(was.pattern), sheet.pattern)
    material = np.where(sheet.material < 0, MATERIALS.index(was.material), sheet.material)
    shown = old.present.copy()
    shown[start:end, own] = False
    here = np.zeros((num, k), np.bool_)
    here[start:end] = old.present[start:end, main, None]
    new = {
        "shape": sheet.shape,
        "entity": np.full(k, entity),
        "param": sheet.param,
        "pattern": pattern,
        "material": material,
        "pattern_scale": sheet.repeats,
        "pattern_seed": np.full(k, changed.seed & 0x7FFFFFFF),
        "position": center[:, None]
        + np.einsum("tij,kj->tki", turned, sheet.at) * size[:, None, None],
        "rotation": np.einsum("tij,kjl->tkil", turned, sheet.rotation),
        "scale": sheet.half[None] * size[:, None, None],
        "color": color,
        "second": more,
        "pattern_shift": np.zeros((num, k, 3)),
        "present": here,
    }
    joined = {}
    for one in fields(Parts):
        a = shown if one.name == "present" else getattr(old, one.name)
        b = np.asarray(new[one.name], a.dtype)
        joined[one.name] = np.concatenate([a, b], axis=0 if one.name in STATIC else 1)
    sizes = states.size.copy()
    sizes[start:end, e] = size[start:end]
    places = states.position.copy()
    places[start:end, e] = center[start:end]
    return edited(
        staged,
        parts=Parts(**joined),
        entities=replace(states, size=sizes, position=places),
    )


def replaceable(animation: Animation, ids: tuple[int, ...]) -> tuple[int, ...]:
    """Those of some whose place another body can take."""
    return tuple(id for id in ids if likes(animation.spec.entity(id).kind))
