"""Elsewhere: a region's content, live, at another place of the picture; and where that can be."""

import numpy as np

from evenflow.continuity.injectors.fill import Fill
from evenflow.continuity.injectors.plant import Picture
from evenflow.continuity.injectors.region import Region
from evenflow.core.span import Box

Shift = tuple[int, int]


def aside(region: Region, start: int, end: int, distance: float, rng: np.random.Generator) -> Shift:
    """A shift by `distance` source pixels that keeps the region in view in `[start, end)`.

    Where none of 32 directions does, the one that keeps most of it.
    """
    whole = [region.union(i, i + 1) or region.box for i in range(start, end)]
    reach = np.array([min(b[k] for b in whole) for k in (0, 1)] + [
        max(b[k] for b in whole) for k in (2, 3)
    ])  # fmt: skip
    width, height = region.size
    best, least = (0, 0), np.inf
    for angle in rng.uniform(0, 2 * np.pi) + np.arange(32) * 2 * np.pi / 32:
        dx, dy = round(distance * np.cos(angle)), round(distance * np.sin(angle))
        out = (
            max(0, -(reach[0] + dx))
            + max(0, reach[2] + dx - width)
            + max(0, -(reach[1] + dy))
            + max(0, reach[3] + dy - height)
        )
        if out < least:
            best, least = (dx, dy), out
    return best


def copied(picture: Picture, source: Picture, region: Region, index: int, shift: Shift) -> Picture:
    """`picture` with the region's content of `source`, moved by `shift`, laid over it."""
    view = region.view(index, shift=shift)
    if view is None:
        return picture
    (x0, y0, x1, y1), alpha = view
    # where the region itself leaves the picture there is nothing to lay over
    rows = np.arange(y0, y1) - shift[1]
    cols = np.arange(x0, x1) - shift[0]
    seen = ((rows >= 0) & (rows < source.shape[0]))[:, None] & (
        (cols >= 0) & (cols < source.shape[1])
    )
    part = Fill(-shift[0], -shift[1]).fetched(source, (x0, y0, x1, y1))
    made = picture.copy()
    here = made[y0:y1, x0:x1]
    made[y0:y1, x0:x1] = here + alpha * seen[..., None] * (part - here)
    return made


def bounds(*views: tuple[Box, Picture] | None) -> Box | None:
    """Around everything that is in view."""
    boxes = [view[0] for view in views if view is not None]
    if not boxes:
        return None
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
