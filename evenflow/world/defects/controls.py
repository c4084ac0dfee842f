"""Controls: legal look-alikes of the defects, which a good detector must leave alone.

Each carries some of a defect's signal and is right: it is there from the first frame on, happens as
light, lenses and bodies do, or is an edit that everybody makes; and the caption says so.
"""

import difflib
from dataclasses import dataclass

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.world.defects import controls_lens as lens
from evenflow.world.defects import controls_light as light
from evenflow.world.defects import controls_told as told
from evenflow.world.defects.defect import Control, Staged
from evenflow.world.defects.draw import StagedSource, staged
from evenflow.world.spec import SceneSpec

CONTROLS: dict[str, Control] = {
    # Edits.
    "cut_elsewhere": Control(
        told.cut_elsewhere,
        ("subject_swap", "background_switch", "style_change", "identity_drift"),
        "a cut to another subject in another place",
    ),
    "cut": Control(told.cut, ("seam", "teleportation", "unnatural_jump"), "a cut to a closer view"),
    # Changes that are meant.
    "captioned_color_change": Control(
        told.captioned_color_change, ("color_change", "semantic_mismatch"),
        "a thing turns another color, as the caption says",
    ),
    "slow_color_change": Control(
        told.slow_color_change, ("identity_drift", "drift"),
        "a thing slowly turns another color, as the caption says",
    ),
    "blinking_lamp": Control(
        light.blinking_lamp, ("color_flicker", "lighting_flicker"),
        "a lamp blinks from the first frame to the last",
    ),
    "rotating_pattern": Control(
        told.rotating_pattern, ("unstable_texture", "edge_shimmer", "unnatural_motion"),
        "a patterned thing turns, and its pattern with it",
    ),
    # Coming and going.
    "enter_and_leave": Control(
        told.enter_and_leave, ("vanish", "semantic_mismatch"),
        "somebody comes in at one border and leaves at the other",
    ),
    "exit_at_border": Control(
        told.exit_at_border, ("vanish",), "something rolls out of the picture"
    ),
    "hidden_passage": Control(
        told.hidden_passage, ("teleportation", "vanish", "subject_swap"),
        "a ball passes behind a pillar and comes out where and when it must",
    ),
    # Motion.
    "fast_motion": Control(
        told.fast_motion, ("unnatural_jump", "teleportation", "ghosting"),
        "a ball shoots through the picture, fast and evenly",
    ),
    "stop": Control(
        told.stop, ("freeze", "action_sequence"), "something slides until friction stops it"
    ),
    "jump": Control(
        told.jump, ("unnatural_motion", "unphysical"), "somebody jumps and comes down"
    ),
    "pushed_prop": Control(
        told.pushed_prop, ("unnatural_motion", "action_mismatch"),
        "a thing glides over the ground because somebody pushes it",
    ),
    "bouncy": Control(
        told.bouncy, ("unphysical", "unnatural_motion"), "a rubber ball bounces high, ever less"
    ),
    # Light.
    "lights_dim": Control(
        light.lights_dim, ("lighting_flicker", "drift", "seam"), "the light dims and stays so"
    ),
    "passing_cloud": Control(
        light.passing_cloud, ("lighting_flicker", "light_direction", "drift"),
        "a cloud goes over the sun",
    ),
    "flash": Control(
        light.flash, ("image_flicker", "lighting_flicker"), "lightning flashes and dies away"
    ),
    "sunset": Control(
        light.sunset, ("drift", "light_direction", "style_change"), "the sun sets"
    ),
    "fog": Control(
        light.fog, ("collapse", "sharpness_pumping"), "fog, from the first frame to the last"
    ),
    # Lens and camera.
    "film_grain": Control(
        lens.film_grain, ("high_frequency_noise", "unstable_texture"),
        "film grain, as strong on the first frame as on the last",
    ),
    "rack_focus": Control(
        lens.rack_focus, ("sharpness_pumping", "collapse"), "the focus is pulled, once and smoothly"
    ),
    "handheld": Control(lens.handheld, ("shake",), "a hand holds the camera"),
    "dolly": Control(
        lens.dolly, ("identity_drift", "background_swim"), "the camera goes in or out"
    ),
    "zoom": Control(lens.zoom, ("background_swim", "action_mismatch"), "the lens zooms"),
    "pan": Control(lens.pan, ("background_switch", "background_swim"), "the camera pans evenly"),
    "quick_pan": Control(
        lens.quick_pan, ("background_switch", "unnatural_jump", "sharpness_pumping"),
        "the camera whips aside and back",
    ),
    "orbit": Control(
        lens.orbit, ("background_swim", "light_direction"), "the camera goes round its subject"
    ),
    "follow": Control(
        told.follow, ("background_swim", "freeze", "unnatural_motion"),
        "the camera goes along with somebody",
    ),
    "water": Control(
        told.wet_or_wooded, ("background_swim", "unstable_texture", "edge_shimmer"),
        "water on the ground, or a forest around",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Controlled:
    """A legal look-alike.

    Args:
        clip: drawn when it is asked for.
        spec: of the scene that is shown.
        caption: which says what is meant.
        name: key of CONTROLS.
    """

    clip: Clip
    spec: SceneSpec
    caption: str
    name: str


def control(spec: SceneSpec, name: str, *, seed: int = 0, device: str = "cpu") -> Controlled:
    """A clip of a scene that looks as if it had a defect, and has none.

    Args:
        spec: a scene; story-like controls keep its setting, style, length and size, and tell
            something else there.
        name: a key of CONTROLS.
        seed: decides everything random.

    Raises:
        BadInput: there is no such control, or the scene cannot show it.
    """
    from evenflow.world.simulate import simulate

    if name not in CONTROLS:
        near = difflib.get_close_matches(name, CONTROLS, n=3) or list(CONTROLS)
        raise BadInput(f"there is no control {name!r}: did you mean {', '.join(near)}?")
    made, caption = CONTROLS[name].plant(spec, seed)
    stage = made if isinstance(made, Staged) else staged(simulate(made))
    source = StagedSource(stage, device=device)
    return Controlled(Clip(source), stage.animation.spec, caption, name)
