"""Augmentations: changes of examples whose truth is recorded, one file each."""

from evenflow.data.augmentations.augmentation import Augmentation, Changed
from evenflow.data.augmentations.camera_jitter import SETTINGS as CAMERA_JITTER
from evenflow.data.augmentations.camera_jitter import camera_jitter
from evenflow.data.augmentations.light import SETTINGS as LIGHT
from evenflow.data.augmentations.light import light
from evenflow.data.augmentations.motion_blur import SETTINGS as MOTION_BLUR
from evenflow.data.augmentations.motion_blur import motion_blur

AUGMENTATIONS: dict[str, Augmentation] = {
    "motion_blur": Augmentation(motion_blur, MOTION_BLUR, "streaks along the motion"),
    "camera_jitter": Augmentation(camera_jitter, CAMERA_JITTER, "a camera held by hand"),
    "light": Augmentation(light, LIGHT, "exposure and color temperature"),
}
"""By name, in the order in which they are done: light is blurred, then the camera shakes."""

__all__ = ["AUGMENTATIONS", "Augmentation", "Changed"]
