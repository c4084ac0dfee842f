"""Scores: one row each, what it is measured in, which way is good, and what it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from evenflow.grading.case import Better, Case, Raw
from evenflow.grading.scores import (
    actions,
    caption,
    gait,
    identity,
    motion,
    permanence,
    physics,
    picture,
)


@dataclass(frozen=True)
class Measure:
    """One row of SCORES.

    Args:
        run: measures it.
        unit: of the value.
        better: which way is good.
        family: of what it speaks.
        parsed: True if it is withheld where less than 0.8 of the clip was parsed.
    """

    run: Callable[[Case], Raw]
    unit: str
    better: Better
    family: str
    parsed: bool = False


def _row(
    run: Callable[[Case], Raw], unit: str, better: Better, family: str, parsed: bool = False
) -> Measure:
    return Measure(run, unit, better, family, parsed)


SCORES: dict[str, Measure] = {
    "obedience": _row(caption.obedience, "share of clauses", "higher", "caption"),
    "attributes": _row(caption.attributes, "share of clauses", "higher", "caption"),
    "counts": _row(caption.counts, "share of clauses", "higher", "caption"),
    "relations": _row(caption.relations, "share of clauses", "higher", "caption"),
    "events": _row(caption.events, "share of deeds", "higher", "caption"),
    "order": _row(caption.order, "Kendall's tau", "higher", "caption"),
    "manner": _row(caption.manner, "share of clauses", "higher", "caption"),
    "camera": _row(caption.camera, "share of moves", "higher", "caption"),
    "actions": _row(actions.obedience, "share of frames", "higher", "caption"),
    "color_share": _row(identity.color_share, "share of frames", "higher", "identity"),
    "kind_share": _row(identity.kind_share, "share of frames", "higher", "identity"),
    "color_step": _row(identity.color_step, "CIE76", "lower", "identity"),
    "color_drift": _row(identity.color_drift, "CIE76", "lower", "identity"),
    "color_flicker": _row(identity.color_flicker, "CIE76", "lower", "identity"),
    "swap": _row(identity.swap, "distance of looks", "lower", "identity"),
    "shape_drift": _row(identity.shape_drift, "log size", "lower", "identity"),
    "edges": _row(identity.edges, "pixels", "lower", "identity"),
    "texture": _row(identity.texture, "pixels and levels", "lower", "identity"),
    "shading": _row(identity.shading, "levels of L", "lower", "light"),
    "permanence": _row(permanence.permanence, "seconds", "lower", "permanence"),
    "reappearance": _row(permanence.reappearance, "body heights", "lower", "permanence"),
    "revisit": _row(permanence.revisit, "unlikeness", "lower", "permanence"),
    "teleport": _row(motion.teleport, "body heights", "lower", "motion"),
    "surge": _row(motion.surge, "ratio", "lower", "motion"),
    "stall": _row(motion.stall, "levels", "lower", "motion"),
    "stuck": _row(motion.stuck, "body heights a second", "lower", "motion"),
    "backward": _row(motion.backward, "body heights", "lower", "motion"),
    "jerk": _row(motion.jerk, "thousandths of a height", "lower", "motion"),
    "steadiness": _row(motion.steadiness, "thousandths of a height", "lower", "camera"),
    "foot_slip": _row(gait.foot_slip, "share of the speed", "lower", "gait", True),
    "gait_phase": _row(gait.phase, "|log ratio|", "lower", "gait", True),
    "gravity": _row(physics.gravity, "|log ratio|", "lower", "physics", True),
    "restitution": _row(physics.restitution, "ratio of heights", "lower", "physics", True),
    "energy": _row(physics.energy, "share", "lower", "physics", True),
    "momentum": _row(physics.momentum, "share", "lower", "physics", True),
    "reaction": _row(physics.reaction, "share", "lower", "physics", True),
    "floating": _row(physics.floating, "body heights", "lower", "physics", True),
    "interpenetration": _row(physics.interpenetration, "share of width", "lower", "physics", True),
    "rolling": _row(physics.rolling, "|log ratio|", "lower", "physics", True),
    "exposure_flicker": _row(picture.exposure_flicker, "%", "lower", "light"),
    "exposure_step": _row(picture.exposure_step, "%", "lower", "light"),
    "light_drift": _row(picture.light_drift, "%", "lower", "light"),
    "shadow": _row(picture.shadow, "radians", "lower", "light"),
    "shadow_step": _row(picture.shadow_step, "levels", "lower", "light"),
    "style_step": _row(picture.style_step, "L1", "lower", "picture"),
    "background_step": _row(picture.background_step, "levels", "lower", "picture"),
    "background_change": _row(picture.background_change, "levels", "lower", "picture"),
    "cuts": _row(picture.cuts, "cuts", "lower", "picture"),
    "swim": _row(picture.swim, "pixels", "lower", "picture"),
    "frame_return": _row(picture.frame_return, "levels", "lower", "picture"),
    "grain": _row(picture.grain, "levels", "lower", "picture"),
    "noise_level": _row(picture.noise_level, "levels", "lower", "picture"),
    "sharpness": _row(picture.sharpness, "log", "lower", "picture"),
    "structure": _row(picture.structure, "share", "higher", "picture"),
    "ghost": _row(picture.ghost, "share", "lower", "picture"),
}
"""Everything that is scored."""

SEES: dict[str, tuple[str, ...]] = {
    "subject_swap": ("swap", "permanence", "color_step"),
    "color_change": ("color_step",),
    "background_switch": ("background_step", "cuts"),
    "lighting_flicker": ("exposure_flicker",),
    "style_change": ("style_step", "background_step", "cuts"),
    "color_flicker": ("color_flicker",),
    "unstable_texture": ("texture",),
    "semantic_mismatch/color": ("attributes",),
    "semantic_mismatch/kind": ("attributes",),
    "semantic_mismatch/size": ("attributes",),
    "semantic_mismatch/count": ("counts",),
    "semantic_mismatch/side": ("relations",),
    "semantic_mismatch/part": (),
    "teleportation": ("teleport", "permanence"),
    "unnatural_jump": ("surge",),
    "image_flicker": ("frame_return", "exposure_step"),
    "action_sequence/backward": ("backward", "order", "events"),
    "action_sequence/swapped": ("order", "events"),
    "high_frequency_noise": ("grain",),
    "action_mismatch/turned": ("events",),
    "action_mismatch/actor": ("events",),
    "action_mismatch/target": ("events",),
    "action_mismatch/speed": ("manner",),
    "action_mismatch/camera": ("camera",),
    "identity_drift": ("color_drift", "shape_drift"),
    "vanish": ("permanence",),
    "freeze": ("stall", "surge"),
    "shake": ("steadiness", "swim"),
    "drift": ("light_drift",),
    "seam": ("exposure_step", "background_step"),
    "collapse": ("structure",),
    "collapse/merging": ("color_drift", "swap", "color_step", "structure"),
    "edge_shimmer": ("edges",),
    "background_swim": ("swim",),
    "ghosting": ("ghost",),
    "light_direction/shading": ("shading",),
    "light_direction/shadow": ("shadow_step", "shadow"),
    "sharpness_pumping": ("sharpness",),
    "unnatural_motion/sliding": ("gait_phase", "foot_slip"),
    "unnatural_motion/floating": ("floating",),
    "unnatural_motion/no spin": ("rolling",),
    "unnatural_motion/limb jitter": ("jerk",),
    "unnatural_motion/jerks": ("jerk",),
    "unnatural_motion/stuck": ("stuck",),
    "unphysical/gravity": ("gravity",),
    "unphysical/bounce": ("restitution",),
    "unphysical/pass through": ("reaction", "interpenetration"),
    "unphysical/no reaction": ("momentum",),
}
"""Which scores should see a kind of defect, or one of its variants: it is seen where one of them is
low. An empty row is what no score can see."""


def seen_by(kind: str, variant: str = "") -> tuple[str, ...]:
    """Scores that should see a defect."""
    return SEES.get(f"{kind}/{variant}", SEES.get(kind, ()))


__all__ = ["SCORES", "SEES", "Case", "Measure", "Raw", "seen_by"]
