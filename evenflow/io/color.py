"""Color matrices: from stored numbers to RGB and back, exactly as ITU-T H.273 writes them down.

Source: ITU-T H.273 (07/2021), equations 38 to 50 (quantization) and 8.3 (Kr, Kb per matrix).
Differs: chroma is moved between its own and the luma grid by a biorthogonal pair of filters
(`kernels.py`), so that RGB -> 4:2:0 -> RGB -> 4:2:0 returns the same chroma.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ColorTags, Pixels
from evenflow.io.layouts import PixelLayout, layout_of

KR_KB: dict[str, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
    "smpte240m": (0.212, 0.087),
    "fcc": (0.30, 0.11),
}
"""Luma weights of red and blue, H.273 table 4."""

MATRIX_OF_CODE: dict[int, str] = {
    0: "rgb", 1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020",
}  # fmt: skip
CODE_OF_MATRIX: dict[str, int] = {
    "rgb": 0, "bt709": 1, "fcc": 4, "bt601": 6, "smpte240m": 7, "bt2020": 9, "gray": 2,
}  # fmt: skip
UNSUPPORTED_MATRICES: dict[int, str] = {
    8: "YCgCo", 10: "BT.2020 constant luminance", 11: "SMPTE 2085", 12: "chromaticity-derived",
    13: "chromaticity-derived constant luminance", 14: "ICtCp", 15: "IPT-C2", 16: "YCgCo-Re",
    17: "YCgCo-Ro",
}  # fmt: skip

PRIMARIES_OF_CODE: dict[int, str] = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "bt601", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "xyz", 11: "dci-p3", 12: "display-p3", 22: "ebu3213",
}  # fmt: skip
TRANSFER_OF_CODE: dict[int, str] = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "bt601", 7: "smpte240m", 8: "linear", 9: "log100",
    10: "log316", 11: "xvycc", 12: "bt1361", 13: "srgb", 14: "bt2020-10", 15: "bt2020-12",
    16: "pq", 17: "smpte428", 18: "hlg",
}  # fmt: skip
CODE_OF_PRIMARIES = {name: code for code, name in PRIMARIES_OF_CODE.items()}
CODE_OF_TRANSFER = {name: code for code, name in TRANSFER_OF_CODE.items()}
HDR_TRANSFERS = ("pq", "hlg")


def resolve_tags(
    layout: PixelLayout,
    height: int,
    *,
    matrix: int,
    full_range: int,
    primaries: int,
    transfer: int,
    codec: str = "",
) -> ColorTags:
    """The color tags of a stream, with every tag that it does not carry filled in and listed.

    Args:
        layout: how its planes are stored.
        height: rows of the stored picture; an untagged one of 720 or more is taken as BT.709.
        matrix, full_range, primaries, transfer: FFmpeg's codes, which are H.273's (2 unknown;
            range 1 limited, 2 full, 0 unknown).
        codec: FFmpeg's codec name; still-image codecs are full range with centered chroma.
    """
    assumed: list[str] = []
    high = height >= 720
    jpeg = codec in ("mjpeg", "webp", "png", "gif")
    if layout.family in ("rgb", "gbr"):
        name = "rgb"
    elif layout.family == "gray":
        name = "gray"
    elif matrix in MATRIX_OF_CODE and matrix != 0:
        name = MATRIX_OF_CODE[matrix]
    else:
        name = "bt601" if jpeg or not high else "bt709"
        assumed.append("matrix")
    if layout.full or layout.family in ("rgb", "gbr"):
        full = True
    elif full_range in (1, 2):
        full = full_range == 2
    else:
        full = jpeg or (layout.family == "gray" and codec in ("ffv1", "rawvideo", "tiff", "exr"))
        assumed.append("range")
    rgb = name == "rgb" or (name == "gray" and full)
    if primaries in PRIMARIES_OF_CODE:
        first = PRIMARIES_OF_CODE[primaries]
    else:
        first = "bt709" if rgb or high or jpeg else "bt601"
        assumed.append("primaries")
    if transfer in TRANSFER_OF_CODE:
        curve = TRANSFER_OF_CODE[transfer]
    else:
        curve = "srgb" if rgb or jpeg else ("bt709" if high else "bt601")
        assumed.append("transfer")
    return ColorTags(name, full, first, curve, tuple(assumed))


def matrix_to_rgb(matrix: str) -> NDArray[np.float64]:
    """R'G'B' in [0, 1] from Y' in [0, 1] and Cb, Cr in [-0.5, 0.5], as a 3 x 3 matrix.

    >>> np.round(matrix_to_rgb("bt709")[0, 2], 4)
    np.float64(1.5748)
    """
    kr, kb = KR_KB[matrix]
    kg = 1 - kr - kb
    return np.array(
        [
            [1, 0, 2 * (1 - kr)],
            [1, -2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg],
            [1, 2 * (1 - kb), 0],
        ]
    )


def matrix_from_rgb(matrix: str) -> NDArray[np.float64]:
    """Y', Cb, Cr from R'G'B' in [0, 1]; H.273 equations 38 to 40."""
    kr, kb = KR_KB[matrix]
    kg = 1 - kr - kb
    return np.array(
        [
            [kr, kg, kb],
            [-kr / (2 * (1 - kb)), -kg / (2 * (1 - kb)), 0.5],
            [0.5, -kg / (2 * (1 - kr)), -kb / (2 * (1 - kr))],
        ]
    )


def quantization(depth: int, full_range: bool) -> tuple[float, float, float, float]:
    """Black level, luma swing, chroma zero and chroma swing of `depth`-bit numbers (H.273 8.3)."""
    if full_range:
        white = float((1 << depth) - 1)
        return 0.0, white, float(1 << (depth - 1)), white
    scale = float(1 << (depth - 8))
    return 16 * scale, 219 * scale, 128 * scale, 224 * scale


def centered_chroma(layout: PixelLayout, codec: str) -> bool:
    """True if chroma sits between luma columns (JPEG), not on even ones (MPEG-2 and later)."""
    return layout.full or codec in ("mjpeg", "webp", "mpeg1video")


def to_pixels(
    planes: tuple[NDArray, ...], layout: PixelLayout, color: ColorTags, *, centered: bool = False
) -> Pixels:
    """Stored planes as RGB, RGBA or gray `(h, w, c)`; uint8 from 8-bit planes, else uint16.

    Args:
        planes: `(rows, columns)` arrays, packed formats `(rows, columns, components)`.
        layout: how the planes are to be read.
        color: matrix and range.
        centered: chroma sits between luma columns.
    """
    from evenflow.io import kernels

    planes = tuple(_sealed(plane) for plane in planes)
    height, width = planes[0].shape[:2]
    wide = layout.depth > 8
    top = np.float32((1 << layout.depth) - 1)
    out = np.empty((height, width, layout.channels), np.uint16 if wide else np.uint8)
    if layout.family == "gray":
        _gray_to_pixels(planes[0], layout, color, out)
    elif layout.family == "rgb":
        picks = np.array([layout.order.index(c) for c in "rgba"[: layout.channels]], np.int64)
        kernels.pick(planes[0], picks, out)
    elif layout.family == "gbr":
        stored = (planes[2], planes[0], planes[1], *planes[3:])
        if not wide:
            for c, plane in enumerate(stored):
                out[:, :, c] = plane
        else:
            for c, plane in enumerate(stored):
                kernels.stretch(plane, np.float32(65535.0) / top, out, c)
    else:
        black, swing, zero, chroma_swing = quantization(layout.depth, color.full_range)
        weights = matrix_to_rgb(color.matrix)
        if not wide:
            kernels.yuv8_to_rgb(
                *planes[:3],
                kernels.fixed_point(weights, black, swing, zero, chroma_swing),
                (layout.log2_w, layout.log2_h, centered),
                out,
            )
        else:
            gain = weights * np.array([1 / swing, 1 / chroma_swing, 1 / chroma_swing]) * 65535
            kernels.yuv16_to_rgb(
                *planes[:3],
                gain.astype(np.float32),
                np.array([black, zero], np.float32),
                (layout.log2_w, layout.log2_h, centered),
                out,
            )
        if layout.alpha:
            if wide:
                kernels.stretch(planes[3], np.float32(65535.0) / top, out, 3)
            else:
                out[:, :, 3] = planes[3]
    return out


def _sealed(array: NDArray) -> NDArray:
    """A contiguous, read-only view, so that every kernel is compiled for one kind of array."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _gray_to_pixels(plane: NDArray, layout: PixelLayout, color: ColorTags, out: NDArray) -> None:
    black, swing, _, _ = quantization(layout.depth, color.full_range)
    white = 255.0 if layout.depth == 8 else 65535.0
    levels = np.arange(1 << layout.depth, dtype=np.float64)
    table = np.clip(np.floor((levels - black) * (white / swing) + 0.5), 0, white).astype(out.dtype)
    luma = plane[:, :, 0] if plane.ndim == 3 else plane
    picture = luma if np.array_equal(table, levels) else table[np.minimum(luma, len(levels) - 1)]
    if not layout.alpha:
        out[:, :, 0] = picture
        return
    out[:, :, :3] = picture[:, :, None]
    alpha = plane[:, :, 1]
    out[:, :, 3] = alpha


def from_pixels(
    picture: Pixels, name: str, color: ColorTags, *, centered: bool = False
) -> tuple[NDArray, ...]:
    """A picture as the planes of pixel format `name`: the inverse of `to_pixels`.

    Values are rounded once, chroma after its filter; out-of-range results are clipped.
    """
    from evenflow.io import kernels

    layout = layout_of(name)
    height, width, channels = picture.shape
    white = np.float32(np.iinfo(picture.dtype).max)
    top = np.float32((1 << layout.depth) - 1)
    shapes = layout.planes(width, height)
    planes = tuple(
        np.empty(
            (p.rows, p.columns) if p.components == 1 else (p.rows, p.columns, p.components),
            layout.dtype,
        )
        for p in shapes
    )
    if channels == 4 and not layout.alpha:
        picture = picture[:, :, :3]
    if layout.family == "gray":
        luma = picture[:, :, 0]
        if picture.shape[2] >= 3:
            luma = _luma(picture, KR_KB["bt709"])
        if layout.depth == 8 and luma.dtype == np.uint8 and color.full_range:
            gray = luma
        else:
            black, swing, _, _ = quantization(layout.depth, color.full_range)
            scaled = luma.astype(np.float64) * (swing / float(white)) + black
            gray = np.clip(np.floor(scaled + 0.5), 0, float(top)).astype(layout.dtype)
        if layout.alpha:
            planes[0][:, :, 0] = gray
            planes[0][:, :, 1] = _alpha(picture, channels, layout)
        else:
            planes[0][:] = gray
        return planes
    if channels == 1:
        picture = picture.repeat(3, axis=2)
    if layout.family in ("rgb", "gbr"):
        scaled = _rescale(picture[:, :, :3], layout)
        if layout.family == "gbr":
            for plane, c in zip(planes, (1, 2, 0), strict=False):
                plane[:] = scaled[:, :, c]
        else:
            for c, letter in enumerate("rgb"):
                planes[0][:, :, layout.order.index(letter)] = scaled[:, :, c]
            if "x" in layout.order:
                planes[0][:, :, layout.order.index("x")] = int(top)
        if layout.alpha:
            alpha = _alpha(picture, channels, layout)
            if layout.family == "gbr":
                planes[3][:] = alpha
            else:
                planes[0][:, :, layout.order.index("a")] = alpha
        return planes
    black, swing, zero, chroma_swing = quantization(layout.depth, color.full_range)
    gain = matrix_from_rgb(color.matrix) * np.array([[swing], [chroma_swing], [chroma_swing]])
    kernels.rgb_to_yuv(
        _sealed(picture),
        (gain / float(white)).astype(np.float32),
        np.array([black, zero, top], np.float32),
        (layout.log2_w, layout.log2_h, centered),
        *planes[:3],
    )
    if layout.alpha:
        planes[3][:] = _alpha(picture, channels, layout)
    return planes


def _luma(picture: Pixels, kr_kb: tuple[float, float]) -> NDArray:
    kr, kb = kr_kb
    rgb = picture[:, :, :3].astype(np.float64)
    luma = kr * rgb[:, :, 0] + (1 - kr - kb) * rgb[:, :, 1] + kb * rgb[:, :, 2]
    return np.floor(luma + 0.5).astype(picture.dtype)


def _rescale(values: NDArray, layout: PixelLayout) -> NDArray:
    white = np.iinfo(values.dtype).max
    top = (1 << layout.depth) - 1
    if white == top:
        return values
    # Whole numbers, so no rounding depends on the machine.
    return ((values.astype(np.uint32) * np.uint32(top) + white // 2) // white).astype(layout.dtype)


def _alpha(picture: Pixels, channels: int, layout: PixelLayout) -> NDArray | int:
    if channels != 4:
        return (1 << layout.depth) - 1
    return _rescale(picture[:, :, 3], layout)


def delivery_tags(source: ColorTags | None) -> ColorTags:
    """The tags that a delivery file gets: BT.709; high dynamic range stays what it is."""
    if source is not None and (source.transfer in HDR_TRANSFERS or source.primaries == "bt2020"):
        return replace(source, matrix="bt2020", full_range=False, assumed=())
    primaries, transfer = "bt709", "bt709"
    if source is not None and "primaries" not in source.assumed and source.matrix != "rgb":
        primaries = source.primaries
    return ColorTags("bt709", False, primaries, transfer)
