"""Signals: the closed list of per-frame quantities that `check` reports and a gate may ask for."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Signal:
    """What one series says.

    Args:
        unit: of every entry and of the summary.
        better: which direction is better for consistency.
        meaning: what is measured, in one line.
        summary: how the clip's number comes from the series.
    """

    unit: str
    better: Literal["lower", "higher", "neither"]
    meaning: str
    summary: Literal["rms", "median", "max", "mean", "min"]


SIGNALS: dict[str, Signal] = {
    "luma": Signal("gray levels", "neither", "mean luma of the picture", "mean"),
    "luma_gain": Signal("%", "lower", "change of brightness after motion compensation", "rms"),
    "chroma_shift": Signal("dE", "lower", "change of color after motion compensation", "rms"),
    "warp_residual": Signal(
        "gray levels", "lower", "what motion and gain do not explain", "median"
    ),
    "noise": Signal("gray levels", "lower", "sigma of the grain in flat areas", "median"),
    "sharpness": Signal(
        "%", "neither", "fine gradient energy over coarse gradient energy", "median"
    ),
    "motion": Signal("px/s", "neither", "median speed of the picture in source pixels", "median"),
    "camera_x": Signal(
        "px", "neither", "shift of the picture to the right by the camera, in source pixels", "mean"
    ),
    "camera_y": Signal(
        "px", "neither", "shift of the picture down by the camera, in source pixels", "mean"
    ),
    "camera_zoom": Signal("%", "neither", "growth of the picture by the camera", "mean"),
    "own_x": Signal(
        "px", "neither", "step to the right of what moves on its own, in source pixels", "mean"
    ),
    "own_y": Signal(
        "px", "neither", "step down of what moves on its own, in source pixels", "mean"
    ),
    "tremble": Signal(
        "px", "lower", "camera path without its smooth part, in source pixels", "rms"
    ),
    "occlusion": Signal(
        "share", "neither", "area without a counterpart in the frame before", "median"
    ),
    "change": Signal(
        "gray levels", "neither", "mean absolute difference to the frame before", "mean"
    ),
    "color_step": Signal(
        "dE", "lower", "step of mean color where shots of one place or two windows join", "max"
    ),
    "identity": Signal(
        "share", "higher", "similarity of the least similar object to itself a second ago", "min"
    ),
    "prompt_match": Signal(
        "share", "higher", "clauses of the prompt and references that hold, by a judge", "mean"
    ),
    "subject_similarity": Signal(
        "share",
        "higher",
        "likeness to the shot's first sample and the one before, by DINOv2",
        "mean",
    ),
    "face_similarity": Signal(
        "share",
        "higher",
        "likeness of the largest face to the shot's first one, by ArcFace",
        "min",
    ),
    "motion_raft": Signal("px/s", "neither", "median speed in source pixels, by RAFT", "median"),
    "tracks_kept": Signal(
        "share", "higher", "points of the shot's first sample still seen, by CoTracker", "mean"
    ),
}
