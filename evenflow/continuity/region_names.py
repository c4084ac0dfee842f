"""Region names: which defect a lasting step of a region is; one step, one name.

The same structure in another color is a `color_change`; what is there now and stood elsewhere
before is a `teleportation` if it left that place, else it popped in; what has the colors of its
surroundings and leaves no outline has gone (`vanish`), what has neither is somebody else
(`subject_swap`); all but a region that stays is a `background_switch`.
"""

import cv2
import numpy as np

from evenflow.continuity.afterimage import haunted
from evenflow.continuity.candidate import Candidate, evidence
from evenflow.continuity.cells import COLS, ROWS
from evenflow.continuity.passage import Passage
from evenflow.continuity.region_steps import (
    LEAST_LEAP,
    RECOLORED,
    RegionStep,
    Source,
    recolored,
    region_steps,
)
from evenflow.continuity.severity import BACKGROUND, REGION

SWAPPED = 0.6
"""How foreign a new content is at least that is no piece of the surroundings."""
FOUND = 14.0
"""How far pieces of a piece of the surroundings are from their nearest likeness there, rms dE; what
has been mixed with the old content is farther, what is somebody else 15 to 80."""
DRAWN = 3.0
"""The same of a piece of drawn ground; of a photograph it is 5 at least."""
CLEAN = 0.3
"""Grain of a picture that was drawn or is heavily compressed, gray levels; of a photograph 0.6."""
LEAST_UNLIKE, UNLIKE = 5.0, 3.0
"""How far pieces of either content are from a likeness there, at least, dE and times what pieces
of the surroundings are: revealed ground is at most twice as far, somebody else over four times."""
PLAIN = 4.0
"""Spread of the fine structure of a plain surface, in L."""
SMALL = 0.015
"""Share of the picture of a region that has to show something which its surroundings have not."""
LEAST_SEEN = 0.45
"""Least share of a region with a counterpart in the frames next to its step."""
STEADY = 0.1
"""Change two frames on, as a share of the step, of a place that needs no texture to be followed."""
SHADED, LEAST_ALIKE = 0.22, 0.6
"""Most that a region may differ in color, as a share of its step, and least agreement of structure,
where only its shade has turned."""
LEAP, SEEN_LEAP = 2.4, 3.0
"""JND of a leap by its own size, and of one by its own length of a thing that stands out."""
LIKE_BEFORE = 0.85
"""Most agreement of structure of another background."""
WHOLE_PICTURE = frozenset(
    {
        "style_change", "unnatural_jump", "drift", "lighting_flicker", "image_flicker",
        "identity_drift", "light_direction", "seam",
    }
)  # fmt: skip
"""What the step of a large region looks like to those who look at the whole picture."""
SLOW = frozenset({"identity_drift", "drift"})
"""What goes slowly causes no step."""


def named(passage: Passage, kind: str) -> list[Candidate]:
    """The candidates of one kind among the steps of regions of a passage."""
    found = []
    for step in region_steps(passage):
        name, how = name_of(passage, step)
        if name == kind and (step.kept is not None or followed_through(passage, step)):
            found.append(_candidate(passage, step, kind, how))
    return [c for c in found if c.severity >= 1.0]


def name_of(passage: Passage, step: RegionStep) -> tuple[str, str]:
    """The kind of a step and what a viewer sees; an empty kind for what is none of ours."""
    if step.kept is not None:
        if step.alike > LIKE_BEFORE:
            return "", ""
        return "background_switch", "all but one region of the picture is replaced at once"
    if any(step.at in (one.start, one.end) for one in haunted(passage)):
        return "", ""  # copies of what has moved
    if step.source is not None and step.source.seen:
        how = f"what stands here was {step.source.distance:.1f} times its length away"
        return "teleportation", f"{how} one frame before"
    if recolored(step):
        return "color_change", "a region changes color at once and keeps its structure"
    if step.alike * min(step.contrast, 1.0 / max(step.contrast, 1e-3)) > RECOLORED:
        return "", ""  # the same thing in another light
    if _shaded(step):
        return "light_direction", "the shade of a region is another one at once, its color is not"
    source = moved_from(step)
    if source is not None:
        if source.distance < LEAST_LEAP:
            return "", ""  # a jump in time or a jerk: it moved, though not away
        how = f"what stands here was {source.distance:.1f} times its size away one frame before"
        return "teleportation", how
    if step.source is not None:
        return "vanish", "a copy of something that stays elsewhere appears at once"
    if _out_of_nothing(step):
        return "vanish", "something appears at once where there was nothing"
    if _into_plain(step) and not step.found[1] > 1.25 * FOUND:
        return "vanish", "something appears at once where there was nothing"
    if strangeness(passage, step) > SWAPPED or _both_strange(passage, step):
        if step.share < SMALL and max(step.foreign) < 0.02:
            return "", ""  # what stands around it came or went a little
        return "subject_swap", "a region is replaced at once by something else in its place"
    return "vanish", "a region is gone at once, and what surrounds it stands in its place"


def _shaded(step: RegionStep) -> bool:
    """True if a region keeps its outline, its color and the order of light and dark, and is lighter
    or darker: its shade has turned."""
    before, after = step.rim
    return (
        step.colored < SHADED * step.size
        and step.alike > LEAST_ALIKE
        and abs(step.foreign[0] - step.foreign[1]) < 0.05
        and 0.65 < before / max(after, 0.1) < 1.5
    )


def followed_through(passage: Passage, step: RegionStep) -> bool:
    """True if the place could be followed before the step and behind it, or is the same there: what
    rushes past changes at every frame, and nobody can say what it was."""
    if step.within < STEADY:
        return True
    size = (COLS, ROWS)
    shares = cv2.resize(step.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA).ravel()
    inside = shares > min(0.3, 0.5 * float(shares.max()))
    seen = passage.cells["seen"][:, inside].mean(axis=1)
    before, after = seen[max(1, step.at - 2) : step.at], seen[step.at + 1 : step.at + 3]
    return all(len(part) == 0 or float(part.mean()) > LEAST_SEEN for part in (before, after))


def moved_from(step: RegionStep) -> Source | None:
    """Where the content of a region came from or went to, if it left a place for another."""
    for each in (step, step.back):
        if each is not None and each.source is not None and each.source.left:
            return each.source
    return None


def _out_of_nothing(step: RegionStep) -> bool:
    """True if the place was a piece of its surroundings to a few dE, as only drawn ground is, and
    now holds something with an outline."""
    strange, outline = step.foreign, step.rim
    drawn = step.found[0] < DRAWN and strange[0] < 0.05
    return drawn and strange[1] > 0.25 and outline[1] > 3.0 * max(outline[0], 0.3)


def _both_strange(passage: Passage, step: RegionStep) -> bool:
    """True if neither what was there nor what is there is a piece of the surroundings."""
    if float(np.median(passage.grain)) < CLEAN:  # drawn ground is like itself nearly to the pixel
        return min(step.found) > max(LEAST_UNLIKE, UNLIKE * step.usual)
    return min(step.foreign) > 0.15 and min(step.found) > FOUND


def _into_plain(step: RegionStep) -> bool:
    """True if something stands where there was a plain surface before, or at the end of a span."""
    before, after = step.texture
    return before < PLAIN and after > 2.5 * before and step.foreign[0] < 0.05


def strangeness(passage: Passage, step: RegionStep) -> float:
    """How little the new content belongs to its surroundings; both ends of a span are asked."""
    ends = [(step.foreign[1], step.rim, step.texture, step.found[1])]
    if step.back is not None:
        back = step.back
        ends.append((back.foreign[0], back.rim[::-1], back.texture[::-1], back.found[0]))
    each = []
    for share, rim, texture, found in ends:
        outline = float(np.log2(max(rim[1], 0.3) / max(rim[0], 0.3)))
        detail = float(np.log2(max(texture[1], 0.5) / max(texture[0], 0.5)))
        likeness = float(np.log2(max(found, 1.0) / FOUND)) if np.isfinite(found) else 0.0
        each.append(8.0 * share + outline + 0.3 * detail + min(1.2, 2.0 * likeness))
    lasted = (step.end - step.at) / passage.fps
    # things that are gone for a moment come back; who is replaced stays so
    habit = 0.4 if step.back is None else -0.4 if lasted < 3.0 else 0.0
    return float(np.mean(each)) + habit


def _severity(step: RegionStep, kind: str) -> float:
    source = moved_from(step)
    if kind == "teleportation" and source is not None:
        far = max(source.distance, source.distance**0.5)
        if source.seen:  # told from its surroundings, whatever its color
            return SEEN_LEAP * float(far) * float(np.clip(step.size / 25.0, 1.0, 1.3))
        return LEAP * float(far) * float(np.clip(step.size / 25.0, 0.7, 1.3))
    if kind == "background_switch":  # of the size of the picture, and worse the less of it is left
        return step.size / BACKGROUND * (1.0 - 0.5 * step.alike)
    return step.size / REGION * float(step.share**0.25)


def _candidate(passage: Passage, step: RegionStep, kind: str, how: str) -> Candidate:
    severity = _severity(step, kind)
    source = moved_from(step)
    mask = step.mask if source is None else source.mask
    causes = set(WHOLE_PICTURE)
    if kind == "background_switch":
        causes |= {"high_frequency_noise", "shake", "freeze", "collapse", "vanish"}
    return Candidate(
        kind,
        step.at,
        step.end,
        step.at,
        severity,
        0.6 + 0.08 * min(4.0, severity),
        f"{how}, by {step.size:.0f} dE",
        evidence("region_step", step.size, REGION),
        ("cut", "occlusion", "color_flicker"),
        None if kind == "background_switch" else mask,
        # where a region goes on as it was the picture has not lost its structure
        immune=SLOW | {"collapse"} if kind == "background_switch" else SLOW,
        causes=frozenset(causes),
    )
