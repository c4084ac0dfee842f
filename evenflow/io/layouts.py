"""Layouts: how a decoder lays a picture out in planes, read off FFmpeg's pixel format names."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from evenflow.core.errors import UnreadableVideo


@dataclass(frozen=True)
class PlaneShape:
    """Rows, columns and interleaved components of one stored plane."""

    rows: int
    columns: int
    components: int


@dataclass(frozen=True)
class PixelLayout:
    """What a pixel format name says.

    Args:
        name: FFmpeg's name, little endian.
        family: `yuv` (planar), `gbr` (planar), `rgb` (packed), `gray`.
        depth: bits per component, 8 to 16, in the low bits of its byte or 16-bit word.
        log2_w, log2_h: how often chroma is halved across and down.
        alpha: a component of straight alpha is stored.
        order: packed only: which component (`r g b a x`) stands where.
        full: the name itself says full range (`yuvj*`).
    """

    name: str
    family: str
    depth: int
    log2_w: int = 0
    log2_h: int = 0
    alpha: bool = False
    order: str = ""
    full: bool = False

    @property
    def dtype(self) -> np.dtype:
        """uint8 or little-endian uint16."""
        return np.dtype(np.uint8) if self.depth == 8 else np.dtype("<u2")

    @property
    def channels(self) -> int:
        """Channels of the picture that `pixels()` gives: 1 gray, 3 RGB, 4 RGB with alpha."""
        if self.alpha:
            return 4
        return 1 if self.family == "gray" else 3

    def planes(self, width: int, height: int) -> tuple[PlaneShape, ...]:
        """Shapes of the stored planes of a `width` x `height` picture."""
        full = PlaneShape(height, width, 1)
        if self.family == "yuv":
            across = -(-width // (1 << self.log2_w))
            down = -(-height // (1 << self.log2_h))
            chroma = PlaneShape(down, across, 1)
            return (full, chroma, chroma) + ((full,) if self.alpha else ())
        if self.family == "gbr":
            return (full,) * (4 if self.alpha else 3)
        return (PlaneShape(height, width, len(self.order)),)

    def num_bytes(self, width: int, height: int) -> int:
        """Bytes of one picture, planes packed without padding."""
        samples = sum(p.rows * p.columns * p.components for p in self.planes(width, height))
        return samples * self.dtype.itemsize


_CHROMA = {"410": (2, 2), "411": (2, 0), "420": (1, 1), "422": (1, 0), "440": (0, 1), "444": (0, 0)}
_PACKED = {
    "rgb24": "rgb", "bgr24": "bgr", "rgba": "rgba", "bgra": "bgra", "argb": "argb",
    "abgr": "abgr", "rgb0": "rgbx", "bgr0": "bgrx", "0rgb": "xrgb", "0bgr": "xbgr",
}  # fmt: skip
_PACKED_16 = {"rgb48le": "rgb", "bgr48le": "bgr", "rgba64le": "rgba", "bgra64le": "bgra"}

RELAYOUT: dict[str, str] = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "nv42": "yuv444p",
    "nv20le": "yuv422p10le", "nv20be": "yuv422p10le", "p010le": "yuv420p10le",
    "p010be": "yuv420p10le", "p012le": "yuv420p12le", "p016le": "yuv420p16le",
    "p210le": "yuv422p10le", "p212le": "yuv422p12le", "p216le": "yuv422p16le",
    "p410le": "yuv444p10le", "p412le": "yuv444p12le", "p416le": "yuv444p16le",
    "yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "uyyvyy411": "yuv411p",
    "y210le": "yuv422p10le", "y212le": "yuv422p12le", "y216le": "yuv422p16le",
    "xv30le": "yuv444p10le", "xv36le": "yuv444p12le", "xv48le": "yuv444p16le",
    "vuyx": "yuv444p", "vyu444": "yuv444p", "vuya": "yuva444p", "ayuv": "yuva444p",
    "uyva": "yuva444p", "ayuv64le": "yuva444p16le",
    "pal8": "rgba", "monow": "gray", "monob": "gray",
    "rgb565le": "rgb24", "rgb555le": "rgb24", "rgb444le": "rgb24", "bgr565le": "rgb24",
    "bgr555le": "rgb24", "rgb8": "rgb24", "bgr8": "rgb24", "rgb4_byte": "rgb24",
    "x2rgb10le": "gbrp10le", "x2bgr10le": "gbrp10le",
}  # fmt: skip
"""Formats that only store the same numbers elsewhere, and the layout they are unpacked to."""


@cache
def layout_of(name: str) -> PixelLayout:
    """The layout behind FFmpeg's pixel format `name`.

    Raises:
        UnreadableVideo: a format that Evenflow does not convert (floats, Bayer, XYZ).

    >>> layout_of("yuv420p10le").planes(5, 3)[1]
    PlaneShape(rows=2, columns=3, components=1)
    """
    if name in _PACKED:
        return PixelLayout(name, "rgb", 8, alpha="a" in _PACKED[name], order=_PACKED[name])
    if name in _PACKED_16:
        return PixelLayout(name, "rgb", 16, alpha="a" in _PACKED_16[name], order=_PACKED_16[name])
    if name in ("ya8", "ya16le"):
        return PixelLayout(name, "gray", 8 if name == "ya8" else 16, alpha=True, order="ya")
    if found := re.fullmatch(r"gray(9|1[0-6])?(le)?", name):
        return PixelLayout(name, "gray", int(found[1] or 8), order="y")
    if found := re.fullmatch(r"gbr(a)?p(9|1[0-6])?(le)?", name):
        return PixelLayout(name, "gbr", int(found[2] or 8), alpha=bool(found[1]))
    if found := re.fullmatch(r"yuv(j|a)?(\d{3})p(\d+)?(le)?", name):
        depth, flag = int(found[3] or 8), found[1]
        if found[2] in _CHROMA and 8 <= depth <= 16:
            log2_w, log2_h = _CHROMA[found[2]]
            return PixelLayout(name, "yuv", depth, log2_w, log2_h, flag == "a", "", flag == "j")
    raise UnreadableVideo(f"the pixel format {name} is not one that Evenflow converts")


def planar_name(name: str) -> str | None:
    """The little-endian name under which format `name` is passed on, or None if it is unknown.

    >>> planar_name("nv12"), planar_name("gray16be"), planar_name("bayer_rggb8")
    ('yuv420p', 'gray16le', None)
    """
    name = RELAYOUT.get(name, name)
    little = re.sub(r"be$", "le", name)
    little = RELAYOUT.get(little, little)
    try:
        return layout_of(little).name
    except UnreadableVideo:
        return None
