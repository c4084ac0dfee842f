"""Example: one sample as tensors, with all that is true of it; and how truth moves with pictures.

A crop, a change of size, a shaking camera: each is a map from old to new pixels in every frame.
`moved` takes whatever lies beside a picture along: ids and depth to their new places, flow to what
it then is, cameras to those that would have seen it so.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from evenflow.data.sample import Bucket, Crop

DENSE = (
    "depth", "instance", "part", "forward_occlusion", "backward_occlusion", "normals", "shadow",
    "albedo", "coordinates", "mask",
)  # fmt: skip
"""Truth of pixels that is the same wherever the pixel is seen."""
FLOWS = {"forward": 1, "backward": -1}


@dataclass(frozen=True)
class Example:
    """One sample.

    Args:
        video: RGB in [0, 1], sRGB-encoded.
        fps: of its frames.
        truth: by the names of `world.truth.Truth`, with frames first (`tracks`, `track_occluded`
            have them second); what is not known is not there. `intrinsics` and `world_to_camera`
            are there whenever the camera is known.
    """

    video: Float[Tensor, "c t h w"]
    fps: Fraction
    truth: dict[str, Tensor] = field(default_factory=dict)


def fit(crop: Crop, bucket: Bucket) -> Float[Tensor, "3 3"]:
    """The map from pixels of a picture to those of its crop at the bucket's size."""
    across, down = bucket.width / crop.width, bucket.height / crop.height
    return torch.tensor(
        [[across, 0, -crop.x * across], [0, down, -crop.y * down], [0, 0, 1]], dtype=torch.float64
    )


def scaled(example: Example, crop: Crop, bucket: Bucket) -> Example:
    """A crop of the pictures at the bucket's size, with all that lies beside it.

    Pictures that shrink are averaged, which a warp would not do.
    """
    frames, height, width = example.video.shape[1:]
    if crop == Crop(0, 0, width, height) and (width, height) == (bucket.width, bucket.height):
        return example
    some = example.video[:, :, crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    if (crop.width, crop.height) != (bucket.width, bucket.height):
        some = F.interpolate(
            some.transpose(0, 1), size=(bucket.height, bucket.width), mode="bilinear",
            antialias=True, align_corners=False,
        ).transpose(0, 1).clamp(0, 1)  # fmt: skip
    matrix = fit(crop, bucket).to(some.device).expand(frames, 3, 3)
    truth = moved(example.truth, matrix, (height, width), (bucket.height, bucket.width))
    return replace(example, video=some.contiguous(), truth=truth)


def warped(
    video: Float[Tensor, "c t h w"], matrix: Float[Tensor, "t 3 3"]
) -> Float[Tensor, "c t h w"]:
    """Pictures under affine maps of their pixels, bilinear; beyond the edge it goes on.

    Args:
        matrix: of every frame, from old to new pixels (centers at +0.5), last row 0 0 1.
    """
    height, width = video.shape[2:]
    x, y = _sources(matrix, height, width)
    grid = torch.stack([2 * x / width - 1, 2 * y / height - 1], -1).to(video.dtype)
    out = F.grid_sample(
        video.transpose(0, 1), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return out.transpose(0, 1).contiguous()


def _sources(
    matrix: Float[Tensor, "t 3 3"], height: int, width: int
) -> tuple[Float[Tensor, "t h w"], Float[Tensor, "t h w"]]:
    """Where each new pixel's center was."""
    back = torch.linalg.inv(matrix.to(torch.float64))
    x = torch.arange(width, dtype=torch.float64, device=matrix.device) + 0.5
    y = (torch.arange(height, dtype=torch.float64, device=matrix.device) + 0.5)[:, None]
    rows = [
        back[:, i, 0, None, None] * x + back[:, i, 1, None, None] * y + back[:, i, 2, None, None]
        for i in range(2)
    ]
    return rows[0], rows[1]


def moved(
    truth: dict[str, Tensor],
    matrix: Float[Tensor, "t 3 3"],
    before: tuple[int, int],
    after: tuple[int, int],
) -> dict[str, Tensor]:
    """Truth of pictures after their pixels were mapped.

    Ids, depth and flow are those of the old pixel that a new pixel's center falls into. A point
    that leaves the new picture counts as not seen. Boxes and visible pixels are counted anew, and
    left out where there are no ids to count.

    Args:
        truth: as in `Example.truth`.
        matrix: of every frame, affine, from old to new pixels (centers at +0.5).
        before, after: height and width.
    """
    if not truth:
        return truth
    matrix = matrix.to(torch.float64)
    height, width = after
    x, y = _sources(matrix, height, width)
    column = x.floor().to(torch.int64).clamp(0, before[1] - 1)
    row = y.floor().to(torch.int64).clamp(0, before[0] - 1)
    frame = torch.arange(len(matrix), device=matrix.device)[:, None, None]
    out = dict(truth)
    for name in DENSE:
        if name in truth:
            out[name] = truth[name][frame, row, column]
    for way, step in FLOWS.items():
        name = f"{way}_flow"
        if name not in truth:
            continue
        old = truth[name][frame, row, column].to(torch.float64)  # (t, h, w, 2)
        other = torch.roll(matrix, -step, 0)
        spot = torch.stack([x, y], -1)
        there = _apply(other, spot + old)
        here = _apply(matrix, spot)
        flow = there - here
        valid = truth.get(f"{way}_valid")
        edge = torch.ones(len(matrix), dtype=torch.bool, device=matrix.device)
        edge[-1 if step == 1 else 0] = False
        if valid is not None:
            edge = edge & valid
        flow = flow * edge[:, None, None, None]
        out[name] = flow.to(torch.float32)
        if valid is not None:
            out[f"{way}_valid"] = edge
        hidden = f"{way}_occlusion"
        if hidden in truth:
            away = (there[..., 0] < 0) | (there[..., 0] >= width)
            away |= (there[..., 1] < 0) | (there[..., 1] >= height)
            out[hidden] = out[hidden] | away | ~edge[:, None, None]  # no frame shows it
    if "tracks" in truth:
        spots = _apply(matrix, truth["tracks"].transpose(0, 1).to(torch.float64))  # (t, n, 2)
        gone = (spots < 0).any(-1) | (spots[..., 0] >= width) | (spots[..., 1] >= height)
        out["tracks"] = spots.transpose(0, 1).to(torch.float32)
        if "track_occluded" in truth:
            out["track_occluded"] = truth["track_occluded"] | gone.transpose(0, 1)
    if "boxes" in truth or "visible" in truth:
        from evenflow.world.truth import boxes_of

        count = truth["boxes" if "boxes" in truth else "visible"].shape[1]
        for name in ("boxes", "visible"):
            out.pop(name, None)
        if "instance" in out:
            visible, boxes = boxes_of(out["instance"], count)
            out |= {k: v for k, v in (("boxes", boxes), ("visible", visible)) if k in truth}
    if "intrinsics" in truth:
        out["intrinsics"], turn = _camera(matrix, truth["intrinsics"].to(torch.float64))
        if "world_to_camera" in truth:
            pose = truth["world_to_camera"].to(torch.float64)
            out["world_to_camera"] = (turn @ pose).to(torch.float32)
    return out


def _apply(
    matrix: Float[Tensor, "t 3 3"], spots: Float[Tensor, "t *n 2"]
) -> Float[Tensor, "t *n 2"]:
    """Points under the map of their frame."""
    lead = (len(matrix),) + (1,) * (spots.ndim - 2)
    a = matrix[:, :2].reshape(*lead, 2, 3)
    u = a[..., 0, 0] * spots[..., 0] + a[..., 0, 1] * spots[..., 1] + a[..., 0, 2]
    v = a[..., 1, 0] * spots[..., 0] + a[..., 1, 1] * spots[..., 1] + a[..., 1, 2]
    return torch.stack([u, v], -1)


def _camera(
    matrix: Float[Tensor, "t 3 3"], intrinsics: Float[Tensor, "t 3 3"]
) -> tuple[Float[Tensor, "t 3 3"], Float[Tensor, "t 4 4"]]:
    """Intrinsics after the map, and the turn about the optical axis that goes to the pose.

    The map times K is split into an upper triangular K' and a rotation about z (RQ of its upper
    left 2 x 2), so that x' = K' R (R_wc X + t) sees what the mapped picture shows.
    """
    both = matrix @ intrinsics
    m = both[:, :2, :2]
    # Lower row of m is (0, d) R: the rotation takes it to the second axis.
    d = torch.hypot(m[:, 1, 0], m[:, 1, 1])
    cos, sin = m[:, 1, 1] / d, m[:, 1, 0] / d
    turn = torch.eye(4, dtype=torch.float64, device=matrix.device).repeat(len(matrix), 1, 1)
    turn[:, 0, 0], turn[:, 0, 1] = cos, -sin
    turn[:, 1, 0], turn[:, 1, 1] = sin, cos
    new = both @ turn[:, :3, :3].transpose(1, 2)
    new[:, 1, 0] = 0
    return new.to(torch.float32), turn
