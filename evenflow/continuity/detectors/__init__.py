"""Detectors: one defect kind a file; each reads a passage and says what it suspects, and why."""

from collections.abc import Callable

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.detectors import (
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
    shake,
    sharpness_pumping,
    style_change,
    subject_swap,
    teleportation,
    unnatural_jump,
    unnatural_motion,
    unstable_texture,
    vanish,
)
from evenflow.continuity.passage import Passage

Detector = Callable[[Passage], list[Candidate]]

DETECTORS: dict[str, Detector] = {
    "collapse": collapse.detect,
    "image_flicker": image_flicker.detect,
    "lighting_flicker": lighting_flicker.detect,
    "high_frequency_noise": high_frequency_noise.detect,
    "sharpness_pumping": sharpness_pumping.detect,
    "freeze": freeze.detect,
    "color_flicker": color_flicker.detect,
    "seam": seam.detect,
    "background_switch": background_switch.detect,
    "style_change": style_change.detect,
    "teleportation": teleportation.detect,
    "subject_swap": subject_swap.detect,
    "color_change": color_change.detect,
    "vanish": vanish.detect,
    "action_sequence": action_sequence.detect,
    "unnatural_jump": unnatural_jump.detect,
    "light_direction": light_direction.detect,
    "ghosting": ghosting.detect,
    "unstable_texture": unstable_texture.detect,
    "edge_shimmer": edge_shimmer.detect,
    "background_swim": background_swim.detect,
    "unnatural_motion": unnatural_motion.detect,
    "identity_drift": identity_drift.detect,
    "drift": drift.detect,
    "shake": shake.detect,
}
"""In the order in which causes are weighed: what comes first explains what comes later."""
LEAST_FRAMES: dict[str, int] = {
    "lighting_flicker": 6,
    "image_flicker": 4,
    "high_frequency_noise": 6,
    "freeze": 6,
    "sharpness_pumping": 8,
    "seam": 8,
    "color_flicker": 8,
    "style_change": 8,
    "unnatural_jump": 8,
    "identity_drift": 8,
    "action_sequence": 12,
    "light_direction": 12,
    "background_swim": 10,
    "drift": 12,
    "shake": 8,
}
"""Shorter clips cannot be assessed for the kind; 8 where nothing is said."""
NEEDS_MOTION = frozenset({"action_sequence", "freeze", "unnatural_jump"})
"""Not assessable in a clip that does not move."""
