"""Injectors: plant a defect of a known kind, strength, time and place in any clip.

Outside its span and box a planted clip is the source, bit for bit. `INJECTORS` is the table;
`CONTROLS` holds what looks like a defect and is none.
"""

from evenflow.continuity.injectors import (
    action_mismatch,
    action_sequence,
    background_swim,
    background_switch,
    collapse,
    color_change,
    color_flicker,
    freeze,
    ghosting,
    identity_drift,
    light_direction,
    seam,
    semantic_mismatch,
    sharpness_pumping,
    subject_swap,
    teleportation,
    unnatural_jump,
    unnatural_motion,
    unstable_texture,
    vanish,
)
from evenflow.continuity.injectors.controls import CONTROLS, Control, control
from evenflow.continuity.injectors.drift import drift
from evenflow.continuity.injectors.edge_shimmer import edge_shimmer
from evenflow.continuity.injectors.high_frequency_noise import high_frequency_noise
from evenflow.continuity.injectors.image_flicker import image_flicker
from evenflow.continuity.injectors.lighting_flicker import lighting_flicker
from evenflow.continuity.injectors.plant import Injector, Plant
from evenflow.continuity.injectors.shake import shake
from evenflow.continuity.injectors.style_change import style_change

OBJECT = "the object, when the range begins"
SUBJECT = "the subject that stays as it is, when the range begins"

INJECTORS: dict[str, Injector] = {
    "lighting_flicker": Injector(lighting_flicker, (1.0, 2.0, 4.0, 7.0, 12.0), "% rms gain"),
    "image_flicker": Injector(image_flicker, (0.06, 0.12, 0.25, 0.4, 0.6), "share of damage"),
    "high_frequency_noise": Injector(
        high_frequency_noise, (1.5, 3.0, 6.0, 10.0, 16.0), "gray levels"
    ),
    "freeze": Injector(
        freeze.freeze, (0.1, 0.2, 0.4, 0.7, 1.0), "share of the span", freeze.place, least=2
    ),
    "style_change": Injector(style_change, (0.15, 0.3, 0.5, 0.75, 1.0), "share of the new style"),
    "unnatural_jump": Injector(
        unnatural_jump.unnatural_jump, (1, 2, 4, 7, 12), "frames skipped", unnatural_jump.place
    ),
    "drift": Injector(drift, (3.0, 6.0, 11.0, 18.0, 28.0), "dE at the end"),
    "shake": Injector(shake, (0.1, 0.2, 0.3, 0.5, 0.9), "% of the height, rms"),
    "subject_swap": Injector(
        subject_swap.subject_swap, (0.2, 0.35, 0.55, 0.8, 1.0), "share of the other one",
        subject_swap.place, box_is=OBJECT,
    ),
    "color_change": Injector(
        color_change.color_change, (6.0, 12.0, 22.0, 36.0, 55.0), "dE", color_change.place,
        needs_color=True, box_is=OBJECT,
    ),
    "color_flicker": Injector(
        color_flicker.color_flicker, (2.0, 4.0, 8.0, 14.0, 24.0), "dE rms", color_flicker.place,
        needs_color=True, box_is=OBJECT,
    ),
    "vanish": Injector(
        vanish.vanish, (0.25, 0.45, 0.7, 0.9, 1.0), "share that is gone", vanish.place,
        box_is=OBJECT,
    ),
    "teleportation": Injector(
        teleportation.teleportation, (1.0, 1.3, 1.6, 2.0, 2.4), "diameters", teleportation.place,
        box_is=OBJECT,
    ),
    "identity_drift": Injector(
        identity_drift.identity_drift, (0.2, 0.35, 0.55, 0.8, 1.0), "share of the other one",
        identity_drift.place, least=8, box_is=OBJECT,
    ),
    "background_switch": Injector(
        background_switch.background_switch, (0.25, 0.45, 0.65, 0.85, 1.0), "share of the place",
        background_switch.place, box_is=SUBJECT,
    ),
    "unstable_texture": Injector(
        unstable_texture.unstable_texture, (0.15, 0.3, 0.5, 0.75, 1.0), "share of new texture",
        unstable_texture.place, least=2, box_is=OBJECT,
    ),
    "seam": Injector(seam.seam, (1.0, 2.0, 3.5, 6.0, 10.0), "% of tone", seam.place, least=2),
    "sharpness_pumping": Injector(
        sharpness_pumping.sharpness_pumping, (0.2, 0.32, 0.5, 0.8, 1.3), "% of the height, sigma",
        sharpness_pumping.place, least=6,
    ),
    "collapse": Injector(
        collapse.collapse, (0.2, 0.4, 0.6, 0.8, 1.0), "share of the structure", collapse.place,
    ),
    "edge_shimmer": Injector(
        edge_shimmer, (0.07, 0.14, 0.26, 0.45, 0.8), "% of the height, rms", least=2,
    ),
    "background_swim": Injector(
        background_swim.background_swim, (0.15, 0.3, 0.6, 1.1, 2.0), "% of the height, rms",
        background_swim.place, least=4, box_is=SUBJECT,
    ),
    "ghosting": Injector(
        ghosting.ghosting, (0.12, 0.22, 0.35, 0.48, 0.62), "share of the stale copy",
        ghosting.place, least=2,
    ),
    "light_direction": Injector(
        light_direction.light_direction, (0.25, 0.5, 0.9, 1.4, 2.0), "log light at the side",
        light_direction.place, box_is=OBJECT,
    ),
    "action_sequence": Injector(
        action_sequence.action_sequence, (0.15, 0.25, 0.4, 0.55, 0.75), "s a part",
        action_sequence.place, least=2, box_is="not used: time concerns the whole picture",
    ),
    "unnatural_motion": Injector(
        unnatural_motion.unnatural_motion, (0.6, 1.2, 2.4, 4.5, 8.0), "% of the height",
        unnatural_motion.place, least=4, box_is=OBJECT,
    ),
    "semantic_mismatch": Injector(
        semantic_mismatch.semantic_mismatch, (0.2, 0.4, 0.6, 0.8, 1.0), "share of what is wrong",
        semantic_mismatch.place,
    ),
    "action_mismatch": Injector(
        action_mismatch.action_mismatch, (0.2, 0.4, 0.6, 0.8, 1.0), "share of the range",
        action_mismatch.place, least=4, box_is="not used: time concerns the whole picture",
    ),
}  # fmt: skip

__all__ = ["CONTROLS", "INJECTORS", "Control", "Injector", "Plant", "control"]
