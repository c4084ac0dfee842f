"""Background switch: another place is suddenly behind those who stay: ground, sky, horizon, and the
trees and houses around. Everybody keeps pose, light and shadow.

The knob is how far the palette goes to the other place's, in (0, 1]; from 0.25 on the ground is
another one, from 0.5 on the horizon too, and what stood around is gone.
"""

from dataclasses import replace

import numpy as np

from evenflow.world import lights, scenery
from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Plan, Staged
from evenflow.world.defects.subjects import subjects
from evenflow.world.spec import Place

GROUND, HORIZON = 0.25, 0.5
"""Shares from which on they are another place's."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Puts another place into the frames of the shot from `plan.start` on."""
    if plan.magnitude == 0:
        return staged
    animation = staged.animation
    number = int(animation.place[plan.start])
    rows = np.arange(plan.start, plan.end)
    rows = rows[
        (animation.place[rows] == number) & (animation.shot[rows] == animation.shot[plan.start])
    ]
    own = animation.spec.places[number]
    share = min(1.0, plan.magnitude)
    other = another(own, np.random.default_rng([plan.seed, 50]))
    made = between(own, other, share)
    place = animation.place.copy()
    place[rows] = len(animation.spec.places)
    spec = replace(animation.spec, places=(*animation.spec.places, made))
    look, before = lights.LOOKS[other.sky], lights.LOOKS[own.sky]
    light = animation.light
    zenith, horizon = light.zenith.copy(), light.horizon.copy()
    for seen, there, here in (
        (zenith, look.zenith, before.zenith), (horizon, look.horizon, before.horizon),
    ):  # fmt: skip
        gain = seen[rows] / np.maximum(np.array(here, np.float32), 1e-4)
        level = np.median(gain, axis=1, keepdims=True)
        seen[rows] += np.float32(share) * (level * np.array(there, np.float32) - seen[rows])
    parts = animation.parts
    present = parts.present.copy()
    entities = animation.entities
    if share >= HORIZON:
        around = _around(animation)
        present[np.ix_(rows, np.isin(parts.entity, around))] = False
        here_ = entities.present.copy()
        here_[np.ix_(rows, np.array(around, np.int64) - 1)] = False
        entities = replace(entities, present=here_)
    changed = replace(
        animation, spec=spec, place=place, parts=replace(parts, present=present),
        entities=entities, light=replace(light, zenith=zenith, horizon=horizon),
    )  # fmt: skip
    return replace(staged, animation=changed)


def _around(animation: Animation) -> list[int]:
    """Ids of what nobody speaks of, and no one stands on."""
    spoken = set(subjects(animation))
    under = set(np.unique(animation.entities.support).tolist())
    return [one.id for one in animation.spec.cast if one.id not in spoken | under]


def another(own: Place, rng: np.random.Generator) -> Place:
    """A place that looks as different as can be, drawn among the most different of some."""
    rows = list(scenery.THEMES.values())
    found = []
    for index in rng.permutation(len(rows)):
        theme = rows[int(index)]
        ground, sky = theme.grounds[0], str(rng.choice(theme.skies))
        if ground == own.ground or theme.backgrounds[0] == own.background or sky == "night":
            continue
        colors = scenery.GROUND_COLORS[ground] if ground != theme.grounds[0] else theme.colors[0]
        apart = np.abs(np.subtract(colors[0], own.colors[0])).sum()
        found.append((float(apart), ground, sky, theme, colors))
    found = sorted(found, key=lambda row: -row[0])[:4]
    _, ground, sky, theme, colors = found[int(rng.integers(len(found)))]
    return replace(
        own, ground=ground, sky=sky, background=theme.backgrounds[0], colors=colors,
        scale=theme.scale, seed=int(rng.integers(1 << 31)), wall_colors=_turned(own.wall_colors),
    )  # fmt: skip


def between(own: Place, other: Place, share: float) -> Place:
    """A place whose palette lies between those of two."""
    colors = tuple(
        tuple(round(a + share * (b - a)) for a, b in zip(x, y, strict=True))
        for x, y in zip(own.colors, other.colors, strict=True)
    )
    made = replace(own, colors=colors)  # type: ignore[arg-type]
    if share >= GROUND:
        made = replace(made, ground=other.ground, scale=other.scale, seed=other.seed)
    if share >= HORIZON:
        made = replace(
            made, background=other.background, sky=other.sky, wall_colors=other.wall_colors
        )
    return made


def _turned(names: tuple[str, ...]) -> tuple[str, ...]:
    return names[1:] + names[:1] if len(names) > 1 else tuple("teal" for _ in names)
