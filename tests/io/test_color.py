import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.clip import ColorTags
from evenflow.io.color import from_pixels, resolve_tags, to_pixels
from evenflow.io.layouts import layout_of, planar_name

KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def closed_form(y, cb, cr, depth, matrix, full):
    """H.273, written out once more in float64: E'Y, E'PB, E'PR, then R'G'B'."""
    s = 1 << (depth - 8)
    top = (1 << depth) - 1
    if full:
        ey, pb, pr = y / top, (cb - (1 << (depth - 1))) / top, (cr - (1 << (depth - 1))) / top
    else:
        ey, pb, pr = (y / s - 16) / 219, (cb / s - 128) / 224, (cr / s - 128) / 224
    kr, kb = KR_KB[matrix]
    r = ey + 2 * (1 - kr) * pr
    b = ey + 2 * (1 - kb) * pb
    g = (ey - kr * r - kb * b) / (1 - kr - kb)
    return np.stack([r, g, b], -1)


def random_planes(name, w, h, seed=0):
    layout = layout_of(name)
    rng = np.random.default_rng(seed)
    return tuple(
        rng.integers(
            0, 1 << layout.depth,
            (p.rows, p.columns) if p.components == 1 else (p.rows, p.columns, p.components),
        ).astype(layout.dtype)
        for p in layout.planes(w, h)
    )  # fmt: skip


@pytest.mark.parametrize("matrix", list(KR_KB))
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("depth", [8, 9, 10, 12, 14, 16])
def test_full_size_chroma_converts_as_h273_says(matrix, full, depth):
    name = "yuv444p" if depth == 8 else f"yuv444p{depth}le"
    planes = random_planes(name, 64, 40, depth)
    got = to_pixels(planes, layout_of(name), ColorTags(matrix, full, "bt709", "bt709"))
    white = 255 if depth == 8 else 65535
    want = closed_form(*(p.astype(float) for p in planes), depth, matrix, full)
    exact = np.clip(want * white, 0, white)
    # At most half a level from the exact value: rounded to nearest, nothing lost on the way.
    assert np.abs(got - exact).max() <= (0.502 if depth == 8 else 0.55)


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv411p", "yuv440p", "yuv410p"])
def test_flat_color_is_the_same_at_every_chroma_size(name):
    layout = layout_of(name)
    color = ColorTags("bt709", False, "bt709", "bt709")
    full = tuple(np.full((8, 12), v, np.uint8) for v in (120, 90, 200))
    chroma = [
        np.full((p.rows, p.columns), v, np.uint8)
        for p, v in zip(layout.planes(12, 8)[1:], (90, 200), strict=True)
    ]
    planes = (full[0], *chroma)
    want = to_pixels(full, layout_of("yuv444p"), color)
    for centered in (False, True):
        assert (to_pixels(planes, layout, color, centered=centered) == want).all()


def test_chroma_is_interpolated_at_its_place():
    y = np.full((2, 8), 128, np.uint8)
    neutral = np.full((1, 4), 128, np.uint8)
    ramp = np.array([[100, 108, 116, 124]], np.uint8)  # 4 levels a luma column
    color = ColorTags("bt709", True, "bt709", "bt709")
    left = to_pixels((y, neutral, ramp), layout_of("yuv420p"), color)[0, :, 0]
    middle = to_pixels((y, neutral, ramp), layout_of("yuv420p"), color, centered=True)[0, :, 0]
    at = np.arange(1, 6)
    want_left = 128 + 1.5748 * (100 + 4 * at - 128)
    want_middle = 128 + 1.5748 * (100 + 4 * (at - 0.5) - 128)
    assert np.abs(left[1:6] - want_left).max() <= 0.6
    assert np.abs(middle[1:6] - want_middle).max() <= 1.2


@pytest.mark.parametrize("size", [(64, 48), (63, 48), (2, 2), (1, 1), (5, 3)])
@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_going_up_and_down_again_keeps_the_chroma(name, size):
    layout = layout_of(name)
    w, h = size
    y, x = np.mgrid[0:h, 0:w]
    rgb = np.stack([120 + 60 * np.sin(x / 9), 120 + 50 * np.cos(y / 7), 110 + 0 * x + y % 40], -1)
    rgb = rgb.round().astype(np.uint8)
    if layout.depth > 8:
        rgb = rgb.astype(np.uint16) * 257
    color = ColorTags("bt709", layout.full, "bt709", "bt709")
    first = from_pixels(rgb, name, color, centered=layout.full)
    back = to_pixels(first, layout, color, centered=layout.full)
    second = from_pixels(back, name, color, centered=layout.full)
    for a, b in zip(first, second, strict=True):
        assert np.abs(a.astype(int) - b).max() <= 1
        assert (a != b).mean() <= (0.1 if h % 2 == 0 else 0.6)


@pytest.mark.parametrize(
    "name",
    ["rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr", "gbrp",
     "gbrap", "rgb48le", "bgr48le", "rgba64le", "bgra64le", "gbrp16le", "gbrap16le"],
)  # fmt: skip
def test_rgb_layouts_lose_nothing(name):
    layout = layout_of(name)
    rng = np.random.default_rng(1)
    top = 255 if layout.depth == 8 else 65535
    picture = rng.integers(0, top + 1, (7, 9, layout.channels)).astype(layout.dtype)
    color = ColorTags("rgb", True, "bt709", "srgb")
    planes = from_pixels(picture, name, color)
    assert (to_pixels(planes, layout, color) == picture).all()


@pytest.mark.parametrize("depth", [9, 10, 12, 14])
def test_deep_rgb_fills_sixteen_bits_and_comes_back(depth):
    name = f"gbrp{depth}le"
    planes = random_planes(name, 33, 9)
    color = ColorTags("rgb", True, "bt709", "srgb")
    picture = to_pixels(planes, layout_of(name), color)
    exact = planes[2].astype(float) * 65535 / ((1 << depth) - 1)
    assert np.abs(picture[:, :, 0] - exact).max() <= 0.51
    for a, b in zip(planes, from_pixels(picture, name, color), strict=True):
        assert (a == b).all()


def test_gray_honors_its_range():
    plane = (np.array([[0, 16, 126, 235, 255]], np.uint8),)
    limited = to_pixels(plane, layout_of("gray"), ColorTags("gray", False, "bt709", "bt709"))
    full = to_pixels(plane, layout_of("gray"), ColorTags("gray", True, "bt709", "srgb"))
    assert limited[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    assert (full[0, :, 0] == plane[0][0]).all()


def test_gray_with_alpha_becomes_rgba():
    plane = (np.array([[[10, 200]]], np.uint8),)
    got = to_pixels(plane, layout_of("ya8"), ColorTags("gray", True, "bt709", "srgb"))
    assert got.tolist() == [[[10, 10, 10, 200]]]


def test_untagged_video_is_assumed_by_its_height_and_says_so():
    unknown = {"matrix": 2, "full_range": 0, "primaries": 2, "transfer": 2}
    small = resolve_tags(layout_of("yuv420p"), 576, **unknown)
    large = resolve_tags(layout_of("yuv420p"), 720, **unknown)
    assert (small.matrix, large.matrix) == ("bt601", "bt709")
    assert set(small.assumed) == {"matrix", "range", "primaries", "transfer"}
    tagged = resolve_tags(
        layout_of("yuv420p10le"), 2160, matrix=9, full_range=1, primaries=9, transfer=16
    )
    assert tagged == ColorTags("bt2020", False, "bt2020", "pq")


def test_unpacking_other_stores_moves_numbers_and_changes_none():
    av = pytest.importorskip("av")
    rng = np.random.default_rng(2)
    from evenflow.io.worker import planes_of

    y, u, v = (rng.integers(0, 256, s).astype(np.uint8) for s in ((16, 32), (8, 16), (8, 16)))
    frame = av.VideoFrame(32, 16, "nv12")
    for plane, rows in zip(frame.planes, (y, np.stack([u, v], -1).reshape(8, 32)), strict=True):
        flat = np.frombuffer(plane, np.uint8)
        target = flat[: plane.line_size * rows.shape[0]].reshape(-1, plane.line_size)
        target[:, :32] = rows
    for span in (0, 1, 2):
        frame.color_range = span
        got = planes_of(frame, planar_name("nv12"))
        assert all((a == b).all() for a, b in zip(got, (y, u, v), strict=True))
    deep = rng.integers(0, 1024, (16, 32)).astype("<u2")
    half = rng.integers(0, 1024, (8, 32)).astype("<u2")
    frame = av.VideoFrame(32, 16, "p010le")
    for plane, rows in zip(frame.planes, (deep << 6, half << 6), strict=True):
        flat = np.frombuffer(plane, "<u2")
        target = flat[: plane.line_size // 2 * rows.shape[0]].reshape(-1, plane.line_size // 2)
        target[:, :32] = rows
    got = planes_of(frame, "yuv420p10le")
    want = (deep, half[:, ::2], half[:, 1::2])
    assert all((a == b).all() for a, b in zip(got, want, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["yuv420p", "yuv422p", "yuv411p"]))
def test_any_size_converts_both_ways(w, h, name):
    color = ColorTags("bt601", False, "bt601", "bt601")
    planes = random_planes(name, w, h)
    picture = to_pixels(planes, layout_of(name), color)
    assert picture.shape == (h, w, 3)
    back = from_pixels(picture, name, color)
    assert [p.shape for p in back] == [p.shape for p in planes]


def test_conversion_does_not_depend_on_threads():
    from concurrent.futures import ThreadPoolExecutor

    planes = random_planes("yuv420p", 320, 180)
    color = ColorTags("bt709", False, "bt709", "bt709")
    convert = lambda _: to_pixels(planes, layout_of("yuv420p"), color).tobytes()  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(convert, range(8)))) == 1
