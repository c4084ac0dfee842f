"""Motion blur: what moves is drawn out along its way while a shutter is open.

Light is averaged along each pixel's own path, half of it before and half after the frame's time:
along the true flow where there is one, else along flow that is estimated from the pictures.
Recorded are the share of the frame that the shutter is open, the mean length of the streaks in
pixels, and whether the flow was true. Truth stays that of the frame's time.

Source: Cabral & Leedom 1993, Imaging vector fields using line integral convolution,
SIGGRAPH, section 4, with a box filter as the shutter. Differs: paths are straight within a frame's
time.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from evenflow.data.augmentations.augmentation import Changed
from evenflow.data.augmentations.light import encoded, linear
from evenflow.data.example import Example

SETTINGS = {"shutter": 0.5, "spread": 0.25}
"""Share of the frame's time that the shutter is open: its mean over clips, and half of the range
that it is drawn from; kept in [0, 1]."""
TAPS = 33
"""Points along a path, at most; streaks longer than this many pixels show gaps."""


def motion_blur(
    example: Example, rng: np.random.Generator, settings: Mapping[str, float]
) -> Changed:
    """Blur an example along its motion; see the numbers above."""
    mean, spread = settings["shutter"], settings["spread"]
    shutter = float(np.clip(rng.uniform(mean - spread, mean + spread), 0.0, 1.0))
    ahead, back, true = flows(example)
    video, frames = example.video, example.video.shape[1]
    longest = float(torch.stack([ahead, back]).norm(dim=-1).max()) if frames > 1 else 0.0
    taps = min(TAPS, 1 + 2 * int(np.ceil(longest * shutter / 2)))
    light_ = linear(video)
    total = torch.zeros_like(light_)
    for k in range(taps):
        share = (k + 0.5) / taps - 0.5  # of the shutter, before 0 and after
        way = ahead * (share * shutter) if share >= 0 else back * (-share * shutter)
        # What is seen here at that moment stood behind, against its own motion.
        total = total + _looked_up(light_, -way)
    changed = encoded((total / taps).clamp(0, 1))
    length = (ahead.norm(dim=-1) + back.norm(dim=-1)).mean((1, 2)) / 2 * shutter
    device = video.device
    told = {
        "motion_blur": torch.full((frames,), shutter, device=device),
        "motion_blur_pixels": length.to(torch.float32),
        "motion_blur_true": torch.full((frames,), true, dtype=torch.bool, device=device),
    }
    return Changed(Example(changed, example.fps, example.truth), told)


def flows(example: Example) -> tuple[Tensor, Tensor, bool]:
    """Flow to the next and the previous frame, `(t, h, w, 2)`, and whether it is the true one.

    At the ends of shots the other direction is turned round.
    """
    truth = example.truth
    frames, height, width = example.video.shape[1:]
    device = example.video.device
    inner = torch.ones(frames, dtype=torch.bool, device=device)
    if "forward_flow" in truth or "backward_flow" in truth:
        ahead, back = truth.get("forward_flow"), truth.get("backward_flow")
        there = inner.clone()
        there[-1:] = False
        before = inner.clone()
        before[:1] = False
        on = truth.get("forward_valid", there) & there
        off = truth.get("backward_valid", before) & before
        if ahead is None or back is None:
            one = ahead if ahead is not None else back
            assert one is not None
            ahead, back = (one, -one) if ahead is not None else (-one, one)
            on = off = on if truth.get("forward_flow") is not None else off
        true = True
    else:
        ahead = torch.zeros((frames, height, width, 2), device=device)
        back = torch.zeros_like(ahead)
        on, off, true = torch.zeros_like(inner), torch.zeros_like(inner), False
        if frames > 1 and min(height, width) >= 32:
            found = _estimated(example.video)
            ahead[:-1] = torch.from_numpy(found[0]).to(device)
            back[1:] = torch.from_numpy(found[1]).to(device)
            on[:-1], off[1:] = True, True
    a, o = on[:, None, None, None], off[:, None, None, None]
    zero = torch.zeros_like(ahead)
    return (
        torch.where(a, ahead, torch.where(o, -back, zero)),
        torch.where(o, back, torch.where(a, -ahead, zero)),
        true,
    )


def _estimated(video: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Flow of all neighbors, forth and back, `(t - 1, h, w, 2)`; none across a cut."""
    import cv2

    from evenflow.motion.flow import flow

    pictures = (video.permute(1, 2, 3, 0).cpu().numpy() * 255).round().astype(np.uint8)
    gray = [cv2.cvtColor(np.ascontiguousarray(one), cv2.COLOR_RGB2GRAY) for one in pictures]
    pairs = list(zip(gray, gray[1:], strict=False))
    ahead = np.stack([flow(a, b) for a, b in pairs]).astype(np.float32)
    back = np.stack([flow(b, a) for a, b in pairs]).astype(np.float32)
    side = max(gray[0].shape)
    limit = side / 4  # farther than this it is no motion but a mistake, or a cut
    for field in (ahead, back):
        wrong = np.linalg.norm(field, axis=-1) > limit
        field[wrong] = 0
        field[wrong.mean((1, 2)) > 0.2] = 0
    return ahead, back


def _looked_up(video: Tensor, offset: Tensor) -> Tensor:
    """Pictures `(c, t, h, w)` at every pixel plus an offset `(t, h, w, 2)` in pixels."""
    height, width = video.shape[2:]
    x = torch.arange(width, device=video.device, dtype=torch.float32) + 0.5
    y = (torch.arange(height, device=video.device, dtype=torch.float32) + 0.5)[:, None]
    grid = torch.stack(
        [2 * (x + offset[..., 0]) / width - 1, 2 * (y + offset[..., 1]) / height - 1], -1
    )
    out = F.grid_sample(
        video.transpose(0, 1), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return out.transpose(0, 1)
