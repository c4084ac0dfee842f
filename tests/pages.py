"""Clips whose frames say their own number, and the least page that plays one."""

import base64
import json
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evenflow.core.clip import ArrayFrame, Clip, SourceInfo
from evenflow.core.events import CancelToken

BITS = 12
ROOT = Path(__file__).resolve().parents[1]


def coded_frame(i: int, *, width: int = 640, height: int = 360) -> np.ndarray:
    """A picture that moves, under a bar of black and white fields: the frame's number."""
    frame = np.roll(_ground(width, height), (i, 3 * i), (0, 1))
    for bit in range(BITS):
        a, b = bit * width // BITS, (bit + 1) * width // BITS
        frame[: height // 6, a:b] = 255 if i >> bit & 1 else 0
    return frame


@cache
def _ground(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width] * 2 * np.pi
    waves = [x * 3 / width, y * 2 / height, x * 5 / width + y * 3 / height]
    fine = np.random.default_rng(0).normal(0, 2, (height, width, 3))
    smooth = np.stack([128 + 80 * np.sin(wave) for wave in waves], axis=2)
    return np.clip(smooth + fine, 0, 255).astype(np.uint8)


def coded_frames(num: int, **size: int) -> np.ndarray:
    return np.stack([coded_frame(i, **size) for i in range(num)])


class CodedSource:
    """Such frames, drawn when they are asked for."""

    warnings: tuple[str, ...] = ()

    def __init__(self, num: int, name: str, fps: Fraction, size: dict[str, int]) -> None:
        first = coded_frame(0, **size)
        self.size = size
        self.info = SourceInfo(name, first.shape[1], first.shape[0], fps, num)

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[ArrayFrame]:
        for i in range(*slice(start, stop).indices(self.info.num_frames or 0)):
            if cancel is not None:
                cancel.check()
            yield ArrayFrame(i, i / self.info.fps, coded_frame(i, **self.size))


def coded_clip(
    num: int, *, name: str = "coded.mp4", fps: Fraction = Fraction(24), **size: int
) -> Clip:
    return Clip(CodedSource(num, name, fps, size))


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
