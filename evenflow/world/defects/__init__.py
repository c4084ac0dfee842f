"""Defects in the scene: states, light, camera and pictures of the world go wrong on purpose.

`inject` plants a row of DEFECTS in a scene and measures the truth; rows of CONTROLS are legal
look-alikes. A kind is one small file and one row.
"""

from evenflow.world.defects import (
    action_mismatch,
    action_sequence,
    background_swim,
    background_switch,
    collapse,
    color_change,
    color_flicker,
    drift,
    edge_shimmer,
    freeze,
    ghosting,
    high_frequency_noise,
    identity_drift,
    image_flicker,
    light_direction,
    lighting_flicker,
    seam,
    semantic_mismatch,
    shake,
    sharpness_pumping,
    style_change,
    subject_swap,
    teleportation,
    unnatural_jump,
    unnatural_motion,
    unphysical,
    unstable_texture,
    vanish,
)
from evenflow.world.defects.controls import CONTROLS, Controlled, control
from evenflow.world.defects.defect import Control, Defect, Develop, Plan, Planted, Staged
from evenflow.world.defects.difference import mask, masks, silhouettes
from evenflow.world.defects.draw import StagedSource
from evenflow.world.defects.inject import inject

DEFECTS: dict[str, Defect] = {
    # Of things and walkers.
    "color_change": Defect(
        color_change.plant, (5, 10, 20, 34, 55), "dE*ab of the paint", color_change.carriers,
        control="captioned_color_change", to_end=True,
    ),
    "teleportation": Defect(
        teleportation.plant, teleportation.LADDER, "heights of the body", teleportation.carriers,
        control="hidden_passage", to_end=True,
    ),
    "color_flicker": Defect(
        color_flicker.plant, (2.5, 5, 9, 15, 25), "dE*ab rms of the paint",
        color_change.carriers, control="blinking_lamp", variants=color_flicker.VARIANTS,
    ),
    "identity_drift": Defect(
        identity_drift.plant, (8, 14, 24, 38, 60), "dE*ab of the paint at the end",
        color_change.carriers, control="slow_color_change", least=8, to_end=True, whole=True,
    ),
    "subject_swap": Defect(
        subject_swap.plant, (0.15, 0.35, 0.55, 0.8, 1), "attribute distance",
        subject_swap.carriers, control="cut_elsewhere", to_end=True,
    ),
    "vanish": Defect(
        vanish.plant, (0.1, 0.25, 0.5, 1, 5), "s that it is missing", vanish.carriers,
        control="enter_and_leave", least=1, variants=vanish.VARIANTS, fit=vanish.fit,
        equal_of={"wrong": ("subject_swap", "color_change")},
    ),
    "unstable_texture": Defect(
        unstable_texture.plant, (0.04, 0.08, 0.15, 0.28, 0.5), "repeats of the pattern, rms",
        unstable_texture.carriers, control="rotating_pattern", prepare=unstable_texture.prepare,
        variants=unstable_texture.VARIANTS,
    ),
    "edge_shimmer": Defect(
        edge_shimmer.plant, (0.8, 1.5, 2.6, 4.5, 8), "% of the body's height, rms",
        edge_shimmer.carriers, control="rotating_pattern",
    ),
    "ghosting": Defect(
        ghosting.plant, (0.12, 0.22, 0.36, 0.52, 0.75), "share of the stale copy",
        ghosting.carriers, control="fast_motion",
    ),
    "light_direction": Defect(
        light_direction.plant, light_direction.LADDERS["shading"][0],
        light_direction.LADDERS["shading"][1], light_direction.carriers, control="passing_cloud",
        to_end=True, variants=light_direction.VARIANTS, ladders=light_direction.LADDERS,
    ),
    "unnatural_motion": Defect(
        unnatural_motion.plant, unnatural_motion.LADDERS["stuck"][0],
        unnatural_motion.LADDERS["stuck"][1], unnatural_motion.carriers, control="jump", least=6,
        seconds=1.2, variants=unnatural_motion.VARIANTS, ladders=unnatural_motion.LADDERS,
        prepare=unnatural_motion.prepare,
        equal_of={
            "jerks": ("unnatural_jump", "teleportation", "freeze"),
            "stuck": ("freeze", "unnatural_jump"), "limb jitter": ("edge_shimmer",),
            "no spin": ("unphysical",), "floating": ("unphysical",),
        },
    ),
    "unphysical": Defect(
        unphysical.plant, unphysical.LADDERS["gravity"][0], unphysical.LADDERS["gravity"][1],
        unphysical.carriers, control="bouncy", variants=unphysical.VARIANTS,
        ladders=unphysical.LADDERS, fit=unphysical.fit,
        equal_of={"gravity": ("unnatural_motion",)},
    ),
    # Against the caption.
    "semantic_mismatch": Defect(
        semantic_mismatch.plant, semantic_mismatch.LADDERS["color"][0],
        semantic_mismatch.LADDERS["color"][1], semantic_mismatch.carriers,
        control="captioned_color_change", first=True, cuts=True,
        variants=semantic_mismatch.VARIANTS, ladders=semantic_mismatch.LADDERS,
    ),
    "action_mismatch": Defect(
        action_mismatch.plant, action_mismatch.LADDERS["turned"][0],
        action_mismatch.LADDERS["turned"][1], action_mismatch.carriers, control="zoom",
        first=True, cuts=True, variants=action_mismatch.VARIANTS, ladders=action_mismatch.LADDERS,
    ),
    "action_sequence": Defect(
        action_sequence.plant, action_sequence.LADDERS["backward"][0],
        action_sequence.LADDERS["backward"][1], None, control="stop", first=True, cuts=True,
        variants=action_sequence.VARIANTS, ladders=action_sequence.LADDERS,
        equal_of={"backward": ("unnatural_motion", "unnatural_jump")},
    ),
    # Of the whole picture.
    "lighting_flicker": Defect(
        lighting_flicker.plant, (2.5, 4, 6.5, 10, 15), "% rms gain of linear light", None,
        control="passing_cloud", variants=("random", "periodic", "lamp"),
    ),
    "image_flicker": Defect(
        image_flicker.plant, (0.06, 0.12, 0.25, 0.45, 0.7), "share of the frame", None,
        control="flash", variants=("exposure", "white_balance", "black", "soft", "stale"),
        equal_of={"stale": ("unnatural_jump",)},
    ),
    "style_change": Defect(
        style_change.plant, (0.15, 0.3, 0.5, 0.75, 1), "share of the other style", None,
        control="cut_elsewhere", to_end=True, variants=style_change.TARGETS,
        ladders=style_change.LADDERS,
    ),
    "background_switch": Defect(
        background_switch.plant, (0.15, 0.3, 0.55, 0.8, 1), "share of the other place", None,
        control="cut_elsewhere", to_end=True,
    ),
    "unnatural_jump": Defect(
        unnatural_jump.plant, (2, 3, 5, 8, 12), "frames of 1/24 s skipped", None,
        control="fast_motion", to_end=True, variants=("skip", "warp"), step=True,
        equal_of={"skip": ("teleportation",)},
    ),
    "freeze": Defect(
        freeze.plant, (0.1, 0.2, 0.4, 0.7, 1), "share of the span", None,
        control="stop", least=5, seconds=0.8,
    ),
    "high_frequency_noise": Defect(
        high_frequency_noise.plant, (1.5, 3, 6, 10, 16), "gray levels, sigma", None,
        control="film_grain", variants=("fresh", "frozen", "behind"),
    ),
    "shake": Defect(
        shake.plant, (0.1, 0.2, 0.35, 0.6, 1), "% of the height, rms", None,
        control="handheld", variants=("turn", "sway"), least=6,
    ),
    "drift": Defect(
        drift.plant, (3, 6, 11, 18, 28), "dE*ab of a gray at the end", None,
        control="sunset", to_end=True, whole=True, cuts=True, least=8,
        variants=("exposure", "tint"), ladders=drift.LADDERS,
    ),
    "seam": Defect(
        seam.plant, (2, 4, 8, 14, 23), "% of light", None,
        control="cut", to_end=True, variants=("hard", "blended", "windows"), ladders=seam.LADDERS,
    ),
    "collapse": Defect(
        collapse.plant, (0.1, 0.25, 0.5, 0.75, 1), "share of the structure", None,
        control="rack_focus", to_end=True,
        variants=tuple(collapse.LADDERS), ladders=collapse.LADDERS,
        equal_of={"poster": ("style_change",), "merging": ("identity_drift", "subject_swap")},
    ),
    "background_swim": Defect(
        background_swim.plant, (0.15, 0.35, 0.7, 1.3, 2.2), "% of the height, rms", None,
        control="water", least=8, seconds=1.5, variants=("flow", "slide", "pose"),
        prepare=background_swim.prepare,
    ),
    "sharpness_pumping": Defect(
        sharpness_pumping.plant, (0.2, 0.32, 0.5, 0.8, 1.3), "% of the height, sigma", None,
        control="rack_focus", least=6, seconds=1.5, variants=("pumping", "burst"),
    ),
}  # fmt: skip

__all__ = [
    "CONTROLS", "DEFECTS", "Control", "Controlled", "Defect", "Develop", "Plan", "Planted",
    "Staged", "StagedSource", "control", "inject", "mask", "masks", "silhouettes",
]  # fmt: skip
