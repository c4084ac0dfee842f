"""Unstable texture: the pattern of somebody wanders over the body, whose outline holds.

The knob is the root mean square way of the pattern in its own repeats. `swim` moves it smoothly,
`boil` throws it somewhere else in every frame. Who is plain wears a pattern in both twins.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.world import bodies, things
from evenflow.world.animation import Animation
from evenflow.world.defects import paint
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.edits import edited
from evenflow.world.defects.seen import parts_of, pixels, present, who
from evenflow.world.defects.timing import noise
from evenflow.world.words import PATTERNS, WALKERS

VARIANTS = ("swim", "boil")
GIVEN = ("dotted", "checkered", "striped", "marbled", "starred")
"""What plain ones are given."""
AREA = 0.003
"""Share of the picture that a body takes up at least: on less no pattern can be told."""
CONTRAST = 30.0
"""dE between the two colors of a pattern that shows."""


def patterned(animation: Animation, entity: int) -> NDArray[np.int64]:
    """Rows of the parts that wear somebody's own pattern."""
    rows = parts_of(animation, entity)
    one = animation.spec.entity(entity)
    if one.kind in WALKERS:
        mine = [part.patterned for part in bodies.build(one.kind).parts]
    else:
        mine = list(things.sheet(one.kind, one.seed).pattern < 0)
    mine += [False] * (len(rows) - len(mine))
    return rows[np.array(mine[: len(rows)], bool)]


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Things and walkers with parts that can wear a pattern; of fixtures what has one."""
    ids = present(animation, start, end, who(animation, "things", "walkers"))
    more = present(animation, start, end, who(animation, "fixtures"))
    kinds = animation.parts.pattern
    able = [id for id in ids if len(patterned(animation, id))]
    able += [id for id in more if (kinds[patterned(animation, id)] > 0).any()]
    area = pixels(animation)[start] / np.prod(animation.spec.size)
    return tuple(sorted((i for i in able if area[i - 1] >= AREA), key=lambda i: -area[i - 1]))


def prepare(staged: Staged, plan: Plan) -> Staged:
    """Gives the entity a pattern that shows, in both twins; leaves one that does."""
    parts = staged.animation.parts
    rows = patterned(staged.animation, plan.entity)
    rng = np.random.default_rng([plan.seed, 5])
    pattern, second = parts.pattern.copy(), parts.second.copy()
    chosen = PATTERNS.index(GIVEN[int(rng.integers(len(GIVEN)))])
    plain = np.isin(pattern[rows], [PATTERNS.index("plain"), PATTERNS.index("two-tone")])
    pattern[rows[plain]] = chosen
    own = paint.lab(parts.color[plan.start, rows])
    near = np.linalg.norm(own - paint.lab(parts.second[plan.start, rows]), axis=-1) < CONTRAST
    bright = own[..., 0].mean() < 62
    other = paint.unlab(paint.named("white" if bright else "black"))
    second[:, rows[near]] = other
    if not plain.any() and not near.any():
        return staged
    return edited(staged, parts=replace(parts, pattern=pattern, second=second))


def plant(staged: Staged, plan: Plan) -> Staged:
    """Shifts the pattern over its parts between the two frames."""
    if plan.magnitude == 0:
        return staged
    parts = staged.animation.parts
    rows = patterned(staged.animation, plan.entity)
    rng = np.random.default_rng([plan.seed, 6])
    num, fps = plan.end - plan.start, float(staged.animation.spec.fps)
    if plan.variant == "boil":
        wave = rng.normal(size=(num, 3))
        wave /= np.sqrt((wave**2).mean())
    else:
        wave = noise(rng, num, 3, fps, low=0.8, high=3.0)
    step = np.clip(plan.magnitude * wave, -3 * plan.magnitude, 3 * plan.magnitude)
    shift = parts.pattern_shift.copy()
    shift[plan.start : plan.end, rows] += step[:, None]
    return edited(staged, parts=replace(parts, pattern_shift=shift))
