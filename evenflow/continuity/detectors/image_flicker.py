"""Image flicker: single frames differ from both neighbors, which agree with each other.

Signals: brightness or color that leaves and returns within three frames; sharpness that does; and
the return
test: the steps into and out of a frame leave more than the step that skips it.
"""

import numpy as np

from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.detectors.lighting_flicker import flicker_path, sustained
from evenflow.continuity.passage import Passage, Series
from evenflow.continuity.robust import around, running_median, runs
from evenflow.continuity.severity import FLASH_GAIN, FLASH_RESIDUAL, FLASH_SHARPNESS, FLASH_TINT

LONGEST = 3
"""A deviation that lasts longer is no single frame any more."""


def bad_frames(passage: Passage) -> tuple[Series, Series, Series]:
    """JND per frame by brightness and tint, by sharpness, by structure; 0 where a frame fits in."""
    gain = _excursions(flicker_path(passage)) / FLASH_GAIN
    for axis in (1, 2):
        path = passage.tone[:, axis]
        tint = _excursions(path - running_median(path, 9)) / FLASH_TINT
        gain = np.maximum(gain, tint)
    sharp = passage.bands[:, :2].mean(axis=1)
    sharp = _excursions(sharp - running_median(sharp, 9)) / FLASH_SHARPNESS
    structure = np.zeros(len(passage))
    step, bridge = passage.step_half, passage.bridge
    for i in range(1, len(passage) - 1):
        into_and_out = np.nanmin([step[i], step[i + 1]])
        if not np.isfinite(bridge[i]) or into_and_out < 1.25 * bridge[i]:
            continue
        usual = around(step, i, 6, skip=1)
        floor = float(np.median(usual)) if len(usual) else 0.0
        structure[i] = max(0.0, into_and_out - max(floor, 0.7 * bridge[i])) / FLASH_RESIDUAL
    return gain, sharp, structure


def _excursions(path: Series) -> Series:
    """Absolute deviation where it stays within `LONGEST` frames and the frames around are quiet."""
    made = np.zeros(len(path))
    size = np.abs(path)
    for i in np.flatnonzero(size > 0):
        beyond = 0.5 * size[i]
        first = last = int(i)
        while first > 0 and path[first - 1] * path[i] > 0 and size[first - 1] > beyond:
            first -= 1
        while last + 1 < len(path) and path[last + 1] * path[i] > 0 and size[last + 1] > beyond:
            last += 1
        if last - first + 1 > LONGEST or first == 0 or last == len(path) - 1:
            continue
        near = np.concatenate([size[max(0, first - 2) : first], size[last + 1 : last + 3]])
        made[i] = max(0.0, size[i] - 1.5 * float(near.max(initial=0.0)))
    return made


def detect(passage: Passage) -> list[Candidate]:
    """Groups of bad frames less than a second apart."""
    if len(passage) < 4 or passage.pairs[-1] is None:
        return []
    gain, sharp, structure = bad_frames(passage)
    # a little sharpness comes and goes with the codec; it counts where the structure test agrees
    sharp = np.where((structure > 0.3) | (sharp > 3.0), sharp, 0.0)
    strength = np.maximum(np.maximum(gain, structure), sharp)
    found = []
    for start, end in runs(strength > 1.0, gap=round(passage.fps)):
        if end - start >= 6 and sustained(strength, start, end) > 0.6:
            continue  # most frames deviate: that is flicker of the light, or noise
        count = int((strength[start:end] > 1.0).sum())
        peak = start + int(np.argmax(strength[start:end]))
        how = (
            "brightness or color"
            if gain[peak] >= max(sharp[peak], structure[peak])
            else "structure"
        )
        frames = "one frame differs" if count == 1 else f"{count} single frames differ"
        found.append(
            Candidate(
                "image_flicker",
                start,
                end,
                peak,
                float(strength[peak]),
                0.6 + 0.1 * min(4.0, float(strength[peak]) - 1.0),
                f"{frames} in {how} from both neighbors, which agree with each other",
                evidence("return_test", float(strength[peak]), 1.0),
                ("cut", "lighting_flicker"),
            )
        )
    return found
