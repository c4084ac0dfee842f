"""Clips whose frames say their own number, and the least page that plays one."""

import base64
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from evenflow.core.clip import ArraySource, Clip

BITS = 12
ROOT = Path(__file__).resolve().parents[1]


def coded_frames(num: int, *, width: int = 640, height: int = 360, start: int = 0) -> np.ndarray:
    """A picture that moves, under a bar of black and white fields: the frame's number."""
    y, x = np.mgrid[:height, :width]
    frames = np.empty((num, height, width, 3), np.uint8)
    for i in range(num):
        frames[i, :, :, 0] = (x + 3 * i) % 256
        frames[i, :, :, 1] = (y * 2 + i) % 256
        frames[i, :, :, 2] = 128 + 60 * np.sin((x + y + 5 * i) / 40)
        for bit in range(BITS):
            a, b = bit * width // BITS, (bit + 1) * width // BITS
            frames[i, : height // 6, a:b] = 255 if (start + i) >> bit & 1 else 0
    return frames


def coded_clip(
    num: int, *, name: str = "coded.mp4", fps: Fraction = Fraction(24), **size: int
) -> Clip:
    return Clip(ArraySource(coded_frames(num, **size), fps, name))


READ_CODE = """(video) => {
  const bits = BITS, w = 240, h = 12;
  const pen = window.codePen ??= Object.assign(document.createElement('canvas'),
    {width: w, height: h}).getContext('2d', {willReadFrequently: true});
  pen.drawImage(video, 0, 0, video.videoWidth, video.videoHeight / 8, 0, 0, w, h);
  const row = pen.getImageData(0, h / 2, w, 1).data;
  let code = 0;
  for (let bit = 0; bit < bits; bit++)
    if (row[4 * Math.floor((bit + .5) * w / bits)] > 127) code |= 1 << bit;
  return code;
}""".replace("BITS", str(BITS))
"""The number that the picture of a video says, read back from a canvas."""


def bare_page(path: Path, *, video: Path, media: dict[str, Any]) -> Path:
    """A page with nothing but a player of a file as it is."""
    script = (ROOT / "evenflow" / "reports" / "bundle" / "evenflow.js").read_text("utf-8")
    style = (ROOT / "evenflow" / "reports" / "bundle" / "evenflow.css").read_text("utf-8")
    text = base64.b64encode(video.read_bytes()).decode()
    path.write_text(
        f"<!DOCTYPE html><html lang=en><title>x</title><style>{style}</style>"
        f"<ef-player></ef-player>"
        f'<script type="text/plain" id="v">{text}</script><script>{script}</script><script>'
        f"document.querySelector('ef-player').media = {json.dumps(media)}</script></html>",
        encoding="utf-8",
    )
    return path
