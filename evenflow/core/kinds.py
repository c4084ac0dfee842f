"""Defect kinds: the closed list of what can go wrong, with the survey's dimension of each.

Source: "Spatiotemporal Consistency in Video Generation", arXiv:2502.17863, Table 1 (the first
fourteen); the rest are kinds that practice meets and the table does not have.
"""

from dataclasses import dataclass

DIMENSIONS = (
    "identity",
    "layout",
    "lighting_style",
    "color_texture",
    "static_semantics",
    "motion_smoothness",
    "dynamics",
    "flicker",
    "dynamic_semantics",
)


@dataclass(frozen=True)
class Kind:
    """One kind of defect.

    Args:
        dimension: the survey's dimension of consistency that it breaks.
        meaning: what a viewer sees, in a few words.
        repair_limit: most frames that pixels alone can repair; None no limit, 0 needs a generator.
    """

    dimension: str
    meaning: str
    repair_limit: int | None = 0


KINDS: dict[str, Kind] = {
    "subject_swap": Kind("identity", "a subject becomes another one on the same path"),
    "color_change": Kind("identity", "an object changes color and stays so"),
    "background_switch": Kind("layout", "the background is replaced behind a subject that stays"),
    "lighting_flicker": Kind("lighting_style", "brightness goes up and down", None),
    "style_change": Kind("lighting_style", "the look of the whole picture changes at once"),
    "color_flicker": Kind(
        "color_texture", "the color of an object or area goes back and forth", None
    ),
    "unstable_texture": Kind("color_texture", "a surface boils while its outline holds", None),
    "semantic_mismatch": Kind(
        "static_semantics", "the content is not what prompt or reference say"
    ),
    "teleportation": Kind("motion_smoothness", "an object is suddenly somewhere else"),
    "unnatural_jump": Kind(
        "motion_smoothness", "time skips or a movement jerks for a frame or few", 3
    ),
    "image_flicker": Kind("dynamics", "single frames differ from both of their neighbors", None),
    "action_sequence": Kind("dynamics", "actions run in a wrong order or backwards"),
    "high_frequency_noise": Kind(
        "flicker", "grain or salt appears that was not there before", None
    ),
    "action_mismatch": Kind("dynamic_semantics", "the motion is not what the prompt says"),
    "identity_drift": Kind("identity", "a subject slowly becomes another one"),
    "vanish": Kind("identity", "an object disappears, pops in, or comes back wrong"),
    "freeze": Kind("motion_smoothness", "the picture stands still while it should move", 8),
    "shake": Kind("motion_smoothness", "the camera trembles", None),
    "drift": Kind("lighting_style", "color or exposure slowly runs away", None),
    "seam": Kind("layout", "tone, position or noise steps where two windows were joined", None),
    "collapse": Kind("static_semantics", "the picture loses its structure"),
    "edge_shimmer": Kind("color_texture", "outlines wobble", None),
    "background_swim": Kind("layout", "the ground that should be rigid flows"),
    "ghosting": Kind("color_texture", "stale copies smear behind moving objects"),
    "light_direction": Kind("lighting_style", "shading and shadow point to different lights"),
    "sharpness_pumping": Kind("flicker", "sharpness goes up and down", None),
    "unnatural_motion": Kind(
        "motion_smoothness", "sliding, floating, limb jitter, impossible force"
    ),
    "unphysical": Kind("dynamics", "the laws of the world are broken"),
}
