"""Edges: antialiasing of the pixels where two parts meet, and of no others.

A pixel whose part differs from a neighbor's is cast again at four points of a rotated grid. What a
sample sees is shaded once per pixel and part: samples of the part that the pixel's center shows
take the color that is there already, so most edge pixels cost one more color.

Source: the rotated grid of Akenine-Moeller 2003, FLIPQUAD: low-cost multisampling rasterization.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int32
from torch import Tensor

from evenflow.world import raster

SAMPLES = ((-0.125, -0.375), (0.375, -0.125), (-0.375, 0.125), (0.125, 0.375))
"""Offsets from the pixel's center, (x, y)."""
GROUND, SKY = -1, -2
"""What stands for the ground and for the sky where a part's number is expected."""


@dataclass(frozen=True)
class Samples:
    """What edge pixels show besides their centers.

    Args:
        pixel: the edge pixels; sample `s` of edge pixel `i` is cell `4 i + s`.
        own: share of an edge pixel that shows what its center shows.
        weight: share of its pixel that a cell's color has; 0 for cells that need no color.
        things: points of parts that need a color; ground, sky: cells that need one.
        depth: of the ground cells.
    """

    pixel: Int32[Tensor, " e"]
    own: Float[Tensor, " e"]
    weight: Float[Tensor, " cells"]
    things: raster.Surface
    ground: Int32[Tensor, " g"]
    depth: Float[Tensor, " cells"]
    sky: Int32[Tensor, " s"]


def mask(who: Int32[Tensor, "b h w"]) -> Bool[Tensor, "b h w"]:
    """True for pixels with a neighbor that shows another part."""
    across = who[:, :, 1:] != who[:, :, :-1]
    along = who[:, 1:] != who[:, :-1]
    out = torch.zeros_like(who, dtype=torch.bool)
    out[:, :, 1:] = across
    out[:, :, :-1] |= across
    out[:, 1:] |= along
    out[:, :-1] |= along
    return out


def place(
    cell: Int32[Tensor, " k"], pixel: Int32[Tensor, " e"], width: int, height: int
) -> tuple[Int32[Tensor, " k"], Float[Tensor, " k"], Float[Tensor, " k"]]:
    """Frame, x and y (in pixels) of sample cells."""
    slot = cell >> 2
    corner = torch.tensor(SAMPLES, dtype=torch.float32, device=cell.device).t() + 0.5
    shift = corner.index_select(1, cell & 3)
    where = pixel.index_select(0, slot)
    row = torch.div(where, width, rounding_mode="floor")
    frame = torch.div(row, height, rounding_mode="floor")
    return frame, where - row * width + shift[0], row - frame * height + shift[1]


def resample(
    who: Int32[Tensor, "b h w"],
    list_: raster.Pairs,
    local: raster.Local,
    view: raster.View,
    ground: raster.Rays,
    far: float,
) -> Samples:
    """Cast the edge pixels again.

    Args:
        who: part of every pixel, GROUND or SKY.
        list_, local, view: of the cast at the pixels' centers.
        ground: rays of the view's frames; far: where the ground ends.
    """
    height, width = who.shape[1:]
    flat = who.reshape(-1)
    pixel = mask(who).reshape(-1).nonzero()[:, 0].to(torch.int32)
    slot = torch.full((flat.shape[0],), -1, dtype=torch.int32, device=who.device)
    slot.scatter_(
        0, pixel.to(torch.int64), torch.arange(len(pixel), dtype=torch.int32, device=who.device)
    )
    cells = 4 * len(pixel)
    last = flat.shape[0] - 1
    wanted = slot.index_select(0, list_.cell.clamp_max(last))
    chosen = ((wanted >= 0) & (list_.cell <= last)).nonzero()[:, 0].to(torch.int32)
    again = raster.spread(list_, local, chosen, wanted.index_select(0, chosen), SAMPLES)
    buffer = raster.zbuffer(again, local, view.orthographic, cells)
    every = torch.arange(cells, dtype=torch.int32, device=who.device)
    frame, x, y = place(every, pixel, width, height)
    floor = raster.ground_depth(ground, frame, x, y, far)
    depth = buffer.depth
    thing = depth < floor
    seen = torch.where(
        thing, buffer.inst, torch.where(floor < torch.inf, GROUND, SKY).to(torch.int32)
    )
    four = seen.view(-1, 4)
    center = flat.index_select(0, pixel)
    same = four == center[:, None]
    own = (same[:, 0].float() + same[:, 1] + same[:, 2] + same[:, 3]) * 0.25
    weight = torch.zeros_like(four, dtype=torch.float32)
    for s in range(4):
        new = ~same[:, s]
        for before in range(s):
            new = new & (four[:, s] != four[:, before])
        count = new.to(torch.float32)
        for after in range(s + 1, 4):
            count = count + (new & (four[:, s] == four[:, after]))
        weight[:, s] = count * 0.25
    weight = weight.view(-1)
    needed = weight > 0
    things = raster.surface(
        buffer, local, view.orthographic, (needed & thing).index_select(0, again.cell)
    )
    return Samples(
        pixel,
        own,
        weight,
        things,
        raster.padded((needed & (seen == GROUND)).nonzero()[:, 0].to(torch.int32)),
        floor,
        raster.padded((needed & (seen == SKY)).nonzero()[:, 0].to(torch.int32)),
    )


def blend(linear: Float[Tensor, "3 p"], samples: Samples, color: Float[Tensor, "3 cells"]) -> None:
    """Mix the colors of samples into edge pixels, in place.

    Args:
        linear: of all pixels.
        color: of sample cells; anything finite where the weight is 0.
    """
    parts = (color * samples.weight).view(3, -1, 4)
    index = samples.pixel
    center = linear.index_select(1, index) * samples.own
    mixed = center + (parts[..., 0] + parts[..., 1]) + (parts[..., 2] + parts[..., 3])
    for channel in range(3):
        linear[channel].scatter_(0, index.to(torch.int64), mixed[channel])
