"""Detectors: one defect kind a file; each reads a passage and says what it suspects, and why."""

from collections.abc import Callable

from evenflow.continuity.candidate import Candidate
from evenflow.continuity.detectors import (
    drift,
    freeze,
    high_frequency_noise,
    image_flicker,
    lighting_flicker,
    shake,
    style_change,
    unnatural_jump,
)
from evenflow.continuity.passage import Passage

Detector = Callable[[Passage], list[Candidate]]

DETECTORS: dict[str, Detector] = {
    "image_flicker": image_flicker.detect,
    "lighting_flicker": lighting_flicker.detect,
    "high_frequency_noise": high_frequency_noise.detect,
    "freeze": freeze.detect,
    "style_change": style_change.detect,
    "unnatural_jump": unnatural_jump.detect,
    "drift": drift.detect,
    "shake": shake.detect,
}
"""In the order in which causes are weighed: what comes first explains what comes later."""
