"""Pictures of findings: the frame before, the worst one and the one after, small, as WebP."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evenflow.core.finding import Finding
from evenflow.core.report import Shot
from evenflow.reports.proxy import shrink

WIDTH, HEIGHT = 480, 360
"""Pictures fit into this; smaller clips keep their size."""
QUALITY = 78
TYPICAL_BYTES = 18_000
"""What a picture takes, to plan how many there may be."""


@dataclass(frozen=True)
class Still:
    """One small picture: WebP bytes and their size."""

    data: bytes
    width: int
    height: int


BETWEEN_NEIGHBORS = frozenset(
    {"lighting_flicker", "color_flicker", "image_flicker", "unnatural_jump", "teleportation"}
)
"""Kinds that are seen from one frame to the next: the neighbors of the worst frame are shown."""


def roles(
    finding: Finding, *, first: int, end: int, shots: Sequence[Shot] = ()
) -> list[tuple[str, int]]:
    """Which frames show a finding, each with its role.

    The last frame before it, its worst, the first after it; at an edge of the clip or of its shot
    the first or last frame of the finding itself stands in. Of a flicker or a jump the worst frame
    and its two neighbors.

    Args:
        first, end: frames `[first, end)` that the clip has.
        shots: where it is cut.
    """
    span = finding.span
    for shot in shots:
        if shot.start_frame <= finding.peak_frame < shot.end_frame:
            first, end = max(first, shot.start_frame), min(end, shot.end_frame)
    start, stop = max(span.start_frame, first), min(span.end_frame, end)
    before = ("before", start - 1) if start > first else ("first", start)
    after = ("after", stop) if stop < end else ("last", stop - 1)
    if finding.kind in BETWEEN_NEIGHBORS:
        before = ("previous", finding.peak_frame - 1)
        after = ("next", finding.peak_frame + 1)
    seen: dict[int, str] = {}
    for role, frame in (("peak", finding.peak_frame), before, after):
        if first <= frame < end:
            seen.setdefault(frame, role)
    return [(role, frame) for frame, role in sorted(seen.items())]


def plan_stills(
    findings: Sequence[Finding],
    *,
    first: int,
    end: int,
    shots: Sequence[Shot] = (),
    max_bytes: int,
) -> list[list[tuple[str, int]]]:
    """Frames for each finding; the less severe get none where the budget is spent."""
    chosen: list[list[tuple[str, int]]] = [[] for _ in findings]
    frames: set[int] = set()
    for i in sorted(range(len(findings)), key=lambda i: (-findings[i].severity_jnd, i)):
        wanted = roles(findings[i], first=first, end=end, shots=shots)
        more = {frame for _, frame in wanted} - frames
        if (len(frames) + len(more)) * TYPICAL_BYTES > max_bytes:
            break
        frames |= more
        chosen[i] = wanted
    return chosen


def still(picture: NDArray[np.uint8]) -> Still:
    """A picture `(h, w, 3)` RGB, small."""
    height, width = picture.shape[:2]
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    file = io.BytesIO()
    Image.fromarray(shrink(picture, *size)).save(file, "WEBP", quality=QUALITY, method=4)
    return Still(file.getvalue(), *size)
