"""Injectors: plant a defect of a known kind, strength, time and place in any clip.

Outside its span and box a planted clip is the source, bit for bit. `INJECTORS` is the table.
"""

from evenflow.continuity.injectors.drift import drift
from evenflow.continuity.injectors.freeze import freeze
from evenflow.continuity.injectors.high_frequency_noise import high_frequency_noise
from evenflow.continuity.injectors.image_flicker import image_flicker
from evenflow.continuity.injectors.lighting_flicker import lighting_flicker
from evenflow.continuity.injectors.plant import Injector, Plant
from evenflow.continuity.injectors.shake import shake
from evenflow.continuity.injectors.style_change import style_change
from evenflow.continuity.injectors.unnatural_jump import unnatural_jump

INJECTORS: dict[str, Injector] = {
    "lighting_flicker": Injector(lighting_flicker, (1.0, 2.0, 4.0, 7.0, 12.0), "% rms gain"),
    "image_flicker": Injector(image_flicker, (0.06, 0.12, 0.25, 0.4, 0.6), "share of damage"),
    "high_frequency_noise": Injector(
        high_frequency_noise, (1.5, 3.0, 6.0, 10.0, 16.0), "gray levels"
    ),
    "freeze": Injector(freeze, (0.1, 0.2, 0.4, 0.7, 1.0), "share of the span"),
    "style_change": Injector(style_change, (0.15, 0.3, 0.5, 0.75, 1.0), "share of the new style"),
    "unnatural_jump": Injector(unnatural_jump, (1, 2, 4, 7, 12), "frames skipped"),
    "drift": Injector(drift, (3.0, 6.0, 11.0, 18.0, 28.0), "dE at the end"),
    "shake": Injector(shake, (0.05, 0.1, 0.2, 0.4, 0.8), "% of the height, rms"),
}

__all__ = ["INJECTORS", "Injector", "Plant"]
