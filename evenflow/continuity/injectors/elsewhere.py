"""Elsewhere: a region's content, live, at another place of the picture; and where that can be."""

import cv2
import numpy as np

from evenflow.continuity.injectors.fill import Fill
from evenflow.continuity.injectors.plant import Picture
from evenflow.continuity.injectors.region import Region
from evenflow.core.span import Box

Shift = tuple[int, int]


def aside(
    region: Region,
    start: int,
    end: int,
    distance: float,
    rng: np.random.Generator,
    *,
    farthest: float | None = None,
) -> Shift:
    """A shift by `distance` source pixels that keeps the region in view in `[start, end)`.

    Where none of 32 directions does, the one that keeps most of it.

    Args:
        farthest: the distance that the direction is chosen for.
    """
    whole = [region.union(i, i + 1) or region.box for i in range(start, end)]
    reach = np.array([min(b[k] for b in whole) for k in (0, 1)] + [
        max(b[k] for b in whole) for k in (2, 3)
    ])  # fmt: skip
    width, height = region.size
    reaches = distance if farthest is None else farthest
    best, least = 0.0, np.inf
    for angle in rng.uniform(0, 2 * np.pi) + np.arange(32) * 2 * np.pi / 32:
        dx, dy = reaches * np.cos(angle), reaches * np.sin(angle)
        out = (
            max(0, -(reach[0] + dx))
            + max(0, reach[2] + dx - width)
            + max(0, -(reach[1] + dy))
            + max(0, reach[3] + dy - height)
        )
        if out < least:
            best, least = float(angle), out
    return round(distance * np.cos(best)), round(distance * np.sin(best))


def copied(picture: Picture, region: Region, index: int, shift: tuple[float, float]) -> Picture:
    """`picture` with a copy of the region's content laid over it, moved aside by `shift`."""
    view = region.view(index, shift=shift)
    if view is None:
        return picture
    made = picture.copy()
    _lay(made, picture, view, shift)
    return made


def moved(
    picture: Picture, region: Region, index: int, shift: tuple[float, float], fill: Fill
) -> Picture:
    """`picture` with the region's content moved aside by `shift` and what it leaves filled."""
    view = region.view(index, shift=shift)
    made = fill.over(picture, region, index)
    if view is None:
        return made
    x0, y0, x1, y1 = view[0]
    # what the content covers again needs no filling
    kept = picture[y0:y1, x0:x1]
    made[y0:y1, x0:x1] += view[1] * (kept - made[y0:y1, x0:x1])
    _lay(made, picture, view, shift)
    return made


def _lay(
    made: Picture, source: Picture, view: tuple[Box, Picture], shift: tuple[float, float]
) -> None:
    """Lays the pixels of `source` that come to lie in a view over `made`."""
    (x0, y0, x1, y1), alpha = view
    dx, dy = shift
    # where the content lies out of the picture there is nothing to lay over
    rows, cols = np.arange(y0, y1) - dy, np.arange(x0, x1) - dx
    seen = ((rows >= 0) & (rows <= source.shape[0] - 1))[:, None] & (
        (cols >= 0) & (cols <= source.shape[1] - 1)
    )
    if dx == round(dx) and dy == round(dy):
        part = Fill(-round(dx), -round(dy)).fetched(source, (x0, y0, x1, y1))
    else:
        matrix = np.array([[1.0, 0.0, dx - x0], [0.0, 1.0, dy - y0]])
        part = cv2.warpAffine(
            source, matrix, (x1 - x0, y1 - y0),
            flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101,
        ).reshape(y1 - y0, x1 - x0, source.shape[2])  # fmt: skip
    here = made[y0:y1, x0:x1]
    made[y0:y1, x0:x1] = here + alpha * seen[..., None] * (part - here)
