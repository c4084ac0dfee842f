"""Curation: what is measured of every clip, and what speaks against it; nothing is ever deleted.

One decode of a clip feeds all stages (`statistics.measure`); a stage is a pure function of a row
and those statistics. Duplicates are looked for over the whole dataset (`duplicates.find`).
"""

from evenflow.data.curation import (
    black,
    blockiness,
    caption,
    color,
    cuts,
    detectors,
    exposure,
    frozen,
    length,
    motion,
    probe,
    sharpness,
    static,
    text,
)
from evenflow.data.curation import (
    duplicates as duplicates,
)
from evenflow.data.curation.stage import Stage

STAGES: dict[str, Stage] = {
    "probe": Stage(probe.probe, "size, rate, damage", probe.SCORES, probe.MARKS,
                   "Open-Sora: meta information, drop what is broken"),
    "length": Stage(length.length, "how long", length.SCORES, length.MARKS,
                    "VideoX-Fun: from 3 to 10 s"),
    "cuts": Stage(cuts.cuts, "changes of shot", cuts.SCORES, cuts.MARKS,
                  "evenflow.motion.cuts"),
    "black": Stage(black.black, "no picture", black.SCORES, black.MARKS,
                   "FFmpeg blackdetect: 98 % of the pixels within 10 % of black"),
    "frozen": Stage(frozen.frozen, "repeated frames", frozen.SCORES, frozen.MARKS,
                    "evenflow.continuity: freeze"),
    "static": Stage(static.static, "nothing happens", static.SCORES, static.MARKS,
                    "after Open-Sora Plan's static clips", "hashes"),
    "motion": Stage(motion.motion, "how much moves", motion.SCORES, motion.MARKS,
                    "Cosmos-Curate: mean and patches"),
    "sharpness": Stage(sharpness.sharpness, "detail, blur, grain", sharpness.SCORES,
                       sharpness.MARKS, "gradient energy by octave; Field 1987"),
    "blockiness": Stage(blockiness.blockiness, "a codec's blocks", blockiness.SCORES,
                        blockiness.MARKS, "Wang, Sheikh & Bovik 2002"),
    "exposure": Stage(exposure.exposure, "brightness", exposure.SCORES, exposure.MARKS,
                      "by reasoning"),
    "color": Stage(color.color, "colorfulness", color.SCORES, color.MARKS,
                   "Hasler & Suesstrunk 2003"),
    "text": Stage(text.text, "lettering on the picture", text.SCORES, text.MARKS,
                  "VideoX-Fun keeps 2 % of text area", "text"),
    "detectors": Stage(detectors.detectors, "what check finds", detectors.SCORES,
                       detectors.MARKS, "evenflow.continuity", "detectors"),
    "duplicates": Stage(duplicates.looks, "the same clip again", duplicates.SCORES,
                        duplicates.MARKS, "Zauner 2010; Norouzi, Punjani & Fleet 2012", "hashes"),
    "caption": Stage(caption.caption, "the text", caption.SCORES, caption.MARKS,
                     "prefixes of captioning models", "nothing"),
}  # fmt: skip
"""Every stage by name, in the order in which they look."""

__all__ = ["STAGES", "Stage"]
