import math

import numpy as np
import pytest
from metric_pictures import clip, colored, smooth, worse

import evenflow as ef
from evenflow.core.errors import BadInput
from evenflow.metrics import METRICS, measure
from evenflow.metrics.dynamic_degree import step, threshold, top_displacement
from evenflow.metrics.flow_consistency import flow_consistency
from evenflow.metrics.luma_gain import luma_gain
from evenflow.metrics.motion_smoothness import halfway
from evenflow.metrics.temporal_flickering import steadiness
from evenflow.metrics.warp_error import visible, warp_error


def still(height, width, dx=0.0, dy=0.0):
    flow = np.zeros((height, width, 2), np.float32)
    flow[...] = (dx, dy)
    return flow


def moving(num, *, dx=1.0, size=(96, 128), fps=24):
    return clip([smooth(*size, dx=dx * i) for i in range(num)], fps=fps)


# temporal flickering


def test_flickering_is_one_minus_the_mean_difference():
    frames = [colored(seed=s) for s in range(3)]
    found = METRICS["vbench_temporal_flickering"](clip(frames))
    steps = [
        np.abs(a.astype(float) - b.astype(float)).mean()
        for a, b in zip(frames, frames[1:], strict=False)
    ]
    assert found.summary == pytest.approx((255 - np.mean(steps)) / 255, abs=1e-12)
    assert math.isnan(found.series[0])
    np.testing.assert_allclose(found.series[1:], 1 - np.array(steps) / 255, rtol=1e-6)


def test_flickering_has_its_limits():
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert METRICS["vbench_temporal_flickering"](clip([black, white, black])).summary == 0.0
    assert METRICS["vbench_temporal_flickering"](clip([white, white])).summary == 1.0
    with pytest.raises(BadInput, match="uint8"):
        steadiness(black, white.astype(np.uint16))


def test_the_flaw_in_its_docstring_is_true():
    frames = [worse(smooth(96, 128, dx=2 * i), 6, seed=i) for i in range(4)]
    soft = [np.repeat(np.repeat(f[::8, ::8], 8, 0), 8, 1) // 2 + 64 for f in frames]
    name = "vbench_temporal_flickering"
    assert METRICS[name](clip(soft)).summary > METRICS[name](clip(frames)).summary


# warping error


def slow_visible(ahead, back):
    """Pixel by pixel, as the formula reads; coordinates stop at the border."""
    height, width = ahead.shape[:2]
    seen = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            u, v = (float(c) for c in ahead[y, x])
            px, py = min(max(x + u, 0), width - 1), min(max(y + v, 0), height - 1)
            x0, y0 = int(px), int(py)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            fx, fy = px - x0, py - y0
            top = back[y0, x0] * (1 - fx) + back[y0, x1] * fx
            low = back[y1, x0] * (1 - fx) + back[y1, x1] * fx
            b = (top * (1 - fy) + low * fy).astype(float)
            gap = (u + b[0]) ** 2 + (v + b[1]) ** 2
            hidden = gap > 0.01 * (u * u + v * v + b @ b) + 0.5
            slope = 0.0
            if x + 1 < width:
                slope += ((ahead[y, x] - ahead[y, x + 1]).astype(float) ** 2).sum()
            if y + 1 < height:
                slope += ((ahead[y, x] - ahead[y + 1, x]).astype(float) ** 2).sum()
            seen[y, x] = not hidden and not slope > 0.01 * (u * u + v * v) + 0.002
    return seen


def test_the_mask_is_the_one_written_down():
    rng = np.random.default_rng(3)
    coarse = rng.normal(0, 3, (2, 5, 7, 2))
    ahead, back = (
        np.kron(f, np.ones((8, 8, 1))).astype(np.float32) + rng.normal(0, 0.02, (40, 56, 2))
        for f in coarse
    )
    ahead, back = ahead.astype(np.float32), back.astype(np.float32)
    back[:, :28] = -ahead[:, :28]
    expected = slow_visible(ahead, back)
    assert 0.05 < expected.mean() < 0.95
    assert (visible(ahead, back) == expected).mean() > 0.995  # remap's places are 1/32 pixel


def test_the_error_counts_what_is_seen_over_three_channels():
    rng = np.random.default_rng(4)
    before = rng.random((24, 32, 3)).astype(np.float32)
    after = np.roll(before, 2, axis=1)  # moved right by two
    after[:, :2] = 0.5
    offset = np.float32(0.1)
    ahead, back = still(24, 32, 2.0), still(24, 32, -2.0)
    inner = warp_error(before, after + offset, ahead, back)
    right = np.zeros((24, 32, 3))
    right[:, :30] = 0.1**2
    edge = (after[:, 31:32] + offset - before[:, 30:]) ** 2  # beyond the border: the last column
    right[:, 30:] = edge
    assert inner == pytest.approx(right.mean(), rel=1e-4)


def test_where_nothing_is_seen_the_pair_is_zero():
    a = np.zeros((16, 16, 3), np.float32)
    assert warp_error(a, a + 1, still(16, 16, 8.0), still(16, 16, 8.0)) == 0.0


def test_a_step_of_light_is_its_square_and_motion_costs_little():
    base = smooth(96, 128) // 2
    found = METRICS["warp_error_dis"](clip([base, base + 20, base]))
    assert found.summary == pytest.approx((20 / 255) ** 2, rel=0.02)
    assert METRICS["warp_error_dis"](clip([base] * 3)).summary == 0.0
    plain = np.mean((smooth(96, 128, dx=3).astype(float) - smooth(96, 128)) ** 2) / 255**2
    assert METRICS["warp_error_dis"](moving(4, dx=3.0)).summary < 0.1 * plain


def test_flow_of_the_input_is_that_of_the_reference():
    original = [smooth(96, 128, dx=2.0 * i) for i in range(4)]
    flickering = [np.clip(f.astype(int) + 25 * (i % 2), 0, 255) for i, f in enumerate(original)]
    flickering = [f.astype(np.uint8) for f in flickering]
    found = measure("warp_error_input_dis", clip(flickering), clip(original))
    assert found["warp_error_input_dis"].summary == pytest.approx((25 / 255) ** 2, rel=0.15)
    same = measure("warp_error_dis,warp_error_input_dis", clip(original), clip(original))
    assert same["warp_error_dis"].summary == same["warp_error_input_dis"].summary


# forward-backward consistency


def test_opposite_flows_agree_and_what_leaves_does_not():
    assert flow_consistency(still(20, 30), still(20, 30)) == 1.0
    assert flow_consistency(still(20, 30, 3.0), still(20, 30, -3.0)) == pytest.approx(27 / 30)
    assert flow_consistency(still(20, 30, 3.0), still(20, 30, 3.0)) == 0.0
    slack = math.sqrt(0.5)
    assert flow_consistency(still(20, 30), still(20, 30, 0.99 * slack)) == 1.0
    assert flow_consistency(still(20, 30), still(20, 30, 1.02 * slack)) == 0.0
    with pytest.raises(BadInput, match="one size"):
        flow_consistency(still(20, 30), still(20, 31))


def test_a_pan_agrees_and_a_cut_does_not(bikes):
    name = "flow_consistency_dis"
    assert METRICS[name](moving(3)).summary > 0.9
    series = METRICS[name](clip(ef.read(bikes).frames(28, 33))).series
    assert series[2] < 0.1 and series[[1, 3, 4]].min() > 0.5


# dynamic degree


def test_the_largest_twentieth_is_taken():
    flow = still(20, 20)
    flow[0, :20] = (3.0, 4.0)  # exactly 5 % of 400
    assert top_displacement(flow) == 5.0
    flow[1, 0] = (30.0, 40.0)
    assert top_displacement(flow) == pytest.approx((50 + 19 * 5) / 20)


def test_the_threshold_follows_side_and_rate():
    assert threshold(side=256, fps=24) == 6.0
    assert threshold(side=720, fps=8) == 6.0 * 720 / 256
    assert threshold(side=256, fps=4) == 12.0
    assert [step(r) for r in (4, 8, 24, 25, 29.97, 60)] == [1, 1, 3, 3, 4, 8]


@pytest.mark.parametrize(("dx", "moves"), [(0.0, 0.0), (0.5, 0.0), (2.0, 1.0)])
def test_a_pan_moves_and_a_still_does_not(dx, moves):
    film = moving(25, dx=dx)  # 24 fps: nine frames three apart; 6 * 96 / 256 = 2.25 px
    found = measure("dynamic_degree_dis,motion_strength_dis", film)
    assert found["dynamic_degree_dis"].summary == moves
    strength = found["motion_strength_dis"]
    assert strength.summary == pytest.approx(3 * dx / 2.25, rel=0.15, abs=0.05)
    assert np.flatnonzero(np.isfinite(strength.series)).tolist() == list(range(3, 25, 3))


def test_a_quarter_of_the_pairs_must_move():
    shift = np.cumsum([0, *[0] * 5, 6, 0, 0])  # fps 8: nine frames taken, two pairs wanted
    film = clip([smooth(96, 128, dx=d) for d in shift], fps=8)
    assert METRICS["dynamic_degree_dis"](film).summary == 0.0
    shift = np.cumsum([0, *[0] * 4, 6, 6, 0, 0])
    film = clip([smooth(96, 128, dx=d) for d in shift], fps=8)
    assert METRICS["dynamic_degree_dis"](film).summary == 1.0


# motion smoothness


def test_halfway_is_the_picture_in_the_middle():
    a, b, between = (smooth(96, 128, dx=d) for d in (0.0, 6.0, 3.0))
    made = halfway(a, b, still(96, 128, 6.0), still(96, 128, -6.0))
    error = np.abs(made.astype(int) - between)[:, 8:-8].mean()
    mixed = np.abs((a.astype(float) + b) / 2 - between)[:, 8:-8].mean()
    assert error < 1.0 and mixed > 4.0


def test_even_motion_is_smooth_and_a_stutter_is_not():
    name = "motion_smoothness_dis"
    even = METRICS[name](moving(9, dx=2.0))
    jerky = [0, 0.4, 4, 4.4, 8, 8.4, 12, 12.4, 16]
    rough = METRICS[name](clip([smooth(96, 128, dx=d) for d in jerky]))
    assert even.summary > 0.99 and rough.summary < even.summary - 0.02
    assert np.flatnonzero(np.isfinite(even.series)).tolist() == [1, 3, 5, 7]
    assert METRICS[name](clip([smooth(96, 128)] * 3)).summary == 1.0


def test_an_even_number_of_frames_leaves_the_last_one_out():
    found = METRICS["motion_smoothness_dis"](moving(6))
    assert np.flatnonzero(np.isfinite(found.series)).tolist() == [1, 3]


# luma gain


def encoded(linear):
    x = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(65535 * x).astype(np.uint16)


def linear_film(gains, *, dx=0.0):
    film = []
    for i, gain in enumerate(gains):
        base = smooth(96, 128, dx=dx * i) / 255.0
        film.append(encoded(gain * (0.1 + 0.5 * base)))
    return clip(film)


def test_a_gain_in_light_is_found_exactly():
    gains = [1.0, 1.05, 1.0, 0.97, 1.02]
    steps = np.diff(np.log(gains))
    found = METRICS["luma_gain_rms"](linear_film(gains))
    np.testing.assert_allclose(found.series[1:], 100 * steps, atol=0.05)
    assert found.summary == pytest.approx(100 * math.sqrt(np.mean(steps**2)), rel=0.01)


def test_motion_is_no_gain():
    moved = METRICS["luma_gain_rms"](linear_film([1.0] * 5, dx=2.0)).summary
    assert moved < 0.2
    both = METRICS["luma_gain_rms"](linear_film([1.0, 1.04, 1.0, 1.04, 1.0], dx=2.0)).summary
    assert both == pytest.approx(100 * math.log(1.04), rel=0.08)


def test_pairs_of_two_shots_are_left_out():
    film = linear_film([1.0, 1.0, 1.5, 1.5])
    assert measure("luma_gain_rms", film)["luma_gain_rms"].summary > 20
    found = measure("luma_gain_rms", film, cut=[2])["luma_gain_rms"]
    assert found.summary < 0.05 and math.isnan(found.series[2])


def test_a_picture_without_light_has_no_gain():
    black = np.zeros((64, 64, 3), np.uint8)
    assert math.isnan(luma_gain(black, black, still(64, 64)))
    found = METRICS["luma_gain_rms"](clip([black] * 3))
    assert found.summary is None and "too little" in found.reason


# all of them

NEIGHBORS = (
    "vbench_temporal_flickering",
    "warp_error_dis",
    "flow_consistency_dis",
    "dynamic_degree_dis",
    "motion_strength_dis",
    "motion_smoothness_dis",
    "luma_gain_rms",
)


@pytest.mark.parametrize("name", NEIGHBORS)
def test_one_frame_has_a_reason_and_no_number(name):
    found = METRICS[name](clip([colored()]))
    assert found.summary is None and found.reason


@pytest.mark.parametrize("name", [n for n in NEIGHBORS if n != "vbench_temporal_flickering"])
def test_pictures_too_small_for_motion_have_a_reason(name):
    tiny = [smooth(24, 40, dx=i) for i in range(9)]
    found = METRICS[name](clip(tiny))
    assert found.summary is None and "32 pixels" in found.reason


@pytest.mark.parametrize("name", NEIGHBORS)
def test_eight_and_sixteen_bits_agree(name):
    frames = [smooth(96, 128, dx=1.5 * i) // 2 + 10 * (i % 2) for i in range(5)]
    frames = [f.astype(np.uint8) for f in frames]
    wide = clip([f.astype(np.uint16) * 257 for f in frames])
    eight = METRICS[name](clip(frames)).summary
    assert METRICS[name](wide).summary == pytest.approx(eight, rel=1e-4, abs=1e-9)
