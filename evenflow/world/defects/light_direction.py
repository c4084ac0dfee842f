"""Light direction: one body is shaded, or throws its shadow, as if the sun stood elsewhere.

The knob is the angle in degrees by which that sun is turned about the vertical. In `shading` the
body keeps its shadow, in `shadow` it keeps its shading: either way the two contradict each other.
"""

from dataclasses import replace

import numpy as np

from evenflow.world.animation import Animation
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import carried_by, need
from evenflow.world.defects.relit import Relit
from evenflow.world.defects.seen import pixels, present, who

VARIANTS = ("shading", "shadow")
LADDERS: dict[str, Ladder] = {
    "shading": ((30.0, 55.0, 85.0, 120.0, 170.0), "degrees of azimuth"),
    "shadow": ((8.0, 16.0, 32.0, 65.0, 130.0), "degrees of azimuth"),
}
SUN = 0.35
"""Linear strength of the sun below which nobody can tell where it stands."""
AREA = 0.004
"""Share of the picture that a body takes up at least: on less nobody can tell its shading."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Everybody that stands in a sun that is strong enough."""
    if float(animation.light.color[start:end].mean()) < SUN:
        return ()
    ids = who(animation, "walkers", "things", "fixtures")
    ids = present(animation, start, min(end, start + 8), ids)
    area = pixels(animation)[start] / np.prod(animation.spec.size)
    return tuple(sorted((i for i in ids if area[i - 1] >= AREA), key=lambda i: -area[i - 1]))


def way_round(animation: Animation, frame: int, angle: float) -> float:
    """Whether the sun is better turned left (1) or right (-1): where what the camera sees of a ball
    changes more, at every smaller angle as well."""
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(400, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    ahead = animation.camera.world_to_camera[frame, 2, :3].astype(np.float64)
    normal = normal[normal @ ahead < -0.1]
    sun = animation.light.direction[frame].astype(np.float64)
    lit = np.maximum(normal @ sun, 0)
    found = {}
    for way in (1.0, -1.0):
        change = []
        for share in (0.25, 0.5, 0.75, 1.0):
            c, s = np.cos(way * share * angle), np.sin(way * share * angle)
            turned = np.array([c * sun[0] - s * sun[2], sun[1], s * sun[0] + c * sun[2]])
            change.append(float(np.abs(np.maximum(normal @ turned, 0) - lit).mean()))
        found[way] = min(np.diff([0.0, *change])) + 0.1 * change[-1]
    return 1.0 if found[1.0] >= found[-1.0] else -1.0


def plant(staged: Staged, plan: Plan) -> Staged:
    """Lays the other light over the pictures between the two frames."""
    animation = staged.animation
    support = animation.entities.support[plan.start, plan.entity - 1]
    need(
        plan.variant != "shadow" or support == 0,
        f"entity {plan.entity} does not stand on the ground, where its shadow could be wrong",
    )
    need(
        plan.variant != "shadow" or not animation.camera.orthographic[plan.start],
        "seen from the side the ground shows no shadow",
    )
    if plan.magnitude == 0:
        return staged
    way = way_round(animation, plan.start, float(np.deg2rad(170)))
    angle = float(np.deg2rad(plan.magnitude) * way)
    ids = (plan.entity, *carried_by(animation, plan.entity, plan.start, plan.end))
    what = "shadow" if plan.variant == "shadow" else "shading"
    do = Relit(animation, ids, angle, what, animation.spec.style)  # type: ignore[arg-type]
    return replace(staged, develop=(*staged.develop, (plan.start, plan.end, do)))
