"""Probe: what the file is, whether it decodes to its end, and whether its clock is even.

Source: notes of Open-Sora's pipeline, which reads meta information and drops what is broken.
"""

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

SCORES = {
    "num_frames": "frames that were decoded",
    "fps": "nominal frames a second",
    "width": "pixels",
    "height": "pixels",
    "variable_rate": "1 if frame times are not even, else 0",
    "longest_gap": "longest time between two frames over the usual one",
}
MARKS = {
    "undecodable": "it cannot be opened, or not one frame can be decoded",
    "broken": "the file is damaged or breaks off before its end",
    "small": "a side has less than 64 pixels",
}
LEAST_SIDE = 64
"""Pixels; below it motion cannot be searched, and no bucket in use is smaller."""


def probe(row: Row, statistics: Statistics) -> Verdict:
    """Size, rate, length, damage."""
    info, seconds = statistics.info, statistics.seconds
    steps = seconds[1:] - seconds[:-1]
    scores = {
        "num_frames": float(len(seconds)),
        "fps": float(info.fps),
        "width": float(info.width),
        "height": float(info.height),
        "variable_rate": float(info.variable_rate),
    }
    if len(steps):
        scores["longest_gap"] = float(steps.max()) / statistics.step_s
    marks = {}
    wrong = [w for w in statistics.warnings if _damage(w)]
    if wrong:
        marks["broken"] = wrong[0].removeprefix(f"{info.name}: ").removeprefix(f"{info.name} ")
    if min(info.width, info.height) < LEAST_SIDE:
        marks["small"] = f"{info.width}x{info.height} pixels"
    return Verdict(scores, marks)


def _damage(warning: str) -> bool:
    return any(word in warning for word in ("breaks off", "is damaged", "cannot be decoded"))
